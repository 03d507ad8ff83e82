import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { getAddress, parseUnits, ZeroAddress } from "ethers";
import { z } from "zod";

/** Thrown before anything is deployed. */
export class ParametersInvalid extends Error {
  override readonly name = "ParametersInvalid";

  constructor(parameter: string, problem: string) {
    super(`${parameter}: ${problem}. Nothing was deployed.`);
  }
}

/** How long the SafetyBoard's own restriction holds, in seconds: a vote must be able to follow it. */
export const RESTRICTION_PERIOD = 14 * 86_400;

const MAX_UINT48 = 2 ** 48 - 1;
const MAX_UINT32 = 2 ** 32 - 1;

/* VALUES */

const address = z
  .string()
  .refine(isAddress, { error: ({ input }) => `"${input}" is no address; write 0x and 40 hex digits` });
const account = address.refine((value) => value !== ZeroAddress, {
  error: "the zero address is nobody; name somebody",
});
const weal = z.string().refine((value) => /^\d{1,10}(\.\d{1,18})?$/.test(value), {
  error: ({ input }) => `"${input}" is no amount of WEAL; write digits, with at most 18 after a point`,
});
/** With an offset, so that it is the same wherever it is read. */
const date = z.string().refine((value) => /T.*(Z|[+-]\d\d:\d\d)$/.test(value) && Date.parse(value) >= 0, {
  error: ({ input }) => `"${input}" is no date; write it as 2030-01-01T00:00:00Z`,
});
const seconds = (max: number) => z.int().min(0).max(max);

/* PARTS */

/** An ERC-20, with what the chain must say about it. */
const currency = z.strictObject({
  symbol: z.string().min(1),
  address: account,
  decimals: z.int().min(0).max(255).describe("6 for USDC"),
});

/** An account and its part, in WEAL. */
const part = z.strictObject({ account, weal });

const governor = z
  .strictObject({
    votingDelay: seconds(MAX_UINT48).describe("Seconds between a proposal and its vote"),
    votingPeriod: seconds(MAX_UINT32).min(1).describe("Seconds in which votes are cast"),
    lateQuorumExtension: seconds(MAX_UINT32).describe("Seconds that are left at least once quorum is reached"),
    proposalThreshold: weal.describe("Votes needed to propose, in WEAL"),
    quorumPercent: z.int().min(1).max(100).describe("Part of the supply that must take part, in percent"),
    timelockDelay: seconds(MAX_UINT32)
      .min(1)
      .describe("Seconds between a decision and its execution: everybody's time to look at it"),
    guardian: z
      .strictObject({ account: address, until: date })
      .optional()
      .describe("Who may cancel proposals, until when, if there is somebody"),
  })
  .refine(({ lateQuorumExtension, votingPeriod }) => lateQuorumExtension <= votingPeriod, {
    path: ["lateQuorumExtension"],
    error: "it is longer than the voting period; shorten it",
  });

/** Who gets the supply. Amounts are decimal strings in WEAL, dates are ISO 8601. */
const genesis = z.strictObject({
  treasury: weal.describe("What governance spends, in WEAL"),
  stakeholding: weal.describe("The reserve from which models are paid for the fees that they bring, in WEAL"),
  community: z
    .strictObject({ until: date, claims: z.array(part) })
    .describe(
      "Set aside under a Merkle root: until the date each account claims its own, then the rest goes to the treasury",
    ),
  founders: z
    .array(
      part.extend({ start: date, end: date }).refine(({ start, end }) => secondsOf(start) < secondsOf(end), {
        path: ["end"],
        error: "it is not after the start; move it back",
      }),
    )
    .describe("Paid out evenly from start to end"),
  holders: z.array(part).describe("What can vote from the first day, once it is delegated"),
});

const whole = z.strictObject({
  $schema: z.string().optional().describe("Where an editor finds what may be written here"),
  protocolFeeBps: z.int().min(0).max(250).describe("Protocol fee for the first models, in basis points"),
  currencies: z
    .array(currency)
    .max(14)
    .refine((values) => new Set(values.map(({ address }) => address.toLowerCase())).size === values.length, {
      error: "a currency is named twice; name it once",
    })
    .describe("ERC-20s to list from the start, besides ETH and WEAL"),
  governor: governor.describe("Decides on everything but safety"),
  safetyGovernor: governor
    .refine((value) => cycleOf(value) < RESTRICTION_PERIOD, {
      error: ({ input }) =>
        `it takes ${cycleOf(input as Cycle)} seconds to decide, and the board's restriction ends after ` +
        `${RESTRICTION_PERIOD}; shorten its times`,
    })
    .describe("Decides on safety alone, while the board's restriction holds"),
  safetyBoard: z.array(account).describe("The first members of the SafetyBoard"),
  usePolicy: z
    .strictObject({
      digest: z
        .string()
        .regex(/^0x(?!0{64})[\da-fA-F]{64}$/, { error: "it is no sha-256; write 0x and 64 hex digits" }),
      clauseCount: z.int().min(1).max(65_535),
      uri: z.string(),
    })
    .describe("The first use policy: the sha-256 of its text, how many clauses it has, where it can be fetched"),
  stakeholdingEpochCap: weal.describe("How much models may be paid in 30 days for the fees they bring, in WEAL"),
  sources: z
    .strictObject({ threshold: z.int().min(1).max(255), verifiers: z.array(account) })
    .refine(({ threshold, verifiers }) => threshold <= verifiers.length, {
      path: ["threshold"],
      error: "it is above the number of verifiers; name more, or lower it",
    })
    .describe("Who says which author a source belongs to: threshold of the verifiers must attest it"),
  genesis: genesis.describe("Who gets the supply of WEAL; the parts must sum to 1,000,000,000"),
});

