// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Arrays} from "@openzeppelin/contracts/utils/Arrays.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {LowLevelCall} from "@openzeppelin/contracts/utils/LowLevelCall.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";
import {IUsageChannels} from "../interfaces/IUsageChannels.sol";

import {Authorization} from "../libraries/Authorization.sol";
import {Currency} from "../libraries/Currency.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

/// @title UsageChannels
/// @notice See {IUsageChannels}.
contract UsageChannels is IUsageChannels, EIP712, ReentrancyGuardTransient {
    using Arrays for *;
    using SafeERC20 for IERC20;

    /* CONSTANTS */

    bytes32 private constant VOUCHER_TYPEHASH = keccak256("Voucher(bytes32 channel,uint112 amount,uint32 calls)");
    uint256 private constant MIN_NOTICE = 1 days;
    uint256 private constant MAX_NOTICE = 30 days;
    /// @dev What a smart wallet may take to say whether it signed a voucher.
    uint256 private constant WALLET_GAS = 400_000;

    /// @inheritdoc IUsageChannels
    IRoyaltyLedger public immutable ledger;

    /* STORAGE */

    /// @dev One slot: all that a redemption reads and writes of a channel.
    struct Balance {
        uint112 deposited;
        uint112 redeemed;
        uint32 calls;
    }

    mapping(bytes32 channelId => Balance) private _balances;
    mapping(bytes32 channelId => uint40) private _withdrawableFrom;
    mapping(Currency currency => mapping(address host => uint256)) private _owedToHosts;

    /// @param ledger_ The ledger that models are paid in.
    constructor(IRoyaltyLedger ledger_) EIP712("Commonweal UsageChannels", "1") {
        ledger = ledger_;
    }

    /* DEPOSITS */

    /// @inheritdoc IUsageChannels
    function deposit(
        Channel calldata channel,
        uint256 amount
    ) external payable nonReentrant returns (bytes32 channelId) {
        channelId = _checkDeposit(channel, amount);

        if (channel.currency.isEth()) {
            require(msg.value == amount, DepositMismatch(amount, msg.value));
        } else {
            require(msg.value == 0, DepositMismatch(0, msg.value));
            _pull(channel.currency, amount);
        }

        _credit(channel, channelId, amount, msg.sender);
    }

    /// @inheritdoc IUsageChannels
    function depositWithPermit(
        Channel calldata channel,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (bytes32 channelId) {
        require(!channel.currency.isEth(), DepositTokenRequired());
        channelId = _checkDeposit(channel, amount);

        // Whether it works is not asked: somebody may have used it already, and the allowance decides.
        LowLevelCall.callNoReturn(
            Currency.unwrap(channel.currency),
            abi.encodeCall(IERC20Permit.permit, (msg.sender, address(this), amount, deadline, v, r, s))
        );
        _pull(channel.currency, amount);

        _credit(channel, channelId, amount, msg.sender);
    }

    /// @inheritdoc IUsageChannels
    function depositWithAuthorization(
        Channel calldata channel,
        uint256 amount,
        Authorization calldata authorization
    ) external nonReentrant returns (bytes32 channelId) {
        require(!channel.currency.isEth(), DepositTokenRequired());
        channelId = _checkDeposit(channel, amount);

        uint256 balanceBefore = channel.currency.balanceOf(address(this));
        authorization.receiveHere(channel.currency, amount, _authorizationNonce(channelId, amount, authorization));
        _requireArrived(channel.currency, amount, balanceBefore);

        _credit(channel, channelId, amount, authorization.from);
    }

    /* VOUCHERS */

    /// @inheritdoc IUsageChannels
    function redeem(
        Currency currency,
        Redemption[] calldata redemptions
    ) external nonReentrant returns (uint256 redeemed) {
        address[] memory models = new address[](redemptions.length);
        uint256[] memory amounts = new uint256[](redemptions.length);
        uint256 count = 0;
        uint256 total = 0;
        for (uint256 i = 0; i < redemptions.length; ++i) {
            (uint256 amount, uint256 hostPart) = _redeem(currency, redemptions[i]);
            redeemed += amount;
            if (amount == hostPart) continue;

            models[count] = redemptions[i].channel.model;
            amounts[count++] = amount - hostPart;
            total += amount - hostPart;
        }
        if (count > 0) _payModels(currency, models.slice(0, count), amounts.slice(0, count), total);
    }

    /* NOTICE */

    /// @inheritdoc IUsageChannels
    function giveNotice(Channel calldata channel) external {
        bytes32 channelId = _idOfPayer(channel);
        require(_balances[channelId].deposited > 0, ChannelNotOpened(channelId));
        uint40 withdrawableFrom = _withdrawableFrom[channelId];
        require(withdrawableFrom == 0, NoticeAlreadyGiven(channelId, withdrawableFrom));

        withdrawableFrom = uint40(block.timestamp) + channel.notice;
        _withdrawableFrom[channelId] = withdrawableFrom;

        emit NoticeGiven(channelId, withdrawableFrom);
    }

    /// @inheritdoc IUsageChannels
    function cancelNotice(Channel calldata channel) external {
        bytes32 channelId = _idOfPayer(channel);
        require(_withdrawableFrom[channelId] != 0, NoticeMissing(channelId));

        _withdrawableFrom[channelId] = 0;

        emit NoticeCancelled(channelId);
    }

    /// @inheritdoc IUsageChannels
    function withdraw(Channel calldata channel, address to) external nonReentrant returns (uint256 amount) {
        bytes32 channelId = _idOfPayer(channel);
        _requireParty(to);
        uint40 withdrawableFrom = _withdrawableFrom[channelId];
        require(withdrawableFrom != 0, NoticeMissing(channelId));
        require(block.timestamp >= withdrawableFrom, NoticeNotOver(channelId, withdrawableFrom));
        Balance storage balance = _balances[channelId];
        amount = balance.deposited - balance.redeemed;
        require(amount > 0, NothingToWithdraw(channelId));

        balance.deposited = balance.redeemed;
        _withdrawableFrom[channelId] = 0;

        emit ChannelWithdrawn(channelId, to, amount);

        channel.currency.transfer(to, amount);
    }

    /* HOSTS */

    /// @inheritdoc IUsageChannels
    function payHost(address host, Currency currency, address to) external nonReentrant returns (uint256 amount) {
        require(host == msg.sender || host == to, NotChannelHost(host, msg.sender));
        _requireParty(to);
        amount = _owedToHosts[currency][host];
        require(amount > 0, NothingForHost(host, currency));

        _owedToHosts[currency][host] = 0;

        emit HostPaid(host, currency, to, amount);

        currency.transfer(to, amount);
    }

    /* VIEWS */

    /// @inheritdoc IUsageChannels
    function channelIdOf(Channel calldata channel) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), channel));
    }

    /// @inheritdoc IUsageChannels
    function channelStateOf(bytes32 channelId) external view returns (ChannelState memory) {
        Balance memory balance = _balances[channelId];

        return
            ChannelState({
                deposited: balance.deposited,
                redeemed: balance.redeemed,
                calls: balance.calls,
                withdrawableFrom: _withdrawableFrom[channelId]
            });
    }

    /// @inheritdoc IUsageChannels
    function voucherHashOf(bytes32 channelId, uint112 amount, uint32 calls) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER_TYPEHASH, channelId, amount, calls)));
    }

    /// @inheritdoc IUsageChannels
    function owedToHost(address host, Currency currency) external view returns (uint256) {
        return _owedToHosts[currency][host];
    }

    /// @inheritdoc IUsageChannels
    function isSignedByWallet(address wallet, bytes32 hash, bytes calldata signature) external view returns (bool) {
        return SignatureChecker.isValidERC1271SignatureNowCalldata(wallet, hash, signature);
    }

    /* INTERNAL: DEPOSITS */

    /// @dev What is checked here stays so: models stay open with their largest host part, currencies stay listed.
    function _checkDeposit(Channel calldata channel, uint256 amount) private view returns (bytes32 channelId) {
        channelId = channelIdOf(channel);
        Balance storage balance = _balances[channelId];
        uint256 room = type(uint112).max - balance.deposited;
        require(amount > 0 && amount <= room, DepositInvalid(amount, room));
        if (balance.deposited > 0) return channelId;

        _requireParty(channel.payer);
        _requireParty(channel.signer);
        _requireParty(channel.host);
        require(channel.notice >= MIN_NOTICE && channel.notice <= MAX_NOTICE, ChannelNoticeInvalid(channel.notice));
        require(ledger.isListed(channel.currency), ChannelCurrencyNotListed(channel.currency));
        IRoyaltyLedger.Terms memory terms = ledger.modelTermsOf(channel.model);
        require(terms.number != 0, ChannelModelNotOpened(channel.model));
        require(channel.hostBps <= terms.maxHostBps, ChannelHostPartTooHigh(channel.hostBps, terms.maxHostBps));
    }

    function _requireParty(address party) private view {
        require(party != address(0) && party != address(this), ChannelPartyInvalid(party));
    }

    function _pull(Currency currency, uint256 amount) private {
        uint256 balanceBefore = currency.balanceOf(address(this));

        currency.token().safeTransferFrom(msg.sender, address(this), amount);

        _requireArrived(currency, amount, balanceBefore);
    }

    /// @dev What a token delivers beyond the amount is nobody's.
    function _requireArrived(Currency currency, uint256 amount, uint256 balanceBefore) private view {
        uint256 arrived = Math.saturatingSub(currency.balanceOf(address(this)), balanceBefore);
        require(arrived >= amount, DepositShort(amount, arrived));
    }

    function _credit(Channel calldata channel, bytes32 channelId, uint256 amount, address from) private {
        Balance storage balance = _balances[channelId];
        uint112 before = balance.deposited;
        uint112 deposited = before + uint112(amount); // checked to fit
        balance.deposited = deposited;

        if (before == 0) emit ChannelOpened(channelId, channel.payer, channel.host, channel);
        emit ChannelDeposited(channelId, from, amount, deposited);
    }

    function _authorizationNonce(
        bytes32 channelId,
        uint256 amount,
        Authorization calldata authorization
    ) private view returns (bytes32) {
        return
            keccak256(
                abi.encode(
                    block.chainid,
                    address(this),
                    this.depositWithAuthorization.selector,
                    channelId,
                    amount,
                    authorization.from,
                    authorization.validAfter,
                    authorization.validBefore,
                    authorization.salt
                )
            );
    }

    /* INTERNAL: VOUCHERS */

    /// @dev Takes what a voucher is worth off its channel, and credits the host; nothing of one that is worth nothing.
    function _redeem(
        Currency currency,
        Redemption calldata redemption
    ) private returns (uint256 amount, uint256 hostPart) {
        Channel calldata channel = redemption.channel;
        if (Currency.unwrap(channel.currency) != Currency.unwrap(currency)) return (0, 0);

        bytes32 channelId = channelIdOf(channel);
        Balance memory balance = _balances[channelId];
        uint256 redeemed = Math.min(redemption.amount, balance.deposited);
        if (redeemed <= balance.redeemed) return (0, 0);
        bytes32 hash = voucherHashOf(channelId, redemption.amount, redemption.calls);
        if (!_isSigned(channel.signer, hash, redemption.signature)) return (0, 0);

        unchecked {
            // Amounts are below 2¹¹², and ⌊x·bps / 10⁴⌋ is monotone and at most x.
            amount = redeemed - balance.redeemed;
            hostPart = _hostPartDown(redeemed, channel.hostBps) - _hostPartDown(balance.redeemed, channel.hostBps);
        }
        balance.redeemed = uint112(redeemed); // at most what was deposited
        balance.calls = redemption.calls;
        _balances[channelId] = balance;
        if (hostPart > 0) _owedToHosts[currency][channel.host] += hostPart;

        emit VoucherRedeemed(channelId, channel.model, channel.host, amount, hostPart, redeemed, redemption.calls);
    }

    /// @dev A key stays good when its account gets code by EIP-7702. A wallet that burns its gas spoils no batch.
    function _isSigned(address signer, bytes32 hash, bytes calldata signature) private view returns (bool) {
        (address recovered, ECDSA.RecoverError error, ) = ECDSA.tryRecoverCalldata(hash, signature);
        if (error == ECDSA.RecoverError.NoError && recovered == signer) return true;
        if (signer.code.length == 0) return false;

        try this.isSignedByWallet{gas: WALLET_GAS}(signer, hash, signature) returns (bool isSigned) {
            return isSigned;
        } catch {
            return false;
        }
    }

    function _payModels(Currency currency, address[] memory models, uint256[] memory amounts, uint256 total) private {
        uint256 value = 0;
        if (currency.isEth()) {
            value = total;
        } else {
            IERC20 token = currency.token();
            // The ledger pulls from its caller alone; once is enough for tokens that keep the largest allowance.
            if (token.allowance(address(this), address(ledger)) < total) {
                token.forceApprove(address(ledger), type(uint256).max);
            }
        }

        // The same for one, for less gas.
        if (models.length == 1) ledger.pay{value: value}(models[0], currency, total, 0);
        else ledger.payMany{value: value}(models, currency, amounts, 0);
    }

    /// @dev Of all that was ever redeemed, so that many small vouchers take nothing from either.
    function _hostPartDown(uint256 redeemed, uint256 hostBps) private pure returns (uint256) {
        unchecked {
            return (redeemed * hostBps) / RoyaltyMath.BPS;
        }
    }

    function _idOfPayer(Channel calldata channel) private view returns (bytes32 channelId) {
        channelId = channelIdOf(channel);
        require(channel.payer == msg.sender, NotChannelPayer(channelId, msg.sender));
    }
}
