// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {PlainToken} from "./PlainToken.sol";

/// @title PhantomToken
/// @notice A plain ERC-20 that does nothing, and does not revert, when a function is called that it does not have: as
/// WETH, whose fallback takes any call for a deposit.
contract PhantomToken is PlainToken {
    fallback() external {}
}
