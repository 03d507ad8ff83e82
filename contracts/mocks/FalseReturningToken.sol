// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TestToken} from "./TestToken.sol";

/// @title FalseReturningToken
/// @notice An ERC-20 that returns false and moves nothing, where others revert, while it is frozen.
contract FalseReturningToken is TestToken("False-returning Token", "FALSE", 18) {
    bool private _isFrozen;

    /// @notice Freezes or thaws all transfers.
    function setFrozen(bool isFrozen) external {
        _isFrozen = isFrozen;
    }

    /// @notice Moves `amount` units to `to`, or returns false.
    function transfer(address to, uint256 amount) public override returns (bool) {
        return !_isFrozen && super.transfer(to, amount);
    }

    /// @notice Moves `amount` units of an allowance to `to`, or returns false.
    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        return !_isFrozen && super.transferFrom(from, to, amount);
    }
}
