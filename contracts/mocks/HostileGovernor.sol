// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

/// @title HostileGovernor
/// @notice Has as much of a governor as `BallotRelay` calls, and none of its manners: it refuses with as many bytes as a
/// ballot's proposal id says, or calls the relay again.
contract HostileGovernor {
    /// @notice Reverts with `size` bytes.
    function castVoteBySig(uint256 size, uint8, address, bytes calldata) external pure returns (uint256) {
        LowLevelCall.bubbleRevert(new bytes(size));
    }

    /// @notice Calls its caller with `params`, and takes the vote.
    function castVoteWithReasonAndParamsBySig(
        uint256,
        uint8,
        address,
        string calldata,
        bytes calldata params,
        bytes calldata
    ) external returns (uint256) {
        Address.functionCall(msg.sender, params);

        return 0;
    }
}
