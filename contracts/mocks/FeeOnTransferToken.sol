// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {TestToken} from "./TestToken.sol";

/// @title FeeOnTransferToken
/// @notice An ERC-20 that burns a part of each transfer at the receiver's cost.
contract FeeOnTransferToken is TestToken("Fee-on-transfer Token", "FEE", 18) {
    uint256 private immutable _burnBps;

    /// @param burnBps The part burnt, in basis points. Above 10,000 the receiver has less after a transfer than before.
    constructor(uint256 burnBps) {
        _burnBps = burnBps;
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);

        if (from != address(0)) super._update(to, address(0), (amount * _burnBps) / 10_000);
    }
}
