// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IUsePolicy} from "./IUsePolicy.sol";

/// @title ISafetyBoard
/// @notice Advisories on models and versions: what is not safe to use, and why. Holders of WEAL decide them by vote of
/// the safety governor; a board that they name can act sooner, within narrow bounds.
/// @dev A model that is restricted takes no new derivatives and is not sold anew. Nothing else stops: what was registered
/// and bought stays, and no advisory touches money. An advisory on a version stops nothing; it is a warning.
///
/// The board's word and the vote's are kept apart, so that the board can never lower what a vote decided; the higher of
/// the two counts. A vote settles the matter: it takes the place of what the board had said.
interface ISafetyBoard {
    /* TYPES */

    /// @notice How grave an advisory is. From `Restricted` on a model takes no new derivatives and is not sold anew;
    /// `Recalled` also asks hosts to stop serving it.
    enum Level {
        None,
        Notice,
        Restricted,
        Recalled
    }

    /// @notice What an advisory is about: a clause of the use policy, or a lineage that was not declared rightly.
    enum Ground {
        UsePolicy,
        Lineage
    }

    /// @notice Why an advisory is asked for or issued.
    /// @param ground What it is about.
    /// @param clause The number of the use policy's clause; 0 if the ground is `Lineage`.
    /// @param policyVersion The version of the use policy that has the clause, so that what was voted on means the same
    /// when it is executed; 0 if the ground is `Lineage`.
    /// @param evidenceDigest The sha-256 of what shows it; not zero.
    struct Reason {
        Ground ground;
        uint16 clause;
        uint32 policyVersion;
        bytes32 evidenceDigest;
    }

    /// @notice An advisory.
    /// @param level How grave it is; `None` if there is none, or not any more.
    /// @param ground What it is about.
    /// @param clause The number of the use policy's clause; 0 if the ground is `Lineage`.
    /// @param policyVersion The version of the use policy that has the clause; 0 if the ground is `Lineage`.
    /// @param issuedAt When it was issued, in Unix time.
    /// @param expiresAt The second at which it ends by itself, in Unix time; 0 for one that lasts.
    /// @param evidenceDigest The sha-256 of what shows it.
    struct Advisory {
        Level level;
        Ground ground;
        uint16 clause;
        uint32 policyVersion;
        uint40 issuedAt;
        uint40 expiresAt;
        bytes32 evidenceDigest;
    }

    /* EVENTS */

    /// @notice Emitted when somebody files a report.
    /// @param model The model.
    /// @param version The version; 0 for all of the model.
    /// @param reporter Who says so.
    /// @param reason Why.
    /// @param evidenceURI Where the evidence can be fetched, as the reporter says.
    event ReportFiled(
        address indexed model,
        uint32 indexed version,
        address indexed reporter,
        Reason reason,
        string evidenceURI
    );

    /// @notice Emitted when an advisory is issued.
    /// @param model The model.
    /// @param version The version; 0 for all of the model.
    /// @param issuer Who issued it: a member of the board, or the timelock after a vote.
    /// @param decided Whether by vote.
    /// @param advisory The advisory.
    /// @param evidenceURI Where the evidence can be fetched.
    event AdvisoryIssued(
        address indexed model,
        uint32 indexed version,
        address indexed issuer,
        bool decided,
        Advisory advisory,
        string evidenceURI
    );

    /// @notice Emitted when the board withdraws its own advisory.
    /// @param model The model.
    /// @param version The version; 0 for all of the model.
    /// @param member Who did.
    event AdvisoryWithdrawn(address indexed model, uint32 indexed version, address indexed member);

    /// @notice Emitted when a vote lifts all that stands on a model or version.
    /// @param model The model.
    /// @param version The version; 0 for all of the model.
    event AdvisoryLifted(address indexed model, uint32 indexed version);

    /// @notice Emitted when a vote lets the board restrict a model once more.
    /// @param model The model.
    event RestrictionRearmed(address indexed model);

    /// @notice Emitted when a vote names or dismisses a member of the board.
    /// @param account The account.
    /// @param allowed Whether it is a member from now on.
    event MemberUpdated(address indexed account, bool allowed);

    /// @notice Emitted when the main governor puts another timelock in charge of safety.
    /// @param previous Who it was.
    /// @param current Who it is.
    event SafetyGovernanceUpdated(address indexed previous, address indexed current);

    /* ERRORS */

    /// @notice Only the main timelock may call this.
    /// @param caller Who called.
    error NotBoardGovernance(address caller);

    /// @notice Only the safety timelock may call this.
    /// @param caller Who called.
    error NotSafetyGovernance(address caller);

    /// @notice Only members of the board may call this.
    /// @param caller Who called.
    error NotBoardMember(address caller);

    /// @notice Safety is decided by an account of its own: not by nobody, not by the main timelock.
    /// @param account The account that was named.
    error SafetyGovernanceInvalid(address account);

    /// @notice Nobody is no member.
    error MemberZero();

    /// @notice A reason without evidence.
    error EvidenceMissing();

    /// @notice This version of the use policy has no such clause; a reason of lineage cites neither, but 0.
    /// @param clause The clause's number.
    /// @param clauseCount How many clauses the version has, numbered from 1; 0 if nothing can be cited.
    error ClauseNotFound(uint256 clause, uint256 clauseCount);

    /// @notice A vote that decides nothing: to lift an advisory, call {lift}.
    error LevelNone();

    /// @notice The board has said as much already; it can withdraw that first.
    /// @param model The model's id.
    /// @param version The version's number; 0: the whole model.
    /// @param level The level that stands.
    error AdvisoryStands(address model, uint256 version, Level level);

