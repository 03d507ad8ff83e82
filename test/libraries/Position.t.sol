// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

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
        Position settled = PositionLibrary.startAt(position.seen(), position.remainder());

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
            position = PositionLibrary.startAt(position.seen(), position.remainder());
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

    /// Who starts now has seen everything and is owed nothing: what was distributed before is not for it.
    function testFuzz_startAtOwesNothing(uint112 distributed, uint112 more, uint256 shares) external pure {
        shares = bound(shares, 0, SHARES);
        Position position = PositionLibrary.startAt(distributed, 0);

        vm.assertEq(position.seen(), distributed, "seen");
        vm.assertEq(position.owedMillionths(), 0, "owed");
        vm.assertEq(position.earnedSince(distributed, shares), 0, "earned");
        uint256 later = bound(more, distributed, type(uint112).max);
        vm.assertEq(position.earnedSince(later, shares), (later - distributed) * shares, "earned later");
        vm.assertEq(
            position.accrue(later, shares).owedMillionths(),
            (later - distributed) * shares,
            "owed after the start"
        );
    }

    /// Earning is accruing what was earned, and what it is owed grows by just that, in millionths.
    function testFuzz_accrueIsEarningWhatWasEarned(Position position, uint112 gain, uint256 shares) external pure {
        position = _valid(position);
        shares = bound(shares, 0, SHARES);
        uint256 distributed = bound(gain, position.seen(), type(uint112).max);
        uint256 earned = position.earnedSince(distributed, shares);
        Position after_ = position.earn(distributed, earned);

        vm.assertEq(earned, (distributed - position.seen()) * shares, "earned");
        vm.assertEq(Position.unwrap(position.accrue(distributed, shares)), Position.unwrap(after_), "accrue");
        vm.assertEq(after_.owedMillionths(), position.owedMillionths() + earned, "owed");
        vm.assertEq(position.owedMillionths(), _millionths(position), "units and their fraction");
    }

    /// What is earned in parts is what is earned at once, wherever it is cut.
    function testFuzz_earnInParts(Position position, uint128 first, uint128 second) external pure {
        position = _valid(position);
        // All that a holder is ever owed fits 112 bits of units.
        uint256 room = (type(uint112).max / 2) * SHARES;
        uint256 one = bound(first, 0, room / 2);
        uint256 other = bound(second, 0, room / 2);
        uint256 seen = position.seen();

        vm.assertEq(
            Position.unwrap(position.earn(seen, one).earn(seen, other)),
            Position.unwrap(position.earn(seen, one + other)),
            "parts"
        );
        vm.assertEq(Position.unwrap(position.earn(seen, 0)), Position.unwrap(position), "nothing");
    }

    /// Handing everything over loses not a millionth: the taker is owed what both were, the giver nothing.
    function testFuzz_handingOverLosesNothing(
        Position giver,
        Position taker,
        uint112 gain,
        uint256 givers,
        uint256 takers
    ) external pure {
        (giver, taker) = (_valid(giver), _valid(taker));
        givers = bound(givers, 0, SHARES);
        takers = bound(takers, 0, SHARES - givers);
        uint256 distributed = bound(gain, Math.max(giver.seen(), taker.seen()), type(uint112).max / 2);
        uint256 before =
            giver.accrue(distributed, givers).owedMillionths() + taker.accrue(distributed, takers).owedMillionths();

        uint256 moved = giver.earnedSince(distributed, givers) + giver.owedMillionths();
        giver = PositionLibrary.startAt(distributed, 0);
        taker = taker.earn(distributed, taker.earnedSince(distributed, takers) + moved);

        vm.assertEq(taker.owedMillionths(), before, "taker");
        vm.assertEq(giver.accrue(distributed, 0).owedMillionths(), 0, "giver");
        vm.assertEq(giver.seen(), distributed, "seen by the giver");
        vm.assertEq(taker.seen(), distributed, "seen by the taker");
    }

    /// Shares that are taken out of an allocation one by one, at any times, bring what they would have brought their
    /// takers had they been held from the start; together with what is left in it that is D · units, to the millionth.
    function testFuzz_allocationSumsToWhatItsSharesEarned(
        uint104 early,
        uint104[12] calldata gains,
        uint256[12] calldata parts,
        uint256 units
    ) external pure {
        units = bound(units, 1, SHARES);
        uint256 left = units;
        Position allocation = PositionLibrary.startAt(early, 0);
        uint256 distributed = early;
        uint256 taken = 0;
        for (uint256 i = 0; i < gains.length; ++i) {
            distributed += gains[i];
            uint256 part = bound(parts[i], 0, left);
            Position taker = PositionLibrary.startAt(distributed, 0).earn(
                distributed,
                allocation.earnedSince(distributed, part)
            );
            vm.assertEq(
                Position.unwrap(taker),
                Position.unwrap(PositionLibrary.startAt(early, 0).accrue(distributed, part)),
                "as if held from the start"
            );
            taken += taker.owedMillionths();
            left -= part;
            // The taker holds its shares from here on.
            taken += (_sum(gains, i + 1)) * part;
        }

        vm.assertEq(taken + allocation.earnedSince(distributed, left), (distributed - early) * units, "all of it");
    }

    /// @dev A position that can be: its fraction below one unit, and no more owed than was distributed.
    function _valid(Position position) private pure returns (Position) {
        uint256 seen = bound(position.seen(), 0, type(uint112).max / 2);
        uint256 owed = bound(position.owed(), 0, seen);
        uint256 remainder = bound(position.remainder(), 0, SHARES - 1);

        return Position.wrap((remainder << 224) | (owed << 112) | seen);
    }

    function _sum(uint104[12] calldata gains, uint256 from) private pure returns (uint256 sum) {
        for (uint256 i = from; i < gains.length; ++i) sum += gains[i];
    }

    function _millionths(Position position) private pure returns (uint256) {
        return position.owed() * SHARES + position.remainder();
    }
}
