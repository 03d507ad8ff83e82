// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title IGenesisClaim
/// @notice The community's part of WEAL at genesis, set aside under a Merkle root: each account claims its own with a
/// proof.
/// @dev Leaves are those of OpenZeppelin's `StandardMerkleTree`, of (uint256 chainId, address contract, uint256 index,
/// address account, uint256 amount).
interface IGenesisClaim {
    /* EVENTS */

    /// @notice Emitted when a leaf is claimed.
    /// @param index The leaf's index.
    /// @param account Who got it.
    /// @param amount How much, in units of 10⁻¹⁸ WEAL.
    event GenesisClaimed(uint256 indexed index, address indexed account, uint256 amount);

    /// @notice Emitted when what nobody claimed goes to the treasury.
    /// @param amount How much, in units of 10⁻¹⁸ WEAL.
    event GenesisReturned(uint256 amount);

    /* ERRORS */

    /// @notice The leaf was claimed.
    /// @param index The leaf's index.
    error GenesisAlreadyClaimed(uint256 index);

    /// @notice The proof does not show that the leaf is under the root.
    /// @param index The leaf's index.
    /// @param account Whose part the leaf is said to be.
    /// @param amount How much it is said to be, in units of 10⁻¹⁸ WEAL.
    error GenesisProofInvalid(uint256 index, address account, uint256 amount);

    /// @notice The last second for claims has passed.
    /// @param until The last second for claims, in Unix time.
    error GenesisClaimOver(uint256 until);

    /// @notice Claims are still open.
    /// @param until The last second for claims, in Unix time.
    error GenesisClaimOpen(uint256 until);

    /* FUNCTIONS */

    /// @notice Sends an account its part. Anyone may call it: it goes to the account.
    /// @dev Emits {GenesisClaimed}.
    ///
    /// Requirements: {claimUntil} has not passed; the leaf is under the root and was not claimed.
    ///
    /// @param index The leaf's index.
    /// @param account Whose it is.
    /// @param amount How much, in units of 10⁻¹⁸ WEAL.
    /// @param proof The leaf's Merkle proof.
    function claim(uint256 index, address account, uint256 amount, bytes32[] calldata proof) external;

    /// @notice Sends what nobody claimed to the treasury. Anyone may call it.
    /// @dev Emits {GenesisReturned}. Requirements: {claimUntil} has passed.
    function returnUnclaimed() external;

    /// @notice Returns whether a leaf was claimed.
    /// @param index The leaf's index.
    function isClaimed(uint256 index) external view returns (bool);

    /// @notice Returns the last second for claims, in Unix time.
    function claimUntil() external view returns (uint40);

    /// @notice Returns the Merkle root.
    function root() external view returns (bytes32);

    /// @notice Returns WEAL.
    function weal() external view returns (IERC20);

    /// @notice Returns the treasury.
    function treasury() external view returns (address);
}
