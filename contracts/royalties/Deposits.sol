// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IDeposits} from "../interfaces/IDeposits.sol";

import {Books} from "../libraries/Books.sol";
import {Currency} from "../libraries/Currency.sol";
import {Forwarder} from "../libraries/Forwarder.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

import {Bookkeeping} from "./Bookkeeping.sol";

/// @title Deposits
/// @notice See {IDeposits}.
abstract contract Deposits is Bookkeeping {
    /// @dev One slot. Of `swept` the host has the part that its basis points say; `claimed` of that was sent to it.
    struct HostBooks {
        uint112 swept;
        uint112 claimed;
    }

    mapping(address deposit => mapping(Currency currency => HostBooks)) private _hostBooks;

    /// @notice Takes ETH during a payment or a sweep, and from nobody else: what came without a purpose would be
    /// nobody's.
    receive() external payable {
        require(_reentrancyGuardEntered(), PlainTransferRefused(msg.sender));
    }

    /* SWEEPS */

    /// @inheritdoc IDeposits
    function sweep(bytes32[] calldata salts, Currency[] calldata currencies) external nonReentrant {
        for (uint256 i = 0; i < currencies.length; ++i) {
            Currency currency = currencies[i];
            _requireListed(currency);
            for (uint256 j = 0; j < salts.length; ++j) {
                address model = Forwarder.addressOf(address(this), salts[j]);
                uint256 amount = _sweepable(model, model, currency);
                if (amount > 0) amount = _collect(model, salts[j], currency, amount);
                if (amount == 0) continue;

                _creditDeposit(model, currency, amount);

                emit Swept(model, currency, model, amount, 0);
            }
        }
    }

    /// @inheritdoc IDeposits
    function sweepHosted(Hosting[] calldata hostings, Currency[] calldata currencies) external nonReentrant {
        for (uint256 i = 0; i < currencies.length; ++i) {
            _requireListed(currencies[i]);
            for (uint256 j = 0; j < hostings.length; ++j) _sweepHosted(hostings[j], currencies[i]);
        }
    }

    /* HOSTS */

    /// @inheritdoc IDeposits
    function claimHostPart(
        Hosting[] calldata hostings,
        Currency currency,
        address to
    ) external nonReentrant returns (uint256 amount) {
        for (uint256 i = 0; i < hostings.length; ++i) {
            Hosting calldata hosting = hostings[i];
            require(hosting.host == msg.sender || hosting.host == to, NotHost(hosting.host, msg.sender));

            address deposit = depositOf(hosting);
            HostBooks storage books = _hostBooks[deposit][currency];
            uint256 owed = _owedToHost(hosting, books);
            if (owed == 0) continue;

            books.claimed += uint112(owed); // at most `swept`
            amount += owed;

            emit HostClaimed(deposit, hosting.host, currency, to, owed);
        }
        require(amount > 0, NothingToClaimAsHost(currency));

        currency.transfer(to, amount);
    }

    /// @inheritdoc IDeposits
    function depositOf(Hosting calldata hosting) public view returns (address) {
        return Forwarder.addressOf(address(this), _saltOf(hosting));
    }

    /// @inheritdoc IDeposits
    function claimableByHost(Hosting calldata hosting, Currency currency) external view returns (uint256) {
        return _owedToHost(hosting, _hostBooks[depositOf(hosting)][currency]);
    }

    /* INTERNAL */

    function _sweepHosted(Hosting calldata hosting, Currency currency) private {
        bytes32 salt = _saltOf(hosting);
        address deposit = Forwarder.addressOf(address(this), salt);
        HostBooks storage books = _hostBooks[deposit][currency];
        uint256 swept = books.swept;
        uint256 amount = _sweepable(hosting.model, deposit, currency);
        // The model has at least as much room as the address: it gets no more than is swept here.
        if (amount == 0 || amount > RoyaltyMath.MAX_RECEIVED - swept) return;
        amount = _collect(deposit, salt, currency, amount);
        if (amount == 0) return;

        uint256 hostBps = _effectiveBps(hosting);
        uint256 hostPart = _hostPartDown(swept + amount, hostBps) - _hostPartDown(swept, hostBps);
        books.swept = uint112(swept + amount); // checked above
        if (amount > hostPart) _creditDeposit(hosting.model, currency, amount - hostPart);

        emit Swept(hosting.model, currency, deposit, amount, hostPart);
    }

    /// @dev Returns what waits at an address and can be credited to its model now, in units.
    function _sweepable(address model, address deposit, Currency currency) private view returns (uint256 amount) {
        amount = currency.balanceOf(deposit);
        if (amount > 0 && amount > _roomFor(model, currency)) return 0;
    }

    /// @dev Brings what waits at an address to the ledger, and returns how much of it came. More than was there is not
    /// from there: a token that delivers more leaves a surplus that is nobody's.
    function _collect(address deposit, bytes32 salt, Currency currency, uint256 amount) private returns (uint256) {
        uint256 balanceBefore = currency.balanceOf(address(this));
        Forwarder.pull(deposit, salt, currency, amount);

        return Math.min(amount, Math.saturatingSub(currency.balanceOf(address(this)), balanceBefore));
    }

    function _owedToHost(Hosting calldata hosting, HostBooks storage books) private view returns (uint256) {
        return _hostPartDown(books.swept, _effectiveBps(hosting)) - books.claimed;
    }

    /// @dev Both are fixed for an address, so its host's part is a function of what was swept there.
    function _effectiveBps(Hosting calldata hosting) private view returns (uint256) {
        return hosting.hostBps <= _terms[hosting.model].maxHostBps ? hosting.hostBps : 0;
    }

    function _hostPartDown(uint256 swept, uint256 hostBps) private pure returns (uint256) {
        return (swept * hostBps) / RoyaltyMath.BPS;
    }

    /// @dev Of another length than the salt of a model's own address, so the two cannot meet.
    function _saltOf(Hosting calldata hosting) private pure returns (bytes32) {
        return keccak256(abi.encode(hosting.model, hosting.host, hosting.hostBps));
    }

    /* CREDIT */

    /// @dev Returns how much the model can be credited: 0 if it is not open.
    function _roomFor(address model, Currency currency) private view returns (uint256) {
        Books books = _books[currency][model].books;

        return books.isOpen() || _exists(model) ? books.room() : 0;
    }

    /// @dev Credits an open model with money that has come.
    function _creditDeposit(address model, Currency currency, uint256 amount) private {
        BooksSlot storage slot = _books[currency][model];
        Books books = slot.books;
        if (!books.isOpen()) books = _openBooks(slot, model, currency);

        // There was room before the money was brought, but a token that calls back may have had a child cascaded since.
        slot.books = books.credit(Math.min(amount, books.room()));
    }
}
