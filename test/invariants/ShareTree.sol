// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IAllocations} from "../../contracts/interfaces/IAllocations.sol";

/// @dev An allocation as it was made: a Merkle tree of four leaves, whose units are all that was set aside.
struct ShareTree {
    uint64 number;
    address model;
    address[4] accounts;
    uint32[4] units;
    /// @dev Whether there is a root; else the steward alone can take the shares.
    bool hasLeaves;
    address steward;
    uint40 reclaimableFrom;
}

using ShareTreeLibrary for ShareTree global;

/// @dev The tree, calculated as {IAllocations} describes it.
library ShareTreeLibrary {
    function toAllocation(
        ShareTree memory self,
        address ledger
    ) internal view returns (IAllocations.Allocation memory allocation) {
        for (uint256 i = 0; i < 4; ++i) allocation.units += self.units[i];
        if (self.hasLeaves) allocation.root = root(self, ledger);
        allocation.steward = self.steward;
        allocation.reclaimableFrom = self.reclaimableFrom;
    }

    function root(ShareTree memory self, address ledger) internal view returns (bytes32) {
        return _pair(_inner(self, ledger, 0), _inner(self, ledger, 2));
    }

    function proof(
        ShareTree memory self,
        address ledger,
        uint256 index
    ) internal view returns (bytes32[] memory siblings) {
        siblings = new bytes32[](2);
        siblings[0] = _leaf(self, ledger, index ^ 1);
        siblings[1] = _inner(self, ledger, index < 2 ? 2 : 0);
    }

    function _inner(ShareTree memory self, address ledger, uint256 first) private view returns (bytes32) {
        return _pair(_leaf(self, ledger, first), _leaf(self, ledger, first + 1));
    }

    function _leaf(ShareTree memory self, address ledger, uint256 index) private view returns (bytes32) {
        bytes memory content = abi.encode(
            block.chainid,
            ledger,
            self.model,
            index,
            self.accounts[index],
            uint256(self.units[index])
        );

        return keccak256(bytes.concat(keccak256(content)));
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }
}
