// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IAllocations} from "../interfaces/IAllocations.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";
import {ISourceRegistry} from "../interfaces/ISourceRegistry.sol";

import {PositionLibrary} from "../libraries/Position.sol";

/// @title SourceRegistry
/// @notice See {ISourceRegistry}.
contract SourceRegistry is ISourceRegistry, EIP712 {
    /* CONSTANTS */

    bytes32 private constant CLAIM_TYPEHASH = keccak256(
        "SourceClaim(address source,address recipient,address model,uint256 nonce,uint40 deadline)"
    );
    bytes32 private constant CANCELLATION_TYPEHASH = keccak256(
        "SourceClaimCancellation(address source,uint256 nonce,uint40 deadline)"
    );
    uint256 private constant MAX_NAME_LENGTH = 100;

    uint40 private constant WAIT = 30 days;

    /// @inheritdoc ISourceRegistry
    address public immutable governance;
    /// @inheritdoc ISourceRegistry
    IModelRegistry public immutable registry;
    IRoyaltyLedger private immutable _ledger;

    /* STORAGE */

    /// @dev The allocation that holds a source's shares until it is claimed; 0 if it is not entered.
    mapping(address source => uint64) private _allocations;
    mapping(address source => bool) private _claimed;
    mapping(address source => address) private _bound;
    mapping(address source => Claim) private _claims;
    mapping(address source => uint256) private _nonces;

    /// @dev From when on a verifier counts, in Unix time; 0 for an account that is none.
    mapping(address account => uint40) private _countsFrom;
    uint8 private _threshold;
    uint8 private _nextThreshold;
    uint40 private _nextThresholdFrom;

    /// @param registry_ The registry that sources are entered in.
    /// @param governance_ The timelock: names verifiers, sets the threshold, can cancel claims.
    /// @param threshold_ How many verifiers must attest to begin with, at least 1.
    /// @param verifiers The first verifiers, who count from the start.
    constructor(
        IModelRegistry registry_,
        address governance_,
        uint8 threshold_,
        address[] memory verifiers
    ) EIP712("Commonweal SourceRegistry", "1") {
        require(threshold_ > 0, ThresholdZero());

        registry = registry_;
        _ledger = registry_.ledger();
        governance = governance_;
        _nextThreshold = threshold_;
        emit ThresholdUpdated(threshold_, uint40(block.timestamp));
        for (uint256 i = 0; i < verifiers.length; ++i) _setCountsFrom(verifiers[i], uint40(block.timestamp));
    }

    modifier onlyGovernance() {
        require(msg.sender == governance, NotSourceGovernance(msg.sender));
        _;
    }

    /* SOURCES */

    /// @inheritdoc ISourceRegistry
    function registerSource(Platform platform, string calldata name) external returns (address source) {
        require(_isName(bytes(name)), SourceNameInvalid(name));
        source = sourceIdOf(platform, name);
        require(_allocations[source] == 0, SourceAlreadyRegistered(source));

        // The registry and the ledger are ours and call nobody; the allocation's number is known only after they did.
        registry.register(_registrationOf(platform, name));
        _allocations[source] = _ledger.allocationCount();

        emit SourceRegistered(source, platform, name);
    }

    /// @inheritdoc ISourceRegistry
    function sourceIdOf(Platform platform, string calldata name) public view returns (address) {
        return registry.modelIdOf(address(this), _saltOf(platform, name));
    }

    /// @inheritdoc ISourceRegistry
    function modelOf(address source) external view returns (address) {
        address bound = _bound[source];

        return bound == address(0) ? source : bound;
    }

    /* CLAIMS */

    /// @inheritdoc ISourceRegistry
    function claimSource(
        address source,
        address recipient,
        address model,
        uint40 deadline,
        Attestation[] calldata attestations
    ) external {
        require(!_claimed[source], SourceAlreadyClaimed(source));
        require(_claims[source].readyAt == 0, SourceClaimPending(source, _claims[source].recipient));
        require(_allocations[source] != 0, SourceNotRegistered(source));
        require(_canOwn(recipient, source), SourceRecipientInvalid(recipient));
        require(
            model == address(0) || registry.ownerOf(uint160(model)) == recipient,
            SourceModelNotOwned(model, recipient)
        );
        uint256 nonce = _nonces[source]++;
        _checkAttestations(
            keccak256(abi.encode(CLAIM_TYPEHASH, source, recipient, model, nonce, deadline)),
            deadline,
            attestations
        );

        uint40 readyAt = uint40(block.timestamp) + WAIT;
        _claims[source] = Claim({recipient: recipient, readyAt: readyAt, model: model});

        emit SourceClaimStarted(source, recipient, model, readyAt);
    }

    /// @inheritdoc ISourceRegistry
    function cancelClaim(address source, uint40 deadline, Attestation[] calldata attestations) external {
        address recipient = _pendingClaim(source).recipient;
        uint256 nonce = _nonces[source]++;
        if (msg.sender != governance) {
            _checkAttestations(
                keccak256(abi.encode(CANCELLATION_TYPEHASH, source, nonce, deadline)),
                deadline,
                attestations
            );
        }

        delete _claims[source];

        emit SourceClaimCancelled(source, recipient);
    }

    /// @inheritdoc ISourceRegistry
    function completeClaim(address source) external {
        Claim memory claim = _pendingClaim(source);
        require(block.timestamp >= claim.readyAt, SourceClaimNotReady(source, claim.readyAt));

        delete _claims[source];
        _claimed[source] = true;
        _bound[source] = claim.model;

        emit SourceClaimed(source, claim.recipient, claim.model);

        _ledger.reclaimShares(source, _allocations[source], claim.recipient);
        // Not safeTransferFrom: a recipient that answers it wrongly could never be paid.
        registry.transferFrom(address(this), claim.recipient, uint160(source));
    }

    /// @inheritdoc ISourceRegistry
    function claimOf(address source) external view returns (Claim memory) {
        return _claims[source];
    }

    /// @inheritdoc ISourceRegistry
    function nonceOf(address source) external view returns (uint256) {
        return _nonces[source];
    }

    /* GOVERNANCE */

    /// @inheritdoc ISourceRegistry
    function setVerifier(address verifier, bool allowed) external onlyGovernance {
        uint40 countsFrom = _countsFrom[verifier];
        // One that is a verifier already does not begin anew.
        if (countsFrom == 0) countsFrom = uint40(block.timestamp) + WAIT;

        _setCountsFrom(verifier, allowed ? countsFrom : 0);
    }

    /// @inheritdoc ISourceRegistry
    function setThreshold(uint8 threshold_) external onlyGovernance {
        require(threshold_ > 0, ThresholdZero());

        uint40 countsFrom = uint40(block.timestamp) + WAIT;
        // What counts until then is what counts now, also if another change was waiting.
        _threshold = threshold();
        _nextThreshold = threshold_;
        _nextThresholdFrom = countsFrom;

        emit ThresholdUpdated(threshold_, countsFrom);
    }

    /// @inheritdoc ISourceRegistry
    function waitingPeriod() external pure returns (uint40) {
        return WAIT;
    }

    /// @inheritdoc ISourceRegistry
    function isVerifier(address account) public view returns (bool) {
        uint40 countsFrom = _countsFrom[account];

        return countsFrom != 0 && block.timestamp >= countsFrom;
    }

    /// @inheritdoc ISourceRegistry
    function threshold() public view returns (uint8) {
        return block.timestamp >= _nextThresholdFrom ? _nextThreshold : _threshold;
    }

    /* INTERNAL */

    /// @dev Requires that as many verifiers as the threshold signed a struct, each once. More than that do not hurt.
    function _checkAttestations(bytes32 structHash, uint40 deadline, Attestation[] calldata attestations) private view {
        require(block.timestamp <= deadline, AttestationExpired(deadline));
        require(attestations.length >= threshold(), AttestationsMissing(attestations.length, threshold()));

        bytes32 digest = _hashTypedDataV4(structHash);
        address previous = address(0);
        for (uint256 i = 0; i < attestations.length; ++i) {
            address verifier = attestations[i].verifier;
            require(verifier > previous, VerifiersNotAscending(previous, verifier));
            require(isVerifier(verifier), NotVerifier(verifier));
            require(
                SignatureChecker.isValidSignatureNowCalldata(verifier, digest, attestations[i].signature),
                AttestationInvalid(verifier)
            );

            previous = verifier;
        }
    }

    /// @dev Returns whether an account can have a source: hold its shares, as the ledger will ask, and do something
    /// with it.
    function _canOwn(address recipient, address source) private view returns (bool) {
        return
            uint160(recipient) > type(uint64).max &&
            recipient != address(_ledger) &&
            recipient != address(registry) &&
            recipient != address(this) &&
            recipient != source;
    }

    function _pendingClaim(address source) private view returns (Claim memory claim) {
        claim = _claims[source];
        require(claim.readyAt != 0, SourceClaimNotFound(source));
    }

    function _setCountsFrom(address verifier, uint40 countsFrom) private {
        _countsFrom[verifier] = countsFrom;

        emit VerifierUpdated(verifier, countsFrom);
    }

    /// @dev Returns what is registered: all shares set aside with this contract as steward, terms open at 0.
    function _registrationOf(
        Platform platform,
        string calldata name
    ) private view returns (IModelRegistry.Registration memory registration) {
        // Canonical by RFC 8785: keys in order, no white space; a name needs no escapes.
        string memory slug = _slugOf(platform);
        string memory manifest = string.concat(
            '{"description":"A source: its author has not come yet.","files":[],"name":"',
            name,
            '","source":"',
            slug,
            ":",
            name,
            '"}'
        );

        registration.salt = _saltOf(platform, name);
        registration.owner = address(this);
        registration.kind = _kindOf(platform);
        registration.manifestDigest = sha256(bytes(manifest));
        registration.mirrorURI = string.concat("data:application/json;base64,", Base64.encode(bytes(manifest)));
        registration.allocations = new IAllocations.Allocation[](1);
        registration.allocations[0].units = uint32(PositionLibrary.TOTAL_SHARES);
        registration.allocations[0].steward = address(this);
    }

    function _saltOf(Platform platform, string calldata name) private pure returns (bytes32) {
        return keccak256(abi.encode(platform, name));
    }

    function _kindOf(Platform platform) private pure returns (IModelRegistry.Kind) {
        if (platform == Platform.HuggingFace) return IModelRegistry.Kind.Model;
        if (platform == Platform.HuggingFaceDataset || platform == Platform.Doi) return IModelRegistry.Kind.Dataset;

        return IModelRegistry.Kind.Code;
    }

    function _slugOf(Platform platform) private pure returns (string memory) {
        return ["huggingface", "huggingface-dataset", "github", "gitlab", "npm", "pypi", "doi"][uint256(platform)];
    }

    function _isName(bytes calldata name) private pure returns (bool) {
        if (name.length == 0 || name.length > MAX_NAME_LENGTH) return false;

        // Parts between slashes are not empty, or one source had many names.
        bytes1 previous = "/";
        for (uint256 i = 0; i < name.length; ++i) {
            bytes1 char = name[i];
            if (char == "/" && previous == "/") return false;
            bool isLetter = char >= "a" && char <= "z";
            // "-", ".", "/" and the digits stand side by side in ASCII.
            bool isDigitOrMark = char >= "-" && char <= "9";
            if (!isLetter && !isDigitOrMark && char != "_") return false;
            previous = char;
        }

        return previous != "/";
    }
}
