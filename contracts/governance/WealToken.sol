// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title WealToken
/// @notice WEAL, the token that votes: 18 decimals, a fixed supply of 1,000,000,000, minted once at deployment.
/// @dev Votes count once delegated, to oneself or to another; the clock is the block's timestamp (ERC-6372), since
/// block numbers run differently from chain to chain.
contract WealToken is ERC20, ERC20Permit, ERC20Votes {
    /// @notice A part of the supply at genesis.
    /// @param account Who gets it.
    /// @param amount How much, in units of 10⁻¹⁸ WEAL.
    struct Genesis {
        address account;
        uint256 amount;
    }

    /// @notice The whole supply, in units of 10⁻¹⁸ WEAL.
    uint256 public constant SUPPLY = 1_000_000_000e18;

    /// @notice The genesis does not sum to the supply.
    error GenesisSumMismatch(uint256 sum, uint256 expected);

    /// @param genesis Who gets the supply; sums to {SUPPLY}.
    constructor(Genesis[] memory genesis) ERC20("Commonweal", "WEAL") ERC20Permit("Commonweal") {
        for (uint256 i = 0; i < genesis.length; ++i) _mint(genesis[i].account, genesis[i].amount);

        require(totalSupply() == SUPPLY, GenesisSumMismatch(totalSupply(), SUPPLY));
    }

    /// @notice Returns the time at which votes are counted: the block's timestamp, in seconds.
    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    /// @notice Returns the kind of clock, as ERC-6372 writes it.
    function CLOCK_MODE() public pure override returns (string memory) /* solhint-disable-line */ {
        return "mode=timestamp";
    }

    /// @inheritdoc ERC20Permit
    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 amount) internal override(ERC20, ERC20Votes) {
        super._update(from, to, amount);
    }
}
