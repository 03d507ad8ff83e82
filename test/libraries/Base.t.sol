// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Base, BaseLibrary} from "../../contracts/libraries/Base.sol";
import {RoyaltyMath} from "../../contracts/libraries/RoyaltyMath.sol";

import {Test} from "../solidity/Test.sol";

contract BaseTest is Test {
    /// Books that have no base read as having come to nothing.
    function test_noneIsZero() external pure {
        vm.assertEq(Base.wrap(0).received(), 0, "received");
        vm.assertEq(Base.wrap(0).distributed(), 0, "distributed");
    }

    /// The layout, bit by bit, at the largest value of either field, and at the largest of one beside nothing.
    function test_layout() external pure {
        uint256 most = RoyaltyMath.MAX_RECEIVED;

        vm.assertEq(Base.unwrap(BaseLibrary.close(most, most)), type(uint224).max, "both");
        vm.assertEq(Base.unwrap(BaseLibrary.close(most, 0)), type(uint112).max, "received");
        vm.assertEq(Base.unwrap(BaseLibrary.close(0, most)), uint256(type(uint112).max) << 112, "distributed");
    }

    /// What is closed is what is read, and neither field reaches into the other.
    function testFuzz_closedIsRead(uint112 received, uint112 distributed) external pure {
        Base base = BaseLibrary.close(received, distributed);

        vm.assertEq(base.received(), received, "received");
        vm.assertEq(base.distributed(), distributed, "distributed");
        vm.assertEq(Base.unwrap(base) >> 224, 0, "more than two fields");
    }

    /// The base of any books fits: what belongs to holders is at most what was received.
    function testFuzz_anyBooksFit(uint112 received, uint256 rate, uint256 fee) external pure {
        uint256 rateBps = bound(rate, 0, RoyaltyMath.MAX_TOTAL_RATE_BPS);
        uint256 feeBps = bound(fee, 0, RoyaltyMath.MAX_FEE_BPS);
        // The most that an end gives to holders: D, and all that belonged to parents.
        uint256 distributed =
            RoyaltyMath.distributed(received, rateBps, feeBps) + RoyaltyMath.upstreamDown(received, rateBps);
        Base base = BaseLibrary.close(received, distributed);

        vm.assertLe(base.distributed(), base.received(), "more distributed than received");
        vm.assertEq(base.distributed(), distributed, "distributed");
    }
}
