// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {Callback} from "./Callback.sol";
import {TestToken} from "./TestToken.sol";

/// @title ReentrantToken
/// @notice An ERC-20 that makes the prepared call during its next transfer, before it moves anything, as tokens with
/// hooks for the sender do.
contract ReentrantToken is TestToken("Reentrant Token", "REENTER", 18), Callback {
    function _update(address from, address to, uint256 amount) internal override {
        if (from != address(0)) _callBack();

        super._update(from, to, amount);
    }
}
