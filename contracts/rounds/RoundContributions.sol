// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";

import {IRoundContributions} from "../interfaces/IRoundContributions.sol";
import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";

import {RoundRecords} from "./RoundRecords.sol";

/// @title RoundContributions
/// @notice See {IRoundContributions}.
abstract contract RoundContributions is IRoundContributions, RoundRecords {
    using BitMaps for BitMaps.BitMap;

    IRoyaltyLedger internal immutable _ledger;

    /// @dev By contributor too: who copies another's commitment gets in nobody's way.
    mapping(bytes32 roundId => mapping(address contributor => mapping(bytes32 commitment => SubmissionStatus)))
        private _submissions;
    mapping(bytes32 roundId => BitMaps.BitMap) private _claimedLeaves;

    /// @param ledger_ The ledger that holds the models' shares.
    constructor(IRoyaltyLedger ledger_) {
        _ledger = ledger_;
    }

    /* SUBMISSIONS */

    /// @inheritdoc IRoundContributions
    function submit(
        bytes32 roundId,
        bytes32 commitment,
        ContributionKind kind,
        uint64 units
    ) external payable nonReentrant {
        Record storage record = _records[roundId];
        _requireState(roundId, record, RoundState.Open);
        mapping(bytes32 => SubmissionStatus) storage statuses = _submissions[roundId][msg.sender];
        require(
            statuses[commitment] == SubmissionStatus.None,
            ContributionAlreadySubmitted(roundId, msg.sender, commitment)
        );

        statuses[commitment] = SubmissionStatus.Sealed;

        emit ContributionSubmitted(roundId, msg.sender, commitment, kind, units);

        _take(record.currency, record.submissionBond);
    }

    /// @inheritdoc IRoundContributions
    function reveal(bytes32 roundId, bytes32 contentDigest, string calldata uri) external {
        Record storage record = _records[roundId];
        _requireState(roundId, record, RoundState.Review);
        _requireUntil(roundId, record.revealUntil);
        bytes32 commitment = commitmentOf(msg.sender, contentDigest);
        mapping(bytes32 => SubmissionStatus) storage statuses = _submissions[roundId][msg.sender];
        require(
            statuses[commitment] == SubmissionStatus.Sealed,
            ContributionNotSealed(roundId, msg.sender, commitment)
        );

        statuses[commitment] = SubmissionStatus.Revealed;

        emit ContributionRevealed(roundId, msg.sender, commitment, contentDigest, uri);
    }

    /// @inheritdoc IRoundContributions
    function takeSubmissionBond(
        bytes32 roundId,
        address contributor,
        bytes32 commitment,
        address to
    ) external nonReentrant {
        Record storage record = _records[roundId];
        mapping(bytes32 => SubmissionStatus) storage statuses = _submissions[roundId][contributor];
        SubmissionStatus status = statuses[commitment];
        require(
            status == SubmissionStatus.Revealed || (status == SubmissionStatus.Sealed && _hasEnded(record)),
            SubmissionBondNotDue(roundId, contributor, commitment)
        );
        _requirePayee(contributor, to);

        statuses[commitment] = SubmissionStatus.Settled;
        uint256 bond = record.submissionBond;

        emit SubmissionBondPaid(roundId, contributor, commitment, to, bond);

        _pay(record.currency, to, bond);
    }

    /* CLAIMS */

    /// @inheritdoc IRoundContributions
    function claim(bytes32 roundId, Leaf calldata leaf, bytes32[] calldata proof, address to) external nonReentrant {
        Record storage record = _records[roundId];
        address model = record.model;
        require(model != address(0), RoundNotInState(roundId, _stateOf(record), RoundState.Finalised));
        BitMaps.BitMap storage claimed = _claimedLeaves[roundId];
        require(!claimed.get(leaf.index), LeafAlreadyClaimed(roundId, leaf.index));
        require(
            proof.length > 0 && proof[0] == _ownHalfOf(roundId, leaf),
            LeafProofInvalid(roundId, leaf.index, leaf.account)
        );
        _requirePayee(leaf.account, to);
        // All of it, unless the root lies: then the last leaves have what is left, so that none of it stays behind.
        uint256 cashLeft = record.cashLeft;
        uint256 cash = Math.min(leaf.cash, cashLeft);

        claimed.set(leaf.index);
        record.cashLeft = uint96(cashLeft - cash); // at most what it was

        emit LeafClaimed(roundId, leaf.account, leaf.index, leaf.shares, to, cash);

        uint64 allocation = record.allocation;
        // Where the ledger gives the shares, it looks at the proof. Anyone may have had it do so before.
        if (leaf.shares > 0 && !_ledger.isShareClaimed(allocation, leaf.index)) {
            _ledger.claimShares(model, allocation, leaf.index, leaf.account, leaf.shares, proof);
        } else {
            require(
                MerkleProof.verifyCalldata(proof, record.root, _ledgersHalfOf(model, leaf)),
                LeafProofInvalid(roundId, leaf.index, leaf.account)
            );
        }
        _pay(record.currency, to, cash);
    }

    /* VIEWS */

    /// @inheritdoc IRoundContributions
    function submissionOf(
        bytes32 roundId,
        address contributor,
        bytes32 commitment
    ) external view returns (SubmissionStatus) {
        return _submissions[roundId][contributor][commitment];
    }

    /// @inheritdoc IRoundContributions
    function commitmentOf(address contributor, bytes32 contentDigest) public pure returns (bytes32) {
        return keccak256(abi.encode(contributor, contentDigest));
    }

    /// @inheritdoc IRoundContributions
    function isLeafClaimed(bytes32 roundId, uint256 index) external view returns (bool) {
        return _claimedLeaves[roundId].get(index);
    }

    /* INTERNAL */

    function _hasEnded(Record storage record) internal view returns (bool) {
        RoundState state = _stateOf(record);

        return state == RoundState.Finalised || state == RoundState.Refunding;
    }

    function _ownHalfOf(bytes32 roundId, Leaf calldata leaf) private view returns (bytes32) {
        bytes32 content = keccak256(
            abi.encode(block.chainid, address(this), roundId, leaf.index, leaf.account, leaf.shares, leaf.cash)
        );

        return keccak256(bytes.concat(content));
    }

    /// @dev As {IAllocations} has it.
    function _ledgersHalfOf(address model, Leaf calldata leaf) private view returns (bytes32) {
        bytes32 content = keccak256(
            abi.encode(block.chainid, address(_ledger), model, leaf.index, leaf.account, leaf.shares)
        );

        return keccak256(bytes.concat(content));
    }
}
