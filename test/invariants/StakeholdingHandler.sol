// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {Stakeholding} from "../../contracts/governance/Stakeholding.sol";
import {WealToken} from "../../contracts/governance/WealToken.sol";
import {IAllocations} from "../../contracts/interfaces/IAllocations.sol";
import {IRoyaltyLedger} from "../../contracts/interfaces/IRoyaltyLedger.sol";
import {IStakeholding} from "../../contracts/interfaces/IStakeholding.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";

import {DiamondLedger} from "./DiamondLedger.sol";

/// @dev Calls Stakeholding, and the ledger whose fees it counts, with what the runner's random numbers say, and keeps
/// totals of its own. Two currencies bring fees: the rate of ETH stays as it is, the test token's changes. WEAL is the
/// third, and brings none that count.
contract StakeholdingHandler is DiamondLedger {
    /// @dev The kinds of calls.
    enum Action {
        Pay,
        Cascade,
        Award,
        SetRate,
        SetEpochCap,
        Wait,
        Retire,
        Claim,
        CollectFees,
        OpenChild,
        FillReserve
    }

    /// @dev Of one model in one currency, by formulas of the handler's own.
    struct Fees {
        uint256 charged;
        /// @dev When an edge was last retired: what had been received, and charged.
        uint256 closedAt;
        uint256 chargedThen;
        /// @dev The most that Stakeholding ever said.
        uint256 mostSeen;
    }

    uint256 public constant RESERVE = 100_000e18;
    /// @dev Six units of ETH's smallest earn a little more than four of WEAL's.
    uint128 public constant ETH_RATE = 666_666_666_666_666_667;
    uint256 private constant MAX_MODELS = 8;
    uint256 private constant EPOCH = 30 days;

    WealToken public immutable weal;
    Stakeholding public immutable stakeholding;
    Currency public immutable wealCurrency;

    uint256 public calls;
    /// @dev Calls that did something, of each kind.
    mapping(Action action => uint256) public done;

    uint256 public sentToReserve;
    uint256 public paid;
    mapping(Currency currency => uint256) public paidFor;
    mapping(uint256 epoch => uint256) public paidIn;
    mapping(uint256 epoch => uint256) public largestCapIn;
    /// @dev Fees times the rate at which they were counted.
    mapping(Currency currency => uint256) public earned;
    mapping(Currency currency => uint256) public highestRate;
    /// @dev All that the ledger charged.
    mapping(Currency currency => uint256) public charged;
    mapping(Currency currency => uint256) public feesOut;
    uint256 public wealIn;
    uint256 public wealOut;
    mapping(Currency currency => mapping(address model => Fees)) private _fees;

    constructor() {
        WealToken.Genesis[] memory genesis = new WealToken.Genesis[](1);
        genesis[0] = WealToken.Genesis(address(this), 1_000_000_000e18);
        weal = new WealToken(genesis);
        wealCurrency = Currency.wrap(address(weal));
        stakeholding = new Stakeholding(treasury, weal, ledger, 1_000e18);
        weal.transfer(address(stakeholding), RESERVE);
        weal.approve(address(ledger), type(uint256).max);

        vm.prank(treasury);
        ledger.addCurrency(wealCurrency);
        _currencies.push(wealCurrency);
        _setRate(_currencies[0], ETH_RATE);
        _setRate(_currencies[1], 1e24);
        _noteCap();
    }

    /* CALLS */

    function pay(uint256 model, uint256 currency, uint256 amount) external {
        Currency currency_ = _currencies[currency % 3];
        amount = _amount(amount);
        bool isWeal = Currency.unwrap(currency_) == address(weal);
        if (isWeal) amount = Math.min(amount, weal.balanceOf(address(this)));
        if (amount == 0) return _finish(Action.Pay, false);
        if (currency_.isEth()) vm.deal(address(this), amount);
        else if (!isWeal) TestToken(Currency.unwrap(currency_)).mint(address(this), amount);

        ledger.pay{value: currency_.isEth() ? amount : 0}(_model(model), currency_, amount, "");

        if (isWeal) wealIn += amount;
        _finish(Action.Pay, true);
    }

    function cascade(uint256 list, uint256 currency) external {
        Currency currency_ = _currencies[currency % 3];
        address[] memory models_ = _list(list);

        ledger.cascade(models_, currency_);

        _lookAt(models_, currency_);
        _finish(Action.Cascade, true);
    }

    /// @dev Anyone, for any list: in any order, and a model as often as it comes. Where an epoch has nothing left, as a
    /// rule in the first second of the next one.
    function award(uint256 list, uint256 currency, uint256 caller) external {
        Currency currency_ = _currencies[currency % 2];
        if (stakeholding.available() == 0 && caller % 4 > 0) {
            vm.warp((block.timestamp / EPOCH + 1) * EPOCH);
            _noteCap();
        }
        address[] memory models_ = _list(list);
        uint256 rate = stakeholding.rateOf(currency_);
        uint256 available = stakeholding.available();
        (uint256 counted, uint256 received) = _sums(currency_);
        uint256 reserve = weal.balanceOf(address(stakeholding));

        vm.prank(address(uint160(bound(caller, 1, type(uint160).max))));
        if (rate == 0) vm.expectRevert(abi.encodeWithSelector(IStakeholding.RateZero.selector, currency_));
        uint256 amount = stakeholding.award(models_, currency_);
        if (rate == 0) return _finish(Action.Award, false);

        (uint256 countedNow, uint256 receivedNow) = _sums(currency_);
        vm.assertEq(reserve - weal.balanceOf(address(stakeholding)), amount, "WEAL paid");
        vm.assertEq(receivedNow - received, amount, "WEAL that models received");
        vm.assertEq(available - stakeholding.available(), amount, "what is still available");
        paid += amount;
        paidFor[currency_] += amount;
        paidIn[block.timestamp / EPOCH] += amount;
        wealIn += amount;
        earned[currency_] += (countedNow - counted) * rate;
        _lookAt(models_, currency_);
        _finish(Action.Award, countedNow > counted);
    }

    /// @dev From nothing, by fractions of a unit of WEAL for a unit of fees, to a million units.
    function setRate(uint256 rate) external {
        uint8[4] memory bits = [58, 60, 66, 80];
        _setRate(_currencies[1], rate % 8 == 0 ? 0 : uint128(bound(rate >> 3, 1, 1 << bits[rate % 4])));

        _finish(Action.SetRate, true);
    }

    /// @dev From nothing to more than there is.
    function setEpochCap(uint256 cap) external {
        uint8[4] memory bits = [3, 56, 66, 88];

        vm.prank(treasury);
        stakeholding.setEpochCap(uint128(bound(cap >> 2, 0, 1 << bits[cap % 4])));

        _noteCap();
        _finish(Action.SetEpochCap, true);
    }

    function wait(uint256 time) external {
        vm.warp(block.timestamp + bound(time, 1, 3 days));

        _noteCap();
        _finish(Action.Wait, true);
    }

    /// @dev Retires what has ended of the first such model from one on; of that one itself if there is none.
    function retire(uint256 model) external {
        for (uint256 i = 0; i < _models.length && !_hasEnded(model % _models.length); ++i) {
            model = (model % _models.length) + 1;
        }
        model %= _models.length;
        address model_ = _models[model];
        bool hasEnded = _hasEnded(model);
        if (!hasEnded) vm.expectRevert(abi.encodeWithSelector(IRoyaltyLedger.NothingToRetire.selector, model_));
        for (uint256 i = 0; i < _currencies.length && hasEnded; ++i) _noteClosing(model, _currencies[i]);

        ledger.retire(model_);

        IRoyaltyLedger.Edge[] storage edges = _edges[model];
        for (uint256 i = 0; i < edges.length; ++i) if (_isOver(edges[i])) edges[i].rateBps = 0;
        for (uint256 i = 0; i < _currencies.length; ++i) _lookAt(model, _currencies[i]);
        _finish(Action.Retire, hasEnded);
    }

    /// @dev Before edges are retired: what the books will have come to, since retiring cascades first.
    function _noteClosing(uint256 model, Currency currency) private {
        Fees storage fees = _fees[currency][_models[model]];
        uint256 received = ledger.booksOf(_models[model], currency).received;
        fees.chargedThen += _feeOf(model, received - fees.closedAt);
        fees.closedAt = received;
    }

    /// @dev Takes WEAL out of the ledger for the first holder from one on who is owed some in a model.
    function claim(uint256 holder, uint256 model) external {
        address[] memory one = new address[](1);
        one[0] = _model(model);
        holder %= HOLDERS;
        for (uint256 i = 0; i < HOLDERS && _owed(holder, one[0]) == 0; ++i) holder = (holder + 1) % HOLDERS;
        uint256 owed = _owed(holder, one[0]);
        address holder_ = _holders[holder];
        uint256 balance = weal.balanceOf(holder_);

        if (owed == 0) {
            vm.expectRevert(abi.encodeWithSelector(IRoyaltyLedger.NothingToClaim.selector, holder_, wealCurrency));
        }
        ledger.claimFor(holder_, one, wealCurrency);

        vm.assertEq(weal.balanceOf(holder_) - balance, owed, "WEAL claimed");
        wealOut += owed;
        _finish(Action.Claim, owed > 0);
    }

    function collectFees(uint256 currency) external {
        Currency currency_ = _currencies[currency % 3];
        uint256 fees = ledger.collectableFees(currency_);

        if (fees == 0) vm.expectRevert(abi.encodeWithSelector(IRoyaltyLedger.NothingToCollect.selector, currency_));
        ledger.collectFees(currency_);

        feesOut[currency_] += fees;
        if (Currency.unwrap(currency_) == address(weal)) wealOut += fees;
        _finish(Action.CollectFees, fees > 0);
    }

    /// @dev Opens a model with two parents, of which one edge at least ends some day.
    function openChild(uint256 first, uint256 second, uint256 rates) external {
        first %= _models.length;
        second %= _models.length;
        if (_models.length == MAX_MODELS || first == second) return _finish(Action.OpenChild, false);
        if (uint160(_models[first]) > uint160(_models[second])) (first, second) = (second, first);

        bytes32 salt = bytes32(type(uint256).max - _models.length);
        _edges.push();
        IRoyaltyLedger.Edge[] storage edges = _edges[_models.length];
        uint40 end = uint40(block.timestamp + 1 + (rates % 20 days));
        edges.push(IRoyaltyLedger.Edge(_models[first], uint16(1 + ((rates >> 32) % 2_500)), end));
        edges.push(
            IRoyaltyLedger.Edge(_models[second], uint16(1 + ((rates >> 64) % 2_500)), rates >> 255 == 0 ? 0 : end + 1)
        );
        IRoyaltyLedger.Holding[] memory holdings = new IRoyaltyLedger.Holding[](2);
        holdings[0] = IRoyaltyLedger.Holding(_holders[0], 333_333);
        holdings[1] = IRoyaltyLedger.Holding(_holders[1], 666_667);

        _models.push(ledger.open(salt, edges, 0, holdings, new IAllocations.Allocation[](0)));

        _finish(Action.OpenChild, true);
    }

    /// @dev From a few units to as much as there was.
    function fillReserve(uint256 amount) external {
        amount = Math.min(_amount(amount) << (amount % 17), weal.balanceOf(address(this)));

        sentToReserve += amount;
        weal.transfer(address(stakeholding), amount);

        _finish(Action.FillReserve, amount > 0);
    }

    /* CHECKS */

    /// @dev At any time; what the last call was about was looked at already.
    function look(uint256 model, uint256 currency) external {
        _lookAt(model % _models.length, _currencies[currency % 3]);
    }

    /// @dev What counts as a model's fees is what the ledger charged: exactly, until the model retires an edge, and from
    /// then on up to 23 units less. No more was ever counted than could be seen.
    function _lookAt(uint256 model, Currency currency) private {
        address model_ = _models[model];
        Fees storage fees = _fees[currency][model_];
        uint256 cascaded = ledger.booksOf(model_, currency).cascaded - fees.closedAt;
        uint256 trueFees = fees.chargedThen + _feeOf(model, cascaded);
        uint256 seen = stakeholding.feesOf(model_, currency);

        charged[currency] += trueFees - fees.charged;
        fees.charged = trueFees;
        fees.mostSeen = Math.max(fees.mostSeen, seen);

        vm.assertLe(seen, trueFees, "more fees than were charged");
        vm.assertLe(trueFees, seen + (fees.closedAt == 0 ? 0 : 23), "fewer fees than were charged");
        vm.assertLe(fees.mostSeen, trueFees, "once there were more fees than were charged");
        vm.assertLe(stakeholding.countedFeesOf(model_, currency), fees.mostSeen, "counted more than there was");
    }

    /* INTERNAL */

    function _finish(Action action, bool didSomething) private {
        ++calls;
        if (didSomething) ++done[action];
    }

    /// @dev Looks at each model's fees where they may have changed.
    function _lookAt(address[] memory models_, Currency currency) private {
        for (uint256 i = 0; i < models_.length; ++i) _lookAt(_indexOf(models_[i]), currency);
    }

    /// @dev To be called whenever the cap, or the epoch, may have changed.
    function _noteCap() private {
        uint256 epoch = block.timestamp / EPOCH;
        largestCapIn[epoch] = Math.max(largestCapIn[epoch], stakeholding.epochCap());
    }

    function _setRate(Currency currency, uint128 rate) private {
        vm.prank(treasury);
        stakeholding.setRate(currency, rate);

        highestRate[currency] = Math.max(highestRate[currency], rate);
    }

    /// @dev Returns what was counted of all models in a currency, and the WEAL that they ever received.
    function _sums(Currency currency) private view returns (uint256 counted, uint256 received) {
        for (uint256 i = 0; i < _models.length; ++i) {
            counted += stakeholding.countedFeesOf(_models[i], currency);
            received += ledger.booksOf(_models[i], wealCurrency).received;
        }
    }

    function _feeOf(uint256 model, uint256 received) private view returns (uint256) {
        uint256 rate = 0;
        IRoyaltyLedger.Edge[] storage edges = _edges[model];
        for (uint256 i = 0; i < edges.length; ++i) rate += edges[i].rateBps;

        return ((received - (received * rate) / 10_000) * 249) / 10_000;
    }

    function _hasEnded(uint256 model) private view returns (bool hasEnded) {
        IRoyaltyLedger.Edge[] storage edges = _edges[model];
        for (uint256 i = 0; i < edges.length; ++i) hasEnded = hasEnded || _isOver(edges[i]);
    }

    function _isOver(IRoyaltyLedger.Edge storage edge) private view returns (bool) {
        return edge.until > 0 && edge.until < block.timestamp && edge.rateBps > 0;
    }

    function _owed(uint256 holder, address model) private view returns (uint256) {
        return ledger.claimable(_holders[holder], model, wealCurrency);
    }

    function _indexOf(address model) private view returns (uint256 index) {
        while (_models[index] != model) ++index;
    }

    function _model(uint256 seed) private view returns (address) {
        return _models[seed % _models.length];
    }

    /// @dev Returns up to seven models, in any order, some twice; now and then none.
    function _list(uint256 seed) private view returns (address[] memory list) {
        list = new address[](seed % 8);
        for (uint256 i = 0; i < list.length; ++i) list[i] = _model(seed >> (8 + 8 * i));
    }

    /// @dev A few units, where rounding shows, as often as a fortune.
    function _amount(uint256 seed) private pure returns (uint256) {
        uint8[4] memory bits = [4, 14, 40, 60];

        return bound(seed >> 2, 1, 1 << bits[seed % 4]);
    }
}
