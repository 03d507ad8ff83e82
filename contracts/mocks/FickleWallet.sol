// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title FickleWallet
/// @notice A voter that takes every signature for its own if it has enough gas, or burns all of its gas over it.
contract FickleWallet is IERC1271 {
    bool private _burns;
    uint256 private _needed;

    /// @notice Changes what it does when it is asked about a signature.
    function setBurns(bool burns) external {
        _burns = burns;
    }

    /// @notice Changes how much gas it must have to take a signature for its own.
    function setNeeded(uint256 needed) external {
        _needed = needed;
    }

    /// @notice Lets its votes count for itself.
    function delegate(IVotes token) external {
        token.delegate(address(this));
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        if (gasleft() < _needed) return 0xffffffff;

        // A failed assertion would leave the gas to the caller.
        for (bool burns = _burns; burns;) burns = gasleft() != 0;

        return IERC1271.isValidSignature.selector;
    }
}
