// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IRoyaltyLens} from "./IRoyaltyLens.sol";
import {ISafetyBoard} from "./ISafetyBoard.sol";

/// @title ISafetyLens
/// @notice Answers what a model inherits: the advisories that stand on it, and on anything that it was built from.
/// @dev Only reads, keeps nothing, and nobody relies on it. An inherited advisory is a warning: it stops nothing.
interface ISafetyLens {
    /* STRUCTS */

    /// @notice What stands on a model.
    /// @param model The model, or an ancestor.
    /// @param level The level that counts: the higher of the two.
    /// @param decided What a vote decided.
    /// @param provisional What the board said.
    struct Finding {
        address model;
        ISafetyBoard.Level level;
        ISafetyBoard.Advisory decided;
        ISafetyBoard.Advisory provisional;
    }

    /* FUNCTIONS */

    /// @notice Returns what stands on a model as a whole and on each of its ancestors, children before parents. Models on
    /// which nothing stands are left out, but for the model itself, which comes first.
    /// @dev Requirements: those of {IRoyaltyLens-lineageOf}. Advisories on single versions are the board's to tell: a
    /// lineage does not say which version of a parent was used.
    /// @param model The model.
    function statusOf(address model) external view returns (Finding[] memory);

    /// @notice Returns the board.
    function board() external view returns (ISafetyBoard);

    /// @notice Returns the lens that knows lineages.
    function royaltyLens() external view returns (IRoyaltyLens);
}
