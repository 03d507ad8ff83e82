// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Authorization} from "../libraries/Authorization.sol";
import {Currency} from "../libraries/Currency.sol";

/// @title IRoyaltyPayer
/// @notice What a contract implements to pay by {IPayments-payBy}.
interface IRoyaltyPayer {
    /// @notice Called by the ledger during `payBy`: send it `amount` units of `token`, from wherever, before returning.
    /// @dev Check that the caller is the ledger: anybody can call this with any arguments.
    /// @param token What the ledger waits for.
    /// @param amount How much, in the token's units.
    /// @param data What the payer gave to `payBy`.
    function deliver(Currency token, uint256 amount, bytes calldata data) external;
}

/// @title IPayments
/// @notice The ways to pay a model through the ledger.
interface IPayments {
    /* EVENTS */

    /// @notice Emitted when a model is paid.
    /// @param model The model's id.
    /// @param currency What was paid.
    /// @param payer Who paid.
    /// @param amount Units credited.
    /// @param ref The payer's own 32 bytes, for bookkeeping.
    event Paid(address indexed model, Currency currency, address indexed payer, uint256 amount, bytes32 ref);
    /* ERRORS */

    /// @notice A payment of nothing.
    /// @param model The model's id.
    error ZeroPayment(address model);

    /// @notice Fewer or more amounts than models, or none of either.
    /// @param models How many models.
    /// @param amounts How many amounts.
    error PaymentsLengthMismatch(uint256 models, uint256 amounts);

    /// @notice The ETH sent with the call is not the amount to be paid; 0 when paying in an ERC-20.
    /// @param expected The wei that the call needs.
    /// @param sent The wei that came.
    error EthAmountMismatch(uint256 expected, uint256 sent);

    /// @notice The token delivered less than was asked for: it takes a fee on transfers.
    /// @param currency The token.
    /// @param expected How much was asked for, in units.
    /// @param delivered How much arrived, in units.
    error PaymentShort(Currency currency, uint256 expected, uint256 delivered);

    /// @notice The payment would take the model's books past 2¹¹² − 1 units.
    /// @param model The model's id.
    /// @param currency The currency.
    /// @param received Everything that the model ever received, in units.
    /// @param amount The payment, in units.
    error BooksFull(address model, Currency currency, uint256 received, uint256 amount);

    /// @notice ETH is paid by {pay} and {payMany}: there is nothing to fetch, sign or deliver.
    error TokenRequired();

    /* FUNCTIONS */

    /// @notice Pays a model. The cost depends neither on the number of its contributors nor on its lineage.
    /// @dev Emits {Paid}.
    ///
    /// Requirements:
    ///
    /// - the model is open, the currency listed, the amount more than 0;
    /// - for ETH, exactly `amount` is sent with the call; for an ERC-20, no ETH is sent, the ledger is allowed to spend
    ///   `amount` of the caller's, and the token delivers it in full.
    ///
    /// @param model The model's id.
    /// @param currency What to pay in.
    /// @param amount How much, in the currency's units.
    /// @param ref 32 bytes of the payer's own, for bookkeeping.
    function pay(address model, Currency currency, uint256 amount, bytes32 ref) external payable;

    /// @notice Pays several models at once in one currency, with a single transfer.
    /// @dev Emits {Paid} for each. Requirements as for {pay}, with the sum of `amounts`.
    /// @param models The models' ids, in any order.
    /// @param currency What to pay in.
    /// @param amounts How much to each, in the currency's units.
    /// @param ref 32 bytes of the payer's own, the same for all.
    function payMany(
        address[] calldata models,
        Currency currency,
        uint256[] calldata amounts,
        bytes32 ref
    ) external payable;

    /// @notice Pays a model in an ERC-20 that the caller, a contract, delivers when asked: the token moves once, from
    /// wherever the caller has it come.
    /// @dev Calls {IRoyaltyPayer-deliver} on the caller and credits what arrived until it returns, more than `amount`
    /// too. The caller is not trusted: only what arrived counts, and nothing else can be paid, claimed or swept
    /// meanwhile.
    ///
    /// Emits {Paid}, with the caller as payer.
    ///
    /// Requirements: the model is open, the currency a listed ERC-20, at least `amount` and more than 0 arrives.
    ///
    /// @param model The model's id.
    /// @param currency What to pay in; not ETH, which {pay} takes.
    /// @param amount How much to ask for, in the currency's units.
    /// @param ref 32 bytes of the payer's own, for bookkeeping.
    /// @param data Handed to the caller's `deliver` as it is.
    function payBy(address model, Currency currency, uint256 amount, bytes32 ref, bytes calldata data) external;

    /// @notice Pays a model in an ERC-20 with the caller's ERC-2612 permit instead of an approval.
    /// @dev Pulls from the caller alone. A permit that does not work, for one because somebody else has used it
    /// already, is passed over: the allowance decides. Otherwise as {pay}.
    /// @param model The model's id.
    /// @param currency What to pay in; not ETH.
    /// @param amount How much, and the permit's value, in the currency's units.
    /// @param ref 32 bytes of the payer's own, for bookkeeping.
    /// @param deadline The permit's deadline, in Unix time.
    /// @param v The signature's `v`.
    /// @param r The signature's `r`.
    /// @param s The signature's `s`.
    function payWithPermit(
        address model,
        Currency currency,
        uint256 amount,
        bytes32 ref,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Pays a model in an ERC-20 with an ERC-3009 authorization, signed by a payer who needs no ETH. Anyone may
    /// send it.
    /// @dev The payer signs `ReceiveWithAuthorization` to this ledger with the nonce
    ///
    /// ```
    /// keccak256(abi.encode(chainId, ledger, selector of this function,
    ///     model, currency, amount, ref, from, validAfter, validBefore, salt))
    /// ```
    ///
    /// which is computed here from what was passed, so that whoever sends it can change nothing.
    ///
    /// Emits {Paid}, with the signer as payer. Requirements as for {pay}, and what the token requires.
    ///
    /// @param model The model's id.
    /// @param currency What to pay in; not ETH.
    /// @param amount How much, in the currency's units.
    /// @param ref 32 bytes of the payer's own, for bookkeeping.
    /// @param authorization Who pays and when, with the signature.
    function payWithAuthorization(
        address model,
        Currency currency,
        uint256 amount,
        bytes32 ref,
        Authorization calldata authorization
    ) external;
}
