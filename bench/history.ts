/**
 * Measures how history is read from a node's logs, and writes `bench/history.md`.
 *
 *   node --import tsx bench/history.ts
 */
import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { JsonRpcProvider } from "ethers";
import { startLocalChain } from "../scripts/local.js";
import { type HistoryDeployment, type HistoryReader, logHistory, memoryCache } from "../sdk/src/history/index.js";
import { deploymentOf } from "../test/sdk/helpers.js";
import { limited, type Manners, startProxy } from "../test/sdk/history.nodes.js";
import { ChainRefused, fillChain, holderAt, rpc } from "./history/chain.js";

const MODELS = Number(process.argv[2] ?? 10_000);
const ROUNDS = 4;
const LIMITS = { blocks: 2_000, results: 10_000 };

interface Measure {
  what: string;
  seconds: number;
  /** Of it, what the node took for logs. */
  node: number;
  logRequests: number;
  requests: number;
  /** What requests for logs must not pass. */
  bound: number;
}

setFlagsFromString("--expose_gc");
const collectGarbage = runInNewContext("gc") as () => void;

const chain = await startLocalChain(0);
const deployment: HistoryDeployment = deploymentOf(chain.plan);
const began = performance.now();
const models = await fillChain(
  chain.url,
  { registry: deployment.ModelRegistry.address, ledger: deployment.RoyaltyLedger.address },
  { models: MODELS, rounds: ROUNDS },
);
const filled = seconds(began);
const [head] = (await rpc(chain.url, [["eth_blockNumber"]])).map(Number);
console.log(`${models.length} models in ${head} blocks, made in ${filled.toFixed(0)} s`);

let node = 0;
const proxy = await startProxy(async (method, params) => {
  const start = performance.now();
  const [result] = await rpc(chain.url, [[method, ...params]]);
  if (method === "eth_getLogs") node += seconds(start);

  return result;
});
const measures: Measure[] = [];
const providers: JsonRpcProvider[] = [];
const cache = memoryCache();
const holder = holderAt(7);

/** Times one question of a reader. */
async function measure(what: string, bound: number, ask: () => Promise<unknown>): Promise<void> {
  proxy.requests.length = 0;
  node = 0;
  const start = performance.now();
  await ask();
  const found = {
    what,
    seconds: seconds(start),
    node,
    logRequests: proxy.logRequests().length,
    requests: proxy.requests.length,
    bound,
  };
  console.log(found);
  if (found.logRequests > bound)
    throw new ChainRefused(`${what}: ${found.logRequests} requests for logs, bound ${bound}`);
  measures.push(found);
}

function readerOf(manners: Manners, options: Partial<Parameters<typeof logHistory>[0]> = {}): HistoryReader {
  const provider = new JsonRpcProvider(proxy.url, undefined, { cacheTimeout: -1, staticNetwork: true });
  providers.push(provider);
  proxy.behave(manners);

  return logHistory({ provider, deployment, ...options });
}

collectGarbage();
const before = process.memoryUsage().heapUsed;
const free = readerOf((_, pass) => pass());
let events = 0;
const onProgress = ({ logs }: { logs: number }) => {
  events += logs;
};
const listing = { limit: 1_000, onProgress };
await measure("the first question: everything is read, 1,000 models are listed", 60, () => free.listModels(listing));
collectGarbage();
const heap = (process.memoryUsage().heapUsed - before) / 2 ** 20;

await measure("the same again, no block later", 0, () => free.listModels({ limit: 1_000 }));
await rpc(chain.url, [["evm_mine"]]);
await measure("the same again, a block later", 2, () => free.listModels({ limit: 1_000 }));
await measure("history of a model with 50 children", 0, () => free.historyOf({ model: models[1] }));
await measure("shares of one of a hundred holders", 0, () => free.sharesOf({ holder: holder, limit: 1_000 }));
await measure("lineage of a model with 50 children", 0, () => free.lineageOf({ model: models[1] }));
await measure("statement of one of a hundred holders", 0, () => free.statementOf({ account: holder }));

const pieces = Math.ceil(head / LIMITS.blocks);
const restricted = readerOf(limited(LIMITS), { cache });
await measure(`2,000 blocks and 10,000 logs at most: the first question`, Math.ceil(pieces * 1.5) + 60, () =>
  restricted.listModels({ limit: 1_000 }),
);
const resumed = readerOf(limited(LIMITS), { cache });
await measure("another reader with the same cache", 2, () => resumed.listModels({ limit: 1_000 }));
const lazy = readerOf(limited(LIMITS), { cache, verify: false });
await measure("the same without looking at the contracts' views", 2, () => lazy.listModels({ limit: 1_000 }));

await writeFile(path.join(import.meta.dirname, "history.md"), pageOf());
for (const provider of providers) provider.destroy();
proxy.close();
await chain.close();

function seconds(start: number): number {
  return (performance.now() - start) / 1_000;
}

function pageOf(): string {
  const number = (value: number) => value.toLocaleString("en", { maximumFractionDigits: value < 10 ? 2 : 0 });
  const rows = measures.map(
    ({ what, seconds: time, node, logRequests, requests, bound }) =>
      `| ${what} | ${number(time)} | ${number(node)} | ${logRequests} | ${bound} | ${number(requests)} |`,
  );

  return [
    "# Reading history",
    "",
    `Written by \`node --import tsx bench/history.ts\`: one run on ${availableParallelism()} cores, with Node ${process.versions.node.split(".")[0]}.`,
    "Nobody compares the times; the script fails when requests for logs pass their bounds.",
    "",
    `A local chain over HTTP, behind a proxy that counts and refuses, all in one process with the reader: ${number(models.length)} models,`,
    `every other one with a parent, each paid ${ROUNDS} times and cascaded. ${number(events)} logs in ${number(head)} blocks. Requests are those of`,
    "JSON-RPC; the SDK's providers send up to a hundred of them in one of HTTP. Most that are not for logs ask for the times of",
    "blocks, or for what the contracts' views say.",
    "",
    `After the first question the reader holds ${number(heap)} MB.`,
    "",
    "| question | s | of it the node, for logs | requests for logs | bound | all requests |",
    "| --- | ---: | ---: | ---: | ---: | ---: |",
    ...rows,
    "",
  ].join("\n");
}
