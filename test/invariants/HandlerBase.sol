// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRoyaltyLedger} from "../../contracts/interfaces/IRoyaltyLedger.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";

import {Reckoning} from "./Reckoning.sol";

/// @dev The kinds of calls.
enum Action {
    Pay,
    PayMany,
    PayBy,
    Cascade,
    Retire,
    Wait,
    Claim,
    ClaimFor,
    CollectFees,
    Sweep,
    SweepHosted,
    ClaimHostPart,
    TransferShares,
    HandOver,
    Allocate,
    ClaimShares,
    ReclaimShares
}

/// @dev What all kinds of calls need: choices, and a look, after each call, whether it was to anybody's cost.
abstract contract HandlerBase is Reckoning {
    /// @dev All that a call could take from somebody: what each holder, allocation and host has earned, claimed or not,
    /// and the books.
    struct Snapshot {
        uint256[] earned;
        uint256[] setAside;
        uint256[] hosts;
        IRoyaltyLedger.ModelBooks[] books;
    }

    uint256 internal constant ETH_ONLY = 1;
    uint256 internal constant EVERY_CURRENCY = 3;

    uint256 public calls;
    /// @dev Calls that did something, of each kind.
    mapping(Action action => uint256) public done;

    /* CHECKS */

    /// @dev Counts the call, and checks what no call may do, whoever makes it: lower what anybody can claim, but by
    /// paying it out, lower any number in the books, or change anything in a currency that it is not about.
    /// @param touched Bit i is set if the call is about the i-th currency.
    function _finish(Action action, bool didSomething, Snapshot memory before, uint256 touched) internal {
        ++calls;
        if (didSomething) ++done[action];

        _compare(before, _snapshot(), touched);
    }

    /// @dev As {_finish}, for a call by which `to` gets all or a part of what a holder is owed, or the shares at a place,
    /// in a model, and nobody else gains or loses anything.
    function _finishMove(
        Action action,
        Snapshot memory before,
        address model,
        uint256 place,
        address from,
        address to
    ) internal {
        ++calls;
        ++done[action];

        Snapshot memory afterwards = _snapshot();
        for (uint256 i = 0; i < 2; ++i) {
            uint256 taker = _rowOf(i, model, to);
            uint256 given =
                from == address(0)
                    ? _give(before.setAside, afterwards.setAside, 2 * place + i)
                    : _give(before.earned, afterwards.earned, _rowOf(i, model, from));
            // Two fractions can make a unit, and a unit two fractions.
            vm.assertLe(before.earned[taker] + given, afterwards.earned[taker] + 1, "less came than was given");
            vm.assertLe(afterwards.earned[taker], before.earned[taker] + given + 1, "more came than was given");
            before.earned[taker] = afterwards.earned[taker];
        }
        _compare(before, afterwards, 0);
    }

    /// @dev Returns how much less a giver is owed, and takes that for granted in what was before.
    function _give(
        uint256[] memory before,
        uint256[] memory afterwards,
        uint256 row
    ) private pure returns (uint256 given) {
        vm.assertGe(before[row], afterwards[row], "the giver gained");
        given = before[row] - afterwards[row];
        before[row] = afterwards[row];
    }

    /// @dev Returns where a holder's figure stands in a snapshot.
    function _rowOf(uint256 currency, address model, address holder) private view returns (uint256) {
        return (currency * MODELS + _indexOf(_models, model)) * HOLDERS + _indexOf(_holders, holder);
    }

    function _compare(Snapshot memory before, Snapshot memory afterwards, uint256 touched) private pure {
        for (uint256 i = 0; i < before.books.length; ++i) {
            bool isTouched = (touched >> (i / MODELS)) & 1 == 1;
            IRoyaltyLedger.ModelBooks memory books = afterwards.books[i];
            _check(before.books[i].received, books.received, isTouched, "received");
            _check(before.books[i].cascaded, books.cascaded, isTouched, "cascaded");
            _check(before.books[i].distributed, books.distributed, isTouched, "distributed");
            _check(before.books[i].closed, books.closed, isTouched, "closed");
            vm.assertLe(books.cascaded, books.received, "more cascaded than received");
            for (uint256 j = i * HOLDERS; j < (i + 1) * HOLDERS; ++j) {
                _check(before.earned[j], afterwards.earned[j], isTouched, "what a holder earned");
            }
        }
        for (uint256 i = 0; i < before.setAside.length; ++i) {
            _check(
                before.setAside[i],
                afterwards.setAside[i],
                (touched >> (i % 2)) & 1 == 1,
                "what shares set aside earned"
            );
        }
        for (uint256 i = 0; i < before.hosts.length; ++i) {
            bool isTouched = (touched >> (i % 2)) & 1 == 1;
            _check(before.hosts[i], afterwards.hosts[i], isTouched, "what a host earned");
        }
    }

    function _check(uint256 before, uint256 afterwards, bool isTouched, string memory what) private pure {
        if (isTouched) vm.assertGe(afterwards, before, string.concat(what, " fell"));
        else vm.assertEq(afterwards, before, string.concat(what, " changed"));
    }

    function _snapshot() internal view returns (Snapshot memory snapshot) {
        snapshot.earned = new uint256[](2 * MODELS * HOLDERS);
        snapshot.setAside = new uint256[](2 * PLACES);
        snapshot.hosts = new uint256[](2 * HOSTINGS);
        snapshot.books = new IRoyaltyLedger.ModelBooks[](2 * MODELS);
        for (uint256 i = 0; i < 2 * MODELS; ++i) {
            Currency currency = _currencies[i / MODELS];
            address model = _models[i % MODELS];
            snapshot.books[i] = ledger.booksOf(model, currency);
            for (uint256 j = 0; j < HOLDERS; ++j) {
                address holder = _holders[j];
                snapshot.earned[i * HOLDERS + j] =
                    ledger.claimable(holder, model, currency) + _claimed[currency][model][holder];
            }
        }
        for (uint256 i = 0; i < 2 * PLACES; ++i) snapshot.setAside[i] = earnedBy(i / 2, _currencies[i % 2]);
        for (uint256 i = 0; i < 2 * HOSTINGS; ++i) {
            snapshot.hosts[i] =
                ledger.claimableByHost(_hostings[i / 2], _currencies[i % 2]) +
                _claimedFrom[_currencies[i % 2]][_deposits[i / 2]];
        }
    }

    /* CHOICES */

    function _currency(uint256 seed) internal view returns (Currency) {
        return _currencies[seed % 2];
    }

    /// @dev Returns one model or more, in the order of their ids or the other way round.
    function _subset(uint256 seed, bool isReversed) internal view returns (address[] memory subset) {
        uint256 mask = bound(seed, 1, (1 << MODELS) - 1);
        uint256 size = 0;
        for (uint256 i = 0; i < MODELS; ++i) size += (mask >> i) & 1;

        subset = new address[](size);
        uint256 next = 0;
        for (uint256 i = 0; i < MODELS; ++i) {
            if ((mask >> i) & 1 == 0) continue;

            subset[isReversed ? size - 1 - next : next] = _models[i];
            ++next;
        }
    }

    /// @dev Gives this contract what it is about to pay; returns the ETH to send along.
    function _fund(Currency currency, uint256 amount) internal returns (uint256 value) {
        if (currency.isEth()) {
            vm.deal(address(this), amount);
            return amount;
        }
        TestToken(Currency.unwrap(currency)).mint(address(this), amount);
    }

    /// @dev Gives an account money, by no call of the ledger.
    function _send(Currency currency, address account, uint256 amount) internal {
        if (currency.isEth()) vm.deal(account, account.balance + amount);
        else TestToken(Currency.unwrap(currency)).mint(account, amount);
    }

    /// @dev A few units, where rounding shows, as often as a fortune.
    function _amount(uint256 seed) internal pure returns (uint256) {
        uint8[4] memory bits = [2, 14, 60, 90];

        return bound(seed >> 2, 1, 1 << bits[seed % 4]);
    }
}
