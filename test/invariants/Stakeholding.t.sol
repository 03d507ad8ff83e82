// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {Stakeholding} from "../../contracts/governance/Stakeholding.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {RoyaltyLedger} from "../../contracts/royalties/RoyaltyLedger.sol";

import {Test} from "../solidity/Test.sol";

import {StakeholdingHandler} from "./StakeholdingHandler.sol";

/// @dev What must hold for WEAL that is paid for fees, after any sequence of calls. What is a model's, the handler checks
/// itself.
contract StakeholdingInvariantTest is Test {
    uint256 private constant SCALE = 1e18;

    StakeholdingHandler private _handler;
    Stakeholding private _stakeholding;
    RoyaltyLedger private _ledger;

    function setUp() external {
        _handler = new StakeholdingHandler();
        _stakeholding = _handler.stakeholding();
        _ledger = _handler.ledger();
    }

    /// @dev Read by the runner: only these contracts are called at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_wealIsPaidForFeesAlone() external view {
        Currency[] memory currencies = _handler.currencies();
        for (uint256 i = 0; i < currencies.length; ++i) _checkPaid(currencies[i]);
        _checkEpoch();
        _checkReserve();
    }

    /// @dev Read by the runner at the end of each sequence of calls.
    function afterInvariant() external {
        _payEverything();
        _checkActions();
    }

    /* AFTER EACH CALL */

    /// WEAL paid is what the counted fees earned at the rates of their time, but for less than a unit a model. So it is
    /// at most the highest rate times the fees that the ledger charged; and ETH had no other rate.
    function _checkPaid(Currency currency) private view {
        uint256 charged = _handler.charged(currency);
        uint256 paid = _handler.paidFor(currency) * SCALE;
        uint256 earned = _handler.earned(currency);
        uint256 highestRate = _handler.highestRate(currency);

        vm.assertEq(_ledger.collectableFees(currency) + _handler.feesOut(currency), charged, "the ledger's fees");
        vm.assertLe(paid, earned, "paid more than was earned");
        vm.assertLt(earned, paid + _ledger.modelCount() * SCALE, "paid less than was earned");
        vm.assertLe(paid, highestRate * charged, "paid more than rate times fees");
        if (currency.isEth()) vm.assertEq(highestRate, _handler.ETH_RATE(), "ETH's rate");
    }

    /// An epoch pays at most the largest cap that it had.
    function _checkEpoch() private view {
        uint256 epoch = block.timestamp / _stakeholding.epochLength();

        vm.assertLe(_handler.paidIn(epoch), _handler.largestCapIn(epoch), "paid more than an epoch may");
    }

    /// The reserve has what genesis gave it and what was sent to it, less what was paid; and the ledger has all WEAL that
    /// came in, less what was claimed and collected.
    function _checkReserve() private view {
        vm.assertEq(
            _handler.weal().balanceOf(address(_stakeholding)),
            _handler.RESERVE() + _handler.sentToReserve() - _handler.paid(),
            "reserve"
        );
        vm.assertEq(
            _handler.weal().balanceOf(address(_ledger)),
            _handler.wealIn() - _handler.wealOut(),
            "the ledger's WEAL"
        );
    }

    /* AT THE END */

    /// From any state, once rates, cap and reserve suffice, whatever was not counted is paid.
    function _payEverything() private {
        address[] memory models = _handler.models();
        Currency[] memory currencies = _handler.currencies();
        vm.prank(_handler.treasury());
        _stakeholding.setEpochCap(type(uint128).max);
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(_handler.treasury());
            _stakeholding.setRate(currencies[i], 1);
            _stakeholding.award(models, currencies[i]);
            for (uint256 j = 0; j < models.length; ++j) {
                _handler.look(j, i);
                uint256 counted = _stakeholding.countedFeesOf(models[j], currencies[i]);
                vm.assertLe(_stakeholding.feesOf(models[j], currencies[i]), counted, "fees that do not count");
            }
        }
    }

    /// Each kind of call did something in at least one call of a hundred; those that are for a few times only, in one of
    /// 250.
    function _checkActions() private view {
        string[11] memory names = [
            "pay",
            "cascade",
            "award",
            "setRate",
            "setEpochCap",
            "wait",
            "retire",
            "claim",
            "collectFees",
            "openChild",
            "fillReserve"
        ];
        uint256 calls = _handler.calls();
        // What the runner makes when it looks for the shortest sequence that fails.
        if (calls < 400) return;

        for (uint256 i = 0; i < names.length; ++i) {
            StakeholdingHandler.Action action = StakeholdingHandler.Action(i);
            uint256 done = _handler.done(action);
            bool isRare = action == StakeholdingHandler.Action.Retire || action == StakeholdingHandler.Action.OpenChild;
            vm.assertGe(
                (isRare ? 250 : 100) * done,
                calls,
                string.concat("too few did something: ", names[i], " ", Strings.toString(done))
            );
        }
    }
}
