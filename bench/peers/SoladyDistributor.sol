// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {LibBitmap} from "solady/src/utils/LibBitmap.sol";
import {MerkleProofLib} from "solady/src/utils/MerkleProofLib.sol";
import {SafeTransferLib} from "solady/src/utils/SafeTransferLib.sol";

/// @title SoladyDistributor
/// @notice Uniswap's MerkleDistributor, written with Solady.
contract SoladyDistributor {
    using LibBitmap for LibBitmap.Bitmap;

    address private immutable _token;
    bytes32 private immutable _merkleRoot;

    LibBitmap.Bitmap private _claimed;

    /// @notice The leaf `index` was paid to its account.
    /// @param index The leaf's place in the bitmap.
    /// @param account Who was paid.
    /// @param amount How much, in units of the token.
    event Claimed(uint256 index, address account, uint256 amount);

    /// @notice The leaf `index` was claimed before.
    error AlreadyClaimed(uint256 index);
    /// @notice The proof does not lead from the leaf `index` to the root.
    error InvalidProof(uint256 index);

    /// @param token The ERC-20 that is distributed.
    /// @param merkleRoot The root over `keccak256(abi.encodePacked(index, account, amount))`, pairs sorted.
    constructor(address token, bytes32 merkleRoot) {
        _token = token;
        _merkleRoot = merkleRoot;
    }

    /// @notice Pays `amount` to `account` if it is the leaf `index`, once.
    /// @param index The leaf's place in the bitmap.
    /// @param account Who is paid.
    /// @param amount How much, in units of the token.
    /// @param proof The siblings on the way from the leaf to the root.
    function claim(uint256 index, address account, uint256 amount, bytes32[] calldata proof) external {
        require(!_claimed.get(index), AlreadyClaimed(index));
        bytes32 leaf = keccak256(abi.encodePacked(index, account, amount));
        require(MerkleProofLib.verifyCalldata(proof, _merkleRoot, leaf), InvalidProof(index));

        _claimed.set(index);
        emit Claimed(index, account, amount);

        SafeTransferLib.safeTransfer(_token, account, amount);
    }
}
