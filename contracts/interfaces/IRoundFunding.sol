// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Authorization} from "../libraries/Authorization.sol";

/// @title IRoundFunding
/// @notice What funders do: pay a round, and get their shares of its model, or their money back.
/// @dev A funding is known by its offset: how much the round had raised before it. So fundings lie side by side, from 0
/// to what was raised in all, and of any amount X that belongs to the funders together, a funding of `a` units at the
/// offset
/// `o` has
///
/// ```
/// ⌊X · (o + a) / raised⌋ − ⌊X · o / raised⌋
/// ```
///
/// These sum to X, to the unit, and depend neither on who claims first nor on how a funder split what it paid.
interface IRoundFunding {
    /* STRUCTS */

    /// @notice Money that a funder paid in.
    /// @param funder Whose it is; the zero address if there is no such funding, or none any more.
    /// @param amount How much, in units.
    struct Funding {
        address funder;
        uint96 amount;
    }

    /* EVENTS */

    /// @notice Emitted when a round is funded.
    /// @param roundId The round.
    /// @param funder Who paid.
    /// @param offset What the round had raised before, in units, by which the funding is known.
    /// @param amount How much, in units.
    event RoundFunded(bytes32 indexed roundId, address indexed funder, uint256 offset, uint256 amount);

    /// @notice Emitted when a funding of a round that failed is paid back.
    /// @param roundId The round.
    /// @param funder Whose funding.
    /// @param offset The funding.
    /// @param to Who got it.
    /// @param amount How much, in units: what was paid, and a part of the bonds that were lost.
    event FundingRefunded(
        bytes32 indexed roundId,
        address indexed funder,
        uint256 offset,
        address indexed to,
        uint256 amount
    );

    /// @notice Emitted when a funder gets its shares.
    /// @param roundId The round.
    /// @param funder Whose funding, who got the shares.
    /// @param offset The funding.
    /// @param shares How many of the model's shares.
    /// @param to Who got the money.
    /// @param amount How much of what the round did not spend, and of the bonds that were lost, in units.
    event FundingClaimed(
        bytes32 indexed roundId,
        address indexed funder,
        uint256 offset,
        uint256 shares,
        address to,
        uint256 amount
    );

    /* ERRORS */

    /// @notice Funding of nothing, or of more than the round's cap leaves room for.
    /// @param amount The funding, in units.
    /// @param room What is left below the round's cap, in units.
    error FundingInvalid(uint256 amount, uint256 room);

    /// @notice This way of funding takes an ERC-20.
    error FundingTokenRequired();

    /// @notice There is no funding at this offset, or it was paid back or claimed.
    /// @param roundId The round's id.
    /// @param offset The funding's offset: what had been raised before it, in units.
    error FundingNotFound(bytes32 roundId, uint256 offset);

    /* FUNCTIONS */

    /// @notice Funds a round. Whoever passes its id agrees to all of its terms.
    /// @dev Emits {RoundFunded}. An ERC-20 is pulled from the caller.
    ///
    /// Requirements:
    ///
    /// - the round is open, its last second for funding has not passed;
    /// - the amount is not 0, and at most what the cap leaves;
    /// - for ETH, exactly the amount comes with the call; for an ERC-20, none, and the amount arrives.
    ///
    /// @param roundId The round.
    /// @param amount How much, in units of the round's currency.
    /// @return offset What the funding is known by.
    function fund(bytes32 roundId, uint256 amount) external payable returns (uint256 offset);

    /// @notice As {fund}, with a permit (ERC-2612) of the caller's for this contract to spend the amount.
    /// @param roundId The round.
    /// @param amount How much, in units.
    /// @param deadline The permit's, in Unix time.
    /// @param v Of the permit's signature.
    /// @param r Of the permit's signature.
    /// @param s Of the permit's signature.
    /// @return offset What the funding is known by.
    function fundWithPermit(
        bytes32 roundId,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 offset);

    /// @notice As {fund}, by a signed authorization (ERC-3009): anyone may send it, and the funder, who signed it,
    /// needs no ETH.
    /// @dev The authorization's nonce is `keccak256(abi.encode(chainid, this contract, selector, roundId, amount, from,
    /// validAfter, validBefore, salt))`, so that it serves for nothing else.
    /// @param roundId The round.
    /// @param amount How much, in units.
    /// @param authorization The consent of whoever pays.
    /// @return offset What the funding is known by.
    function fundWithAuthorization(
        bytes32 roundId,
        uint256 amount,
        Authorization calldata authorization
    ) external returns (uint256 offset);

    /// @notice Pays fundings of a failed round back, with their parts of the bonds that were lost. A funder may have
    /// its own sent anywhere; anyone may have them sent to their funder.
    /// @dev Emits {FundingRefunded}. Requirements: the round is refunding; the fundings were not paid back.
    /// @param roundId The round.
    /// @param offsets The fundings.
    /// @param to Who gets the money.
    /// @return amount How much, in units.
    function refund(bytes32 roundId, uint256[] calldata offsets, address to) external returns (uint256 amount);

    /// @notice Gives funders their shares, and their parts of what a finalised round did not spend and of the bonds
    /// that were lost. Shares go to the funder, with all that they earned (see {IFunderPool}); its money a funder may
    /// have sent anywhere, and anyone to the funder.
    /// @dev Emits {FundingClaimed}. Requirements: the round is finalised; the fundings were not claimed.
    /// @param roundId The round.
    /// @param offsets The fundings.
    /// @param to Who gets the money.
    /// @return shares How many shares.
    /// @return amount How much money, in units.
    function claimFundings(
        bytes32 roundId,
        uint256[] calldata offsets,
        address to
    ) external returns (uint256 shares, uint256 amount);

    /// @notice Returns a funding.
    /// @param roundId The round.
    /// @param offset What it is known by.
    function fundingOf(bytes32 roundId, uint256 offset) external view returns (Funding memory);
}
