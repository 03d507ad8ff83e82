// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IERC3009Bytes} from "../libraries/Authorization.sol";

/// @title TestToken
/// @notice An ERC-20 with a choice of decimals that anyone can mint: for tests and local chains. As USDC, it takes
/// permits (ERC-2612) and authorizations with random nonces (ERC-3009), also by smart wallets.
contract TestToken is ERC20Permit, ERC3009, IERC3009Bytes {
    uint8 private immutable _decimals;

    /// @param name_ The token's name.
    /// @param symbol_ The token's symbol.
    /// @param decimals_ The token's decimals.
    constructor(string memory name_, string memory symbol_, uint8 decimals_) ERC20(name_, symbol_) ERC20Permit(name_) {
        _decimals = decimals_;
    }

    /// @notice Creates `amount` units for `to`.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @inheritdoc IERC3009Bytes
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        bytes32 hash = _hashTypedDataV4(
            keccak256(abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce))
        );
        require(SignatureChecker.isValidSignatureNowCalldata(from, hash, signature), ERC3009InvalidSignature());
        require(to == msg.sender, ERC20InvalidReceiver(to));

        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @notice Returns the token's decimals.
    function decimals() public view override returns (uint8) {
        return _decimals;
    }
}
