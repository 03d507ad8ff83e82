// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import {ISafetyBoard} from "../interfaces/ISafetyBoard.sol";
import {IUsePolicy} from "../interfaces/IUsePolicy.sol";

/// @title SafetyBoard
/// @notice See {ISafetyBoard}.
contract SafetyBoard is ISafetyBoard {
    using EnumerableSet for EnumerableSet.AddressSet;

    /* CONSTANTS */

    /// @dev Longer than the safety governor takes to decide, so that a vote can make it last.
    uint40 private constant RESTRICTION_PERIOD = 14 days;
    /// @dev The version that stands for all of a model; versions are numbered from 1.
    uint32 private constant WHOLE_MODEL = 0;

    /// @inheritdoc ISafetyBoard
    address public immutable governance;
    /// @inheritdoc ISafetyBoard
    IUsePolicy public immutable usePolicy;

    /* STORAGE */

    /// @dev One slot: all that registrations and sales ask for.
    struct Standing {
        Level decided;
        Level provisional;
        uint40 provisionalUntil;
        bool restrictionUsed;
    }

    /// @dev What readers ask for besides.
    struct Grounds {
        Ground ground;
        uint16 clause;
        uint32 policyVersion;
        uint40 issuedAt;
        bytes32 evidenceDigest;
    }

    /// @inheritdoc ISafetyBoard
    address public safetyGovernance;
    EnumerableSet.AddressSet private _members;
    mapping(address model => mapping(uint32 version => Standing)) private _standings;
    mapping(address model => mapping(uint32 version => Grounds)) private _decidedGrounds;
    mapping(address model => mapping(uint32 version => Grounds)) private _provisionalGrounds;

    /// @param governance_ The main timelock.
    /// @param safetyGovernance_ The safety timelock.
    /// @param usePolicy_ The use policy that reasons cite.
    /// @param members_ The first members of the board.
    constructor(address governance_, address safetyGovernance_, IUsePolicy usePolicy_, address[] memory members_) {
        governance = governance_;
        usePolicy = usePolicy_;
        _setSafetyGovernance(safetyGovernance_);
        for (uint256 i = 0; i < members_.length; ++i) _setMember(members_[i], true);
    }

    modifier onlySafetyGovernance() {
        require(msg.sender == safetyGovernance, NotSafetyGovernance(msg.sender));
        _;
    }

    modifier onlyMember() {
        require(isMember(msg.sender), NotBoardMember(msg.sender));
        _;
    }

    /* REPORTS */

    /// @inheritdoc ISafetyBoard
    function report(address model, uint32 version, Reason calldata reason, string calldata evidenceURI) external {
        _groundsOf(reason);

        emit ReportFiled(model, version, msg.sender, reason, evidenceURI);
    }

    /* BOARD */

    /// @inheritdoc ISafetyBoard
    function warn(
        address model,
        uint32 version,
        Reason calldata reason,
        string calldata evidenceURI
    ) external onlyMember {
        Standing storage standing = _standings[model][version];
        Level level = _provisionalLevel(standing);
        require(level == Level.None, AdvisoryStands(model, version, level));

        standing.provisional = Level.Notice;
        standing.provisionalUntil = 0;
        _provisionalGrounds[model][version] = _groundsOf(reason);

        emit AdvisoryIssued(model, version, msg.sender, false, _provisionalOf(model, version), evidenceURI);
    }

    /// @inheritdoc ISafetyBoard
    function restrict(address model, Reason calldata reason, string calldata evidenceURI) external onlyMember {
        Standing storage standing = _standings[model][WHOLE_MODEL];
        require(!standing.restrictionUsed, RestrictionUsed(model));

        standing.restrictionUsed = true;
        standing.provisional = Level.Restricted;
        standing.provisionalUntil = uint40(block.timestamp) + RESTRICTION_PERIOD;
        _provisionalGrounds[model][WHOLE_MODEL] = _groundsOf(reason);

        emit AdvisoryIssued(model, WHOLE_MODEL, msg.sender, false, _provisionalOf(model, WHOLE_MODEL), evidenceURI);
    }

    /// @inheritdoc ISafetyBoard
    function withdraw(address model, uint32 version) external onlyMember {
        Standing storage standing = _standings[model][version];
        require(_provisionalLevel(standing) != Level.None, AdvisoryNotFound(model, version));

        _clearProvisional(model, version);

        emit AdvisoryWithdrawn(model, version, msg.sender);
    }

    /* VOTES */

    /// @inheritdoc ISafetyBoard
    function decide(
        address model,
        uint32 version,
        Level level,
        Reason calldata reason,
        string calldata evidenceURI
    ) external onlySafetyGovernance {
        require(level != Level.None, LevelNone());

        _clearProvisional(model, version);
        _standings[model][version].decided = level;
        _decidedGrounds[model][version] = _groundsOf(reason);

        emit AdvisoryIssued(model, version, msg.sender, true, _decidedOf(model, version), evidenceURI);
    }

    /// @inheritdoc ISafetyBoard
    function lift(address model, uint32 version) external onlySafetyGovernance {
        _clearProvisional(model, version);
        _standings[model][version].decided = Level.None;
        delete _decidedGrounds[model][version];

        emit AdvisoryLifted(model, version);
    }

    /// @inheritdoc ISafetyBoard
    function rearm(address model) external onlySafetyGovernance {
        _standings[model][WHOLE_MODEL].restrictionUsed = false;

        emit RestrictionRearmed(model);
    }

    /// @inheritdoc ISafetyBoard
    function setMember(address account, bool allowed) external onlySafetyGovernance {
        _setMember(account, allowed);
    }

    /// @inheritdoc ISafetyBoard
    function setSafetyGovernance(address account) external {
        require(msg.sender == governance, NotBoardGovernance(msg.sender));

        _setSafetyGovernance(account);
    }

    /* VIEWS */

    /// @inheritdoc ISafetyBoard
    function isRestricted(address model) external view returns (bool) {
        return levelOf(model, WHOLE_MODEL) >= Level.Restricted;
    }

    /// @inheritdoc ISafetyBoard
    function levelOf(address model, uint32 version) public view returns (Level) {
        Standing storage standing = _standings[model][version];
        Level provisional = _provisionalLevel(standing);

        return provisional > standing.decided ? provisional : standing.decided;
    }

    /// @inheritdoc ISafetyBoard
    function advisoriesOf(
        address model,
        uint32 version
    ) external view returns (Advisory memory decided, Advisory memory provisional) {
        return (_decidedOf(model, version), _provisionalOf(model, version));
    }

    /// @inheritdoc ISafetyBoard
    function canRestrict(address model) external view returns (bool) {
        return !_standings[model][WHOLE_MODEL].restrictionUsed;
    }

    /// @inheritdoc ISafetyBoard
    function restrictionPeriod() external pure returns (uint40) {
        return RESTRICTION_PERIOD;
    }

    /// @inheritdoc ISafetyBoard
    function isMember(address account) public view returns (bool) {
        return _members.contains(account);
    }

    /// @inheritdoc ISafetyBoard
    function members() external view returns (address[] memory) {
        return _members.values();
    }

    /* INTERNAL */

    /// @dev Checks a reason and returns it as it is kept.
    function _groundsOf(Reason calldata reason) private view returns (Grounds memory) {
        require(reason.evidenceDigest != 0, EvidenceMissing());
        // Any version there was: a vote may take longer than a policy holds.
        uint256 clauseCount =
            reason.ground == Ground.UsePolicy ? usePolicy.policyOf(reason.policyVersion).clauseCount : 0;
        require(
            reason.ground == Ground.UsePolicy
                ? reason.clause > 0 && reason.clause <= clauseCount
                : reason.clause == 0 && reason.policyVersion == 0,
            ClauseNotFound(reason.clause, clauseCount)
        );

        return
            Grounds({
                ground: reason.ground,
                clause: reason.clause,
                policyVersion: reason.policyVersion,
                issuedAt: uint40(block.timestamp),
                evidenceDigest: reason.evidenceDigest
            });
    }

    /// @dev Returns the board's level, which may have ended by itself.
    function _provisionalLevel(Standing storage standing) private view returns (Level) {
        uint256 until = standing.provisionalUntil;

        return until != 0 && block.timestamp >= until ? Level.None : standing.provisional;
    }

    function _decidedOf(address model, uint32 version) private view returns (Advisory memory) {
        return _advisoryOf(_standings[model][version].decided, 0, _decidedGrounds[model][version]);
    }

    function _provisionalOf(address model, uint32 version) private view returns (Advisory memory) {
        Standing storage standing = _standings[model][version];

        return _advisoryOf(_provisionalLevel(standing), standing.provisionalUntil, _provisionalGrounds[model][version]);
    }

    function _advisoryOf(
        Level level,
        uint40 expiresAt,
        Grounds storage grounds
    ) private view returns (Advisory memory advisory) {
        if (level == Level.None) return advisory;

        return
            Advisory({
                level: level,
                ground: grounds.ground,
                clause: grounds.clause,
                policyVersion: grounds.policyVersion,
                issuedAt: grounds.issuedAt,
                expiresAt: expiresAt,
                evidenceDigest: grounds.evidenceDigest
            });
    }

    function _clearProvisional(address model, uint32 version) private {
        Standing storage standing = _standings[model][version];
        standing.provisional = Level.None;
        standing.provisionalUntil = 0;
        delete _provisionalGrounds[model][version];
    }

    function _setMember(address account, bool allowed) private {
        require(account != address(0), MemberZero());

        if (allowed) _members.add(account);
        else _members.remove(account);

        emit MemberUpdated(account, allowed);
    }

    function _setSafetyGovernance(address account) private {
        require(account != address(0) && account != governance, SafetyGovernanceInvalid(account));

        address previous = safetyGovernance;
        safetyGovernance = account;

        emit SafetyGovernanceUpdated(previous, account);
    }
}
