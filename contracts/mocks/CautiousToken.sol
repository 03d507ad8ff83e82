// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TestToken} from "./TestToken.sol";

/// @title CautiousToken
/// @notice An ERC-20 that changes an allowance only from or to 0, as USDT on Ethereum does.
contract CautiousToken is TestToken {
    /// @notice Thrown when an allowance that is not 0 is changed to another that is not 0.
    error AllowanceNotZero();

    constructor() TestToken("Cautious token", "CARE", 6) {}

    /// @notice Lets `spender` take `value` units of the caller.
    function approve(address spender, uint256 value) public override returns (bool) {
        require(value == 0 || allowance(msg.sender, spender) == 0, AllowanceNotZero());

        return super.approve(spender, value);
    }
}
