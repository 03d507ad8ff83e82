// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title NoReturnToken
/// @notice The part of an ERC-20 that the ledger uses, in the form of old tokens whose transfers return nothing. It
/// asks for no allowance.
contract NoReturnToken {
    /// @notice Units of all accounts together.
    uint256 public totalSupply;
    /// @notice Units of an account.
    mapping(address account => uint256) public balanceOf;

    /// @notice Creates `amount` units for `to`.
    function mint(address to, uint256 amount) external {
        totalSupply += amount;
        balanceOf[to] += amount;
    }

    /// @notice Moves `amount` of the caller's units to `to`.
    function transfer(address to, uint256 amount) external {
        transferFrom(msg.sender, to, amount);
    }

    /// @notice Moves `amount` units from `from` to `to`.
    function transferFrom(address from, address to, uint256 amount) public {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}
