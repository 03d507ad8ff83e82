import { once } from "node:events";
import path from "node:path";
import { parseArgs } from "node:util";
import hre from "hardhat";
import { deploymentOf } from "./deployments.js";
import { helloSnippet, packSdk } from "./hello.js";
import { PortTaken, startLocalChain } from "./local.js";
import { castOf } from "./story/cast.js";
import { MissingFile } from "./story/manifest.js";
import { comparison, lineageTree } from "./story/report.js";
import { type Outcome, tell } from "./story/tell.js";
import { accountOf, openWorld, type World } from "./story/world.js";

const USAGE = "Usage: npx pnpm@12 start [--once] [--port 8545]";

type LocalChain = Awaited<ReturnType<typeof startLocalChain>>;

class WrongArguments extends Error {}

const folder = path.join(hre.config.paths.root, "cache", "start");
const say = (line: string) => console.log(line);

try {
  await run(readArguments());
} catch (error) {
  if (!(error instanceof PortTaken || error instanceof MissingFile || error instanceof WrongArguments)) throw error;
  console.error(`\n${error.message}`);
  process.exitCode = 1;
}

async function run({ onlyOnce, port }: { onlyOnce: boolean; port: number }): Promise<void> {
  const stopped = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]).then(() => undefined);

  say("Hashing real models from npm into manifests");
  const roles = await castOf(folder);

  say(`Starting a chain on ${port === 0 ? "a free port" : `port ${port}`} of 127.0.0.1, and deploying the protocol`);
  const chain = await startLocalChain(port);
  const world = openWorld(chain.url, chain.usdc, say);
  try {
    say("Telling the story: registering, selling, cascading, claiming, voting, and making a model together");
    const told = tell(world, roles);
    // A story that was stopped fails when its chain goes, which is no news.
    void told.catch(() => {});
    const outcome = await Promise.race([told, stopped]);
    if (outcome === undefined) return;

    const { lines, ofRound, equal } = comparison(outcome);

    say("\nWho was built from whom, and who earned what\n");
    for (const line of lineageTree(roles, outcome)) say(line);
    say("What wallets show, beside a calculation of its own from the rules\n");
    for (const line of lines) say(line);
    say(`\nWhat the round brought to whom: “${outcome.round.name}”, ${outcome.round.model}\n`);
    for (const line of ofRound) say(line);
    const { before, after } = outcome.fees.actual;
    say(`\nProtocol fee of a new model: ${before} basis points before the vote, ${after} after.`);
    say(equal ? "All figures are equal to the unit." : "Some figures are off.");
    if (!equal) process.exitCode = 1;

    if (onlyOnce) return;
    await showWayOn(chain, world, outcome);
    await stopped;
  } finally {
    world.provider.destroy();
    await chain.close();
    if (!onlyOnce) say("\nThe chain has stopped.");
  }
}

function readArguments(): { onlyOnce: boolean; port: number } {
  const port = (text: string) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value <= 65_535) return value;
    throw new WrongArguments(`--port takes a number from 0 to 65535, not "${text}".\n${USAGE}`);
  };

  try {
    const { values } = parseArgs({ options: { once: { type: "boolean" }, port: { type: "string" } } });
    return { onlyOnce: values.once ?? false, port: port(values.port ?? "8545") };
  } catch (error) {
    throw error instanceof WrongArguments ? error : new WrongArguments(`${(error as Error).message}\n${USAGE}`);
  }
}

/** Tells what somebody needs who wants to go on from here. */
async function showWayOn(chain: LocalChain, { provider, wallets }: World, { models }: Outcome): Promise<void> {
  const archive = await packSdk(folder);
  const deployment = await deploymentOf(provider, chain.plan);
  const row = (name: string, value: string) => `  ${name.padEnd(20)}${value}`;

  const lines = [
    `\nThe chain stays up at ${chain.url}, chain id 31337. Ctrl-C ends it.\n`,
    "Contracts",
    ...Object.entries(deployment).map(([name, { address }]) => row(name, address)),
    row("USDC", chain.usdc),
    "\nAccounts with test ETH; their private keys are known to all, so never send them anything of worth",
    ...(["Buyer", "Relayer"] as const).map((name) => `  ${wallets[name].address}  ${wallets[name].privateKey}`),
    "\nTry it: in an empty folder, write hello.mjs\n",
    ...helloSnippet(chain.url, models.get("Silero VAD v6") as string, accountOf("Buyer")).map((line) => `  ${line}`),
    "\nand run\n",
    `  npm install ${archive} ethers`,
    "  node hello.mjs",
  ];
  for (const line of lines) say(line);
}
