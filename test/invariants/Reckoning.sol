// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRoyaltyLedger} from "../../contracts/interfaces/IRoyaltyLedger.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";

import {DiamondLedger} from "./DiamondLedger.sol";

/// @dev Totals of the handler's own, and what follows from them by formulas of its own.
abstract contract Reckoning is DiamondLedger {
    /// @dev What a model's books in one currency had come to when an edge was last retired, as the handler reckons it.
    struct Closing {
        uint256 received;
        uint256 distributed;
        uint256 fees;
    }

    /// @dev Of one model in one currency: what the ledger says, and what it must be.
    struct Figures {
        IRoyaltyLedger.ModelBooks books;
        /// @dev What all who have shares, and shares that are set aside, can claim; and what was claimed.
        uint256 claimable;
        uint256 claimed;
        /// @dev From here on reckoned: what was paid and passed on to the model, and where its books were closed.
        uint256 received;
        uint256 closed;
        uint256 distributed;
        uint256 fees;
        uint256 settledFees;
        uint256 pendingUpstream;
    }

    mapping(Currency currency => uint256) public paidIn;
    mapping(Currency currency => uint256) public paidOut;
    mapping(Currency currency => uint256) public feesOut;
    mapping(Currency currency => uint256) public surplus;
    mapping(Currency currency => mapping(address model => uint256)) internal _paidTo;
    mapping(Currency currency => mapping(address model => mapping(address holder => uint256))) internal _claimed;
    mapping(Currency currency => mapping(address deposit => uint256)) internal _sweptFrom;
    mapping(Currency currency => mapping(address deposit => uint256)) internal _claimedFrom;
    mapping(Currency currency => mapping(address model => Closing)) internal _closings;
    mapping(Currency currency => mapping(address child => mapping(address parent => uint256))) internal _passedBefore;

    /// @dev Returns the figures of all models in one currency.
    function reckon(Currency currency) external view returns (Figures[MODELS] memory figures) {
        for (uint256 i = 0; i < MODELS; ++i) {
            _reckonModel(figures[i], i, currency);
            figures[i].received += _paidTo[currency][_models[i]];
            for (uint256 j = 0; j < _edges[i].length; ++j) {
                address parent = _edges[i][j].parent;
                uint256 cascaded = figures[i].books.cascaded - figures[i].closed;
                uint256 passed = _parentPart(i, j, cascaded);
                figures[i].pendingUpstream += _parentPart(i, j, figures[i].books.received - figures[i].closed) - passed;
                figures[_indexOf(_models, parent)].received += passed + _passedBefore[currency][_models[i]][parent];
            }
        }
        for (uint256 i = 0; i < PLACES; ++i) {
            if (_places[i].number == 0) continue;

            figures[_indexOf(_models, _places[i].model)].claimable += earnedBy(i, currency);
        }
    }

    /// @dev Returns the sums of all shares of each model.
    function sumsOfShares() external view returns (uint256[MODELS] memory sums) {
        for (uint256 i = 0; i < MODELS; ++i) {
            for (uint256 j = 0; j < HOLDERS; ++j) sums[i] += sharesOf(_holders[j], _models[i]);
        }
        for (uint256 i = 0; i < PLACES; ++i) {
            if (_places[i].number != 0) sums[_indexOf(_models, _places[i].model)] += leftIn(i);
        }
    }

    /// @dev Returns for each host's address what is the host's of all that was swept there, rounded down once, and what
    /// of it was claimed.
    function hostParts(
        Currency currency
    ) external view returns (uint256[HOSTINGS] memory parts, uint256[HOSTINGS] memory claimed) {
        for (uint256 i = 0; i < HOSTINGS; ++i) {
            parts[i] = _hostPart(i, _sweptFrom[currency][_deposits[i]]);
            claimed[i] = _claimedFrom[currency][_deposits[i]];
        }
    }

    /// @dev Returns the bound of all dust in one currency: less than a unit for each edge and for each account that ever
    /// held shares of a model.
    function dustLimit() external view returns (uint256 limit) {
        for (uint256 i = 0; i < MODELS; ++i) limit += _edges[i].length + holdersEver[_models[i]];
    }

    /// @dev Returns what the shares that are left in an allocation have earned.
    function earnedBy(uint256 place, Currency currency) public view returns (uint256) {
        if (_places[place].number == 0) return 0;

        return ledger.claimable(address(uint160(_places[place].number)), _places[place].model, currency);
    }

    /// @dev Returns how many shares are left in an allocation.
    function leftIn(uint256 place) public view returns (uint256) {
        return sharesOf(address(uint160(_places[place].number)), _places[place].model);
    }

    /* FORMULAS */

    /// @dev Returns U, F and D of what a model received since its books were closed, by the rates that are left.
    function _split(
        uint256 model,
        uint256 received
    ) internal view returns (uint256 upstream, uint256 fee, uint256 distributed) {
        upstream = (received * _rateOf(model)) / 10_000;
        fee = ((received - upstream) * 249) / 10_000;
        distributed = received - upstream - fee;
    }

    /// @dev Returns u_i of it.
    function _parentPart(uint256 model, uint256 edge, uint256 received) internal view returns (uint256) {
        uint256 rate = _rateOf(model);
        if (rate == 0) return 0;

        return (((received * rate) / 10_000) * _edges[model][edge].rateBps) / rate;
    }

    function _hostPart(uint256 hosting, uint256 swept) internal view returns (uint256) {
        return (swept * _hostBps[hosting]) / 10_000;
    }

    function _indexOf(address[] storage list, address account) internal view returns (uint256 index) {
        while (list[index] != account) ++index;
    }

    /// @dev All formulas count from where the books were last closed; what came before is kept as it was then.
    function _reckonModel(Figures memory figures, uint256 i, Currency currency) private view {
        address model = _models[i];
        figures.books = ledger.booksOf(model, currency);
        for (uint256 j = 0; j < HOLDERS; ++j) {
            figures.claimable += ledger.claimable(_holders[j], model, currency);
            figures.claimed += _claimed[currency][model][_holders[j]];
        }
        Closing memory closing = _closings[currency][model];
        figures.closed = closing.received;
        (, figures.fees, figures.distributed) = _split(i, figures.books.received - closing.received);
        (, figures.settledFees, ) = _split(i, figures.books.cascaded - closing.received);
        figures.distributed += closing.distributed;
        figures.fees += closing.fees;
        figures.settledFees += closing.fees;
    }

    function _rateOf(uint256 model) private view returns (uint256 sum) {
        IRoyaltyLedger.Edge[] storage edges = _edges[model];
        for (uint256 i = 0; i < edges.length; ++i) sum += edges[i].rateBps;
    }
}
