// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {IPayments} from "../interfaces/IPayments.sol";
import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";
import {IRoyaltyLens} from "../interfaces/IRoyaltyLens.sol";

import {Currency} from "../libraries/Currency.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

/// @title RoyaltyLens
/// @notice See {IRoyaltyLens}.
contract RoyaltyLens is IRoyaltyLens {
    /// @notice The most models that a lineage may have. A chain of so many takes 8 million gas; a dense one can take
    /// more than a node grants a call, and is followed off the chain too.
    uint256 public constant MAX_NODES = 256;

    /// @inheritdoc IRoyaltyLens
    IRoyaltyLedger public immutable ledger;

    /// @param ledger_ The ledger to look at.
    constructor(IRoyaltyLedger ledger_) {
        ledger = ledger_;
    }

    /// @inheritdoc IRoyaltyLens
    function quote(address model, Currency currency, uint256 amount) external view returns (Payee[] memory payees) {
        Node[] memory nodes = lineageOf(model);
        // What each model receives in the course of the cascade, with the payment and without it.
        uint256[] memory gainsWith = new uint256[](nodes.length);
        uint256[] memory gainsWithout = new uint256[](nodes.length);
        gainsWith[0] = amount;

        payees = new Payee[](nodes.length);
        for (uint256 i = 0; i < nodes.length; ++i) {
            Node memory node = nodes[i];
            IRoyaltyLedger.ModelBooks memory books = ledger.booksOf(node.model, currency);
            uint256 room = RoyaltyMath.MAX_RECEIVED - books.received;
            if (i == 0) require(amount <= room, IPayments.BooksFull(model, currency, books.received, amount));

            // A parent whose books are full takes what fits.
            uint256 with = books.received + Math.min(gainsWith[i], room);
            uint256 without = books.received + Math.min(gainsWithout[i], room);
            payees[i] = _payeeOf(node, books.closed, with, without);

            uint256 cascadedSince = books.cascaded - books.closed;
            for (uint256 j = 0; j < node.edges.length; ++j) {
                uint256 dueWith = _dueDown(node, j, with - books.closed, cascadedSince);
                if (dueWith == 0) continue;

                uint256 parent = _indexOf(nodes, node.edges[j].parent, i + 1);
                gainsWith[parent] += dueWith;
                gainsWithout[parent] += _dueDown(node, j, without - books.closed, cascadedSince);
            }
        }
    }

    /// @inheritdoc IRoyaltyLens
    function pendingUpstream(address model, Currency currency) external view returns (uint256 pending) {
        Node memory node = _nodeOf(model);
        IRoyaltyLedger.ModelBooks memory books = ledger.booksOf(model, currency);
        for (uint256 i = 0; i < node.edges.length; ++i) {
            pending += _dueDown(node, i, books.received - books.closed, books.cascaded - books.closed);
        }
    }

    /// @inheritdoc IRoyaltyLens
    function lineageOf(address model) public view returns (Node[] memory nodes) {
        nodes = new Node[](MAX_NODES);
        nodes[0] = _nodeOf(model);
        require(nodes[0].terms.number != 0, IRoyaltyLedger.ModelNotOpened(model));
        uint256 count = 1;
        // Nodes stay in descending order of their numbers. A parent's is lower than its child's, so that it comes
        // behind.
        for (uint256 i = 0; i < count; ++i) {
            IRoyaltyLedger.Edge[] memory edges = nodes[i].edges;
            for (uint256 j = 0; j < edges.length; ++j) {
                uint40 number = ledger.modelTermsOf(edges[j].parent).number;
                uint256 place = _placeOf(nodes, number, i + 1, count);
                if (place < count && nodes[place].terms.number == number) continue;

                require(count < MAX_NODES, LineageTooLarge(model, MAX_NODES));
                for (uint256 k = count++; k > place; --k) nodes[k] = nodes[k - 1];
                nodes[place] = _nodeOf(edges[j].parent);
            }
        }

        return _first(nodes, count);
    }

    /* INTERNAL */

    function _nodeOf(address model) private view returns (Node memory) {
        return Node({model: model, terms: ledger.modelTermsOf(model), edges: ledger.edgesOf(model)});
    }

    /// @dev Returns where a number is, or belongs, among nodes `from` to `to`, which descend.
    function _placeOf(Node[] memory nodes, uint256 number, uint256 from, uint256 to) private pure returns (uint256) {
        while (from < to) {
            uint256 middle = Math.average(from, to);
            if (nodes[middle].terms.number > number) from = middle + 1;
            else to = middle;
        }

        return from;
    }

    function _first(Node[] memory nodes, uint256 count) private pure returns (Node[] memory first) {
        first = new Node[](count);
        for (uint256 i = 0; i < count; ++i) first[i] = nodes[i];
    }

    /// @dev Returns where a parent is: behind its child.
    function _indexOf(Node[] memory nodes, address model, uint256 from) private pure returns (uint256 index) {
        index = from;
        while (nodes[index].model != model) ++index;
    }

    function _payeeOf(
        Node memory node,
        uint256 closed,
        uint256 with,
        uint256 without
    ) private pure returns (Payee memory) {
        (uint256 keptWith, uint256 feeWith) = _keptOf(node, with - closed);
        (uint256 keptWithout, uint256 feeWithout) = _keptOf(node, without - closed);
        uint256 fee = feeWith - feeWithout;

        return Payee({model: node.model, received: with - without, holders: keptWith - keptWithout - fee, fee: fee});
    }

    /// @dev Returns H(R) and F(R).
    function _keptOf(Node memory node, uint256 received) private pure returns (uint256 kept, uint256 fee) {
        kept = received - RoyaltyMath.upstreamDown(received, node.terms.totalRateBps);
        fee = RoyaltyMath.feeDown(kept, node.terms.feeBps);
    }

    /// @dev Returns u_i(R) − u_i(cascaded).
    function _dueDown(Node memory node, uint256 i, uint256 received, uint256 cascaded) private pure returns (uint256) {
        uint256 rateBps = node.edges[i].rateBps;
        if (rateBps == 0) return 0;

        uint256 totalRateBps = node.terms.totalRateBps;

        return
            RoyaltyMath.parentPartDown(RoyaltyMath.upstreamDown(received, totalRateBps), rateBps, totalRateBps) -
            RoyaltyMath.parentPartDown(RoyaltyMath.upstreamDown(cascaded, totalRateBps), rateBps, totalRateBps);
    }
}
