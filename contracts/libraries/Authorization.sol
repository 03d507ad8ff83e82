// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {Currency} from "./Currency.sol";

/// @notice A payer's signed consent to one transfer of an ERC-20: `ReceiveWithAuthorization` of ERC-3009.
/// @param from Who pays.
/// @param validAfter It serves after this time, in Unix time.
/// @param validBefore It serves before this time, in Unix time.
/// @param salt The payer's choice, so that it can pay the same twice.
/// @param signature 65 bytes of ECDSA (r, s, v), or whatever a smart wallet signs with.
struct Authorization {
    address from;
    uint256 validAfter;
    uint256 validBefore;
    bytes32 salt;
    bytes signature;
}

/// @title IERC3009Bytes
/// @notice The overload for smart wallets (ERC-1271) that newer tokens have, such as USDC since its version 2.2.
interface IERC3009Bytes {
    /// @notice As `receiveWithAuthorization` of ERC-3009, with a signature of any form.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}

using AuthorizationLibrary for Authorization global;

/// @title AuthorizationLibrary
/// @notice Uses an {Authorization}.
library AuthorizationLibrary {
    /// @notice Has the token move `amount` units from the signer to this contract; reverts as the token does.
    /// @param currency The token; not ETH.
    /// @param amount How much, in units.
    /// @param nonce What the signature commits to beside the transfer: computed by the caller from every argument of
    /// its own, so that nobody can use the signature for anything else.
    function receiveHere(Authorization calldata self, Currency currency, uint256 amount, bytes32 nonce) internal {
        address token = Currency.unwrap(currency);
        (uint8 v, bytes32 r, bytes32 s) = ECDSA.parseCalldata(self.signature);
        // Nothing is parsed of a signature that is no ECDSA one.
        if (v != 0) {
            IERC3009(token).receiveWithAuthorization(
                self.from,
                address(this),
                amount,
                self.validAfter,
                self.validBefore,
                nonce,
                v,
                r,
                s
            );
        } else {
            IERC3009Bytes(token).receiveWithAuthorization(
                self.from,
                address(this),
                amount,
                self.validAfter,
                self.validBefore,
                nonce,
                self.signature
            );
        }
    }
}
