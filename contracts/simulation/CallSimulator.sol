// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

/// @title CallSimulator
/// @notice Shows what calls would change: reads, calls one after the other, and reads again.
/// @dev Never deployed. For the length of an `eth_call` the SDK puts this code at an address, and makes the calls from
/// there. Nothing that fails in here makes it revert, so that it can be told.
contract CallSimulator {
    /// @notice What to read.
    struct View {
        address target;
        bytes data;
    }

    /// @notice A call to make, with the chain's coin that goes with it, in wei.
    struct Call {
        address target;
        uint256 value;
        bytes data;
    }

    /// @notice What came of a call: what it returned, or what it reverted with, and the gas that it used.
    struct Outcome {
        bool succeeded;
        bytes data;
        uint256 gasUsed;
    }

    /// @dev For each view, so that a token that burns all gas costs the others nothing.
    uint256 private constant VIEW_GAS = 500_000;

    /// @notice Reads the views, makes the calls up to the first that fails, and reads the views again.
    /// @param views What to read.
    /// @param calls The calls.
    /// @return earlier What the views returned before the calls.
    /// @return executions What came of each call; nothing of those after one that failed.
    /// @return later What the views returned after them.
    function simulate(
        View[] calldata views,
        Call[] calldata calls
    ) external payable returns (Outcome[] memory earlier, Outcome[] memory executions, Outcome[] memory later) {
        earlier = _read(views);
        executions = new Outcome[](calls.length);
        for (uint256 i = 0; i < calls.length; ++i) {
            Call calldata made = calls[i];
            uint256 gasBefore = gasleft();
            // solhint-disable-next-line avoid-low-level-calls
            (bool succeeded, bytes memory data) = made.target.call{value: made.value}(made.data);
            executions[i] = Outcome(succeeded, data, gasBefore - gasleft());
            if (!succeeded) break;
        }
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
            uint256 gasBefore = gasleft();
            // solhint-disable-next-line avoid-low-level-calls
            (bool succeeded, bytes memory data) = views[i].target.staticcall{gas: VIEW_GAS}(views[i].data);
            outcomes[i] = Outcome(succeeded, data, gasBefore - gasleft());
        }
    }
}
