// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IRoyaltyLedger} from "../../contracts/interfaces/IRoyaltyLedger.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {RoyaltyMath} from "../../contracts/libraries/RoyaltyMath.sol";
import {RoyaltyLedger} from "../../contracts/royalties/RoyaltyLedger.sol";

import {Test} from "../solidity/Test.sol";
import {LedgerHandler} from "./LedgerHandler.sol";

/// @dev What must hold for the ledger's money after any sequence of calls. What must hold across one call, the handler
/// checks itself.
contract RoyaltyLedgerInvariantTest is Test {
    /// @dev Written for people: the runner prints nothing that a sequence of calls logs.
    string private constant REPORT = "cache/ledger-invariants.txt";

    LedgerHandler private _handler;
    RoyaltyLedger private _ledger;

    function setUp() external {
        _handler = new LedgerHandler();
        _ledger = _handler.ledger();
    }

    /// @dev Read by the runner: only these contracts are called at random.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_handler);
    }

    function invariant_moneyIsConserved() external view {
        Currency[] memory currencies = _handler.currencies();
        for (uint256 i = 0; i < currencies.length; ++i) {
            _checkBalance(currencies[i]);
            _checkWhoseItIs(currencies[i]);
            _checkModels(currencies[i]);
        }
        _checkShares();
    }

    /// @dev Read by the runner at the end of each sequence of calls.
    function afterInvariant() external {
        Currency[] memory currencies = _handler.currencies();
        for (uint256 i = 0; i < currencies.length; ++i) _payOutEverything(currencies[i]);
        _checkActions();
    }

    /// The ledger has what was paid in, less what was claimed and what was collected, to the unit. The left side is the
    /// chain's, the right side the handler's.
    function _checkBalance(Currency currency) private view {
        vm.assertEq(
            _handler.balanceOf(currency, address(_ledger)),
            _handler.paidIn(currency) - _handler.claimedOut(currency) - _handler.feesOut(currency),
            "balance"
        );
    }

    /// All of it belongs to somebody: holders can claim it, it waits for parents, it is a fee, settled or not; or it is
    /// dust, of less than a unit for each edge and for each account that ever held shares of a model.
    function _checkWhoseItIs(Currency currency) private view {
        address[] memory models = _handler.models();
        uint256 owned = _ledger.collectableFees(currency);
        uint256 dustLimit = 0;
        for (uint256 i = 0; i < models.length; ++i) {
            address model = models[i];
            owned += _claimableOf(model, currency) + _ledger.pendingUpstream(model, currency);
            owned += _unsettledFee(model, currency);
            dustLimit += _ledger.edgesOf(model).length + _handler.holdersEver(model);
        }
        uint256 balance = _handler.balanceOf(currency, address(_ledger));

        vm.assertLe(owned, balance, "more is owed than there is");
        vm.assertLt(balance - owned, dustLimit, "dust");
    }

    /// A model has received what it was paid and what its children have passed on, and nothing else. Its holders have
    /// claimed or can claim D(R), but for less than a unit each.
    function _checkModels(Currency currency) private view {
        address[] memory models = _handler.models();
        for (uint256 i = 0; i < models.length; ++i) {
            address model = models[i];
            IRoyaltyLedger.ModelBooks memory books = _ledger.booksOf(model, currency);
            uint256 earned = _claimableOf(model, currency) + _claimedOf(model, currency);

            vm.assertEq(books.received, _handler.paidTo(currency, model) + _passedTo(model, currency), "received");
            vm.assertLe(earned, books.distributed, "holders earned more than D");
            vm.assertLt(books.distributed, earned + _handler.holdersEver(model), "holders' dust");
        }
    }

    /// The shares of each model sum to 1,000,000, whatever was transferred.
    function _checkShares() private view {
        address[] memory models = _handler.models();
        address[] memory holders = _handler.holders();
        for (uint256 i = 0; i < models.length; ++i) {
            uint256 sum = 0;
            for (uint256 j = 0; j < holders.length; ++j) sum += _handler.sharesOf(holders[j], models[i]);
            vm.assertEq(sum, 1_000_000, "shares");
        }
    }

    /// Each kind of call did something in at least one call of twenty: else the sequence proves little about it.
    function _checkActions() private {
        string[7] memory names = ["pay", "payMany", "cascade", "claim", "claimFor", "transferShares", "collectFees"];
        uint256 calls = _handler.calls();
        // What the runner makes when it looks for the shortest sequence that fails.
        if (calls < 100) return;

        string memory report = string.concat("Of ", Strings.toString(calls), " calls did something:\n");
        for (uint256 i = 0; i < names.length; ++i) {
            uint256 done = _handler.done(LedgerHandler.Action(i));
            vm.assertGe(20 * done, calls, string.concat("too few calls did something: ", names[i]));
            report = string.concat(report, "  ", names[i], " ", Strings.toString(done), "\n");
        }
        vm.writeFile(REPORT, report);
    }

    /// From any state, everybody gets what is theirs, and only dust stays.
    function _payOutEverything(Currency currency) private {
        address[] memory models = _handler.models();
        address[] memory holders = _handler.holders();
        address[] memory childrenFirst = new address[](models.length);
        for (uint256 i = 0; i < models.length; ++i) childrenFirst[i] = models[models.length - 1 - i];

        _ledger.cascade(childrenFirst, currency);
        for (uint256 i = 0; i < holders.length; ++i) {
            uint256 owed = 0;
            for (uint256 j = 0; j < models.length; ++j) owed += _ledger.claimable(holders[i], models[j], currency);
            if (owed > 0) vm.assertEq(_ledger.claimFor(holders[i], models, currency), owed, "last claim");
        }
        if (_ledger.collectableFees(currency) > 0) _ledger.collectFees(currency);

        uint256 dustLimit = 0;
        for (uint256 i = 0; i < models.length; ++i) {
            vm.assertEq(_ledger.pendingUpstream(models[i], currency), 0, "pending after a cascade of all");
            dustLimit += _ledger.edgesOf(models[i]).length + _handler.holdersEver(models[i]);
        }
        vm.assertLt(_handler.balanceOf(currency, address(_ledger)), dustLimit, "what stays");
    }

    function _claimableOf(address model, Currency currency) private view returns (uint256 sum) {
        address[] memory holders = _handler.holders();
        for (uint256 i = 0; i < holders.length; ++i) sum += _ledger.claimable(holders[i], model, currency);
    }

    function _claimedOf(address model, Currency currency) private view returns (uint256 sum) {
        address[] memory holders = _handler.holders();
        for (uint256 i = 0; i < holders.length; ++i) sum += _handler.claimed(currency, model, holders[i]);
    }

    /// @dev What children have passed on: u_i of what they had received when they were last cascaded.
    function _passedTo(address model, Currency currency) private view returns (uint256 sum) {
        address[] memory models = _handler.models();
        for (uint256 i = 0; i < models.length; ++i) {
            IRoyaltyLedger.Edge[] memory edges = _ledger.edgesOf(models[i]);
            uint256 totalRateBps = _ledger.termsOf(models[i]).totalRateBps;
            uint256 cascaded = _ledger.booksOf(models[i], currency).cascaded;
            uint256 upstream = RoyaltyMath.upstreamDown(cascaded, totalRateBps);
            for (uint256 j = 0; j < edges.length; ++j) {
                if (edges[j].parent != model) continue;

                sum += RoyaltyMath.parentPartDown(upstream, edges[j].rateBps, totalRateBps);
            }
        }
    }

    /// @dev F of what stayed with the model, less F of what had stayed when it was last cascaded.
    function _unsettledFee(address model, Currency currency) private view returns (uint256) {
        IRoyaltyLedger.Terms memory terms = _ledger.termsOf(model);
        IRoyaltyLedger.ModelBooks memory books = _ledger.booksOf(model, currency);
        uint256 kept = books.received - RoyaltyMath.upstreamDown(books.received, terms.totalRateBps);
        uint256 settled = books.cascaded - RoyaltyMath.upstreamDown(books.cascaded, terms.totalRateBps);

        return RoyaltyMath.feeDown(kept, terms.feeBps) - RoyaltyMath.feeDown(settled, terms.feeBps);
    }
}
