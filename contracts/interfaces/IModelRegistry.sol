// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC2981} from "@openzeppelin/contracts/interfaces/IERC2981.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";

import {IAllocations} from "./IAllocations.sol";
import {IERC7572} from "./IERC7572.sol";
import {IRoyaltyLedger} from "./IRoyaltyLedger.sol";
import {ISafetyBoard} from "./ISafetyBoard.sol";

/// @title IModelRegistry
/// @notice The registry of models, adapters, datasets and code: who steers each, what was published, what it was built
/// from, and on which terms others may build on it.
/// @dev An ERC-721 whose token id is the model's id, an address, as a number. The token steers a model; it moves no
/// money. Lineage is declared by whoever registers the child, not proved.
interface IModelRegistry is IERC4906, IERC2981, IERC7572 {
    /* TYPES */

    /// @notice What an entry of the registry is. "Model" in the rest of the docs stands for any of them.
    enum Kind {
        Model,
        Adapter,
        Dataset,
        Code
    }

    /// @notice How a child was made from a parent.
    enum Relation {
        FineTune,
        Adapter,
        Merge,
        Quantization,
        Distillation,
        Conversion,
        TrainedOn,
        Uses
    }

    /// @notice Who may register children of a model: anyone, those to whom the owner signed a grant, or nobody.
    enum DerivativeMode {
        Open,
        Granted,
        Closed
    }

    /// @notice A model's terms for derivatives.
    /// @param mode Who may register children.
    /// @param rateBps The least that a child must pass on, in basis points, at most 5,000; of use in mode Open
    /// only: each grant names its own.
    /// @param duration For how many seconds a child must pass it on at least, from its registration; 0 for ever. In
    /// mode Open only, too.
    struct DerivativeTerms {
        DerivativeMode mode;
        uint16 rateBps;
        uint40 duration;
    }

    /// @notice A parent that a child names.
    /// @param model The parent's id.
    /// @param rateBps What the child passes on of everything it receives, in basis points; at least what the parent
    /// asks; 0 once it has been retired.
    /// @param until The last second for which it does, in Unix time: as long as the parent asks, at least. 0: for ever.
    /// @param relation How the child was made from it.
    struct Parent {
        address model;
        uint16 rateBps;
        uint40 until;
        Relation relation;
    }

    /// @notice The parent's owner's consent to one child. It cannot be taken back before its deadline but by closing
    /// the parent, or by passing the parent on.
    /// @param rateBps The least that the child must pass on, in basis points.
    /// @param until The time until which it must, at least, in Unix time; 0 for ever.
    /// @param deadline The last second at which the grant serves, in Unix time.
    /// @param signature The owner's signature (ECDSA, or ERC-1271 for contracts) of the EIP-712 struct
    /// `DerivativeGrant(address parent,address child,uint16 rateBps,uint40 until,uint40 deadline)`.
    struct Grant {
        uint16 rateBps;
        uint40 until;
        uint40 deadline;
        bytes signature;
    }

    /// @notice A model to be registered.
    /// @param salt The publisher's choice; with the publisher it gives the model's id.
    /// @param owner Who gets the ERC-721.
    /// @param kind What it is.
    /// @param maxHostBps The most that a host who serves it may keep, in basis points, at most 9,000. Fixed for ever.
    /// @param derivatives Terms for future children.
    /// @param manifestDigest The sha-256 of the first version's manifest; not zero.
    /// @param mirrorURI Where the manifest can be fetched; only emitted, so check what comes against the digest.
    /// @param parents What it was built from: at most 16, strictly ascending by id.
    /// @param grants One for each parent whose terms ask for it, in the order of `parents`.
    /// @param holdings Who holds shares to begin with.
    /// @param allocations What is set aside for many; with the holdings 1,000,000 in all.
    struct Registration {
        bytes32 salt;
        address owner;
        Kind kind;
        uint16 maxHostBps;
        DerivativeTerms derivatives;
        bytes32 manifestDigest;
        string mirrorURI;
        Parent[] parents;
        Grant[] grants;
        IRoyaltyLedger.Holding[] holdings;
        IAllocations.Allocation[] allocations;
    }

    /// @notice A registered model.
    /// @param owner Who steers it.
    /// @param number Its registration number in the ledger: a parent's is lower than its child's.
    /// @param kind What it is.
    /// @param versionCount How many versions were published; also the number of the newest.
    /// @param derivatives Terms for future children.
    struct Model {
        address owner;
        uint40 number;
        Kind kind;
        uint32 versionCount;
        DerivativeTerms derivatives;
    }

