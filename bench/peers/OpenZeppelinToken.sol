// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";

/// @title OpenZeppelinToken
/// @notice A token that votes, of OpenZeppelin 5.7's extensions alone, on the timestamp clock as their guide writes it.
contract OpenZeppelinToken is ERC20, ERC20Permit, ERC20Votes {
    /// @param supply How much there is, in the token's units; the deployer gets it.
    constructor(uint256 supply) ERC20("Commonweal", "WEAL") ERC20Permit("Commonweal") {
        _mint(msg.sender, supply);
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
