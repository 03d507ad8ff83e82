// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @title Callback
/// @notice Makes one call of the test's choice, at a moment that the inheriting contract chooses.
abstract contract Callback {
    address private _target;
    uint256 private _value;
    bytes private _data;

    /// @notice Prepares a call to `target` with `data` and this call's ETH.
    function prepare(address target, bytes calldata data) external payable {
        _target = target;
        _value = msg.value;
        _data = data;
    }

    /// @dev Makes the prepared call, once; reverts if it does.
    function _callBack() internal {
        address target = _target;
        if (target == address(0)) return;

        _target = address(0);
        Address.functionCallWithValue(target, _data, _value);
    }
}
