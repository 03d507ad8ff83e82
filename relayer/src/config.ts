import { parseArgs } from "node:util";
import { CommonwealError, MAX_TRANSACTION_GAS } from "@commonweal/sdk";
import { getAddress, isHexString, parseUnits } from "ethers";

/** What a relayer needs to know, and its limits. */
export interface Config {
  rpc: string;
  governors: readonly string[];
  relay: string;
  /** Of the account that pays. */
  key: string;
  host: string;
  port: number;
  /** A file that survives a restart; none by default. */
  journal?: string;
  /** Whether the client's address is what a proxy in front says in `X-Forwarded-For`. */
  trustProxy: boolean;

  /* Batches */
  batchSize: number;
  batchSeconds: number;
  closingSeconds: number;
  resendSeconds: number;
  stopSeconds: number;
  confirmations: number;

  /* Limits */
  queueSize: number;
  requestsPerMinute: number;
  ballotsPerVoter: number;
  maxReasonBytes: number;
  /** Votes in units of 10⁻¹⁸ WEAL. */
  minWeight: bigint;
  ballotGas: bigint;
  batchGas: bigint;
  /** In wei. */
  maxFeePerGas: bigint;
  /** In wei. */
  dailyBudget: bigint;
}

/** The command line is not what the relayer takes. */
export class WrongArguments extends CommonwealError {}

type Options = Record<string, { unit?: string; initial?: string; help: string; many?: boolean }>;

const OPTIONS = {
  rpc: { unit: "URL", help: "the node; required" },
  governor: { unit: "ADDRESS", help: "a governor to serve; required, may be given again", many: true },
  relay: { unit: "ADDRESS", help: "the BallotRelay contract; required" },
  port: { unit: "N", initial: "8547", help: "where to listen; 0 for any free port" },
  host: { unit: "ADDRESS", initial: "127.0.0.1", help: "at which address to listen" },
  journal: { unit: "FILE", help: "keeps waiting ballots in a file, for a restart" },
  "trust-proxy": { help: "takes the client's address from X-Forwarded-For" },
  "batch-size": { unit: "N", initial: "50", help: "ballots that are sent together at most" },
  "batch-seconds": { unit: "S", initial: "30", help: "how long a ballot waits for others" },
  "closing-seconds": { unit: "S", initial: "60", help: "refuses ballots for votes that close within" },
  "resend-seconds": { unit: "S", initial: "60", help: "when to send a transaction again, for more" },
  "stop-seconds": { unit: "S", initial: "20", help: "how long to go on sending after SIGTERM" },
  confirmations: { unit: "N", initial: "1", help: "blocks after which a vote counts as cast" },
  "queue-size": { unit: "N", initial: "1000", help: "ballots that wait at most" },
  "requests-per-minute": { unit: "N", initial: "30", help: "of one client" },
  "ballots-per-voter": { unit: "N", initial: "20", help: "a day" },
  "max-reason-bytes": { unit: "N", initial: "1000", help: "how long a reason may be" },
  "min-weight": { unit: "WEAL", initial: "1", help: "votes that a ballot must cast at least" },
  "ballot-gas": { unit: "GAS", initial: "300000", help: "gas that a ballot may take at most" },
  "batch-gas": { unit: "GAS", initial: "16700000", help: "gas limit of a batch at most" },
  "max-fee": { unit: "GWEI", initial: "50", help: "waits while gas costs more" },
  "daily-budget": { unit: "ETH", initial: "0.1", help: "spends no more a day, by UTC" },
} satisfies Options;

type Name = keyof typeof OPTIONS;

export const KEY_VARIABLE = "RELAYER_KEY";

/** What `--help` prints. */
export const USAGE = `Usage: commonweal-relayer --rpc URL --governor ADDRESS --relay ADDRESS [options]

Takes signed votes over HTTP and sends them in batches. The private key of the account that pays comes from the
environment variable ${KEY_VARIABLE}.

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

  const text = (name: Name) => {
    const value = values[name];
    if (typeof value === "string" && value !== "") return value;
    throw new WrongArguments(`--${name} is missing: give it ${(OPTIONS as Options)[name].unit}.`);
  };
  const whole = (name: Name, min = 1, max = Number.MAX_SAFE_INTEGER) => {
    const value = Number(text(name));
    if (/^\d+$/.test(text(name)) && value >= min && value <= max) return value;
    throw new WrongArguments(`--${name} is ${text(name)}: give a whole number from ${min} to ${max}.`);
  };
  const address = (name: Name, value: string) => {
    try {
      return getAddress(value);
    } catch {
      throw new WrongArguments(`--${name} is ${value}: give an address, 0x… in hex.`);
    }
  };
  const units = (name: Name, decimals: number) => {
    try {
      const value = parseUnits(text(name), decimals);
      if (value >= 0n) return value;
    } catch {}
    throw new WrongArguments(`--${name} is ${text(name)}: give a decimal number such as 0.5.`);
  };

  const config: Config = {
    rpc: text("rpc"),
    governors: (values.governor ?? []).map((governor) => address("governor", governor)),
    relay: address("relay", text("relay")),
    key: environment[KEY_VARIABLE] ?? "",
    host: text("host"),
    port: whole("port", 0, 65_535),
    journal: values.journal,
    trustProxy: values["trust-proxy"] ?? false,
    batchSize: whole("batch-size"),
    batchSeconds: whole("batch-seconds", 0),
    closingSeconds: whole("closing-seconds"),
    resendSeconds: whole("resend-seconds"),
    stopSeconds: whole("stop-seconds", 0),
    confirmations: whole("confirmations"),
    queueSize: whole("queue-size"),
    requestsPerMinute: whole("requests-per-minute"),
    ballotsPerVoter: whole("ballots-per-voter"),
    maxReasonBytes: whole("max-reason-bytes", 0, 8_000),
    minWeight: units("min-weight", 18),
    ballotGas: BigInt(whole("ballot-gas", 50_000, Number(MAX_TRANSACTION_GAS))),
    batchGas: BigInt(whole("batch-gas", 50_000, Number(MAX_TRANSACTION_GAS))),
    maxFeePerGas: units("max-fee", 9),
    dailyBudget: units("daily-budget", 18),
  };
  if (!isHexString(config.key, 32)) {
    throw new WrongArguments(`Set ${KEY_VARIABLE} to the private key of the account that pays, 32 bytes, 0x… in hex.`);
  }
  if (config.governors.length === 0) throw new WrongArguments("--governor is missing: give its ADDRESS.");

  return config;
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

    return values as unknown as Partial<Record<Exclude<Name, "governor" | "trust-proxy">, string>> & {
      governor?: string[];
      "trust-proxy"?: boolean;
      help?: boolean;
    };
  } catch (error) {
    throw new WrongArguments(`${(error as Error).message} See commonweal-relayer --help.`);
  }
}
