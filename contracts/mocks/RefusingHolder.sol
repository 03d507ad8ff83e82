// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title RefusingHolder
/// @notice A holder of shares that takes no ETH, and makes any call that it is told to.
contract RefusingHolder {
    /// @notice Calls `target` with `data`; reverts if it does.
    function execute(address target, bytes calldata data) external returns (bytes memory) {
        return Address.functionCall(target, data);
    }
}
