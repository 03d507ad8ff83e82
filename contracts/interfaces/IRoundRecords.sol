// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Currency} from "../libraries/Currency.sol";

/// @title IRoundRecords
/// @notice What a round has come to: its state, and what happened in it.
interface IRoundRecords {
    /* TYPES */

    /// @notice Where a round stands. Finalised and Refunding are final.
    enum RoundState {
        None,
        Open,
        Review,
        Challenge,
        Finalised,
        Refunding
    }

    /// @notice What is known of a round, beside its terms.
    /// @param state Where it stands now.
    /// @param attempt How many results were posted.
    /// @param isRejected Whether the arbiter rejected the challenges of the result that stands.
    /// @param challenges How many challenge the result that stands.
    /// @param currency What it is funded in.
    /// @param raised Units that funders paid in.
    /// @param forfeits Units of bonds that were lost, which are the funders'.
    /// @param unspent Units that a finalised round returns to its funders, beside forfeits.
    /// @param cashLeft Units that are left for the leaves of a finalised round.
    /// @param fundingUntil The last second for funding, in Unix time.
    /// @param submissionUntil The last second for submissions.
    /// @param revealUntil The last second to reveal them.
    /// @param reviewUntil The last second to post a result; 0 if none can be posted any more.
    /// @param challengeUntil The last second to challenge the result that stands.
    /// @param arbitrationUntil The last second for the arbiter, if it is challenged.
    /// @param finaliseUntil The last second to finalise, if it is not, or if the challenges were rejected.
    /// @param result The hash of the result that stands, or zero.
    /// @param root The Merkle root of a finalised round.
    /// @param model The model of a finalised round.
    /// @param allocation The number of its contributors' shares in the ledger; 0 if they have none.
    /// @param pool Where its funders' shares are; the zero address if they have none.
    struct Round {
        RoundState state;
        uint8 attempt;
        bool isRejected;
        uint32 challenges;
        Currency currency;
        uint96 raised;
        uint256 forfeits;
        uint96 unspent;
        uint96 cashLeft;
        uint40 fundingUntil;
        uint40 submissionUntil;
        uint40 revealUntil;
        uint40 reviewUntil;
        uint40 challengeUntil;
        uint40 arbitrationUntil;
        uint40 finaliseUntil;
        bytes32 result;
        bytes32 root;
        address model;
        uint64 allocation;
        address pool;
    }

    /* ERRORS */

    /// @notice The round is in another state than this needs.
    /// @param roundId The round's id.
    /// @param state The state that it is in.
    /// @param needed The state that this needs.
    error RoundNotInState(bytes32 roundId, RoundState state, RoundState needed);

    /// @notice The time for this has not begun.
    /// @param roundId The round's id.
    /// @param from The first second for this, in Unix time.
    error RoundTooEarly(bytes32 roundId, uint256 from);

    /// @notice The last second for this has passed.
    /// @param roundId The round's id.
    /// @param until The last second for this, in Unix time.
    error RoundTooLate(bytes32 roundId, uint256 until);

    /// @notice The ETH that came is not what is to be paid; with an ERC-20, 0.
    /// @param expected What is to be paid, in wei; 0 with an ERC-20.
    /// @param value The wei that came.
    error RoundValueMismatch(uint256 expected, uint256 value);

    /// @notice The token delivered less than was asked for.
    /// @param expected How much was asked for, in units.
    /// @param arrived How much arrived, in units.
    error RoundPaymentShort(uint256 expected, uint256 arrived);

    /// @notice Only the account itself may have its money sent elsewhere.
    /// @param account Whose money it is.
    /// @param caller Who called.
    error NotRoundPayee(address account, address caller);

    /// @notice Money can be sent neither to nobody nor to this contract.
    /// @param to Where it was to be sent.
    error RoundRecipientInvalid(address to);

    /* VIEWS */

    /// @notice Returns where a round stands now.
    /// @param roundId The round.
    function stateOf(bytes32 roundId) external view returns (RoundState);

    /// @notice Returns what is known of a round.
    /// @param roundId The round.
    function roundOf(bytes32 roundId) external view returns (Round memory);
}
