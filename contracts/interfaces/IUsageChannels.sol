// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Authorization} from "../libraries/Authorization.sol";
import {Currency} from "../libraries/Currency.sol";

import {IRoyaltyLedger} from "./IRoyaltyLedger.sol";

/// @title IUsageChannels
/// @notice Prepaid balances for many small calls of a model: a payer deposits once, signs a voucher with each call, and
/// the host redeems the newest of many channels in one transaction: its part for itself, the rest for the model.
/// @dev A channel's id commits to all of its terms, so nothing has to be stored of them. A voucher is cumulative: it says
/// how much the payer owes of all that it ever deposited. Counters never restart, so an old voucher is worth nothing.
///
/// Vouchers are EIP-712 structs `Voucher(bytes32 channel,uint112 amount,uint32 calls)` in the domain
/// `Commonweal UsageChannels`, version 1, signed by the channel's signer (ECDSA of 65 bytes, or ERC-1271).
///
/// What a channel does in each state; `d` is what was deposited less what was withdrawn, `r` what was redeemed.
///
/// | state                       | deposit | redeem            | giveNotice | cancelNotice | withdraw                  |
/// | --------------------------- | ------- | ----------------- | ---------- | ------------ | ------------------------- |
/// | new: d = 0                  | to open | nothing           | refused    | refused      | refused                   |
/// | open: d > r, no notice      | stays   | stays, or used up | to noticed | refused      | refused                   |
/// | used up: d = r > 0          | to open | nothing           | to noticed | refused      | refused                   |
/// | noticed: before its time    | stays   | stays             | refused    | ends it      | refused                   |
/// | withdrawable: from its time | stays   | stays             | refused    | ends it      | d > r: to used up, or new |
///
/// A notice stands until a withdrawal, or until the payer cancels it: what is deposited meanwhile can be withdrawn as
/// early as the rest, so hosts take no vouchers of a channel with a notice. Another notice takes its full time again.
interface IUsageChannels {
    /* STRUCTS */

    /// @notice The terms of a channel.
    /// @param payer Who takes out what is left.
    /// @param signer Who signs vouchers: the payer, or a key that it gave to a program.
    /// @param model Whose use is paid for.
    /// @param host Who serves the model.
    /// @param hostBps The host's part, in basis points: at most what the model allows.
    /// @param currency What is deposited.
    /// @param notice For how many seconds the host can still redeem after the payer gave notice: 1 to 30 days.
    /// @param salt The payer's choice, so that it can have several.
    struct Channel {
        address payer;
        address signer;
        address model;
        address host;
        uint16 hostBps;
        Currency currency;
        uint32 notice;
        bytes32 salt;
    }

    /// @notice What has become of a channel.
    /// @param deposited Units ever deposited, less what was withdrawn.
    /// @param redeemed Units ever redeemed, at most `deposited`.
    /// @param calls Calls of the voucher that was redeemed last.
    /// @param withdrawableFrom When the payer can take out what is left, in Unix time; 0 if it gave no notice.
    struct ChannelState {
        uint112 deposited;
        uint112 redeemed;
        uint32 calls;
        uint40 withdrawableFrom;
    }

    /// @notice A voucher to be redeemed.
    /// @param channel The channel's terms.
    /// @param amount Units that the payer owes since the channel began.
    /// @param calls Calls since the channel began.
    /// @param signature The signer's.
    struct Redemption {
        Channel channel;
        uint112 amount;
        uint32 calls;
        bytes signature;
    }

    /* EVENTS */

    /// @notice Emitted when a channel gets its first deposit, or the first after all was withdrawn and none redeemed.
    /// @param channelId Its id.
    /// @param payer Its payer.
    /// @param host Its host.
    /// @param channel Its terms.
    event ChannelOpened(bytes32 indexed channelId, address indexed payer, address indexed host, Channel channel);

    /// @notice Emitted when a channel gets a deposit.
    /// @param channelId The channel.
    /// @param from Who paid it.
    /// @param amount How much, in the currency's units.
    /// @param deposited What the channel has got in all.
    event ChannelDeposited(bytes32 indexed channelId, address indexed from, uint256 amount, uint256 deposited);

    /// @notice Emitted when a voucher is redeemed. The ledger's `Paid` of the same transaction has the model's part.
    /// @param channelId The channel.
    /// @param model The model.
    /// @param host The host.
    /// @param amount Units redeemed by this voucher.
    /// @param hostPart The part of it that is the host's.
    /// @param redeemed Units redeemed since the channel began.
    /// @param calls Calls since the channel began.
    event VoucherRedeemed(
        bytes32 indexed channelId,
        address indexed model,
        address indexed host,
        uint256 amount,
        uint256 hostPart,
        uint256 redeemed,
        uint256 calls
    );

