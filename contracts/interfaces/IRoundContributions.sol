// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IRoundContributions
/// @notice What contributors of data, compute, code and evaluation do: submit what they bring, and take what the result
/// gives them.
/// @dev What is brought is told in two steps, so that nobody can pass off a copy as their own: first a commitment
///
/// ```
/// keccak256(abi.encode(contributor, contentDigest))
/// ```
///
/// of types `address, bytes32`, and, when no more can be submitted, the digest itself.
///
/// What a result gives to one contributor is a pair of leaves: one of this contract, and one of the model's allocation
/// in the ledger (see {IAllocations}). So one root serves both, and shares are claimed with all that they earned:
///
/// ```
/// own     = twice(abi.encode(chainId, this contract, roundId, index, account, shares, cash))
/// ledgers = twice(abi.encode(chainId, ledger, model, index, account, shares))
/// pair    = keccak256(own < ledgers ? bytes.concat(own, ledgers) : bytes.concat(ledgers, own))
/// ```
///
/// of types `uint256, address, bytes32, uint256, address, uint256, uint256` and `uint256, address, address, uint256,
/// address, uint256`, where `twice(x)` is `keccak256(bytes.concat(keccak256(x)))`, so that no inner node passes for
/// one. The tree above is OpenZeppelin's `SimpleMerkleTree` of the pairs. A proof is that of the ledger's leaf: first
/// `own`, then the siblings of the pair.
interface IRoundContributions {
    /* TYPES */

    /// @notice What a contributor brings.
    enum ContributionKind {
        Data,
        Compute,
        Code,
        Evaluation
    }

    /// @notice What has become of a submission: its digest is still unknown, or known; or its bond was paid back.
    enum SubmissionStatus {
        None,
        Sealed,
        Revealed,
        Settled
    }

    /// @notice What a result gives to one contributor.
    /// @param index The leaf's number, from 0.
    /// @param account Whose it is.
    /// @param shares How many of the model's shares.
    /// @param cash How much, in units of the round's currency.
    struct Leaf {
        uint256 index;
        address account;
        uint256 shares;
        uint256 cash;
    }

    /* EVENTS */

    /// @notice Emitted when something is submitted.
    /// @param roundId The round.
    /// @param contributor Who brings it.
    /// @param commitment What the digest will be held against.
    /// @param kind What it is.
    /// @param units How much of it, as the contributor says: examples, GPU seconds, lines.
    event ContributionSubmitted(
        bytes32 indexed roundId,
        address indexed contributor,
        bytes32 commitment,
        ContributionKind kind,
        uint64 units
    );

    /// @notice Emitted when the digest of a submission is told.
    /// @param roundId The round.
    /// @param contributor Who brings it.
    /// @param commitment The submission.
    /// @param contentDigest The sha-256 of what is brought.
    /// @param uri Where it can be fetched; check what comes against the digest.
    event ContributionRevealed(
        bytes32 indexed roundId,
        address indexed contributor,
        bytes32 commitment,
        bytes32 contentDigest,
        string uri
    );

    /// @notice Emitted when the bond of a submission is paid back.
    /// @param roundId The round.
    /// @param contributor Whose it was.
    /// @param commitment The submission.
    /// @param to Who got it.
    /// @param amount How much, in units.
    event SubmissionBondPaid(
        bytes32 indexed roundId,
        address indexed contributor,
        bytes32 commitment,
        address indexed to,
        uint256 amount
    );

    /// @notice Emitted when a leaf is claimed. The ledger's `SharesClaimed` tells of its shares.
    /// @param roundId The round.
    /// @param account Whose it is.
    /// @param index The leaf's number.
    /// @param shares Its shares.
    /// @param to Who got the cash.
    /// @param cash How much, in units: the leaf's, or what was left of all, if the root lied.
    event LeafClaimed(
        bytes32 indexed roundId,
        address indexed account,
        uint256 index,
        uint256 shares,
        address to,
        uint256 cash
    );

    /* ERRORS */

    /// @notice The contributor has submitted this commitment.
    /// @param roundId The round's id.
    /// @param contributor Who submitted it.
    /// @param commitment The commitment.
    error ContributionAlreadySubmitted(bytes32 roundId, address contributor, bytes32 commitment);

