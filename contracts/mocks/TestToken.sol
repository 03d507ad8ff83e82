// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {FaucetToken} from "../testnet/FaucetToken.sol";

/// @title TestToken
/// @notice The testnets' token with a choice of decimals, that anyone can mint at once: for tests and local chains.
contract TestToken is FaucetToken {
    /// @param name_ The token's name.
    /// @param symbol_ The token's symbol.
    /// @param decimals_ The token's decimals.
    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_
    ) FaucetToken(name_, symbol_, decimals_, decimals_ < 70 ? 1_000 * 10 ** decimals_ : 1, 1 days) {}

    /// @notice Creates `amount` units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
