// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Currency} from "../libraries/Currency.sol";

import {IRoyaltyLedger} from "./IRoyaltyLedger.sol";

/// @title IRoyaltyLens
/// @notice Answers what the ledger's own views leave to be computed: who a payment reaches, what a model was built
/// from.
/// @dev Only reads, keeps nothing, and nobody relies on it: a better one can be deployed beside it.
interface IRoyaltyLens {
    /* STRUCTS */

    /// @notice What a payment brings to one model of a lineage, in units.
    /// @param model The model that is paid, or an ancestor.
    /// @param received What its books get.
    /// @param holders The part of it that belongs to the holders of its shares.
    /// @param fee The part of it that is protocol fee. What is left goes to its parents, but for fractions of units.
    struct Payee {
        address model;
        uint256 received;
        uint256 holders;
        uint256 fee;
    }

    /// @notice A model of a lineage.
    /// @param model The model.
    /// @param terms Its terms.
    /// @param edges Its parents, also those whose edges were retired.
    struct Node {
        address model;
        IRoyaltyLedger.Terms terms;
        IRoyaltyLedger.Edge[] edges;
    }

    /* ERRORS */

    /// @notice The lineage has more models than one view can follow; follow it off the chain.
    /// @param model The model whose lineage it is.
    /// @param max The most models that one view follows.
    error LineageTooLarge(address model, uint256 max);

    /* FUNCTIONS */

    /// @notice Returns what a payment brings to the model and to every ancestor, each once, children before parents.
    /// @dev The books after the payment and a cascade of the model and all of its ancestors, children first, less the
    /// books after that cascade without the payment: to the unit what then happens, also when income waits already.
    ///
    /// Requirements: the model is open, the currency listed, its books have room for the amount, its lineage has at
    /// most
    /// {MAX_NODES} models.
    ///
    /// @param model The model that is paid.
    /// @param currency What in.
    /// @param amount How much, in units; may be 0.
    function quote(address model, Currency currency, uint256 amount) external view returns (Payee[] memory);

    /// @notice Returns a model and all of its ancestors, each once, children before parents.
    /// @dev Requirements: the model is open, its lineage has at most {MAX_NODES} models.
    /// @param model The model.
    function lineageOf(address model) external view returns (Node[] memory);

    /// @notice Returns what `cascade` would pass on to the model's parents, all together, in units.
    /// @dev Requirements: the model is open and the currency is listed.
    /// @param model The model's id.
    /// @param currency The currency.
    function pendingUpstream(address model, Currency currency) external view returns (uint256);

    /// @notice Returns the ledger that this looks at.
    function ledger() external view returns (IRoyaltyLedger);
}
