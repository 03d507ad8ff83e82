// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IRoundRecords} from "../../contracts/interfaces/IRoundRecords.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {TrainingRounds} from "../../contracts/rounds/TrainingRounds.sol";

import {Test} from "../solidity/Test.sol";

import {RoundsHandler} from "./RoundsHandler.sol";

/// @dev What must hold for rounds, after any sequence of calls.
contract TrainingRoundsInvariantTest is Test {
    RoundsHandler private _handler;
    TrainingRounds private _rounds;

    function setUp() external {
        _handler = new RoundsHandler();
        _rounds = _handler.rounds();
        _tellOne();
    }

    /// @dev Read by the runner: only these contracts are called at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    /// What rounds hold of a currency is what went into each less what went out of it.
    function invariant_moneyIsOfItsRound() external view {
        uint256[2] memory held;
        for (uint256 i = 0; i < _handler.count(); ++i) {
            RoundsHandler.Account memory account = _handler.accountOf(i);
            held[i % 2] += account.moneyIn - account.moneyOut;
        }
        for (uint256 i = 0; i < 2; ++i) {
            Currency currency = _handler.currencyOf(i);
            vm.assertEq(currency.balanceOf(address(_rounds)), held[i], "balance");
        }
    }

    /// A round that has ended stays as it is, and what a round holds is at least what it raised until then.
    function invariant_whatWasRaisedIsThere() external view {
        for (uint256 i = 0; i < _handler.count(); ++i) {
            RoundsHandler.Account memory account = _handler.accountOf(i);
            IRoundRecords.Round memory round = _rounds.roundOf(account.roundId);
            if (round.state >= IRoundRecords.RoundState.Finalised) continue;

            vm.assertGe(account.moneyIn - account.moneyOut, round.raised + round.forfeits, "raised");
        }
    }

    /// @dev Read by the runner at the end of each sequence of calls.
    function afterInvariant() external {
        _takeEverything();
    }

    /// From any state, once all times have passed, everything that is in a round can be taken, to the unit.
    function _takeEverything() private {
        vm.warp(block.timestamp + 1_000 days);
        uint256 count = _handler.count();
        for (uint256 i = 0; i < count; ++i) {
            uint256 fundings = _handler.accountOf(i).offsets.length;
            for (uint256 j = 0; j < fundings; ++j) _handler.takeFunding(i, j);
            for (uint256 j = 0; j < 3; ++j) {
                _handler.claim(i, j);
                _handler.takeSubmissionBond(i, j);
                for (uint256 attempt = 0; attempt < 2; ++attempt) _handler.takeChallengeBond(i, j, attempt);
            }
            _handler.payCoordinator(i);

            RoundsHandler.Account memory account = _handler.accountOf(i);
            vm.assertEq(account.moneyOut, account.moneyIn, "money that nobody can take");
        }
    }

    /// @dev One round to its end with money left in it, while others fail or are open: what random calls find.
    function _tellOne() private {
        for (uint256 person = 0; person < 3; ++person) {
            _handler.fund(0, person, 700);
            _handler.submit(0, person);
        }
        _wait(6);
        _handler.reveal(0, 0);
        _wait(2);
        _handler.post(0);
        _handler.challenge(0, 1);
        _wait(3);
        _handler.resolve(0, false);
        _handler.finalise(0);

        for (uint256 i = 0; i <= uint256(RoundsHandler.Action.Finalise); ++i) {
            vm.assertGe(_handler.done(RoundsHandler.Action(i)), 1, string.concat("did nothing: ", Strings.toString(i)));
        }
    }

    function _wait(uint256 times) private {
        for (uint256 i = 0; i < times; ++i) _handler.wait(12 hours);
    }
}
