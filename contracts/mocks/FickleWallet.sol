// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title FickleWallet
/// @notice A voter that takes every signature for its own, or burns all of its gas over it, or does either as it is
/// looked at: in a call that costs nothing it agrees, in a transaction it burns.
contract FickleWallet is IERC1271 {
    /// @notice What it does when it is asked about a signature.
    enum Mood {
        Agrees,
        Burns,
        Deceives
    }

    /// @notice What it does now.
    Mood public mood;

    /// @notice Changes what it does.
    function setMood(Mood mood_) external {
        mood = mood_;
    }

    /// @notice Lets its votes count for itself.
    function delegate(IVotes token) external {
        token.delegate(address(this));
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        bool burns = mood == Mood.Burns || (mood == Mood.Deceives && tx.gasprice != 0);
        while (burns) burns = gasleft() != 0;

        return IERC1271.isValidSignature.selector;
    }
}
