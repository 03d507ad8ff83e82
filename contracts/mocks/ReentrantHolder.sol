// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Callback} from "./Callback.sol";

/// @title ReentrantHolder
/// @notice A holder of shares that makes the prepared call when ETH arrives.
contract ReentrantHolder is Callback {
    /// @notice Takes ETH.
    receive() external payable {
        _callBack();
    }
}
