// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {IRoyaltyPayer} from "../interfaces/IPayments.sol";

import {Currency} from "../libraries/Currency.sol";

/// @title FlashLender
/// @notice Lends all that it has of a token for the time of one call, for nothing.
contract FlashLender {
    using SafeERC20 for IERC20;

    /// @notice The borrower did not give back what it got.
    error LoanNotRepaid(uint256 lent, uint256 repaid);

    /// @notice Lends to `borrower`, asks it to do what `data` says, and requires that all is back then.
    function lend(IERC20 token, IRoyaltyPayer borrower, bytes calldata data) external {
        uint256 amount = token.balanceOf(address(this));

        token.safeTransfer(address(borrower), amount);
        borrower.deliver(Currency.wrap(address(token)), amount, data);

        uint256 repaid = token.balanceOf(address(this));
        require(repaid >= amount, LoanNotRepaid(amount, repaid));
    }
}
