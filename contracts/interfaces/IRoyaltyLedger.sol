// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC6909Metadata, IERC6909TokenSupply} from "@openzeppelin/contracts/interfaces/IERC6909.sol";

import {Currency} from "../libraries/Currency.sol";

import {IAllocations} from "./IAllocations.sol";
import {IDeposits} from "./IDeposits.sol";
import {IPayments} from "./IPayments.sol";

/// @title IRoyaltyLedger
/// @notice Holds the royalties and the shares of all models. A payment adds to one number; what each parent and each
/// holder of shares earns is a function of that number (see {RoyaltyMath}), so there is no loop over contributors and
/// no contract per model.
/// @dev Shares are ERC-6909: the id is the model's address as a number, every model has 1,000,000 units, and 4 decimals
/// make them read as percents. The ledger has no owner, no upgrade and no pause; governance sets the fee of future
/// models and lists currencies, and can touch nothing that was earned.
///
/// Warning: rebasing tokens are not supported. Listing one endangers that currency alone.
interface IRoyaltyLedger is IERC6909Metadata, IERC6909TokenSupply, IPayments, IDeposits, IAllocations {
    /* STRUCTS */

    /// @notice A link from a model to a parent that it was built from.
    /// @param parent The parent's id.
    /// @param rateBps The parent's part of everything the model receives, in basis points; may be 0, and is once the
    /// edge has been retired.
    /// @param until The last second for which the edge was agreed, in Unix time: after it anyone may {retire} it, and
    /// it earns until then. 0: for ever.
    struct Edge {
        address parent;
        uint16 rateBps;
        uint40 until;
    }

    /// @notice Shares that somebody holds when a model is opened.
    /// @param holder The account; not the zero address, not the ledger, and not below 2⁶⁴, where allocations are.
    /// @param units How many of the model's 1,000,000 shares; more than 0.
    struct Holding {
        address holder;
        uint32 units;
    }

    /// @notice What is fixed when a model is opened, but for rates that end as agreed, and which currencies it has
    /// received.
    /// @param number The model's registration number, from 1; a parent's is lower than its child's. 0: not opened.
    /// @param totalRateBps The sum of the edges' rates now, in basis points, at most 5,000.
    /// @param feeBps The protocol fee on what stays with the model, in basis points, at most 250.
    /// @param parentCount The number of edges, at most 16, retired ones too.
    /// @param maxHostBps The most that a host who serves the model can take, in basis points, at most 9,000.
    /// @param currencies Bit i is set once the model has received the i-th listed currency.
    struct Terms {
        uint40 number;
        uint16 totalRateBps;
        uint8 feeBps;
        uint8 parentCount;
        uint16 maxHostBps;
        uint16 currencies;
    }

    /// @notice A model's books in one currency, in the currency's units; all cumulative.
    /// @param received Everything ever credited to the model.
    /// @param cascaded `received` when the model was last cascaded.
    /// @param distributed The part of `received` that belongs to the holders of shares.
    /// @param closed `received` when an edge was last retired, from where the formulas count; 0 if none ever was.
    struct ModelBooks {
        uint256 received;
        uint256 cascaded;
        uint256 distributed;
        uint256 closed;
    }

    /* EVENTS */

    // Currencies are not indexed: of 16 at most, a filter by model or account leaves few, and a topic has its price.

    /// @notice Emitted when a model's books are opened; one `Transfer` for each holding follows.
    /// @param model The model's id.
    /// @param registrar Who opened it.
    /// @param number The model's registration number.
    /// @param salt The registrar's salt: with the registrar it gives the id.
    /// @param feeBps The protocol fee, fixed for this model.
    /// @param maxHostBps The most that a host can take, fixed for this model.
    /// @param edges The model's parents with their rates, in ascending order.
    event ModelOpened(
        address indexed model,
        address indexed registrar,
        uint40 indexed number,
        bytes32 salt,
        uint8 feeBps,
        uint16 maxHostBps,
        Edge[] edges
    );

    /// @notice Emitted when a model's income is passed on; one {RoyaltyPassed} for each parent that gets something
    /// follows.
    /// @param model The model's id.
    /// @param currency The currency.
    /// @param received Everything the model ever received, all of it now cascaded, in units.
    /// @param fee Units of protocol fee that came due with it.
    event Cascaded(address indexed model, Currency currency, uint256 received, uint256 fee);

    /// @notice Emitted when a parent is credited its part of a model's income.
    /// @param model The model that passes it on.
    /// @param parent The parent that is credited.
    /// @param currency The currency.
    /// @param amount Units credited to the parent's books; 0 if they were full.
    event RoyaltyPassed(address indexed model, address indexed parent, Currency currency, uint256 amount);

