// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title Multicall3
/// @notice The part of the contract of that name which reads use, as most chains have it:
/// https://github.com/mds1/multicall3. Every call may fail here.
contract Multicall3 {
    /// @notice A call, and whether the others go on if it fails.
    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    /// @notice What came of a call.
    struct Result {
        bool success;
        bytes returnData;
    }

    /// @notice Makes calls one after the other.
    /// @param calls The calls.
    /// @return results What came of each.
    function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory results) {
        results = new Result[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (results[i].success, results[i].returnData) = calls[i].target.call(calls[i].callData);
        }
    }
}
