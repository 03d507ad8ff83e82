// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAllocations} from "../../contracts/interfaces/IAllocations.sol";
import {IDeposits} from "../../contracts/interfaces/IDeposits.sol";
import {IRoyaltyLedger} from "../../contracts/interfaces/IRoyaltyLedger.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {RoyaltyLedger} from "../../contracts/royalties/RoyaltyLedger.sol";

import {Test} from "../solidity/Test.sol";

import {ShareTree} from "./ShareTree.sol";
import {TokenPayer} from "./TokenPayer.sol";

/// @dev A ledger with ETH and an ERC-20, and a lineage in the form of a diamond: A; B and C built on A; D built on B and
/// C; and E built on all of them. Most edges end one day. Rates, fee and shares are such that they round wherever they
/// can. Of C and of D some shares are set aside.
abstract contract DiamondLedger is Test {
    uint256 internal constant MODELS = 5;
    uint256 internal constant HOLDERS = 5;
    /// @dev Allocations that have shares at one time, at most.
    uint256 internal constant PLACES = 4;
    uint256 internal constant HOSTINGS = 4;

    RoyaltyLedger public immutable ledger;
    address public immutable treasury = _account("treasury");
    TokenPayer internal immutable _payer = new TokenPayer();

    Currency[] internal _currencies;
    /// @dev A, B, C, D, E: parents before children, and ascending.
    address[] internal _models;
    bytes32[] internal _salts;
    /// @dev The edges as they were agreed; those that were retired have a rate of 0 here too.
    IRoyaltyLedger.Edge[][] internal _edges;
    /// @dev Four people, then the address of model A, which holds shares of D and calls nobody.
    address[] internal _holders;
    /// @dev Allocations; one of which nothing is left makes place for another.
    ShareTree[PLACES] internal _places;
    /// @dev Addresses that hosts share with models, and what the host gets there in basis points.
    IDeposits.Hosting[] internal _hostings;
    address[] internal _deposits;
    uint256[] internal _hostBps;

    mapping(address model => uint256) public holdersEver;
    mapping(address model => mapping(address holder => bool)) private _hasHeld;

    constructor() {
        TestToken token = new TestToken("Test Token", "TEST", 18);
        Currency[] memory listed = new Currency[](1);
        listed[0] = Currency.wrap(address(token));
        ledger = new RoyaltyLedger(treasury, 249, listed);
        token.approve(address(ledger), type(uint256).max);
        _currencies = ledger.currencies();

        _holders = [_account("alice"), _account("bob"), _account("carol"), _account("dave")];
        _openModels();
        address a = _models[0];
        address d = _models[3];
        _holders.push(a);
        vm.prank(_holders[3]);
        ledger.transfer(a, uint160(d), 7);
        _noteHolder(a, d);

        _host(IDeposits.Hosting(a, _account("host"), 3_333), 3_333);
        _host(IDeposits.Hosting(d, _account("host"), 2_999), 2_999);
        _host(IDeposits.Hosting(_models[4], _account("other host"), 9_000), 9_000);
        // More than the model leaves to hosts.
        _host(IDeposits.Hosting(d, _account("other host"), 8_999), 0);
    }

    function currencies() external view returns (Currency[] memory) {
        return _currencies;
    }

    function models() external view returns (address[] memory) {
        return _models;
    }

    function salts() external view returns (bytes32[] memory) {
        return _salts;
    }

    function holders() external view returns (address[] memory) {
        return _holders;
    }

    function hostings() external view returns (IDeposits.Hosting[] memory) {
        return _hostings;
    }

    function places() external view returns (ShareTree[PLACES] memory) {
        return _places;
    }

    function balanceOf(Currency currency, address account) public view returns (uint256) {
        return currency.isEth() ? account.balance : currency.token().balanceOf(account);
    }

    function sharesOf(address holder, address model) public view returns (uint256) {
        return ledger.balanceOf(holder, uint160(model));
    }

    function _noteHolder(address holder, address model) internal {
        if (_hasHeld[model][holder]) return;

        _hasHeld[model][holder] = true;
        ++holdersEver[model];
    }

    /// @dev Returns what an allocation of `units` is made with: for leaves, a steward, or both, as `seed` says.
    function _treeOf(
        uint64 number,
        address model,
        uint32 units,
        uint256 seed
    ) internal view returns (ShareTree memory tree) {
        tree.number = number;
        tree.model = model;
        tree.hasLeaves = seed % 3 != 0;
        if (seed % 3 != 1) tree.steward = _holders[(seed >> 8) % 4];
        tree.reclaimableFrom = uint40(block.timestamp + 1 + ((seed >> 16) % 2 days));
        for (uint256 i = 0; i < 4; ++i) {
            tree.accounts[i] = _holders[(seed >> (32 + 8 * i)) % 4];
            tree.units[i] = i < 3 ? units / 4 : units - 3 * (units / 4);
        }
    }

    function _account(string memory name) internal pure returns (address) {
        return address(uint160(uint256(keccak256(bytes(name)))));
    }

    function _openModels() private {
        // Parent, rate, and the day that ends it; 0: it never ends.
        uint16[3][] memory edges = new uint16[3][](0);
        _open(edges, 0);
        edges = new uint16[3][](1);
        edges[0] = [uint16(0), 1_501, 15];
        _open(edges, 0);
        edges[0] = [uint16(0), 777, 19];
        _open(edges, 1);
        edges = new uint16[3][](2);
        edges[0] = [uint16(1), 2_001, 8];
        edges[1] = [uint16(2), 2_999, 0];
        _open(edges, 2);
        edges = new uint16[3][](4);
        edges[0] = [uint16(0), 1_111, 2];
        edges[1] = [uint16(1), 777, 5];
        edges[2] = [uint16(2), 1_501, 11];
        edges[3] = [uint16(3), 1_611, 22];
        _open(edges, 0);
    }

    function _open(uint16[3][] memory edges, uint256 takers) private {
        // A salt whose id falls into the model's eighth of all ids, so that ids ascend.
        uint256 salt = 0;
        while (uint160(ledger.modelIdOf(address(this), bytes32(salt))) >> 157 != _models.length) ++salt;
        address model = ledger.modelIdOf(address(this), bytes32(salt));

        _edges.push();
        IRoyaltyLedger.Edge[] storage own = _edges[_models.length];
        for (uint256 i = 0; i < edges.length; ++i) {
            uint256 until = edges[i][2] == 0 ? 0 : block.timestamp + uint256(edges[i][2]) * 1 days;
            own.push(IRoyaltyLedger.Edge(_models[edges[i][0]], edges[i][1], uint40(until)));
        }
        uint32[4] memory units = [uint32(1), 333_333, 222_221, 444_445];
        IAllocations.Allocation[] memory allocations = new IAllocations.Allocation[](takers == 0 ? 0 : 1);
        if (takers > 0) {
            units[3] -= 123_457;
            ShareTree memory tree = _treeOf(uint64(takers), model, 123_457, takers | (0x03020100 << 32));
            _places[takers - 1] = tree;
            allocations[0] = tree.toAllocation(address(ledger));
            _noteHolder(address(uint160(takers)), model);
        }
        IRoyaltyLedger.Holding[] memory holdings = new IRoyaltyLedger.Holding[](4);
        for (uint256 i = 0; i < 4; ++i) {
            holdings[i] = IRoyaltyLedger.Holding(_holders[i], units[i]);
            _noteHolder(_holders[i], model);
        }

        ledger.open(bytes32(salt), own, _models.length == 4 ? 9_000 : 3_333, holdings, allocations);

        _models.push(model);
        _salts.push(keccak256(abi.encode(address(this), salt)));
    }

    function _host(IDeposits.Hosting memory hosting, uint256 bps) private {
        _hostings.push(hosting);
        _deposits.push(ledger.depositOf(hosting));
        _hostBps.push(bps);
    }
}