    /// @notice Emitted when the payer gives notice.
    /// @param channelId The channel.
    /// @param withdrawableFrom When it can take out what is left, in Unix time.
    event NoticeGiven(bytes32 indexed channelId, uint40 withdrawableFrom);

    /// @notice Emitted when the payer takes a notice back.
    /// @param channelId The channel.
    event NoticeCancelled(bytes32 indexed channelId);

    /// @notice Emitted when the payer takes out what is left.
    /// @param channelId The channel.
    /// @param to Who got it.
    /// @param amount How much, in the currency's units.
    event ChannelWithdrawn(bytes32 indexed channelId, address indexed to, uint256 amount);

    /// @notice Emitted when a host is paid.
    /// @param host The host.
    /// @param currency The currency.
    /// @param to Who got it.
    /// @param amount How much, in units.
    event HostPaid(address indexed host, Currency indexed currency, address indexed to, uint256 amount);

    /* ERRORS */

    /// @notice Nobody, or this contract, as payer, signer or host, or to be paid out to.
    /// @param party The account.
    error ChannelPartyInvalid(address party);

    /// @notice The host's part is above what the model allows.
    /// @param hostBps The host's part, in basis points.
    /// @param maxHostBps The most that the model allows, in basis points.
    error ChannelHostPartTooHigh(uint256 hostBps, uint256 maxHostBps);

    /// @notice A notice is 1 to 30 days.
    /// @param notice The notice, in seconds.
    error ChannelNoticeInvalid(uint256 notice);

    /// @notice The ledger does not know the model.
    /// @param model The model's id.
    error ChannelModelNotOpened(address model);

    /// @notice The ledger does not list the currency.
    /// @param currency The currency.
    error ChannelCurrencyNotListed(Currency currency);

    /// @notice A deposit of nothing, or more than a channel can count.
    /// @param amount The deposit, in units.
    /// @param max The most that can still be deposited, in units.
    error DepositInvalid(uint256 amount, uint256 max);

    /// @notice The ETH that came is not the deposit.
    /// @param amount What is to come, in wei; 0 with an ERC-20.
    /// @param value The wei that came.
    error DepositMismatch(uint256 amount, uint256 value);

    /// @notice Less arrived than was asked for.
    /// @param amount How much was asked for, in units.
    /// @param arrived How much arrived, in units.
    error DepositShort(uint256 amount, uint256 arrived);

    /// @notice This way of depositing takes an ERC-20.
    error DepositTokenRequired();

    /// @notice Only the channel's payer may do this.
    /// @param channelId The channel's id.
    /// @param caller Who called.
    error NotChannelPayer(bytes32 channelId, address caller);

    /// @notice Nothing was ever deposited, or all of it was withdrawn.
    /// @param channelId The channel's id.
    error ChannelNotOpened(bytes32 channelId);

    /// @notice Notice was given, and stands.
    /// @param channelId The channel's id.
    /// @param withdrawableFrom From when the payer can withdraw, in Unix time.
    error NoticeAlreadyGiven(bytes32 channelId, uint256 withdrawableFrom);

    /// @notice No notice was given.
    /// @param channelId The channel's id.
    error NoticeMissing(bytes32 channelId);

    /// @notice The notice has not passed.
    /// @param channelId The channel's id.
    /// @param withdrawableFrom From when the payer can withdraw, in Unix time.
    error NoticeNotOver(bytes32 channelId, uint256 withdrawableFrom);

    /// @notice Everything was redeemed or withdrawn.
    /// @param channelId The channel's id.
    error NothingToWithdraw(bytes32 channelId);

    /// @notice Only the host, or anyone to the host itself, may have its part sent.
    /// @param host Whose part it is.
    /// @param caller Who called.
    error NotChannelHost(address host, address caller);

    /// @notice The host is owed nothing in this currency.
    /// @param host The host.
    /// @param currency The currency.
    error NothingForHost(address host, Currency currency);

    /* DEPOSITS */

    /// @notice Deposits into a channel, and opens it by that. Anyone may, for any payer.
    /// Warning: that a channel names a payer does not say that the payer chose its signer and host.
    /// @dev Emits {ChannelDeposited}, and {ChannelOpened} the first time. An ERC-20 is pulled from the caller.
    ///
    /// Requirements:
    ///
    /// - payer, signer and host are somebody; the notice is 1 to 30 days;
    /// - the ledger knows the model, which allows the host's part, and lists the currency;
    /// - for ETH, exactly the amount comes with the call; for an ERC-20, none, and the amount arrives.
    ///
    /// @param channel The terms.
    /// @param amount How much, in the currency's units; not 0.
    /// @return channelId The channel's id.
    function deposit(Channel calldata channel, uint256 amount) external payable returns (bytes32 channelId);

