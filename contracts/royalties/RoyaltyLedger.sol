// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {
    IERC6909,
    IERC6909Metadata,
    IERC6909TokenSupply
} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {ERC6909} from "@openzeppelin/contracts/token/ERC6909/ERC6909.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";

import {Books, BooksLibrary} from "../libraries/Books.sol";
import {Currency, CurrencyLibrary} from "../libraries/Currency.sol";
import {Forwarder} from "../libraries/Forwarder.sol";
import {Position, PositionLibrary} from "../libraries/Position.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

/// @title RoyaltyLedger
/// @notice See {IRoyaltyLedger}.
contract RoyaltyLedger is IRoyaltyLedger, ERC6909, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /* CONSTANTS */

    uint256 private constant MAX_PARENTS = 16;
    uint256 private constant MAX_HOST_BPS = 9_000;
    uint256 private constant MAX_CURRENCIES = 16;
    uint256 private constant MAX_CURRENCY_SUPPLY = 1 << 96;

    /// @inheritdoc IRoyaltyLedger
    address public immutable governance;

    /* STORAGE */

    uint40 private _modelCount;
    uint8 private _protocolFeeBps;

    Currency[] private _currencies;
    /// @dev Place in the list plus one, so that 0 means not listed.
    mapping(Currency currency => uint256) private _currencyPlaces;
    mapping(Currency currency => uint256) private _fees;

    mapping(address model => Terms) private _terms;
    /// @dev Of fixed size, since the number of edges is known from the books: it needs no length of its own.
    mapping(address model => Edge[MAX_PARENTS]) private _edges;

    // Currency first: a batch then finds the rest of the path by one hash for each model.
    mapping(Currency currency => mapping(address model => Books)) private _books;
    mapping(address holder => mapping(Currency currency => mapping(address model => Position))) private _positions;

    /// @param governance_ The timelock: sets the fee for future models, lists currencies, receives fees.
    /// @param feeBps The protocol fee to begin with, in basis points, at most 250.
    /// @param currencies_ ERC-20s to list after ETH; checked as by {listCurrency}.
    constructor(address governance_, uint8 feeBps, Currency[] memory currencies_) {
        governance = governance_;

        _setProtocolFee(feeBps);
        _list(CurrencyLibrary.ETH);
        for (uint256 i = 0; i < currencies_.length; ++i) _listToken(currencies_[i]);
    }

    modifier onlyGovernance() {
        require(msg.sender == governance, NotGovernance(msg.sender));
        _;
    }

    /* MODELS */

    /// @inheritdoc IRoyaltyLedger
    function open(
        bytes32 salt,
        Edge[] calldata edges,
        uint16 maxHostBps,
        Holding[] calldata holdings
    ) external returns (address model) {
        model = modelIdOf(msg.sender, salt);
        require(_terms[model].number == 0, ModelAlreadyOpened(model));
        require(maxHostBps <= MAX_HOST_BPS, HostPartTooHigh(maxHostBps, MAX_HOST_BPS));

        uint256 totalRateBps = _storeEdges(model, edges);
        uint40 number = _modelCount + 1;
        uint8 feeBps = _protocolFeeBps;
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

    /* PAYMENTS */

    /// @inheritdoc IRoyaltyLedger
    function pay(address model, Currency currency, uint256 amount, bytes32 ref) external payable {
        _take(currency, amount);

        _creditPayment(model, currency, amount, ref);
    }

    /// @inheritdoc IRoyaltyLedger
    function payMany(
        address[] calldata models,
        Currency currency,
        uint256[] calldata amounts,
        bytes32 ref
    ) external payable {
        require(models.length == amounts.length && models.length > 0, PaymentsLengthMismatch(models.length, amounts.length));

        uint256 total = 0;
        for (uint256 i = 0; i < amounts.length; ++i) total += amounts[i];
        _take(currency, total);

        for (uint256 i = 0; i < models.length; ++i) _creditPayment(models[i], currency, amounts[i], ref);
    }

    /* CASCADE */

    /// @inheritdoc IRoyaltyLedger
    /// @dev No lock: it moves no token and calls nobody.
    function cascade(address[] calldata models, Currency currency) external {
        uint256 fees = 0;
        for (uint256 i = 0; i < models.length; ++i) fees += _cascade(models[i], currency);

        if (fees > 0) _fees[currency] += fees;
    }

    /* CLAIMS */

    /// @inheritdoc IRoyaltyLedger
    function claim(address[] calldata models, Currency currency, address to) external returns (uint256 amount) {
        // The holder's own call: only then may the money go elsewhere.
        return _claim(msg.sender, models, currency, to);
    }

    /// @inheritdoc IRoyaltyLedger
    function claimFor(
        address holder,
        address[] calldata models,
        Currency currency
    ) external returns (uint256 amount) {
        return _claim(holder, models, currency, holder);
    }

    /// @inheritdoc IRoyaltyLedger
    function claimable(address holder, address model, Currency currency) external view returns (uint256) {
        Books books = _booksOf(model, currency);

        return
            _positions[holder][currency][model].accrue(books.distributed(), _sharesOf(holder, model)).owed();
    }

    /// @inheritdoc IRoyaltyLedger
    function pendingUpstream(address model, Currency currency) external view returns (uint256 pending) {
        Books books = _booksOf(model, currency);

        (uint256 upstream, uint256 passed) = _upstreamOf(books);
        for (uint256 i = 0; i < books.parentCount(); ++i) {
            pending += _dueToParent(books, _edges[model][i].rateBps, upstream, passed);
        }
    }

    /// @inheritdoc IRoyaltyLedger
    function booksOf(address model, Currency currency) external view returns (ModelBooks memory) {
        Books books = _booksOf(model, currency);

        return
            ModelBooks({received: books.received(), cascaded: books.cascaded(), distributed: books.distributed()});
    }

    /* GOVERNANCE */

    /// @inheritdoc IRoyaltyLedger
    function collectFees(Currency currency) external nonReentrant returns (uint256 amount) {
        amount = _fees[currency];
        require(amount > 0, NothingToCollect(currency));

        _fees[currency] = 0;

        emit FeesCollected(currency, amount);

        currency.transfer(governance, amount);
    }

    /// @inheritdoc IRoyaltyLedger
    function setProtocolFee(uint8 feeBps) external onlyGovernance {
        _setProtocolFee(feeBps);
    }

    /// @inheritdoc IRoyaltyLedger
    function listCurrency(Currency currency) external onlyGovernance {
        _listToken(currency);
    }

    /// @inheritdoc IRoyaltyLedger
    function protocolFeeBps() external view returns (uint8) {
        return _protocolFeeBps;
    }

    /// @inheritdoc IRoyaltyLedger
    function currencies() external view returns (Currency[] memory) {
        return _currencies;
    }

    /// @inheritdoc IRoyaltyLedger
    function isListed(Currency currency) public view returns (bool) {
        return _currencyPlaces[currency] != 0;
    }

    /// @inheritdoc IRoyaltyLedger
    function collectableFees(Currency currency) external view returns (uint256) {
        return _fees[currency];
    }

    /* SHARES */

    /// @inheritdoc IERC6909Metadata
    function name(uint256 id) external pure returns (string memory) {
        return string.concat("Commonweal shares of ", Strings.toChecksumHexString(_modelOf(id)));
    }

    /// @inheritdoc IERC6909Metadata
    function symbol(uint256) external pure returns (string memory) {
        return "SHARE";
    }

    /// @inheritdoc IERC6909Metadata
    /// @dev 1,000,000 units read as 100.0000 percent.
    function decimals(uint256) external pure returns (uint8) {
        return 4;
    }

    /// @inheritdoc IERC6909TokenSupply
    function totalSupply(uint256 id) external view returns (uint256) {
        // An id above 160 bits is no model's.
        return id <= type(uint160).max && _terms[_modelOf(id)].number != 0 ? PositionLibrary.TOTAL_SHARES : 0;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC6909, IERC165) returns (bool) {
        return
            interfaceId == type(IRoyaltyLedger).interfaceId ||
            interfaceId == type(IERC6909Metadata).interfaceId ||
            interfaceId == type(IERC6909TokenSupply).interfaceId ||
            super.supportsInterface(interfaceId);
    }

    /// @dev Before shares move, both sides earn what came until now, in every currency that the model ever received:
    /// money credited before a transfer belongs to the old holder.
    function _update(address from, address to, uint256 id, uint256 amount) internal override {
        // Shares of the ledger itself could never be claimed for anyone.
        require(to != address(this), ERC6909InvalidReceiver(to));

        // Nothing to accrue at minting: a model is paid only after it was opened.
        if (from != address(0)) _accrueBoth(from, to, _modelOf(id));

        super._update(from, to, id, amount);
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
            require(_terms[parent].number != 0, ParentNotOpened(parent));

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

    function _idOf(address model) private pure returns (uint256) {
        return uint256(uint160(model));
    }

    function _modelOf(uint256 id) private pure returns (address) {
        return address(uint160(id));
    }

    function _sharesOf(address holder, address model) private view returns (uint256) {
        return balanceOf(holder, _idOf(model));
    }

    /* INTERNAL: BOOKS */

    /// @dev Returns the model's books, possibly not opened; reverts if there can be none.
    function _booksOf(address model, Currency currency) private view returns (Books books) {
        books = _books[currency][model];
        if (!books.isOpen()) {
            require(isListed(currency), CurrencyNotListed(currency));
            require(_terms[model].number != 0, ModelNotOpened(model));
        }
    }

    /// @dev As {_booksOf}, but opens the books for a first credit: copies the terms into them and notes in the terms
    /// that the model has this currency. The caller stores the result.
    function _booksForCredit(address model, Currency currency) private returns (Books books) {
        books = _booksOf(model, currency);
        if (!books.isOpen()) {
            Terms storage terms = _terms[model];
            terms.currencies |= uint16(1 << (_currencyPlaces[currency] - 1)); // places are 1 to 16
            books = BooksLibrary.open(terms.totalRateBps, terms.feeBps, terms.parentCount);
        }
    }

    /* INTERNAL: PAYMENTS */

    /// @dev Takes the caller's payment in: ETH that came with the call, or an ERC-20.
    function _take(Currency currency, uint256 amount) private {
        uint256 ethAmount = currency.isEth() ? amount : 0;
        require(msg.value == ethAmount, EthAmountMismatch(ethAmount, msg.value));

        if (!currency.isEth()) _pull(currency, amount);
    }

    /// @dev Pulls an ERC-20 from the caller and measures what came. Under the lock, so that a token which calls back
    /// cannot have one delivery counted twice. A token that delivers more leaves a surplus that is nobody's.
    function _pull(Currency currency, uint256 amount) private nonReentrant {
        // Asked before the token is touched: whatever is at an unlisted address is never called.
        require(isListed(currency), CurrencyNotListed(currency));
        IERC20 token = currency.token();

        uint256 balanceBefore = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), amount);
        uint256 balanceAfter = token.balanceOf(address(this));

        uint256 delivered = balanceAfter > balanceBefore ? balanceAfter - balanceBefore : 0;
        require(delivered >= amount, PaymentShort(currency, amount, delivered));
    }

    /// @dev Credits a payment that has been taken in.
    function _creditPayment(address model, Currency currency, uint256 amount, bytes32 ref) private {
        require(amount > 0, ZeroPayment(model));
        Books books = _booksForCredit(model, currency);
        require(amount <= books.room(), BooksFull(model, currency, books.received(), amount));

        _books[currency][model] = books.credit(amount);

        emit Paid(model, currency, msg.sender, amount, ref);
    }

    /* INTERNAL: CASCADE */

    /// @dev Passes on what belongs to the model's parents; returns the fee that came due.
    function _cascade(address model, Currency currency) private returns (uint256 fee) {
        Books books = _booksOf(model, currency);
        uint256 received = books.received();
        uint256 cascaded = books.cascaded();
        if (received == cascaded) return 0;

        uint256 totalRateBps = books.totalRateBps();
        uint256 feeBps = books.feeBps();
        fee =
            RoyaltyMath.feeDown(received, totalRateBps, feeBps) -
            RoyaltyMath.feeDown(cascaded, totalRateBps, feeBps);
        _books[currency][model] = books.cascade();

        emit Cascaded(model, currency, received, fee);

        (uint256 upstream, uint256 passed) = _upstreamOf(books);
        for (uint256 i = 0; i < books.parentCount(); ++i) {
            Edge memory edge = _edges[model][i];
            _creditParent(model, edge.parent, currency, _dueToParent(books, edge.rateBps, upstream, passed));
        }
    }

    /// @dev Returns U(received) and U(cascaded).
    function _upstreamOf(Books books) private pure returns (uint256 upstream, uint256 passed) {
        upstream = RoyaltyMath.upstreamDown(books.received(), books.totalRateBps());
        passed = RoyaltyMath.upstreamDown(books.cascaded(), books.totalRateBps());
    }

    /// @dev Returns u_i(received) − u_i(cascaded).
    function _dueToParent(
        Books books,
        uint256 rateBps,
        uint256 upstream,
        uint256 passed
    ) private pure returns (uint256) {
        uint256 totalRateBps = books.totalRateBps();

        return
            RoyaltyMath.parentPartDown(upstream, rateBps, totalRateBps) -
            RoyaltyMath.parentPartDown(passed, rateBps, totalRateBps);
    }

    /// @dev Credits a parent as far as its books have room, so that one parent at its cap cannot stop the others.
    function _creditParent(address model, address parent, Currency currency, uint256 due) private {
        if (due == 0) return;

        Books books = _booksForCredit(parent, currency);
        uint256 room = books.room();
        uint256 amount = due < room ? due : room;
        _books[currency][parent] = books.credit(amount);

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

        address previous = address(0);
        for (uint256 i = 0; i < models.length; ++i) {
            address model = models[i];
            require(model > previous, ModelsNotAscending(previous, model));

            amount += _settle(holder, model, currency, to);
            previous = model;
        }
        require(amount > 0, NothingToClaim(holder, currency));

        currency.transfer(to, amount);
    }

    /// @dev Takes what a holder is owed off its position; the caller sends it.
    function _settle(address holder, address model, Currency currency, address to) private returns (uint256 owed) {
        Books books = _booksOf(model, currency);
        Position position =
            _positions[holder][currency][model].accrue(books.distributed(), _sharesOf(holder, model));
        owed = position.owed();
        // The position is left as it was: accruing later gives the same.
        if (owed == 0) return 0;

        _positions[holder][currency][model] = position.settle();

        emit Claimed(model, holder, currency, to, owed);
    }

    /// @dev Brings the positions of both sides of a share transfer up to date.
    function _accrueBoth(address from, address to, address model) private {
        uint256 received = _terms[model].currencies;
        for (uint256 i = 0; received >> i != 0; ++i) {
            if ((received >> i) & 1 == 0) continue;

            Currency currency = _currencies[i];
            uint256 distributed = _books[currency][model].distributed();
            _accrue(from, model, currency, distributed);
            _accrue(to, model, currency, distributed);
        }
    }

    function _accrue(address holder, address model, Currency currency, uint256 distributed) private {
        Position position = _positions[holder][currency][model];
        if (position.seen() == distributed) return;

        _positions[holder][currency][model] = position.accrue(distributed, _sharesOf(holder, model));
    }

    /* INTERNAL: GOVERNANCE */

    function _setProtocolFee(uint8 feeBps) private {
        require(feeBps <= RoyaltyMath.MAX_FEE_BPS, ProtocolFeeTooHigh(feeBps, RoyaltyMath.MAX_FEE_BPS));

        uint8 oldFeeBps = _protocolFeeBps;
        _protocolFeeBps = feeBps;

        emit ProtocolFeeUpdated(oldFeeBps, feeBps);
    }

    function _listToken(Currency currency) private {
        require(Currency.unwrap(currency).code.length > 0, CurrencyWithoutCode(currency));
        uint256 supply = currency.token().totalSupply();
        require(supply <= MAX_CURRENCY_SUPPLY, CurrencySupplyTooHigh(currency, supply, MAX_CURRENCY_SUPPLY));

        _list(currency);
    }

    function _list(Currency currency) private {
        require(!isListed(currency), CurrencyAlreadyListed(currency));
        require(_currencies.length < MAX_CURRENCIES, CurrencyListFull(MAX_CURRENCIES));

        _currencies.push(currency);
        _currencyPlaces[currency] = _currencies.length;

        emit CurrencyListed(currency, _currencies.length - 1);
    }
}
