// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";

import {Currency} from "./Currency.sol";

/// @title Forwarder
/// @notice The bytecode of deposit forwarders: the tiny contracts that stand, once deployed, at a model's address.
/// @dev A model's id is the CREATE2 address of its forwarder, so these bytes are part of every id and are final. They
/// are written by hand rather than compiled, so that no compiler setting can change an id; a test pins their hash and
/// runs each path. EIP-1167 would not do: its delegatecall does not fit the 2,300 gas of a plain `transfer`.
///
/// The deployer becomes the owner. The forwarder then
///
/// - takes ETH from anyone, when called without data (23 gas);
/// - when its owner calls it with abi.encodePacked(uint256(target), uint256(value), data), calls `target` with `value`
///   and `data`, and returns or reverts with what came back (less than 64 bytes of it burn the gas they are given);
/// - reverts when anyone else calls it with data.
///
/// Init code, 21 bytes; it puts PUSH20 <caller> before the tail that follows it:
///
/// ```
/// 00  33                CALLER
/// 01  6073 60a0 1b 17   PUSH1 0x73  PUSH1 160  SHL  OR               0x73 ‖ caller, 21 bytes
/// 07  5f 52             PUSH0  MSTORE                                in memory from 11 to 32
/// 09  602f 6015 6020 39 PUSH1 47  PUSH1 21  PUSH1 32  CODECOPY       the tail, in memory from 32
/// 10  6044 600b f3      PUSH1 68  PUSH1 11  RETURN
/// ```
///
/// Runtime, 68 bytes, of which the tail is the last 47:
///
/// ```
/// 00  73 <owner>        PUSH20 owner
/// 15  33 18             CALLER  XOR                                  0 if the owner calls
/// 17  36 601c 57 00     CALLDATASIZE  PUSH1 0x1c  JUMPI  STOP        no data: take ETH
/// 1c  5b 6040 57        JUMPDEST  PUSH1 0x40  JUMPI                  not the owner: revert
/// 20  5f 5f             PUSH0  PUSH0                                 no area for what comes back
/// 22  6040 36 03        PUSH1 64  CALLDATASIZE  SUB                  size of data
/// 26  80 6040 5f 37     DUP1  PUSH1 64  PUSH0  CALLDATACOPY          data to memory 0
/// 2b  5f 6020 35 5f 35  PUSH0  PUSH1 32  CALLDATALOAD  PUSH0  CALLDATALOAD
/// 31  5a f1             GAS  CALL
/// 33  3d 5f 5f 3e       RETURNDATASIZE  PUSH0  PUSH0  RETURNDATACOPY what came back to memory 0
/// 37  5f 3d 91          PUSH0  RETURNDATASIZE  SWAP2                 size, 0, success
/// 3a  603e 57 fd        PUSH1 0x3e  JUMPI  REVERT
/// 3e  5b f3             JUMPDEST  RETURN
/// 40  5b 5f 5f fd       JUMPDEST  PUSH0  PUSH0  REVERT
/// ```
library Forwarder {
    /// @notice What CREATE2 runs: the same bytes for every forwarder of every ledger on every chain.
    bytes internal constant INIT_CODE =
        hex"33607360a01b175f52602f60156020396044600bf3"
        hex"331836601c57005b6040575f5f604036038060405f375f6020355f355af13d5f5f3e5f3d91603e57fd5bf35b5f5ffd";

    /// @notice keccak256 of {INIT_CODE}.
    bytes32 internal constant INIT_CODE_HASH = keccak256(INIT_CODE);

    /// @notice Returns the address of the forwarder that `owner` deploys, or will deploy, with `salt`.
    /// @param owner The contract that deploys the forwarder by CREATE2 and is then obeyed by it.
    /// @param salt The CREATE2 salt.
    function addressOf(address owner, bytes32 salt) internal pure returns (address) {
        return Create2.computeAddress(salt, INIT_CODE_HASH, owner);
    }

    /// @notice Has the forwarder of this contract with `salt` send `amount` here; deploys it first where needed. Does
    /// not revert if the currency does: the caller sees what came.
    function pull(address forwarder, bytes32 salt, Currency currency, uint256 amount) internal {
        if (forwarder.code.length == 0) Create2.deploy(0, salt, INIT_CODE);

        bytes memory instruction =
            currency.isEth()
                ? abi.encodePacked(uint256(uint160(address(this))), amount)
                : abi.encodePacked(
                    uint256(uint160(Currency.unwrap(currency))),
                    uint256(0),
                    abi.encodeCall(IERC20.transfer, (address(this), amount))
                );
        LowLevelCall.callNoReturn(forwarder, instruction);
    }
}
