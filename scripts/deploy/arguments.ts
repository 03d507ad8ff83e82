import path from "node:path";
import { parseArgs } from "node:util";
import hre from "hardhat";
import { parametersFileOf } from "../networks.js";
import type { Strategy } from "./factory.js";
import { CannotDeploy } from "./problems.js";
import type { Patience } from "./settle.js";
import { NETWORKS } from "./target.js";

export const USAGE = `Usage: npx pnpm@12 run deploy --network <name> [options]

  --network <name>       ${NETWORKS.join(", ")}
  --parameters <file>    instead of scripts/parameters/<name>.json
  --strategy <name>      create3: through CreateX, at the same addresses on every chain (default)
                         plain: through a copy of CreateX of the deployer's own, for a chain without it
  --output <folder>      where <chainId>.json is written (default deployments/)
  --dry-run              looks and plans; sends nothing
  --yes                  does not ask before it sends
  --confirmations <n>    blocks that a transaction must be deep to count (default 5)
  --patience <seconds>   how long a transaction may wait before its fee is raised (default 180)`;

/** What a deployer asks for. */
export interface Arguments {
  network: string;
  parameters: string;
  strategy: Strategy;
  output: string;
  dryRun: boolean;
  yes: boolean;
  patience: Patience;
}

/**
 * Reads the command line.
 *
 * @throws {CannotDeploy} when it says what it should not.
 */
export function readArguments(args?: readonly string[]): Arguments {
  const values = parse(args);
  const { network, strategy } = values;
  if (network === undefined) throw new CannotDeploy(`Name a network.\n\n${USAGE}`);
  if (strategy !== "create3" && strategy !== "plain") {
    throw new CannotDeploy(`There is no strategy "${strategy}".\n\n${USAGE}`);
  }
  const committed = path.join(hre.config.paths.root, parametersFileOf(network));

  return {
    network,
    strategy,
    parameters: values.parameters === undefined ? committed : path.resolve(values.parameters),
    output: path.resolve(values.output),
    dryRun: values["dry-run"],
    yes: values.yes,
    patience: {
      confirmations: Number(numberOf("confirmations", values.confirmations, /^[1-9]\d{0,3}$/)),
      beforeRaising: Number(numberOf("patience", values.patience, /^\d{1,5}(\.\d+)?$/)) * 1_000,
      polling: 500,
    },
  };
}

function parse(args?: readonly string[]) {
  try {
    return parseArgs({
      args,
      options: {
        network: { type: "string" },
        parameters: { type: "string" },
        strategy: { type: "string", default: "create3" },
        output: { type: "string", default: path.join(hre.config.paths.root, "deployments") },
        "dry-run": { type: "boolean", default: false },
        yes: { type: "boolean", default: false },
        confirmations: { type: "string", default: "5" },
        patience: { type: "string", default: "180" },
      },
    }).values;
  } catch (error) {
    throw new CannotDeploy(`${(error as Error).message}\n\n${USAGE}`);
  }
}

function numberOf(name: string, text: string, shape: RegExp): string {
  if (!shape.test(text)) throw new CannotDeploy(`--${name} takes a number, not "${text}".\n\n${USAGE}`);

  return text;
}
