// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IFunderPool} from "../interfaces/IFunderPool.sol";
import {IRoundFunding} from "../interfaces/IRoundFunding.sol";

import {Authorization} from "../libraries/Authorization.sol";
import {Currency} from "../libraries/Currency.sol";

import {RoundRecords} from "./RoundRecords.sol";

/// @title RoundFunding
/// @notice See {IRoundFunding}.
abstract contract RoundFunding is IRoundFunding, RoundRecords {
    mapping(bytes32 roundId => mapping(uint256 offset => Funding)) private _fundings;

    /* FUNDING */

    /// @inheritdoc IRoundFunding
    function fund(bytes32 roundId, uint256 amount) external payable nonReentrant returns (uint256 offset) {
        Record storage record = _checkFunding(roundId, amount);

        _take(record.currency, amount);

        return _credit(roundId, record, amount, msg.sender);
    }

    /// @inheritdoc IRoundFunding
    function fundWithPermit(
        bytes32 roundId,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint256 offset) {
        Record storage record = _checkFunding(roundId, amount);
        Currency currency = record.currency;
        require(!currency.isEth(), FundingTokenRequired());

        // Whether it works is not asked: somebody may have used it already, and the allowance decides.
        LowLevelCall.callNoReturn(
            Currency.unwrap(currency),
            abi.encodeCall(IERC20Permit.permit, (msg.sender, address(this), amount, deadline, v, r, s))
        );
        _pull(currency, amount);

        return _credit(roundId, record, amount, msg.sender);
    }

    /// @inheritdoc IRoundFunding
    function fundWithAuthorization(
        bytes32 roundId,
        uint256 amount,
        Authorization calldata authorization
    ) external nonReentrant returns (uint256 offset) {
        Record storage record = _checkFunding(roundId, amount);
        Currency currency = record.currency;
        require(!currency.isEth(), FundingTokenRequired());

        uint256 balanceBefore = currency.balanceOf(address(this));
        authorization.receiveHere(currency, amount, _authorizationNonce(roundId, amount, authorization));
        _requireArrived(currency, amount, balanceBefore);

        return _credit(roundId, record, amount, authorization.from);
    }

    /* FUNDERS */

    /// @inheritdoc IRoundFunding
    function refund(
        bytes32 roundId,
        uint256[] calldata offsets,
        address to
    ) external nonReentrant returns (uint256 amount) {
        Record storage record = _records[roundId];
        _requireState(roundId, record, RoundState.Refunding);
        uint256 raised = record.raised;
        uint256 pot = raised + record.forfeits;

        for (uint256 i = 0; i < offsets.length; ++i) {
            Funding memory funding = _settle(roundId, offsets[i], to);
            uint256 part = _partOf(pot, offsets[i], funding.amount, raised);
            amount += part;

            emit FundingRefunded(roundId, funding.funder, offsets[i], to, part);
        }

        _pay(record.currency, to, amount);
    }

    /// @inheritdoc IRoundFunding
    function claimFundings(
        bytes32 roundId,
        uint256[] calldata offsets,
        address to
    ) external nonReentrant returns (uint256 shares, uint256 amount) {
        Record storage record = _records[roundId];
        _requireState(roundId, record, RoundState.Finalised);
        uint256 raised = record.raised;
        uint256 pot = record.unspent + record.forfeits;

        for (uint256 i = 0; i < offsets.length; ++i) {
            Funding memory funding = _settle(roundId, offsets[i], to);
            uint256 units = _partOf(record.funderShares, offsets[i], funding.amount, raised);
            uint256 part = _partOf(pot, offsets[i], funding.amount, raised);
            shares += units;
            amount += part;

            emit FundingClaimed(roundId, funding.funder, offsets[i], units, to, part);

            // The pool and the ledger are ours, and call nobody.
            if (units > 0) IFunderPool(record.pool).release(funding.funder, units);
        }

        _pay(record.currency, to, amount);
    }

    /// @inheritdoc IRoundFunding
    function fundingOf(bytes32 roundId, uint256 offset) external view returns (Funding memory) {
        return _fundings[roundId][offset];
    }

    /* INTERNAL */

    function _checkFunding(bytes32 roundId, uint256 amount) private view returns (Record storage record) {
        record = _records[roundId];
        _requireState(roundId, record, RoundState.Open);
        _requireUntil(roundId, record.fundingUntil);
        uint256 room = record.cap - record.raised;
        require(amount > 0 && amount <= room, FundingInvalid(amount, room));
    }

    function _credit(
        bytes32 roundId,
        Record storage record,
        uint256 amount,
        address funder
    ) private returns (uint256 offset) {
        offset = record.raised;
        // Checked to fit below the cap, which has 96 bits.
        record.raised = uint96(offset + amount);
        _fundings[roundId][offset] = Funding({funder: funder, amount: uint96(amount)});

        emit RoundFunded(roundId, funder, offset, amount);
    }

    /// @dev Takes a funding off the books, for whose parts the caller sees.
    function _settle(bytes32 roundId, uint256 offset, address to) private returns (Funding memory funding) {
        funding = _fundings[roundId][offset];
        require(funding.amount > 0, FundingNotFound(roundId, offset));
        _requirePayee(funding.funder, to);

        delete _fundings[roundId][offset];
    }

    /// @dev Returns a funding's part of what belongs to all funders: the difference of two floors, so that all parts
    /// sum to the whole. Amounts have more than 96 bits only if bonds do.
    function _partOf(uint256 whole, uint256 offset, uint256 amount, uint256 raised) private pure returns (uint256) {
        return Math.mulDiv(whole, offset + amount, raised) - Math.mulDiv(whole, offset, raised);
    }

    function _authorizationNonce(
        bytes32 roundId,
        uint256 amount,
        Authorization calldata authorization
    ) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    block.chainid,
                    address(this),
                    this.fundWithAuthorization.selector,
                    roundId,
                    amount,
                    authorization.from,
                    authorization.validAfter,
                    authorization.validBefore,
                    authorization.salt
                )
            );
    }
}
