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

    /// @notice Returns the position of somebody who is owed no whole unit and earns from D(R) = `distributed` on.
    /// @param distributed In units.
    /// @param fraction What is left of a unit, in millionths: 0 to 999,999.
    function startAt(uint256 distributed, uint256 fraction) internal pure returns (Position) {
        return Position.wrap((fraction << REMAINDER_OFFSET) | distributed);
    }

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
    /// @param distributed D(R) now, in units; never below {seen}, since D is monotone.
    /// @param shares The holder's shares during that time, at most 1,000,000.
    function accrue(Position self, uint256 distributed, uint256 shares) internal pure returns (Position) {
        return self.earn(distributed, self.earnedSince(distributed, shares));
    }

    /// @notice Returns what `shares` have earned since the position was last accrued, in millionths of a unit.
    /// @param distributed D(R) now, in units; never below {seen}.
    /// @param shares At most 1,000,000.
    function earnedSince(Position self, uint256 distributed, uint256 shares) internal pure returns (uint256) {
        unchecked {
            // 2¹¹² · 2²⁰ fits 256 bits
            return (distributed - self.seen()) * shares;
        }
    }

    /// @notice Returns the position as accrued until now, with `millionths` of a unit more.
    /// @dev Units × shares are carried with their remainder, so that the sum over time is exact and accruing twice is
    /// accruing once.
    /// @param distributed D(R) now, in units.
    /// @param millionths What was earned, here or by shares that came with it, in millionths of a unit.
    function earn(Position self, uint256 distributed, uint256 millionths) internal pure returns (Position) {
        unchecked {
            // at most 2¹³² + 2²⁰; all that was ever owed sums to at most D(R), which fits 112 bits
            uint256 gained = millionths + self.remainder();

            return
                Position.wrap(
                    ((gained % TOTAL_SHARES) << REMAINDER_OFFSET) |
                        ((self.owed() + gained / TOTAL_SHARES) << OWED_OFFSET) |
                        distributed
                );
        }
    }

    /// @notice Returns all that a position is owed, in millionths of a unit.
    function owedMillionths(Position self) internal pure returns (uint256) {
        unchecked {
            // 2¹¹² · 2²⁰ + 2²⁰ fits 256 bits
            return self.owed() * TOTAL_SHARES + self.remainder();
        }
    }
}
