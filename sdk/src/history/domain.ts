import type { Context } from "../context.js";
import { loadedWhenCalled } from "../lazy.js";
import type { HistoryReader } from "./reader.js";

/** Binds history to a runner: it is read from the logs of its node. What reads them is loaded with the first question. */
export function historyOf({ provider, deployment }: Pick<Context, "provider" | "deployment">): HistoryReader {
  return loadedWhenCalled(async () => (await import("./logHistory.js")).logHistory({ provider, deployment }), {
    ...{ listModels: "read", historyOf: "read", sharesOf: "read", lineageOf: "read", statementOf: "read" },
  });
}
