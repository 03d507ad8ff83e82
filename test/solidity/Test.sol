// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @dev The cheatcodes that our tests use, of those that the test runner answers at {Test.vm}.
interface Vm {
    function assertEq(uint256 actual, uint256 expected, string calldata what) external pure;
    function assertGe(uint256 actual, uint256 least, string calldata what) external pure;
    function assertLe(uint256 actual, uint256 most, string calldata what) external pure;
    function assertLt(uint256 actual, uint256 bound, string calldata what) external pure;
    function assertTrue(bool condition, string calldata what) external pure;
    function deal(address account, uint256 balance) external;
    function expectRevert(bytes calldata revertData) external;
    function prank(address sender) external;
    function warp(uint256 timestamp) external;
    function writeFile(string calldata path, string calldata text) external;
}

/// @dev What Solidity tests start from; npm has no forge-std that works.
abstract contract Test {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Maps any number into `min` to `max`. What is inside stays, and the four largest numbers become the four
    /// largest inside: the runner likes to try the ends of a type, so the ends of the range are tried as well.
    function bound(uint256 number, uint256 min, uint256 max) internal pure returns (uint256) {
        if (number >= min && number <= max) return number;

        uint256 fromEnd = type(uint256).max - number;
        if (fromEnd < 4 && fromEnd <= max - min) return max - fromEnd;

        return min + (number % (max - min + 1));
    }
}
