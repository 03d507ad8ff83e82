// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IModelRegistry} from "./IModelRegistry.sol";
import {IRoundContributions} from "./IRoundContributions.sol";
import {IRoundFunding} from "./IRoundFunding.sol";
import {IRoundRecords} from "./IRoundRecords.sol";
import {IRoundTerms} from "./IRoundTerms.sol";

/// @title ITrainingRounds
/// @notice Many people make one model together: funders pay, contributors bring data, compute, code and evaluation,
/// reviewers score what was brought, and the model belongs to all of them.
/// @dev A round's id commits to all of its terms, so nothing can change them, and whoever passes the id or the terms
/// agrees to them. What few calls need of the terms is passed with the call; only what many need is stored.
///
/// Reviewers sign all of their scores at once, an EIP-712 struct in the domain `Commonweal TrainingRounds`, version 1:
///
/// ```
/// Scores(bytes32 round,bytes32 manifestDigest,Score[] scores)
/// Score(address contributor,bytes32 contentDigest,uint32 score)
/// ```
///
/// A result comes with as many signatures as the terms ask for, so it is known which scores it was made of, and anyone
/// can make it again.
///
/// Nobody, the arbiter included, can send a round's money anywhere but to its funders, to the leaves of its result, or,
/// what was fixed at opening, to its coordinator. A bond goes back to whoever paid it, or to the funders.
///
/// Who can do what when stands in `docs/rounds.md`.
interface ITrainingRounds is IRoundFunding, IRoundContributions, IRoundRecords {
    /* STRUCTS */

    /// @notice What a round has come to, as its coordinator says.
    /// @param manifestDigest The sha-256 of the model's manifest.
    /// @param root The Merkle root of who gets what (see {IRoundContributions}).
    /// @param cash What all leaves have together, in units; at most what was raised less the coordinator's part. What
    /// is less goes back to the funders.
    /// @param mirrorURI Where the manifest can be fetched.
    /// @param resultURI Where scores and leaves can be fetched, from which anyone can make the root again.
    struct Result {
        bytes32 manifestDigest;
        bytes32 root;
        uint96 cash;
        string mirrorURI;
        string resultURI;
    }

    /// @notice A reviewer's signature under its scores.
    /// @param reviewer The reviewer.
    /// @param scoresHash The EIP-712 hash of the array of its scores: of the hashes of all `Score`s, side by side.
    /// @param signature The reviewer's (ECDSA, or ERC-1271 for contracts).
    struct Review {
        address reviewer;
        bytes32 scoresHash;
        bytes signature;
    }

    /* EVENTS */

    /// @notice Emitted when a round is opened.
    /// @param roundId Its id.
    /// @param coordinator Its coordinator.
    /// @param opening Its terms.
    /// @param uri Where licence and budget can be fetched; check what comes against the digests.
    event RoundOpened(bytes32 indexed roundId, address indexed coordinator, IRoundTerms.Opening opening, string uri);

    /// @notice Emitted when a result is posted.
    /// @param roundId The round.
    /// @param attempt The result's number, from 1.
    /// @param result The result.
    /// @param reviews The signatures, which commit to the scores.
    /// @param challengeUntil The last second to challenge it, in Unix time.
    event ResultPosted(
        bytes32 indexed roundId,
        uint8 indexed attempt,
        Result result,
        Review[] reviews,
        uint40 challengeUntil
    );

    /// @notice Emitted when a result is challenged.
    /// @param roundId The round.
    /// @param attempt The result's number.
    /// @param challenger Who challenges it.
    /// @param evidenceURI Where the evidence can be fetched.
    event ResultChallenged(
        bytes32 indexed roundId,
        uint8 indexed attempt,
        address indexed challenger,
        string evidenceURI
    );

    /// @notice Emitted when the arbiter has decided.
    /// @param roundId The round.
    /// @param attempt The result's number.
    /// @param isUpheld Whether the challenges are right, and the result falls.
    /// @param forfeit Units of bonds that were lost by it, which are the funders' from now on.
    /// @param until The last second to post another result, or to finalise this one, in Unix time; 0 if the round
    /// refunds.
    event ChallengesResolved(
        bytes32 indexed roundId,
        uint8 indexed attempt,
        bool isUpheld,
        uint256 forfeit,
        uint40 until
    );

    /// @notice Emitted when a challenger's bond is paid back.
    /// @param roundId The round.
    /// @param attempt The number of the result that was challenged.
    /// @param challenger Whose it was.
    /// @param to Who got it.
    /// @param amount How much, in units.
    event ChallengeBondPaid(
        bytes32 indexed roundId,
        uint8 attempt,
        address indexed challenger,
        address indexed to,
        uint256 amount
    );

