// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Proxy} from "@openzeppelin/contracts/proxy/Proxy.sol";

/// @title SwappableProxy
/// @notice Behaves as another contract does, and anyone may choose which.
contract SwappableProxy is Proxy {
    address private _chosen;

    /// @param implementation Whose code it runs to begin with.
    constructor(address implementation) {
        _chosen = implementation;
    }

    /// @notice Takes ETH.
    receive() external payable {}

    /// @notice Runs the code of `implementation` from now on.
    function swap(address implementation) external {
        _chosen = implementation;
    }

    function _implementation() internal view override returns (address) {
        return _chosen;
    }
}
