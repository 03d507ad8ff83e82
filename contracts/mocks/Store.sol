// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IPayments, IRoyaltyPayer} from "../interfaces/IPayments.sol";

import {Currency} from "../libraries/Currency.sol";

/// @title Store
/// @notice Sells the use of models: what a buyer pays goes to the ledger at once, and never through the store.
contract Store is IRoyaltyPayer {
    using SafeERC20 for IERC20;

    IPayments private immutable _ledger;

    /// @notice Only the ledger may ask for a delivery.
    error NotLedger(address caller);

    /// @param ledger The ledger that models are paid in.
    constructor(IPayments ledger) {
        _ledger = ledger;
    }

    /// @notice Pays a model with `amount` units of the caller's, who has let the store spend them.
    function buy(address model, Currency currency, uint256 amount, bytes32 ref) external {
        _ledger.payBy(model, currency, amount, ref, abi.encode(msg.sender));
    }

    /// @inheritdoc IRoyaltyPayer
    function deliver(Currency token, uint256 amount, bytes calldata data) external {
        require(msg.sender == address(_ledger), NotLedger(msg.sender));

        token.token().safeTransferFrom(abi.decode(data, (address)), msg.sender, amount);
    }
}
