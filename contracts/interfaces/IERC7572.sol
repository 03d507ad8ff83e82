// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IERC7572
/// @notice Metadata of a contract as a whole: https://eips.ethereum.org/EIPS/eip-7572
interface IERC7572 {
    /// @notice Emitted when the contract's metadata is set.
    event ContractURIUpdated();

    /// @notice Returns the URI of the contract's metadata.
    function contractURI() external view returns (string memory);
}
