// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IRoundTerms} from "../interfaces/IRoundTerms.sol";
import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";

import {PositionLibrary} from "../libraries/Position.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

/// @title RoundTerms
/// @notice See {IRoundTerms}.
/// @dev A contract of its own, since {TrainingRounds} has no room for it; it keeps nothing.
contract RoundTerms is IRoundTerms {
    uint256 private constant MIN_PERIOD = 1 days;
    uint256 private constant MAX_PERIOD = 365 days;
    uint256 private constant MAX_ATTEMPTS = 10;
    uint256 private constant MAX_REVIEWERS = 64;
    /// @dev The ledger's own bounds, which it tells nobody.
    uint256 private constant MAX_HOST_BPS = 9_000;
    uint256 private constant MAX_PARENTS = 16;

    /// @inheritdoc IRoundTerms
    IModelRegistry public immutable registry;
    /// @inheritdoc IRoundTerms
    IGovernor public immutable governor;

    /// @param registry_ The registry that models are registered in.
    /// @param governor_ The governor whose cycle an arbiter has at least.
    constructor(IModelRegistry registry_, IGovernor governor_) {
        registry = registry_;
        governor = governor_;
    }

    /// @inheritdoc IRoundTerms
    function check(Opening calldata opening) external view {
        IRoyaltyLedger ledger = registry.ledger();
        _requireParty(opening.arbiter != address(0) && opening.arbiter != opening.coordinator, opening.arbiter);
        require(ledger.isListed(opening.currency), RoundCurrencyNotListed(opening.currency));
        _checkMoney(opening);
        _checkSchedule(opening.schedule);
        _checkReviewers(opening);
        _checkModel(opening.model, ledger);
        _checkParents(opening.model.parents, opening.schedule.revealUntil);
    }

    /// @inheritdoc IRoundTerms
    function minArbitrationPeriod() public view returns (uint256) {
        uint256 timelockDelay = TimelockController(payable(registry.ledger().governance())).getMinDelay();

        return governor.votingDelay() + governor.votingPeriod() + timelockDelay;
    }

    /* INTERNAL */

    function _checkMoney(Opening calldata opening) private pure {
        Money calldata money = opening.money;
        require(
            money.target > 0 && money.target <= money.cap && money.coordinatorCash <= money.target,
            RoundTargetInvalid(money.target, money.cap, money.coordinatorCash)
        );
        Split calldata split = opening.split;
        uint256 sum = uint256(split.contributors) + split.funders + split.coordinator;
        require(sum == PositionLibrary.TOTAL_SHARES, RoundSplitMismatch(sum, PositionLibrary.TOTAL_SHARES));
    }

    /// @dev Every period has an end, so that money is held for no longer than was agreed; the sums fit 40 bits.
    function _checkSchedule(Schedule calldata schedule) private view {
        (uint256 fundingUntil, uint256 submissionUntil) = (schedule.fundingUntil, schedule.submissionUntil);
        require(
            fundingUntil >= block.timestamp && submissionUntil >= fundingUntil,
            RoundDeadlinesInvalid(fundingUntil, submissionUntil)
        );
        _requirePeriod(submissionUntil - block.timestamp, 0);
        uint256 revealUntil = schedule.revealUntil;
        _requirePeriod(revealUntil > submissionUntil ? revealUntil - submissionUntil : 0, MIN_PERIOD);
        _requirePeriod(schedule.reviewPeriod, MIN_PERIOD);
        _requirePeriod(schedule.challengePeriod, MIN_PERIOD);
        _requirePeriod(schedule.arbitrationPeriod, minArbitrationPeriod());
        require(
            schedule.maxAttempts > 0 && schedule.maxAttempts <= MAX_ATTEMPTS,
            RoundAttemptsInvalid(schedule.maxAttempts, MAX_ATTEMPTS)
        );
    }

    function _checkReviewers(Opening calldata opening) private pure {
        address[] calldata reviewers = opening.reviewers;
        require(
            reviewers.length <= MAX_REVIEWERS && opening.minReviews > 0 && opening.minReviews <= reviewers.length,
            RoundReviewersInvalid(opening.minReviews, reviewers.length)
        );
        address previous = address(0);
        for (uint256 i = 0; i < reviewers.length; ++i) {
            require(reviewers[i] > previous, ReviewersNotAscending(previous, reviewers[i]));
            previous = reviewers[i];
        }
    }

    /// @dev What the registry and the ledger will ask of the model, and can be known now.
    function _checkModel(ModelTerms calldata model, IRoyaltyLedger ledger) private view {
        _requireParty(model.owner != address(0), model.owner);
        uint256 feeBps = ledger.protocolFeeBps();
        require(feeBps <= model.maxFeeBps, RoundFeeTooHigh(feeBps, model.maxFeeBps));
        require(model.maxHostBps <= MAX_HOST_BPS, IRoyaltyLedger.HostPartTooHigh(model.maxHostBps, MAX_HOST_BPS));
        uint256 rateBps = model.derivatives.rateBps;
        require(
            rateBps <= RoyaltyMath.MAX_TOTAL_RATE_BPS,
            IModelRegistry.DerivativeRateTooHigh(rateBps, RoyaltyMath.MAX_TOTAL_RATE_BPS)
        );
    }

    /// @dev Likewise of the parents alone. No model is registered before revealing has ended.
    function _checkParents(IModelRegistry.Parent[] calldata parents, uint256 revealUntil) private view {
        require(parents.length <= MAX_PARENTS, IRoyaltyLedger.TooManyParents(parents.length, MAX_PARENTS));

        uint256 totalRateBps = 0;
        address previous = address(0);
        for (uint256 i = 0; i < parents.length; ++i) {
            IModelRegistry.Parent calldata parent = parents[i];
            require(parent.model > previous, IRoyaltyLedger.ParentsNotAscending(previous, parent.model));
            // Reverts if there is no such model.
            registry.modelOf(parent.model);
            require(
                parent.until == 0 || parent.until > revealUntil,
                IRoyaltyLedger.EdgeEndPassed(parent.model, parent.until)
            );

            totalRateBps += parent.rateBps;
            previous = parent.model;
        }
        require(
            totalRateBps <= RoyaltyMath.MAX_TOTAL_RATE_BPS,
            IRoyaltyLedger.RatesTooHigh(totalRateBps, RoyaltyMath.MAX_TOTAL_RATE_BPS)
        );
    }

    function _requireParty(bool isValid, address party) private pure {
        require(isValid, RoundPartyInvalid(party));
    }

    function _requirePeriod(uint256 period, uint256 min) private pure {
        require(period >= min && period <= MAX_PERIOD, RoundPeriodInvalid(period, min, MAX_PERIOD));
    }
}
