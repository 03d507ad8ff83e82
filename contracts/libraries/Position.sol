// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @dev What one holder has earned in one model and currency, in one storage slot. Layout, from the least significant
/// bit:
///
/// | bits | field     | meaning                                                                          |
/// | ---: | --------- | -------------------------------------------------------------------------------- |
/// |  112 | seen      | D(R) when the position was last accrued, in the currency's units                 |
/// |  112 | owed      | earned until then and not yet claimed, in whole units                            |
/// |   32 | remainder | fraction of a unit beyond `owed`, in millionths: 0 to 999,999                    |
type Position is uint256;

using PositionLibrary for Position global;

/// @title PositionLibrary
/// @notice Reads and updates the packed slot of {Position}.
library PositionLibrary {
    /// @notice Shares of one model, always.
    uint256 internal constant TOTAL_SHARES = 1_000_000;

    uint256 private constant AMOUNT_MASK = type(uint112).max;
    uint256 private constant OWED_OFFSET = 112;
    uint256 private constant REMAINDER_OFFSET = 224;

    /// @notice Returns D(R) at the last accrual, in units.
    function seen(Position self) internal pure returns (uint256) {
        return Position.unwrap(self) & AMOUNT_MASK;
    }

    /// @notice Returns what was earned until the last accrual and not claimed, in whole units.
    function owed(Position self) internal pure returns (uint256) {
        return (Position.unwrap(self) >> OWED_OFFSET) & AMOUNT_MASK;
    }

    /// @notice Returns the fraction of a unit beyond {owed}, in millionths.
    function remainder(Position self) internal pure returns (uint256) {
        return Position.unwrap(self) >> REMAINDER_OFFSET;
    }

    /// @notice Returns the position after earning with `shares` since it was last accrued.
    /// @dev Units × shares are carried with their remainder, so that the sum over time is exact and accruing twice is
    /// accruing once.
    /// @param distributed D(R) now, in units; never below {seen}, since D is monotone.
    /// @param shares The holder's shares during that time, at most 1,000,000.
    function accrue(Position self, uint256 distributed, uint256 shares) internal pure returns (Position) {
        unchecked {
            // (2¹¹² · 2²⁰ + 2²⁰) fits 256 bits; all that was ever owed sums to at most D(R), which fits 112 bits
            uint256 gained = (distributed - self.seen()) * shares + self.remainder();

            return
                Position.wrap(
                    ((gained % TOTAL_SHARES) << REMAINDER_OFFSET) |
                        ((self.owed() + gained / TOTAL_SHARES) << OWED_OFFSET) |
                        distributed
                );
        }
    }

    /// @notice Returns the position with nothing owed; the fraction of a unit stays.
    function settle(Position self) internal pure returns (Position) {
        return Position.wrap(Position.unwrap(self) & ~(AMOUNT_MASK << OWED_OFFSET));
    }
}
