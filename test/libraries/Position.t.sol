// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Position, PositionLibrary} from "../../contracts/libraries/Position.sol";

import {Test} from "../solidity/Test.sol";

contract PositionTest is Test {
    uint256 private constant SHARES = PositionLibrary.TOTAL_SHARES;

    /// The layout, bit by bit, at the largest value of every field: D at its end, all owed, and 999,999 millionths.
    function test_layout() external pure {
        uint256 end = type(uint112).max;
        Position position = Position.wrap((999_999 << 224) | (end << 112) | end);

        vm.assertEq(position.seen(), end, "seen");
        vm.assertEq(position.owed(), end, "owed");
        vm.assertEq(position.remainder(), 999_999, "remainder");
        // All income of a model, at once, to a holder of all shares: the most that accruing can add.
        vm.assertEq(
            Position.unwrap(Position.wrap(0).accrue(end, SHARES)),
            (end << 112) | end,
            "the whole of the largest income"
        );
    }

    /// Accruing twice is accruing once, and the fraction stays below one unit.
    function testFuzz_accrueTwiceIsOnce(Position position, uint112 gain, uint256 shares) external pure {
        position = _valid(position);
        shares = bound(shares, 0, SHARES);
        uint256 distributed = bound(gain, position.seen(), type(uint112).max);
        Position once = position.accrue(distributed, shares);

        vm.assertEq(Position.unwrap(once.accrue(distributed, shares)), Position.unwrap(once), "twice");
        vm.assertEq(once.seen(), distributed, "seen");
        vm.assertLt(once.remainder(), SHARES, "remainder");
        vm.assertEq(_millionths(once), _millionths(position) + (distributed - position.seen()) * shares, "earned");
    }

    /// Settling takes what is owed and nothing else.
    function testFuzz_settleLeavesTheFraction(Position position) external pure {
        position = _valid(position);
        Position settled = position.settle();

        vm.assertEq(settled.owed(), 0, "owed");
        vm.assertEq(settled.seen(), position.seen(), "seen");
        vm.assertEq(settled.remainder(), position.remainder(), "remainder");
    }

    /// However often somebody claims on the way, all claims together are ⌊D · shares / 10⁶⌋.
    function testFuzz_claimingOftenChangesNothing(
        uint104[32] calldata gains,
        uint32 claims,
        uint256 shares
    ) external pure {
        shares = bound(shares, 0, SHARES);
        Position position = Position.wrap(0);
        uint256 distributed = 0;
        uint256 claimed = 0;
        for (uint256 i = 0; i < gains.length; ++i) {
            distributed += gains[i];
            position = position.accrue(distributed, shares);
            if ((claims >> i) & 1 == 0) continue;

            claimed += position.owed();
            position = position.settle();
        }

        vm.assertEq(claimed + position.owed(), (distributed * shares) / SHARES, "claimed");
    }

    /// All holders together are owed at most D, and more than D less one unit each, whatever shares moved between them
    /// on the way.
    function testFuzz_holdersSumToWhatWasDistributed(
        uint104[16] calldata gains,
        uint256[16] calldata moves,
        uint256 count
    ) external pure {
        Position[] memory positions = new Position[](bound(count, 1, 12));
        uint256[] memory shares = new uint256[](positions.length);
        shares[0] = SHARES;
        uint256 distributed = 0;
        for (uint256 i = 0; i < gains.length; ++i) {
            distributed += gains[i];
            uint256 from = moves[i] % positions.length;
            uint256 to = (moves[i] >> 64) % positions.length;
            // As the ledger does before shares move.
            positions[from] = positions[from].accrue(distributed, shares[from]);
            positions[to] = positions[to].accrue(distributed, shares[to]);
            uint256 moved = bound(moves[i] >> 128, 0, shares[from]);
            shares[from] -= moved;
            shares[to] += moved;
        }

        uint256 owed = 0;
        uint256 millionths = 0;
        for (uint256 i = 0; i < positions.length; ++i) {
            Position position = positions[i].accrue(distributed, shares[i]);
            owed += position.owed();
            millionths += _millionths(position);
        }
        vm.assertEq(millionths, distributed * SHARES, "to the millionth of a unit");
        vm.assertLe(owed, distributed, "owed more than there is");
        vm.assertLt(distributed, owed + positions.length, "dust of a unit or more a holder");
    }

    /// @dev A position that can be: its fraction below one unit, and no more owed than was distributed.
    function _valid(Position position) private pure returns (Position) {
        uint256 seen = bound(position.seen(), 0, type(uint112).max / 2);
        uint256 owed = bound(position.owed(), 0, seen);
        uint256 remainder = bound(position.remainder(), 0, SHARES - 1);

        return Position.wrap((remainder << 224) | (owed << 112) | seen);
    }

    function _millionths(Position position) private pure returns (uint256) {
        return position.owed() * SHARES + position.remainder();
    }
}
