// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {RoyaltyMath} from "../../contracts/libraries/RoyaltyMath.sol";

import {Test} from "../solidity/Test.sol";

contract RoyaltyMathTest is Test {
    uint256 private constant MAX_PARENTS = 16;

    /// @dev What every figure follows from: the parents' rates, their sum W, and the fee f.
    struct Terms {
        uint256[] rates;
        uint256 totalRateBps;
        uint256 feeBps;
    }

    /// @dev All figures of one R. They are differences and sums in checked arithmetic: none can wrap unseen.
    struct Figures {
        uint256 upstream;
        uint256[] parents;
        uint256 kept;
        uint256 fee;
        uint256 distributed;
    }

    /// U(R) ≤ U(R'), and so u_i, H, F and D, for every R ≤ R'.
    function testFuzz_nothingFallsAsMoreIsReceived(
        uint112 received,
        uint112 more,
        uint256[] memory seeds,
        uint256 fee
    ) external pure {
        Terms memory terms = _terms(seeds, fee);
        Figures memory low = _figures(received < more ? received : more, terms);
        Figures memory high = _figures(received < more ? more : received, terms);

        vm.assertLe(low.upstream, high.upstream, "U fell");
        vm.assertLe(low.kept, high.kept, "H fell");
        vm.assertLe(low.fee, high.fee, "F fell");
        vm.assertLe(low.distributed, high.distributed, "D fell");
        for (uint256 i = 0; i < terms.rates.length; ++i) vm.assertLe(low.parents[i], high.parents[i], "u_i fell");
    }

    /// U + F + D = R, and Σ u_i ≤ U < Σ u_i + n: less than one unit a parent is dust.
    function testFuzz_partsSumToWhatWasReceived(uint112 received, uint256[] memory seeds, uint256 fee) external pure {
        Terms memory terms = _terms(seeds, fee);
        Figures memory figures = _figures(received, terms);
        uint256 parents = _sum(figures.parents);

        vm.assertEq(figures.upstream + figures.fee + figures.distributed, received, "U + F + D");
        vm.assertLe(parents, figures.upstream, "more passed on than belongs to parents");
        // Without a rate there is nothing to share, hence no dust.
        uint256 dust = figures.upstream - parents;
        if (terms.totalRateBps == 0) vm.assertEq(dust, 0, "dust without a rate");
        else vm.assertLt(dust, terms.rates.length, "dust");
    }

    /// Whoever did the work keeps at least half, of which the protocol takes at most a fortieth.
    function testFuzz_holdersKeepTheirHalf(uint112 received, uint256[] memory seeds, uint256 fee) external pure {
        Figures memory figures = _figures(received, _terms(seeds, fee));

        vm.assertGe(figures.kept, Math.ceilDiv(received, 2), "H below half");
        vm.assertLe(figures.fee, figures.kept / 40, "F above 2.5 %");
    }

    /// What is owed after many payments, each looked at by itself, is what one payment of their sum brings.
    function testFuzz_chunkingChangesNothing(
        uint96[32] calldata payments,
        uint256[] memory seeds,
        uint256 fee
    ) external pure {
        Terms memory terms = _terms(seeds, fee);
        uint256 received = 0;
        Figures memory before = _figures(0, terms);
        Figures memory gained = _figures(0, terms);
        for (uint256 i = 0; i < payments.length; ++i) {
            received += payments[i];
            Figures memory figures = _figures(received, terms);
            gained.fee += figures.fee - before.fee;
            gained.distributed += figures.distributed - before.distributed;
            for (uint256 j = 0; j < terms.rates.length; ++j)
                gained.parents[j] += figures.parents[j] - before.parents[j];
            before = figures;
        }

        Figures memory atOnce = _figures(received, terms);
        vm.assertEq(gained.fee, atOnce.fee, "F");
        vm.assertEq(gained.distributed, atOnce.distributed, "D");
        for (uint256 j = 0; j < terms.rates.length; ++j) vm.assertEq(gained.parents[j], atOnce.parents[j], "u_i");
    }

    /// The library multiplies unchecked; with 512 bits in between the results are the same, up to 2¹¹² − 1.
    function testFuzz_noProductOverflows(uint112 received, uint256[] memory seeds, uint256 fee) external pure {
        Terms memory terms = _terms(seeds, fee);

        _checkInFullPrecision(received, terms);
        _checkInFullPrecision(RoyaltyMath.MAX_RECEIVED - received, terms);
    }

    /// Closing books at any R, going on under lower rates and closing them again, as often as edges end: D with what
    /// flooring left between the parents, Σ u_i and F are all that was received, and D never falls on the way.
    function testFuzz_closingLosesNothing(
        uint96[6] calldata payments,
        uint256[] memory seeds,
        uint256 fee,
        uint256 ends
    ) external pure {
        Terms memory terms = _terms(seeds, fee);
        uint256 received = 0;
        uint256 given = 0;
        uint256 closedDistributed = 0;
        for (uint256 i = 0; i < payments.length; ++i) {
            // The books count from where they were last closed.
            Figures memory figures = _figures(payments[i], terms);
            received += payments[i];
            given += _sum(figures.parents) + figures.fee;
            uint256 remainder = figures.upstream - _sum(figures.parents);
            uint256 before = closedDistributed;
            closedDistributed += figures.distributed + remainder;

            vm.assertEq(closedDistributed + given, received, "D, the remainder, parents and F");
            vm.assertLe(before + figures.distributed, closedDistributed, "D fell by closing");
            vm.assertLe(closedDistributed, received, "more for holders than was received");
            terms = _withoutSome(terms, ends >> (16 * i));
        }
    }

    /// The largest R with the highest rates: 2¹¹² − 1 is odd, so U is (R − 1) / 2.
    function test_largestOfEverything() external pure {
        uint256 received = RoyaltyMath.MAX_RECEIVED;
        uint256 kept = 1 << 111;

        vm.assertEq(RoyaltyMath.upstreamDown(received, 5_000), kept - 1, "U");
        vm.assertEq(RoyaltyMath.parentPartDown(kept - 1, 5_000, 5_000), kept - 1, "u of an only parent");
        vm.assertEq(RoyaltyMath.feeDown(kept, 250), kept / 40, "F");
        vm.assertEq(RoyaltyMath.distributed(received, 5_000, 250), kept - kept / 40, "D");
    }

    /// Unit by unit, as the proof of monotony has it: of each unit more, one at most goes up and one at most stays.
    function test_eachUnitGoesToOnePlace() external pure {
        uint16[4] memory rates = [1, 3_333, 4_999, 5_000];
        for (uint256 i = 0; i < rates.length; ++i) {
            uint256 upstream = 0;
            uint256 distributed = 0;
            for (uint256 received = 1; received <= 20_001; ++received) {
                uint256 upstreamNow = RoyaltyMath.upstreamDown(received, rates[i]);
                uint256 distributedNow = RoyaltyMath.distributed(received, rates[i], 249);
                vm.assertLe(upstreamNow - upstream, 1, "U jumped");
                vm.assertLe(upstreamNow - upstream + distributedNow - distributed, 1, "U and D took the same unit");
                (upstream, distributed) = (upstreamNow, distributedNow);
            }
        }
    }

    function _checkInFullPrecision(uint256 received, Terms memory terms) private pure {
        Figures memory figures = _figures(received, terms);

        vm.assertEq(figures.upstream, Math.mulDiv(received, terms.totalRateBps, 10_000), "U");
        vm.assertEq(figures.fee, Math.mulDiv(figures.kept, terms.feeBps, 10_000), "F");
        vm.assertEq(figures.distributed, figures.kept - figures.fee, "D");
        for (uint256 i = 0; i < terms.rates.length && terms.totalRateBps > 0; ++i) {
            uint256 part = Math.mulDiv(figures.upstream, terms.rates[i], terms.totalRateBps);
            vm.assertEq(figures.parents[i], part, "u_i");
        }
    }

    function _figures(uint256 received, Terms memory terms) private pure returns (Figures memory figures) {
        figures.upstream = RoyaltyMath.upstreamDown(received, terms.totalRateBps);
        figures.kept = received - figures.upstream;
        figures.fee = RoyaltyMath.feeDown(figures.kept, terms.feeBps);
        figures.distributed = RoyaltyMath.distributed(received, terms.totalRateBps, terms.feeBps);
        figures.parents = new uint256[](terms.rates.length);
        for (uint256 i = 0; i < terms.rates.length && terms.totalRateBps > 0; ++i) {
            figures.parents[i] = RoyaltyMath.parentPartDown(figures.upstream, terms.rates[i], terms.totalRateBps);
        }
    }

    /// @dev Terms that the ledger would accept, some of them with rates of zero.
    function _terms(uint256[] memory seeds, uint256 fee) private pure returns (Terms memory terms) {
        terms.feeBps = bound(fee, 0, RoyaltyMath.MAX_FEE_BPS);
        terms.rates = new uint256[](Math.min(seeds.length, MAX_PARENTS));
        for (uint256 i = 0; i < terms.rates.length; ++i) {
            terms.rates[i] = bound(seeds[i], 0, RoyaltyMath.MAX_TOTAL_RATE_BPS - terms.totalRateBps);
            terms.totalRateBps += terms.rates[i];
        }
    }

    /// @dev The same terms after the edges whose bit is set have ended: they stay, at a rate of 0.
    function _withoutSome(Terms memory terms, uint256 ends) private pure returns (Terms memory left) {
        left.feeBps = terms.feeBps;
        left.rates = new uint256[](terms.rates.length);
        for (uint256 i = 0; i < terms.rates.length; ++i) {
            if ((ends >> i) & 1 == 0) left.rates[i] = terms.rates[i];
            left.totalRateBps += left.rates[i];
        }
    }

    function _sum(uint256[] memory numbers) private pure returns (uint256 sum) {
        for (uint256 i = 0; i < numbers.length; ++i) sum += numbers[i];
    }
}
