// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IFunderPool} from "../interfaces/IFunderPool.sol";
import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";

import {Currency} from "../libraries/Currency.sol";
import {PositionLibrary} from "../libraries/Position.sol";

/// @title FunderPool
/// @notice See {IFunderPool}.
/// @dev Deployed once; pools are clones of it that carry their model's id, so there is nothing to initialize.
contract FunderPool is IFunderPool, ReentrancyGuardTransient {
    /// @inheritdoc IFunderPool
    address public immutable rounds;
    /// @inheritdoc IFunderPool
    IRoyaltyLedger public immutable ledger;

    mapping(address funder => mapping(Currency currency => uint256)) private _owed;

    /// @param ledger_ The ledger that holds the shares.
    constructor(IRoyaltyLedger ledger_) {
        rounds = msg.sender;
        ledger = ledger_;
    }

    /// @notice Takes ETH that the shares earned, from the ledger.
    receive() external payable {
        require(msg.sender == address(ledger), PoolTransferRefused(msg.sender));
    }

    /// @inheritdoc IFunderPool
    function release(address funder, uint256 units) external {
        require(msg.sender == rounds, NotPoolRounds(msg.sender));
        address model_ = model();
        uint256 received = ledger.modelTermsOf(model_).currencies;
        Currency[] memory currencies = ledger.currencies();

        for (uint256 i = 0; received >> i != 0; ++i) {
            if ((received >> i) & 1 == 0) continue;

            // From the first unit that the model ever received, when all of these shares were here.
            uint256 distributed = ledger.booksOf(model_, currencies[i]).distributed;
            uint256 earned = (distributed * units) / PositionLibrary.TOTAL_SHARES;
            if (earned == 0) continue;

            _owed[funder][currencies[i]] += earned;

            emit FunderEarned(funder, currencies[i], earned);
        }

        ledger.transfer(funder, uint160(model_), units);
    }

    /// @inheritdoc IFunderPool
    function withdraw(address funder, Currency currency, address to) external nonReentrant returns (uint256 amount) {
        require(funder == msg.sender || funder == to, NotPoolFunder(funder, msg.sender));
        require(to != address(0) && to != address(this), PoolRecipientInvalid(to));
        amount = _owed[funder][currency];
        require(amount > 0, NothingForFunder(funder, currency));

        _owed[funder][currency] = 0;

        emit FunderPaid(funder, currency, to, amount);

        // The ledger is ours. Anyone may have claimed for the pool before; then the money is here.
        address[] memory models = new address[](1);
        models[0] = model();
        if (ledger.claimable(address(this), models[0], currency) > 0) ledger.claim(models, currency, address(this));
        currency.transfer(to, amount);
    }

    /// @inheritdoc IFunderPool
    function owedTo(address funder, Currency currency) external view returns (uint256) {
        return _owed[funder][currency];
    }

    /// @inheritdoc IFunderPool
    function model() public view returns (address) {
        return abi.decode(Clones.fetchCloneArgs(address(this)), (address));
    }
}
