// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

/// @title IBallotRelay
/// @notice Casts many signed votes in one transaction, so that one who pays for the votes of others pays less.
/// @dev Holds nothing, keeps nothing and has no rights: what it does, anyone can do with the governor itself.
interface IBallotRelay {
    /* STRUCTS */

    /// @notice A signed vote.
    /// @param proposalId The proposal.
    /// @param support As the governor counts: 0 against, 1 for, 2 abstain, 255 by the parts in `params`.
    /// @param voter Who signed; a contract does so by ERC-1271.
    /// @param reason Why, for all to read.
    /// @param params Parts of a fractional vote; empty otherwise.
    /// @param signature Of the governor's `Ballot` when reason and params are empty, else of its `ExtendedBallot`.
    struct Ballot {
        uint256 proposalId;
        uint8 support;
        address voter;
        string reason;
        bytes params;
        bytes signature;
    }

    /* EVENTS */

    /// @notice Emitted when the governor did not take a ballot.
    /// Warning: anyone may send anything, with any governor, so it tells whoever sent the batch what became of it, and
    /// others nothing about the voter.
    /// @param governor The governor.
    /// @param voter Whom the ballot names as its voter.
    /// @param proposalId The proposal that the ballot names.
    /// @param reason What the governor reverted with; empty when the ballot's gas ran out, or when it is longer than
    /// any error of a governor.
    event BallotRefused(IGovernor indexed governor, address indexed voter, uint256 indexed proposalId, bytes reason);

    /* ERRORS */

    /// @notice There is no contract at the governor's address.
    /// @param governor The address.
    error GovernorNotDeployed(IGovernor governor);

    /// @notice The transaction has too little gas left to give a ballot its part: `available` of `required`.
    /// @param available Gas that is left.
    /// @param required Gas that must be left before a ballot is cast.
    error BallotGasTooLow(uint256 available, uint256 required);

    /* FUNCTIONS */

    /// @notice Casts each ballot that the governor takes, and passes over the others. Anyone may call it.
    /// @dev A ballot without reason and params goes through `castVoteBySig`, any other through
    /// `castVoteWithReasonAndParamsBySig`. A vote that is passed over has not changed anything: it can be sent again.
    ///
    /// Emits {BallotRefused} for each ballot that was passed over; the governor emits its own event for each vote.
    ///
    /// Requirements: the governor has code, and the transaction has gas for every ballot, whatever it takes.
    ///
    /// Warning: the governor is the caller's choice. It is called with `ballotGas` and nothing else.
    ///
    /// @param governor The governor to vote in.
    /// @param ballots What to cast, in this order.
    /// @param ballotGas The most gas that one ballot may take, so that an ERC-1271 wallet that burns all it gets
    /// leaves the rest to the others.
    /// @return castCount How many the governor took.
    function castBallots(
        IGovernor governor,
        Ballot[] calldata ballots,
        uint64 ballotGas
    ) external returns (uint256 castCount);
}
