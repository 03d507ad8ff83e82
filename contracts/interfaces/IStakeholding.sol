// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {Currency} from "../libraries/Currency.sol";

import {IRoyaltyLedger} from "./IRoyaltyLedger.sol";

/// @title IStakeholding
/// @notice Contributors become voters: from a reserve that genesis filled, WEAL is paid to models in proportion to the
/// protocol fees that they brought in.
/// @dev WEAL is paid to a model's books, so it reaches the holders of its shares and cascades to its ancestors like any
/// other income. Over all time, models and callers, WEAL paid ≤ rate × fees: a model's fees are counted as one cumulative
/// number, and fractions of a unit are carried. So it does not matter how a payment was split or who calls when, but for
/// a change of the rate: fees are paid at the rate of the moment in which they are counted.
interface IStakeholding {
    /* EVENTS */

    /// @notice Emitted when fees of a model are counted. The ledger's `Paid` of the same transaction has the payment, if
    /// there is one: less than a unit of WEAL is carried.
    /// @param model The model.
    /// @param currency The currency of the fees.
    /// @param fees The fees that were counted, in the currency's units.
    /// @param amount The WEAL paid for them, in units of 10⁻¹⁸.
    event FeesCounted(address indexed model, Currency indexed currency, uint256 fees, uint256 amount);

    /// @notice Emitted when a rate changes.
    /// @param currency The currency of the fees.
    /// @param previous The rate until now.
    /// @param current The rate from now on.
    event RateUpdated(Currency indexed currency, uint256 previous, uint256 current);

    /// @notice Emitted when the cap of an epoch changes.
    /// @param previous The cap until now, in units of 10⁻¹⁸ WEAL.
    /// @param current The cap from now on.
    event EpochCapUpdated(uint256 previous, uint256 current);

    /* ERRORS */

    /// @notice Only governance may call this.
    /// @param caller Who called.
    error NotStakeholdingGovernance(address caller);

    /// @notice Fees in WEAL earn no WEAL.
    error RateOfWeal();

    /// @notice Fees in this currency earn no WEAL now, and wait.
    /// @param currency The currency.
    error RateZero(Currency currency);

    /* FUNCTIONS */

    /// @notice Cascades models and pays them WEAL for the fees that they brought in and that were not counted yet.
    /// @dev Anyone may call it. Fees for which an epoch's budget or the reserve does not suffice wait. Emits
    /// {FeesCounted} for each model with fees to count; the ledger emits what it does for its own part. The payments'
    /// reference is the currency's address as a number.
    ///
    /// Requirements: the models are open in the ledger, the currency is listed there and has a rate.
    ///
    /// @param models The models; children before parents moves money furthest.
    /// @param currency The currency of the fees.
    /// @return paid The WEAL paid to all of them, in units of 10⁻¹⁸.
    function award(address[] calldata models, Currency currency) external returns (uint256 paid);

    /// @notice Sets for a currency how much WEAL its fees earn.
    /// @dev Only governance. Emits {RateUpdated}. Fees that were not counted before are paid at the new rate.
    ///
    /// Warning: a rate above what a unit of WEAL is worth in the currency lets anyone mint votes by paying themselves.
    ///
    /// @param currency The currency; not WEAL.
    /// @param rate In units of 10⁻¹⁸ WEAL for 10¹⁸ units of the currency: 2,000 WEAL for one ETH is 2000 · 10¹⁸, one WEAL
    /// for one unit of a currency with 6 decimals is 10³⁰. 0 for none.
    function setRate(Currency currency, uint128 rate) external;

    /// @notice Sets how much WEAL an epoch may pay.
    /// @dev Only governance. Emits {EpochCapUpdated}.
    /// @param cap In units of 10⁻¹⁸ WEAL.
    function setEpochCap(uint128 cap) external;

    /* VIEWS */

    /// @notice Returns the protocol fees that a model has brought in, in the currency's units: exactly, until it retires
    /// an edge; from then on up to 23 units less, which its books do not tell any more.
    /// @dev Requirements: the model is open and the currency is listed. Income that was not cascaded has brought no fee.
    /// @param model The model.
    /// @param currency The currency.
    function feesOf(address model, Currency currency) external view returns (uint256);

    /// @notice Returns the fees of a model that were counted, in the currency's units.
    /// @param model The model.
    /// @param currency The currency.
    function countedFeesOf(address model, Currency currency) external view returns (uint256);

    /// @notice Returns how much WEAL can still be paid in this epoch, in units of 10⁻¹⁸.
    function available() external view returns (uint256);

    /// @notice Returns how much WEAL fees in a currency earn, as {setRate} has it.
    /// @param currency The currency.
    function rateOf(Currency currency) external view returns (uint256);

    /// @notice Returns how much WEAL an epoch may pay, in units of 10⁻¹⁸.
    function epochCap() external view returns (uint256);

    /// @notice Returns the length of an epoch, in seconds. The first began with the Unix time.
    function epochLength() external pure returns (uint40);

    /// @notice Returns the timelock that sets rates and cap.
    function governance() external view returns (address);

    /// @notice Returns WEAL.
    function weal() external view returns (IERC20);

    /// @notice Returns the ledger whose fees count.
    function ledger() external view returns (IRoyaltyLedger);
}
