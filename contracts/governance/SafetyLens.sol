// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRoyaltyLens} from "../interfaces/IRoyaltyLens.sol";
import {ISafetyBoard} from "../interfaces/ISafetyBoard.sol";
import {ISafetyLens} from "../interfaces/ISafetyLens.sol";

/// @title SafetyLens
/// @notice See {ISafetyLens}.
contract SafetyLens is ISafetyLens {
    /// @inheritdoc ISafetyLens
    ISafetyBoard public immutable board;
    /// @inheritdoc ISafetyLens
    IRoyaltyLens public immutable royaltyLens;

    /// @param board_ The board.
    /// @param royaltyLens_ The lens that knows lineages.
    constructor(ISafetyBoard board_, IRoyaltyLens royaltyLens_) {
        board = board_;
        royaltyLens = royaltyLens_;
    }

    /// @inheritdoc ISafetyLens
    function statusOf(address model) external view returns (Finding[] memory findings) {
        IRoyaltyLens.Node[] memory nodes = royaltyLens.lineageOf(model);
        ISafetyBoard.Level[] memory levels = new ISafetyBoard.Level[](nodes.length);
        uint256 count = 0;
        for (uint256 i = 0; i < nodes.length; ++i) {
            levels[i] = board.levelOf(nodes[i].model, 0);
            if (_isFinding(levels, i)) ++count;
        }

        findings = new Finding[](count);
        uint256 next = 0;
        for (uint256 i = 0; i < nodes.length; ++i) {
            if (!_isFinding(levels, i)) continue;

            Finding memory finding = findings[next++];
            finding.model = nodes[i].model;
            finding.level = levels[i];
            (finding.decided, finding.provisional) = board.advisoriesOf(nodes[i].model, 0);
        }
    }

    /// @dev The model itself is the first of its lineage.
    function _isFinding(ISafetyBoard.Level[] memory levels, uint256 i) private pure returns (bool) {
        return i == 0 || levels[i] != ISafetyBoard.Level.None;
    }
}
