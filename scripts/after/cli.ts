/**
 * What comes after a deployment, each for the first account of a network in hardhat.config.ts.
 *
 *   npx pnpm@12 run faucet --network NAME [--name TEXT --symbol TEXT --decimals N --drip AMOUNT --period SECONDS]
 *   npx pnpm@12 run fund --network NAME --token ADDRESS [--account ADDRESS]
 *   npx pnpm@12 run register-model --network NAME
 *   npx pnpm@12 run list-currency --network NAME --currency ADDRESS [--yes]
 *   npx pnpm@12 run propose --network NAME --proposal FILE [--safety] [--yes]
 *
 * All but the first two take `--deployment FILE`, and all take `--rpc URL`, if the
 * network's node is not where the configuration says.
 */
import { parseArgs } from "node:util";
import hre from "hardhat";
import { CommonwealError } from "../../sdk/src/index.js";
import { NothingDone, WrongUse } from "./errors.js";
import { deployFaucet, fund } from "./faucet.js";
import { listCurrency } from "./listCurrency.js";
import { type ProposalFile, propose } from "./propose.js";
import { registerModel } from "./registerModel.js";
import { openSession, readJson, type Session } from "./session.js";

const TEXT = { type: "string" } as const;
const FLAG = { type: "boolean" } as const;

/** More than any token has, and few enough that a drip can be counted. */
const MAX_DECIMALS = 36;
/** A hundred years: the faucet counts seconds in 40 bits. */
const MAX_PERIOD = 100 * 365 * 86_400;

type Values = ReturnType<typeof optionsIn>;

const COMMANDS: Record<string, (session: Session, values: Values) => Promise<unknown>> = {
  faucet: (session, { name = "Faucet USD", symbol = "fUSD", decimals = "6", drip = "1000", period = "86400" }) =>
    deployFaucet(session, hre.artifacts, {
      ...{ name, symbol, drip },
      ...{ decimals: wholeOf("decimals", decimals, MAX_DECIMALS), period: wholeOf("period", period, MAX_PERIOD) },
    }),
  fund: (session, { token, account = session.account }) =>
    fund(session, hre.artifacts, required("token", token), account),
  "register-model": async (session) => registerModel(session, await session.protocol()),
  "list-currency": async (session, { currency, yes }) =>
    listCurrency(session, await session.protocol(), required("currency", currency), { send: yes }),
  propose: async (session, { proposal, safety, yes }) => {
    const file = await readJson<ProposalFile>(required("proposal", proposal), "--proposal");

    return propose(session, await session.protocol(), file, { safety, send: yes });
  },
};

try {
  const [name = "", ...args] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (command === undefined) throw new WrongUse(`The commands are ${Object.keys(COMMANDS).join(", ")}, not "${name}".`);
  const values = optionsIn(args);
  const { rpc, deployment } = values;
  const session = await openSession(required("network", values.network), { rpc, deployment });
  try {
    await command(session, values);
  } finally {
    await session.close();
  }
} catch (error) {
  if (!(error instanceof NothingDone || error instanceof CommonwealError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function optionsIn(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ network: TEXT, rpc: TEXT, deployment: TEXT },
        ...{ name: TEXT, symbol: TEXT, decimals: TEXT, drip: TEXT, period: TEXT },
        ...{ token: TEXT, account: TEXT, currency: TEXT, proposal: TEXT, safety: FLAG, yes: FLAG },
      },
    }).values;
  } catch (error) {
    throw new WrongUse((error as Error).message);
  }
}

function required(name: string, value: string | undefined): string {
  if (value === undefined) throw new WrongUse(`Give --${name}.`);

  return value;
}

function wholeOf(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0 || value > max) {
    throw new WrongUse(`--${name} takes a whole number up to ${max}, not "${text}".`);
  }

  return value;
}
