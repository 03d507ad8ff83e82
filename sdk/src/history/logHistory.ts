import type { Provider } from "ethers";
import { orAborted } from "../aborts.js";
import { LogsIncomplete } from "../errors.js";
import { withTypedErrors } from "../failures.js";
import { historyOf, lineageOf, listModels, sharesOf } from "./answers.js";
import type { HistoryCache } from "./cache.js";
import type { HistoryReader, ReadOptions } from "./reader.js";
import { type Scanned, type Scanner, scannerOf } from "./scan.js";
import { type HistoryDeployment, type HistorySource, sourceOf } from "./source.js";
import { compare, type HistoryState, stateOf } from "./state.js";
import { statementOf } from "./statement.js";
import { type Times, timesOf } from "./times.js";

/** How deep a block must lie by default to be taken for final. */
const CONFIRMATIONS = 12;

/** From where history is read, and how. */
export interface LogHistoryOptions {
  /** A node that has all logs since the protocol was deployed. */
  provider: Provider;
  /** Where the contracts are, for a chain that this SDK does not know. */
  deployment?: HistoryDeployment;
  /** Keeps logs of final blocks beyond this reader's life; without one they are read once for each reader. */
  cache?: HistoryCache;
  /** Blocks that lie deeper are final, also if the node says that more are not; 12 by default. */
  confirmations?: number;
  /** Whether to hold each answer against what the contracts say at the same block; true by default. */
  verify?: boolean;
}

/**
 * Reads history from the logs of a node, without an indexer. The first question reads all logs of the protocol, each further
 * one what is new; so keep the reader.
 *
 * @example
 * const history = logHistory({ provider: new JsonRpcProvider("http://127.0.0.1:8545") });
 * const { items } = await history.listModels({ kind: "model" });
 */
export function logHistory(options: LogHistoryOptions): HistoryReader {
  const { provider, deployment, cache, confirmations = CONFIRMATIONS, verify = true } = options;
  let opened: Promise<{ source: HistorySource; scanner: Scanner; times: Times }> | undefined;
  let last: { scanned: Scanned; state: HistoryState } | undefined;
  /** Questions read one after the other: the next one finds what the one before has read. */
  let turn: Promise<unknown> = Promise.resolve();

  async function open() {
    const source = await sourceOf(provider, deployment);

    return { source, scanner: scannerOf(source, { cache, confirmations }), times: timesOf(source) };
  }

  function opening() {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });

    return opened;
  }

  async function read(question: ReadOptions): Promise<HistoryState> {
    const { source, scanner } = await opening();
    question.signal?.throwIfAborted();
    const scanned = await scanner.read(question);
    if (last?.scanned === scanned) return last.state;
    const state = stateOf(source, scanned, verify);
    const at = { blockTag: scanned.asOf.block };
    await compare(state, () => [
      { what: "the number of models", rebuilt: state.replay.models.size, view: source.ledger.modelCount(at) },
      {
        what: "the number of allocations",
        rebuilt: state.replay.allocations.size,
        view: source.ledger.allocationCount(at),
      },
    ]);
    last = { scanned, state };

    return state;
  }

  /** Reads on, and answers. */
  async function answer<Answer>(
    question: ReadOptions,
    from: (state: HistoryState, times: Times) => Promise<Answer>,
  ): Promise<Answer> {
    const { scanner, times } = await opening();
    question.signal?.throwIfAborted();
    const reading = turn.then(() => read(question)).catch(distrust);
    turn = reading.catch(() => undefined);
    // It may be another's turn for long.
    const state = await orAborted(reading, question.signal);

    return from(state, times).catch(distrust);

    /** What proved to be incomplete is read anew by the next question. */
    function distrust(error: unknown): never {
      if (error instanceof LogsIncomplete) {
        scanner.distrust();
        last = undefined;
      }
      throw error;
    }
  }

  return withTypedErrors<HistoryReader>({
    listModels: async (question = {}) => answer(question, (state, times) => listModels(state, times, question)),
    historyOf: async (question) => answer(question, (state, times) => historyOf(state, times, question)),
    sharesOf: async (question) => answer(question, (state) => sharesOf(state, question)),
    lineageOf: async (question) => answer(question, (state) => lineageOf(state, question)),
    statementOf: async (question) => answer(question, (state, times) => statementOf(state, times, question)),
  });
}
