// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
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

    /// @dev With the delegator, which OpenZeppelin's `Delegation` leaves out: one key may sign for several wallets.
    bytes32 private constant WALLET_DELEGATION_TYPEHASH = keccak256(
        "WalletDelegation(address delegator,address delegatee,uint256 nonce,uint256 expiry)"
    );

    /// @notice The whole supply, in units of 10⁻¹⁸ WEAL.
    uint256 public constant SUPPLY = 1_000_000_000e18;

    /// @notice The genesis does not sum to the supply.
    /// @param sum What it sums to, in units of 10⁻¹⁸ WEAL.
    /// @param expected The supply, in the same units.
    error GenesisSumMismatch(uint256 sum, uint256 expected);

    /// @notice The delegator, or the wallet that it is, did not sign this delegation.
    /// @param delegator Whose votes were to be given.
    error DelegationInvalid(address delegator);

    /// @param genesis Who gets the supply; sums to {SUPPLY}.
    constructor(Genesis[] memory genesis) ERC20("Commonweal", "WEAL") ERC20Permit("Commonweal") {
        for (uint256 i = 0; i < genesis.length; ++i) _mint(genesis[i].account, genesis[i].amount);

        require(totalSupply() == SUPPLY, GenesisSumMismatch(totalSupply(), SUPPLY));
    }

    /// @notice Gives the votes of who signed to `delegatee`; anyone may send it. Like
    /// `delegateBySig`, and for smart wallets too (ERC-1271).
    /// @dev Emits `DelegateChanged` and `DelegateVotesChanged`.
    /// @param delegator Whose votes.
    /// @param delegatee Who gets them.
    /// @param nonce The delegator's {nonces}, which permits use too.
    /// @param expiry The last second at which it serves, in Unix time.
    /// @param signature Of the EIP-712 struct
    /// `WalletDelegation(address delegator,address delegatee,uint256 nonce,uint256 expiry)`.
    function delegateBySignature(
        address delegator,
        address delegatee,
        uint256 nonce,
        uint256 expiry,
        bytes calldata signature
    ) external {
        require(block.timestamp <= expiry, VotesExpiredSignature(expiry));
        bytes32 structHash = keccak256(abi.encode(WALLET_DELEGATION_TYPEHASH, delegator, delegatee, nonce, expiry));
        require(
            SignatureChecker.isValidSignatureNowCalldata(delegator, _hashTypedDataV4(structHash), signature),
            DelegationInvalid(delegator)
        );

        _useCheckedNonce(delegator, nonce);
        _delegate(delegator, delegatee);
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
