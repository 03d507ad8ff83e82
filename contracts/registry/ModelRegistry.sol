// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IERC7572} from "../interfaces/IERC7572.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";
import {ISafetyBoard} from "../interfaces/ISafetyBoard.sol";

import {Cid} from "../libraries/Cid.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

/// @title ModelRegistry
/// @notice See {IModelRegistry}.
contract ModelRegistry is IModelRegistry, ERC721, EIP712 {
    /* CONSTANTS */

    /// @dev EIP-712 type of {Grant}. The child's id commits to its publisher and can be registered once, so a grant
    /// serves once and needs no nonce.
    bytes32 private constant GRANT_TYPEHASH = keccak256(
        "DerivativeGrant(address parent,address child,uint16 rateBps,uint40 until,uint40 deadline)"
    );

    /// @dev ERC-2981: what marketplaces are asked to pay of the price of a model's ERC-721.
    uint256 private constant RESALE_ROYALTY_BPS = 500;

    uint256 private constant RELATION_BITS = 4;
    uint256 private constant RELATION_MASK = 0xf;

    /// @inheritdoc IModelRegistry
    IRoyaltyLedger public immutable ledger;
    /// @inheritdoc IModelRegistry
    ISafetyBoard public immutable safetyBoard;

    /* STORAGE */

    /// @dev One slot. `relations` has four bits a parent, in the order of the ledger's edges.
    struct Entry {
        Kind kind;
        DerivativeMode mode;
        uint16 rateBps;
        uint40 duration;
        uint32 versionCount;
        uint64 relations;
    }

    /// @dev `versionCount` is at least 1 for a registered model.
    mapping(address model => Entry) private _entries;
    mapping(address model => mapping(uint256 version => bytes32)) private _digests;
    mapping(address model => mapping(uint256 version => bool)) private _withdrawn;
    /// @dev By owner too, so that appointments end when the model changes hands.
    mapping(address model => mapping(address owner => mapping(address account => bool))) private _maintainers;

    /// @param ledger_ The ledger that this registry opens its models in.
    /// @param safetyBoard_ The board whose restrictions stop new derivatives.
    constructor(
        IRoyaltyLedger ledger_,
        ISafetyBoard safetyBoard_
    ) ERC721("Commonweal Model", "MODEL") EIP712("Commonweal ModelRegistry", "1") {
        ledger = ledger_;
        safetyBoard = safetyBoard_;

        emit ContractURIUpdated();
    }

    modifier onlyModelOwner(address model) {
        require(_ownerOfModel(model) == msg.sender, NotModelOwner(model, msg.sender));
        _;
    }

    modifier onlyModelMaintainer(address model) {
        address owner = _ownerOfModel(model);
        require(owner == msg.sender || _maintainers[model][owner][msg.sender], NotModelMaintainer(model, msg.sender));
        _;
    }

    /* REGISTRATION */

    /// @inheritdoc IModelRegistry
    function register(Registration calldata registration) external returns (address model) {
        _checkDerivativeTerms(registration.derivatives);

        (IRoyaltyLedger.Edge[] memory edges, Relation[] memory relations, uint64 packedRelations) = _edgesOf(
            registration.parents
        );
        // The ledger is ours and calls nobody, so it may be asked first: grants name the child, which it derives.
        model = ledger.open(
            _ledgerSalt(msg.sender, registration.salt),
            edges,
            registration.maxHostBps,
            registration.holdings,
            registration.allocations
        );
        _checkParents(model, registration.parents, registration.grants);

        _entries[model] = Entry({
            kind: registration.kind,
            mode: registration.derivatives.mode,
            rateBps: registration.derivatives.rateBps,
            duration: registration.derivatives.duration,
            versionCount: 0,
            relations: packedRelations
        });

        emit ModelRegistered(
            model,
            msg.sender,
            registration.owner,
            ledger.modelTermsOf(model).number,
            registration.salt,
            registration.kind,
            registration.derivatives,
            relations
        );

        _publish(model, registration.manifestDigest, registration.mirrorURI);
        // Not _safeMint: a call to the owner would come between registration and its end, for no safety worth it.
        _mint(registration.owner, _idOf(model));
    }

    /// @inheritdoc IModelRegistry
    function modelIdOf(address publisher, bytes32 salt) external view returns (address) {
        return ledger.modelIdOf(address(this), _ledgerSalt(publisher, salt));
    }

    /* VERSIONS */

    /// @inheritdoc IModelRegistry
    function publish(
        address model,
        bytes32 manifestDigest,
        string calldata mirrorURI
    ) external onlyModelMaintainer(model) returns (uint32 version) {
        version = _publish(model, manifestDigest, mirrorURI);

        emit MetadataUpdate(_idOf(model));
    }

    /// @inheritdoc IModelRegistry
    function withdrawVersion(address model, uint32 version) external onlyModelMaintainer(model) {
        _requireVersion(model, version);
        require(!_withdrawn[model][version], VersionAlreadyWithdrawn(model, version));

        _withdrawn[model][version] = true;

        emit VersionWithdrawn(model, version);
    }

    /* STEERING */

    /// @inheritdoc IModelRegistry
    function setDerivativeTerms(address model, DerivativeTerms calldata derivatives) external onlyModelOwner(model) {
        _checkDerivativeTerms(derivatives);

        Entry storage entry = _entries[model];
        entry.mode = derivatives.mode;
        entry.rateBps = derivatives.rateBps;
        entry.duration = derivatives.duration;

        emit DerivativeTermsUpdated(model, derivatives);
    }

    /// @inheritdoc IModelRegistry
    function setMaintainer(address model, address maintainer, bool allowed) external onlyModelOwner(model) {
        _maintainers[model][msg.sender][maintainer] = allowed;

        emit MaintainerUpdated(model, msg.sender, maintainer, allowed);
    }

    /* VIEWS */

    /// @inheritdoc IModelRegistry
    function modelOf(address model) external view returns (Model memory) {
        Entry memory entry = _entries[model];

        return
            Model({
                owner: _ownerOfModel(model),
                number: ledger.modelTermsOf(model).number,
                kind: entry.kind,
                versionCount: entry.versionCount,
                derivatives: DerivativeTerms({mode: entry.mode, rateBps: entry.rateBps, duration: entry.duration})
            });
    }

    /// @inheritdoc IModelRegistry
    function parentsOf(address model) external view returns (Parent[] memory parents) {
        // The ledger knows models of other registrars too, to which the parents here did not consent.
        _ownerOfModel(model);
        IRoyaltyLedger.Edge[] memory edges = ledger.edgesOf(model);
        uint256 relations = _entries[model].relations;

        parents = new Parent[](edges.length);
        for (uint256 i = 0; i < edges.length; ++i) {
            parents[i] = Parent({
                model: edges[i].parent,
                rateBps: edges[i].rateBps,
                until: edges[i].until,
                relation: Relation((relations >> (i * RELATION_BITS)) & RELATION_MASK)
            });
        }
    }

    /// @inheritdoc IModelRegistry
    function versionOf(address model, uint32 version) external view returns (bytes32, bool) {
        _requireVersion(model, version);

        return (_digests[model][version], _withdrawn[model][version]);
    }

    /// @inheritdoc IModelRegistry
    function isMaintainer(address model, address account) external view returns (bool) {
        return _maintainers[model][_ownerOfModel(model)][account];
    }

    /// @notice Returns `ipfs://` and the CIDv1 of the newest version's manifest.
    /// @dev The newest, withdrawn or not: readers check {versionOf}. Reverts for a token that does not exist.
    /// @param tokenId The model's id as a number.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        address model = _modelOf(tokenId);

        return string.concat("ipfs://", Cid.ofRawSha256(_digests[model][_entries[model].versionCount]));
    }

    /// @inheritdoc IERC7572
    function contractURI() external pure returns (string memory) {
        return
            'data:application/json;utf8,{"name":"Commonweal Model","symbol":"MODEL","description":"Open-source models, '
            'datasets, adapters and code whose use pays everyone they were built by and from."}';
    }

    /// @inheritdoc IERC2981
    /// @dev Paid to the model's address: resale is income of the model like any other.
    function royaltyInfo(uint256 tokenId, uint256 salePrice) external view returns (address, uint256) {
        _requireOwned(tokenId);

        return (_modelOf(tokenId), (salePrice * RESALE_ROYALTY_BPS) / RoyaltyMath.BPS);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC721, IERC165) returns (bool) {
        return
            interfaceId == type(IModelRegistry).interfaceId ||
            interfaceId == type(IERC2981).interfaceId ||
            // ERC-4906 fixes this id; the interface has no functions to compute it from.
            interfaceId == 0x49064906 ||
            super.supportsInterface(interfaceId);
    }

    /* INTERNAL */

    /// @dev Requires that each parent is registered here, not restricted, and that its terms allow this child.
    function _checkParents(address child, Parent[] calldata parents, Grant[] calldata grants) private view {
        uint256 used = 0;
        for (uint256 i = 0; i < parents.length; ++i) {
            Parent calldata parent = parents[i];
            Entry storage entry = _entries[parent.model];
            require(entry.versionCount > 0, ParentNotRegistered(parent.model));
            // The parent alone: what stands on its own ancestors is a warning.
            require(!safetyBoard.isRestricted(parent.model), ParentRestricted(parent.model));

            DerivativeMode mode = entry.mode;
            require(mode != DerivativeMode.Closed, DerivativesClosed(parent.model));

            uint256 minRateBps = entry.rateBps;
            // Since the beginning of time is never now, 0 can say "for ever".
            uint256 minUntil = entry.duration == 0 ? 0 : block.timestamp + entry.duration;
            if (mode == DerivativeMode.Granted) {
                require(used < grants.length, GrantMissing(parent.model));
                Grant calldata grant = grants[used++];
                _checkGrant(child, parent.model, grant);
                (minRateBps, minUntil) = (grant.rateBps, grant.until);
            }
            require(parent.rateBps >= minRateBps, RateTooLow(parent.model, parent.rateBps, minRateBps));
            require(
                parent.until == 0 || (minUntil != 0 && parent.until >= minUntil),
                EdgeEndTooEarly(parent.model, parent.until, minUntil)
            );
        }
        require(used == grants.length, GrantsUnused(grants.length, used));
    }

    /// @dev Requires a signature by the parent's present owner.
    function _checkGrant(address child, address parent, Grant calldata grant) private view {
        require(block.timestamp <= grant.deadline, GrantExpired(parent, grant.deadline));

        bytes32 structHash = keccak256(
            abi.encode(GRANT_TYPEHASH, parent, child, grant.rateBps, grant.until, grant.deadline)
        );
        address owner = _ownerOf(_idOf(parent));
        require(
            SignatureChecker.isValidSignatureNow(owner, _hashTypedDataV4(structHash), grant.signature),
            GrantInvalid(parent, child, owner)
        );
    }

    function _checkDerivativeTerms(DerivativeTerms calldata derivatives) private pure {
        require(
            derivatives.rateBps <= RoyaltyMath.MAX_TOTAL_RATE_BPS,
            DerivativeRateTooHigh(derivatives.rateBps, RoyaltyMath.MAX_TOTAL_RATE_BPS)
        );
    }

    /// @dev Appends a version.
    function _publish(address model, bytes32 digest, string calldata mirrorURI) private returns (uint32 version) {
        require(digest != 0, ManifestDigestZero());

        version = ++_entries[model].versionCount;
        _digests[model][version] = digest;

        emit VersionPublished(model, version, msg.sender, digest, mirrorURI);
    }

    /// @dev Splits parents into the ledger's edges and what the registry keeps of them.
    function _edgesOf(
        Parent[] calldata parents
    ) private pure returns (IRoyaltyLedger.Edge[] memory edges, Relation[] memory relations, uint64 packedRelations) {
        edges = new IRoyaltyLedger.Edge[](parents.length);
        relations = new Relation[](parents.length);
        for (uint256 i = 0; i < parents.length; ++i) {
            Parent calldata parent = parents[i];
            edges[i] = IRoyaltyLedger.Edge({parent: parent.model, rateBps: parent.rateBps, until: parent.until});
            relations[i] = parent.relation;
            // More than 16 do not fit, nor does the ledger take them.
            packedRelations |= uint64(uint256(parent.relation) << (i * RELATION_BITS));
        }
    }

    function _requireVersion(address model, uint32 version) private view {
        require(version > 0 && version <= _entries[model].versionCount, VersionNotFound(model, version));
    }

    function _ownerOfModel(address model) private view returns (address owner) {
        owner = _ownerOf(_idOf(model));
        require(owner != address(0), ModelNotRegistered(model));
    }

    /// @dev A publisher's salts are its own: nobody else can take an id that it announced.
    function _ledgerSalt(address publisher, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(publisher, salt));
    }

    function _idOf(address model) private pure returns (uint256) {
        return uint256(uint160(model));
    }

    function _modelOf(uint256 tokenId) private pure returns (address) {
        return address(uint160(tokenId));
    }
}
