import { getAddress, toBeHex, ZeroAddress } from "ethers";
import type { Arguments, ArgumentValue } from "./actions.js";
import type { Context } from "./context.js";
import { type Contracts, contractsToRead } from "./contracts.js";
import type { DecodedAction } from "./decodedActions.js";
import { duration, roleName } from "./explanations.js";
import type { CommonWords } from "./words.js";

/** What a call gives away, by its arguments: the rest of a sentence that begins with "This". */
type Power = (args: Arguments, call: Call) => string | undefined | Promise<string | undefined>;

interface Call {
  /** Who makes it, and how sentences call that. */
  caller: string;
  owner: string;
  contract: keyof Contracts;
  contracts: Contracts;
  account: CommonWords["account"];
}

/** A delay below it leaves nobody the time to see what comes: a day, in seconds. */
const SHORT_DELAY = 86_400n;

/** Says which power a call gives to somebody who does not have it; undefined for one that gives none. */
export async function powerGiven(
  context: Context,
  { contract, function: name = "", args, caller }: DecodedAction,
  { account }: CommonWords,
): Promise<string | undefined> {
  const ofContract = powers[contract as keyof Contracts] ?? {};
  if (!Object.hasOwn(ofContract, name)) return undefined;

  return ofContract[name](args, {
    ...{ caller, owner: account(caller), account },
    ...{ contract: contract as keyof Contracts, contracts: contractsToRead(context) },
  });
}

const powers: { readonly [Contract in keyof Contracts]?: Readonly<Record<string, Power>> } = {
  RoyaltyLedger: {
    allocate: ({ model }, { owner }) => `gives shares of ${owner} in the model ${model} to whoever an allocation names`,
    approve: ({ spender, id, amount }, { owner, account }) =>
      amount === 0n ? undefined : `lets ${account(spender)} take shares of ${owner} in the model ${modelOf(id)}`,
    claim: toOther((to, { owner }) => `claims income of ${owner} to ${to}`),
    claimHostPart: toOther((to, { owner }) => `claims income of ${owner} as a host to ${to}`),
    handOverPosition: toOther(
      (to, { owner }, { model }) => `hands all shares of ${owner} in the model ${model}, with their income, to ${to}`,
    ),
    reclaimShares: toOther((to, _, { model }) => `sends shares in the model ${model} that are reclaimed to ${to}`),
    setOperator: ({ spender, approved }, { owner, account }) =>
      approved === true ? `lets ${account(spender)} take all shares of ${owner}, in any model` : undefined,
    transfer: ({ receiver, id, amount }, call) => shares(call, call.caller, receiver, id, amount),
    transferFrom: ({ sender, receiver, id, amount }, call) => shares(call, sender, receiver, id, amount),
  },

  ModelRegistry: {
    approve: ({ to, tokenId }, { account }) =>
      to === ZeroAddress ? undefined : `lets ${account(to)} take the model ${modelOf(tokenId)}`,
    safeTransferFrom: toOther((to, _, { tokenId }) => `gives the model ${modelOf(tokenId)} to ${to}`),
    setApprovalForAll: ({ operator, approved }, { owner, account }) =>
      approved === true ? `lets ${account(operator)} take all models of ${owner}` : undefined,
    setMaintainer: ({ model, maintainer, allowed }, { account }) =>
      allowed === true ? `lets ${account(maintainer)} publish versions of the model ${model}` : undefined,
    transferFrom: toOther((to, _, { tokenId }) => `gives the model ${modelOf(tokenId)} to ${to}`),
  },

  TrainingRounds: {
    claim: toOther((to, { owner }) => `sends the cash of ${owner} from a round to ${to}`),
    claimFundings: toOther((to, { owner }) => `sends what a round returns to ${owner} to ${to}`),
    payCoordinator: toOther((to, { owner }) => `sends what ${owner} has as a coordinator to ${to}`),
    refund: toOther((to, { owner }) => `sends what a failed round pays back to ${owner} to ${to}`),
    takeChallengeBond: toOther((to, { owner }) => `sends a bond of ${owner} to ${to}`),
    takeSubmissionBond: toOther((to, { owner }) => `sends a bond of ${owner} to ${to}`),
  },

  WealToken: {
    delegate: ({ delegatee }, { caller, owner, account }) =>
      delegatee === caller || delegatee === ZeroAddress
        ? undefined
        : `gives the votes of all WEAL in ${owner} to ${account(delegatee)}`,
  },

  SafetyBoard: {
    async setSafetyGovernance({ account: successor }, { contracts, account }) {
      const isNew = successor !== (await contracts.SafetyBoard.safetyGovernance());

      return isNew ? `puts ${account(successor)} in charge of safety` : undefined;
    },
  },

  TimelockController: timelockPowers(),
  SafetyTimelock: timelockPowers(),
  WealGovernor: governorPowers(),
  SafetyGovernor: governorPowers(),
};

/* WHAT MORE THAN ONE HAS */

function timelockPowers(): Record<string, Power> {
  const hasRole = ({ contract, contracts }: Call, role: ArgumentValue, account: ArgumentValue) =>
    contracts[contract as "TimelockController"].hasRole(String(role), String(account));
  const take: Power = async ({ role, account, callerConfirmation }, call) => {
    const loser = account ?? callerConfirmation;
    if (!(await hasRole(call, role, loser))) return undefined;

    return `takes the role ${roleName(role)} of ${call.contract} from ${call.account(loser)}, who has it now`;
  };

  return {
    async grantRole({ role, account }, call) {
      if (await hasRole(call, role, account)) return undefined;

      return `gives ${call.account(account)} the role ${roleName(role)} of ${call.contract}, which it does not have now`;
    },
    renounceRole: take,
    revokeRole: take,
    updateDelay: ({ newDelay }, { contract }) =>
      (newDelay as bigint) < SHORT_DELAY
        ? `lets only ${duration(newDelay)} pass between a decision and its execution by ${contract}`
        : undefined,
  };
}

function governorPowers(): Record<string, Power> {
  return {
    setProposalGuardian: ({ newProposalGuardian }, { contract, account }) =>
      newProposalGuardian === ZeroAddress
        ? undefined
        : `lets ${account(newProposalGuardian)} cancel any proposal to ${contract}`,
    async updateTimelock({ newTimelock }, { contract, contracts, account }) {
      const isNew = newTimelock !== (await contracts[contract as "WealGovernor"].timelock());

      return isNew ? `lets ${account(newTimelock)} carry out what ${contract} decides` : undefined;
    },
  };
}

/* SHARES */

/** For functions that say to whom in `to`: nothing for the caller itself. */
function toOther(say: (to: string, call: Call, args: Arguments) => string): Power {
  return (args, call) => (args.to === call.caller ? undefined : say(call.account(args.to), call, args));
}

function shares(call: Call, sender: ArgumentValue, receiver: ArgumentValue, id: ArgumentValue, amount: ArgumentValue) {
  if (receiver === call.caller || amount === 0n) return undefined;

  return `gives ${amount} shares of ${call.account(sender)} in the model ${modelOf(id)} to ${call.account(receiver)}`;
}

/** Shares and tokens of a model have its address as their id. */
function modelOf(id: ArgumentValue): string {
  return (id as bigint) >> 160n === 0n ? getAddress(toBeHex(id as bigint, 20)) : String(id);
}
