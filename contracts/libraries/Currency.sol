// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";

/// @dev What a payment is made in: an ERC-20's address, or the zero address for the chain's own coin. A type of its
/// own, so that a currency and a model, both addresses, cannot be swapped by mistake.
type Currency is address;

using CurrencyLibrary for Currency global;

/// @title CurrencyLibrary
/// @notice Moves ETH and ERC-20s by one name.
library CurrencyLibrary {
    using SafeERC20 for IERC20;

    /// @notice The chain's own coin.
    Currency internal constant ETH = Currency.wrap(address(0));

    /// @notice Returns whether the currency is the chain's own coin.
    function isEth(Currency self) internal pure returns (bool) {
        return Currency.unwrap(self) == address(0);
    }

    /// @notice Returns the currency as an ERC-20. Warning: not for ETH.
    function token(Currency self) internal pure returns (IERC20) {
        return IERC20(Currency.unwrap(self));
    }

    /// @notice Returns how much an account has, in units.
    function balanceOf(Currency self, address account) internal view returns (uint256) {
        return self.isEth() ? account.balance : self.token().balanceOf(account);
    }

    /// @notice Sends `amount` units to `to`; reverts if they do not arrive.
    function transfer(Currency self, address to, uint256 amount) internal {
        if (self.isEth()) Address.sendValue(payable(to), amount);
        else self.token().safeTransfer(to, amount);
    }
}
