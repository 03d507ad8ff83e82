// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ERC721Holder} from "@openzeppelin/contracts/token/ERC721/utils/ERC721Holder.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title ERC1271Wallet
/// @notice The least that a contract wallet is: it holds ETH and ERC-721s, its owner makes it call, and its owner's
/// signatures are its own, also with a prefix: wallets with several kinds of signers say there which kind it is.
contract ERC1271Wallet is IERC1271, Ownable, ERC721Holder {
    /// @param owner_ Whom it obeys.
    constructor(address owner_) Ownable(owner_) {}

    /// @notice Takes ETH.
    receive() external payable {}

    /// @notice Calls `target` with `value` and `data`, and returns or reverts with what came back. Only the owner.
    function execute(
        address target,
        uint256 value,
        bytes calldata data
    ) external payable onlyOwner returns (bytes memory) {
        (bool success, bytes memory result) = target.call{value: value}(data);

        return Address.verifyCallResult(success, result);
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        uint256 prefixLength = signature.length > 65 ? signature.length - 65 : 0;
        (address signer, , ) = ECDSA.tryRecoverCalldata(hash, signature[prefixLength:]);

        return signer == owner() ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
