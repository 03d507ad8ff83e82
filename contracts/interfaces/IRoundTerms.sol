// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";

import {Currency} from "../libraries/Currency.sol";

import {IModelRegistry} from "./IModelRegistry.sol";

/// @title IRoundTerms
/// @notice The terms of a round, and what they must be.
interface IRoundTerms {
    /* STRUCTS */

    /// @notice A round's money, in units of its currency.
    /// @param target What must be raised, or all is paid back; not 0.
    /// @param cap The most that can be raised.
    /// @param coordinatorCash What the coordinator gets of it, at most the target.
    /// @param submissionBond What is paid with each submission.
    /// @param resultBond What the coordinator pays with each result.
    /// @param challengeBond What each challenger pays.
    struct Money {
        uint96 target;
        uint96 cap;
        uint96 coordinatorCash;
        uint96 submissionBond;
        uint96 resultBond;
        uint96 challengeBond;
    }

    /// @notice A round's times. Each of the four periods, of which revealing is the first, has 1 to 365 days.
    /// @param fundingUntil The last second for funding, in Unix time.
    /// @param submissionUntil The last second for submissions; not before `fundingUntil`.
    /// @param revealUntil The last second to reveal them.
    /// @param reviewPeriod Seconds to post a result, after revealing and after a challenge that was upheld.
    /// @param challengePeriod Seconds to challenge a result.
    /// @param arbitrationPeriod Seconds for the arbiter after that; at least a full cycle of the governor.
    /// @param maxAttempts How many results can be posted, 1 to 10.
    struct Schedule {
        uint40 fundingUntil;
        uint40 submissionUntil;
        uint40 revealUntil;
        uint32 reviewPeriod;
        uint32 challengePeriod;
        uint32 arbitrationPeriod;
        uint8 maxAttempts;
    }

    /// @notice Whose the model's 1,000,000 shares will be.
    /// @param contributors How many leaves have together.
    /// @param funders How many funders have, by what they paid.
    /// @param coordinator How many the coordinator has.
    struct Split {
        uint32 contributors;
        uint32 funders;
        uint32 coordinator;
    }

    /// @notice How the model will be registered (see {IModelRegistry-Registration}).
    /// @param owner Who gets the ERC-721, and steers the model.
    /// @param kind What it is.
    /// @param maxHostBps The most that a host who serves it may keep, in basis points.
    /// @param maxFeeBps The highest protocol fee at which it is registered, in basis points.
    /// @param derivatives Terms for future children.
    /// @param parents What it is built from, such as data sets, with what it passes on.
    struct ModelTerms {
        address owner;
        IModelRegistry.Kind kind;
        uint16 maxHostBps;
        uint16 maxFeeBps;
        IModelRegistry.DerivativeTerms derivatives;
        IModelRegistry.Parent[] parents;
    }

    /// @notice The terms of a round.
    /// @param coordinator Who opens it and posts results.
    /// @param arbiter Who decides about challenges: the timelock, or another account.
    /// @param currency What it is funded in.
    /// @param money Its money.
    /// @param schedule Its times.
    /// @param split Its shares.
    /// @param minReviews How many reviewers must have scored.
    /// @param reviewers Who scores, ascending; at most 64.
    /// @param model The model to come.
    /// @param licenseDigest The sha-256 of the licence that the model will have.
    /// @param budgetDigest The sha-256 of the budget: what is to be done with the money.
    /// @param salt The coordinator's choice.
    struct Opening {
        address coordinator;
        address arbiter;
        Currency currency;
        Money money;
        Schedule schedule;
        Split split;
        uint8 minReviews;
        address[] reviewers;
        ModelTerms model;
        bytes32 licenseDigest;
        bytes32 budgetDigest;
        bytes32 salt;
    }

    /* ERRORS */

    /// @notice A round needs an arbiter other than its coordinator, and an owner for its model.
    /// @param party The account that cannot be what it is named as.
    error RoundPartyInvalid(address party);

    /// @notice The ledger does not list the currency.
    /// @param currency The currency.
    error RoundCurrencyNotListed(Currency currency);

    /// @notice A target of 0, below the coordinator's part, or above the cap.
    /// @param target The target, in units.
    /// @param cap The cap, in units.
    /// @param coordinatorCash The coordinator's part, in units.
    error RoundTargetInvalid(uint256 target, uint256 cap, uint256 coordinatorCash);

    /// @notice Funding that ends after submissions, or in the past.
    /// @param fundingUntil The last second for funding, in Unix time.
    /// @param submissionUntil The last second for submissions, in Unix time.
    error RoundDeadlinesInvalid(uint256 fundingUntil, uint256 submissionUntil);

    /// @notice A period that is too short, or too long.
    /// @param period The period, in seconds.
    /// @param min The shortest that it can be, in seconds.
    /// @param max The longest that it can be, in seconds.
    error RoundPeriodInvalid(uint256 period, uint256 min, uint256 max);

    /// @notice A round has 1 to 10 attempts.
    /// @param maxAttempts How many it would have.
    /// @param max The most that it can have.
    error RoundAttemptsInvalid(uint256 maxAttempts, uint256 max);

    /// @notice A round has 1 to 64 reviewers, of whom at least one and at most all must score.
    /// @param minReviews How many must score.
    /// @param reviewers How many reviewers there are.
    error RoundReviewersInvalid(uint256 minReviews, uint256 reviewers);

    /// @notice Reviewers must be in strictly ascending order, in the terms and with a result.
    /// @param previous The reviewer before it.
    /// @param reviewer The reviewer that is not above that.
    error ReviewersNotAscending(address previous, address reviewer);

    /// @notice The shares do not sum to 1,000,000.
    /// @param sum What they sum to.
    /// @param expected What they must sum to.
    error RoundSplitMismatch(uint256 sum, uint256 expected);

    /// @notice The protocol fee is above what the terms allow.
    /// @param feeBps The fee for new models, in basis points.
    /// @param maxFeeBps The most that the terms allow, in basis points.
    error RoundFeeTooHigh(uint256 feeBps, uint256 maxFeeBps);

    /* FUNCTIONS */

    /// @notice Requires that a round with these terms can be opened, and end as they say.
    /// @dev Requirements:
    ///
    /// - the arbiter is not the coordinator, the model has an owner, the ledger lists the currency;
    /// - 0 < target ≤ cap; the coordinator's part is at most the target; the shares sum to 1,000,000;
    /// - times and periods are as {Schedule} says; the arbiter has at least {minArbitrationPeriod};
    /// - reviewers ascend, and at least one of them must score;
    /// - the protocol fee is at most what the terms allow; a host keeps at most 9,000 basis points, and children pass on
    /// at most 5,000;
    /// - there are at most 16 parents, ascending, each registered; the rates sum to at most 5,000 basis points, and no
    /// edge ends before revealing does.
    ///
    /// @param opening The terms.
    function check(Opening calldata opening) external view;

    /// @notice Returns the least time for an arbiter, in seconds: from a proposal to its execution, by the governor's
    /// present settings.
    function minArbitrationPeriod() external view returns (uint256);

    /// @notice Returns the governor whose cycle that is.
    function governor() external view returns (IGovernor);

    /// @notice Returns the registry that models are registered in.
    function registry() external view returns (IModelRegistry);
}
