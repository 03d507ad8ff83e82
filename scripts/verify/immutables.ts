import { encodeBytes32String, id, TypedDataEncoder, toBeHex, zeroPadValue } from "ethers";
import { claimTree, rootOf, vestingArguments } from "../genesis.js";
import { secondsOf } from "../parameters.js";
import type { ContractName } from "../plan.js";
import { childrenOf, type Subject } from "./subject.js";

/** Immutables that are contracts of the protocol, whichever contract has them. */
const CONTRACTS: Record<string, ContractName> = {
  governance: "TimelockController",
  treasury: "TimelockController",
  ledger: "RoyaltyLedger",
  _ledger: "RoyaltyLedger",
  registry: "ModelRegistry",
  safetyBoard: "SafetyBoard",
  _safetyBoard: "SafetyBoard",
  board: "SafetyBoard",
  usePolicy: "UsePolicy",
  royaltyLens: "RoyaltyLens",
  governor: "WealGovernor",
  rounds: "TrainingRounds",
  weal: "WealToken",
  _token: "WealToken",
};

/** The names under which contracts have things signed (EIP-712), each as version 1. */
const SIGNED_NAMES: Record<string, string> = {
  WealToken: "Commonweal",
  WealGovernor: "Commonweal Governor",
  SafetyGovernor: "Commonweal Safety Governor",
  ModelRegistry: "Commonweal ModelRegistry",
  SourceRegistry: "Commonweal SourceRegistry",
  UsageChannels: "Commonweal UsageChannels",
  TrainingRounds: "Commonweal TrainingRounds",
};

/** Returns what an immutable has to hold, as 32 bytes; undefined for one that nothing is known about. */
export function expectedImmutable(subject: Subject, contract: string, variable: string): string | undefined {
  const { parameters, chainId, at } = subject;
  if (variable in CONTRACTS) return wordOf(at(CONTRACTS[variable]));

  switch (variable) {
    case "terms":
      return wordOf(childrenOf(at).RoundTerms);
    case "_poolImplementation":
      return wordOf(childrenOf(at).FunderPool);
    case "root":
      return rootOf(claimTree(parameters.genesis, chainId, at("GenesisClaim")));
    case "claimUntil":
      return wordOf(secondsOf(parameters.genesis.community.until));
    case "guardianUntil": {
      const { guardian } = contract === "SafetyGovernor" ? parameters.safetyGovernor : parameters.governor;

      return wordOf(guardian === undefined ? 0 : secondsOf(guardian.until));
    }
    case "_start":
    case "_duration": {
      const founder = parameters.genesis.founders[Number(contract.replace("VestingWallet", ""))];
      const [, start, duration] = vestingArguments(founder);

      return wordOf(variable === "_start" ? start : duration);
    }
    default:
      return contract in SIGNED_NAMES ? expectedOfDomain(subject, contract as ContractName, variable) : undefined;
  }
}

/** What OpenZeppelin's EIP712 keeps of a contract's domain. */
function expectedOfDomain({ chainId, at }: Subject, contract: ContractName, variable: string): string | undefined {
  const [name, version, verifyingContract] = [SIGNED_NAMES[contract], "1", at(contract)];

  return {
    _cachedDomainSeparator: TypedDataEncoder.hashDomain({ name, version, chainId, verifyingContract }),
    _cachedChainId: wordOf(chainId),
    _cachedThis: wordOf(verifyingContract),
    _hashedName: id(name),
    _hashedVersion: id(version),
    _name: shortString(name),
    _version: shortString(version),
  }[variable];
}

/** OpenZeppelin's ShortString: up to 31 bytes on the left, their number in the last byte. */
function shortString(text: string): string {
  return encodeBytes32String(text).slice(0, -2) + toBeHex(text.length, 1).slice(2);
}

function wordOf(value: string | number | bigint): string {
  return typeof value === "string" ? zeroPadValue(value, 32) : toBeHex(value, 32);
}
