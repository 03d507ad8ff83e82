// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev What a model's books in one currency had come to when an edge was last retired, in one storage slot. From there
/// the formulas of {RoyaltyMath} count anew, with the rates that are left. Layout, from the least significant bit:
///
/// | bits | field       | meaning                                                              |
/// | ---: | ----------- | -------------------------------------------------------------------- |
/// |  112 | received    | cumulative amount received until then, in the currency's units       |
/// |  112 | distributed | cumulative amount that belongs to the holders of shares until then   |
type Base is uint256;

using BaseLibrary for Base global;

/// @title BaseLibrary
/// @notice Reads and writes the packed slot of {Base}.
library BaseLibrary {
    uint256 private constant AMOUNT_MASK = type(uint112).max;
    uint256 private constant DISTRIBUTED_OFFSET = 112;

    /// @notice Returns the base for what books have come to.
    /// @param received_ Cumulative amount received, at most 2¹¹² − 1 units.
    /// @param distributed_ The part of it that belongs to the holders, in units.
    function close(uint256 received_, uint256 distributed_) internal pure returns (Base) {
        return Base.wrap((distributed_ << DISTRIBUTED_OFFSET) | received_);
    }

    /// @notice Returns what had been received, in units.
    function received(Base self) internal pure returns (uint256) {
        return Base.unwrap(self) & AMOUNT_MASK;
    }

    /// @notice Returns what belonged to the holders, in units.
    function distributed(Base self) internal pure returns (uint256) {
        return Base.unwrap(self) >> DISTRIBUTED_OFFSET;
    }
}
