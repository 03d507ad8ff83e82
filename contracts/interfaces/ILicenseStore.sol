// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Authorization} from "../libraries/Authorization.sol";
import {Currency} from "../libraries/Currency.sol";

import {IModelRegistry} from "./IModelRegistry.sol";
import {IUsePolicy} from "./IUsePolicy.sol";

/// @title IERC5192
/// @notice Tokens that cannot be transferred. Its event `Unlocked` is left out: none here ever is.
interface IERC5192 {
    /// @notice Emitted when a token is locked.
    /// @param tokenId The token.
    event Locked(uint256 tokenId);

    /// @notice Returns whether a token is locked; reverts if there is none.
    /// @param tokenId The token.
    function locked(uint256 tokenId) external view returns (bool);
}

/// @title ILicenseStore
/// @notice Where models are licensed: owners post offers, buyers pay the model's books and hold a licence, a token that
/// cannot be transferred.
/// @dev An offer's id commits to all of its terms, so what a buyer passes is what it agreed to: price and text included.
/// A licence's id commits to offer and holder.
interface ILicenseStore is IERC5192 {
    /* STRUCTS */

    /// @notice Terms at which a model is licensed.
    /// @param model The model's id.
    /// @param currency What it is paid in.
    /// @param price For one period, or for ever, in the currency's units; 0 for a licence that is free.
    /// @param duration Of a period, in seconds; 0 for ever.
    /// @param supply How many licences there can be; 0 for any number. Warning: of an offer that is free, anyone can take
    /// them all, for anybody.
    /// @param textDigest The sha-256 of the licence's text.
    /// @param salt Tells offers of the same terms apart.
    struct Offer {
        address model;
        Currency currency;
        uint112 price;
        uint40 duration;
        uint32 supply;
        bytes32 textDigest;
        bytes32 salt;
    }

    /// @notice What a buyer agrees to beside the offer.
    /// @param recipient Who gets the licence, or has it extended.
    /// @param periods How many, at least 1; 1 if the offer is for ever.
    /// @param policyVersion The version of the use policy that the buyer saw: the one that holds.
    struct Purchase {
        address recipient;
        uint16 periods;
        uint32 policyVersion;
    }

    /// @notice A licence.
    /// @param expiresAt The second at which it ends, in Unix time; the largest `uint40` for one that never does, 0 for
    /// one that was never bought.
    /// @param policyVersion The version of the use policy that held when it began, or when its holder itself bought last.
    struct License {
        uint40 expiresAt;
        uint32 policyVersion;
    }

    /// @notice What became of an offer.
    /// @param status Whether it was posted and is open, or closed.
    /// @param sold How many licences there are.
    struct OfferState {
        OfferStatus status;
        uint32 sold;
    }

    /// @notice Where an offer stands. A closed one stays closed.
    enum OfferStatus {
        None,
        Open,
        Closed
    }

    /* EVENTS */

    /// @notice Emitted when an offer is posted.
    /// @param model The model.
    /// @param offerId The offer's id.
    /// @param offer Its terms.
    /// @param textURI Where the licence's text can be fetched; check what comes against the digest.
    event OfferPosted(address indexed model, bytes32 indexed offerId, Offer offer, string textURI);

    /// @notice Emitted when an offer is closed.
    /// @param model The model.
    /// @param offerId The offer's id.
    event OfferClosed(address indexed model, bytes32 indexed offerId);

    /// @notice Emitted when a licence is bought or extended. The ledger's `Paid` of the same transaction has the payment,
    /// with the offer's id as its reference.
    /// @param model The model.
    /// @param offerId The offer.
    /// @param recipient Whose licence it is.
    /// @param payer Who paid.
    /// @param tokenId The licence.
    /// @param periods How many periods were bought.
    /// @param price What was paid, in the currency's units.
    /// @param expiresAt The second at which the licence ends.
    /// @param policyVersion The version of the use policy that the licence names from now on.
    event LicenseBought(
        address indexed model,
        bytes32 indexed offerId,
        address indexed recipient,
        address payer,
        uint256 tokenId,
        uint16 periods,
        uint256 price,
        uint40 expiresAt,
        uint32 policyVersion
    );

    /* ERRORS */

    /// @notice Only the model's owner may do this.
    /// @param model The model's id.
    /// @param caller Who called.
    error NotOfferOwner(address model, address caller);

    /// @notice An offer with these terms and this salt was posted before.
    /// @param offerId The offer's id.
    error OfferAlreadyPosted(bytes32 offerId);

    /// @notice A licence needs a text.
    error LicenseTextMissing();

    /// @notice The ledger does not list the currency.
    /// @param currency The currency.
    error OfferCurrencyNotListed(Currency currency);

    /// @notice No open offer has these terms.
    /// @param offerId The offer's id.
    error OfferNotOpen(bytes32 offerId);

    /// @notice All licences of the offer are sold. Those that are can be extended.
    /// @param offerId The offer's id.
    /// @param supply How many licences it is for.
    error OfferSoldOut(bytes32 offerId, uint256 supply);

    /// @notice The safety board restricts the model: it sells nothing new while that stands.
    /// @param model The model's id.
    error LicensedModelRestricted(address model);

    /// @notice The use policy is not the one that the buyer saw.
    /// @param seen The version of the policy that the buyer saw.
    /// @param current The version that is in force.
    error PolicyVersionChanged(uint256 seen, uint256 current);

