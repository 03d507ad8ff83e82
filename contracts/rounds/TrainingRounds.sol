// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IAllocations} from "../interfaces/IAllocations.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IRoundTerms} from "../interfaces/IRoundTerms.sol";
import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";
import {ITrainingRounds} from "../interfaces/ITrainingRounds.sol";

import {FunderPool} from "./FunderPool.sol";
import {RoundContributions} from "./RoundContributions.sol";
import {RoundFunding} from "./RoundFunding.sol";
import {RoundTerms} from "./RoundTerms.sol";

/// @title TrainingRounds
/// @notice See {ITrainingRounds}.
contract TrainingRounds is ITrainingRounds, RoundFunding, RoundContributions, EIP712 {
    /* CONSTANTS */

    bytes32 private constant SCORES_TYPEHASH = keccak256(
        "Scores(bytes32 round,bytes32 manifestDigest,Score[] scores)"
        "Score(address contributor,bytes32 contentDigest,uint32 score)"
    );
    /// @dev Longer than the safety board's own restriction of a parent, which so ends no round.
    uint256 private constant FINALISATION_PERIOD = 30 days;

    /// @inheritdoc ITrainingRounds
    IModelRegistry public immutable registry;
    /// @inheritdoc ITrainingRounds
    IRoundTerms public immutable terms;
    /// @dev What pools are clones of.
    address private immutable _poolImplementation;

    /* STORAGE */

    mapping(bytes32 roundId => mapping(uint256 attempt => mapping(address challenger => bool))) private _challengers;

    /// @param registry_ The registry that models are registered in.
    /// @param governor_ The governor whose cycle an arbiter has at least.
    constructor(
        IModelRegistry registry_,
        IGovernor governor_
    ) RoundContributions(registry_.ledger()) EIP712("Commonweal TrainingRounds", "1") {
        registry = registry_;
        terms = new RoundTerms(registry_, governor_);
        _poolImplementation = address(new FunderPool(_ledger));
    }

    /* OPENING */

    /// @inheritdoc ITrainingRounds
    function open(IRoundTerms.Opening calldata opening, string calldata uri) external returns (bytes32 roundId) {
        _requireCoordinator(opening);
        roundId = roundIdOf(opening);
        Record storage record = _records[roundId];
        require(record.fundingUntil == 0, RoundAlreadyOpened(roundId));
        terms.check(opening);

        record.currency = opening.currency;
        record.cap = opening.money.cap;
        record.fundingUntil = opening.schedule.fundingUntil;
        record.submissionUntil = opening.schedule.submissionUntil;
        record.revealUntil = opening.schedule.revealUntil;
        record.target = opening.money.target;
        record.submissionBond = opening.money.submissionBond;
        record.reviewUntil = opening.schedule.revealUntil + opening.schedule.reviewPeriod;

        emit RoundOpened(roundId, opening.coordinator, opening, uri);
    }

    /* RESULTS */

    /// @inheritdoc ITrainingRounds
    function postResult(
        IRoundTerms.Opening calldata opening,
        Result calldata result,
        Review[] calldata reviews
    ) external payable nonReentrant {
        _requireCoordinator(opening);
        (bytes32 roundId, Record storage record) = _recordOf(opening, RoundState.Review);
        _requireAfter(roundId, record.revealUntil);
        require(result.manifestDigest != 0 && result.root != 0, ResultEmpty(roundId));
        uint256 maxCash = record.raised - opening.money.coordinatorCash;
        require(result.cash <= maxCash, ResultCashTooHigh(result.cash, maxCash));
        _checkReviews(opening, roundId, result.manifestDigest, reviews);

        uint8 attempt = record.attempt + 1;
        uint40 challengeUntil = uint40(block.timestamp) + opening.schedule.challengePeriod;
        record.attempt = attempt;
        record.result = _hashOf(result);
        record.challengeUntil = challengeUntil;
        record.arbitrationUntil = challengeUntil + opening.schedule.arbitrationPeriod;
        record.finaliseUntil = challengeUntil + uint40(FINALISATION_PERIOD);

        emit ResultPosted(roundId, attempt, result, reviews, challengeUntil);

        _take(opening.currency, opening.money.resultBond);
    }

    /// @inheritdoc ITrainingRounds
    function challenge(
        IRoundTerms.Opening calldata opening,
        uint8 attempt,
        string calldata evidenceURI
    ) external payable nonReentrant {
        (bytes32 roundId, Record storage record) = _recordOf(opening, RoundState.Challenge);
        _requireAttempt(roundId, record, attempt);
        _requireUntil(roundId, record.challengeUntil);
        require(!_challengers[roundId][attempt][msg.sender], AlreadyChallenged(roundId, msg.sender));

        _challengers[roundId][attempt][msg.sender] = true;
        ++record.challenges;

        emit ResultChallenged(roundId, attempt, msg.sender, evidenceURI);

        _take(opening.currency, opening.money.challengeBond);
    }

    /// @inheritdoc ITrainingRounds
    function resolve(IRoundTerms.Opening calldata opening, uint8 attempt, bool isUpheld) external {
        require(msg.sender == opening.arbiter, NotRoundArbiter(opening.arbiter, msg.sender));
        (bytes32 roundId, Record storage record) = _recordOf(opening, RoundState.Challenge);
        _requireAttempt(roundId, record, attempt);
        _requireAfter(roundId, record.challengeUntil);
        require(_isDisputed(record), NothingToResolve(roundId));

        uint40 now_ = uint40(block.timestamp);
        uint40 until;
        uint224 forfeit;
        if (isUpheld) {
            until = attempt < opening.schedule.maxAttempts ? now_ + opening.schedule.reviewPeriod : 0;
            forfeit = opening.money.resultBond;
            record.result = 0;
            record.challenges = 0;
            record.reviewUntil = until;
        } else {
            until = now_ + uint40(FINALISATION_PERIOD);
            forfeit = uint224(opening.money.challengeBond) * record.challenges; // 96 and 32 bits
            record.isRejected = true;
            record.finaliseUntil = until;
        }
        record.forfeits += forfeit;

        emit ChallengesResolved(roundId, attempt, isUpheld, forfeit, until);
    }

    /// @inheritdoc ITrainingRounds
    function takeChallengeBond(
        IRoundTerms.Opening calldata opening,
        uint8 attempt,
        address challenger,
        address to
    ) external nonReentrant {
        bytes32 roundId = roundIdOf(opening);
        require(
            _challengers[roundId][attempt][challenger] && _isReturned(_records[roundId], attempt),
            ChallengeBondNotDue(roundId, attempt, challenger)
        );
        _requirePayee(challenger, to);

        _challengers[roundId][attempt][challenger] = false;

        emit ChallengeBondPaid(roundId, attempt, challenger, to, opening.money.challengeBond);

        _pay(opening.currency, to, opening.money.challengeBond);
    }

    /* ENDS */

    /// @inheritdoc ITrainingRounds
    function finalise(
        IRoundTerms.Opening calldata opening,
        Result calldata result,
        IModelRegistry.Grant[] calldata grants
    ) external nonReentrant returns (address model) {
        (bytes32 roundId, Record storage record) = _recordOf(opening, RoundState.Challenge);
        _requireAfter(roundId, record.challengeUntil);
        require(!_isDisputed(record), ChallengesUnresolved(roundId, record.challenges));
        bytes32 hash = _hashOf(result);
        require(hash == record.result, ResultMismatch(roundId, hash, record.result));
        // Governance can have raised it since the opening.
        uint256 feeBps = _ledger.protocolFeeBps();
        require(feeBps <= opening.model.maxFeeBps, IRoundTerms.RoundFeeTooHigh(feeBps, opening.model.maxFeeBps));
        model = modelIdOf(roundId);

        // Registry and ledger are ours and call nobody; the allocation's number is known only after they did.
        address pool =
            opening.split.funders == 0
                ? address(0)
                : Clones.cloneWithImmutableArgs(_poolImplementation, abi.encode(model));
        registry.register(_registrationOf(opening, result, grants, roundId, pool));
        uint64 allocation = opening.split.contributors == 0 ? 0 : _ledger.allocationCount();

        uint96 unspent = record.raised - opening.money.coordinatorCash - result.cash; // checked when it was posted
        record.root = result.root;
        record.model = model;
        record.cashLeft = result.cash;
        record.pool = pool;
        record.unspent = unspent;
        record.allocation = allocation;
        record.funderShares = opening.split.funders;

        emit RoundFinalised(roundId, model, result.root, result.cash, unspent, allocation, pool);
    }

    /// @inheritdoc ITrainingRounds
    function payCoordinator(IRoundTerms.Opening calldata opening, address to) external nonReentrant {
        bytes32 roundId = roundIdOf(opening);
        Record storage record = _records[roundId];
        RoundState state = _stateOf(record);
        uint256 cash = state == RoundState.Finalised ? opening.money.coordinatorCash : 0;
        // A result that stood to the end: it was not challenged, or in vain, or the arbiter was silent.
        uint256 bond = record.result != 0 ? opening.money.resultBond : 0;
        require(_hasEnded(record) && !record.isCoordinatorPaid && cash + bond > 0, NothingForCoordinator(roundId));
        _requirePayee(opening.coordinator, to);

        record.isCoordinatorPaid = true;

        emit CoordinatorPaid(roundId, opening.coordinator, to, cash, bond);

        _pay(opening.currency, to, cash + bond);
    }

    /* VIEWS */

    /// @inheritdoc ITrainingRounds
    function roundIdOf(IRoundTerms.Opening calldata opening) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), opening));
    }

    /// @inheritdoc ITrainingRounds
    function modelIdOf(bytes32 roundId) public view returns (address) {
        return registry.modelIdOf(address(this), roundId);
    }

    /// @inheritdoc ITrainingRounds
    function reviewHashOf(bytes32 roundId, bytes32 manifestDigest, bytes32 scoresHash) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(SCORES_TYPEHASH, roundId, manifestDigest, scoresHash)));
    }

    /// @inheritdoc ITrainingRounds
    function isChallenger(bytes32 roundId, uint8 attempt, address challenger) external view returns (bool) {
        return _challengers[roundId][attempt][challenger];
    }

    /* INTERNAL */

    /// @dev Returns the record of a round, which is the proof that these are its terms.
    function _recordOf(
        IRoundTerms.Opening calldata opening,
        RoundState needed
    ) private view returns (bytes32 roundId, Record storage record) {
        roundId = roundIdOf(opening);
        record = _records[roundId];
        _requireState(roundId, record, needed);
    }

    function _requireCoordinator(IRoundTerms.Opening calldata opening) private view {
        require(msg.sender == opening.coordinator, NotRoundCoordinator(opening.coordinator, msg.sender));
    }

    /// @dev What was meant for one result, and comes late, must not strike another.
    function _requireAttempt(bytes32 roundId, Record storage record, uint8 attempt) private view {
        require(attempt == record.attempt, AttemptMismatch(roundId, attempt, record.attempt));
    }

    /// @dev Requires that enough reviewers of the round signed scores, each once. Both lists ascend, so one pass finds
    /// each.
    function _checkReviews(
        IRoundTerms.Opening calldata opening,
        bytes32 roundId,
        bytes32 manifestDigest,
        Review[] calldata reviews
    ) private view {
        require(reviews.length >= opening.minReviews, ReviewsMissing(reviews.length, opening.minReviews));

        address previous = address(0);
        uint256 place = 0;
        for (uint256 i = 0; i < reviews.length; ++i) {
            address reviewer = reviews[i].reviewer;
            require(reviewer > previous, IRoundTerms.ReviewersNotAscending(previous, reviewer));
            while (place < opening.reviewers.length && opening.reviewers[place] < reviewer) ++place;
            require(
                place < opening.reviewers.length && opening.reviewers[place] == reviewer,
                NotRoundReviewer(reviewer)
            );
            bytes32 hash = reviewHashOf(roundId, manifestDigest, reviews[i].scoresHash);
            require(
                SignatureChecker.isValidSignatureNowCalldata(reviewer, hash, reviews[i].signature),
                ReviewInvalid(reviewer)
            );

            previous = reviewer;
        }
    }

    /// @dev Returns whether challengers of an attempt get their bonds back: it was upheld, or the round refunds with
    /// the result still standing, and the arbiter did not reject them.
    function _isReturned(Record storage record, uint8 attempt) private view returns (bool) {
        if (attempt < record.attempt || record.result == 0) return true;

        return !record.isRejected && _stateOf(record) == RoundState.Refunding;
    }

    /// @dev Returns what is registered: owner, lineage and terms of the opening, manifest and root of the result.
    function _registrationOf(
        IRoundTerms.Opening calldata opening,
        Result calldata result,
        IModelRegistry.Grant[] calldata grants,
        bytes32 roundId,
        address pool
    ) private pure returns (IModelRegistry.Registration memory registration) {
        registration.salt = roundId;
        registration.owner = opening.model.owner;
        registration.kind = opening.model.kind;
        registration.maxHostBps = opening.model.maxHostBps;
        registration.derivatives = opening.model.derivatives;
        registration.manifestDigest = result.manifestDigest;
        registration.mirrorURI = result.mirrorURI;
        registration.parents = opening.model.parents;
        registration.grants = grants;
        registration.holdings = _holdingsOf(opening, pool);
        registration.allocations = _allocationsOf(opening, result);
    }

    function _holdingsOf(
        IRoundTerms.Opening calldata opening,
        address pool
    ) private pure returns (IRoyaltyLedger.Holding[] memory holdings) {
        IRoundTerms.Split calldata split = opening.split;
        bool hasFunders = split.funders > 0;
        bool hasCoordinator = split.coordinator > 0;

        holdings = new IRoyaltyLedger.Holding[]((hasFunders ? 1 : 0) + (hasCoordinator ? 1 : 0));
        if (hasFunders) holdings[0] = IRoyaltyLedger.Holding({holder: pool, units: split.funders});
        if (hasCoordinator) {
            holdings[holdings.length - 1] = IRoyaltyLedger.Holding({
                holder: opening.coordinator,
                units: split.coordinator
            });
        }
    }

    /// @dev Without a steward: leaves can be claimed for ever.
    function _allocationsOf(
        IRoundTerms.Opening calldata opening,
        Result calldata result
    ) private pure returns (IAllocations.Allocation[] memory allocations) {
        uint32 units = opening.split.contributors;
        if (units == 0) return allocations;

        allocations = new IAllocations.Allocation[](1);
        allocations[0].root = result.root;
        allocations[0].units = units;
        allocations[0].uri = result.resultURI;
    }

    function _hashOf(Result calldata result) private pure returns (bytes32) {
        return keccak256(abi.encode(result));
    }
}
