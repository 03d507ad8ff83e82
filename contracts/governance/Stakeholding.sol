// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";
import {IStakeholding} from "../interfaces/IStakeholding.sol";

import {Currency} from "../libraries/Currency.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

/// @title Stakeholding
/// @notice See {IStakeholding}.
/// @dev Ledger and WEAL are ours and call nobody back, so there is no lock. Nobody can take the reserve out: it leaves
/// by {award} alone.
contract Stakeholding is IStakeholding {
    using Arrays for *;

    uint40 private constant EPOCH = 30 days;
    /// @dev What a rate refers to, in units of a currency.
    uint256 private constant SCALE = 1e18;

    /// @inheritdoc IStakeholding
    address public immutable governance;
    /// @inheritdoc IStakeholding
    IERC20 public immutable weal;
    /// @inheritdoc IStakeholding
    IRoyaltyLedger public immutable ledger;

    /// @dev One slot: the fees that were counted, and what they earned below a unit of WEAL, in parts of {SCALE}.
    struct Account {
        uint112 counted;
        uint64 remainder;
    }

    mapping(Currency currency => mapping(address model => Account)) private _accounts;
    mapping(Currency currency => uint256) private _rates;
    uint128 private _epochCap;
    uint128 private _spent;
    uint40 private _epoch;

    /// @param governance_ The timelock: sets rates and cap.
    /// @param weal_ WEAL, which the ledger lists.
    /// @param ledger_ The ledger whose fees count.
    /// @param epochCap_ How much WEAL an epoch may pay to begin with, in units of 10⁻¹⁸.
    constructor(address governance_, IERC20 weal_, IRoyaltyLedger ledger_, uint128 epochCap_) {
        governance = governance_;
        weal = weal_;
        ledger = ledger_;
        _setEpochCap(epochCap_);

        // The ledger pulls from its caller alone.
        weal_.approve(address(ledger_), type(uint256).max);
    }

    modifier onlyGovernance() {
        require(msg.sender == governance, NotStakeholdingGovernance(msg.sender));
        _;
    }

    /* AWARDS */

    /// @inheritdoc IStakeholding
    function award(address[] calldata models, Currency currency) external returns (uint256 paid) {
        uint256 rate = _rates[currency];
        require(rate > 0, RateZero(currency));
        // First: only income that was cascaded has brought its fee. It also requires that models are open.
        ledger.cascade(models, currency);

        uint256 budget = available();
        address[] memory payees = new address[](models.length);
        uint256[] memory amounts = new uint256[](models.length);
        uint256 count = 0;
        for (uint256 i = 0; i < models.length; ++i) {
            uint256 amount = _count(models[i], currency, rate, budget - paid);
            if (amount == 0) continue;

            payees[count] = models[i];
            amounts[count++] = amount;
            paid += amount;
        }
        if (paid == 0) return 0;

        _spend(paid);

        ledger.payMany(
            payees.slice(0, count),
            Currency.wrap(address(weal)),
            amounts.slice(0, count),
            bytes32(uint256(uint160(Currency.unwrap(currency))))
        );
    }

    /// @inheritdoc IStakeholding
    function feesOf(address model, Currency currency) public view returns (uint256) {
        IRoyaltyLedger.Terms memory terms = ledger.modelTermsOf(model);
        IRoyaltyLedger.ModelBooks memory books = ledger.booksOf(model, currency);
        uint256 cascaded = books.cascaded - books.closed;
        uint256 kept = cascaded - RoyaltyMath.upstreamDown(cascaded, terms.totalRateBps);
        uint256 fees = RoyaltyMath.feeDown(kept, terms.feeBps);
        if (books.closed == 0) return fees;

        uint256 sinceClosed = RoyaltyMath.distributed(books.received - books.closed, terms.totalRateBps, terms.feeBps);

        return fees + _closedFeesDown(books.distributed - sinceClosed, terms.feeBps, terms.parentCount);
    }

    /// @inheritdoc IStakeholding
    function countedFeesOf(address model, Currency currency) external view returns (uint256) {
        return _accounts[currency][model].counted;
    }

    /// @inheritdoc IStakeholding
    function available() public view returns (uint256) {
        uint256 spent = _epoch == _currentEpoch() ? _spent : 0;

        return Math.min(Math.saturatingSub(_epochCap, spent), weal.balanceOf(address(this)));
    }

    /* GOVERNANCE */

    /// @inheritdoc IStakeholding
    function setRate(Currency currency, uint128 rate) external onlyGovernance {
        // Or votes would earn votes.
        require(Currency.unwrap(currency) != address(weal), RateOfWeal());

        uint256 previous = _rates[currency];
        _rates[currency] = rate;

        emit RateUpdated(currency, previous, rate);
    }

    /// @inheritdoc IStakeholding
    function setEpochCap(uint128 cap) external onlyGovernance {
        _setEpochCap(cap);
    }

    /// @inheritdoc IStakeholding
    function rateOf(Currency currency) external view returns (uint256) {
        return _rates[currency];
    }

    /// @inheritdoc IStakeholding
    function epochCap() external view returns (uint256) {
        return _epochCap;
    }

    /// @inheritdoc IStakeholding
    function epochLength() external pure returns (uint40) {
        return EPOCH;
    }

    /* INTERNAL */

    /// @dev Counts as many of a model's fees as the budget can pay; returns what they earn.
    function _count(address model, Currency currency, uint256 rate, uint256 budget) private returns (uint256 amount) {
        Account storage account = _accounts[currency][model];
        uint256 counted = account.counted;
        uint256 total = feesOf(model, currency);
        // After an edge was retired the total can be some units lower than it was.
        if (total <= counted) return 0;

        // None of it overflows: fees fit 112 bits, a rate 128, a budget 90, and the scale 60.
        uint256 remainder = account.remainder;
        uint256 most = (budget * SCALE + SCALE - 1 - remainder) / rate;
        uint256 fees = Math.min(total - counted, most);
        if (fees == 0) return 0;

        uint256 earned = fees * rate + remainder;
        amount = earned / SCALE;
        account.counted = uint112(counted + fees); // at most the total
        account.remainder = uint64(earned % SCALE); // below 10¹⁸

        emit FeesCounted(model, currency, fees, amount);
    }

    /// @dev Returns the fees that books have brought before they were closed, rounded down, from what belonged to the
    /// holders then.
    ///
    /// With n closings, each after H_s had stayed: F_s = ⌊H_s·f / 10⁴⌋ and D_s = H_s − F_s, so
    /// F_s·(10⁴ − f) > D_s·f − 10⁴. Summed, with n ≤ parents since each retires an edge at least, and with what flooring
    /// left between the parents, less than their number at each closing and free of the fee:
    /// ΣF > ((D − parents²)·f − parents·10⁴) / (10⁴ − f).
    function _closedFeesDown(uint256 distributed, uint256 feeBps, uint256 parents) private pure returns (uint256) {
        uint256 gross = Math.saturatingSub(distributed, parents * parents) * feeBps;

        return Math.saturatingSub(gross, parents * RoyaltyMath.BPS) / (RoyaltyMath.BPS - feeBps);
    }

    function _spend(uint256 amount) private {
        uint40 epoch = _currentEpoch();
        if (_epoch != epoch) (_epoch, _spent) = (epoch, 0);
        _spent += uint128(amount); // at most the cap
    }

    function _setEpochCap(uint128 cap) private {
        uint256 previous = _epochCap;
        _epochCap = cap;

        emit EpochCapUpdated(previous, cap);
    }

    function _currentEpoch() private view returns (uint40) {
        return uint40(block.timestamp) / EPOCH;
    }
}
