// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IUsePolicy} from "../interfaces/IUsePolicy.sol";

/// @title UsePolicy
/// @notice See {IUsePolicy}.
contract UsePolicy is IUsePolicy {
    /// @inheritdoc IUsePolicy
    address public immutable governance;

    /// @inheritdoc IUsePolicy
    uint32 public policyVersion;
    mapping(uint256 version => Policy) private _policies;

    /// @param governance_ The timelock that publishes.
    /// @param digest The sha-256 of the first version's text.
    /// @param clauseCount How many clauses it has.
    /// @param uri Where the text can be fetched.
    constructor(address governance_, bytes32 digest, uint16 clauseCount, string memory uri) {
        governance = governance_;

        _publish(digest, clauseCount, uri);
    }

    /// @inheritdoc IUsePolicy
    function publishPolicy(bytes32 digest, uint16 clauseCount, string calldata uri) external returns (uint32 version) {
        require(msg.sender == governance, NotPolicyGovernance(msg.sender));

        return _publish(digest, clauseCount, uri);
    }

    /// @inheritdoc IUsePolicy
    function policyOf(uint32 version) external view returns (Policy memory) {
        require(version > 0 && version <= policyVersion, PolicyNotFound(version));

        return _policies[version];
    }

    function _publish(bytes32 digest, uint16 clauseCount, string memory uri) private returns (uint32 version) {
        require(digest != 0 && clauseCount > 0, PolicyEmpty());

        version = ++policyVersion;
        _policies[version] = Policy({digest: digest, clauseCount: clauseCount, publishedAt: uint40(block.timestamp)});

        emit PolicyPublished(version, digest, clauseCount, uri);
    }
}
