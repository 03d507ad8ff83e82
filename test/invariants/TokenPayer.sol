// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IRoyaltyPayer} from "../../contracts/interfaces/IPayments.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {RoyaltyLedger} from "../../contracts/royalties/RoyaltyLedger.sol";

/// @dev Pays by `payBy`, and delivers more than it is asked for.
contract TokenPayer is IRoyaltyPayer {
    function pay(RoyaltyLedger ledger, address model, Currency currency, uint256 amount, uint256 extra) external {
        ledger.payBy(model, currency, amount, "", abi.encode(extra));
    }

    function deliver(Currency token, uint256 amount, bytes calldata data) external {
        TestToken(Currency.unwrap(token)).mint(msg.sender, amount + abi.decode(data, (uint256)));
    }
}