    /// @notice As {deposit}, with a permit (ERC-2612) of the caller's for this contract to spend the amount.
    /// @param channel The terms.
    /// @param amount How much, in the currency's units.
    /// @param deadline The permit's, in Unix time.
    /// @param v Of the permit's signature.
    /// @param r Of the permit's signature.
    /// @param s Of the permit's signature.
    /// @return channelId The channel's id.
    function depositWithPermit(
        Channel calldata channel,
        uint256 amount,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (bytes32 channelId);

    /// @notice As {deposit}, by a signed authorization (ERC-3009): anyone may send it, and who pays needs no ETH.
    /// @dev The authorization's nonce is `keccak256(abi.encode(chainid, this contract, selector, channelId, amount, from,
    /// validAfter, validBefore, salt))`, so that it serves for nothing else.
    /// @param channel The terms.
    /// @param amount How much, in the currency's units.
    /// @param authorization The consent of whoever pays.
    /// @return channelId The channel's id.
    function depositWithAuthorization(
        Channel calldata channel,
        uint256 amount,
        Authorization calldata authorization
    ) external returns (bytes32 channelId);

    /* VOUCHERS */

    /// @notice Redeems vouchers of one currency: the hosts' parts are credited for them to take, the models' parts go to
    /// their books. Anyone may call it; it changes nothing for anybody who sends the vouchers.
    /// @dev Emits {VoucherRedeemed} for each that was worth something; the ledger emits `Paid` for each model's part. A
    /// voucher that is worth nothing is passed over: one that is not newer than what was redeemed, is not signed by the
    /// signer, is of another currency, or whose channel is empty. One for more than was deposited is worth what is there.
    /// @param currency The currency.
    /// @param redemptions The vouchers.
    /// @return redeemed Units redeemed in all.
    function redeem(Currency currency, Redemption[] calldata redemptions) external returns (uint256 redeemed);

    /* NOTICE */

    /// @notice Gives notice: after the channel's time the payer can take out what is left. Until it does, vouchers can be
    /// redeemed.
    /// @dev Only the payer. Emits {NoticeGiven}.
    /// @param channel The terms.
    function giveNotice(Channel calldata channel) external;

    /// @notice Takes a notice back, whether it has passed or not.
    /// @dev Only the payer. Emits {NoticeCancelled}.
    /// @param channel The terms.
    function cancelNotice(Channel calldata channel) external;

    /// @notice Takes out what is left, once the notice has passed. The channel can be used again after a new deposit;
    /// its counters go on.
    /// Warning: a voucher above what was redeemed was owed, and counts against that deposit.
    /// @dev Only the payer. Emits {ChannelWithdrawn}.
    /// @param channel The terms.
    /// @param to Who gets it; not this contract.
    /// @return amount How much, in the currency's units.
    function withdraw(Channel calldata channel, address to) external returns (uint256 amount);

    /* HOSTS */

    /// @notice Sends a host its parts of all channels in one currency. The host may have them sent anywhere; anyone may
    /// have them sent to the host.
    /// @dev Emits {HostPaid}.
    /// @param host The host.
    /// @param currency The currency.
    /// @param to Who gets it; not this contract.
    /// @return amount How much, in units.
    function payHost(address host, Currency currency, address to) external returns (uint256 amount);

    /* VIEWS */

    /// @notice Returns a channel's id.
    /// @param channel The terms.
    function channelIdOf(Channel calldata channel) external view returns (bytes32);

    /// @notice Returns what has become of a channel.
    /// @param channelId The channel's id.
    function channelStateOf(bytes32 channelId) external view returns (ChannelState memory);

    /// @notice Returns the EIP-712 hash that a signer signs.
    /// @param channelId The channel's id.
    /// @param amount Units owed since the channel began.
    /// @param calls Calls since the channel began.
    function voucherHashOf(bytes32 channelId, uint112 amount, uint32 calls) external view returns (bytes32);

    /// @notice Returns whether a smart wallet says that it signed (ERC-1271). Here for {redeem} to call with a limit of
    /// gas.
    /// @param wallet The wallet.
    /// @param hash What it is said to have signed.
    /// @param signature The signature.
    function isSignedByWallet(address wallet, bytes32 hash, bytes calldata signature) external view returns (bool);

    /// @notice Returns what {payHost} would send, in units.
    /// @param host The host.
    /// @param currency The currency.
    function owedToHost(address host, Currency currency) external view returns (uint256);

    /// @notice Returns the ledger that models are paid in.
    function ledger() external view returns (IRoyaltyLedger);
}