    /// @notice Emitted when a parent's books are at their cap and cannot take all of its part; the rest stays in the
    /// ledger.
    /// @param model The model that passes it on.
    /// @param parent The parent whose books are full.
    /// @param currency The currency.
    /// @param amount Units that were not credited.
    event RoyaltySpilled(address indexed model, address indexed parent, Currency currency, uint256 amount);

    /// @notice Emitted when an edge that has ended as agreed is retired: it earns nothing any more.
    /// @param model The model.
    /// @param parent The parent.
    /// @param rateBps What the edge's rate was, in basis points.
    event EdgeRetired(address indexed model, address indexed parent, uint16 rateBps);

    /// @notice Emitted for each currency when edges are retired, after a last cascade under the old rates.
    /// @param model The model.
    /// @param currency The currency.
    /// @param received Everything the model ever received; the new rates apply to what comes on top.
    /// @param distributed The part of it that belongs to the holders, with what flooring had left between the parents.
    event BooksClosed(address indexed model, Currency currency, uint256 received, uint256 distributed);

    /// @notice Emitted for each model when a holder's earnings are paid out.
    /// @param model The model's id.
    /// @param holder Whose earnings.
    /// @param currency The currency.
    /// @param to Where they were sent.
    /// @param amount Units sent.
    event Claimed(address indexed model, address indexed holder, Currency currency, address to, uint256 amount);

    /// @notice Emitted when protocol fees are sent to the treasury.
    /// @param currency The currency.
    /// @param amount Units sent.
    event FeesCollected(Currency indexed currency, uint256 amount);

    /// @notice Emitted when the protocol fee for future models changes.
    /// @param oldFeeBps The fee until now, in basis points.
    /// @param newFeeBps The fee from now on, in basis points.
    event ProtocolFeeUpdated(uint16 oldFeeBps, uint16 newFeeBps);

    /// @notice Emitted when a currency is listed.
    /// @param currency The currency.
    /// @param index Its place in the list, from 0.
    event CurrencyListed(Currency indexed currency, uint256 index);

    /* ERRORS */

    /// @notice The model was never opened.
    /// @param model The model's id.
    error ModelNotOpened(address model);

    /// @notice The registrar has opened a model with this salt already.
    /// @param model That model's id.
    error ModelAlreadyOpened(address model);

    /// @notice The currency is not on the list.
    /// @param currency The currency.
    error CurrencyNotListed(Currency currency);

    /// @notice A model can have 16 parents at most.
    /// @param count How many it would have.
    /// @param max The most that it can have.
    error TooManyParents(uint256 count, uint256 max);

    /// @notice Parents must be in strictly ascending order.
    /// @param previous The parent before it.
    /// @param parent The parent that is not above that.
    error ParentsNotAscending(address previous, address parent);

    /// @notice A parent must be opened before its child.
    /// @param parent The parent's id.
    error ParentNotOpened(address parent);

    /// @notice The edge would have ended before it began.
    /// @param parent The parent's id.
    /// @param until The edge's end, in Unix time.
    error EdgeEndPassed(address parent, uint256 until);

    /// @notice None of the model's edges has an end that has passed.
    /// @param model The model's id.
    error NothingToRetire(address model);

    /// @notice The edges' rates sum to more than 5,000 basis points.
    /// @param totalRateBps What they sum to, in basis points.
    /// @param maxBps The most that they can sum to, in basis points.
    error RatesTooHigh(uint256 totalRateBps, uint256 maxBps);

    /// @notice A host can be left 9,000 basis points at most.
    /// @param maxHostBps What a host would be left, in basis points.
    /// @param maxBps The most that it can be left, in basis points.
    error HostPartTooHigh(uint256 maxHostBps, uint256 maxBps);

    /// @notice A holding or an allocation of no shares.
    /// @param holder Whose shares they would be; of an allocation, its number as an address.
    error ZeroShares(address holder);

    /// @notice The holdings and allocations do not sum to 1,000,000.
    /// @param sum What they sum to.
    /// @param expected What they must sum to.
    error SharesSumMismatch(uint256 sum, uint256 expected);

    /// @notice Models must be in strictly ascending order.
    /// @param previous The model before it.
    /// @param model The model that is not above that.
    error ModelsNotAscending(address previous, address model);

    /// @notice The holder has nothing to claim in these models and this currency.
    /// @param holder Whose earnings were to be claimed.
    /// @param currency The currency.
    error NothingToClaim(address holder, Currency currency);

