// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {ILicenseStore} from "@commonweal/contracts/interfaces/ILicenseStore.sol";
import {IRoyaltyPayer} from "@commonweal/contracts/interfaces/IPayments.sol";
import {IRoyaltyLedger} from "@commonweal/contracts/interfaces/IRoyaltyLedger.sol";

import {Currency, CurrencyLibrary} from "@commonweal/contracts/libraries/Currency.sol";

/// @title AnswerDesk
/// @notice Sells answers of a model that it has a licence of. All that customers pay goes to the model.
contract AnswerDesk is IRoyaltyPayer {
    using SafeERC20 for IERC20;

    IRoyaltyLedger private immutable _ledger;
    ILicenseStore private immutable _store;
    address private immutable _model;

    /// @notice Emitted when a question was paid for.
    /// @param customer Who asked.
    /// @param question The question's digest.
    event Asked(address indexed customer, bytes32 indexed question);

    /// @notice The desk has no licence, or it has ended.
    /// @param model The model.
    error DeskNotLicensed(address model);

    /// @notice Only the ledger may ask for a delivery.
    /// @param caller Who called.
    error DeskCallerNotLedger(address caller);

    modifier whileLicensed() {
        require(_store.isLicensed(_model, address(this)), DeskNotLicensed(_model));
        _;
    }

    /// @param ledger The ledger that the model is paid in.
    /// @param store Where the desk buys its licence.
    /// @param model The model's id.
    constructor(IRoyaltyLedger ledger, ILicenseStore store, address model) {
        _ledger = ledger;
        _store = store;
        _model = model;
    }

    /// @notice Buys one period of a licence for the desk. Send the price along: the offer is in ETH.
    /// @param offer The offer, as it was posted.
    /// @param policyVersion The version of the use policy that the desk agrees to.
    /// @return tokenId The licence.
    function license(
        ILicenseStore.Offer calldata offer,
        uint32 policyVersion
    ) external payable returns (uint256 tokenId) {
        return _store.buy{value: msg.value}(offer, ILicenseStore.Purchase(address(this), 1, policyVersion));
    }

    /// @notice Pays for a question in ETH.
    /// @param question The question's digest; the payment has it as its reference.
    function ask(bytes32 question) external payable whileLicensed {
        _ledger.pay{value: msg.value}(_model, CurrencyLibrary.ETH, msg.value, question);

        emit Asked(msg.sender, question);
    }

    /// @notice Pays for a question in a token, which the caller has let the desk spend.
    /// @param question The question's digest; the payment has it as its reference.
    /// @param token The token; the ledger must list it.
    /// @param amount How much, in the token's units.
    function askFor(bytes32 question, Currency token, uint256 amount) external whileLicensed {
        _ledger.payBy(_model, token, amount, question, abi.encode(msg.sender));

        emit Asked(msg.sender, question);
    }

    /// @inheritdoc IRoyaltyPayer
    /// @dev The token moves once, from customer to ledger. The ledger calls back whoever called `payBy`, so `data` is
    /// what {askFor} gave it.
    function deliver(Currency token, uint256 amount, bytes calldata data) external {
        require(msg.sender == address(_ledger), DeskCallerNotLedger(msg.sender));

        token.token().safeTransferFrom(abi.decode(data, (address)), msg.sender, amount);
    }
}
