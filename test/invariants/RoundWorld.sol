// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

import {SafetyBoard} from "../../contracts/governance/SafetyBoard.sol";
import {UsePolicy} from "../../contracts/governance/UsePolicy.sol";
import {WealGovernor} from "../../contracts/governance/WealGovernor.sol";
import {WealToken} from "../../contracts/governance/WealToken.sol";
import {IRoundContributions} from "../../contracts/interfaces/IRoundContributions.sol";
import {IRoundTerms} from "../../contracts/interfaces/IRoundTerms.sol";
import {ITrainingRounds} from "../../contracts/interfaces/ITrainingRounds.sol";
import {Currency} from "../../contracts/libraries/Currency.sol";
import {TestToken} from "../../contracts/mocks/TestToken.sol";
import {ModelRegistry} from "../../contracts/registry/ModelRegistry.sol";
import {TrainingRounds} from "../../contracts/rounds/TrainingRounds.sol";
import {RoyaltyLedger} from "../../contracts/royalties/RoyaltyLedger.sol";

import {Test} from "../solidity/Test.sol";

/// @dev The protocol with its rounds, people who have money of both kinds, and terms, results and leaves that follow from
/// a round's number alone. This contract is the only reviewer, and agrees to everything.
abstract contract RoundWorld is Test, IERC1271 {
    uint256 internal constant LEAVES = 3;
    uint96 internal constant TARGET = 1_000;
    uint96 internal constant CAP = 2_500;
    uint96 internal constant COORDINATOR_CASH = 101;
    uint96 internal constant SUBMISSION_BOND = 7;
    uint96 internal constant RESULT_BOND = 53;
    uint96 internal constant CHALLENGE_BOND = 19;
    uint8 internal constant MAX_ATTEMPTS = 2;

    RoyaltyLedger public immutable ledger;
    TrainingRounds public immutable rounds;
    Currency[] internal _currencies;
    address[] internal _people;
    address internal immutable _coordinator = _account("coordinator");
    address internal immutable _arbiter = _account("arbiter");

    constructor() {
        TestToken token = new TestToken("Test Token", "TEST", 18);
        TimelockController timelock = new TimelockController(8 hours, new address[](0), new address[](0), address(0));
        Currency[] memory listed = new Currency[](1);
        listed[0] = Currency.wrap(address(token));
        ledger = new RoyaltyLedger(address(timelock), 249, listed);
        UsePolicy policy = new UsePolicy(address(timelock), keccak256("policy"), 1, "");
        SafetyBoard board = new SafetyBoard(address(timelock), address(this), policy, new address[](0));
        rounds = new TrainingRounds(new ModelRegistry(ledger, board), _governor(timelock));
        _currencies = ledger.currencies();

        _people = [_account("alice"), _account("bob"), _account("carol"), _coordinator];
        for (uint256 i = 0; i < _people.length; ++i) {
            token.mint(_people[i], 1e30);
            vm.deal(_people[i], 1e30);
            vm.prank(_people[i]);
            token.approve(address(rounds), type(uint256).max);
        }
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32, bytes calldata) external pure returns (bytes4) {
        return IERC1271.isValidSignature.selector;
    }

    /* TERMS */

    /// @dev Of the round of this number that was opened at this time: ETH and the token in turns.
    function _openingOf(uint256 number, uint256 openedAt) internal view returns (IRoundTerms.Opening memory opening) {
        opening.coordinator = _coordinator;
        opening.arbiter = _arbiter;
        opening.currency = _currencies[number % 2];
        opening.money = IRoundTerms.Money({
            target: TARGET,
            cap: CAP,
            coordinatorCash: COORDINATOR_CASH,
            submissionBond: SUBMISSION_BOND,
            resultBond: RESULT_BOND,
            challengeBond: CHALLENGE_BOND
        });
        uint40 from = uint40(openedAt);
        opening.schedule = IRoundTerms.Schedule({
            fundingUntil: from + 2 days,
            submissionUntil: from + 2 days + 12 hours,
            revealUntil: from + 3 days + 12 hours,
            reviewPeriod: 1 days,
            challengePeriod: 1 days,
            arbitrationPeriod: 1 days,
            maxAttempts: MAX_ATTEMPTS
        });
        opening.split = IRoundTerms.Split({contributors: 600_000, funders: 333_333, coordinator: 66_667});
        opening.minReviews = 1;
        opening.reviewers = new address[](1);
        opening.reviewers[0] = address(this);
        opening.model.owner = _coordinator;
        opening.model.maxFeeBps = 249;
        opening.salt = bytes32(number);
    }

    function _reviews() internal view returns (ITrainingRounds.Review[] memory reviews) {
        reviews = new ITrainingRounds.Review[](1);
        reviews[0].reviewer = address(this);
    }

    /* RESULTS */

    /// @dev Half of the shares, a third and what is left; of the cash likewise, all that the leaves can have.
    function _leafOf(uint256 index, uint256 raised) internal view returns (IRoundContributions.Leaf memory leaf) {
        uint256 cash = raised - COORDINATOR_CASH;
        leaf.index = index;
        leaf.account = _people[index];
        leaf.shares = [uint256(300_000), 199_999, 100_001][index];
        leaf.cash = [cash / 2, cash / 3, cash - cash / 2 - cash / 3][index];
    }

    function _resultOf(bytes32 roundId, uint256 raised) internal view returns (ITrainingRounds.Result memory result) {
        result.manifestDigest = keccak256("manifest");
        result.root = _pair(
            _pair(_nodeOf(roundId, _leafOf(0, raised)), _nodeOf(roundId, _leafOf(1, raised))),
            _nodeOf(roundId, _leafOf(2, raised))
        );
        result.cash = uint96(raised - COORDINATOR_CASH);
    }

    function _proofOf(bytes32 roundId, uint256 index, uint256 raised) internal view returns (bytes32[] memory proof) {
        bytes32 last = _nodeOf(roundId, _leafOf(2, raised));
        proof = new bytes32[](index == 2 ? 2 : 3);
        proof[0] = _ownOf(roundId, _leafOf(index, raised));
        if (index == 2) {
            proof[1] = _pair(_nodeOf(roundId, _leafOf(0, raised)), _nodeOf(roundId, _leafOf(1, raised)));
        } else {
            proof[1] = _nodeOf(roundId, _leafOf(1 - index, raised));
            proof[2] = last;
        }
    }

    function _nodeOf(bytes32 roundId, IRoundContributions.Leaf memory leaf) private view returns (bytes32) {
        bytes memory content = abi.encode(
            block.chainid,
            address(ledger),
            rounds.modelIdOf(roundId),
            leaf.index,
            leaf.account,
            leaf.shares
        );

        return _pair(_ownOf(roundId, leaf), keccak256(bytes.concat(keccak256(content))));
    }

    function _ownOf(bytes32 roundId, IRoundContributions.Leaf memory leaf) private view returns (bytes32) {
        bytes memory content = abi.encode(
            block.chainid,
            address(rounds),
            roundId,
            leaf.index,
            leaf.account,
            leaf.shares,
            leaf.cash
        );

        return keccak256(bytes.concat(keccak256(content)));
    }

    function _pair(bytes32 a, bytes32 b) private pure returns (bytes32) {
        return a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
    }

    /* GOVERNANCE */

    function _governor(TimelockController timelock) private returns (IGovernor) {
        WealToken.Genesis[] memory genesis = new WealToken.Genesis[](1);
        genesis[0] = WealToken.Genesis(address(this), 1_000_000_000e18);
        WealGovernor.Settings memory settings = WealGovernor.Settings({
            votingDelay: 8 hours,
            votingPeriod: 8 hours,
            lateQuorumExtension: 8 hours,
            proposalThreshold: 100_000e18,
            quorumPercent: 4,
            guardianUntil: 0
        });

        return new WealGovernor("Governor", new WealToken(genesis), timelock, address(0), settings);
    }

    function _account(string memory name) private pure returns (address) {
        return address(uint160(uint256(keccak256(bytes(name)))));
    }
}
