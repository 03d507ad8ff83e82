// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IUsePolicy
/// @notice How models may be used, as holders of WEAL have decided: a text with numbered clauses, of which the chain has
/// the digest. Licences pin it, advisories cite it.
/// @dev Append-only: what was decided once can be looked up for ever. It binds nobody by itself.
interface IUsePolicy {
    /* STRUCTS */

    /// @notice One version of the policy.
    /// @param digest The sha-256 of the text's bytes.
    /// @param clauseCount How many clauses it has; they are numbered from 1.
    /// @param publishedAt When it began to hold, in Unix time.
    struct Policy {
        bytes32 digest;
        uint16 clauseCount;
        uint40 publishedAt;
    }

    /* EVENTS */

    /// @notice Emitted when a version of the policy begins to hold.
    /// @param version Its number, from 1.
    /// @param digest The sha-256 of the text.
    /// @param clauseCount How many clauses it has.
    /// @param uri Where the text can be fetched; check what comes against the digest.
    event PolicyPublished(uint32 indexed version, bytes32 digest, uint16 clauseCount, string uri);

    /* ERRORS */

    /// @notice Only governance may call this.
    /// @param caller Who called.
    error NotPolicyGovernance(address caller);

    /// @notice A digest of zero, or a policy without clauses.
    error PolicyEmpty();

    /// @notice There is no version of this number.
    /// @param version The number.
    error PolicyNotFound(uint256 version);

    /* FUNCTIONS */

    /// @notice Publishes the next version of the policy, which holds from now on.
    /// @dev Only governance. Emits {PolicyPublished}.
    /// @param digest The sha-256 of the text's bytes; not zero.
    /// @param clauseCount How many clauses it has, at least 1.
    /// @param uri Where the text can be fetched; only emitted.
    /// @return version Its number.
    function publishPolicy(bytes32 digest, uint16 clauseCount, string calldata uri) external returns (uint32 version);

    /// @notice Returns the number of the version that holds.
    function policyVersion() external view returns (uint32);

    /// @notice Returns a version; reverts with {PolicyNotFound} if there is none.
    /// @param version Its number, from 1.
    function policyOf(uint32 version) external view returns (Policy memory);

    /// @notice Returns the timelock that publishes.
    function governance() external view returns (address);
}
