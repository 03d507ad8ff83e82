// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRoyaltyLedger} from "../../contracts/interfaces/IRoyaltyLedger.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";

import {DiamondLedger} from "./DiamondLedger.sol";

/// @dev Calls the ledger as its users do, with what the runner's random numbers say, and keeps totals of its own. After
/// each call it looks whether it was to anybody's cost.
contract LedgerHandler is DiamondLedger {
    enum Action {
        Pay,
        PayMany,
        Cascade,
        Claim,
        ClaimFor,
        TransferShares,
        CollectFees
    }

    /// @dev All that a call could take from somebody: what each holder has earned in each model, claimed or not, and the
    /// books.
    struct Snapshot {
        uint256[] earned;
        IRoyaltyLedger.ModelBooks[] books;
    }

    /// @dev Gets money when a holder claims to another address; holds nothing.
    address public immutable elsewhere = _account("elsewhere");

    mapping(Currency currency => uint256) public paidIn;
    mapping(Currency currency => uint256) public claimedOut;
    mapping(Currency currency => uint256) public feesOut;
    mapping(Currency currency => mapping(address model => uint256)) public paidTo;
    mapping(Currency currency => mapping(address model => mapping(address holder => uint256))) public claimed;

    uint256 public calls;
    /// @dev Calls that did something, of each kind.
    mapping(Action action => uint256) public done;

    /* ACTIONS */

    function pay(uint256 model, uint256 currency, uint256 amount) external {
        Snapshot memory before = _snapshot();
        address model_ = _models[model % 4];
        Currency currency_ = _currencies[currency % 2];
        amount = _amount(amount);

        ledger.pay{value: _fund(currency_, amount)}(model_, currency_, amount, "");

        paidIn[currency_] += amount;
        paidTo[currency_][model_] += amount;
        _finish(Action.Pay, true, before);
    }

    function payMany(uint256[4] calldata models_, uint256 count, uint256 currency, uint256[4] calldata seeds) external {
        Snapshot memory before = _snapshot();
        Currency currency_ = _currencies[currency % 2];
        address[] memory paid = new address[](bound(count, 1, 4));
        uint256[] memory amounts = new uint256[](paid.length);
        uint256 total = 0;
        for (uint256 i = 0; i < paid.length; ++i) {
            // In any order, and a model as often as it comes.
            paid[i] = _models[models_[i] % 4];
            amounts[i] = _amount(seeds[i]);
            total += amounts[i];
            paidTo[currency_][paid[i]] += amounts[i];
        }

        ledger.payMany{value: _fund(currency_, total)}(paid, currency_, amounts, "");

        paidIn[currency_] += total;
        _finish(Action.PayMany, true, before);
    }

    function cascade(uint256 subset, bool childrenFirst, uint256 currency) external {
        Snapshot memory before = _snapshot();
        Currency currency_ = _currencies[currency % 2];
        address[] memory models_ = _subset(subset, childrenFirst);
        bool hasNews = false;
        for (uint256 i = 0; i < models_.length; ++i) {
            IRoyaltyLedger.ModelBooks memory books = ledger.booksOf(models_[i], currency_);
            hasNews = hasNews || books.received > books.cascaded;
        }

        ledger.cascade(models_, currency_);

        _finish(Action.Cascade, hasNews, before);
    }

    function claim(uint256 person, uint256 subset, uint256 currency, bool toSelf) external {
        address[] memory models_ = _subset(subset, false);
        Currency currency_ = _currencies[currency % 2];
        address holder = _somebodyOwed(person, 4, models_, currency_);

        _claim(Action.Claim, holder, models_, currency_, toSelf ? holder : elsewhere);
    }

    function claimFor(uint256 holder, uint256 subset, uint256 currency) external {
        address[] memory models_ = _subset(subset, false);
        Currency currency_ = _currencies[currency % 2];
        address holder_ = _somebodyOwed(holder, 5, models_, currency_);

        _claim(Action.ClaimFor, holder_, models_, currency_, holder_);
    }

    function transferShares(uint256 from, uint256 to, uint256 model, uint256 units) external {
        Snapshot memory before = _snapshot();
        address model_ = _models[model % 4];
        // Somebody has shares: the first one from here on.
        from %= 4;
        while (sharesOf(_holders[from], model_) == 0) from = (from + 1) % 4;
        address from_ = _holders[from];
        address to_ = _holders[to % 4];
        units = bound(units, 1, sharesOf(from_, model_));

        vm.prank(from_);
        ledger.transfer(to_, uint160(model_), units);

        _noteHolder(to_, model_);
        Snapshot memory afterwards = _finish(Action.TransferShares, from_ != to_, before);
        // Nor may anybody gain: money credited before a transfer belongs to the old holder.
        for (uint256 i = 0; i < before.earned.length; ++i) {
            vm.assertEq(afterwards.earned[i], before.earned[i], "a share transfer moved money");
        }
    }

    function collectFees(uint256 currency) external {
        Snapshot memory before = _snapshot();
        // Fees come slower than calls: the other currency, if this one has none.
        if (ledger.collectableFees(_currencies[currency % 2]) == 0) currency = (currency % 2) + 1;
        Currency currency_ = _currencies[currency % 2];
        uint256 collectable = ledger.collectableFees(currency_);
        uint256 balance = balanceOf(currency_, treasury);

        if (collectable == 0) {
            vm.expectRevert(abi.encodeWithSelector(IRoyaltyLedger.NothingToCollect.selector, currency_));
        }
        ledger.collectFees(currency_);

        uint256 collected = balanceOf(currency_, treasury) - balance;
        vm.assertEq(collected, collectable, "fees collected");
        feesOut[currency_] += collected;
        _finish(Action.CollectFees, collectable > 0, before);
    }

    /* INTERNAL */

    function _claim(Action action, address holder, address[] memory models_, Currency currency, address to) private {
        Snapshot memory before = _snapshot();
        uint256 owed = _owed(holder, models_, currency);
        for (uint256 i = 0; i < models_.length; ++i) {
            claimed[currency][models_[i]][holder] += ledger.claimable(holder, models_[i], currency);
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
        claimedOut[currency] += paid;
        vm.assertEq(_owed(holder, models_, currency), 0, "claimable after a claim");
        _finish(action, owed > 0, before);
    }

    /// @dev Counts the call, and checks what no call may do, whoever makes it: lower what anybody can claim, but by
    /// paying it out, or lower any number in the books.
    function _finish(
        Action action,
        bool didSomething,
        Snapshot memory before
    ) private returns (Snapshot memory afterwards) {
        ++calls;
        if (didSomething) ++done[action];

        afterwards = _snapshot();
        for (uint256 i = 0; i < before.earned.length; ++i) {
            vm.assertGe(afterwards.earned[i], before.earned[i], "somebody can claim less");
        }
        for (uint256 i = 0; i < before.books.length; ++i) {
            IRoyaltyLedger.ModelBooks memory books = afterwards.books[i];
            vm.assertGe(books.received, before.books[i].received, "received fell");
            vm.assertGe(books.cascaded, before.books[i].cascaded, "cascaded fell");
            vm.assertGe(books.distributed, before.books[i].distributed, "distributed fell");
            vm.assertLe(books.cascaded, books.received, "more cascaded than received");
        }
    }

    function _snapshot() private view returns (Snapshot memory snapshot) {
        uint256 columns = _currencies.length * _models.length;
        snapshot.earned = new uint256[](columns * _holders.length);
        snapshot.books = new IRoyaltyLedger.ModelBooks[](columns);
        for (uint256 i = 0; i < columns; ++i) {
            Currency currency = _currencies[i / 4];
            address model = _models[i % 4];
            snapshot.books[i] = ledger.booksOf(model, currency);
            for (uint256 j = 0; j < _holders.length; ++j) {
                address holder = _holders[j];
                snapshot.earned[i * _holders.length + j] =
                    ledger.claimable(holder, model, currency) + claimed[currency][model][holder];
            }
        }
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

    /// @dev Returns one model or more, in the order of their ids or the other way round.
    function _subset(uint256 seed, bool isReversed) private view returns (address[] memory subset) {
        uint256 mask = bound(seed, 1, (1 << _models.length) - 1);
        uint256 size = 0;
        for (uint256 i = 0; i < _models.length; ++i) size += (mask >> i) & 1;

        subset = new address[](size);
        uint256 next = 0;
        for (uint256 i = 0; i < _models.length; ++i) {
            if ((mask >> i) & 1 == 0) continue;

            subset[isReversed ? size - 1 - next : next] = _models[i];
            ++next;
        }
    }

    /// @dev Gives this contract what it is about to pay; returns the ETH to send along.
    function _fund(Currency currency, uint256 amount) private returns (uint256 value) {
        if (currency.isEth()) {
            vm.deal(address(this), amount);
            return amount;
        }
        TestToken(Currency.unwrap(currency)).mint(address(this), amount);
    }

    /// @dev A few units, where rounding shows, as often as a fortune.
    function _amount(uint256 seed) private pure returns (uint256) {
        uint8[4] memory bits = [2, 14, 60, 90];

        return bound(seed >> 2, 1, 1 << bits[seed % 4]);
    }
}
