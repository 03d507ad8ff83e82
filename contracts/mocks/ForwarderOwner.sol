// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

import {Forwarder} from "../libraries/Forwarder.sol";

/// @title ForwarderOwner
/// @notice Deploys forwarders and passes calls on to them.
contract ForwarderOwner {
    /// @notice Deploys the forwarder of `salt`.
    function deploy(bytes32 salt) external returns (address) {
        return Create2.deploy(0, salt, Forwarder.INIT_CODE);
    }

    /// @notice Calls a forwarder with exactly these bytes and this ETH, and returns or reverts with what came back.
    function callForwarder(address forwarder, bytes calldata data) external payable returns (bytes memory) {
        (bool success, bytes memory result) = forwarder.call{value: msg.value}(data);

        return Address.verifyCallResult(success, result);
    }

    /// @notice Returns the address of the forwarder of `salt`, deployed or not.
    function addressOf(bytes32 salt) external view returns (address) {
        return Forwarder.addressOf(address(this), salt);
    }

    /// @notice Returns the library's init code.
    function initCode() external pure returns (bytes memory) {
        return Forwarder.INIT_CODE;
    }

    /// @notice Returns the library's hash of the init code.
    function initCodeHash() external pure returns (bytes32) {
        return Forwarder.INIT_CODE_HASH;
    }
}
