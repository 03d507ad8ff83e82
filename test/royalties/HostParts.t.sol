// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAllocations} from "../../contracts/interfaces/IAllocations.sol";
import {IDeposits} from "../../contracts/interfaces/IDeposits.sol";
import {IRoyaltyLedger} from "../../contracts/interfaces/IRoyaltyLedger.sol";
import {Currency, CurrencyLibrary} from "../../contracts/libraries/Currency.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {RoyaltyLedger} from "../../contracts/royalties/RoyaltyLedger.sol";

import {Test} from "../solidity/Test.sol";

/// @dev What a host and a model have of an address does not depend on how often it is swept.
contract HostPartsTest is Test {
    uint256 private constant PIECES = 10_000;

    TestToken private _token;
    RoyaltyLedger private _ledger;
    Currency private _tokenCurrency;
    Currency[] private _currencies;

    function setUp() external {
        _token = new TestToken("Test USD Coin", "USDC", 6);
        _tokenCurrency = Currency.wrap(address(_token));
        _currencies.push(_tokenCurrency);
        _ledger = new RoyaltyLedger(address(this), 100, _currencies);
    }

    function test_tenThousandSweepsOfOneUnitAreOneOfTenThousand_ETH() external {
        _compareUnits(CurrencyLibrary.ETH, 2_500, 2_500);
    }

    function test_tenThousandSweepsOfOneUnitAreOneOfTenThousand_token() external {
        _compareUnits(_tokenCurrency, 3_333, 3_333);
    }

    function test_tenThousandSweepsOfOneUnitAreOneOfTenThousand_largestPart() external {
        _compareUnits(_tokenCurrency, 9_000, 9_000);
    }

    /// The same for any part, and for pieces of any size: also when the host claims in between.
    function testFuzz_piecesAreTheWhole(uint256 hostBps, uint96[8] calldata pieces, uint8 claims) external {
        hostBps = bound(hostBps, 0, 9_000);
        (IDeposits.Hosting memory inPieces, IDeposits.Hosting memory whole) = _hostings(hostBps);
        uint256 total = 0;
        uint256 claimed = 0;
        for (uint256 i = 0; i < pieces.length; ++i) {
            total += pieces[i];
            _sweep(inPieces, _tokenCurrency, pieces[i]);
            bool claims_ = (claims >> i) & 1 == 1 && _ledger.claimableByHost(inPieces, _tokenCurrency) > 0;
            if (claims_) claimed += _ledger.claimHostPart(_one(inPieces), _tokenCurrency, inPieces.host);
        }
        _sweep(whole, _tokenCurrency, total);

        uint256 expected = (total * hostBps) / 10_000;
        vm.assertEq(claimed + _ledger.claimableByHost(inPieces, _tokenCurrency), expected, "host, in pieces");
        vm.assertEq(_ledger.claimableByHost(whole, _tokenCurrency), expected, "host, whole");
        vm.assertEq(_receivedBy(inPieces.model, _tokenCurrency), total - expected, "model, in pieces");
        vm.assertEq(_receivedBy(whole.model, _tokenCurrency), total - expected, "model, whole");
    }

    /// Of 10,000 units the host has as many as its part has basis points.
    function _compareUnits(Currency currency, uint256 hostBps, uint256 expected) private {
        (IDeposits.Hosting memory inPieces, IDeposits.Hosting memory whole) = _hostings(hostBps);
        for (uint256 i = 1; i <= PIECES; ++i) {
            _sweep(inPieces, currency, 1);
            // At each step, so that a failure is short: the runner has little memory for the trace of all.
            uint256 hostPart = (i * hostBps) / 10_000;
            vm.assertEq(_ledger.claimableByHost(inPieces, currency), hostPart, "host, so far");
            vm.assertEq(_receivedBy(inPieces.model, currency), i - hostPart, "model, so far");
        }
        _sweep(whole, currency, PIECES);

        vm.assertEq(_ledger.claimableByHost(inPieces, currency), expected, "host, in pieces");
        vm.assertEq(_ledger.claimableByHost(whole, currency), expected, "host, whole");
        vm.assertEq(_receivedBy(inPieces.model, currency), PIECES - expected, "model, in pieces");
        vm.assertEq(_receivedBy(whole.model, currency), PIECES - expected, "model, whole");
        vm.assertEq(currency.balanceOf(address(_ledger)), 2 * PIECES, "balance");
    }

    /// Two models of their own, each with the same host.
    function _hostings(uint256 hostBps) private returns (IDeposits.Hosting memory, IDeposits.Hosting memory) {
        address host = address(uint160(uint256(keccak256("host"))));

        return (
            IDeposits.Hosting({model: _open("pieces"), host: host, hostBps: uint16(hostBps)}),
            IDeposits.Hosting({model: _open("whole"), host: host, hostBps: uint16(hostBps)})
        );
    }

    function _open(bytes32 salt) private returns (address) {
        IRoyaltyLedger.Holding[] memory holdings = new IRoyaltyLedger.Holding[](1);
        holdings[0] = IRoyaltyLedger.Holding({holder: address(this), units: 1_000_000});

        return _ledger.open(salt, new IRoyaltyLedger.Edge[](0), 9_000, holdings, new IAllocations.Allocation[](0));
    }

    /// Sends some units to an address, and sweeps it.
    function _sweep(IDeposits.Hosting memory hosting, Currency currency, uint256 amount) private {
        address deposit = _ledger.depositOf(hosting);
        if (currency.isEth()) vm.deal(deposit, amount);
        else _token.mint(deposit, amount);

        Currency[] memory currencies = new Currency[](1);
        currencies[0] = currency;
        _ledger.sweepHosted(_one(hosting), currencies);

        vm.assertEq(currency.balanceOf(deposit), 0, "left behind");
    }

    function _receivedBy(address model, Currency currency) private view returns (uint256) {
        return _ledger.booksOf(model, currency).received;
    }

    function _one(IDeposits.Hosting memory hosting) private pure returns (IDeposits.Hosting[] memory hostings) {
        hostings = new IDeposits.Hosting[](1);
        hostings[0] = hosting;
    }
}