    /// @notice Emitted when a round is finalised. The registry's `ModelRegistered` of the same transaction has the
    /// model.
    /// @param roundId The round.
    /// @param model The model's id.
    /// @param root The Merkle root of who gets what.
    /// @param cash What all leaves have together, in units.
    /// @param unspent What returns to the funders, in units, beside the bonds that were lost.
    /// @param allocation The number of the contributors' shares in the ledger; 0 if they have none.
    /// @param pool Where the funders' shares are; the zero address if they have none.
    event RoundFinalised(
        bytes32 indexed roundId,
        address indexed model,
        bytes32 root,
        uint256 cash,
        uint256 unspent,
        uint64 allocation,
        address pool
    );

    /// @notice Emitted when the coordinator is paid.
    /// @param roundId The round.
    /// @param coordinator The coordinator.
    /// @param to Who got it.
    /// @param cash Its part of what was raised, in units.
    /// @param bond The bond of its last result, in units.
    event CoordinatorPaid(
        bytes32 indexed roundId,
        address indexed coordinator,
        address indexed to,
        uint256 cash,
        uint256 bond
    );

    /* ERRORS */

    /// @notice Only the coordinator may do this.
    /// @param coordinator The coordinator.
    /// @param caller Who called.
    error NotRoundCoordinator(address coordinator, address caller);

    /// @notice Only the arbiter may do this.
    /// @param arbiter The arbiter.
    /// @param caller Who called.
    error NotRoundArbiter(address arbiter, address caller);

    /// @notice A round with these terms was opened.
    /// @param roundId The round's id.
    error RoundAlreadyOpened(bytes32 roundId);

    /// @notice A result without a manifest or a root.
    /// @param roundId The round's id.
    error ResultEmpty(bytes32 roundId);

    /// @notice The leaves would have more than was raised, less the coordinator's part.
    /// @param cash What the leaves would have, in units.
    /// @param max The most that they can have, in units.
    error ResultCashTooHigh(uint256 cash, uint256 max);

    /// @notice Fewer reviewers have scored than must.
    /// @param reviews How many have scored.
    /// @param minReviews How many must.
    error ReviewsMissing(uint256 reviews, uint256 minReviews);

    /// @notice The account is no reviewer of this round.
    /// @param account The account.
    error NotRoundReviewer(address account);

    /// @notice The reviewer did not sign these scores for this round and manifest.
    /// @param reviewer The reviewer.
    error ReviewInvalid(address reviewer);

    /// @notice Another result stands than the one that is meant.
    /// @param roundId The round's id.
    /// @param attempt The attempt that is meant.
    /// @param current The attempt that stands.
    error AttemptMismatch(bytes32 roundId, uint256 attempt, uint256 current);

    /// @notice The account has challenged this result.
    /// @param roundId The round's id.
    /// @param challenger The account.
    error AlreadyChallenged(bytes32 roundId, address challenger);

    /// @notice Nobody challenged the result, or the arbiter has decided.
    /// @param roundId The round's id.
    error NothingToResolve(bytes32 roundId);

    /// @notice The arbiter has not decided about the challenges.
    /// @param roundId The round's id.
    /// @param challenges How many there are.
    error ChallengesUnresolved(bytes32 roundId, uint256 challenges);

    /// @notice There is no such bond, or it was paid back, or it was lost, or the arbiter has its time still.
    /// @param roundId The round's id.
    /// @param attempt The attempt's number, from 1.
    /// @param challenger Who challenged the result.
    error ChallengeBondNotDue(bytes32 roundId, uint256 attempt, address challenger);

    /// @notice Another result was posted than the one that is passed.
    /// @param roundId The round's id.
    /// @param result The hash of the result that is passed.
    /// @param posted The hash of the one that was posted; 0 if none was.
    error ResultMismatch(bytes32 roundId, bytes32 result, bytes32 posted);

    /// @notice The coordinator has nothing to get, or got it.
    /// @param roundId The round's id.
    error NothingForCoordinator(bytes32 roundId);

    /* FUNCTIONS */

    /// @notice Opens a round.
    /// @dev Only the coordinator. Emits {RoundOpened}.
    ///
    /// Requirements: no round with the same terms was opened; {IRoundTerms-check} passes them.
    ///
    /// Warning: that the terms name an arbiter and reviewers does not say that these agreed.
    ///
    /// Warning: what the registry will ask when the round is finalised is asked then: a parent's terms, a grant by its
    /// owner, whether the safety board restricts it, and whether the edge's end is far enough. A round that it refuses
    /// for 30 days refunds.
    ///
    /// @param opening The terms.
    /// @param uri Where licence and budget can be fetched; only emitted.
    /// @return roundId The round's id.
    function open(IRoundTerms.Opening calldata opening, string calldata uri) external returns (bytes32 roundId);

