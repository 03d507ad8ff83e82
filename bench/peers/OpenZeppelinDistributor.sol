// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

/// @title OpenZeppelinDistributor
/// @notice Uniswap's MerkleDistributor, written with OpenZeppelin 5.7.
contract OpenZeppelinDistributor {
    using BitMaps for BitMaps.BitMap;
    using SafeERC20 for IERC20;

    IERC20 private immutable _token;
    bytes32 private immutable _merkleRoot;

    BitMaps.BitMap private _claimed;

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
        _token = IERC20(token);
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
        require(MerkleProof.verifyCalldata(proof, _merkleRoot, leaf), InvalidProof(index));

        _claimed.set(index);
        emit Claimed(index, account, amount);

        _token.safeTransfer(account, amount);
    }
}