    /// @notice Earnings cannot be sent to the ledger, nor below 2⁶⁴, where allocations are: what they earn goes with
    /// their shares.
    /// @param to Where they were to be sent.
    error InvalidClaimRecipient(address to);

    /// @notice No protocol fees are waiting in this currency.
    /// @param currency The currency.
    error NothingToCollect(Currency currency);

    /// @notice Only governance may call this.
    /// @param caller Who called.
    error NotGovernance(address caller);

    /// @notice The protocol fee can be 250 basis points at most.
    /// @param feeBps The fee that was asked for, in basis points.
    /// @param maxBps The highest fee, in basis points.
    error ProtocolFeeTooHigh(uint256 feeBps, uint256 maxBps);

    /// @notice The currency is on the list already.
    /// @param currency The currency.
    error CurrencyAlreadyListed(Currency currency);

    /// @notice The list holds 16 currencies at most.
    /// @param max How many it holds.
    error CurrencyListFull(uint256 max);

    /// @notice There is no contract at the currency's address.
    /// @param currency The currency.
    error CurrencyWithoutCode(Currency currency);

    /// @notice The contract at the currency's address has no total supply to tell: it is no ERC-20.
    /// @param currency The currency.
    error CurrencyWithoutSupply(Currency currency);

    /// @notice The currency's total supply is above 2⁹⁶ units.
    /// @param currency The currency.
    /// @param supply Its total supply, in units.
    /// @param max The highest total supply, in units.
    error CurrencySupplyTooHigh(Currency currency, uint256 supply, uint256 max);

    /* MODELS */

    /// @notice Opens the books of a model: fixes its parents, its fee and its largest host part, and mints its shares.
    /// @dev Anyone may open models; the id commits to the caller, so registrars cannot get into each other's way.
    ///
    /// Emits {ModelOpened}, a `Transfer` for each holding, and `SharesAllocated` with a `Transfer` for each allocation.
    ///
    /// Requirements:
    ///
    /// - the caller has not used `salt` before;
    /// - `edges` are at most 16, strictly ascending by parent, opened before, sum to at most 5,000 basis points, and
    /// end in the future if at all;
    /// - `holdings` and `allocations` are each more than 0 and sum to 1,000,000; no holding is for an account that can
    /// hold none; allocations are as {IAllocations-allocate} requires.
    ///
    /// @param salt The caller's choice.
    /// @param edges The model's parents.
    /// @param maxHostBps The most that a host may take of what its users pay, in basis points, 0 to 9,000.
    /// @param holdings Who holds shares to begin with; an account may appear more than once.
    /// @param allocations What is set aside to begin with.
    /// @return model The model's id, equal to {modelIdOf}(caller, salt).
    function open(
        bytes32 salt,
        Edge[] calldata edges,
        uint16 maxHostBps,
        Holding[] calldata holdings,
        Allocation[] calldata allocations
    ) external returns (address model);

    /// @notice Returns the id of the model that `registrar` opens, or has opened, with `salt`.
    /// @dev The CREATE2 address of the model's {Forwarder}, deployed by this ledger with the salt
    /// keccak256(abi.encode(registrar, salt)).
    /// @param registrar Who opens the model.
    /// @param salt The registrar's choice.
    function modelIdOf(address registrar, bytes32 salt) external view returns (address);

    /// @notice Returns what was fixed when the model was opened; all zero if it was not.
    /// @param model The model's id.
    function modelTermsOf(address model) external view returns (Terms memory);

    /// @notice Returns the model's parents with their rates, in ascending order.
    /// @param model The model's id.
    function edgesOf(address model) external view returns (Edge[] memory);

    /// @notice Returns how many models are open; also the number of the newest.
    function modelCount() external view returns (uint256);

    /* CASCADE */

    /// @notice Passes on to parents what belongs to them of everything the models received, and settles protocol fees.
    /// @dev Anyone may call it, any number of times; what has been passed on is not passed on again. In a batch,
    /// children before parents moves money furthest. A parent whose books are full does not stop the others: what it
    /// cannot take is reported by {RoyaltySpilled}.
    ///
    /// Emits {Cascaded} for each model that received something since its last cascade, and {RoyaltyPassed} for each
    /// parent that gets a part of it.
    ///
    /// Requirements: the models are open and the currency is listed.
    ///
    /// @param models The models' ids.
    /// @param currency The currency.
    function cascade(address[] calldata models, Currency currency) external;

