// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Errors} from "@openzeppelin/contracts/utils/Errors.sol";

/// @title Transfer2300
/// @notice Sends ETH as Solidity's old `transfer` does, the way many exchanges and wallets still pay out.
contract Transfer2300 {
    /// @notice Sends the call's ETH on to `to`, with 2,300 gas.
    function send(address to) external payable {
        // No gas of its own: a call that carries value always gets 2,300 from the EVM.
        (bool success, ) = to.call{value: msg.value, gas: 0}("");
        require(success, Errors.FailedCall());
    }
}