    /* EVENTS */

    /// @notice Emitted when a model is registered. The ledger's `ModelOpened` of the same transaction has its parents
    /// and rates, the {VersionPublished} that follows its first version.
    /// @param model The model's id.
    /// @param publisher Who registered it.
    /// @param owner Who got the ERC-721.
    /// @param number Its registration number.
    /// @param salt The publisher's salt.
    /// @param kind What it is.
    /// @param derivatives Terms for future children.
    /// @param relations How it was made from each parent, in the order of the parents.
    event ModelRegistered(
        address indexed model,
        address indexed publisher,
        address indexed owner,
        uint40 number,
        bytes32 salt,
        Kind kind,
        DerivativeTerms derivatives,
        Relation[] relations
    );

    /// @notice Emitted when a version is published.
    /// @param model The model's id.
    /// @param version The version's number, from 1.
    /// @param publisher Who published it.
    /// @param manifestDigest The sha-256 of its manifest.
    /// @param mirrorURI Where the manifest can be fetched, as the publisher says.
    event VersionPublished(
        address indexed model,
        uint32 indexed version,
        address indexed publisher,
        bytes32 manifestDigest,
        string mirrorURI
    );

    /// @notice Emitted when a version is marked withdrawn.
    /// @param model The model's id.
    /// @param version The version's number.
    event VersionWithdrawn(address indexed model, uint32 indexed version);

    /// @notice Emitted when a model's terms for future children change.
    /// @param model The model's id.
    /// @param derivatives The new terms.
    event DerivativeTermsUpdated(address indexed model, DerivativeTerms derivatives);

    /// @notice Emitted when an owner names or dismisses a maintainer.
    /// @param model The model's id.
    /// @param owner The owner: under another, the appointment does not hold.
    /// @param maintainer The account.
    /// @param allowed Whether it may publish from now on.
    event MaintainerUpdated(address indexed model, address indexed owner, address indexed maintainer, bool allowed);

    /* ERRORS */

    /// @notice No model with this id was registered here.
    /// @param model The model's id.
    error ModelNotRegistered(address model);

    /// @notice A manifest digest of zero.
    error ManifestDigestZero();

    /// @notice The parent is open in the ledger, but was not registered here.
    /// @param parent The parent's id.
    error ParentNotRegistered(address parent);

    /// @notice The safety board restricts the parent: it takes no new derivatives while that stands.
    /// @param parent The parent's id.
    error ParentRestricted(address parent);

    /// @notice The parent takes no derivatives.
    /// @param parent The parent's id.
    error DerivativesClosed(address parent);

    /// @notice The child's rate is below what the parent asks.
    /// @param parent The parent's id.
    /// @param rateBps The child's rate, in basis points.
    /// @param minRateBps What the parent asks, in basis points.
    error RateTooLow(address parent, uint256 rateBps, uint256 minRateBps);

    /// @notice The child's edge ends before the time that the parent asks for, 0 being for ever.
    /// @param parent The parent's id.
    /// @param until When the child's edge ends, in Unix time.
    /// @param minUntil The earliest end that the parent takes, in Unix time; 0: none.
    error EdgeEndTooEarly(address parent, uint256 until, uint256 minUntil);

    /// @notice The parent takes derivatives by grant only, and no grant was given for it.
    /// @param parent The parent's id.
    error GrantMissing(address parent);

    /// @notice The grant's deadline has passed.
    /// @param parent The parent's id.
    /// @param deadline The grant's last second, in Unix time.
    error GrantExpired(address parent, uint256 deadline);

    /// @notice The grant was not signed by the parent's owner for this child, rate and deadline.
    /// @param parent The parent's id.
    /// @param child The child's id.
    /// @param owner The parent's owner.
    error GrantInvalid(address parent, address child, address owner);

    /// @notice More grants were given than the parents' terms ask for.
    /// @param given How many were given.
    /// @param used How many are needed.
    error GrantsUnused(uint256 given, uint256 used);

    /// @notice A parent can ask for 5,000 basis points at most.
    /// @param rateBps What it would ask, in basis points.
    /// @param maxBps The most that it can ask, in basis points.
    error DerivativeRateTooHigh(uint256 rateBps, uint256 maxBps);

    /// @notice Only the model's owner may call this.
    /// @param model The model's id.
    /// @param caller Who called.
    error NotModelOwner(address model, address caller);

