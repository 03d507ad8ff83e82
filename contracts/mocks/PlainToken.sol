// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title PlainToken
/// @notice OpenZeppelin's ERC-20 and nothing more, which anyone can mint: what gas is measured with.
contract PlainToken is ERC20 {
    constructor() ERC20("Plain Token", "PLAIN") {}

    /// @notice Creates `amount` units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
