import { parseArgs } from "node:util";
import { CommonwealError, type Deployment } from "@commonweal/sdk";
import { getAddress, isHexString } from "ethers";

/** What a reverse proxy with a paywall needs to know. */
export interface Config {
  rpc: string;
  /** Where the contracts are, for a chain that the SDK does not know. */
  deployment?: string;
  /** Of the account that settles and redeems. */
  key: string;
  /** What is behind the paywall: a server, or a folder. */
  upstream?: URL;
  files?: string;
  model: string;
  price: string;
  currency: string;
  unit?: string;
  maxUnits: number;
  hostAddress?: string;
  hostBps: number;
  facilitator?: string;
  exact: boolean;
  channels?: string;
  redeemSeconds: number;
  origin?: string;
  name?: string;
  free: readonly string[];
  host: string;
  port: number;
  adminHost: string;
  adminPort: number;
  upstreamSeconds: number;
  maxAnswerBytes: number;
  factsSeconds: number;
  factsStaleSeconds: number;
  stopSeconds: number;
  secret?: string;
}

/** The command line is not what the gateway takes. */
export class WrongArguments extends CommonwealError {}

/** A timer that is set for longer does not wait at all. */
const MAX_SECONDS = 2_147_483;

type Options = Record<string, { unit?: string; initial?: string; help: string; many?: boolean }>;

const OPTIONS = {
  rpc: { unit: "URL", help: "the node; required" },
  upstream: { unit: "URL", help: "the server behind the paywall; this or --files is required" },
  files: { unit: "DIR", help: "a folder to sell downloads of" },
  model: { unit: "ADDRESS", help: "the model that is paid; required" },
  price: { unit: "SUM", help: "of a call or a unit, such as 0.001; required" },
  currency: { unit: "ADDRESS", help: "an ERC-20 with ERC-3009, such as USDC, or ETH by channel; required" },
  unit: { unit: "NAME", help: "sells units of streams, such as token, instead of calls" },
  "max-units": { unit: "N", initial: "1000", help: "the most units of a call" },
  host: { unit: "ADDRESS", help: "who gets the host's part; the account of the key by default" },
  "host-bps": { unit: "N", initial: "0", help: "the host's part, in basis points" },
  facilitator: { unit: "URL", help: "settles payments of exact; by default they are settled here" },
  "no-exact": { help: "takes payments from channels alone" },
  channels: { unit: "STORE", help: "takes payments from channels; a file, or postgres://…" },
  "redeem-seconds": { unit: "S", initial: "3600", help: "how often vouchers are redeemed" },
  origin: { unit: "URL", help: "where clients find this; lets holders of a licence pass" },
  name: { unit: "TEXT", help: "what the model is called" },
  free: { unit: "PATH", help: "is not paid for, exactly as it stands; may be given again", many: true },
  deployment: { unit: "FILE", help: "where the contracts are, for a chain that is not known" },
  port: { unit: "N", initial: "8402", help: "where to listen; 0 for any free port" },
  listen: { unit: "ADDRESS", initial: "127.0.0.1", help: "at which address to listen" },
  "admin-port": { unit: "N", initial: "8403", help: "where /health and /metrics are; 0 for any free port" },
  "admin-listen": { unit: "ADDRESS", initial: "127.0.0.1", help: "at which address those are" },
  "upstream-seconds": { unit: "S", initial: "60", help: "how long the upstream may be silent" },
  "max-answer-bytes": { unit: "N", initial: "10485760", help: "of an answer that is no stream" },
  "facts-seconds": { unit: "S", initial: "30", help: "how often the model's version and advisories are read" },
  "facts-stale-seconds": { unit: "S", initial: "600", help: "how long they serve when the chain is gone" },
  "stop-seconds": { unit: "S", initial: "20", help: "how long to wait for calls after SIGTERM" },
} satisfies Options;

type Name = keyof typeof OPTIONS;

export const KEY_VARIABLE = "GATEWAY_KEY";
export const SECRET_VARIABLE = "GATEWAY_SECRET";

/** What `--help` prints. */
export const USAGE = `Usage: commonweal-gateway --rpc URL --upstream URL --model ADDRESS --price SUM --currency ADDRESS [options]

Puts a paywall before a model server: payments by x402 reach the model's contributors. The private key of the account that
settles them comes from the environment variable ${KEY_VARIABLE}; ${SECRET_VARIABLE}, 32 characters or more, keeps the
passes of downloads good over a restart.

${Object.entries(OPTIONS as Options)
  .map(([name, { unit = "", initial, help }]) => {
    return `  ${`--${name} ${unit}`.padEnd(26)}${help}${initial === undefined ? "" : ` (${initial})`}`;
  })
  .join("\n")}
  --help                    prints this
`;

/**
 * Reads the command line and the environment. Returns undefined if only help is asked for.
 *
 * @throws {WrongArguments} that says what is missing or wrong.
 */
