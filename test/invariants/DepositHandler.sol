// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IDeposits} from "../../contracts/interfaces/IDeposits.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";

import {Action, HandlerBase} from "./HandlerBase.sol";

/// @dev Money that comes to models' and hosts' addresses without a call of the ledger, and what is made of it.
abstract contract DepositHandler is HandlerBase {
    /// @dev Sends money to one model's address, and sweeps it with others, in one currency or both.
    function sweep(uint256 model, uint256 currency, uint256 amount, uint256 subset, bool both) external {
        Snapshot memory before = _snapshot();
        _send(_currency(currency), _models[model % MODELS], _amount(amount));
        subset = (subset % (1 << MODELS)) | (1 << (model % MODELS));
        bytes32[] memory salts = new bytes32[](MODELS);
        for (uint256 i = 0; i < MODELS; ++i) if ((subset >> i) & 1 == 1) salts[i] = _salts[i];
        Currency[] memory currencies_ = _choose(currency, both);
        uint256 found = 0;
        for (uint256 i = 0; i < MODELS * currencies_.length; ++i) {
            address model_ = _models[i % MODELS];
            if ((subset >> (i % MODELS)) & 1 == 0) continue;
            uint256 waits = balanceOf(currencies_[i / MODELS], model_);
            found += waits;
            paidIn[currencies_[i / MODELS]] += waits;
            _paidTo[currencies_[i / MODELS]][model_] += waits;
        }

        // Salts that are nobody's are passed over.
        ledger.sweep(salts, currencies_);

        _finish(Action.Sweep, found > 0, before, both ? EVERY_CURRENCY : 1 << (currency % 2));
    }

    /// @dev The same at hosts' addresses.
    function sweepHosted(uint256 hosting, uint256 currency, uint256 amount, uint256 subset, bool both) external {
        Snapshot memory before = _snapshot();
        _send(_currency(currency), _deposits[hosting % HOSTINGS], _amount(amount));
        uint256[] memory chosen = _some(subset, hosting % HOSTINGS);
        Currency[] memory currencies_ = _choose(currency, both);
        uint256 found = 0;
        for (uint256 i = 0; i < currencies_.length; ++i) {
            for (uint256 j = 0; j < chosen.length; ++j) found += _noteSweep(chosen[j], currencies_[i]);
        }

        ledger.sweepHosted(_hostingsOf(chosen), currencies_);

        _finish(Action.SweepHosted, found > 0, before, both ? EVERY_CURRENCY : 1 << (currency % 2));
    }

    /// @dev A host claims to another address, or somebody has its part sent to it.
    function claimHostPart(uint256 host, uint256 currency, bool byHost) external {
        Snapshot memory before = _snapshot();
        // Of two hosts and two currencies the first pair from one on where something is owed, or the last looked at.
        IDeposits.Hosting[] memory hostings_ = _hostingsOfHost(host);
        for (uint256 i = 0; i < 3 && _owedAt(hostings_, _currency(currency)) == 0; ++i) {
            if (i == 1) currency = (currency % 2) + 1;
            else hostings_ = _hostingsOfHost(host = (host % 2) + 1);
        }
        Currency currency_ = _currency(currency);
        address host_ = hostings_[0].host;
        address to = byHost ? _account("host's purse") : host_;
        uint256 owed = 0;
        for (uint256 i = 0; i < 2; ++i) {
            uint256 part = ledger.claimableByHost(hostings_[i], currency_);
            _claimedFrom[currency_][ledger.depositOf(hostings_[i])] += part;
            owed += part;
        }
        uint256 balance = balanceOf(currency_, to);

        if (byHost) vm.prank(host_);
        if (owed == 0) vm.expectRevert(abi.encodeWithSelector(IDeposits.NothingToClaimAsHost.selector, currency_));
        ledger.claimHostPart(hostings_, currency_, to);

        vm.assertEq(balanceOf(currency_, to) - balance, owed, "host's part");
        paidOut[currency_] += owed;
        _finish(Action.ClaimHostPart, owed > 0, before, 0);
    }

    function _owedAt(IDeposits.Hosting[] memory hostings_, Currency currency) private view returns (uint256 owed) {
        for (uint256 i = 0; i < hostings_.length; ++i) owed += ledger.claimableByHost(hostings_[i], currency);
    }

    /// @dev One host has the first two addresses, the other the last two.
    function _hostingsOfHost(uint256 host) private view returns (IDeposits.Hosting[] memory) {
        uint256[] memory chosen = new uint256[](2);
        (chosen[0], chosen[1]) = host % 2 == 0 ? (uint256(0), uint256(1)) : (uint256(2), uint256(3));

        return _hostingsOf(chosen);
    }

    /// @dev Of all that was ever swept there the host has its part, rounded down, and the model the rest.
    function _noteSweep(uint256 hosting, Currency currency) private returns (uint256 waits) {
        address deposit = _deposits[hosting];
        waits = balanceOf(currency, deposit);
        uint256 swept = _sweptFrom[currency][deposit];
        uint256 part = _hostPart(hosting, swept + waits) - _hostPart(hosting, swept);
        _sweptFrom[currency][deposit] = swept + waits;
        paidIn[currency] += waits;
        _paidTo[currency][_hostings[hosting].model] += waits - part;
    }

    /// @dev Returns one hosting, and others or none.
    function _some(uint256 seed, uint256 one) private pure returns (uint256[] memory some) {
        uint256 mask = (seed % (1 << HOSTINGS)) | (1 << one);
        uint256 size = 0;
        for (uint256 i = 0; i < HOSTINGS; ++i) size += (mask >> i) & 1;

        some = new uint256[](size);
        for (uint256 i = HOSTINGS; size > 0; --i) if ((mask >> (i - 1)) & 1 == 1) some[--size] = i - 1;
    }

    function _hostingsOf(uint256[] memory chosen) private view returns (IDeposits.Hosting[] memory hostings_) {
        hostings_ = new IDeposits.Hosting[](chosen.length);
        for (uint256 i = 0; i < chosen.length; ++i) hostings_[i] = _hostings[chosen[i]];
    }

    function _choose(uint256 currency, bool both) private view returns (Currency[] memory chosen) {
        if (both) return _currencies;

        chosen = new Currency[](1);
        chosen[0] = _currency(currency);
    }
}
