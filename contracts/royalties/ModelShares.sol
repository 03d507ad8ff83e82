// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC6909Metadata, IERC6909TokenSupply} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {ERC6909} from "@openzeppelin/contracts/token/ERC6909/ERC6909.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IDeposits} from "../interfaces/IDeposits.sol";
import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";

import {PositionLibrary} from "../libraries/Position.sol";

/// @title ModelShares
/// @notice The shares of all models as ERC-6909 tokens: 1,000,000 of each, minted once, never burnt.
abstract contract ModelShares is IRoyaltyLedger, ERC6909 {
    /// @inheritdoc IERC6909Metadata
    function name(uint256 id) external pure returns (string memory) {
        return string.concat("Commonweal shares of ", Strings.toChecksumHexString(_modelOf(id)));
    }

    /// @inheritdoc IERC6909Metadata
    function symbol(uint256) external pure returns (string memory) {
        return "SHARE";
    }

    /// @inheritdoc IERC6909Metadata
    /// @dev 1,000,000 units read as 100.0000 percent.
    function decimals(uint256) external pure returns (uint8) {
        return 4;
    }

    /// @inheritdoc IERC6909TokenSupply
    function totalSupply(uint256 id) external view returns (uint256) {
        // An id above 160 bits is no model's.
        return id <= type(uint160).max && _exists(_modelOf(id)) ? PositionLibrary.TOTAL_SHARES : 0;
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) public view override(ERC6909, IERC165) returns (bool) {
        return
            interfaceId == type(IRoyaltyLedger).interfaceId ||
            interfaceId == type(IDeposits).interfaceId ||
            interfaceId == type(IERC6909Metadata).interfaceId ||
            interfaceId == type(IERC6909TokenSupply).interfaceId ||
            super.supportsInterface(interfaceId);
    }

    /// @dev Before shares move, both sides earn what came until now, in every currency that the model ever received:
    /// money credited before a transfer belongs to the old holder.
    function _update(address from, address to, uint256 id, uint256 amount) internal override {
        // Shares of the ledger itself could never be claimed for anyone.
        require(to != address(this), ERC6909InvalidReceiver(to));

        // Nothing to accrue at minting: a model is paid only after it was opened.
        if (from != address(0)) _accrueBoth(from, to, _modelOf(id));

        super._update(from, to, id, amount);
    }

    /// @dev Brings the positions of both sides of a share transfer up to date.
    function _accrueBoth(address from, address to, address model) internal virtual;

    /// @dev Returns whether the model is open.
    function _exists(address model) internal view virtual returns (bool);

    function _idOf(address model) internal pure returns (uint256) {
        return uint256(uint160(model));
    }

    function _modelOf(uint256 id) internal pure returns (address) {
        return address(uint160(id));
    }

    function _sharesOf(address holder, address model) internal view returns (uint256) {
        return balanceOf(holder, _idOf(model));
    }
}
