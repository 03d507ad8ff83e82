// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC7821} from "@openzeppelin/contracts/account/extensions/draft-ERC7821.sol";

/// @title BatchAccount
/// @notice What a key's account delegates to (EIP-7702) in order to make several calls in one transaction (ERC-7821).
contract BatchAccount is ERC7821 {
    /// @notice Takes ETH.
    receive() external payable {}
}