    /// @notice The contributor has not submitted this, or has revealed it.
    /// @param roundId The round's id.
    /// @param contributor Who submitted it.
    /// @param commitment The commitment.
    error ContributionNotSealed(bytes32 roundId, address contributor, bytes32 commitment);

    /// @notice There is no such bond, or it was paid back, or it is not time: until the digest is told, or the round
    /// has ended.
    /// @param roundId The round's id.
    /// @param contributor Who submitted it.
    /// @param commitment The commitment.
    error SubmissionBondNotDue(bytes32 roundId, address contributor, bytes32 commitment);

    /// @notice The leaf was claimed.
    /// @param roundId The round's id.
    /// @param index The leaf's index.
    error LeafAlreadyClaimed(bytes32 roundId, uint256 index);

    /// @notice The proof does not lead from this leaf to the round's root.
    /// @param roundId The round's id.
    /// @param index The leaf's index.
    /// @param account Whose leaf it is said to be.
    error LeafProofInvalid(bytes32 roundId, uint256 index, address account);

    /* FUNCTIONS */

    /// @notice Submits something to an open round, for a bond that comes back.
    /// @dev Emits {ContributionSubmitted}.
    ///
    /// Requirements:
    ///
    /// - the round is open: it takes funding still, or has reached its target;
    /// - the caller has not submitted the same commitment;
    /// - for ETH, exactly the bond comes with the call; for an ERC-20, none, and the bond arrives.
    ///
    /// @param roundId The round.
    /// @param commitment The hash of caller and digest.
    /// @param kind What it is.
    /// @param units How much of it.
    function submit(bytes32 roundId, bytes32 commitment, ContributionKind kind, uint64 units) external payable;

    /// @notice Tells the digest of what the caller has submitted.
    /// @dev Emits {ContributionRevealed}. Requirements: the round is in review, its last second to reveal has not
    /// passed.
    /// @param roundId The round.
    /// @param contentDigest The sha-256 of what is brought.
    /// @param uri Where it can be fetched; only emitted.
    function reveal(bytes32 roundId, bytes32 contentDigest, string calldata uri) external;

    /// @notice Pays back the bond of a submission, once its digest is told or the round has ended. The contributor may
    /// have it sent anywhere; anyone may have it sent to the contributor.
    /// @dev Emits {SubmissionBondPaid}.
    /// @param roundId The round.
    /// @param contributor Whose submission.
    /// @param commitment The submission.
    /// @param to Who gets the bond.
    function takeSubmissionBond(bytes32 roundId, address contributor, bytes32 commitment, address to) external;

    /// @notice Gives a leaf's account its shares, with all that they earned, and its cash. The account may have the
    /// cash sent anywhere; anyone may have it sent to the account.
    /// @dev Emits {LeafClaimed}. The shares alone can be claimed in the ledger, with the same proof; here they are
    /// passed over then. If a root lies, and its leaves have more cash than the result said, those that come last find
    /// what is left.
    ///
    /// Requirements: the round is finalised; the leaf is under its root, and was not claimed; what the ledger requires
    /// (see {IAllocations-claimShares}), which tells of a proof that is wrong from its second hash.
    ///
    /// @param roundId The round.
    /// @param leaf The leaf.
    /// @param proof The round's own half of the pair, and then its siblings up to the root.
    /// @param to Who gets the cash.
    function claim(bytes32 roundId, Leaf calldata leaf, bytes32[] calldata proof, address to) external;

    /// @notice Returns what has become of a submission.
    /// @param roundId The round.
    /// @param contributor Whose it is.
    /// @param commitment The submission.
    function submissionOf(
        bytes32 roundId,
        address contributor,
        bytes32 commitment
    ) external view returns (SubmissionStatus);

    /// @notice Returns what to submit for something, before its digest is told.
    /// @param contributor Who brings it.
    /// @param contentDigest The sha-256 of what is brought.
    function commitmentOf(address contributor, bytes32 contentDigest) external pure returns (bytes32);

    /// @notice Returns whether a leaf was claimed.
    /// @param roundId The round.
    /// @param index The leaf's number.
    function isLeafClaimed(bytes32 roundId, uint256 index) external view returns (bool);
}
