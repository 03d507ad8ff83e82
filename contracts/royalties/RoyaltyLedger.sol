// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";

import {Books} from "../libraries/Books.sol";
import {Currency} from "../libraries/Currency.sol";
import {Forwarder} from "../libraries/Forwarder.sol";
import {Position, PositionLibrary} from "../libraries/Position.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

import {Allocations} from "./Allocations.sol";
import {Deposits} from "./Deposits.sol";
import {LedgerGovernance} from "./LedgerGovernance.sol";
import {Payments} from "./Payments.sol";

/// @title RoyaltyLedger
/// @notice See {IRoyaltyLedger}.
contract RoyaltyLedger is Allocations, Payments, Deposits {
    uint256 private constant MAX_HOST_BPS = 9_000;

    /// @param governance_ The timelock: sets the fee for future models, lists currencies, receives fees.
    /// @param feeBps The protocol fee to begin with, in basis points, at most 250.
    /// @param currencies_ ERC-20s to list after ETH; checked as by {addCurrency}.
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
        Holding[] calldata holdings,
        Allocation[] calldata allocations
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

        _mintShares(model, holdings, allocations);
    }

    /// @inheritdoc IRoyaltyLedger
    function modelIdOf(address registrar, bytes32 salt) public view returns (address) {
        return Forwarder.addressOf(address(this), keccak256(abi.encode(registrar, salt)));
    }

    /// @inheritdoc IRoyaltyLedger
    function modelTermsOf(address model) external view returns (Terms memory) {
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

    /* CASCADE */

    /// @inheritdoc IRoyaltyLedger
    /// @dev No lock: it moves no token and calls nobody.
    function cascade(address[] calldata models, Currency currency) external {
        mapping(address => BooksSlot) storage booksOfModels = _books[currency];
        uint256 fees = 0;
        for (uint256 i = 0; i < models.length; ++i) fees += _cascade(booksOfModels, models[i], currency);

        if (fees > 0) _accrueFees(currency, fees);
    }

    /// @inheritdoc IRoyaltyLedger
    function retire(address model) external {
        Terms storage terms = _terms[model];
        Edge[MAX_PARENTS] storage edges = _edges[model];
        uint256 parentCount = terms.parentCount;
        uint256 endedRateBps = 0;
        for (uint256 i = 0; i < parentCount; ++i) {
            if (_hasEnded(edges[i])) endedRateBps += edges[i].rateBps;
        }
        require(endedRateBps > 0, NothingToRetire(model));

        uint256 totalRateBps = terms.totalRateBps - endedRateBps;
        terms.totalRateBps = uint16(totalRateBps); // at most what it was
        uint256 received = terms.currencies;
        for (uint256 i = 0; received >> i != 0; ++i) {
            if ((received >> i) & 1 == 0) continue;

            Currency currency = _currencyAt(i);
            uint256 fee = _cascade(_books[currency], model, currency);
            if (fee > 0) _accrueFees(currency, fee);
            _closeBooks(model, currency, totalRateBps);
        }

        // Last: until here their rates were of use.
        for (uint256 i = 0; i < parentCount; ++i) {
            Edge storage edge = edges[i];
            if (!_hasEnded(edge)) continue;

            uint16 rateBps = edge.rateBps;
            edge.rateBps = 0;

            emit EdgeRetired(model, edge.parent, rateBps);
        }
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
        Position position = _positions[holder][currency][model].position;
        uint256 distributed = _distributed(_booksOf(model, currency), model, currency);

        unchecked {
            // Both are below 2¹³³.
            return
                (position.owedMillionths() + position.earnedSince(distributed, _sharesOf(holder, model))) /
                PositionLibrary.TOTAL_SHARES;
        }
    }

    /// @inheritdoc IRoyaltyLedger
    function positionOf(
        address holder,
        address model,
        Currency currency
    ) external view returns (uint256 seen, uint256 owed, uint256 remainder) {
        Position position = _positions[holder][currency][model].position;

        return (position.seen(), position.owed(), position.remainder());
    }

    /// @inheritdoc IRoyaltyLedger
    function booksOf(address model, Currency currency) external view returns (ModelBooks memory) {
        Books books = _booksOf(model, currency);

        return
            ModelBooks({
                received: books.received(),
                cascaded: books.cascaded(),
                distributed: _distributed(books, model, currency),
                closed: _closedOf(books, model, currency)
            });
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
            uint256 until = edges[i].until;
            require(until == 0 || until > block.timestamp, EdgeEndPassed(parent, until));

            _edges[model][i] = edges[i];
            totalRateBps += edges[i].rateBps;
            previous = parent;
        }
        require(
            totalRateBps <= RoyaltyMath.MAX_TOTAL_RATE_BPS,
            RatesTooHigh(totalRateBps, RoyaltyMath.MAX_TOTAL_RATE_BPS)
        );
    }

    /// @dev Returns whether an edge still earns although its agreed end has passed.
    function _hasEnded(Edge storage edge) private view returns (bool) {
        uint256 until = edge.until;

        return until != 0 && block.timestamp > until && edge.rateBps > 0;
    }

    /// @dev Mints the 1,000,000 shares of a new model.
    function _mintShares(address model, Holding[] calldata holdings, Allocation[] calldata allocations) private {
        uint256 sum = 0;
        for (uint256 i = 0; i < holdings.length; ++i) {
            Holding calldata holding = holdings[i];
            require(holding.units > 0, ZeroShares(holding.holder));

            sum += holding.units;
            _mint(holding.holder, _idOf(model), holding.units);
        }
        for (uint256 i = 0; i < allocations.length; ++i) {
            sum += allocations[i].units;
            _allocate(address(0), model, allocations[i]);
        }
        require(sum == PositionLibrary.TOTAL_SHARES, SharesSumMismatch(sum, PositionLibrary.TOTAL_SHARES));
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

        uint256 upstream;
        uint256 passed;
        uint256 totalRateBps = before.totalRateBps();
        unchecked {
            // All formulas count from where the books were last closed, which is at most `cascaded`. U(R) ≤ R, and F is
            // monotone.
            uint256 closed = _closedOf(before, model, currency);
            uint256 feeBps = before.feeBps();
            upstream = RoyaltyMath.upstreamDown(received - closed, totalRateBps);
            passed = RoyaltyMath.upstreamDown(cascaded - closed, totalRateBps);
            fee =
                RoyaltyMath.feeDown(received - closed - upstream, feeBps) -
                RoyaltyMath.feeDown(cascaded - closed - passed, feeBps);
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
        // Nor may an allocation claim, which on some chain could be a contract of the chain's own.
        require(to != address(this) && !_isAllocation(to) && !_isAllocation(holder), InvalidClaimRecipient(to));

        mapping(address => BooksSlot) storage booksOfModels = _books[currency];
        mapping(address => PositionSlot) storage positions = _positions[holder][currency];
        address previous = address(0);
        for (uint256 i = 0; i < models.length; ++i) {
            address model = models[i];
            require(model > previous, ModelsNotAscending(previous, model));

            Books books = booksOfModels[model].books;
            if (!books.isOpen()) _requireKnown(model, currency);
            uint256 owed = _settle(positions[model], _distributed(books, model, currency), _sharesOf(holder, model));
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

    /// @dev Takes what a holder is owed off its position, but for the fraction of a unit; the caller sends it.
    function _settle(PositionSlot storage slot, uint256 distributed, uint256 shares) private returns (uint256 owed) {
        Position position = slot.position;
        uint256 millionths;
        unchecked {
            // Both are below 2¹³³.
            millionths = position.owedMillionths() + position.earnedSince(distributed, shares);
        }
        owed = millionths / PositionLibrary.TOTAL_SHARES;
        // Nothing is written for nothing: accruing later gives the same.
        if (owed > 0) slot.position = PositionLibrary.startAt(distributed, millionths % PositionLibrary.TOTAL_SHARES);
    }
}
