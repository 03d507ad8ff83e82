// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IModelRegistry} from "./IModelRegistry.sol";

/// @title ISourceRegistry
/// @notice Ancestors whose authors have not come yet: repositories on other platforms, entered so that what is built on
/// them can pay them from the first day. The money waits, without limit of time, until the author claims it.
/// @dev A source is a model like any other. Until it is claimed, this contract owns its ERC-721 and is steward of its
/// shares. Children link to it at whatever rate they declare.
///
/// Warning: this is the one place where people outside a model decide who is paid. `threshold` of the verifiers that
/// governance named attest who a source's author is. A claim waits {waitingPeriod} in public, during which as many
/// verifiers, or governance, can cancel it, and nobody can redirect it. A verifier or a threshold that governance names
/// counts after the same time; what a verifier attests ends with its
/// removal, but for claims that wait: those, governance cancels.
interface ISourceRegistry {
    /* TYPES */

    /// @notice Where a source lives. The names are those of the manifests: `huggingface`, `huggingface-dataset`, and so
    /// on.
    enum Platform {
        HuggingFace,
        HuggingFaceDataset,
        GitHub,
        GitLab,
        Npm,
        PyPI,
        Doi
    }

    /// @notice A claim that waits.
    /// @param recipient Who gets the source.
    /// @param readyAt The time from which it can be completed, in Unix time. 0: no claim waits.
    /// @param model The recipient's own model that the source's name is to be bound to, or the zero address.
    struct Claim {
        address recipient;
        uint40 readyAt;
        address model;
    }

    /// @notice A verifier's signature.
    /// @param verifier Who signed.
    /// @param signature ECDSA, or ERC-1271 for contracts, of the EIP-712 struct that the function asks for.
    struct Attestation {
        address verifier;
        bytes signature;
    }

    /* EVENTS */

    /// @notice Emitted when a source is entered; the registry's `ModelRegistered` of the same transaction has the rest.
    /// @param source The source's id, a model's.
    /// @param platform Where it lives.
    /// @param name Its name there.
    event SourceRegistered(address indexed source, Platform platform, string name);

    /// @notice Emitted when a claim begins to wait.
    /// @param source The source.
    /// @param recipient Who is to get it.
    /// @param model The model that its name is to be bound to, or the zero address.
    /// @param readyAt When it can be completed.
    event SourceClaimStarted(address indexed source, address indexed recipient, address indexed model, uint40 readyAt);

    /// @notice Emitted when a claim is cancelled.
    /// @param source The source.
    /// @param recipient Who was to get it.
    event SourceClaimCancelled(address indexed source, address indexed recipient);

    /// @notice Emitted when a claim is completed: the recipient has the source, if it was registered, and its name
    /// stands for the model, if one was named.
    /// @param source The source.
    /// @param recipient Who got it.
    /// @param model The model that its name is bound to, or the zero address.
    event SourceClaimed(address indexed source, address indexed recipient, address indexed model);

    /// @notice Emitted when governance names or removes a verifier.
    /// @param verifier The account.
    /// @param countsFrom From when its attestations count, in Unix time; 0 if it was removed.
    event VerifierUpdated(address indexed verifier, uint40 countsFrom);

    /// @notice Emitted when governance sets how many verifiers must attest.
    /// @param threshold How many.
    /// @param countsFrom From when on, in Unix time.
    event ThresholdUpdated(uint8 threshold, uint40 countsFrom);

    /* ERRORS */

    /// @notice The name has no or more than 100 characters, or one that is none of `a-z 0-9 . _ / -`, or a slash at
    /// an end or beside another.
    /// @param name The name.
    error SourceNameInvalid(string name);

    /// @notice The source is entered already.
    /// @param source The source's id.
    error SourceAlreadyRegistered(address source);

    /// @notice The source is not entered: anyone can enter it.
    /// @param source The source's id.
    error SourceNotRegistered(address source);

    /// @notice The source was claimed.
    /// @param source The source's id.
    error SourceAlreadyClaimed(address source);

    /// @notice Another claim of the source waits.
    /// @param source The source's id.
    /// @param recipient Whom the claim that waits is for.
    error SourceClaimPending(address source, address recipient);

    /// @notice No claim of the source waits.
    /// @param source The source's id.
    error SourceClaimNotFound(address source);

    /// @notice The claim still waits.
    /// @param source The source's id.
    /// @param readyAt From when it can be carried out, in Unix time.
    error SourceClaimNotReady(address source, uint256 readyAt);

    /// @notice The recipient can hold no shares, or do nothing with a source: it is the source itself, or a registry.
    /// @param recipient The recipient.
    error SourceRecipientInvalid(address recipient);

    /// @notice The model to bind the name to is not the recipient's.
    /// @param model The model's id.
    /// @param recipient The recipient.
    error SourceModelNotOwned(address model, address recipient);

    /// @notice The attestations' deadline has passed.
    /// @param deadline Their last second, in Unix time.
    error AttestationExpired(uint256 deadline);

    /// @notice Fewer attestations than the threshold.
    /// @param given How many were given.
    /// @param threshold How many are needed.
    error AttestationsMissing(uint256 given, uint256 threshold);