    /// @notice Posts a result.
    /// @dev Only the coordinator. Emits {ResultPosted}.
    ///
    /// Requirements:
    ///
    /// - the round is in review, and the time to reveal has passed;
    /// - manifest and root are not zero, the leaves' cash at most what was raised less the coordinator's part;
    /// - at least as many reviewers as must signed scores for this round and manifest, each once, ascending;
    /// - for ETH, exactly the bond comes with the call; for an ERC-20, none, and the bond arrives.
    ///
    /// @param opening The terms.
    /// @param result The result.
    /// @param reviews The signatures.
    function postResult(
        IRoundTerms.Opening calldata opening,
        Result calldata result,
        Review[] calldata reviews
    ) external payable;

    /// @notice Challenges the result that stands. Anyone may, each once a result: one weak challenge shields it from no
    /// other.
    /// @dev Emits {ResultChallenged}.
    ///
    /// Requirements:
    ///
    /// - the last second to challenge it has not passed, and the caller has not challenged it;
    /// - for ETH, exactly the bond comes with the call; for an ERC-20, none, and the bond arrives.
    ///
    /// @param opening The terms.
    /// @param attempt The number of the result that is meant.
    /// @param evidenceURI Where the evidence can be fetched; only emitted.
    function challenge(
        IRoundTerms.Opening calldata opening,
        uint8 attempt,
        string calldata evidenceURI
    ) external payable;

    /// @notice Decides about all challenges of a result at once. If they are upheld, the result falls, its bond is
    /// lost, and another can be posted, or the round refunds after its last attempt. If they are rejected, theirs are
    /// lost, and the result stands.
    /// @dev Only the arbiter, from the second after the last for challenges, for the arbitration period. Emits
    /// {ChallengesResolved}.
    /// @param opening The terms.
    /// @param attempt The number of the result that is meant.
    /// @param isUpheld Whether the challenges are right.
    function resolve(IRoundTerms.Opening calldata opening, uint8 attempt, bool isUpheld) external;

    /// @notice Pays a challenger's bond back, if the challenge was upheld, or the round refunds without a decision. The
    /// challenger may have it sent anywhere; anyone may have it sent to the challenger.
    /// @dev Emits {ChallengeBondPaid}.
    /// @param opening The terms.
    /// @param attempt The number of the result that was challenged.
    /// @param challenger Whose bond.
    /// @param to Who gets it.
    function takeChallengeBond(
        IRoundTerms.Opening calldata opening,
        uint8 attempt,
        address challenger,
        address to
    ) external;

    /// @notice Registers the model, and lets everybody take what is theirs. Anyone may.
    /// @dev Emits {RoundFinalised}.
    ///
    /// Requirements:
    ///
    /// - the last second to challenge the result has passed, challenges were rejected if there were any, and not more
    /// than 30 days have passed since;
    /// - the protocol fee is at most what the terms allow;
    /// - what the registry requires (see {IModelRegistry-register}).
    ///
    /// @param opening The terms.
    /// @param result The result that stands.
    /// @param grants One for each parent whose terms ask for it, for the child {modelIdOf}.
    /// @return model The model's id.
    function finalise(
        IRoundTerms.Opening calldata opening,
        Result calldata result,
        IModelRegistry.Grant[] calldata grants
    ) external returns (address model);

    /// @notice Pays the coordinator, once a round has ended: its part of what was raised, if it is finalised, and the
    /// bond of the result that stood. The coordinator may have it sent anywhere; anyone may have it sent to the
    /// coordinator.
    /// @dev Emits {CoordinatorPaid}.
    /// @param opening The terms.
    /// @param to Who gets it.
    function payCoordinator(IRoundTerms.Opening calldata opening, address to) external;

    /* VIEWS */

    /// @notice Returns a round's id: `keccak256(abi.encode(chainid, this contract, opening))`.
    /// @param opening The terms.
    function roundIdOf(IRoundTerms.Opening calldata opening) external view returns (bytes32);

    /// @notice Returns the id that a round's model has, or will have: its publisher is this contract, its salt the
    /// round's id.
    /// @param roundId The round.
    function modelIdOf(bytes32 roundId) external view returns (address);

    /// @notice Returns the EIP-712 hash that a reviewer signs.
    /// @param roundId The round.
    /// @param manifestDigest The sha-256 of the model's manifest.
    /// @param scoresHash The EIP-712 hash of the array of its scores.
    function reviewHashOf(bytes32 roundId, bytes32 manifestDigest, bytes32 scoresHash) external view returns (bytes32);

    /// @notice Returns whether a challenger has a bond here.
    /// @param roundId The round.
    /// @param attempt The number of the result that was challenged.
    /// @param challenger The challenger.
    function isChallenger(bytes32 roundId, uint8 attempt, address challenger) external view returns (bool);

    /// @notice Returns the contract that checks terms when a round is opened.
    function terms() external view returns (IRoundTerms);

    /// @notice Returns the registry that models are registered in.
    function registry() external view returns (IModelRegistry);
}
