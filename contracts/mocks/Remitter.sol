// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Remitter
/// @notice Sends on what its caller lets it spend, to the account that its code names.
contract Remitter {
    using SafeERC20 for IERC20;

    address private immutable _recipient;

    /// @param recipient Who gets everything.
    constructor(address recipient) {
        _recipient = recipient;
    }

    /// @notice Takes `amount` units of the caller's and sends them on.
    function remit(IERC20 token, uint256 amount) external {
        token.safeTransferFrom(msg.sender, _recipient, amount);
    }
}
