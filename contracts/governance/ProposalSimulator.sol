// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title ProposalSimulator
/// @notice Shows what a call would change: reads, calls, and reads again.
/// @dev Never deployed. For the length of an `eth_call` the SDK puts this code at an address that has none, and there it
/// executes a proposal through the timelock. Nothing that fails in here makes it revert, so that it can be told.
contract ProposalSimulator {
    /// @notice What to read.
    struct View {
        address target;
        bytes data;
    }

    /// @notice What came of a call: what it returned, or what it reverted with.
    struct Outcome {
        bool succeeded;
        bytes data;
    }

    /// @dev For each view, so that a token that burns all gas costs the others nothing.
    uint256 private constant VIEW_GAS = 500_000;

    /// @notice Reads the views, makes a call, and reads the views again.
    /// @param views What to read.
    /// @param target Which contract to call: the timelock.
    /// @param data The call.
    /// @return earlier What the views returned before the call.
    /// @return execution What came of the call.
    /// @return later What the views returned after it.
    function simulate(
        View[] calldata views,
        address target,
        bytes calldata data
    ) external returns (Outcome[] memory earlier, Outcome memory execution, Outcome[] memory later) {
        earlier = _read(views);
        // solhint-disable-next-line avoid-low-level-calls
        (execution.succeeded, execution.data) = target.call(data);
        later = _read(views);
    }

    /// @notice Returns what an account has of the chain's coin, in wei.
    /// @param account Whose.
    function balanceOf(address account) external view returns (uint256) {
        return account.balance;
    }

    function _read(View[] calldata views) private view returns (Outcome[] memory outcomes) {
        outcomes = new Outcome[](views.length);
        for (uint256 i = 0; i < views.length; ++i) {
            // solhint-disable-next-line avoid-low-level-calls
            (outcomes[i].succeeded, outcomes[i].data) = views[i].target.staticcall{gas: VIEW_GAS}(views[i].data);
        }
    }
}