    /// @notice Retires a model's edges whose agreed end has passed: they have earned until now, and earn nothing from
    /// now on. Anyone may call this.
    /// @dev In every currency the model ever received, its books are cascaded under the old rates and closed; what
    /// flooring had left between the parents goes to the holders. What waits in descendants arrives under the new
    /// rates: a parent who wants its part of it cascades them first.
    ///
    /// Emits {EdgeRetired} for each edge; for each currency {BooksClosed}, after what {cascade} emits.
    ///
    /// Requirements: there is such an edge.
    ///
    /// @param model The model's id.
    function retire(address model) external;

    /* CLAIMS */

    /// @notice Sends to `to` everything that the caller's shares in `models` have earned in a currency.
    /// @dev What waits in descendants counts once it has been cascaded. Models in which the caller has earned nothing
    /// are skipped.
    ///
    /// Emits {Claimed} for each model that paid.
    ///
    /// Requirements: the models are open and strictly ascending, the currency is listed, something is owed, and `to` is
    /// neither the ledger nor below 2⁶⁴, where allocations are.
    ///
    /// @param models The models' ids.
    /// @param currency The currency.
    /// @param to Who gets the money.
    /// @return amount Units sent.
    function claim(address[] calldata models, Currency currency, address to) external returns (uint256 amount);

    /// @notice Sends to `holder` everything that its shares in `models` have earned in a currency. Anyone may call
    /// this: the money can only go to the holder.
    /// @dev As {claim}; not for an allocation, whose earnings go with its shares.
    /// @param holder Whose earnings, and who gets the money.
    /// @param models The models' ids.
    /// @param currency The currency.
    /// @return amount Units sent.
    function claimFor(address holder, address[] calldata models, Currency currency) external returns (uint256 amount);

    /// @notice Returns what {claim} would send for one model, in units.
    /// @param holder The holder of shares.
    /// @param model The model's id.
    /// @param currency The currency.
    function claimable(address holder, address model, Currency currency) external view returns (uint256);

    /// @notice Returns what a holder's earnings in one model and currency follow from: with `shares` it can claim
    /// ⌊owed + (remainder + (distributed − seen) · shares) / 10⁶⌋ units.
    /// @param holder The holder of shares, or an allocation's number.
    /// @param model The model's id.
    /// @param currency The currency.
    /// @return seen What the model had distributed when the holder's shares were last looked at, in units.
    /// @return owed What was earned until then and not claimed, in whole units.
    /// @return remainder The fraction of a unit on top of it, in millionths.
    function positionOf(
        address holder,
        address model,
        Currency currency
    ) external view returns (uint256 seen, uint256 owed, uint256 remainder);

    /// @notice Returns the model's books in one currency; all zero while it has not received any.
    /// @dev Requirements here and in {claimable}: the model is open and the currency is listed.
    /// @param model The model's id.
    /// @param currency The currency.
    function booksOf(address model, Currency currency) external view returns (ModelBooks memory);

    /* GOVERNANCE */

    /// @notice Sends the protocol fees that cascades have settled to the treasury. Anyone may call this.
    /// @dev Emits {FeesCollected}. Reverts with {NothingToCollect} if there are none.
    /// @param currency The currency.
    /// @return amount Units sent.
    function collectFees(Currency currency) external returns (uint256 amount);

    /// @notice Sets the protocol fee for models that will be opened; those that are open keep theirs.
    /// @dev Only governance. Emits {ProtocolFeeUpdated}.
    /// @param feeBps The fee in basis points, at most 250.
    function setProtocolFee(uint16 feeBps) external;

    /// @notice Lists a currency, for ever: an immutable ledger outlives currencies, so none is removed.
    /// @dev Only governance. Emits {CurrencyListed}.
    ///
    /// Requirements: not listed before, fewer than 16 on the list, a contract with a total supply of at most 2⁹⁶ units.
    ///
    /// Warning: governance must not list rebasing tokens, nor tokens whose balances are the chain's own coin in another
    /// guise: a payment in such a token could be counted as one in ETH too.
    ///
    /// @param currency The currency.
    function addCurrency(Currency currency) external;

    /// @notice Returns the timelock that governs the ledger; also the treasury that fees go to.
    function governance() external view returns (address);

    /// @notice Returns the protocol fee for models that will be opened, in basis points.
    function protocolFeeBps() external view returns (uint16);

    /// @notice Returns the listed currencies; their places never change. The first is ETH.
    function currencies() external view returns (Currency[] memory);

    /// @notice Returns whether the currency is listed.
    /// @param currency The currency.
    function isListed(Currency currency) external view returns (bool);

    /// @notice Returns the protocol fees that wait to be collected, in units.
    /// @param currency The currency.
    function collectableFees(Currency currency) external view returns (uint256);
}