    /// @notice At least one period, and just one of what is for ever.
    /// @param periods How many periods were to be bought.
    /// @param duration How long a period of the offer is, in seconds; 0: for ever.
    error PeriodsInvalid(uint256 periods, uint256 duration);

    /// @notice The recipient has this licence for ever.
    /// @param offerId The offer's id.
    /// @param recipient Who has it.
    error LicensePerpetual(bytes32 offerId, address recipient);

    /// @notice The ETH that came is not the price.
    /// @param price The price, in wei; 0 if it is in an ERC-20.
    /// @param value The wei that came.
    error LicensePriceMismatch(uint256 price, uint256 value);

    /// @notice This way of paying takes an ERC-20 and a price.
    error LicenseTokenRequired();

    /// @notice A licence stays with whom it was bought for.
    /// @param tokenId The licence's token id.
    error LicenseLocked(uint256 tokenId);

    /// @notice Only the ledger may ask for a delivery.
    /// @param caller Who called.
    error NotPaidLedger(address caller);

    /* OFFERS */

    /// @notice Posts an offer. Its terms never change: to change them, close it and post another.
    /// @dev Only the model's owner. Emits {OfferPosted}.
    ///
    /// Requirements: the text's digest is not zero, the ledger lists the currency, the model is not restricted, and no
    /// offer of the same terms and salt was posted before.
    ///
    /// @param offer The terms.
    /// @param textURI Where the licence's text can be fetched; only emitted.
    /// @return offerId Its id.
    function postOffer(Offer calldata offer, string calldata textURI) external returns (bytes32 offerId);

    /// @notice Closes an offer, for good. What was bought stays.
    /// @dev Only the model's owner. Emits {OfferClosed}.
    /// @param offer The terms.
    function closeOffer(Offer calldata offer) external;

    /* PURCHASES */

    /// @notice Buys a licence, or extends the one that the recipient has from this offer. Anyone may, for anybody; but a
    /// licence that has not ended keeps its version of the use policy unless its holder is who pays.
    /// @dev Emits {LicenseBought}, and `Transfer` and {Locked} if the licence is new; the ledger emits `Paid`. An ERC-20
    /// is pulled from the caller, who has let the store spend it, straight to the ledger.
    ///
    /// Requirements:
    ///
    /// - the offer is open and, for a new licence, not sold out;
    /// - the model is not restricted, the policy's version is the one that holds;
    /// - the periods are right, and the recipient does not have the licence for ever;
    /// - for ETH, exactly the price comes with the call; for an ERC-20, none.
    ///
    /// @param offer The terms.
    /// @param purchase What else the buyer agrees to.
    /// @return tokenId The licence.
    function buy(Offer calldata offer, Purchase calldata purchase) external payable returns (uint256 tokenId);

    /// @notice As {buy}, with a permit (ERC-2612) of the caller's for the store to spend the price.
    /// @param offer The terms.
    /// @param purchase What else the buyer agrees to.
    /// @param deadline The permit's, in Unix time.
    /// @param v Of the permit's signature.
    /// @param r Of the permit's signature.
    /// @param s Of the permit's signature.
    /// @return tokenId The licence.
    function buyWithPermit(
        Offer calldata offer,
        Purchase calldata purchase,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 tokenId);

    /// @notice As {buy}, paid by a signed authorization (ERC-3009): anyone may send it, and the payer needs no ETH.
    /// @dev The authorization's nonce is `keccak256(abi.encode(chainid, store, selector, offerId, recipient, periods,
    /// policyVersion, from, validAfter, validBefore, salt))`, so that it serves for nothing else.
    /// @param offer The terms.
    /// @param purchase What else the payer agrees to.
    /// @param authorization The payer's consent, for the price.
    /// @return tokenId The licence.
    function buyWithAuthorization(
        Offer calldata offer,
        Purchase calldata purchase,
        Authorization calldata authorization
    ) external returns (uint256 tokenId);

    /* VIEWS */

    /// @notice Returns whether an account has a licence of the model that has not ended, from whichever of its offers.
    /// @param model The model.
    /// @param account The account.
    function isLicensed(address model, address account) external view returns (bool);

    /// @notice Returns when an account's longest licence of a model ends, as {License} has it; 0 if it never had one.
    /// @param model The model.
    /// @param account The account.
    function licensedUntil(address model, address account) external view returns (uint40);

    /// @notice Returns an account's licence from an offer.
    /// @param offerId The offer's id.
    /// @param account The account.
    function licenseOf(bytes32 offerId, address account) external view returns (License memory);

    /// @notice Returns the id of an account's licence from an offer, whether it has one or not.
    /// @param offerId The offer's id.
    /// @param account The account.
    function tokenIdOf(bytes32 offerId, address account) external pure returns (uint256);

    /// @notice Returns an offer's id.
    /// @param offer The terms.
    function offerIdOf(Offer calldata offer) external pure returns (bytes32);

    /// @notice Returns what became of an offer.
    /// @param offerId The offer's id.
    function offerStateOf(bytes32 offerId) external view returns (OfferState memory);

    /// @notice Returns the registry whose models are licensed.
    function registry() external view returns (IModelRegistry);

    /// @notice Returns the use policy that licences pin.
    function usePolicy() external view returns (IUsePolicy);
}
