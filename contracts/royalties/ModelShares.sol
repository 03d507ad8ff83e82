// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC6909Metadata, IERC6909TokenSupply} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {ERC6909} from "@openzeppelin/contracts/token/ERC6909/ERC6909.sol";

import {IAllocations} from "../interfaces/IAllocations.sol";
import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";

import {Currency} from "../libraries/Currency.sol";
import {Position, PositionLibrary} from "../libraries/Position.sol";

import {Bookkeeping} from "./Bookkeeping.sol";

/// @title ModelShares
/// @notice The shares of all models as ERC-6909 tokens: 1,000,000 of each, minted once, never burnt; and what moves
/// with them.
abstract contract ModelShares is Bookkeeping, ERC6909 {
    /// @dev Allocations hold shares under their numbers, from 1 to this.
    uint256 internal constant LAST_ALLOCATION = type(uint64).max;

    /// @inheritdoc IERC6909Metadata
    function name(uint256) external pure returns (string memory) {
        return "Commonweal shares";
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
        return id <= type(uint160).max && _exists(_modelOf(id)) ? PositionLibrary.TOTAL_SHARES : 0;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC6909, IERC165) returns (bool) {
        return
            interfaceId == type(IRoyaltyLedger).interfaceId ||
            interfaceId == type(IERC6909Metadata).interfaceId ||
            interfaceId == type(IERC6909TokenSupply).interfaceId ||
            super.supportsInterface(interfaceId);
    }

    /// @inheritdoc IAllocations
    function handOverPosition(address model, address to) external {
        _requireNoAllocation(msg.sender);
        require(_exists(model), ModelNotOpened(model));
        // To oneself it would count what is owed twice.
        require(to != msg.sender, ERC6909InvalidReceiver(to));

        uint256 units = _sharesOf(msg.sender, model);

        emit PositionHandedOver(model, msg.sender, to, units);

        _moveWithEarnings(msg.sender, to, model, units);
    }

    /* TRANSFERS */

    /// @dev Before shares move, both sides earn what came until now, in every currency that the model ever received:
    /// money credited before a transfer belongs to the old holder.
    function _update(address from, address to, uint256 id, uint256 amount) internal override {
        _requireHolder(to);

        // Nothing to accrue at minting: a model is paid only after it was opened.
        if (from != address(0)) {
            // Nobody needs an allowance to move no shares at all, and an allocation that accrued would forget what its
            // shares have earned.
            _requireNoAllocation(from);
            _accrueBoth(from, to, _modelOf(id));
        }

        super._update(from, to, id, amount);
    }

    /// @dev Moves shares into an allocation, where nobody can send them. It is new, and has earned nothing yet.
    function _moveIntoAllocation(address from, uint64 allocation, address model, uint256 units) internal {
        address holder = _holderOf(allocation);
        if (from != address(0)) _accrueBoth(from, holder, model);

        super._update(from, holder, _idOf(model), units);
    }

    /// @dev Moves shares with what they have earned. A holder gives everything: all that it is owed. An allocation,
    /// which nobody claims for, has not accrued since it was made: its position still tells from when on its shares
    /// earn, and what they earned leaves with them.
    function _moveWithEarnings(address from, address to, address model, uint256 units) internal {
        _requireHolder(to);

        uint256 held = _sharesOf(to, model);
        uint256 received = _terms[model].currencies;
        for (uint256 i = 0; received >> i != 0; ++i) {
            if ((received >> i) & 1 == 0) continue;

            Currency currency = _currencyAt(i);
            uint256 distributed = _distributed(_books[currency][model].books, model, currency);
            PositionSlot storage slot = _positions[from][currency][model];
            Position position = slot.position;
            uint256 millionths = position.earnedSince(distributed, units);
            if (!_isAllocation(from)) {
                millionths += position.owedMillionths();
                slot.position = PositionLibrary.startAt(distributed, 0);
            }

            slot = _positions[to][currency][model];
            position = slot.position;
            slot.position = position.earn(distributed, position.earnedSince(distributed, held) + millionths);
        }

        super._update(from, to, _idOf(model), units);
    }

    /* INTERNAL */

    /// @dev Brings the positions of both sides of a share transfer up to date.
    function _accrueBoth(address from, address to, address model) private {
        uint256 received = _terms[model].currencies;
        for (uint256 i = 0; received >> i != 0; ++i) {
            if ((received >> i) & 1 == 0) continue;

            Currency currency = _currencyAt(i);
            uint256 distributed = _distributed(_books[currency][model].books, model, currency);
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

    /// @dev Shares of the ledger itself could never be claimed for anyone, and allocations fill by {allocate} alone.
    function _requireHolder(address account) internal view {
        require(account != address(this) && !_isAllocation(account), ERC6909InvalidReceiver(account));
    }

    /// @dev Nothing is an allocation's to move or to claim. Nobody has the key of its number, but on some chains there
    /// is a contract of the chain's own at such an address.
    function _requireNoAllocation(address account) internal pure {
        require(!_isAllocation(account), ERC6909InvalidSender(account));
    }

    /// @dev The zero address counts as one: it can hold nothing either.
    function _isAllocation(address account) internal pure returns (bool) {
        return uint160(account) <= LAST_ALLOCATION;
    }

    function _holderOf(uint64 allocation) internal pure returns (address) {
        return address(uint160(allocation));
    }

    function _idOf(address model) internal pure returns (uint256) {
        return uint256(uint160(model));
    }

    function _modelOf(uint256 id) internal pure returns (address) {
        return address(uint160(id));
    }

    function _sharesOf(address holder, address model) internal view returns (uint256) {
        return balanceOf(holder, _idOf(model));
    }
}