    /// @notice Only the model's owner or one of its maintainers may call this.
    /// @param model The model's id.
    /// @param caller Who called.
    error NotModelMaintainer(address model, address caller);

    /// @notice The model has no version of this number.
    /// @param model The model's id.
    /// @param version The version's number.
    error VersionNotFound(address model, uint256 version);

    /// @notice The version is marked withdrawn already.
    /// @param model The model's id.
    /// @param version The version's number.
    error VersionAlreadyWithdrawn(address model, uint256 version);

    /* REGISTRATION */

    /// @notice Registers a model in one transaction: identity, first version, lineage, terms and shares.
    /// @dev Emits {ModelRegistered} and {VersionPublished}; the ledger emits `ModelOpened` and the shares' `Transfer`s.
    ///
    /// Requirements:
    ///
    /// - the caller has not used the salt before;
    /// - the manifest digest is not zero, the derivative rate at most 5,000 basis points;
    /// - every parent is registered here, not restricted by the safety board, and its terms are met: open at no less
    /// than its rate for no less than its duration, or with a grant that its present owner signed for this child;
    /// - as many grants as the parents' terms ask for;
    /// - what the ledger requires of parents, host part and shares (see {IRoyaltyLedger-open}).
    ///
    /// @param registration The model.
    /// @return model The model's id, equal to {modelIdOf}(caller, salt).
    function register(Registration calldata registration) external returns (address model);

    /// @notice Returns the id of the model that `publisher` registers, or has registered, with `salt`.
    /// @param publisher Who registers it.
    /// @param salt The publisher's choice.
    function modelIdOf(address publisher, bytes32 salt) external view returns (address);

    /* VERSIONS */

    /// @notice Publishes a further version. Versions are never edited or removed.
    /// @dev Only the owner or a maintainer. Emits {VersionPublished} and `MetadataUpdate`.
    /// @param model The model's id.
    /// @param manifestDigest The sha-256 of the version's manifest; not zero.
    /// @param mirrorURI Where the manifest can be fetched; only emitted.
    /// @return version The version's number.
    function publish(
        address model,
        bytes32 manifestDigest,
        string calldata mirrorURI
    ) external returns (uint32 version);

    /// @notice Marks a version as withdrawn, for good: a warning to readers, which removes nothing.
    /// @dev Only the owner or a maintainer. Emits {VersionWithdrawn}.
    /// @param model The model's id.
    /// @param version The version's number.
    function withdrawVersion(address model, uint32 version) external;

    /* STEERING */

    /// @notice Sets a model's terms for future children; those that are registered keep theirs.
    /// @dev Only the owner. Emits {DerivativeTermsUpdated}.
    /// @param model The model's id.
    /// @param derivatives The new terms.
    function setDerivativeTerms(address model, DerivativeTerms calldata derivatives) external;

    /// @notice Names or dismisses a maintainer, who may publish and withdraw versions.
    /// @dev Only the owner. An appointment is its owner's: a new owner starts with none, and one who gets the model
    /// back finds their own again. Emits {MaintainerUpdated}.
    /// @param model The model's id.
    /// @param maintainer The account.
    /// @param allowed Whether it may publish from now on.
    function setMaintainer(address model, address maintainer, bool allowed) external;

    /* VIEWS */

    /// @notice Returns a model; reverts with {ModelNotRegistered} if there is none.
    /// @param model The model's id.
    function modelOf(address model) external view returns (Model memory);

    /// @notice Returns what a model was built from, in ascending order of ids; reverts with {ModelNotRegistered} if
    /// there is no such model.
    /// @param model The model's id.
    function parentsOf(address model) external view returns (Parent[] memory);

    /// @notice Returns a version; reverts with {VersionNotFound} if there is none.
    /// @param model The model's id.
    /// @param version The version's number, from 1.
    /// @return manifestDigest The sha-256 of its manifest.
    /// @return withdrawn Whether it is marked withdrawn.
    function versionOf(address model, uint32 version) external view returns (bytes32 manifestDigest, bool withdrawn);

    /// @notice Returns whether an account may publish for the model as its present owner's maintainer.
    /// @param model The model's id.
    /// @param account The account.
    function isMaintainer(address model, address account) external view returns (bool);

    /// @notice Returns the ledger that holds the models' shares and royalties.
    function ledger() external view returns (IRoyaltyLedger);

    /// @notice Returns the board whose restrictions stop new derivatives.
    function safetyBoard() external view returns (ISafetyBoard);
}
