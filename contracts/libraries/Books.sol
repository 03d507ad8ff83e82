// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {RoyaltyMath} from "./RoyaltyMath.sol";

/// @dev A model's books in one currency, in one storage slot, so that paying reads and writes a single slot. Layout,
/// from the least significant bit:
///
/// | bits | field        | meaning                                                             |
/// | ---: | ------------ | ------------------------------------------------------------------- |
/// |  112 | received     | cumulative amount ever credited, in the currency's units            |
/// |  112 | cascaded     | `received` at the last cascade                                      |
/// |   14 | totalRateBps | copy of the model's W                                               |
/// |    8 | feeBps       | copy of the model's protocol fee                                    |
/// |    5 | parentCount  | copy of the model's number of parents                               |
/// |    1 | hasBase      | whether an edge was retired since the books were opened ({Base})    |
type Books is uint256;

using BooksLibrary for Books global;

/// @title BooksLibrary
/// @notice Reads and updates the packed slot of {Books}.
library BooksLibrary {
    uint256 private constant AMOUNT_MASK = type(uint112).max;
    uint256 private constant CASCADED_OFFSET = 112;
    uint256 private constant RATE_OFFSET = 224;
    uint256 private constant FEE_OFFSET = 238;
    uint256 private constant PARENTS_OFFSET = 246;
    uint256 private constant BASE_OFFSET = 251;

    /// @notice Returns fresh books, with a copy of the model's terms, for a credit that follows at once.
    /// @param rateBps The sum of the edges' rates, at most 5,000 basis points.
    /// @param fee The protocol fee, at most 250 basis points.
    /// @param parents The number of edges, at most 16.
    function open(uint256 rateBps, uint256 fee, uint256 parents) internal pure returns (Books) {
        return Books.wrap((parents << PARENTS_OFFSET) | (fee << FEE_OFFSET) | (rateBps << RATE_OFFSET));
    }

    /// @notice Returns whether the model ever got this currency: then something was received.
    function isOpen(Books self) internal pure returns (bool) {
        return Books.unwrap(self) != 0;
    }

    /// @notice Returns R, the cumulative amount received, in units.
    function received(Books self) internal pure returns (uint256) {
        return Books.unwrap(self) & AMOUNT_MASK;
    }

    /// @notice Returns what was received when the model was last cascaded, in units.
    function cascaded(Books self) internal pure returns (uint256) {
        return (Books.unwrap(self) >> CASCADED_OFFSET) & AMOUNT_MASK;
    }

    /// @notice Returns W, the sum of the edges' rates, in basis points.
    function totalRateBps(Books self) internal pure returns (uint256) {
        return (Books.unwrap(self) >> RATE_OFFSET) & 0x3fff;
    }

    /// @notice Returns f, the protocol fee, in basis points.
    function feeBps(Books self) internal pure returns (uint256) {
        return (Books.unwrap(self) >> FEE_OFFSET) & 0xff;
    }

    /// @notice Returns the number of edges, 0 to 16.
    function parentCount(Books self) internal pure returns (uint256) {
        return (Books.unwrap(self) >> PARENTS_OFFSET) & 0x1f;
    }

    /// @notice Returns whether the formulas count from a {Base}.
    function hasBase(Books self) internal pure returns (bool) {
        return (Books.unwrap(self) >> BASE_OFFSET) & 1 == 1;
    }

    /// @notice Returns how much can still be credited before the cap of 2¹¹² − 1 units.
    function room(Books self) internal pure returns (uint256) {
        unchecked {
            // received fits 112 bits
            return RoyaltyMath.MAX_RECEIVED - self.received();
        }
    }

    /// @notice Returns the books with `amount` more received. Warning: `amount` must not pass {room}.
    function credit(Books self, uint256 amount) internal pure returns (Books) {
        unchecked {
            // within `room`, so the sum stays in its 112 bits
            return Books.wrap(Books.unwrap(self) + amount);
        }
    }

    /// @notice Returns the books with everything received marked as cascaded.
    function cascade(Books self) internal pure returns (Books) {
        return
            Books.wrap((Books.unwrap(self) & ~(AMOUNT_MASK << CASCADED_OFFSET)) | (self.received() << CASCADED_OFFSET));
    }

    /// @notice Returns the books with everything marked as cascaded, to count from a {Base} with other rates.
    /// @param rateBps The sum of the rates from now on, at most what it was.
    function startFromBase(Books self, uint256 rateBps) internal pure returns (Books) {
        return
            Books.wrap(
                (Books.unwrap(self.cascade()) & ~(uint256(0x3fff) << RATE_OFFSET)) |
                    (rateBps << RATE_OFFSET) |
                    (1 << BASE_OFFSET)
            );
    }

    /// @notice Returns what belongs to the holders of shares of all that was received on top of `closed`, in units:
    /// D(R) for 0.
    /// @param closed What had been received when the books were last closed; at most {received}.
    function distributedSince(Books self, uint256 closed) internal pure returns (uint256) {
        unchecked {
            return RoyaltyMath.distributed(self.received() - closed, self.totalRateBps(), self.feeBps());
        }
    }
}
