// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import {IBallotRelay} from "../interfaces/IBallotRelay.sol";

/// @title BallotRelay
/// @notice See {IBallotRelay}.
contract BallotRelay is IBallotRelay {
    /// @notice Gas that a ballot of up to 8 KiB may take here beside the governor's: copying it, a cold account, and
    /// an event.
    uint256 public constant OVERHEAD_GAS = 12_000;

    /// @notice The longest reason that is copied, in bytes. A governor's errors have at most 100.
    uint256 public constant MAX_REASON_LENGTH = 256;

    /// @inheritdoc IBallotRelay
    function castBallots(
        IGovernor governor,
        Ballot[] calldata ballots,
        uint64 ballotGas
    ) external returns (uint256 castCount) {
        require(address(governor).code.length != 0, GovernorNotDeployed(governor));
        // A call gets at most 63 of 64 parts of what is left, silently: a good ballot would seem to be a bad one.
        uint256 required = (uint256(ballotGas) * 64) / 63 + OVERHEAD_GAS;

        // No lock: there is nothing here that a governor could meet halfway.
        for (uint256 i = 0; i < ballots.length; ++i) {
            uint256 available = gasleft();
            require(available >= required, BallotGasTooLow(available, required));

            Ballot calldata ballot = ballots[i];
            if (_cast(governor, ballot, ballotGas)) ++castCount;
            else emit BallotRefused(governor, ballot.voter, ballot.proposalId, _reason());
        }
    }

    /* INTERNAL */

    /// @dev Nothing that comes back is copied but the vote's weight.
    function _cast(IGovernor governor, Ballot calldata ballot, uint64 ballotGas) private returns (bool) {
        if (bytes(ballot.reason).length == 0 && ballot.params.length == 0) {
            try
                governor.castVoteBySig{gas: ballotGas}(
                    ballot.proposalId,
                    ballot.support,
                    ballot.voter,
                    ballot.signature
                )
            returns (uint256) {
                return true;
            } catch {
                return false;
            }
        }

        try
            governor.castVoteWithReasonAndParamsBySig{gas: ballotGas}(
                ballot.proposalId,
                ballot.support,
                ballot.voter,
                ballot.reason,
                ballot.params,
                ballot.signature
            )
        returns (uint256) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev Returns what the last call reverted with.
    function _reason() private pure returns (bytes memory) {
        return LowLevelCall.returnDataSize() > MAX_REASON_LENGTH ? bytes("") : LowLevelCall.returnData();
    }
}