    /// @notice Verifiers must be in strictly ascending order.
    /// @param previous The verifier before it.
    /// @param verifier The verifier that is not above that.
    error VerifiersNotAscending(address previous, address verifier);

    /// @notice The account is no verifier, or does not count yet.
    /// @param verifier The account.
    error NotVerifier(address verifier);

    /// @notice The verifier did not sign this.
    /// @param verifier The verifier.
    error AttestationInvalid(address verifier);

    /// @notice Only governance may call this.
    /// @param caller Who called.
    error NotSourceGovernance(address caller);

    /// @notice The threshold must be 1 at least.
    error ThresholdZero();

    /* SOURCES */

    /// @notice Enters a source, once a name. Anyone may call this.
    /// @dev Emits {SourceRegistered}. Its first version is a manifest that this contract writes; its terms for
    /// derivatives are open at 0.
    ///
    /// Requirements: the name has 1 to 100 characters of `a-z 0-9 . _ / -`, with no slash at an end or beside another;
    /// the source is not entered.
    ///
    /// @param platform Where it lives.
    /// @param name Its name there, in lower case, such as `org/name`.
    /// @return source Its id, equal to {sourceIdOf}.
    function registerSource(Platform platform, string calldata name) external returns (address source);

    /// @notice Returns the id that a source has, or would have if it were entered.
    /// @param platform Where it lives.
    /// @param name Its name there.
    function sourceIdOf(Platform platform, string calldata name) external view returns (address);

    /// @notice Returns the model that stands for a source: what its name is bound to, else itself.
    /// @param source The source's id.
    function modelOf(address source) external view returns (address);

    /* CLAIMS */

    /// @notice Begins a claim of a source by its author, as verifiers attest. Anyone may send it.
    /// @dev Each attestation is a signature of
    /// `SourceClaim(address source,address recipient,address model,uint256 nonce,uint40 deadline)` with the source's
    /// present {nonceOf}, so that it serves once.
    ///
    /// Emits {SourceClaimStarted}.
    ///
    /// Requirements: attestations by `threshold` verifiers that count, ascending by address; the deadline has not passed;
    /// the source is entered and not claimed; no claim waits; the model, if named, is registered and the recipient's; the
    /// recipient can hold shares.
    ///
    /// Warning: an attestation that nobody sends serves until its deadline. Verifiers sign near ones.
    ///
    /// @param source The source's id.
    /// @param recipient The author.
    /// @param model A model of the author's for which the source's name is to stand from now on, or the zero address.
    /// @param deadline The last second at which the attestations serve, in Unix time.
    /// @param attestations The signatures.
    function claimSource(
        address source,
        address recipient,
        address model,
        uint40 deadline,
        Attestation[] calldata attestations
    ) external;

    /// @notice Cancels a claim that waits: governance by calling, verifiers by signing.
    /// @dev Each attestation is a signature of `SourceClaimCancellation(address source,uint256 nonce,uint40 deadline)`
    /// with the source's present {nonceOf}. Governance needs none.
    ///
    /// Emits {SourceClaimCancelled}.
    ///
    /// @param source The source's id.
    /// @param deadline The last second at which the attestations serve, in Unix time.
    /// @param attestations The signatures.
    function cancelClaim(address source, uint40 deadline, Attestation[] calldata attestations) external;

    /// @notice Completes a claim that has waited: the recipient gets the ERC-721, and all shares with everything that
    /// they have earned since the source was entered. Anyone may call this.
    /// @dev Emits {SourceClaimed}.
    /// @param source The source's id.
    function completeClaim(address source) external;

    /// @notice Returns the claim of a source that waits; all zero if none does.
    /// @param source The source's id.
    function claimOf(address source) external view returns (Claim memory);

    /// @notice Returns the number that attestations for a source must have: it grows with each claim and cancellation.
    /// @param source The source's id.
    function nonceOf(address source) external view returns (uint256);

    /* GOVERNANCE */

    /// @notice Names or removes a verifier. One that is named counts after {waitingPeriod}; one that is removed, at
    /// once not at all.
    /// @dev Only governance. Emits {VerifierUpdated}.
    /// @param verifier The account.
    /// @param allowed Whether it is one.
    function setVerifier(address verifier, bool allowed) external;

    /// @notice Sets how many verifiers must attest, from {waitingPeriod} after now on.
    /// @dev Only governance. Emits {ThresholdUpdated}.
    /// @param threshold How many; at least 1.
    function setThreshold(uint8 threshold) external;

    /// @notice Returns whether an account's attestations count now.
    /// @param account The account.
    function isVerifier(address account) external view returns (bool);

    /// @notice Returns how many verifiers must attest now.
    function threshold() external view returns (uint8);

    /// @notice Returns how long claims, new verifiers and new thresholds wait, in seconds.
    function waitingPeriod() external view returns (uint40);

    /// @notice Returns the timelock that names the verifiers.
    function governance() external view returns (address);

    /// @notice Returns the registry that sources are entered in.
    function registry() external view returns (IModelRegistry);
}
