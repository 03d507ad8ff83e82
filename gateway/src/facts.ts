import type { Advisory, Commonweal, Level, Policy } from "@commonweal/sdk";
import { reasonOf, Refusal } from "./refusals.js";

/** An advisory, and on what it stands. */
export interface StatedAdvisory extends Advisory {
  /** The model, or an ancestor that it was built from. */
  model: string;
  /** A single version of the model; all of it if there is none. */
  version?: number;
}

/** What the chain says of the model; shown to whoever is asked to pay. */
export interface Facts {
  model: string;
  /** What the host calls it. */
  name?: string;
  kind: string;
  /** The newest version. */
  version: number;
  manifestDigest: string;
  manifestUri: string;
  /** Whether that version is marked withdrawn. */
  withdrawn: boolean;
  policy: Pick<Policy, "version" | "digest">;
  level: Level;
  restricted: boolean;
  /** What stands on the model, its versions, and its ancestors. */
  advisories: StatedAdvisory[];
  /** How many more there are. */
  moreAdvisories?: number;
}

/** The facts as they were read last. */
export interface FactsReader {
  /**
   * Returns them without asking the chain.
   *
   * @throws {Refusal} `chain_unavailable` when they are too old.
   */
  current(): Facts;
  /** Returns them however old they are. */
  last(): Facts;
  /** Seconds since they were read. */
  age(): number;
  /** Reads them now. */
  refresh(): Promise<void>;
  stop(): void;
}

interface FactsSettings {
  commonweal: Commonweal;
  model: string;
  name?: string;
  refreshSeconds: number;
  staleSeconds: number;
  log(line: string): void;
  now?(): number;
}

/** They go into a header, which has its limits. */
const MAX_ADVISORIES = 8;

/**
 * Reads what the chain says of a model, and again every so many seconds.
 *
 * @throws {ContractError} `ModelNotRegistered`, and what else the first read throws.
 */
export async function readFacts(settings: FactsSettings): Promise<FactsReader> {
  const { refreshSeconds, staleSeconds, log, now = Date.now } = settings;
  let facts = await factsOf(settings);
  let readAt = now();
  let reading: Promise<void> | undefined;

  async function read(): Promise<void> {
    const begun = now();
    try {
      facts = await factsOf(settings);
      readAt = begun;
    } catch (error) {
      log(`cannot read what the chain says of the model: ${reasonOf(error)}`);
    }
  }

  // One at a time: a node that is slow is not asked more.
  const refresh = () => (reading ??= read().finally(() => (reading = undefined)));
  const timer = setInterval(() => void refresh(), refreshSeconds * 1_000).unref();
  const age = () => (now() - readAt) / 1_000;

  return {
    current() {
      if (age() <= staleSeconds) return facts;
      throw new Refusal(
        "chain_unavailable",
        `What the chain says of the model was last read ${Math.round(age())} seconds ago: try again later.`,
        { "Retry-After": String(Math.ceil(refreshSeconds)) },
      );
    },
    last: () => facts,
    age,
    refresh,
    stop: () => clearInterval(timer),
  };
}

async function factsOf({ commonweal, model, name }: FactsSettings): Promise<Facts> {
  const { registry, safety } = commonweal;
  const [found, status, policy] = await Promise.all([
    registry.get({ model }),
    safety.statusOf({ model }),
    safety.policy(),
  ]);
  const advisories: StatedAdvisory[] = [
    ...status.advisories.map((advisory) => ({ model: status.model, ...advisory })),
    ...status.versions.flatMap(({ version, advisories }) =>
      advisories.map((advisory) => ({ model: status.model, version, ...advisory })),
    ),
    ...status.inherited.flatMap(({ model, advisories }) => advisories.map((advisory) => ({ model, ...advisory }))),
  ];
  const more = advisories.length - MAX_ADVISORIES;

  return {
    model: found.model,
    ...(name === undefined ? {} : { name }),
    kind: found.kind,
    version: found.newest.version,
    manifestDigest: found.newest.manifestDigest,
    manifestUri: found.newest.uri,
    withdrawn: found.newest.withdrawn,
    policy: { version: policy.version, digest: policy.digest },
    level: status.level,
    restricted: status.restricted,
    advisories: advisories.slice(0, MAX_ADVISORIES),
    ...(more > 0 ? { moreAdvisories: more } : {}),
  };
}
