// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import {IPayments, IRoyaltyPayer} from "../interfaces/IPayments.sol";

import {Authorization} from "../libraries/Authorization.sol";
import {Books} from "../libraries/Books.sol";
import {Currency} from "../libraries/Currency.sol";

import {Bookkeeping} from "./Bookkeeping.sol";

/// @title Payments
/// @notice See {IPayments}.
/// @dev Paying ETH takes no lock: it moves no token and calls nobody. Every ERC-20 comes in under the lock and is
/// measured by the ledger's balance, so that no token or payer that calls back can have one delivery counted twice. ETH
/// can enter under the lock by {pay}, which is why it is never measured there.
abstract contract Payments is Bookkeeping {
    using SafeERC20 for IERC20;

    /* DOORS */

    /// @inheritdoc IPayments
    function pay(address model, Currency currency, uint256 amount, bytes32 ref) external payable {
        BooksSlot storage slot = _books[currency][model];
        Books books = slot.books;
        if (!books.isOpen()) books = _openBooks(slot, model, currency);

        if (currency.isEth()) {
            require(msg.value == amount, EthAmountMismatch(amount, msg.value));
        } else {
            _pull(currency, amount);
            // A token that calls back may have credited the model meanwhile.
            books = slot.books;
        }

        _credit(slot, books, model, currency, msg.sender, amount, ref);
    }

    /// @inheritdoc IPayments
    function payMany(
        address[] calldata models,
        Currency currency,
        uint256[] calldata amounts,
        bytes32 ref
    ) external payable {
        require(
            models.length == amounts.length && models.length > 0,
            PaymentsLengthMismatch(models.length, amounts.length)
        );
        // Before the token is touched: whatever is at an unlisted address is never called.
        _requireListed(currency);

        uint256 total = 0;
        for (uint256 i = 0; i < amounts.length; ++i) total += amounts[i];
        if (currency.isEth()) require(msg.value == total, EthAmountMismatch(total, msg.value));
        else _pull(currency, total);

        mapping(address => BooksSlot) storage booksOfModels = _books[currency];
        for (uint256 i = 0; i < models.length; ++i) {
            address model = models[i];
            BooksSlot storage slot = booksOfModels[model];
            Books books = slot.books;
            if (!books.isOpen()) books = _openBooks(slot, model, currency);

            _credit(slot, books, model, currency, msg.sender, amounts[i], ref);
        }
    }

    /// @inheritdoc IPayments
    function payBy(address model, Currency currency, uint256 amount, bytes32 ref, bytes calldata data) external {
        _requireToken(model, currency);

        uint256 delivered = _fetch(currency, amount, data);

        _creditToken(model, currency, msg.sender, delivered, ref);
    }

    /// @inheritdoc IPayments
    function payWithPermit(
        address model,
        Currency currency,
        uint256 amount,
        bytes32 ref,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        _requireToken(model, currency);

        // Whether it works is not asked: somebody may have used it already, and the allowance decides.
        LowLevelCall.callNoReturn(
            Currency.unwrap(currency),
            abi.encodeCall(IERC20Permit.permit, (msg.sender, address(this), amount, deadline, v, r, s))
        );
        _pull(currency, amount);

        _creditToken(model, currency, msg.sender, amount, ref);
    }

    /// @inheritdoc IPayments
    function payWithAuthorization(
        address model,
        Currency currency,
        uint256 amount,
        bytes32 ref,
        Authorization calldata authorization
    ) external {
        _requireToken(model, currency);

        bytes32 nonce = keccak256(
            abi.encode(
                block.chainid,
                address(this),
                this.payWithAuthorization.selector,
                model,
                currency,
                amount,
                ref,
                authorization.from,
                authorization.validAfter,
                authorization.validBefore,
                authorization.salt
            )
        );
        _receive(currency, amount, authorization, nonce);

        _creditToken(model, currency, authorization.from, amount, ref);
    }

    /* TOKENS COME IN */

    /// @dev Pulls a listed ERC-20 from the caller. A token that delivers more leaves a surplus that is nobody's.
    function _pull(Currency currency, uint256 amount) private nonReentrant {
        require(msg.value == 0, EthAmountMismatch(0, msg.value));
        uint256 balanceBefore = currency.token().balanceOf(address(this));

        currency.token().safeTransferFrom(msg.sender, address(this), amount);

        _measure(currency, amount, balanceBefore);
    }

    /// @dev Has the signer of an authorization send a listed ERC-20.
    function _receive(
        Currency currency,
        uint256 amount,
        Authorization calldata authorization,
        bytes32 nonce
    ) private nonReentrant {
        uint256 balanceBefore = currency.token().balanceOf(address(this));

        authorization.receiveHere(currency, amount, nonce);

        _measure(currency, amount, balanceBefore);
    }

    /// @dev Has the caller deliver a listed ERC-20; returns how much came.
    function _fetch(Currency currency, uint256 amount, bytes calldata data) private nonReentrant returns (uint256) {
        uint256 balanceBefore = currency.token().balanceOf(address(this));

        IRoyaltyPayer(msg.sender).deliver(currency, amount, data);

        return _measure(currency, amount, balanceBefore);
    }

    /// @dev Returns what came since the ledger's balance was `balanceBefore`: at least `amount`.
    function _measure(
        Currency currency,
        uint256 amount,
        uint256 balanceBefore
    ) private view returns (uint256 delivered) {
        uint256 balanceAfter = currency.token().balanceOf(address(this));
        delivered = balanceAfter > balanceBefore ? balanceAfter - balanceBefore : 0;
        require(delivered >= amount, PaymentShort(currency, amount, delivered));
    }

    /* BOOKS */

    /// @dev Before the token is touched: whatever is at an unlisted address is never called.
    function _requireToken(address model, Currency currency) private view {
        require(!currency.isEth(), TokenRequired());
        _requireKnown(model, currency);
    }

    function _creditToken(address model, Currency currency, address payer, uint256 amount, bytes32 ref) private {
        BooksSlot storage slot = _books[currency][model];
        Books books = slot.books;
        if (!books.isOpen()) books = _openBooks(slot, model, currency);

        _credit(slot, books, model, currency, payer, amount, ref);
    }

    /// @dev Credits a payment that has been taken in.
    function _credit(
        BooksSlot storage slot,
        Books books,
        address model,
        Currency currency,
        address payer,
        uint256 amount,
        bytes32 ref
    ) private {
        require(amount > 0, ZeroPayment(model));
        require(amount <= books.room(), BooksFull(model, currency, books.received(), amount));

        slot.books = books.credit(amount);

        emit Paid(model, currency, payer, amount, ref);
    }
}
