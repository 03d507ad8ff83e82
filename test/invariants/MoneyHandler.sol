// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRoyaltyLedger} from "../../contracts/interfaces/IRoyaltyLedger.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";

import {Action, HandlerBase} from "./HandlerBase.sol";

/// @dev Calls that bring money in, pass it on, and take it out; and time, in which edges end.
abstract contract MoneyHandler is HandlerBase {
    /// @dev Gets money when a holder claims to another address; holds nothing.
    address public immutable elsewhere = _account("elsewhere");

    /* IN */

    function pay(uint256 model, uint256 currency, uint256 amount) external {
        Snapshot memory before = _snapshot();
        address model_ = _models[model % MODELS];
        Currency currency_ = _currency(currency);
        amount = _amount(amount);

        ledger.pay{value: _fund(currency_, amount)}(model_, currency_, amount, "");

        _notePaid(currency_, model_, amount);
        _finish(Action.Pay, true, before, 1 << (currency % 2));
    }

    function payMany(uint256[4] calldata models_, uint256 count, uint256 currency, uint256[4] calldata seeds) external {
        Snapshot memory before = _snapshot();
        Currency currency_ = _currency(currency);
        address[] memory paid = new address[](bound(count, 1, 4));
        uint256[] memory amounts = new uint256[](paid.length);
        uint256 total = 0;
        for (uint256 i = 0; i < paid.length; ++i) {
            // In any order, and a model as often as it comes.
            paid[i] = _models[models_[i] % MODELS];
            amounts[i] = _amount(seeds[i]);
            total += amounts[i];
            _notePaid(currency_, paid[i], amounts[i]);
        }

        ledger.payMany{value: _fund(currency_, total)}(paid, currency_, amounts, "");

        _finish(Action.PayMany, true, before, 1 << (currency % 2));
    }

    /// @dev What is delivered beyond the amount is the model's too; what somebody sends without a call is nobody's.
    function payBy(uint256 model, uint256 amount, uint256 extra, uint256 lost) external {
        Snapshot memory before = _snapshot();
        address model_ = _models[model % MODELS];
        amount = _amount(amount) - 1;
        extra = _amount(extra);
        lost = lost % 4 == 0 ? _amount(lost) : 0;
        _send(_currencies[1], address(ledger), lost);

        _payer.pay(ledger, model_, _currencies[1], amount, extra);

        surplus[_currencies[1]] += lost;
        _notePaid(_currencies[1], model_, amount + extra);
        _finish(Action.PayBy, true, before, EVERY_CURRENCY & ~ETH_ONLY);
    }

    function _notePaid(Currency currency, address model, uint256 amount) internal {
        paidIn[currency] += amount;
        _paidTo[currency][model] += amount;
    }

    /* ON */

    function cascade(uint256 subset, bool childrenFirst, uint256 currency) external {
        Snapshot memory before = _snapshot();
        Currency currency_ = _currency(currency);
        address[] memory models_ = _subset(subset, childrenFirst);
        bool hasNews = false;
        for (uint256 i = 0; i < models_.length; ++i) {
            IRoyaltyLedger.ModelBooks memory books = ledger.booksOf(models_[i], currency_);
            hasNews = hasNews || books.received > books.cascaded;
        }

        ledger.cascade(models_, currency_);

        _finish(Action.Cascade, hasNews, before, 1 << (currency % 2));
    }

    /// @dev Time alone changes nothing. Now and then it stops in the last second of an edge, or in the first one after.
    function wait(uint256 time, uint256 how) external {
        Snapshot memory before = _snapshot();
        uint256 next = block.timestamp + bound(time, 1, 2 days);
        uint256 end = _nextEnd();
        if (how % 3 == 0 && end < next) next = end;
        if (how % 3 == 1 && end < next) next = end + 1;

        vm.warp(next);

        _finish(Action.Wait, true, before, 0);
    }

    /// @dev Retires what has ended of the first such model from one on; of that one itself if there is none.
    function retire(uint256 model) external {
        Snapshot memory before = _snapshot();
        for (uint256 i = 0; i < MODELS && _endedOf(model % MODELS) == 0; ++i) model = (model % MODELS) + 1;
        model %= MODELS;
        uint256 ended = _endedOf(model);
        if (ended > 0) for (uint256 i = 0; i < 2; ++i) _noteClosing(model, _currencies[i], before);

        if (ended == 0) {
            vm.expectRevert(abi.encodeWithSelector(IRoyaltyLedger.NothingToRetire.selector, _models[model]));
        }
        ledger.retire(_models[model]);

        IRoyaltyLedger.Edge[] storage edges = _edges[model];
        for (uint256 i = 0; i < edges.length; ++i) if (_hasEnded(edges[i])) edges[i].rateBps = 0;
        _finish(Action.Retire, ended > 0, before, EVERY_CURRENCY);
    }

    /// @dev What the books come to: all under the old rates, and what flooring left between the parents goes to the
    /// holders.
    function _noteClosing(uint256 model, Currency currency, Snapshot memory before) private {
        uint256 place = Currency.unwrap(currency) == Currency.unwrap(_currencies[0]) ? model : MODELS + model;
        uint256 received = before.books[place].received;
        Closing storage closing = _closings[currency][_models[model]];
        uint256 since = received - closing.received;
        (uint256 remainder, uint256 fee, uint256 distributed) = _split(model, since);
        for (uint256 i = 0; i < _edges[model].length; ++i) {
            uint256 part = _parentPart(model, i, since);
            remainder -= part;
            _passedBefore[currency][_models[model]][_edges[model][i].parent] += part;
        }
        closing.received = received;
        closing.distributed += distributed + remainder;
        closing.fees += fee;
    }

    function _endedOf(uint256 model) private view returns (uint256 count) {
        IRoyaltyLedger.Edge[] storage edges = _edges[model];
        for (uint256 i = 0; i < edges.length; ++i) if (_hasEnded(edges[i])) ++count;
    }

    function _hasEnded(IRoyaltyLedger.Edge storage edge) private view returns (bool) {
        return edge.until > 0 && edge.until < block.timestamp && edge.rateBps > 0;
    }

    /// @dev Returns when the next edge ends; the end of time if none does.
    function _nextEnd() private view returns (uint256 next) {
        next = type(uint256).max;
        for (uint256 i = 0; i < MODELS; ++i) {
            for (uint256 j = 0; j < _edges[i].length; ++j) {
                uint256 until = _edges[i][j].until;
                if (until > block.timestamp && until < next) next = until;
            }
        }
    }

    /* OUT */

    function claim(uint256 person, uint256 subset, uint256 currency, bool toSelf) external {
        address[] memory models_ = _subset(subset, false);
        address holder = _somebodyOwed(person, 4, models_, _currency(currency));

        _claim(Action.Claim, holder, models_, currency, toSelf ? holder : elsewhere);
    }

    function claimFor(uint256 holder, uint256 subset, uint256 currency) external {
        address[] memory models_ = _subset(subset, false);
        address holder_ = _somebodyOwed(holder, 5, models_, _currency(currency));

        _claim(Action.ClaimFor, holder_, models_, currency, holder_);
    }

    function collectFees(uint256 currency) external {
        Snapshot memory before = _snapshot();
        // Fees come slower than calls: the other currency, if this one has none.
        if (ledger.collectableFees(_currency(currency)) == 0) currency = (currency % 2) + 1;
        Currency currency_ = _currency(currency);
        uint256 collectable = ledger.collectableFees(currency_);
        uint256 balance = balanceOf(currency_, treasury);

        if (collectable == 0) {
            vm.expectRevert(abi.encodeWithSelector(IRoyaltyLedger.NothingToCollect.selector, currency_));
        }
        ledger.collectFees(currency_);

        uint256 collected = balanceOf(currency_, treasury) - balance;
        vm.assertEq(collected, collectable, "fees collected");
        feesOut[currency_] += collected;
        paidOut[currency_] += collected;
        _finish(Action.CollectFees, collectable > 0, before, 0);
    }

    function _claim(Action action, address holder, address[] memory models_, uint256 seed, address to) private {
        Snapshot memory before = _snapshot();
        Currency currency = _currency(seed);
        uint256 owed = _owed(holder, models_, currency);
        for (uint256 i = 0; i < models_.length; ++i) {
            _claimed[currency][models_[i]][holder] += ledger.claimable(holder, models_[i], currency);
        }
        uint256 balance = balanceOf(currency, to);

        if (action == Action.Claim) vm.prank(holder);
        if (owed == 0) {
            vm.expectRevert(abi.encodeWithSelector(IRoyaltyLedger.NothingToClaim.selector, holder, currency));
        }
        if (action == Action.Claim) ledger.claim(models_, currency, to);
        else ledger.claimFor(holder, models_, currency);

        uint256 paid = balanceOf(currency, to) - balance;
        vm.assertEq(paid, owed, "claimed");
        paidOut[currency] += paid;
        vm.assertEq(_owed(holder, models_, currency), 0, "claimable after a claim");
        // What was claimed counts as earned, so not even the holder's own figure changes.
        _finish(action, owed > 0, before, 0);
    }

    /// @dev Returns the first of `count` holders, from one on, who can claim something; that one itself if nobody can.
    function _somebodyOwed(
        uint256 from,
        uint256 count,
        address[] memory models_,
        Currency currency
    ) private view returns (address) {
        from %= count;
        for (uint256 i = 0; i < count; ++i) {
            address holder = _holders[(from + i) % count];
            if (_owed(holder, models_, currency) > 0) return holder;
        }

        return _holders[from];
    }

    function _owed(address holder, address[] memory models_, Currency currency) private view returns (uint256 owed) {
        for (uint256 i = 0; i < models_.length; ++i) owed += ledger.claimable(holder, models_[i], currency);
    }
}