const schema = whole.refine((all) => cycleOf(all.safetyGovernor) < cycleOf(all.governor), {
  path: ["safetyGovernor"],
  error: "it takes as long to decide as the main governor; shorten its times",
});

/** What a deployer decides, one file a network in `scripts/parameters/`. */
export type Parameters = z.infer<typeof schema>;
export type GovernorParameters = z.infer<typeof governor>;
export type Genesis = z.infer<typeof genesis>;
export type Part = z.infer<typeof part>;

/** Returns the JSON Schema of a file of parameters, for editors. What no JSON Schema can say is left to `requireValid`. */
export function jsonSchema(): object {
  return z.toJSONSchema(schema, { io: "input" });
}

/**
 * Reads a file of parameters.
 *
 * @throws {ParametersInvalid} when it cannot be read, is no JSON, has placeholders left or says what it should not.
 */
export async function readParameters(file: string): Promise<{ parameters: Parameters; text: string }> {
  const text = await readFile(file, "utf8").catch(() => {
    throw new ParametersInvalid(file, "there is no such file; name another by --parameters");
  });
  const parameters = parseJson(file, text);
  const open = placeholdersOf(parameters, "");
  if (open.length > 0) {
    throw new ParametersInvalid(
      file,
      `it is for you to decide who this is:\n  ${open.join("\n  ")}\n` +
        "Write their addresses into a copy of the file, and name it by --parameters",
    );
  }
  requireValid(parameters);

  return { parameters, text };
}

/** Returns what the text of a file of parameters is known by: its sha-256, in hex. */
export function parametersDigest(text: string): string {
  return `0x${createHash("sha256").update(text).digest("hex")}`;
}

/**
 * Requires that parameters are what they should be.
 *
 * @throws {ParametersInvalid} that names the first that is not, and says what to write.
 */
export function requireValid(parameters: unknown): asserts parameters is Parameters {
  const [issue] = schema.safeParse(parameters).error?.issues ?? [];
  if (issue === undefined) return;

  const path = issue.path.map(step).join("");
  throw new ParametersInvalid(path.slice(1) || "parameters", issue.message);
}

/** Returns how a path goes on. */
function step(key: PropertyKey): string {
  return typeof key === "number" ? `[${key}]` : `.${String(key)}`;
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ParametersInvalid(file, `it is no JSON: ${(error as Error).message}`);
  }
}

/** Returns where a committed file says `<somebody>`, each with its path. */
function placeholdersOf(value: unknown, path: string): string[] {
  if (typeof value === "string") return /^<.*>$/.test(value) ? [`${path.slice(1)}: ${value}`] : [];
  if (typeof value !== "object" || value === null) return [];

  return Object.entries(value).flatMap(([key, inner]) =>
    placeholdersOf(inner, path + step(Array.isArray(value) ? Number(key) : key)),
  );
}

/**
 * Requires that dates are to come, when a deployment begins: claims that are over would go to the treasury at once.
 *
 * @param now In Unix time.
 * @throws {ParametersInvalid} that names the one that is not.
 */
export function requireFutureDates({ genesis, governor, safetyGovernor }: Parameters, now: number): void {
  const dates = {
    "genesis.community.until": genesis.community.until,
    "governor.guardian.until": governor.guardian?.until,
    "safetyGovernor.guardian.until": safetyGovernor.guardian?.until,
  };
  for (const [parameter, value] of Object.entries(dates)) {
    if (value !== undefined && secondsOf(value) <= now) {
      throw new ParametersInvalid(parameter, `${value} has passed; write a date to come`);
    }
  }
}

/** Returns the Unix time of a date. */
export function secondsOf(value: string): number {
  return Math.floor(Date.parse(value) / 1_000);
}

/** Returns the constructor arguments of a governor. */
export function governorArguments(name: string, token: string, timelock: string, parameters: GovernorParameters) {
  const { votingDelay, votingPeriod, lateQuorumExtension, proposalThreshold, quorumPercent, guardian } = parameters;

  return [
    name,
    token,
    timelock,
    guardian?.account ?? ZeroAddress,
    {
      votingDelay,
      votingPeriod,
      lateQuorumExtension,
      proposalThreshold: parseUnits(proposalThreshold, 18),
      quorumPercent,
      guardianUntil: guardian === undefined ? 0 : secondsOf(guardian.until),
    },
  ];
}

type Cycle = Pick<GovernorParameters, "votingDelay" | "votingPeriod" | "lateQuorumExtension" | "timelockDelay">;

/** Returns the seconds that a decision takes at most: quorum comes at the last moment. */
function cycleOf({ votingDelay, votingPeriod, lateQuorumExtension, timelockDelay }: Cycle): number {
  return votingDelay + votingPeriod + lateQuorumExtension + timelockDelay;
}

function isAddress(value: string): boolean {
  try {
    return value.startsWith("0x") && getAddress(value).length === value.length;
  } catch {
    return false;
  }
}
