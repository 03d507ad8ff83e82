// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAllocations} from "../../contracts/interfaces/IAllocations.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";

import {DepositHandler} from "./DepositHandler.sol";
import {Action} from "./HandlerBase.sol";
import {MoneyHandler} from "./MoneyHandler.sol";
import {ShareTree} from "./ShareTree.sol";

/// @dev Calls the ledger as its users do, with what the runner's random numbers say, and keeps totals of its own. After
/// each call it looks whether it was to anybody's cost. Here are the calls by which shares move, from holder to holder,
/// and into allocations and out of them.
contract LedgerHandler is MoneyHandler, DepositHandler {
    /// @dev A leaf of the allocation at a place, and what its account can claim at least once it has its shares.
    struct Leaf {
        uint256 place;
        uint256 index;
        address model;
        address account;
        uint256 units;
        uint256[2] least;
    }

    /// @dev Nobody may gain or lose: money credited before a transfer belongs to the old holder.
    function transferShares(uint256 from, uint256 to, uint256 model, uint256 units) external {
        Snapshot memory before = _snapshot();
        address model_ = _models[model % MODELS];
        address from_ = _holders[_shareholder(from, model_)];
        address to_ = _holders[to % 4];
        units = bound(units, 1, sharesOf(from_, model_));

        vm.prank(from_);
        ledger.transfer(to_, uint160(model_), units);

        _noteHolder(to_, model_);
        _finish(Action.TransferShares, from_ != to_, before, 0);
    }

    /// @dev Everything goes: the giver keeps not even a fraction of a unit.
    function handOver(uint256 from, uint256 to, uint256 model) external {
        Snapshot memory before = _snapshot();
        address model_ = _models[model % MODELS];
        from = _shareholder(from, model_);
        to %= 4;
        if (from == to) to = (to + 1) % 4;
        uint256 units = sharesOf(_holders[from], model_) + sharesOf(_holders[to], model_);

        vm.prank(_holders[from]);
        ledger.handOverPosition(model_, _holders[to]);

        _noteHolder(_holders[to], model_);
        vm.assertEq(sharesOf(_holders[from], model_), 0, "shares kept");
        vm.assertEq(sharesOf(_holders[to], model_), units, "shares taken over");
        for (uint256 i = 0; i < 2; ++i) {
            vm.assertEq(ledger.claimable(_holders[from], model_, _currencies[i]), 0, "money kept");
        }
        _finishMove(Action.HandOver, before, model_, PLACES, _holders[from], _holders[to]);
    }

    /// @dev What the shares earned until now stays their holder's.
    function allocate(uint256 from, uint256 model, uint256 units, uint256 seed) external {
        Snapshot memory before = _snapshot();
        address model_ = _models[model % MODELS];
        address from_ = _holders[_shareholder(from, model_)];
        uint256 place = 0;
        while (place < PLACES && leftIn(place) > 0) ++place;
        uint256 most = _mostToSetAside(from_, model_);
        if (place == PLACES || most == 0) return _finish(Action.Allocate, false, before, 0);
        units = bound(units, 1, most);

        ShareTree memory tree = _treeOf(ledger.allocationCount() + 1, model_, uint32(units), seed);
        vm.prank(from_);
        vm.assertEq(ledger.allocate(model_, tree.toAllocation(address(ledger))), tree.number, "number");

        _places[place] = tree;
        _noteHolder(address(uint160(tree.number)), model_);
        vm.assertEq(leftIn(place), units, "shares set aside");
        _finish(Action.Allocate, true, before, 0);
    }

    /// @dev Anyone gives a leaf's account its shares, with what they earned since they were set aside.
    function claimShares(uint256 place, uint256 index) external {
        Snapshot memory before = _snapshot();
        Leaf memory leaf = _openLeaf(place, index);
        if (leaf.place == PLACES) return _finish(Action.ClaimShares, false, before, 0);
        _reckon(leaf);

        _take(_places[leaf.place], leaf);

        _noteHolder(leaf.account, leaf.model);
        _checkLeaf(leaf);
        _finishMove(Action.ClaimShares, before, leaf.model, leaf.place, address(0), leaf.account);
    }

    /// @dev A steward takes what is left; not a second before its time, which comes by waiting.
    function reclaimShares(uint256 place, uint256 to) external {
        Snapshot memory before = _snapshot();
        place %= PLACES;
        for (uint256 i = 0; i < PLACES && !_hasSteward(place); ++i) place = (place + 1) % PLACES;
        if (!_hasSteward(place)) return _finish(Action.ReclaimShares, false, before, 0);
        ShareTree memory tree = _places[place];
        address to_ = _holders[to % 4];
        uint256 units = leftIn(place) + sharesOf(to_, tree.model);
        if (block.timestamp < tree.reclaimableFrom) _awaitSteward(tree);

        vm.prank(tree.steward);
        ledger.reclaimShares(tree.model, tree.number, to_);

        _noteHolder(to_, tree.model);
        vm.assertEq(leftIn(place), 0, "shares left");
        vm.assertEq(sharesOf(to_, tree.model), units, "shares taken");
        _finishMove(Action.ReclaimShares, before, tree.model, place, address(0), to_);
    }

    function _awaitSteward(ShareTree memory tree) private {
        vm.warp(tree.reclaimableFrom - 1);
        bytes4 error = IAllocations.AllocationNotExpired.selector;
        vm.prank(tree.steward);
        vm.expectRevert(abi.encodeWithSelector(error, tree.number, tree.reclaimableFrom));
        ledger.reclaimShares(tree.model, tree.number, tree.steward);
        vm.warp(tree.reclaimableFrom);
    }

    /// @dev Notes what the leaf's account can claim at least, once it has the leaf's part of what was earned.
    function _reckon(Leaf memory leaf) private view {
        for (uint256 i = 0; i < 2; ++i) {
            leaf.least[i] =
                ledger.claimable(leaf.account, leaf.model, _currencies[i]) +
                _earnedByUnits(leaf.place, leaf.units, _currencies[i]);
        }
    }

    function _take(ShareTree memory tree, Leaf memory leaf) private {
        bytes32[] memory proof = tree.proof(address(ledger), leaf.index);
        ledger.claimShares(leaf.model, tree.number, leaf.index, leaf.account, leaf.units, proof);
    }

    function _checkLeaf(Leaf memory leaf) private view {
        for (uint256 i = 0; i < 2; ++i) {
            uint256 has = ledger.claimable(leaf.account, leaf.model, _currencies[i]);
            vm.assertLe(leaf.least[i], has, "the leaf brought less");
            // Fractions can make a unit, and the part was rounded down twice.
            vm.assertLe(has, leaf.least[i] + 2, "the leaf brought more");
        }
    }

    /// @dev Returns the first leaf from one on that can be claimed; of no place if there is none.
    function _openLeaf(uint256 place, uint256 index) private view returns (Leaf memory leaf) {
        for (uint256 i = 0; i < 4 * PLACES; ++i) {
            leaf.place = ((place % PLACES) + i / 4) % PLACES;
            leaf.index = ((index % 4) + i) % 4;
            ShareTree storage tree = _places[leaf.place];
            if (!_isOpen(tree) || ledger.isShareClaimed(tree.number, leaf.index)) continue;

            leaf.model = tree.model;
            leaf.account = tree.accounts[leaf.index];
            leaf.units = tree.units[leaf.index];
            return leaf;
        }

        leaf.place = PLACES;
    }

    function _isOpen(ShareTree storage tree) private view returns (bool) {
        return tree.hasLeaves && (tree.steward == address(0) || block.timestamp < tree.reclaimableFrom);
    }

    function _hasSteward(uint256 place) private view returns (bool) {
        return _places[place].steward != address(0) && leftIn(place) > 0;
    }

    /// @dev Returns the part of some shares in what all that are left have earned, rounded down twice.
    function _earnedByUnits(uint256 place, uint256 units, Currency currency) private view returns (uint256) {
        // Leaves of nothing can be left when all shares were taken.
        return units == 0 ? 0 : (earnedBy(place, currency) * units) / leftIn(place);
    }

    /// @dev Returns all shares of a person; all but one if nobody else has any, so that somebody always has.
    function _mostToSetAside(address person, address model) private view returns (uint256 most) {
        uint256 others = 0;
        for (uint256 i = 0; i < 4; ++i) others += sharesOf(_holders[i], model);
        most = sharesOf(person, model);
        others -= most;
        if (others == 0) --most;
    }

    /// @dev Returns the first person from one on who has shares.
    function _shareholder(uint256 from, address model) private view returns (uint256) {
        from %= 4;
        while (sharesOf(_holders[from], model) == 0) from = (from + 1) % 4;

        return from;
    }
}
