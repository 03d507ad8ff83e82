import type { Arguments, ArgumentValue } from "./actions.js";
import type { Contracts } from "./contracts.js";

/** What governance can change in a contract, and where to read it. */
export interface ContractParameters {
  /** Views without arguments, read for every simulation. */
  views?: readonly string[];
  /** For a call of the function, the view that it may change, with its arguments. */
  keyed?: Readonly<Record<string, (args: Arguments, treasury: string) => readonly [view: string, ...ArgumentValue[]]>>;
}

/** The parameters that a simulation shows, by contract; views as their signatures. */
export const parameters: { readonly [Contract in keyof Contracts | "ERC20"]?: ContractParameters } = {
  RoyaltyLedger: { views: ["protocolFeeBps()", "currencies()"] },

  SourceRegistry: {
    // A new verifier and another threshold count after a waiting period: of these, a simulation shows nothing yet.
    views: ["threshold()"],
    keyed: { setVerifier: ({ verifier }) => ["isVerifier(address)", verifier] },
  },

  TrainingRounds: { keyed: { fund: ({ roundId }) => ["roundOf(bytes32)", roundId] } },

  TimelockController: timelockParameters(),
  SafetyTimelock: timelockParameters(),
  WealGovernor: governorParameters(),
  SafetyGovernor: governorParameters(),

  SafetyBoard: {
    views: ["members()", "safetyGovernance()"],
    keyed: {
      decide: levelOf,
      lift: levelOf,
      rearm: ({ model }) => ["canRestrict(address)", model],
    },
  },

  Stakeholding: {
    views: ["epochCap()"],
    keyed: { setRate: ({ currency }) => ["rateOf(address)", currency] },
  },

  UsePolicy: { views: ["policyVersion()"] },

  WealToken: {
    keyed: { ...erc20Parameters().keyed, delegate: (_, treasury) => ["delegates(address)", treasury] },
  },

  ERC20: erc20Parameters(),
};

/* WHAT MORE THAN ONE HAS */

function erc20Parameters(): ContractParameters {
  return { keyed: { approve: ({ spender }, treasury) => ["allowance(address,address)", treasury, spender] } };
}

function governorParameters(): ContractParameters {
  return {
    views: [
      "votingDelay()",
      "votingPeriod()",
      "proposalThreshold()",
      "quorumNumerator()",
      "lateQuorumVoteExtension()",
      "proposalGuardian()",
      "timelock()",
    ],
  };
}

function levelOf({ model, version }: Arguments): readonly [string, ...ArgumentValue[]] {
  return ["levelOf(address,uint32)", model, version];
}

function timelockParameters(): ContractParameters {
  const hasRole = ({ role, account }: Arguments) => ["hasRole(bytes32,address)", role, account] as const;

  return { views: ["getMinDelay()"], keyed: { grantRole: hasRole, revokeRole: hasRole } };
}
