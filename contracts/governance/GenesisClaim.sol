// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {IGenesisClaim} from "../interfaces/IGenesisClaim.sol";

/// @title GenesisClaim
/// @notice See {IGenesisClaim}.
/// @dev WEAL here has no votes until it is claimed and delegated: this contract delegates to nobody.
contract GenesisClaim is IGenesisClaim {
    using BitMaps for BitMaps.BitMap;
    using SafeERC20 for IERC20;

    /// @inheritdoc IGenesisClaim
    IERC20 public immutable weal;
    /// @inheritdoc IGenesisClaim
    address public immutable treasury;
    /// @inheritdoc IGenesisClaim
    bytes32 public immutable root;
    /// @inheritdoc IGenesisClaim
    uint40 public immutable claimUntil;

    BitMaps.BitMap private _claimed;

    /// @param weal_ WEAL, of which this contract got what the leaves sum to.
    /// @param treasury_ The timelock, who gets what nobody claims.
    /// @param root_ The Merkle root.
    /// @param claimUntil_ The last second for claims, in Unix time.
    constructor(IERC20 weal_, address treasury_, bytes32 root_, uint40 claimUntil_) {
        weal = weal_;
        treasury = treasury_;
        root = root_;
        claimUntil = claimUntil_;
    }

    /// @inheritdoc IGenesisClaim
    function claim(uint256 index, address account, uint256 amount, bytes32[] calldata proof) external {
        require(block.timestamp <= claimUntil, GenesisClaimOver(claimUntil));
        require(!_claimed.get(index), GenesisAlreadyClaimed(index));
        bytes32 leaf = keccak256(
            bytes.concat(keccak256(abi.encode(block.chainid, address(this), index, account, amount)))
        );
        require(MerkleProof.verifyCalldata(proof, root, leaf), GenesisProofInvalid(index, account, amount));

        _claimed.set(index);

        emit GenesisClaimed(index, account, amount);

        weal.safeTransfer(account, amount);
    }

    /// @inheritdoc IGenesisClaim
    function returnUnclaimed() external {
        require(block.timestamp > claimUntil, GenesisClaimOpen(claimUntil));
        uint256 amount = weal.balanceOf(address(this));

        emit GenesisReturned(amount);

        weal.safeTransfer(treasury, amount);
    }

    /// @inheritdoc IGenesisClaim
    function isClaimed(uint256 index) external view returns (bool) {
        return _claimed.get(index);
    }
}
