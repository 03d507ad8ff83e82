// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRoyaltyLedger} from "../../contracts/interfaces/IRoyaltyLedger.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {RoyaltyLedger} from "../../contracts/royalties/RoyaltyLedger.sol";

import {Test} from "../solidity/Test.sol";

/// @dev A ledger with ETH and an ERC-20, and a lineage in the form of a diamond: A; B and C built on A; D built on B and
/// C. Rates, fee and shares are such that they round wherever they can.
abstract contract DiamondLedger is Test {
    RoyaltyLedger public immutable ledger;
    address public immutable treasury = _account("treasury");

    Currency[] internal _currencies;
    /// @dev A, B, C, D: parents before children, and ascending.
    address[] internal _models;
    /// @dev Four people, then the address of model A, which holds shares of D and calls nobody.
    address[] internal _holders;

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
        address a = _open(new IRoyaltyLedger.Edge[](0));
        IRoyaltyLedger.Edge[] memory onA = new IRoyaltyLedger.Edge[](1);
        onA[0] = IRoyaltyLedger.Edge(a, 1_501);
        address b = _open(onA);
        onA[0].rateBps = 777;
        address c = _open(onA);
        IRoyaltyLedger.Edge[] memory onBoth = new IRoyaltyLedger.Edge[](2);
        onBoth[0] = IRoyaltyLedger.Edge(b, 2_001);
        onBoth[1] = IRoyaltyLedger.Edge(c, 2_999);
        address d = _open(onBoth);

        _holders.push(a);
        vm.prank(_holders[3]);
        ledger.transfer(a, uint160(d), 7);
        _noteHolder(a, d);
    }

    function currencies() external view returns (Currency[] memory) {
        return _currencies;
    }

    function models() external view returns (address[] memory) {
        return _models;
    }

    function holders() external view returns (address[] memory) {
        return _holders;
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

    function _account(string memory name) internal pure returns (address) {
        return address(uint160(uint256(keccak256(bytes(name)))));
    }

    function _open(IRoyaltyLedger.Edge[] memory edges) private returns (address model) {
        uint32[4] memory units = [uint32(1), 333_333, 222_221, 444_445];
        IRoyaltyLedger.Holding[] memory holdings = new IRoyaltyLedger.Holding[](4);
        for (uint256 i = 0; i < 4; ++i) holdings[i] = IRoyaltyLedger.Holding(_holders[i], units[i]);

        // A salt whose id falls into the model's quarter of all ids, so that ids ascend.
        uint256 salt = 0;
        while (uint160(ledger.modelIdOf(address(this), bytes32(salt))) >> 158 != _models.length) ++salt;

        model = ledger.open(bytes32(salt), edges, 0, holdings);

        _models.push(model);
        for (uint256 i = 0; i < 4; ++i) _noteHolder(_holders[i], model);
    }
}
