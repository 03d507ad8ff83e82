// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";

import {IPayments, IRoyaltyPayer} from "../interfaces/IPayments.sol";

import {Currency} from "../libraries/Currency.sol";

/// @title ScriptedPayer
/// @notice Pays by `payBy`, and when it is asked to deliver makes the calls of the test's choice.
contract ScriptedPayer is IRoyaltyPayer {
    /// @notice A call to `target` with `value` and `data`.
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    /// @notice Emitted when `ledger` asks for `amount` units of `token`.
    event DeliveryAsked(address ledger, Currency token, uint256 amount);

    /// @notice Takes ETH.
    receive() external payable {}

    /// @notice Pays a model; `script` is what it does when it is asked to deliver.
    function pay(
        IPayments ledger,
        address model,
        Currency currency,
        uint256 amount,
        bytes32 ref,
        Call[] calldata script
    ) external {
        ledger.payBy(model, currency, amount, ref, abi.encode(script));
    }

    /// @notice Makes a call.
    function execute(Call calldata call) external {
        _execute(call);
    }

    /// @inheritdoc IRoyaltyPayer
    function deliver(Currency token, uint256 amount, bytes calldata data) external {
        emit DeliveryAsked(msg.sender, token, amount);

        Call[] memory script = abi.decode(data, (Call[]));
        for (uint256 i = 0; i < script.length; ++i) _execute(script[i]);
    }

    /// @dev Reverts as the call does.
    function _execute(Call memory call) private {
        Address.functionCallWithValue(call.target, call.data, call.value);
    }
}
