/** Real calls of a real model, each of them paid for, until everybody who made it has their part. */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { connect } from "@commonweal/sdk";
import { formatUnits, id, Wallet } from "ethers";
import { startLocalChain } from "../../scripts/local.js";
import { castOf, packageFile, type Role } from "../../scripts/story/cast.js";
import type { SealedManifest } from "../../scripts/story/manifest.js";
import { openWorld, type World } from "../../scripts/story/world.js";
import { type Ask, createAgent } from "./agent.js";
import { balancesOf, collect, passOn, type Purse, spentBy } from "./money.js";
import { quiz } from "./quiz.js";
import { comparison } from "./report.js";
import { startSpeechServer } from "./server.js";

const USAGE = "Usage: npx pnpm@12 example [--calls 10000] [--exact-calls 8] [--agents 4]";

const PARENT = "Silero VAD v5";
const SERVED = "Silero VAD v6";
/** Of a call, in millionths of a dollar: odd, so that something is rounded. */
const PRICE = 123n;
const HOST_BPS = 2_000;
/** After how many calls to say how many there were. */
const PROGRESS = 1_000;

class WrongArguments extends Error {}

try {
  await run(readArguments());
} catch (error) {
  if (!(error instanceof WrongArguments)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function run(counts: ReturnType<typeof readArguments>): Promise<void> {
  const folder = fileURLToPath(new URL("../../cache/example", import.meta.url));
  const roles = (await castOf(folder)).filter(({ key }) => key === PARENT || key === SERVED).map(withoutOthers);

  console.log("Starting a chain on a free port of 127.0.0.1, deploying the protocol, registering models");
  const chain = await startLocalChain(0);
  const world = openWorld(chain.url, chain.usdc, console.log);
  try {
    const models = await registerAll(world, roles);
    const purses = await pursesOf(world, counts);
    const before = await balancesOf(world);

    await useModel(world, models.get(SERVED) as string, purses);
    console.log("Everybody is paid: cascaded, claimed, fees collected\n");
    await passOn(world, roles, models);

    const spent = await spentBy(world, purses);
    const after = await balancesOf(world);
    const earned = new Map([...after].map(([name, balance]) => [name, balance - (before.get(name) as bigint)]));
    const { lines, equal } = comparison({
      roles,
      served: SERVED,
      purses,
      price: PRICE,
      hostBps: HOST_BPS,
      spent,
      earned,
    });
    for (const line of lines) console.log(line);
    if (!equal) process.exitCode = 1;
  } finally {
    world.provider.destroy();
    await chain.close();
  }
}

/** Registers models in the name of those who made them. */
async function registerAll({ wallets }: World, roles: Role[]): Promise<Map<string, string>> {
  const models = new Map<string, string>();
  for (const { key, kind, sealed, asksBps, maxHostBps, parents, holdings } of roles) {
    const { registry } = await connect(wallets[holdings[0].holder]);
    const { digest, mirrorURI } = sealed as SealedManifest;
    const { model } = await registry.register({
      ...{ salt: id(key), kind, manifestDigest: digest, mirrorURI, maxHostBps },
      derivatives: { mode: "open", rateBps: asksBps },
      parents: parents.map(({ key: parent, ...terms }) => ({ model: models.get(parent) as string, ...terms })),
      holdings: holdings.map(({ holder, units }) => ({ holder: wallets[holder].address, units })),
    });
    models.set(key, model);
    console.log(`  ${key}: ${model}`);
  }

  return models;
}

/** Wallets for agents, with dollars and without ETH, and how many calls each is to make. */
async function pursesOf({ provider, usdc }: World, { calls, exactCalls, agents }: ReturnType<typeof readArguments>) {
  const purses: Purse[] = [];
  for (let i = 0; i < agents; i++) {
    const wallet = new Wallet(id(`agent ${i}`), provider);
    const part = (all: number) => Math.floor(((i + 1) * all) / agents) - Math.floor((i * all) / agents);
    const [exact, byChannel] = [part(exactCalls), part(calls)];
    const filled = PRICE * BigInt(exact + byChannel) + 1_000n;
    await (await usdc.mint(wallet.address, filled)).wait();
    purses.push({ wallet, filled, exactCalls: exact, calls: byChannel });
  }

  return purses;
}

/** Serves the model, has it used and paid for, and collects what came. */
async function useModel({ usdc, wallets }: World, model: string, purses: Purse[]): Promise<void> {
  const currency = await usdc.getAddress();
  const commonweal = await connect(wallets.Host);
  const server = await startSpeechServer(packageFile("@ricky0123/vad-web", "silero_vad_v6.onnx"), {
    ...{ commonweal, model, hostBps: HOST_BPS, currency, price: PRICE, name: SERVED },
    // Gas is worth nothing here, so the smallest deposit will do.
    channels: { store: "memory:", minDeposit: PRICE },
  });
  console.log(`A host serves ${SERVED} on ${server.url} for ${formatUnits(PRICE, 6)} USDC a call`);

  try {
    const team = await Promise.all(
      purses.map(async (purse) => {
        // What the owner of an agent lets it put into its channel: a quarter at a time, and no more in all than it needs.
        const limit = PRICE * BigInt(purse.calls);
        const budget = { currency, model, maxPrice: PRICE, deposit: limit / 4n, limit };

        return { ...purse, ...(await createAgent(server.url, purse.wallet, budget)) };
      }),
    );
    await timed("one by one, with the stock client of x402", team, ({ askOnce, exactCalls }) => [askOnce, exactCalls]);
    await timed("by channel", team, ({ ask, calls }) => [ask, calls]);
  } finally {
    await server.stop();
  }
  console.log("The server has stopped, and redeemed what the channels owe");
  await collect(commonweal, { model, host: wallets.Host.address, hostBps: HOST_BPS }, currency);
}

/** Has all agents ask at the same time, each one question after another, and tells how long it took. */
async function timed<Agent>(how: string, team: Agent[], plan: (agent: Agent) => [Ask, number]): Promise<void> {
  const begun = performance.now();
  let done = 0;
  await Promise.all(
    team.map((agent) => {
      const [ask, count] = plan(agent);
      const counted: Ask = async (samples) => {
        const answer = await ask(samples);
        done += 1;
        if (done % PROGRESS === 0) console.log(`    ${done.toLocaleString("en")} …`);

        return answer;
      };

      return quiz(counted, count);
    }),
  );
  const seconds = (performance.now() - begun) / 1_000;
  const rate = `${(done / seconds).toFixed(0)} a second`;
  console.log(`  ${done.toLocaleString("en")} calls paid ${how}: ${seconds.toFixed(1)} s, ${rate}`);
}

/** A model with those parents alone that the example has. */
function withoutOthers(role: Role): Role {
  return { ...role, parents: role.parents.filter(({ key }) => key === PARENT) };
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: {
        calls: { type: "string", default: "10000" },
        "exact-calls": { type: "string", default: "8" },
        agents: { type: "string", default: "4" },
      },
    });
    const [calls, exactCalls, agents] = [values.calls, values["exact-calls"], values.agents].map(Number);
    const isGood = [calls, exactCalls, agents].every((count) => Number.isSafeInteger(count) && count >= 1);
    if (isGood && agents <= calls) return { calls, exactCalls, agents };
    throw new WrongArguments(`Give whole numbers from 1, and no more agents than calls.\n${USAGE}`);
  } catch (error) {
    throw error instanceof WrongArguments ? error : new WrongArguments(`${(error as Error).message}\n${USAGE}`);
  }
}
