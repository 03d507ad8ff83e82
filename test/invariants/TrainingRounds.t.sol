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
        _checkActions();
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

    /// What every round needs was done at least once; ends differ from run to run.
    function _checkActions() private view {
        // What the runner makes when it looks for the shortest sequence that fails.
        if (_handler.calls() < 400) return;

        for (uint256 i = 0; i < 4; ++i) {
            RoundsHandler.Action action = RoundsHandler.Action(i);
            vm.assertGe(_handler.done(action), 1, string.concat("none did something: ", Strings.toString(i)));
        }
    }
}
