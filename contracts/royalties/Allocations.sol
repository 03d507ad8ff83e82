// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {IAllocations} from "../interfaces/IAllocations.sol";

import {ModelShares} from "./ModelShares.sol";

/// @title Allocations
/// @notice See {IAllocations}.
abstract contract Allocations is ModelShares {
    using BitMaps for BitMaps.BitMap;

    /// @dev What an allocation keeps of what it was made with.
    struct AllocationTerms {
        bytes32 root;
        address steward;
        uint40 reclaimableFrom;
    }

    uint64 private _allocationCount;

    mapping(uint64 allocation => AllocationTerms) private _allocations;
    mapping(uint64 allocation => BitMaps.BitMap) private _claimedLeaves;

    /// @inheritdoc IAllocations
    function allocate(address model, Allocation calldata allocation) external returns (uint64) {
        _requireNoAllocation(msg.sender);

        return _allocate(msg.sender, model, allocation);
    }

    /// @inheritdoc IAllocations
    function claimShares(
        address model,
        uint64 allocation,
        uint256 index,
        address account,
        uint256 units,
        bytes32[] calldata proof
    ) external {
        AllocationTerms storage terms = _allocations[allocation];
        require(_canClaim(terms.steward, terms.reclaimableFrom), AllocationExpired(terms.reclaimableFrom));
        BitMaps.BitMap storage claimed = _claimedLeaves[allocation];
        require(!claimed.get(index), SharesAlreadyClaimed(allocation, index));
        require(
            MerkleProof.verifyCalldata(proof, terms.root, _leafOf(model, index, account, units)),
            ShareProofInvalid(allocation, index, account)
        );

        claimed.set(index);

        emit SharesClaimed(allocation, index);

        _moveWithEarnings(_holderOf(allocation), account, model, units);
    }

    /// @inheritdoc IAllocations
    function reclaimShares(address model, uint64 allocation, address to) external {
        AllocationTerms storage terms = _allocations[allocation];
        require(msg.sender == terms.steward, NotAllocationSteward(allocation, msg.sender));
        require(block.timestamp >= terms.reclaimableFrom, AllocationNotExpired(allocation, terms.reclaimableFrom));
        uint256 units = _sharesOf(_holderOf(allocation), model);
        require(units > 0, NothingToReclaim(allocation, model));

        emit SharesReclaimed(allocation, model, to, units);

        _moveWithEarnings(_holderOf(allocation), to, model, units);
    }

    /// @inheritdoc IAllocations
    function allocationOf(
        uint64 allocation
    ) external view returns (bytes32 root, address steward, uint40 reclaimableFrom) {
        AllocationTerms storage terms = _allocations[allocation];

        return (terms.root, terms.steward, terms.reclaimableFrom);
    }

    /// @inheritdoc IAllocations
    function isShareClaimed(uint64 allocation, uint256 index) external view returns (bool) {
        return _claimedLeaves[allocation].get(index);
    }

    /// @inheritdoc IAllocations
    function allocationCount() external view returns (uint64) {
        return _allocationCount;
    }

    /// @dev Sets shares aside: those of a holder, or, for the zero address, new ones of a model that is being opened.
    function _allocate(address holder, address model, Allocation calldata allocation) internal returns (uint64 number) {
        number = _allocationCount + 1;
        require(allocation.units > 0, ZeroShares(_holderOf(number)));
        require(allocation.root != 0 || allocation.steward != address(0), AllocationWithoutTaker(model));
        require(
            allocation.root == 0 || _canClaim(allocation.steward, allocation.reclaimableFrom),
            AllocationExpired(allocation.reclaimableFrom)
        );

        _allocationCount = number;
        AllocationTerms storage terms = _allocations[number];
        terms.root = allocation.root;
        terms.steward = allocation.steward;
        terms.reclaimableFrom = allocation.reclaimableFrom;

        emit SharesAllocated(
            number,
            model,
            msg.sender,
            allocation.root,
            allocation.units,
            allocation.uri,
            allocation.steward,
            allocation.reclaimableFrom
        );

        _moveIntoAllocation(holder, number, model, allocation.units);
    }

    /// @dev Returns whether leaves can be claimed still: a steward takes over at its time.
    function _canClaim(address steward, uint256 reclaimableFrom) private view returns (bool) {
        return steward == address(0) || block.timestamp < reclaimableFrom;
    }

    function _leafOf(address model, uint256 index, address account, uint256 units) private view returns (bytes32) {
        bytes32 content = keccak256(abi.encode(block.chainid, address(this), model, index, account, units));

        return keccak256(bytes.concat(content));
    }
}
