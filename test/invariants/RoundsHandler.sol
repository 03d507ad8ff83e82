// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRoundContributions} from "../../contracts/interfaces/IRoundContributions.sol";
import {IRoundRecords} from "../../contracts/interfaces/IRoundRecords.sol";
import {IRoundTerms} from "../../contracts/interfaces/IRoundTerms.sol";
import {ITrainingRounds} from "../../contracts/interfaces/ITrainingRounds.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";

import {RoundWorld} from "./RoundWorld.sol";

/// @dev Calls rounds with what the runner's random numbers say, as whoever may do it, and keeps what went into each round
/// and out of it. Three rounds go on at a time; when the oldest has ended it makes place for another, and can still be
/// paid out.
contract RoundsHandler is RoundWorld {
    /// @dev The kinds of calls.
    enum Action {
        Fund,
        Submit,
        Reveal,
        Post,
        Challenge,
        Resolve,
        Finalise,
        Claim,
        ClaimFunding,
        Refund,
        PayCoordinator,
        TakeSubmissionBond,
        TakeChallengeBond,
        Wait
    }

    /// @dev A round by the handler's own account.
    struct Account {
        bytes32 roundId;
        uint256 openedAt;
        uint256 moneyIn;
        uint256 moneyOut;
        uint256[] offsets;
        /// @dev Bit i is set if the i-th person submitted something, told its digest, and has its bond here.
        uint256 submitted;
        uint256 revealed;
        uint256 bondsLeft;
        /// @dev By attempt: bit i is set if the i-th person challenged it, and the bond was not taken.
        uint256[MAX_ATTEMPTS + 1] challenged;
        uint256 claimed;
    }

    uint256 private constant PLACES = 3;

    /// @dev Calls that did something, of each kind.
    mapping(Action action => uint256) public done;
    Account[] internal _accounts;

    constructor() {
        for (uint256 i = 0; i < PLACES; ++i) _open();
    }

    function count() external view returns (uint256) {
        return _accounts.length;
    }

    function accountOf(uint256 i) external view returns (Account memory) {
        return _accounts[i];
    }

    function currencyOf(uint256 i) public view returns (Currency) {
        return _currencies[i % 2];
    }

    /* CALLS */

    function fund(uint256 place, uint256 person, uint256 amount) external {
        (uint256 i, IRoundRecords.Round memory round) = _pick(place, IRoundRecords.RoundState.Open);
        uint256 room = CAP - round.raised;
        if (block.timestamp > round.fundingUntil || room == 0) return _finish(Action.Fund, i, false);
        amount = bound(amount, room < 300 ? 1 : 300, room < 900 ? room : 900);
        _accounts[i].offsets.push(round.raised);

        uint256 value = _pays(i, amount);
        vm.prank(_people[person % 3]);
        rounds.fund{value: value}(_accounts[i].roundId, amount);

        _finish(Action.Fund, i, true);
    }

    function submit(uint256 place, uint256 person) external {
        (uint256 i, IRoundRecords.Round memory round) = _pick(place, IRoundRecords.RoundState.Open);
        person %= 3;
        Account storage account = _accounts[i];
        if (round.state != IRoundRecords.RoundState.Open || (account.submitted >> person) & 1 == 1) {
            return _finish(Action.Submit, i, false);
        }
        account.submitted |= 1 << person;
        account.bondsLeft |= 1 << person;

        uint256 value = _pays(i, SUBMISSION_BOND);
        bytes32 commitment = _commitmentOf(person);
        vm.prank(_people[person]);
        rounds.submit{value: value}(account.roundId, commitment, IRoundContributions.ContributionKind.Data, 1);

        _finish(Action.Submit, i, true);
    }

    function reveal(uint256 place, uint256 person) external {
        (uint256 i, IRoundRecords.Round memory round) = _pick(place, IRoundRecords.RoundState.Review);
        person %= 3;
        Account storage account = _accounts[i];
        bool isSealed = ((account.submitted & ~account.revealed) >> person) & 1 == 1;
        bool isTime = round.state == IRoundRecords.RoundState.Review && block.timestamp <= round.revealUntil;
        if (!isSealed || !isTime) return _finish(Action.Reveal, i, false);
        account.revealed |= 1 << person;

        vm.prank(_people[person]);
        rounds.reveal(account.roundId, bytes32(person), "");

        _finish(Action.Reveal, i, true);
    }

    function post(uint256 place) external {
        (uint256 i, IRoundRecords.Round memory round) = _pick(place, IRoundRecords.RoundState.Review);
        if (round.state != IRoundRecords.RoundState.Review || block.timestamp <= round.revealUntil) {
            return _finish(Action.Post, i, false);
        }

        uint256 value = _pays(i, RESULT_BOND);
        ITrainingRounds.Result memory result = _resultOf(_accounts[i].roundId, round.raised);
        vm.prank(_coordinator);
        rounds.postResult{value: value}(_opening(i), result, _reviews());

        _finish(Action.Post, i, true);
    }

    function challenge(uint256 place, uint256 person) external {
        (uint256 i, IRoundRecords.Round memory round) = _pick(place, IRoundRecords.RoundState.Challenge);
        person %= 3;
        uint256 challenged = _accounts[i].challenged[round.attempt];
        bool isTime = round.state == IRoundRecords.RoundState.Challenge && block.timestamp <= round.challengeUntil;
        if (!isTime || (challenged >> person) & 1 == 1) return _finish(Action.Challenge, i, false);
        _accounts[i].challenged[round.attempt] = challenged | (1 << person);

        uint256 value = _pays(i, CHALLENGE_BOND);
        vm.prank(_people[person]);
        rounds.challenge{value: value}(_opening(i), round.attempt, "");

        _finish(Action.Challenge, i, true);
    }

    function resolve(uint256 place, bool isUpheld) external {
        (uint256 i, IRoundRecords.Round memory round) = _pick(place, IRoundRecords.RoundState.Challenge);
        if (!_isDisputed(round) || block.timestamp <= round.challengeUntil) return _finish(Action.Resolve, i, false);

        vm.prank(_arbiter);
        rounds.resolve(_opening(i), round.attempt, isUpheld);

        // Of challenges that were rejected the bonds are not to be had any more.
        if (!isUpheld) _accounts[i].challenged[round.attempt] = 0;
        _finish(Action.Resolve, i, true);
    }

    function finalise(uint256 place) external {
        (uint256 i, IRoundRecords.Round memory round) = _pick(place, IRoundRecords.RoundState.Challenge);
        bool isStanding = round.state == IRoundRecords.RoundState.Challenge && !_isDisputed(round);
        if (!isStanding || block.timestamp <= round.challengeUntil) return _finish(Action.Finalise, i, false);

        ITrainingRounds.Result memory result = _resultOf(_accounts[i].roundId, round.raised);
        rounds.finalise(_opening(i), result, new IModelRegistry.Grant[](0));

        _finish(Action.Finalise, i, true);
    }

    function claim(uint256 any, uint256 index) external {
        (uint256 i, IRoundRecords.Round memory round) = _any(any);
        index %= LEAVES;
        Account storage account = _accounts[i];
        if (round.state != IRoundRecords.RoundState.Finalised || (account.claimed >> index) & 1 == 1) {
            return _finish(Action.Claim, i, false);
        }
        account.claimed |= 1 << index;

        bytes32 roundId = account.roundId;
        IRoundContributions.Leaf memory leaf = _leafOf(index, round.raised);
        bytes32[] memory proof = _proofOf(roundId, index, round.raised);
        rounds.claim(roundId, leaf, proof, leaf.account);

        _finish(Action.Claim, i, true);
    }

    function takeFunding(uint256 any, uint256 which) external {
        (uint256 i, IRoundRecords.Round memory round) = _any(any);
        uint256[] storage left = _accounts[i].offsets;
        bool isFinalised = round.state == IRoundRecords.RoundState.Finalised;
        Action action = isFinalised ? Action.ClaimFunding : Action.Refund;
        if (!_isOver(round) || left.length == 0) return _finish(action, i, false);
        uint256[] memory offsets = new uint256[](1);
        offsets[0] = left[which % left.length];
        left[which % left.length] = left[left.length - 1];
        left.pop();

        address funder = rounds.fundingOf(_accounts[i].roundId, offsets[0]).funder;
        if (isFinalised) rounds.claimFundings(_accounts[i].roundId, offsets, funder);
        else rounds.refund(_accounts[i].roundId, offsets, funder);

        _finish(action, i, true);
    }

    function payCoordinator(uint256 any) external {
        (uint256 i, ) = _any(any);
        try rounds.payCoordinator(_opening(i), _coordinator) {
            _finish(Action.PayCoordinator, i, true);
        } catch {
            _finish(Action.PayCoordinator, i, false);
        }
    }

    function takeSubmissionBond(uint256 any, uint256 person) external {
        (uint256 i, IRoundRecords.Round memory round) = _any(any);
        person %= 3;
        Account storage account = _accounts[i];
        uint256 due = _isOver(round) ? account.bondsLeft : account.bondsLeft & account.revealed;
        if ((due >> person) & 1 == 0) return _finish(Action.TakeSubmissionBond, i, false);
        account.bondsLeft ^= 1 << person;

        rounds.takeSubmissionBond(account.roundId, _people[person], _commitmentOf(person), _people[person]);

        _finish(Action.TakeSubmissionBond, i, true);
    }

    /// @dev Of challenges that were upheld, or about which nobody decided.
    function takeChallengeBond(uint256 any, uint256 person, uint256 attempt) external {
        (uint256 i, IRoundRecords.Round memory round) = _any(any);
        person %= 3;
        attempt = 1 + (attempt % MAX_ATTEMPTS);
        Account storage account = _accounts[i];
        bool isReturned = attempt < round.attempt || round.result == 0 || (_isOver(round) && !round.isRejected);
        if (!isReturned || (account.challenged[attempt] >> person) & 1 == 0) {
            return _finish(Action.TakeChallengeBond, i, false);
        }
        account.challenged[attempt] ^= 1 << person;

        rounds.takeChallengeBond(_opening(i), uint8(attempt), _people[person], _people[person]);

        _finish(Action.TakeChallengeBond, i, true);
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 12 hours));
        (, IRoundRecords.Round memory oldest) = _any(_accounts.length - PLACES);
        if (_isOver(oldest)) _open();
        _finish(Action.Wait, 0, true);
    }

    /* INTERNAL */

    function _open() private {
        uint256 number = _accounts.length;
        IRoundTerms.Opening memory opening = _openingOf(number, block.timestamp);
        vm.prank(_coordinator);
        bytes32 roundId = rounds.open(opening, "");

        Account storage account = _accounts.push();
        account.roundId = roundId;
        account.openedAt = block.timestamp;
    }

    /// @dev Returns one of the rounds that go on: one in this state, if there is any.
    function _pick(
        uint256 place,
        IRoundRecords.RoundState state
    ) private view returns (uint256 i, IRoundRecords.Round memory round) {
        for (uint256 k = 0; k < PLACES; ++k) {
            (i, round) = _any(_accounts.length - 1 - (((place % PLACES) + k) % PLACES));
            if (round.state == state) break;
        }
    }

    /// @dev Returns any of the rounds that there ever were.
    function _any(uint256 any) private view returns (uint256 i, IRoundRecords.Round memory round) {
        i = any % _accounts.length;
        round = rounds.roundOf(_accounts[i].roundId);
    }

    function _opening(uint256 i) internal view returns (IRoundTerms.Opening memory) {
        return _openingOf(i, _accounts[i].openedAt);
    }

    /// @dev Returns the ETH that a payment needs.
    function _pays(uint256 i, uint256 amount) private view returns (uint256) {
        return currencyOf(i).isEth() ? amount : 0;
    }

    function _commitmentOf(uint256 person) private view returns (bytes32) {
        return keccak256(abi.encode(_people[person], bytes32(person)));
    }

    function _isOver(IRoundRecords.Round memory round) private pure returns (bool) {
        return round.state >= IRoundRecords.RoundState.Finalised;
    }

    function _isDisputed(IRoundRecords.Round memory round) private pure returns (bool) {
        return round.state == IRoundRecords.RoundState.Challenge && round.challenges > 0 && !round.isRejected;
    }

    /// @dev Counts the call, and what it moved: into the round that it was about, or out of it.
    function _finish(Action action, uint256 i, bool didSomething) private {
        if (didSomething) ++done[action];
        Currency currency = currencyOf(i);
        uint256 held = 0;
        for (uint256 j = i % 2; j < _accounts.length; j += 2) held += _accounts[j].moneyIn - _accounts[j].moneyOut;
        uint256 holds = currency.balanceOf(address(rounds));

        if (holds > held) _accounts[i].moneyIn += holds - held;
        else _accounts[i].moneyOut += held - holds;
        vm.assertLe(_accounts[i].moneyOut, _accounts[i].moneyIn, "a round paid out what it had not");
    }
}
