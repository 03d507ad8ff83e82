// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {IFaucetToken} from "../interfaces/IFaucetToken.sol";

import {IERC3009Bytes} from "../libraries/Authorization.sol";

/// @title FaucetToken
/// @notice See {IFaucetToken}.
/// @dev Nobody owns it: there is no limit but the drip's.
contract FaucetToken is IFaucetToken, ERC20Permit, ERC3009 {
    uint8 private immutable _decimals;

    /// @inheritdoc IFaucetToken
    uint256 public immutable dripAmount;
    /// @inheritdoc IFaucetToken
    uint40 public immutable dripPeriod;

    /// @inheritdoc IFaucetToken
    mapping(address account => uint40) public nextDripAt;

    /// @param name_ The token's name, in what wallets sign too.
    /// @param symbol_ The token's symbol.
    /// @param decimals_ The token's decimals; USDC has 6.
    /// @param dripAmount_ How much a drip is, in units.
    /// @param dripPeriod_ Seconds between two drips of one account.
    constructor(
        string memory name_,
        string memory symbol_,
        uint8 decimals_,
        uint256 dripAmount_,
        uint40 dripPeriod_
    ) ERC20(name_, symbol_) ERC20Permit(name_) {
        _decimals = decimals_;
        dripAmount = dripAmount_;
        dripPeriod = dripPeriod_;
    }

    /* FAUCET */

    /// @inheritdoc IFaucetToken
    function drip(address account) external {
        uint40 nextAt = nextDripAt[account];
        require(block.timestamp >= nextAt, DripTooEarly(account, nextAt));

        nextAt = uint40(block.timestamp) + dripPeriod;
        nextDripAt[account] = nextAt;
        _mint(account, dripAmount);

        emit Dripped(account, dripAmount, nextAt);
    }

    /* AUTHORIZATIONS */

    /// @inheritdoc IFaucetToken
    function transferWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external {
        _requireSigned(
            from,
            abi.encode(TRANSFER_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce),
            signature
        );

        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
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
        _requireSigned(
            from,
            abi.encode(RECEIVE_WITH_AUTHORIZATION_TYPEHASH, from, to, value, validAfter, validBefore, nonce),
            signature
        );
        require(to == msg.sender, ERC20InvalidReceiver(to));

        _transferWithAuthorization(from, to, value, validAfter, validBefore, nonce);
    }

    /// @inheritdoc IFaucetToken
    function cancelAuthorization(address authorizer, bytes32 nonce, bytes calldata signature) external {
        _requireSigned(authorizer, abi.encode(CANCEL_AUTHORIZATION_TYPEHASH, authorizer, nonce), signature);

        _cancelAuthorization(authorizer, nonce);
    }

    /* VIEWS */

    /// @notice Returns the token's decimals.
    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    /* INTERNAL */

    function _requireSigned(address signer, bytes memory encoded, bytes calldata signature) private view {
        bytes32 hash = _hashTypedDataV4(keccak256(encoded));

        require(SignatureChecker.isValidSignatureNowCalldata(signer, hash, signature), ERC3009InvalidSignature());
    }
}