export function readConfig(args: readonly string[], environment: Readonly<Record<string, string | undefined>>) {
  const values = valuesOf(args);
  if (values.help) return undefined;

  const text = (name: Exclude<Name, "free" | "no-exact">) => {
    const value = values[name];
    if (value !== undefined && value !== "") return value;
    throw new WrongArguments(`--${name} is missing: give it ${OPTIONS[name].unit}.`);
  };
  const whole = (name: Exclude<Name, "free" | "no-exact">, min = 1, max = Number.MAX_SAFE_INTEGER) => {
    const value = Number(text(name));
    if (/^\d+$/.test(text(name)) && value >= min && value <= max) return value;
    throw new WrongArguments(`--${name} is ${text(name)}: give a whole number from ${min} to ${max}.`);
  };
  const address = (name: "model" | "host" | "currency") => {
    try {
      return getAddress(text(name));
    } catch {
      throw new WrongArguments(`--${name} is ${text(name)}: give an address, 0x… in hex.`);
    }
  };
  const url = (name: "rpc" | "upstream" | "facilitator" | "origin") => {
    const parsed = URL.canParse(text(name)) ? new URL(text(name)) : undefined;
    if (parsed !== undefined && /^https?:$/.test(parsed.protocol)) return parsed;
    throw new WrongArguments(`--${name} is ${text(name)}: give a URL, http://… or https://….`);
  };
  const price = text("price");
  if (!/^\d+(\.\d+)?$/.test(price)) {
    throw new WrongArguments(`--price is ${price}: give a decimal number such as 0.001.`);
  }
  const free = values.free ?? [];
  const wrongPath = free.find((path) => !path.startsWith("/"));
  if (wrongPath !== undefined) throw new WrongArguments(`--free is ${wrongPath}: give a path, such as /v1/models.`);

  const config: Config = {
    ...{ rpc: url("rpc").href, deployment: values.deployment, key: environment[KEY_VARIABLE] ?? "" },
    upstream: values.upstream === undefined ? undefined : url("upstream"),
    files: values.files,
    model: address("model"),
    price,
    currency: values.currency === "ETH" ? "ETH" : address("currency"),
    unit: values.unit,
    maxUnits: whole("max-units"),
    hostAddress: values.host === undefined ? undefined : address("host"),
    hostBps: whole("host-bps", 0, 10_000),
    facilitator: values.facilitator === undefined ? undefined : url("facilitator").href,
    exact: !values["no-exact"],
    channels: values.channels,
    redeemSeconds: whole("redeem-seconds", 1, MAX_SECONDS),
    origin: values.origin === undefined ? undefined : url("origin").origin,
    ...{ name: values.name, free, host: text("listen"), adminHost: text("admin-listen") },
    port: whole("port", 0, 65_535),
    adminPort: whole("admin-port", 0, 65_535),
    upstreamSeconds: whole("upstream-seconds", 1, MAX_SECONDS),
    maxAnswerBytes: whole("max-answer-bytes"),
    factsSeconds: whole("facts-seconds", 1, MAX_SECONDS),
    factsStaleSeconds: whole("facts-stale-seconds"),
    stopSeconds: whole("stop-seconds", 0),
    secret: environment[SECRET_VARIABLE] || undefined,
  };
  if (!isHexString(config.key, 32)) {
    throw new WrongArguments(
      `Set ${KEY_VARIABLE} to the private key of the account that settles, 32 bytes, 0x… in hex.`,
    );
  }
  if ((config.upstream === undefined) === (config.files === undefined)) {
    throw new WrongArguments("Give either --upstream URL, the server to put a paywall before, or --files DIR.");
  }
  if (!config.exact && config.channels === undefined) {
    throw new WrongArguments("--no-exact leaves no way to pay: give --channels STORE too.");
  }

  return config;
}

/**
 * Returns a deployment as a file of addresses has it.
 *
 * @throws {WrongArguments} when it is not JSON.
 */
export function parseDeployment(text: string): Deployment {
  try {
    return JSON.parse(text) as Deployment;
  } catch (error) {
    throw new WrongArguments("The file of --deployment is not JSON: give one as deployments/<chainId>.json.", {
      cause: error,
    });
  }
}

function valuesOf(args: readonly string[]) {
  const options = Object.fromEntries(
    Object.entries(OPTIONS as Options).map(([name, { unit, initial, many = false }]) => {
      if (unit === undefined) return [name, { type: "boolean" }];

      return [name, { type: "string", multiple: many, ...(initial === undefined ? {} : { default: initial }) }];
    }),
  );
  try {
    // Which of them are texts and which are lists is said once, in the table above.
    const { values } = parseArgs({
      args: [...args],
      options: { ...(options as Record<string, { type: "string" }>), help: { type: "boolean" } },
    });

    return values as unknown as Partial<Record<Exclude<Name, "free" | "no-exact">, string>> & {
      free?: string[];
      "no-exact"?: boolean;
      help?: boolean;
    };
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message} See commonweal-gateway --help.`);
  }
}
