// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Books, BooksLibrary} from "../../contracts/libraries/Books.sol";
import {RoyaltyMath} from "../../contracts/libraries/RoyaltyMath.sol";

import {Test} from "../solidity/Test.sol";

contract BooksTest is Test {
    /// @dev The fields, kept apart: what the packed slot is compared with.
    struct Fields {
        uint256 received;
        uint256 cascaded;
        uint256 totalRateBps;
        uint256 feeBps;
        uint256 parentCount;
        bool hasBase;
    }

    function test_unopenedBooksAreEmpty() external pure {
        Books books = Books.wrap(0);

        vm.assertTrue(!books.isOpen(), "open");
        _check(books, Fields(0, 0, 0, 0, 0, false));
    }

    /// Whatever the terms, also where all of them are zero: the first unit opens the books, and nothing closes them.
    function testFuzz_firstUnitOpens(uint256 rate, uint256 fee, uint256 parents, uint112 more) external pure {
        Books books = BooksLibrary
            .open(bound(rate, 0, RoyaltyMath.MAX_TOTAL_RATE_BPS), bound(fee, 0, RoyaltyMath.MAX_FEE_BPS), parents % 17)
            .credit(1);

        vm.assertTrue(books.isOpen(), "not open");
        vm.assertTrue(books.credit(bound(more, 0, books.room())).cascade().isOpen(), "closed");
        vm.assertTrue(BooksLibrary.open(0, 0, 0).credit(1).isOpen(), "not open without terms");
    }

    /// The layout, bit by bit, at the largest value of every field.
    function test_layout() external pure {
        Books books = BooksLibrary.open(5_000, 250, 16).credit(type(uint112).max).cascade();
        uint256 amounts = type(uint224).max;

        vm.assertEq(
            Books.unwrap(books),
            amounts | (5_000 << 224) | (250 << 238) | (16 << 246),
            "received, cascaded, W, f, parents"
        );
        vm.assertEq(books.room(), 0, "room");
        vm.assertEq(
            Books.unwrap(books.startFromBase(4_999)),
            amounts | (4_999 << 224) | (250 << 238) | (16 << 246) | (1 << 251),
            "received, cascaded, W, f, parents, base"
        );
    }

    /// Whatever is credited and cascaded, no field reaches into another, up to the last unit.
    function testFuzz_fieldsKeepApart(
        uint256 rate,
        uint256 fee,
        uint256 parents,
        uint112[8] calldata credits,
        uint8 cascades,
        uint8 closings
    ) external pure {
        Fields memory fields = Fields({
            received: 0,
            cascaded: 0,
            totalRateBps: bound(rate, 0, RoyaltyMath.MAX_TOTAL_RATE_BPS),
            feeBps: bound(fee, 0, RoyaltyMath.MAX_FEE_BPS),
            parentCount: bound(parents, 0, 16),
            hasBase: false
        });
        Books books = BooksLibrary.open(fields.totalRateBps, fields.feeBps, fields.parentCount);
        _check(books, fields);

        for (uint256 i = 0; i < credits.length; ++i) {
            uint256 amount = bound(credits[i], 0, books.room());
            fields.received += amount;
            books = books.credit(amount);
            _check(books, fields);

            if ((cascades >> i) & 1 == 1) {
                fields.cascaded = fields.received;
                books = books.cascade();
                _check(books, fields);
            }
            if ((closings >> i) & 1 == 1) {
                fields.cascaded = fields.received;
                fields.totalRateBps /= 2;
                fields.hasBase = true;
                books = books.startFromBase(fields.totalRateBps);
                _check(books, fields);
            }
        }
        if (fields.received > 0) vm.assertTrue(books.isOpen(), "closed");
    }

    /// Starting from a base marks everything as cascaded, sets the rate and the flag, and leaves what was received, the
    /// fee and the number of parents. Doing it once more changes the rate alone.
    function testFuzz_startFromBase(
        uint256 rate,
        uint256 newRate,
        uint256 fee,
        uint256 parents,
        uint112 early,
        uint112 late
    ) external pure {
        Fields memory fields = Fields({
            received: 0,
            cascaded: 0,
            totalRateBps: bound(rate, 0, RoyaltyMath.MAX_TOTAL_RATE_BPS),
            feeBps: bound(fee, 0, RoyaltyMath.MAX_FEE_BPS),
            parentCount: bound(parents, 0, 16),
            hasBase: true
        });
        Books books = BooksLibrary.open(fields.totalRateBps, fields.feeBps, fields.parentCount).credit(early).cascade();
        books = books.credit(bound(late, 0, books.room()));
        fields.received = books.received();
        fields.cascaded = books.received();
        newRate = bound(newRate, 0, fields.totalRateBps);

        Books closed = books.startFromBase(newRate);
        fields.totalRateBps = newRate;
        _check(closed, fields);
        vm.assertTrue(closed.isOpen(), "closed for good");
        vm.assertEq(closed.distributedSince(fields.received), 0, "D since the base");
        vm.assertEq(Books.unwrap(closed.cascade()), Books.unwrap(closed), "something was not cascaded");

        fields.totalRateBps = newRate / 3;
        _check(closed.startFromBase(newRate / 3), fields);
    }

    /// What belongs to holders counts from what had been received when the books were closed, whatever that was; and it
    /// is told by the books' own rate and fee, not by the base.
    function testFuzz_distributedSince(
        uint256 rate,
        uint256 fee,
        uint112 received,
        uint112 closed,
        bool hasBase
    ) external pure {
        uint256 rateBps = bound(rate, 0, RoyaltyMath.MAX_TOTAL_RATE_BPS);
        uint256 feeBps = bound(fee, 0, RoyaltyMath.MAX_FEE_BPS);
        uint256 from = bound(closed, 0, received);
        Books books = BooksLibrary.open(5_000, feeBps, 1).credit(received);
        books = hasBase ? books.startFromBase(rateBps) : BooksLibrary.open(rateBps, feeBps, 1).credit(received);
        uint256 since = received - from;
        uint256 kept = since - (since * rateBps) / 10_000;

        vm.assertEq(books.distributedSince(from), kept - (kept * feeBps) / 10_000, "D");
        vm.assertEq(books.distributedSince(received), 0, "D of nothing");
    }

    function _check(Books books, Fields memory fields) private pure {
        vm.assertEq(books.received(), fields.received, "received");
        vm.assertEq(books.cascaded(), fields.cascaded, "cascaded");
        vm.assertEq(books.totalRateBps(), fields.totalRateBps, "W");
        vm.assertEq(books.feeBps(), fields.feeBps, "f");
        vm.assertEq(books.parentCount(), fields.parentCount, "parents");
        vm.assertTrue(books.hasBase() == fields.hasBase, "base");
        vm.assertEq(books.room(), type(uint112).max - fields.received, "room");
        vm.assertEq(
            books.distributedSince(0),
            RoyaltyMath.distributed(fields.received, fields.totalRateBps, fields.feeBps),
            "D"
        );
    }
}
