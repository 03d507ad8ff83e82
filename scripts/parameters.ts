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

/** An account and its part, in WEAL. */
const part = z.strictObject({ account, weal });

const governor = z
  .strictObject({
    /** Times are in seconds. */
    votingDelay: seconds(MAX_UINT48),
    votingPeriod: seconds(MAX_UINT32).min(1),
    lateQuorumExtension: seconds(MAX_UINT32),
    /** Votes needed to propose, in WEAL. */
    proposalThreshold: weal,
    /** Part of the supply that must take part, in percent. */
    quorumPercent: z.int().min(1).max(100),
    /** Seconds between a decision and its execution: everybody's time to look at it. */
    timelockDelay: seconds(MAX_UINT32).min(1),
    /** Who may cancel proposals, until when, if there is somebody. */
    guardian: z.strictObject({ account: address, until: date }).optional(),
  })
  .refine(({ lateQuorumExtension, votingPeriod }) => lateQuorumExtension <= votingPeriod, {
    path: ["lateQuorumExtension"],
    error: "it is longer than the voting period; shorten it",
  });

/** Who gets the supply. Amounts are decimal strings in WEAL, dates are ISO 8601. */
const genesis = z.strictObject({
  /** What governance spends. */
  treasury: weal,
  /** The reserve from which models are paid for the fees that they bring. */
  stakeholding: weal,
  /** Set aside under a Merkle root; until the date each account claims its own, then the rest goes to the treasury. */
  community: z.strictObject({ until: date, claims: z.array(part) }),
  /** Paid out evenly from start to end. */
  founders: z.array(
    part.extend({ start: date, end: date }).refine(({ start, end }) => secondsOf(start) < secondsOf(end), {
      path: ["end"],
      error: "it is not after the start; move it back",
    }),
  ),
  /** What can vote from the first day, once it is delegated. */
  holders: z.array(part),
});

const whole = z.strictObject({
  /** Protocol fee for the first models, in basis points. */
  protocolFeeBps: z.int().min(0).max(250),
  /** ERC-20s to list from the start, besides ETH and WEAL. */
  currencies: z
    .array(account)
    .max(14)
    .refine((values) => new Set(values.map((value) => value.toLowerCase())).size === values.length, {
      error: "a currency is named twice; name it once",
    }),
  /** Decides on everything but safety. */
  governor,
  /** Decides on safety alone, while the board's restriction holds. */
  safetyGovernor: governor.refine((value) => cycleOf(value) < RESTRICTION_PERIOD, {
    error: ({ input }) =>
      `it takes ${cycleOf(input as Cycle)} seconds to decide, and the board's restriction ends after ` +
      `${RESTRICTION_PERIOD}; shorten its times`,
  }),
  /** The first members of the SafetyBoard. */
  safetyBoard: z.array(account),
  /** The first use policy: the sha-256 of its text, how many clauses it has, where it can be fetched. */
  usePolicy: z.strictObject({
    digest: z.string().regex(/^0x(?!0{64})[\da-fA-F]{64}$/, { error: "it is no sha-256; write 0x and 64 hex digits" }),
    clauseCount: z.int().min(1).max(65_535),
    uri: z.string(),
  }),
  /** How much WEAL models may be paid in 30 days for the fees that they bring, in WEAL. */
  stakeholdingEpochCap: weal,
  /** Who says which author a source belongs to: `threshold` of the verifiers must attest it. */
  sources: z
    .strictObject({ threshold: z.int().min(1).max(255), verifiers: z.array(account) })
    .refine(({ threshold, verifiers }) => threshold <= verifiers.length, {
      path: ["threshold"],
      error: "it is above the number of verifiers; name more, or lower it",
    }),
  genesis,
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

/**
 * Requires that parameters are what they should be.
 *
 * @throws {ParametersInvalid} that names the first that is not, and says what to write.
 */
export function requireValid(parameters: Parameters): void {
  const [issue] = schema.safeParse(parameters).error?.issues ?? [];
  if (issue === undefined) return;

  const path = issue.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`)).join("");
  throw new ParametersInvalid(path.slice(1) || "parameters", issue.message);
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
