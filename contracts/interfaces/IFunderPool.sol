// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Currency} from "../libraries/Currency.sol";

import {IRoyaltyLedger} from "./IRoyaltyLedger.sol";

/// @title IFunderPool
/// @notice Holds the shares of one model that its funders have not claimed, and what shares earned until they were:
/// each round that is finalised has a pool of its own, so that no currency's behaviour in one can touch another.
/// @dev The model is new when its shares come here, so what a share has earned since is a function of its books:
/// `units` shares have ⌊D(R) · units / 10⁶⌋. Less than one unit of each currency stays behind for each time that shares
/// leave.
interface IFunderPool {
    /* EVENTS */

    /// @notice Emitted when a funder's shares earned something before they left the pool.
    /// @param funder Whose they were.
    /// @param currency The currency.
    /// @param amount How much, in units.
    event FunderEarned(address indexed funder, Currency indexed currency, uint256 amount);

    /// @notice Emitted when that is paid.
    /// @param funder Whose it was.
    /// @param currency The currency.
    /// @param to Who got it.
    /// @param amount How much, in units.
    event FunderPaid(address indexed funder, Currency indexed currency, address indexed to, uint256 amount);

    /* ERRORS */

    /// @notice Only the contract of rounds may take shares out.
    /// @param caller Who called.
    error NotPoolRounds(address caller);

    /// @notice Only the funder, or anyone to the funder itself, may have its money sent.
    /// @param funder Whose money it is.
    /// @param caller Who called.
    error NotPoolFunder(address funder, address caller);

    /// @notice Money can be sent neither to nobody nor to the pool.
    /// @param to Where it was to be sent.
    error PoolRecipientInvalid(address to);

    /// @notice The funder is owed nothing in this currency.
    /// @param funder The funder.
    /// @param currency The currency.
    error NothingForFunder(address funder, Currency currency);

    /// @notice ETH comes from the ledger alone.
    /// @param sender Who sent it.
    error PoolTransferRefused(address sender);

    /* FUNCTIONS */

    /// @notice Gives a funder shares, and credits it what they have earned, in every currency.
    /// @dev Only the contract of rounds. Emits {FunderEarned} for each currency in which they earned something.
    /// @param funder Who gets them.
    /// @param units How many.
    function release(address funder, uint256 units) external;

    /// @notice Sends a funder what its shares earned before it claimed them, in one currency. The funder may have it
    /// sent anywhere; anyone may have it sent to the funder.
    /// @dev Emits {FunderPaid}.
    /// @param funder The funder.
    /// @param currency The currency.
    /// @param to Who gets it.
    /// @return amount How much, in units.
    function withdraw(address funder, Currency currency, address to) external returns (uint256 amount);

    /// @notice Returns what {withdraw} would send, in units.
    /// @param funder The funder.
    /// @param currency The currency.
    function owedTo(address funder, Currency currency) external view returns (uint256);

    /// @notice Returns the model whose shares are here.
    function model() external view returns (address);

    /// @notice Returns the contract of rounds.
    function rounds() external view returns (address);

    /// @notice Returns the ledger.
    function ledger() external view returns (IRoyaltyLedger);
}
