import type { Context } from "../context.js";
import type { HistoryReader } from "./reader.js";

/** Binds history to a runner: it is read from the logs of its node. What reads them is loaded with the first question. */
export function historyOf({ provider, deployment }: Context): HistoryReader {
  let reader: Promise<HistoryReader> | undefined;
  const ask = <Name extends keyof HistoryReader>(name: Name) =>
    (async (...options: never[]) => {
      reader ??= import("./logHistory.js").then(({ logHistory }) => logHistory({ provider, deployment }));
      const answer = (await reader)[name] as (...options: never[]) => Promise<unknown>;

      return answer(...options);
    }) as HistoryReader[Name];

  return {
    listModels: ask("listModels"),
    historyOf: ask("historyOf"),
    sharesOf: ask("sharesOf"),
    lineageOf: ask("lineageOf"),
    statementOf: ask("statementOf"),
  };
}
