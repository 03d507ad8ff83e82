// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IAllocations
/// @notice Shares that are set aside for many: a Merkle root names who gets how many, and a million contributors cost
/// what one does.
/// @dev An allocation is a holder like any other. It holds its shares under its number as an address, and nobody can
/// send shares there. Whoever takes shares out of it gets with them everything that they have earned since the
/// allocation was made, exactly as if they had been held from then on.
///
/// A leaf is, as in OpenZeppelin's `StandardMerkleTree`,
///
/// ```
/// keccak256(bytes.concat(keccak256(abi.encode(chainId, ledger, model, index, account, units))))
/// ```
///
/// of types `uint256, address, address, uint256, address, uint256`. Hashed twice, so that no inner node passes for a
/// leaf.
interface IAllocations {
    /* STRUCTS */

    /// @notice Shares to be set aside.
    /// @param root The Merkle root of who gets them; zero if only the steward is to take them.
    /// @param units How many of the model's shares; more than 0. Warning: leaves that sum to more leave the last
    /// empty-handed.
    /// @param uri Where the leaves can be fetched; only emitted, so check what comes against the root.
    /// @param steward Who may take what is left; the zero address for nobody, ever.
    /// @param reclaimableFrom Time from which the steward may take what is left, and no leaf can be claimed any more.
    struct Allocation {
        bytes32 root;
        uint32 units;
        string uri;
        address steward;
        uint40 reclaimableFrom;
    }

    /* EVENTS */

    /// @notice Emitted when shares are set aside; a `Transfer` to the allocation's number follows.
    /// @param allocation The allocation's number, from 1.
    /// @param model Whose shares.
    /// @param creator Who set them aside: the holder, or whoever opened the model.
    /// @param root The Merkle root of who gets them, or zero.
    /// @param units How many.
    /// @param uri Where the leaves can be fetched, as the creator says.
    /// @param steward Who may take what is left, or zero.
    /// @param reclaimableFrom From when.
    event SharesAllocated(
        uint64 indexed allocation,
        address indexed model,
        address indexed creator,
        bytes32 root,
        uint32 units,
        string uri,
        address steward,
        uint40 reclaimableFrom
    );

    /// @notice Emitted when a leaf's shares go to its account, with all that they earned. The `Transfer` from the
    /// allocation's number that follows tells of which model, to whom, and how many.
    /// @param allocation The allocation; not indexed, since a filter for it is one for that `Transfer`'s sender.
    /// @param index The leaf's index.
    event SharesClaimed(uint64 allocation, uint256 index);

    /// @notice Emitted when a steward takes what is left, with all that it earned; a `Transfer` follows.
    /// @param allocation The allocation.
    /// @param model Whose shares.
    /// @param to Who got them.
    /// @param units How many.
    event SharesReclaimed(uint64 indexed allocation, address indexed model, address indexed to, uint256 units);

    /// @notice Emitted when a holder hands over its position, with all that it is owed; a `Transfer` follows.
    /// @param model Whose shares.
    /// @param from The old holder.
    /// @param to The new one.
    /// @param units How many shares.
    event PositionHandedOver(address indexed model, address indexed from, address indexed to, uint256 units);

    /* ERRORS */

    /// @notice An allocation with neither a root nor a steward: nobody could ever take its shares.
    /// @param model The model whose shares it would hold.
    error AllocationWithoutTaker(address model);

    /// @notice No leaf can be claimed any more: the time of the steward has begun.
    /// @param reclaimableFrom When it began, in Unix time.
    error AllocationExpired(uint256 reclaimableFrom);

    /// @notice The steward's time has not begun.
    /// @param allocation The allocation's number.
    /// @param reclaimableFrom When it begins, in Unix time.
    error AllocationNotExpired(uint64 allocation, uint256 reclaimableFrom);

    /// @notice Only the allocation's steward may take what is left.
    /// @param allocation The allocation's number.
    /// @param caller Who called.
    error NotAllocationSteward(uint64 allocation, address caller);

    /// @notice The proof does not lead from this leaf to the allocation's root.
    /// @param allocation The allocation's number.
    /// @param index The leaf's index.
    /// @param account Whose shares the leaf is said to be.
    error ShareProofInvalid(uint64 allocation, uint256 index, address account);

    /// @notice The leaf has been claimed.
    /// @param allocation The allocation's number.
    /// @param index The leaf's index.
    error SharesAlreadyClaimed(uint64 allocation, uint256 index);

    /// @notice The allocation has no shares of this model, or none are left.
    /// @param allocation The allocation's number.
    /// @param model The model's id.
    error NothingToReclaim(uint64 allocation, address model);

    /* FUNCTIONS */

    /// @notice Sets shares of the caller's aside. What they earned until now stays the caller's.
    /// @dev Emits {SharesAllocated}.
    ///
    /// Requirements: the caller holds them; `units` is more than 0; there is a root or a steward; if both, the
    /// steward's time is to come.
    ///
    /// @param model Whose shares.
    /// @param allocation Which shares, and for whom.
    /// @return number The allocation's number.
    function allocate(address model, Allocation calldata allocation) external returns (uint64 number);

    /// @notice Gives a leaf's account its shares, with all that they earned since the allocation was made. Anyone may
    /// call this.
    /// @dev Emits {SharesClaimed}.
    ///
    /// Requirements: the leaf is in the tree and was not claimed; its account can hold shares; the steward's time has
    /// not begun; the allocation has shares left.
    ///
    /// @param model Whose shares.
    /// @param allocation The allocation's number.
    /// @param index The leaf's index.
    /// @param account The leaf's account.
    /// @param units The leaf's shares.
    /// @param proof The leaf's siblings, from the leaf to the root.
    function claimShares(
        address model,
        uint64 allocation,
        uint256 index,
        address account,
        uint256 units,
        bytes32[] calldata proof
    ) external;

    /// @notice Sends what is left of an allocation, with all that it earned, to `to`.
    /// @dev Only the steward, once its time has begun. Emits {SharesReclaimed}.
    /// @param model Whose shares.
    /// @param allocation The allocation's number.
    /// @param to Who gets them; an account that can hold shares.
    function reclaimShares(address model, uint64 allocation, address to) external;

    /// @notice Hands the caller's whole position in a model over: its shares, with everything that it is owed for them
    /// in every currency.
    /// @dev Emits {PositionHandedOver}.
    ///
    /// Requirements: `to` is another account, and can hold shares.
    ///
    /// @param model The model's id.
    /// @param to The new holder.
    function handOverPosition(address model, address to) external;

    /// @notice Returns what an allocation was made with; all zero if there is none.
    /// @param allocation The allocation's number.
    /// @return root The Merkle root, or zero.
    /// @return steward Who may take what is left, or zero.
    /// @return reclaimableFrom From when.
    function allocationOf(
        uint64 allocation
    ) external view returns (bytes32 root, address steward, uint40 reclaimableFrom);

    /// @notice Returns whether a leaf was claimed.
    /// @param allocation The allocation's number.
    /// @param index The leaf's index.
    function isShareClaimed(uint64 allocation, uint256 index) external view returns (bool);

    /// @notice Returns how many allocations there are; also the number of the newest.
    function allocationCount() external view returns (uint64);
}
