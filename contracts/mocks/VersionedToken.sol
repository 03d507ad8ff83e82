// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";

/// @title VersionedToken
/// @notice An ERC-20 with authorizations (ERC-3009) whose domain has version 2, as USDC's, and without permits.
contract VersionedToken is ERC3009 {
    /// @notice What the token says its version is.
    string public version;

    /// @param version_ What the token says its version is: "2" is true.
    constructor(string memory version_) ERC20("Versioned Token", "TWO") EIP712("Versioned Token", "2") {
        version = version_;
    }

    /// @notice Creates `amount` units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Returns the hash of the domain that signatures are checked with.
    function DOMAIN_SEPARATOR() external view returns (bytes32) {
        // solhint-disable-previous-line func-name-mixedcase
        return _domainSeparatorV4();
    }
}
