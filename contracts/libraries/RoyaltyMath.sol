// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title RoyaltyMath
/// @notice The arithmetic of royalties: pure functions of one cumulative number, what a model ever received.
/// @dev For a model with edge rates w_1..w_n in basis points, W = Σ w_i ≤ 5,000, and a protocol fee f ≤ 250 bps,
/// both fixed at registration, and R = received, per currency:
///
/// ```
/// U(R)   = ⌊R·W / 10⁴⌋         all parents together
/// u_i(R) = ⌊U(R)·w_i / W⌋      parent i
/// H(R)   = R − U(R)            stays with the model
/// F(R)   = ⌊H(R)·f / 10⁴⌋      protocol fee
/// D(R)   = H(R) − F(R)         holders of shares
/// ```
///
/// Why this form:
///
/// - Every function is monotone in R. U because flooring is; u_i because it floors a monotone U; H because U grows by
///   at most one where R grows by one (W ≤ 10⁴); F as U; D as H. So differences of two states never underflow.
/// - What somebody is owed depends on totals, never on how a payment was split nor on when anybody called.
/// - Σ u_i(R) ≤ U(R), short by less than n units: these units stay in the ledger as dust.
///
/// All inputs fit 112 bits and rates fit 14, so that no product passes 126 bits: `unchecked` throughout.
library RoyaltyMath {
    /// @notice One hundred percent in basis points.
    uint256 internal constant BPS = 10_000;

    /// @notice The most that all parents of a model may take together, in basis points.
    uint256 internal constant MAX_TOTAL_RATE_BPS = 5_000;

    /// @notice The highest protocol fee, in basis points.
    uint256 internal constant MAX_FEE_BPS = 250;

    /// @notice The largest cumulative amount that a model can receive in one currency, in the currency's units.
    uint256 internal constant MAX_RECEIVED = type(uint112).max;

    /// @notice Returns U(R), the part of `received` that belongs to all parents together, rounded down.
    /// @param received Cumulative amount received, at most 2¹¹² − 1 units.
    /// @param totalRateBps W, the sum of the edges' rates, at most 5,000 basis points.
    function upstreamDown(uint256 received, uint256 totalRateBps) internal pure returns (uint256) {
        unchecked {
            return (received * totalRateBps) / BPS;
        }
    }

    /// @notice Returns u_i, one parent's part of what belongs to all parents, rounded down.
    /// @param upstream U(R), in units.
    /// @param rateBps w_i, this parent's rate, at most `totalRateBps`.
    /// @param totalRateBps W, more than 0: with W = 0 there is no U to divide.
    function parentPartDown(uint256 upstream, uint256 rateBps, uint256 totalRateBps) internal pure returns (uint256) {
        unchecked {
            return (upstream * rateBps) / totalRateBps;
        }
    }

    /// @notice Returns F, the protocol fee on what stays with the model, rounded down.
    /// @param kept H(R) = R − U(R), in units.
    /// @param feeBps f, at most 250 basis points.
    function feeDown(uint256 kept, uint256 feeBps) internal pure returns (uint256) {
        unchecked {
            return (kept * feeBps) / BPS;
        }
    }

    /// @notice Returns D(R), the cumulative amount that belongs to the holders of shares: what is left after U and F.
    /// @param received Cumulative amount received, at most 2¹¹² − 1 units.
    /// @param totalRateBps W, at most 5,000 basis points.
    /// @param feeBps f, at most 250 basis points.
    function distributed(uint256 received, uint256 totalRateBps, uint256 feeBps) internal pure returns (uint256) {
        unchecked {
            // U(R) ≤ R / 2 and F(R) ≤ H(R) / 40
            uint256 kept = received - upstreamDown(received, totalRateBps);

            return kept - feeDown(kept, feeBps);
        }
    }
}
