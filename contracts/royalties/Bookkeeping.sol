// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Base, BaseLibrary} from "../libraries/Base.sol";
import {Books, BooksLibrary} from "../libraries/Books.sol";
import {Currency} from "../libraries/Currency.sol";
import {Position} from "../libraries/Position.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

import {LedgerGovernance} from "./LedgerGovernance.sol";

/// @title Bookkeeping
/// @notice What all parts of the ledger read and write: models' terms, edges and books, and holders' positions.
abstract contract Bookkeeping is LedgerGovernance {
    uint256 internal constant MAX_PARENTS = 16;

    struct BooksSlot {
        Books books;
    }

    struct PositionSlot {
        Position position;
    }

    /// @dev In one slot with the protocol fee, the last of the base: both are read to open a model.
    uint40 internal _modelCount;

    mapping(address model => Terms) internal _terms;
    /// @dev Of fixed size, since the number of edges is known from the books: it needs no length of its own.
    mapping(address model => Edge[MAX_PARENTS]) internal _edges;

    // Currency first, so that a batch finds each model by one hash. In structs, so that a slot is found once and passed
    // on.
    mapping(Currency currency => mapping(address model => BooksSlot)) internal _books;
    mapping(address holder => mapping(Currency currency => mapping(address model => PositionSlot))) internal _positions;
    /// @dev Of models that have retired an edge, in currencies that they had received before.
    mapping(Currency currency => mapping(address model => Base)) internal _bases;

    /* MODELS */

    function _exists(address model) internal view returns (bool) {
        return _terms[model].number != 0;
    }

    /// @dev Open books prove all this without a look: a model is never closed and a currency never taken off the list.
    function _requireKnown(address model, Currency currency) internal view {
        _requireListed(currency);
        require(_exists(model), ModelNotOpened(model));
    }

    /* BOOKS */

    /// @dev Returns the model's books, opened or not; it is an error to ask for books that cannot be.
    function _booksOf(address model, Currency currency) internal view returns (Books books) {
        books = _books[currency][model].books;
        if (!books.isOpen()) _requireKnown(model, currency);
    }

    /// @dev Opens the model's books for a first credit: copies its terms into them, and notes in its terms that it has
    /// this currency.
    function _openBooks(BooksSlot storage slot, address model, Currency currency) internal returns (Books books) {
        _requireKnown(model, currency);

        Terms storage terms = _terms[model];
        books = BooksLibrary.open(terms.totalRateBps, terms.feeBps, terms.parentCount);
        slot.books = books;
        terms.currencies |= uint16(1 << _currencyIndex(currency)); // 0 to 15
    }

    /// @dev Returns what a model had received when an edge was last retired, from where its formulas count.
    function _closedOf(Books books, address model, Currency currency) internal view returns (uint256) {
        return books.hasBase() ? _bases[currency][model].received() : 0;
    }

    /// @dev Returns the cumulative amount that belongs to the model's holders: D(R), on top of its base if it has one.
    function _distributed(Books books, address model, Currency currency) internal view returns (uint256) {
        if (!books.hasBase()) return books.distributedSince(0);

        Base base = _bases[currency][model];
        unchecked {
            // Both parts belong to holders of at most R, which fits 112 bits.
            return base.distributed() + books.distributedSince(base.received());
        }
    }

    /// @dev Closes a model's books, all of which are cascaded: notes what they have come to, and goes on under new
    /// rates. What flooring has left between the parents, U(R) − Σ u_i(R), goes to the holders.
    function _closeBooks(address model, Currency currency, uint256 totalRateBps) internal {
        BooksSlot storage slot = _books[currency][model];
        Books books = slot.books;
        uint256 received = books.received();
        uint256 distributed = _distributed(books, model, currency);
        unchecked {
            // Σ u_i(R) ≤ U(R), and D(R) + U(R) ≤ R, which fits 112 bits.
            uint256 oldTotalRateBps = books.totalRateBps();
            uint256 upstream = RoyaltyMath.upstreamDown(received - _closedOf(books, model, currency), oldTotalRateBps);
            distributed += upstream;
            // If it is not 0, W is not 0 either.
            for (uint256 i = 0; upstream > 0 && i < books.parentCount(); ++i) {
                distributed -= RoyaltyMath.parentPartDown(upstream, _edges[model][i].rateBps, oldTotalRateBps);
            }
        }

        _bases[currency][model] = BaseLibrary.close(received, distributed);
        slot.books = books.startFromBase(totalRateBps);

        emit BooksClosed(model, currency, received, distributed);
    }
}
