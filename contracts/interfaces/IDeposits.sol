// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Currency} from "../libraries/Currency.sol";

/// @title IDeposits
/// @notice Turns money that was sent to an address into income: of the model whose address it is, or of a model and a
/// host who serves it.
/// @dev Deposit addresses take money from anyone by any means, before and after the model is open, and before and after
/// the {Forwarder} that stands there is deployed. A sweep credits it. Of what arrives at a host's address, the host has
/// ⌊total · hostBps / 10⁴⌋ of all that was ever swept there, and the model the rest: sweeping often takes nothing from
/// either. The host's part pays no protocol fee.
interface IDeposits {
    /* STRUCTS */

    /// @notice Who shares what arrives at a host's address.
    /// @param model The model's id.
    /// @param host Who serves it.
    /// @param hostBps The host's part, in basis points. Above the model's largest host part, all goes to the model.
    struct Hosting {
        address model;
        address host;
        uint16 hostBps;
    }

    /* EVENTS */

    /// @notice Emitted when money at a deposit address is credited.
    /// @param model The model that is credited what the host does not get.
    /// @param currency The currency.
    /// @param deposit The address that was swept.
    /// @param amount Units that arrived from it.
    /// @param hostPart Units of them that belong to the host; 0 for the model's own address.
    event Swept(address indexed model, Currency currency, address indexed deposit, uint256 amount, uint256 hostPart);

    /// @notice Emitted for each deposit address when a host's part is paid out.
    /// @param deposit The host's address for a model.
    /// @param host Whose part.
    /// @param currency The currency.
    /// @param to Where it was sent.
    /// @param amount Units sent.
    event HostClaimed(address indexed deposit, address indexed host, Currency currency, address to, uint256 amount);

    /* ERRORS */

    /// @notice ETH can come to the ledger by a payment or a sweep only.
    /// @param sender Who sent it.
    error PlainTransferRefused(address sender);

    /// @notice A host's part can be sent elsewhere by the host alone.
    /// @param host Whose part it is.
    /// @param caller Who called.
    error NotHost(address host, address caller);

    /// @notice The host has nothing to claim at these addresses in this currency.
    /// @param currency The currency.
    error NothingToClaimAsHost(Currency currency);

    /* FUNCTIONS */

    /// @notice Credits models with what waits at their own addresses. Anyone may call it, any number of times.
    /// @dev Deploys forwarders that are needed. Skips what cannot be credited now, whose money waits: models that are
    /// not open, currencies with nothing there, a token that does not move, books without room. Warning: a token that
    /// takes a fee on transfers is credited as it arrives.
    ///
    /// Emits {Swept} for each address and currency that was credited.
    ///
    /// Requirements: the currencies are listed.
    ///
    /// @param salts For each model keccak256(abi.encode(registrar, salt)), of which its id is made.
    /// @param currencies What to look for at each address.
    function sweep(bytes32[] calldata salts, Currency[] calldata currencies) external;

    /// @notice As {sweep}, for addresses that a host shares with a model.
    /// @param hostings Whose addresses.
    /// @param currencies What to look for at each address.
    function sweepHosted(Hosting[] calldata hostings, Currency[] calldata currencies) external;

    /// @notice Sends hosts' parts to `to`, all in one transfer. A host may send its own anywhere; anyone may have a
    /// host's part sent to the host.
    /// @dev Emits {HostClaimed} for each address that had something.
    ///
    /// Requirements: something is owed; the caller is the host of each, or `to` is.
    ///
    /// @param hostings Whose addresses.
    /// @param currency The currency.
    /// @param to Who gets the money.
    /// @return amount Units sent.
    function claimHostPart(
        Hosting[] calldata hostings,
        Currency currency,
        address to
    ) external returns (uint256 amount);

    /// @notice Returns the address at which a host and a model are paid together.
    /// @param hosting Whose address.
    function depositOf(Hosting calldata hosting) external view returns (address);

    /// @notice Returns what {claimHostPart} would send for one address, in units.
    /// @param hosting Whose address.
    /// @param currency The currency.
    function claimableByHost(Hosting calldata hosting, Currency currency) external view returns (uint256);
}
