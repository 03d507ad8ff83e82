import { type EventFragment, getAddress, type Interface, type ParamType, type Result } from "ethers";
import type { ContractDescriptor } from "../descriptors.js";
import { interfaceOf } from "../events.js";
import { LicenseStore } from "../generated/fragments/LicenseStore.js";
import { ModelRegistry } from "../generated/fragments/ModelRegistry.js";
import { RoyaltyLedger } from "../generated/fragments/RoyaltyLedger.js";
import { SafetyBoard } from "../generated/fragments/SafetyBoard.js";
import { UsageChannels } from "../generated/fragments/UsageChannels.js";
import { boardDecoders, channelsDecoders, ledgerDecoders, registryDecoders, storeDecoders } from "./decoders.js";
import type { ProtocolEvent } from "./events.js";

/** The contracts whose logs are read. */
export const HISTORY_CONTRACTS = [
  "RoyaltyLedger",
  "ModelRegistry",
  "LicenseStore",
  "UsageChannels",
  "SafetyBoard",
] as const;
export type HistoryContract = (typeof HISTORY_CONTRACTS)[number];

/** A log as a node gives it, with the numbers that matter as numbers. */
export interface RawLog {
  address: string;
  topics: string[];
  data: string;
  block: number;
  blockHash: string;
  transaction: string;
  logIndex: number;
}

const SOURCES: Record<HistoryContract, { contract: ContractDescriptor; decoders: object }> = {
  RoyaltyLedger: { contract: RoyaltyLedger, decoders: ledgerDecoders },
  ModelRegistry: { contract: ModelRegistry, decoders: registryDecoders },
  LicenseStore: { contract: LicenseStore, decoders: storeDecoders },
  UsageChannels: { contract: UsageChannels, decoders: channelsDecoders },
  SafetyBoard: { contract: SafetyBoard, decoders: boardDecoders },
};

type Arguments = Record<string, unknown>;
type Read = (log: RawLog) => Arguments;

/**
 * Returns what turns logs into events, and the topics to ask for.
 *
 * A hundred thousand logs take ethers' coder seconds, so events that consist of words alone are cut into words here, and
 * the checksum of an address is calculated once.
 *
 * @param addresses Where the contracts are.
 */
export function decoderOf(addresses: Readonly<Record<HistoryContract, string>>) {
  const checksums = new Map<string, string>();
  const decoders = new Map<string, { read: Read; make: (args: Arguments) => ProtocolEvent }>();
  const topics = new Set<string>();
  for (const name of HISTORY_CONTRACTS) {
    const abi = interfaceOf(SOURCES[name].contract);
    for (const [event, make] of Object.entries(SOURCES[name].decoders)) {
      const fragment = abi.getEvent(event) as EventFragment;
      decoders.set(addresses[name].toLowerCase() + fragment.topicHash, { read: readerOf(abi, fragment), make });
      topics.add(fragment.topicHash);
    }
  }

  /** Returns an address with its checksum. */
  function checksummed(word: string): string {
    const address = `0x${word.slice(24)}`;
    const known = checksums.get(address) ?? getAddress(address);
    checksums.set(address, known);

    return known;
  }

  function readerOf(abi: Interface, fragment: EventFragment): Read {
    const { inputs } = fragment;
    if (!inputs.every(({ baseType }) => /^(address|u?int\d+|bytes32|bool)$/.test(baseType))) {
      return ({ data, topics }) => (abi.decodeEventLog(fragment, data, topics) as Result).toObject();
    }

    return ({ data, topics }) => {
      const args: Arguments = {};
      let [topic, word] = [1, 0];
      for (const { name, indexed, baseType } of inputs) {
        const value = indexed ? topics[topic++].slice(2) : data.slice(2 + 64 * word, 2 + 64 * ++word);
        // Whoever cannot count words cannot be believed the others.
        if (value.length !== 64) throw new RangeError(`The log has no ${name}`);
        args[name] = wordValue(baseType, value);
      }

      return args;
    };
  }

  function wordValue(type: ParamType["baseType"], word: string): unknown {
    if (type === "address") return checksummed(word);
    if (type === "bytes32") return `0x${word}`;

    return type === "bool" ? !/^0*$/.test(word) : BigInt(`0x${word}`);
  }

  return {
    /** Any of these, as the first topic. */
    topics: [...topics],

    /** Tells whether a log is one of those that are read. */
    isKnown: ({ address, topics }: RawLog) => decoders.has(address.toLowerCase() + topics[0]),

    /** @throws whatever ethers does, when the log is not what its topic says. */
    decode(log: RawLog): ProtocolEvent {
      const { read, make } = decoders.get(log.address.toLowerCase() + log.topics[0]) as NonNullable<
        ReturnType<typeof decoders.get>
      >;
      const { block, blockHash, transaction, logIndex } = log;

      return { ...make(read(log)), block, blockHash, transaction, logIndex };
    },
  };
}
