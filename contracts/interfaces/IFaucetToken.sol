// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC3009Bytes} from "../libraries/Authorization.sol";

/// @title IFaucetToken
/// @notice Money for testnets, worth nothing: anyone gets some, now and then. What else it can is what USDC can: permits
/// (ERC-2612), and authorizations with random nonces (ERC-3009), each with `(v, r, s)` and with a signature of any form.
interface IFaucetToken is IERC3009Bytes {
    /// @notice An account got its drip.
    /// @param account Who got it.
    /// @param amount How much, in units.
    /// @param nextAt When it can get the next, in Unix time.
    event Dripped(address indexed account, uint256 amount, uint40 nextAt);

    /// @notice This account had its drip.
    /// @param account Whose.
    /// @param nextAt When it can get the next, in Unix time.
    error DripTooEarly(address account, uint256 nextAt);

    /// @notice Creates {dripAmount} units for `account`; anyone may ask, for anyone.
    /// @dev Emits {Dripped}. Requirements: {nextDripAt} of the account has come.
    /// @param account Who gets them.
    function drip(address account) external;

    /// @notice Returns when an account can get its next drip, in Unix time; 0 if it had none yet.
    /// @param account Whose.
    function nextDripAt(address account) external view returns (uint40);

    /// @notice Returns how much a drip is, in units.
    function dripAmount() external view returns (uint256);

    /// @notice Returns the seconds between two drips of one account.
    function dripPeriod() external view returns (uint40);

    /// @notice As `transferWithAuthorization` of ERC-3009, with a signature of any form: a smart wallet's too (ERC-1271).
    /// @param from Who pays.
    /// @param to Who is paid.
    /// @param value How much, in units.
    /// @param validAfter It serves after this time, in Unix time.
    /// @param validBefore It serves before this time, in Unix time.
    /// @param nonce Any 32 bytes that the payer has not used.
    /// @param signature Of the EIP-712 struct `TransferWithAuthorization` that ERC-3009 defines.
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;

    /// @notice As `cancelAuthorization` of ERC-3009, with a signature of any form: a smart wallet's too (ERC-1271).
    /// @param authorizer Whose authorization.
    /// @param nonce The nonce that it would use.
    /// @param signature Of the EIP-712 struct `CancelAuthorization` that ERC-3009 defines.
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external;
}
