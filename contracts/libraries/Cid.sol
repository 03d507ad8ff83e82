// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Cid
/// @notice Writes a sha-256 digest as an IPFS content identifier.
library Cid {
    /// @dev CIDv1 (0x01), raw codec (0x55), sha2-256 (0x12), 32 bytes (0x20): https://github.com/multiformats/cid
    bytes4 private constant PREFIX = 0x01551220;

    /// @dev RFC 4648 base32 in lower case, without padding; multibase gives it the prefix "b".
    bytes32 private constant ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

    /// @notice Returns the CIDv1 of the raw block whose sha-256 is `digest`, in base32: 59 characters, "bafkrei…".
    /// @param digest The sha-256 of the block's bytes.
    function ofRawSha256(bytes32 digest) internal pure returns (string memory) {
        bytes memory data = bytes.concat(PREFIX, digest);
        bytes memory text = new bytes(59);

        text[0] = "b";
        uint256 position = 1;
        uint256 buffer = 0;
        uint256 bits = 0;
        for (uint256 i = 0; i < data.length; ++i) {
            // At most 4 bits are left over from the byte before; higher ones were written and are masked off.
            buffer = ((buffer & 0xf) << 8) | uint8(data[i]);
            bits += 8;
            for (; bits >= 5; bits -= 5) {
                text[position++] = ALPHABET[(buffer >> (bits - 5)) & 31];
            }
        }
        // 288 bits are 57 characters and 3 bits more, which are padded with zeros.
        text[position] = ALPHABET[(buffer << 2) & 31];

        return string(text);
    }
}
