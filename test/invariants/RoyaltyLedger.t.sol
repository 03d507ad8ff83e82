// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IDeposits} from "../../contracts/interfaces/IDeposits.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {RoyaltyLedger} from "../../contracts/royalties/RoyaltyLedger.sol";
import {RoyaltyLens} from "../../contracts/royalties/RoyaltyLens.sol";

import {Test} from "../solidity/Test.sol";

import {Action} from "./HandlerBase.sol";
import {LedgerHandler} from "./LedgerHandler.sol";
import {Reckoning} from "./Reckoning.sol";
import {ShareTree} from "./ShareTree.sol";

/// @dev What must hold for the ledger's money after any sequence of calls. What must hold across one call, the handler
/// checks itself.
contract RoyaltyLedgerInvariantTest is Test {
    /// @dev Written for people: the runner prints nothing that a sequence of calls logs.
    string private constant REPORT = "cache/ledger-invariants.txt";

    LedgerHandler private _handler;
    RoyaltyLedger private _ledger;
    RoyaltyLens private _lens;

    function setUp() external {
        _handler = new LedgerHandler();
        _ledger = _handler.ledger();
        _lens = new RoyaltyLens(_ledger);
    }

    /// @dev Read by the runner: only these contracts are called at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_moneyIsConserved() external view {
        Currency[] memory currencies = _handler.currencies();
        for (uint256 i = 0; i < currencies.length; ++i) {
            Reckoning.Figures[5] memory figures = _handler.reckon(currencies[i]);
            _checkBalance(currencies[i]);
            _checkWhoseItIs(currencies[i], figures);
            _checkModels(figures);
            _checkHosts(currencies[i]);
        }
        _checkShares();
    }

    /// @dev Read by the runner at the end of each sequence of calls.
    function afterInvariant() external {
        _takeSharesOut();
        Currency[] memory currencies = _handler.currencies();
        for (uint256 i = 0; i < currencies.length; ++i) _payOutEverything(currencies[i]);
        _checkActions();
    }

    /* AFTER EACH CALL */

    /// The ledger has what was paid in and what somebody sent for nothing, less what was claimed and what was collected,
    /// to the unit. The left side is the chain's, the right side the handler's.
    function _checkBalance(Currency currency) private view {
        vm.assertEq(
            _handler.balanceOf(currency, address(_ledger)),
            _handler.paidIn(currency) + _handler.surplus(currency) - _handler.paidOut(currency),
            "balance"
        );
    }

    /// All of it but the surplus belongs to somebody: holders, allocations and hosts can claim it, it waits for parents,
    /// it is a fee, settled or not; or it is dust, of less than a unit for each edge and for each account that ever held
    /// shares of a model.
    function _checkWhoseItIs(Currency currency, Reckoning.Figures[5] memory figures) private view {
        uint256 collectable = _ledger.collectableFees(currency);
        uint256 owned = collectable + _owedToHosts(currency);
        uint256 settled = 0;
        for (uint256 i = 0; i < figures.length; ++i) {
            owned += figures[i].claimable + figures[i].pendingUpstream + figures[i].fees - figures[i].settledFees;
            settled += figures[i].settledFees;
        }
        uint256 balance = _handler.balanceOf(currency, address(_ledger)) - _handler.surplus(currency);

        vm.assertLe(owned, balance, "more is owed than there is");
        vm.assertLt(balance - owned, _handler.dustLimit(), "dust");
        vm.assertEq(collectable + _handler.feesOut(currency), settled, "settled fees");
    }

    /// A model has received what it was paid and what its children have passed on, and nothing else. What belongs to its
    /// holders is a function of that. They have claimed or can claim it, but for less than a unit each.
    function _checkModels(Reckoning.Figures[5] memory figures) private view {
        address[] memory models = _handler.models();
        for (uint256 i = 0; i < figures.length; ++i) {
            uint256 earned = figures[i].claimable + figures[i].claimed;

            vm.assertEq(figures[i].books.received, figures[i].received, "received");
            vm.assertEq(figures[i].books.closed, figures[i].closed, "closed");
            vm.assertEq(figures[i].books.distributed, figures[i].distributed, "D");
            vm.assertLe(earned, figures[i].distributed, "holders earned more than D");
            vm.assertLt(figures[i].distributed, earned + _handler.holdersEver(models[i]), "holders' dust");
        }
    }

    /// Each host has had, or can have, its part of all that was ever swept at its address, rounded down once.
    function _checkHosts(Currency currency) private view {
        IDeposits.Hosting[] memory hostings = _handler.hostings();
        (uint256[4] memory parts, uint256[4] memory claimed) = _handler.hostParts(currency);
        for (uint256 i = 0; i < hostings.length; ++i) {
            vm.assertEq(_ledger.claimableByHost(hostings[i], currency) + claimed[i], parts[i], "host's part");
        }
    }

    /// The shares of each model sum to 1,000,000, whatever was transferred, set aside or handed over.
    function _checkShares() private view {
        uint256[5] memory sums = _handler.sumsOfShares();
        for (uint256 i = 0; i < sums.length; ++i) vm.assertEq(sums[i], 1_000_000, "shares");
    }

    /* AT THE END */

    /// Whatever was set aside can be taken: by leaves while nobody else may, else by the steward once its time has come.
    function _takeSharesOut() private {
        vm.warp(block.timestamp + 4 days);
        ShareTree[4] memory places = _handler.places();
        for (uint256 i = 0; i < 4; ++i) {
            ShareTree memory tree = places[i];
            if (_handler.leftIn(i) == 0) continue;

            if (tree.steward != address(0)) {
                vm.prank(tree.steward);
                _ledger.reclaimShares(tree.model, tree.number, tree.steward);
            } else {
                _takeLeaves(tree);
            }
            vm.assertEq(_handler.leftIn(i), 0, "shares that nobody can take");
        }
    }

    function _takeLeaves(ShareTree memory tree) private {
        for (uint256 i = 0; i < 4; ++i) {
            if (_ledger.isShareClaimed(tree.number, i)) continue;

            bytes32[] memory proof = tree.proof(address(_ledger), i);
            _ledger.claimShares(tree.model, tree.number, i, tree.accounts[i], tree.units[i], proof);
        }
    }

    /// From any state, everybody gets what is theirs, and only dust and surplus stay.
    function _payOutEverything(Currency currency) private {
        address[] memory models = _handler.models();
        address[] memory holders = _handler.holders();
        address[] memory childrenFirst = new address[](models.length);
        for (uint256 i = 0; i < models.length; ++i) childrenFirst[i] = models[models.length - 1 - i];

        _checkPending(currency, models);
        _sweepEverything(currency);
        _ledger.cascade(childrenFirst, currency);
        for (uint256 i = 0; i < holders.length; ++i) {
            uint256 owed = 0;
            for (uint256 j = 0; j < models.length; ++j) owed += _ledger.claimable(holders[i], models[j], currency);
            if (owed > 0) vm.assertEq(_ledger.claimFor(holders[i], models, currency), owed, "last claim");
        }
        if (_ledger.collectableFees(currency) > 0) _ledger.collectFees(currency);
        for (uint256 i = 0; i < models.length; ++i) {
            vm.assertEq(_lens.pendingUpstream(models[i], currency), 0, "pending after a cascade of all");
        }

        uint256 left = _handler.balanceOf(currency, address(_ledger)) - _handler.surplus(currency);
        vm.assertLt(left, _handler.dustLimit(), "what stays");
    }

    /// The lens says what waits for parents.
    function _checkPending(Currency currency, address[] memory models) private view {
        Reckoning.Figures[5] memory figures = _handler.reckon(currency);
        for (uint256 i = 0; i < models.length; ++i) {
            vm.assertEq(_lens.pendingUpstream(models[i], currency), figures[i].pendingUpstream, "pending");
        }
    }

    /// Hosts get what came to their addresses and was not swept, too.
    function _sweepEverything(Currency currency) private {
        Currency[] memory only = new Currency[](1);
        only[0] = currency;
        IDeposits.Hosting[] memory hostings = _handler.hostings();
        _ledger.sweep(_handler.salts(), only);
        _ledger.sweepHosted(hostings, only);
        for (uint256 i = 0; i < hostings.length; ++i) {
            IDeposits.Hosting[] memory one = new IDeposits.Hosting[](1);
            one[0] = hostings[i];
            uint256 owed = _ledger.claimableByHost(one[0], currency);
            if (owed > 0) vm.assertEq(_ledger.claimHostPart(one, currency, one[0].host), owed, "host's last claim");
            vm.assertEq(_handler.balanceOf(currency, _ledger.depositOf(one[0])), 0, "not swept");
        }
        address[] memory models = _handler.models();
        for (uint256 i = 0; i < models.length; ++i)
            vm.assertEq(_handler.balanceOf(currency, models[i]), 0, "not swept");
    }

    /// Each kind of call did something in at least one call of a hundred, and in several as a rule: else the sequence
    /// proves little about it. For some there is seldom anything to do, as an edge ends but once: in one of 250.
    function _checkActions() private {
        string[17] memory names = [
            "pay",
            "payMany",
            "payBy",
            "cascade",
            "retire",
            "wait",
            "claim",
            "claimFor",
            "collectFees",
            "sweep",
            "sweepHosted",
            "claimHostPart",
            "transferShares",
            "handOver",
            "allocate",
            "claimShares",
            "reclaimShares"
        ];
        uint256 calls = _handler.calls();
        // What the runner makes when it looks for the shortest sequence that fails.
        if (calls < 100) return;

        string memory report = string.concat("Of ", Strings.toString(calls), " calls did something:\n");
        for (uint256 i = 0; i < names.length; ++i) {
            string memory done = Strings.toString(_handler.done(Action(i)));
            report = string.concat(report, "  ", names[i], " ", done, "\n");
        }
        vm.writeFile(REPORT, report);

        for (uint256 i = 0; i < names.length; ++i) {
            uint256 done = _handler.done(Action(i));
            vm.assertGe(
                (_isRare(Action(i)) ? 250 : 100) * done,
                calls,
                string.concat("too few did something: ", names[i])
            );
        }
    }

    function _isRare(Action action) private pure returns (bool) {
        return
            action == Action.Retire ||
            action == Action.ClaimHostPart ||
            action == Action.Allocate ||
            action == Action.ReclaimShares;
    }

    function _owedToHosts(Currency currency) private view returns (uint256 sum) {
        IDeposits.Hosting[] memory hostings = _handler.hostings();
        for (uint256 i = 0; i < hostings.length; ++i) sum += _ledger.claimableByHost(hostings[i], currency);
    }
}