    /// @notice There is no advisory of the board to withdraw.
    /// @param model The model's id.
    /// @param version The version's number; 0: the whole model.
    error AdvisoryNotFound(address model, uint256 version);

    /// @notice The board has restricted this model once; a vote must re-arm it.
    /// @param model The model's id.
    error RestrictionUsed(address model);

    /* REPORTS */

    /// @notice Files a report, for the board and everybody to read. Anyone may.
    /// @dev Emits {ReportFiled}, and keeps nothing. Whether there is such a model is not looked at.
    ///
    /// Requirements: the reason has evidence, and cites a clause that there is or lineage.
    ///
    /// @param model The model.
    /// @param version The version; 0 for all of the model.
    /// @param reason Why.
    /// @param evidenceURI Where the evidence can be fetched; only emitted.
    function report(address model, uint32 version, Reason calldata reason, string calldata evidenceURI) external;

    /* BOARD */

    /// @notice Issues a notice, which warns and stops nothing.
    /// @dev Only members. Emits {AdvisoryIssued}.
    ///
    /// Requirements: no advisory of the board stands on the model or version; the reason is as for {report}.
    ///
    /// @param model The model.
    /// @param version The version; 0 for all of the model.
    /// @param reason Why.
    /// @param evidenceURI Where the evidence can be fetched; only emitted.
    function warn(address model, uint32 version, Reason calldata reason, string calldata evidenceURI) external;

    /// @notice Restricts a model for {restrictionPeriod}, once: only a vote can make it last, or let it happen again.
    /// @dev Only members. Emits {AdvisoryIssued}. A notice of the board gives way to it.
    ///
    /// Requirements: the board has not restricted the model since a vote re-armed it; the reason is as for {report}.
    ///
    /// @param model The model.
    /// @param reason Why.
    /// @param evidenceURI Where the evidence can be fetched; only emitted.
    function restrict(address model, Reason calldata reason, string calldata evidenceURI) external;

    /// @notice Withdraws the board's own advisory. A restriction stays used.
    /// @dev Only members. Emits {AdvisoryWithdrawn}.
    /// @param model The model.
    /// @param version The version; 0 for all of the model.
    function withdraw(address model, uint32 version) external;

    /* VOTES */

    /// @notice Issues an advisory that lasts until a vote changes it, in place of what stood before.
    /// @dev Only the safety timelock. Emits {AdvisoryIssued}.
    ///
    /// Requirements: the level is not `None`; the reason is as for {report}.
    ///
    /// @param model The model.
    /// @param version The version; 0 for all of the model.
    /// @param level How grave it is.
    /// @param reason Why.
    /// @param evidenceURI Where the evidence can be fetched; only emitted.
    function decide(
        address model,
        uint32 version,
        Level level,
        Reason calldata reason,
        string calldata evidenceURI
    ) external;

    /// @notice Lifts all that stands on a model or version, the board's advisory too.
    /// @dev Only the safety timelock. Emits {AdvisoryLifted}.
    /// @param model The model.
    /// @param version The version; 0 for all of the model, but not its versions.
    function lift(address model, uint32 version) external;

    /// @notice Lets the board restrict a model once more.
    /// @dev Only the safety timelock. Emits {RestrictionRearmed}.
    /// @param model The model.
    function rearm(address model) external;

    /// @notice Names or dismisses a member of the board. Each member acts for the board: a board whose members are to
    /// agree is a multisig as its only member.
    /// @dev Only the safety timelock. Emits {MemberUpdated}.
    /// @param account The account; not zero.
    /// @param allowed Whether it is a member from now on.
    function setMember(address account, bool allowed) external;

    /// @notice Puts another timelock in charge of safety.
    /// @dev Only the main timelock. Emits {SafetyGovernanceUpdated}.
    ///
    /// Warning: an account that nobody controls leaves safety to the board's members, until this is called again.
    ///
    /// @param account The account; neither zero nor the main timelock.
    function setSafetyGovernance(address account) external;

    /* VIEWS */

    /// @notice Returns whether a model takes no new derivatives and is not to be sold anew.
    /// @param model The model.
    function isRestricted(address model) external view returns (bool);

    /// @notice Returns the level that counts now: the higher of the board's and the vote's.
    /// @param model The model.
    /// @param version The version; 0 for all of the model. A version's level does not include its model's.
    function levelOf(address model, uint32 version) external view returns (Level);

    /// @notice Returns what stands on a model or version now.
    /// @param model The model.
    /// @param version The version; 0 for all of the model.
    /// @return decided What a vote decided.
    /// @return provisional What the board said.
    function advisoriesOf(
        address model,
        uint32 version
    ) external view returns (Advisory memory decided, Advisory memory provisional);

    /// @notice Returns whether the board can restrict a model.
    /// @param model The model.
    function canRestrict(address model) external view returns (bool);

    /// @notice Returns for how many seconds the board's restriction holds.
    function restrictionPeriod() external pure returns (uint40);

    /// @notice Returns whether an account is a member of the board.
    /// @param account The account.
    function isMember(address account) external view returns (bool);

    /// @notice Returns the members of the board, in no order.
    function members() external view returns (address[] memory);

    /// @notice Returns the use policy that reasons cite.
    function usePolicy() external view returns (IUsePolicy);

    /// @notice Returns the main timelock, which can put another in charge of safety and do nothing else here.
    function governance() external view returns (address);

    /// @notice Returns the safety timelock.
    function safetyGovernance() external view returns (address);
}
