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
    }

    function test_unopenedBooksAreEmpty() external pure {
        Books books = Books.wrap(0);

        vm.assertTrue(!books.isOpen(), "open");
        _check(books, Fields(0, 0, 0, 0, 0));
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
    }

    /// Whatever is credited and cascaded, no field reaches into another, up to the last unit.
    function testFuzz_fieldsKeepApart(
        uint256 rate,
        uint256 fee,
        uint256 parents,
        uint112[8] calldata credits,
        uint8 cascades
    ) external pure {
        Fields memory fields = Fields({
            received: 0,
            cascaded: 0,
            totalRateBps: bound(rate, 0, RoyaltyMath.MAX_TOTAL_RATE_BPS),
            feeBps: bound(fee, 0, RoyaltyMath.MAX_FEE_BPS),
            parentCount: bound(parents, 0, 16)
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
        }
        if (fields.received > 0) vm.assertTrue(books.isOpen(), "closed");
    }

    function _check(Books books, Fields memory fields) private pure {
        vm.assertEq(books.received(), fields.received, "received");
        vm.assertEq(books.cascaded(), fields.cascaded, "cascaded");
        vm.assertEq(books.totalRateBps(), fields.totalRateBps, "W");
        vm.assertEq(books.feeBps(), fields.feeBps, "f");
        vm.assertEq(books.parentCount(), fields.parentCount, "parents");
        vm.assertEq(books.room(), type(uint112).max - fields.received, "room");
        vm.assertEq(
            books.distributed(),
            RoyaltyMath.distributed(fields.received, fields.totalRateBps, fields.feeBps),
            "D"
        );
    }
}
