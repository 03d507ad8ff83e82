// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";
import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {ILicenseStore, IERC5192} from "../interfaces/ILicenseStore.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IRoyaltyPayer} from "../interfaces/IPayments.sol";
import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";
import {ISafetyBoard} from "../interfaces/ISafetyBoard.sol";
import {IUsePolicy} from "../interfaces/IUsePolicy.sol";

import {Authorization} from "../libraries/Authorization.sol";
import {Currency} from "../libraries/Currency.sol";

/// @title LicenseStore
/// @notice See {ILicenseStore}.
contract LicenseStore is ILicenseStore, IRoyaltyPayer, ERC721, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;
    using Strings for *;

    /* CONSTANTS */

    uint40 private constant FOREVER = type(uint40).max;

    /// @inheritdoc ILicenseStore
    IModelRegistry public immutable registry;
    /// @inheritdoc ILicenseStore
    IUsePolicy public immutable usePolicy;
    IRoyaltyLedger private immutable _ledger;
    ISafetyBoard private immutable _safetyBoard;

    /* STORAGE */

    mapping(bytes32 offerId => OfferState) private _offers;
    mapping(uint256 tokenId => License) private _licenses;
    mapping(uint256 tokenId => bytes32) private _offerIds;
    mapping(bytes32 offerId => address) private _modelOf;
    /// @dev Which of an account's licences ends last. Licences only grow, so that extending that one leaves this alone.
    mapping(address model => mapping(address account => uint256 tokenId)) private _longest;

    /// @param registry_ The registry whose models are licensed.
    constructor(IModelRegistry registry_) ERC721("Commonweal License", "LICENSE") {
        registry = registry_;
        _ledger = registry_.ledger();
        _safetyBoard = registry_.safetyBoard();
        usePolicy = _safetyBoard.usePolicy();
    }

    /* OFFERS */

    /// @inheritdoc ILicenseStore
    function postOffer(Offer calldata offer, string calldata textURI) external returns (bytes32 offerId) {
        _requireOwner(offer.model);
        require(offer.textDigest != 0, LicenseTextMissing());
        require(_ledger.isListed(offer.currency), OfferCurrencyNotListed(offer.currency));
        _requireUnrestricted(offer.model);
        offerId = offerIdOf(offer);
        require(_offers[offerId].status == OfferStatus.None, OfferAlreadyPosted(offerId));

        _offers[offerId].status = OfferStatus.Open;
        _modelOf[offerId] = offer.model;

        emit OfferPosted(offer.model, offerId, offer, textURI);
    }

    /// @inheritdoc ILicenseStore
    function closeOffer(Offer calldata offer) external {
        _requireOwner(offer.model);
        bytes32 offerId = offerIdOf(offer);
        require(_offers[offerId].status == OfferStatus.Open, OfferNotOpen(offerId));

        _offers[offerId].status = OfferStatus.Closed;

        emit OfferClosed(offer.model, offerId);
    }

    /* PURCHASES */

    /// @inheritdoc ILicenseStore
    function buy(
        Offer calldata offer,
        Purchase calldata purchase
    ) external payable nonReentrant returns (uint256 tokenId) {
        (bytes32 offerId, uint256 price) = _check(offer, purchase);
        tokenId = _license(offer, purchase, offerId, price, msg.sender);

        bool isEth = offer.currency.isEth();
        uint256 expected = isEth ? price : 0;
        require(msg.value == expected, LicensePriceMismatch(expected, msg.value));
        if (price == 0) return tokenId;

        if (isEth) _ledger.pay{value: price}(offer.model, offer.currency, price, offerId);
        else _ledger.payBy(offer.model, offer.currency, price, offerId, abi.encode(msg.sender));
    }

    /// @inheritdoc ILicenseStore
    function buyWithPermit(
        Offer calldata offer,
        Purchase calldata purchase,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint256 tokenId) {
        (bytes32 offerId, uint256 price) = _check(offer, purchase);
        _requireToken(offer.currency, price);
        tokenId = _license(offer, purchase, offerId, price, msg.sender);

        // Whether it works is not asked: somebody may have used it already, and the allowance decides.
        LowLevelCall.callNoReturn(
            Currency.unwrap(offer.currency),
            abi.encodeCall(IERC20Permit.permit, (msg.sender, address(this), price, deadline, v, r, s))
        );
        _ledger.payBy(offer.model, offer.currency, price, offerId, abi.encode(msg.sender));
    }

    /// @inheritdoc ILicenseStore
    function buyWithAuthorization(
        Offer calldata offer,
        Purchase calldata purchase,
        Authorization calldata authorization
    ) external nonReentrant returns (uint256 tokenId) {
        (bytes32 offerId, uint256 price) = _check(offer, purchase);
        _requireToken(offer.currency, price);
        tokenId = _license(offer, purchase, offerId, price, authorization.from);

        authorization.receiveHere(offer.currency, price, _authorizationNonce(offerId, purchase, authorization));
        _ledger.payBy(offer.model, offer.currency, price, offerId, abi.encode(address(this)));
    }

    /// @inheritdoc IRoyaltyPayer
    function deliver(Currency token, uint256 amount, bytes calldata data) external {
        require(msg.sender == address(_ledger), NotPaidLedger(msg.sender));

        // The ledger asks during payBy alone, and hands back what this contract gave it.
        address payer = abi.decode(data, (address));
        if (payer == address(this)) token.transfer(msg.sender, amount);
        else token.token().safeTransferFrom(payer, msg.sender, amount);
    }

    /* VIEWS */

    /// @inheritdoc ILicenseStore
    function isLicensed(address model, address account) external view returns (bool) {
        // For ever is later than any block.
        return block.timestamp < licensedUntil(model, account);
    }

    /// @inheritdoc ILicenseStore
    function licensedUntil(address model, address account) public view returns (uint40) {
        return _licenses[_longest[model][account]].expiresAt;
    }

    /// @inheritdoc ILicenseStore
    function licenseOf(bytes32 offerId, address account) external view returns (License memory) {
        return _licenses[tokenIdOf(offerId, account)];
    }

    /// @inheritdoc ILicenseStore
    function tokenIdOf(bytes32 offerId, address account) public pure returns (uint256) {
        return uint256(keccak256(abi.encode(offerId, account)));
    }

    /// @inheritdoc ILicenseStore
    function offerIdOf(Offer calldata offer) public pure returns (bytes32) {
        return keccak256(abi.encode(offer));
    }

    /// @inheritdoc ILicenseStore
    function offerStateOf(bytes32 offerId) external view returns (OfferState memory) {
        return _offers[offerId];
    }

    /// @inheritdoc IERC5192
    function locked(uint256 tokenId) external view returns (bool) {
        _requireOwned(tokenId);

        return true;
    }

    /// @notice Returns the licence's metadata as a data URI: model, offer, end and use policy.
    /// @param tokenId The licence.
    function tokenURI(uint256 tokenId) public view override returns (string memory) {
        _requireOwned(tokenId);
        bytes32 offerId = _offerIds[tokenId];
        License memory license = _licenses[tokenId];
        string memory model = _modelOf[offerId].toChecksumHexString();
        string memory attributes = string.concat(
            _attribute("model", string.concat('"', model, '"')),
            ",",
            _attribute("offer", string.concat('"', uint256(offerId).toHexString(32), '"')),
            ",",
            license.expiresAt == FOREVER
                ? _attribute("expires", '"never"')
                : string.concat(
                    '{"display_type":"date","trait_type":"expires","value":',
                    uint256(license.expiresAt).toString(),
                    "}"
                ),
            ",",
            _attribute("use policy", uint256(license.policyVersion).toString())
        );

        return
            string.concat(
                "data:application/json;base64,",
                Base64.encode(bytes(string.concat('{"name":"License of ', model, '","attributes":[', attributes, "]}")))
            );
    }

    /// @inheritdoc ERC721
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(IERC5192).interfaceId || super.supportsInterface(interfaceId);
    }

    /* INTERNAL */

    /// @dev Requires that the offer can be bought so; returns its id and what that costs.
    function _check(
        Offer calldata offer,
        Purchase calldata purchase
    ) private view returns (bytes32 offerId, uint256 price) {
        offerId = offerIdOf(offer);
        require(_offers[offerId].status == OfferStatus.Open, OfferNotOpen(offerId));
        _requireUnrestricted(offer.model);
        uint32 policyVersion = usePolicy.policyVersion();
        require(purchase.policyVersion == policyVersion, PolicyVersionChanged(purchase.policyVersion, policyVersion));
        require(
            offer.duration == 0 ? purchase.periods == 1 : purchase.periods > 0,
            PeriodsInvalid(purchase.periods, offer.duration)
        );

        unchecked {
            // 112 and 16 bits.
            price = uint256(offer.price) * purchase.periods;
        }
    }

    /// @dev Gives the recipient a licence, or more of the one that it has.
    function _license(
        Offer calldata offer,
        Purchase calldata purchase,
        bytes32 offerId,
        uint256 price,
        address payer
    ) private returns (uint256 tokenId) {
        address recipient = purchase.recipient;
        tokenId = tokenIdOf(offerId, recipient);
        License storage license = _licenses[tokenId];
        (uint40 expiresAt, uint32 policyVersion) = (license.expiresAt, license.policyVersion);
        require(expiresAt != FOREVER, LicensePerpetual(offerId, recipient));
        bool isNew = expiresAt == 0;
        if (isNew) _countSale(offer, offerId);
        // What somebody else adds to a licence that runs does not change what its holder agreed to.
        if (payer == recipient || expiresAt <= block.timestamp) policyVersion = purchase.policyVersion;
        expiresAt = _extended(expiresAt, offer.duration, purchase.periods);

        license.expiresAt = expiresAt;
        license.policyVersion = policyVersion;
        uint256 longest = _longest[offer.model][recipient];
        if (longest != tokenId && expiresAt > _licenses[longest].expiresAt) {
            _longest[offer.model][recipient] = tokenId;
        }
        if (isNew) {
            _offerIds[tokenId] = offerId;
            // Not _safeMint: a recipient that calls back would come between licence and payment.
            _mint(recipient, tokenId);

            emit Locked(tokenId);
        }

        emit LicenseBought(
            offer.model,
            offerId,
            recipient,
            payer,
            tokenId,
            purchase.periods,
            price,
            expiresAt,
            policyVersion
        );
    }

    function _countSale(Offer calldata offer, bytes32 offerId) private {
        uint32 sold = _offers[offerId].sold;
        require(offer.supply == 0 || sold < offer.supply, OfferSoldOut(offerId, offer.supply));

        // Of an offer without a limit the count is for readers, and stops at the largest number.
        if (sold < type(uint32).max) _offers[offerId].sold = sold + 1;
    }

    /// @dev Returns the end of a licence that goes on from its present end, or from now if that has passed.
    function _extended(uint40 expiresAt, uint40 duration, uint16 periods) private view returns (uint40) {
        if (duration == 0) return FOREVER;

        uint256 end = expiresAt > block.timestamp ? expiresAt : block.timestamp;
        unchecked {
            // A time, and 40 and 16 bits.
            end += uint256(duration) * periods;
        }

        return end < FOREVER ? uint40(end) : FOREVER;
    }

    function _authorizationNonce(
        bytes32 offerId,
        Purchase calldata purchase,
        Authorization calldata authorization
    ) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    block.chainid,
                    address(this),
                    this.buyWithAuthorization.selector,
                    offerId,
                    purchase.recipient,
                    purchase.periods,
                    purchase.policyVersion,
                    authorization.from,
                    authorization.validAfter,
                    authorization.validBefore,
                    authorization.salt
                )
            );
    }

    /// @dev Minting is all: a licence cannot be moved, nor burnt.
    function _update(address to, uint256 tokenId, address auth) internal override returns (address from) {
        from = super._update(to, tokenId, auth);
        require(from == address(0), LicenseLocked(tokenId));
    }

    function _requireOwner(address model) private view {
        require(registry.modelOf(model).owner == msg.sender, NotOfferOwner(model, msg.sender));
    }

    function _requireUnrestricted(address model) private view {
        require(!_safetyBoard.isRestricted(model), LicensedModelRestricted(model));
    }

    function _requireToken(Currency currency, uint256 price) private pure {
        require(!currency.isEth() && price > 0, LicenseTokenRequired());
    }

    function _attribute(string memory name, string memory value) private pure returns (string memory) {
        return string.concat('{"trait_type":"', name, '","value":', value, "}");
    }
}
