// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IRoundRecords} from "../interfaces/IRoundRecords.sol";

import {Currency} from "../libraries/Currency.sol";

/// @title RoundRecords
/// @notice What all parts of a round read and write: its record, its state, and how money comes in.
abstract contract RoundRecords is IRoundRecords, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev What of a round is stored, in nine slots: the first two are what funding needs, the second and the seventh
    /// what a claim needs. A round that does not exist has no `fundingUntil`, one that is not finalised no `model`.
    struct Record {
        uint96 raised;
        uint96 cap;
        uint40 fundingUntil;
        Currency currency;
        uint64 allocation;
        uint8 attempt;
        bool isRejected;
        bool isCoordinatorPaid;
        uint96 target;
        uint96 submissionBond;
        uint40 submissionUntil;
        uint40 revealUntil;
        uint40 reviewUntil;
        uint40 challengeUntil;
        uint40 arbitrationUntil;
        uint40 finaliseUntil;
        uint32 challenges;
        bytes32 result;
        bytes32 root;
        address model;
        uint96 cashLeft;
        address pool;
        uint96 unspent;
        uint224 forfeits;
        uint32 funderShares;
    }

    mapping(bytes32 roundId => Record) internal _records;

    /* VIEWS */

    /// @inheritdoc IRoundRecords
    function stateOf(bytes32 roundId) external view returns (RoundState) {
        return _stateOf(_records[roundId]);
    }

    /// @inheritdoc IRoundRecords
    function roundOf(bytes32 roundId) external view returns (Round memory) {
        Record storage record = _records[roundId];

        return
            Round({
                state: _stateOf(record),
                attempt: record.attempt,
                isRejected: record.isRejected,
                challenges: record.challenges,
                currency: record.currency,
                raised: record.raised,
                forfeits: record.forfeits,
                unspent: record.unspent,
                cashLeft: record.cashLeft,
                fundingUntil: record.fundingUntil,
                submissionUntil: record.submissionUntil,
                revealUntil: record.revealUntil,
                reviewUntil: record.reviewUntil,
                challengeUntil: record.challengeUntil,
                arbitrationUntil: record.arbitrationUntil,
                finaliseUntil: record.finaliseUntil,
                result: record.result,
                root: record.root,
                model: record.model,
                allocation: record.allocation,
                pool: record.pool
            });
    }

    /* INTERNAL: STATE */

    /// @dev Follows from the record and the time: nobody has to call anything for a round to move on or to end.
    function _stateOf(Record storage record) internal view returns (RoundState) {
        uint256 fundingUntil = record.fundingUntil;
        if (fundingUntil == 0) return RoundState.None;
        if (block.timestamp <= fundingUntil) return RoundState.Open;
        if (record.model != address(0)) return RoundState.Finalised;
        if (record.raised < record.target) return RoundState.Refunding;
        if (block.timestamp <= record.submissionUntil) return RoundState.Open;
        if (record.result == 0) return block.timestamp <= record.reviewUntil ? RoundState.Review : RoundState.Refunding;

        return block.timestamp <= _decisionUntil(record) ? RoundState.Challenge : RoundState.Refunding;
    }

    /// @dev Returns the last second in which a result that stands can go on: for the arbiter, or to be finalised.
    function _decisionUntil(Record storage record) private view returns (uint256) {
        return _isDisputed(record) ? record.arbitrationUntil : record.finaliseUntil;
    }

    /// @dev Returns whether the result that stands is challenged, and the arbiter has not decided.
    function _isDisputed(Record storage record) internal view returns (bool) {
        return record.challenges > 0 && !record.isRejected;
    }

    function _requireState(bytes32 roundId, Record storage record, RoundState needed) internal view {
        RoundState state = _stateOf(record);
        require(state == needed, RoundNotInState(roundId, state, needed));
    }

    function _requireUntil(bytes32 roundId, uint256 until) internal view {
        require(block.timestamp <= until, RoundTooLate(roundId, until));
    }

    function _requireAfter(bytes32 roundId, uint256 until) internal view {
        require(block.timestamp > until, RoundTooEarly(roundId, until + 1));
    }

    /// @dev Whose money it is may have it sent anywhere; anyone may have it sent to whose it is.
    function _requirePayee(address account, address to) internal view {
        require(account == msg.sender || account == to, NotRoundPayee(account, msg.sender));
        require(to != address(0) && to != address(this), RoundRecipientInvalid(to));
    }

    /* INTERNAL: MONEY */

    /// @dev Takes a payment from the caller: the ETH of this call, or an ERC-20, of which it must arrive.
    function _take(Currency currency, uint256 amount) internal {
        uint256 expectedValue = currency.isEth() ? amount : 0;
        require(msg.value == expectedValue, RoundValueMismatch(expectedValue, msg.value));
        if (!currency.isEth()) _pull(currency, amount);
    }

    function _pull(Currency currency, uint256 amount) internal {
        if (amount == 0) return;
        uint256 balanceBefore = currency.balanceOf(address(this));

        currency.token().safeTransferFrom(msg.sender, address(this), amount);

        _requireArrived(currency, amount, balanceBefore);
    }

    /// @dev What a token delivers beyond the amount is nobody's.
    function _requireArrived(Currency currency, uint256 amount, uint256 balanceBefore) internal view {
        uint256 arrived = Math.saturatingSub(currency.balanceOf(address(this)), balanceBefore);
        require(arrived >= amount, RoundPaymentShort(amount, arrived));
    }

    /// @dev Some tokens refuse to move nothing.
    function _pay(Currency currency, address to, uint256 amount) internal {
        if (amount > 0) currency.transfer(to, amount);
    }
}
