// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IRoyaltyLedger} from "../interfaces/IRoyaltyLedger.sol";

import {Currency, CurrencyLibrary} from "../libraries/Currency.sol";
import {RoyaltyMath} from "../libraries/RoyaltyMath.sol";

/// @title LedgerGovernance
/// @notice All that is governed in the ledger: the currency list, the fee of future models, and where fees go.
abstract contract LedgerGovernance is IRoyaltyLedger, ReentrancyGuardTransient {
    uint256 private constant MAX_CURRENCIES = 16;
    uint256 private constant MAX_CURRENCY_SUPPLY = 1 << 96;

    /// @inheritdoc IRoyaltyLedger
    address public immutable governance;

    /// @dev Of fixed size: what is looked up by its index is known to be there, and needs no length to be read.
    Currency[MAX_CURRENCIES] private _currencies;
    /// @dev Index in the list plus one, so that 0 means not listed.
    mapping(Currency currency => uint256) private _places;
    mapping(Currency currency => uint256) private _fees;
    uint8 private _currencyCount;
    uint8 private _protocolFeeBps;

    constructor(address governance_, uint16 feeBps, Currency[] memory currencies_) {
        governance = governance_;

        _setProtocolFee(feeBps);
        _list(CurrencyLibrary.ETH);
        for (uint256 i = 0; i < currencies_.length; ++i) _listToken(currencies_[i]);
    }

    modifier onlyGovernance() {
        require(msg.sender == governance, NotGovernance(msg.sender));
        _;
    }

    /// @inheritdoc IRoyaltyLedger
    function collectFees(Currency currency) external nonReentrant returns (uint256 amount) {
        amount = _fees[currency];
        require(amount > 0, NothingToCollect(currency));

        _fees[currency] = 0;

        emit FeesCollected(currency, amount);

        currency.transfer(governance, amount);
    }

    /// @inheritdoc IRoyaltyLedger
    function setProtocolFee(uint16 feeBps) external onlyGovernance {
        _setProtocolFee(feeBps);
    }

    /// @inheritdoc IRoyaltyLedger
    function addCurrency(Currency currency) external onlyGovernance {
        _listToken(currency);
    }

    /// @inheritdoc IRoyaltyLedger
    function protocolFeeBps() public view returns (uint16) {
        return _protocolFeeBps;
    }

    /// @inheritdoc IRoyaltyLedger
    function currencies() external view returns (Currency[] memory listed) {
        listed = new Currency[](_currencyCount);
        for (uint256 i = 0; i < listed.length; ++i) listed[i] = _currencies[i];
    }

    /// @inheritdoc IRoyaltyLedger
    function isListed(Currency currency) public view returns (bool) {
        return _places[currency] != 0;
    }

    /// @inheritdoc IRoyaltyLedger
    function collectableFees(Currency currency) external view returns (uint256) {
        return _fees[currency];
    }

    function _requireListed(Currency currency) internal view {
        require(isListed(currency), CurrencyNotListed(currency));
    }

    /// @dev Adds to the fees that wait to be collected.
    function _accrueFees(Currency currency, uint256 amount) internal {
        _fees[currency] += amount;
    }

    /// @dev Returns the currency's index in the list, 0 to 15. Warning: it must be listed.
    function _currencyIndex(Currency currency) internal view returns (uint256) {
        return _places[currency] - 1;
    }

    /// @dev Returns the currency at an index in the list.
    function _currencyAt(uint256 index) internal view returns (Currency) {
        return _currencies[index];
    }

    function _setProtocolFee(uint16 feeBps) private {
        require(feeBps <= RoyaltyMath.MAX_FEE_BPS, ProtocolFeeTooHigh(feeBps, RoyaltyMath.MAX_FEE_BPS));

        uint16 oldFeeBps = _protocolFeeBps;
        _protocolFeeBps = uint8(feeBps); // at most 250

        emit ProtocolFeeUpdated(oldFeeBps, feeBps);
    }

    function _listToken(Currency currency) private {
        require(Currency.unwrap(currency).code.length > 0, CurrencyWithoutCode(currency));
        try currency.token().totalSupply() returns (uint256 supply) {
            require(supply <= MAX_CURRENCY_SUPPLY, CurrencySupplyTooHigh(currency, supply, MAX_CURRENCY_SUPPLY));
        } catch {
            revert CurrencyWithoutSupply(currency);
        }

        _list(currency);
    }

    function _list(Currency currency) private {
        require(!isListed(currency), CurrencyAlreadyListed(currency));
        uint8 index = _currencyCount;
        require(index < MAX_CURRENCIES, CurrencyListFull(MAX_CURRENCIES));

        _currencies[index] = currency;
        _currencyCount = index + 1;
        _places[currency] = index + 1;

        emit CurrencyListed(currency, index);
    }
}
