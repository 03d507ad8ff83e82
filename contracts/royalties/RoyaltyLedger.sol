// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";

import {Books, BooksLibrary} from "../libraries/Books.sol";
import {Currency} from "../libraries/Currency.sol";
import {Forwarder} from "../libraries/Forwarder.sol";
import {Position, PositionLibrary} from "../libraries/Position.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

import {Deposits} from "./Deposits.sol";
import {LedgerGovernance} from "./LedgerGovernance.sol";
import {ModelShares} from "./ModelShares.sol";

/// @title RoyaltyLedger
/// @notice See {IRoyaltyLedger}.
contract RoyaltyLedger is ModelShares, Deposits, LedgerGovernance {
    using SafeERC20 for IERC20;

    /* CONSTANTS */

    uint256 private constant MAX_PARENTS = 16;
    uint256 private constant MAX_HOST_BPS = 9_000;

    /* STORAGE */

    struct BooksSlot {
        Books books;
    }

    struct PositionSlot {
        Position position;
    }

    /// @dev In one slot with the protocol fee, the last of the base: both are read to open a model.
    uint40 private _modelCount;

    mapping(address model => Terms) private _terms;
    /// @dev Of fixed size, since the number of edges is known from the books: it needs no length of its own.
    mapping(address model => Edge[MAX_PARENTS]) private _edges;

    // Currency first, so that a batch finds each model by one hash. In structs, so that a slot is found once and passed
    // on.
    mapping(Currency currency => mapping(address model => BooksSlot)) private _books;
    mapping(address holder => mapping(Currency currency => mapping(address model => PositionSlot))) private _positions;

    /// @param governance_ The timelock: sets the fee for future models, lists currencies, receives fees.
    /// @param feeBps The protocol fee to begin with, in basis points, at most 250.
    /// @param currencies_ ERC-20s to list after ETH; checked as by {listCurrency}.
    constructor(
        address governance_,
        uint16 feeBps,
        Currency[] memory currencies_
    ) LedgerGovernance(governance_, feeBps, currencies_) {}

    /* MODELS */

    /// @inheritdoc IRoyaltyLedger
    function open(
        bytes32 salt,
        Edge[] calldata edges,
        uint16 maxHostBps,
        Holding[] calldata holdings
    ) external returns (address model) {
        model = modelIdOf(msg.sender, salt);
        require(!_exists(model), ModelAlreadyOpened(model));
        require(maxHostBps <= MAX_HOST_BPS, HostPartTooHigh(maxHostBps, MAX_HOST_BPS));

        uint256 totalRateBps = _storeEdges(model, edges);
        uint40 number = _modelCount + 1;
        uint8 feeBps = uint8(protocolFeeBps()); // at most 250
        _modelCount = number;
        _terms[model] = Terms({
            number: number,
            totalRateBps: uint16(totalRateBps), // at most 5,000
            feeBps: feeBps,
            parentCount: uint8(edges.length), // at most 16
            maxHostBps: maxHostBps,
            currencies: 0
        });

        emit ModelOpened(model, msg.sender, number, salt, feeBps, maxHostBps, edges);

        _mintShares(model, holdings);
    }

    /// @inheritdoc IRoyaltyLedger
    function modelIdOf(address registrar, bytes32 salt) public view returns (address) {
        return Forwarder.addressOf(address(this), keccak256(abi.encode(registrar, salt)));
    }

    /// @inheritdoc IRoyaltyLedger
    function termsOf(address model) external view returns (Terms memory) {
        return _terms[model];
    }

    /// @inheritdoc IRoyaltyLedger
    function edgesOf(address model) external view returns (Edge[] memory edges) {
        edges = new Edge[](_terms[model].parentCount);
        for (uint256 i = 0; i < edges.length; ++i) edges[i] = _edges[model][i];
    }

    /// @inheritdoc IRoyaltyLedger
    function modelCount() external view returns (uint256) {
        return _modelCount;
    }

    /// @dev See {ModelShares}.
    function _exists(address model) internal view override returns (bool) {
        return _terms[model].number != 0;
    }

    /* PAYMENTS */

    /// @inheritdoc IRoyaltyLedger
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

        _creditPayment(slot, books, model, currency, amount, ref);
    }

    /// @inheritdoc IRoyaltyLedger
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
        require(isListed(currency), CurrencyNotListed(currency));

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

            _creditPayment(slot, books, model, currency, amounts[i], ref);
        }
    }

    /* CASCADE */

    /// @inheritdoc IRoyaltyLedger
    /// @dev No lock: it moves no token and calls nobody.
    function cascade(address[] calldata models, Currency currency) external {
        mapping(address => BooksSlot) storage booksOfModels = _books[currency];
        uint256 fees = 0;
        for (uint256 i = 0; i < models.length; ++i) fees += _cascade(booksOfModels, models[i], currency);

        if (fees > 0) _accrueFees(currency, fees);
    }

    /* CLAIMS */

    /// @inheritdoc IRoyaltyLedger
    function claim(address[] calldata models, Currency currency, address to) external returns (uint256 amount) {
        // The holder's own call: only then may the money go elsewhere.
        return _claim(msg.sender, models, currency, to);
    }

    /// @inheritdoc IRoyaltyLedger
    function claimFor(address holder, address[] calldata models, Currency currency) external returns (uint256 amount) {
        return _claim(holder, models, currency, holder);
    }

    /// @inheritdoc IRoyaltyLedger
    function claimable(address holder, address model, Currency currency) external view returns (uint256) {
        Books books = _booksOf(model, currency);
        Position position = _positions[holder][currency][model].position;

        return position.accrue(books.distributed(), _sharesOf(holder, model)).owed();
    }

    /// @inheritdoc IRoyaltyLedger
    function pendingUpstream(address model, Currency currency) external view returns (uint256 pending) {
        Books books = _booksOf(model, currency);
        uint256 totalRateBps = books.totalRateBps();
        uint256 upstream = RoyaltyMath.upstreamDown(books.received(), totalRateBps);
        uint256 passed = RoyaltyMath.upstreamDown(books.cascaded(), totalRateBps);

        if (upstream == passed) return 0;

        uint256 parentCount = books.parentCount();
        for (uint256 i = 0; i < parentCount; ++i) {
            uint256 rateBps = _edges[model][i].rateBps;
            pending +=
                RoyaltyMath.parentPartDown(upstream, rateBps, totalRateBps) -
                RoyaltyMath.parentPartDown(passed, rateBps, totalRateBps);
        }
    }

    /// @inheritdoc IRoyaltyLedger
    function booksOf(address model, Currency currency) external view returns (ModelBooks memory) {
        Books books = _booksOf(model, currency);

        return ModelBooks({received: books.received(), cascaded: books.cascaded(), distributed: books.distributed()});
    }

    /* INTERNAL: MODELS */

    /// @dev Checks and stores the edges of a new model; returns the sum of their rates.
    function _storeEdges(address model, Edge[] calldata edges) private returns (uint256 totalRateBps) {
        require(edges.length <= MAX_PARENTS, TooManyParents(edges.length, MAX_PARENTS));

        address previous = address(0);
        for (uint256 i = 0; i < edges.length; ++i) {
            address parent = edges[i].parent;
            require(parent > previous, ParentsNotAscending(previous, parent));
            // Lineage is acyclic because of this line: the model itself is not open yet.
            require(_exists(parent), ParentNotOpened(parent));

            _edges[model][i] = edges[i];
            totalRateBps += edges[i].rateBps;
            previous = parent;
        }
        require(
            totalRateBps <= RoyaltyMath.MAX_TOTAL_RATE_BPS,
            RatesTooHigh(totalRateBps, RoyaltyMath.MAX_TOTAL_RATE_BPS)
        );
    }

    /// @dev Mints the 1,000,000 shares of a new model.
    function _mintShares(address model, Holding[] calldata holdings) private {
        uint256 sum = 0;
        for (uint256 i = 0; i < holdings.length; ++i) {
            Holding calldata holding = holdings[i];
            require(holding.units > 0, ZeroShares(holding.holder));

            sum += holding.units;
            _mint(holding.holder, _idOf(model), holding.units);
        }
        require(sum == PositionLibrary.TOTAL_SHARES, SharesSumMismatch(sum, PositionLibrary.TOTAL_SHARES));
    }

    /* INTERNAL: BOOKS */

    /// @dev Returns the model's books, opened or not; it is an error to ask for books that cannot be.
    function _booksOf(address model, Currency currency) private view returns (Books books) {
        books = _books[currency][model].books;
        if (!books.isOpen()) _requireKnown(model, currency);
    }

    /// @dev Opens the model's books for a first credit: copies its terms into them, and notes in its terms that it has
    /// this currency.
    function _openBooks(BooksSlot storage slot, address model, Currency currency) private returns (Books books) {
        _requireKnown(model, currency);

        Terms storage terms = _terms[model];
        books = BooksLibrary.open(terms.totalRateBps, terms.feeBps, terms.parentCount);
        slot.books = books;
        terms.currencies |= uint16(1 << _currencyIndex(currency)); // 0 to 15
    }

    /// @dev Open books prove all this without a look: a model is never closed and a currency never taken off the list.
    function _requireKnown(address model, Currency currency) private view {
        require(isListed(currency), CurrencyNotListed(currency));
        require(_exists(model), ModelNotOpened(model));
    }

    /* INTERNAL: PAYMENTS */

    /// @dev Pulls a listed ERC-20 from the caller and measures what came. Under the lock, so that a token which calls
    /// back cannot have one delivery counted twice. A token that delivers more leaves a surplus that is nobody's.
    function _pull(Currency currency, uint256 amount) private nonReentrant {
        require(msg.value == 0, EthAmountMismatch(0, msg.value));
        IERC20 token = currency.token();

        uint256 balanceBefore = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 balanceAfter = token.balanceOf(address(this));

        uint256 delivered = balanceAfter > balanceBefore ? balanceAfter - balanceBefore : 0;
        require(delivered >= amount, PaymentShort(currency, amount, delivered));
    }

    /// @dev Credits a payment that has been taken in.
    function _creditPayment(
        BooksSlot storage slot,
        Books books,
        address model,
        Currency currency,
        uint256 amount,
        bytes32 ref
    ) private {
        require(amount > 0, ZeroPayment(model));
        require(amount <= books.room(), BooksFull(model, currency, books.received(), amount));

        slot.books = books.credit(amount);

        emit Paid(model, currency, msg.sender, amount, ref);
    }

    /* INTERNAL: DEPOSITS */

    /// @dev See {Deposits}.
    function _requireListed(Currency currency) internal view override {
        require(isListed(currency), CurrencyNotListed(currency));
    }

    /// @dev See {Deposits}.
    function _roomFor(address model, Currency currency) internal view override returns (uint256) {
        Books books = _books[currency][model].books;

        return books.isOpen() || _exists(model) ? books.room() : 0;
    }

    /// @dev See {Deposits}.
    function _creditDeposit(address model, Currency currency, uint256 amount) internal override {
        BooksSlot storage slot = _books[currency][model];
        Books books = slot.books;
        if (!books.isOpen()) books = _openBooks(slot, model, currency);

        // There was room before the money was brought, but a token that calls back may have had a child cascaded since.
        slot.books = books.credit(Math.min(amount, books.room()));
    }

    /// @dev See {Deposits}.
    function _maxHostBps(address model) internal view override returns (uint256) {
        return _terms[model].maxHostBps;
    }

    /* INTERNAL: CASCADE */

    /// @dev Passes on what belongs to the model's parents; returns the fee that came due.
    function _cascade(
        mapping(address => BooksSlot) storage booksOfModels,
        address model,
        Currency currency
    ) private returns (uint256 fee) {
        BooksSlot storage slot = booksOfModels[model];
        Books before = slot.books;
        if (!before.isOpen()) _requireKnown(model, currency);
        uint256 received = before.received();
        uint256 cascaded = before.cascaded();
        if (received == cascaded) return 0;

        slot.books = before.cascade();

        uint256 totalRateBps = before.totalRateBps();
        uint256 upstream = RoyaltyMath.upstreamDown(received, totalRateBps);
        uint256 passed = RoyaltyMath.upstreamDown(cascaded, totalRateBps);
        unchecked {
            // U(R) ≤ R, and F is monotone.
            uint256 feeBps = before.feeBps();
            fee = RoyaltyMath.feeDown(received - upstream, feeBps) - RoyaltyMath.feeDown(cascaded - passed, feeBps);
        }

        emit Cascaded(model, currency, received, fee);

        // Then W is not 0 either.
        if (upstream > passed) {
            Edge[MAX_PARENTS] storage edges = _edges[model];
            uint256 parentCount = before.parentCount();
            for (uint256 i = 0; i < parentCount; ++i) {
                Edge storage edge = edges[i];
                uint256 rateBps = edge.rateBps;
                uint256 due;
                unchecked {
                    // u_i is monotone.
                    due =
                        RoyaltyMath.parentPartDown(upstream, rateBps, totalRateBps) -
                        RoyaltyMath.parentPartDown(passed, rateBps, totalRateBps);
                }
                if (due > 0) _creditParent(booksOfModels, model, edge.parent, currency, due);
            }
        }
    }

    /// @dev Credits a parent as far as its books have room, so that one parent at its cap cannot stop the others.
    function _creditParent(
        mapping(address => BooksSlot) storage booksOfModels,
        address model,
        address parent,
        Currency currency,
        uint256 due
    ) private {
        BooksSlot storage slot = booksOfModels[parent];
        Books before = slot.books;
        if (!before.isOpen()) before = _openBooks(slot, parent, currency);
        uint256 amount = Math.min(due, before.room());

        slot.books = before.credit(amount);

        emit RoyaltyPassed(model, parent, currency, amount);
        if (amount < due) emit RoyaltySpilled(model, parent, currency, due - amount);
    }

    /* INTERNAL: CLAIMS */

    function _claim(
        address holder,
        address[] calldata models,
        Currency currency,
        address to
    ) private nonReentrant returns (uint256 amount) {
        require(to != address(0) && to != address(this), InvalidClaimRecipient(to));

        mapping(address => BooksSlot) storage booksOfModels = _books[currency];
        mapping(address => PositionSlot) storage positions = _positions[holder][currency];
        address previous = address(0);
        for (uint256 i = 0; i < models.length; ++i) {
            address model = models[i];
            require(model > previous, ModelsNotAscending(previous, model));

            Books books = booksOfModels[model].books;
            if (!books.isOpen()) _requireKnown(model, currency);
            uint256 owed = _settle(positions[model], books.distributed(), _sharesOf(holder, model));
            if (owed > 0) emit Claimed(model, holder, currency, to, owed);

            previous = model;
            unchecked {
                // Each is below 2¹¹², and there is no calldata for 2¹⁴⁴ models.
                amount += owed;
            }
        }
        require(amount > 0, NothingToClaim(holder, currency));

        currency.transfer(to, amount);
    }

    /// @dev Takes what a holder is owed off its position; the caller sends it.
    function _settle(PositionSlot storage slot, uint256 distributed, uint256 shares) private returns (uint256 owed) {
        Position position = slot.position.accrue(distributed, shares);
        owed = position.owed();
        // Nothing is written for nothing: accruing later gives the same.
        if (owed > 0) slot.position = position.settle();
    }

    /// @dev See {ModelShares}.
    function _accrueBoth(address from, address to, address model) internal override {
        uint256 received = _terms[model].currencies;
        for (uint256 i = 0; received >> i != 0; ++i) {
            if ((received >> i) & 1 == 0) continue;

            Currency currency = _currencyAt(i);
            uint256 distributed = _books[currency][model].books.distributed();
            _accrue(from, model, currency, distributed);
            _accrue(to, model, currency, distributed);
        }
    }

    function _accrue(address holder, address model, Currency currency, uint256 distributed) private {
        PositionSlot storage slot = _positions[holder][currency][model];
        Position position = slot.position;
        if (position.seen() == distributed) return;

        slot.position = position.accrue(distributed, _sharesOf(holder, model));
    }
}
