import type { Digest, ModelId } from "./brands.js";
import { addressOf } from "./arguments.js";
import { callOf } from "./calls.js";
import type { Context } from "./context.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import { ModelRegistry } from "./generated/fragments/ModelRegistry.js";
import { SafetyBoard } from "./generated/fragments/SafetyBoard.js";
import { SafetyLens } from "./generated/fragments/SafetyLens.js";
import { UsePolicy } from "./generated/fragments/UsePolicy.js";
import { Ground, Level } from "./generated/enums.js";
import type { ISafetyBoard } from "./generated/types/SafetyBoard.js";
import { isTooMuch, lineageReaderOf } from "./lineage.js";
import { readLogs } from "./logs.js";
import { type Step, shortestPaths } from "./paths.js";
import { type SafetyReason, type SafetySubject, solidityReason } from "./safetyReasons.js";
import { known, type Write, writeOf } from "./writes.js";

/** An advisory that stands. */
export interface Advisory {
  level: Exclude<Level, "none">;
  /** Who said so: holders of WEAL by vote, or the board, whose restriction ends by itself. */
  by: "vote" | "board";
  ground: Ground;
  /** The clause of the use policy; none for lineage. */
  clause?: number;
  /** The version of the use policy that has the clause. */
  policyVersion?: number;
  /** In Unix time. */
  issuedAt: number;
  /** In Unix time; none for an advisory that lasts. */
  expiresAt?: number;
  evidenceDigest: Digest;
}

/** What stands on a model or version. */
export interface Standing {
  /** The highest of the advisories. */
  level: Level;
  advisories: Advisory[];
}

/** What stands on a model, on its versions, and on what it was built from. */
export interface SafetyStatus extends Standing {
  model: ModelId;
  /** Whether it takes no new derivatives and is not sold anew. Only its own level decides that. */
  restricted: boolean;
  /** Warnings on single versions, in ascending order. */
  versions: (Standing & { version: number })[];
  /** Warnings inherited from ancestors, children before parents. */
  inherited: (Standing & {
    model: ModelId;
    /** One of the shortest ways there: the model, the ancestors between, the ancestor. */
    path: string[];
  })[];
}

/** The use policy that holds. */
export interface Policy {
  /** From 1. */
  version: number;
  /** The sha-256 of its text. */
  digest: string;
  /** Its clauses are numbered from 1. */
  clauseCount: number;
  /** Since when it holds, in Unix time. */
  publishedAt: number;
}

/** What is said about the safety of models, and by whom. */
export interface Safety {
  /**
   * Returns what stands on a model, on its versions, and on its ancestors with the path to each.
   *
   * @throws {ContractError} `ModelNotOpened`.
   * @example
   * const { restricted, inherited } = await safety.statusOf({ model });
   */
  statusOf(options: { model: ModelId }): Promise<SafetyStatus>;

  /**
   * Files a report, for the board and everybody to read. Anyone may.
   *
   * @param options.evidenceUri Where the evidence can be fetched.
   * @throws {ContractError} such as `ModelNotRegistered`, `VersionNotFound`, `ClauseNotFound`.
   * @example
   * const reason = { ground: "usePolicy", clause: 5, policyVersion: 1, evidenceDigest };
   * await safety.report({ model, version: 2, reason, evidenceUri: "ipfs://…" });
   */
  readonly report: Write<SafetySubject & { reason: SafetyReason; evidenceUri?: string }, object>;

  /**
   * Issues a notice, as a member of the board: a warning, which stops nothing.
   *
   * @throws {ContractError} such as `NotBoardMember`, `AdvisoryStands`, `ClauseNotFound`.
   * @example
   * await safety.warn({ model, reason: { ground: "lineage", evidenceDigest } });
   */
  readonly warn: Write<SafetySubject & { reason: SafetyReason; evidenceUri?: string }, object>;

  /**
   * Restricts a model, as a member of the board: once, and for 14 days. A vote can make it last.
   *
   * @throws {ContractError} such as `NotBoardMember`, `RestrictionUsed`, `ClauseNotFound`.
   * @example
   * await safety.restrict({ model, reason, evidenceUri: "ipfs://…" });
   */
  readonly restrict: Write<{ model: ModelId; reason: SafetyReason; evidenceUri?: string }, object>;

  /**
   * Withdraws an advisory of the board, as a member.
   *
   * @throws {ContractError} such as `NotBoardMember`, `AdvisoryNotFound`.
   * @example
   * await safety.withdraw({ model, version: 2 });
   */
  readonly withdraw: Write<SafetySubject, object>;

  /**
   * Returns the members of the board.
   *
   * @example
   * const members = await safety.members();
   */
  members(): Promise<string[]>;

  /**
   * Returns the use policy that holds.
   *
   * @example
   * const { version, digest } = await safety.policy();
   */
  policy(): Promise<Policy>;
}

/** An advisory as the contracts return it. */
type SolidityAdvisory = ISafetyBoard.AdvisoryStructOutput;

/** Binds the safety board to a runner. */
export function safetyOf(context: Context): Safety {
  const { at, provider, firstBlock } = context;
  const [registry, board, lens, usePolicy] = [at(ModelRegistry), at(SafetyBoard), at(SafetyLens), at(UsePolicy)];
  const { ancestorsOf } = lineageReaderOf(context);

  /** Requires that there is such a model and version: the board does not look. */
  async function subjectOf({ model, version = 0 }: SafetySubject): Promise<[model: string, version: number]> {
    if (!Number.isInteger(version) || version < 0) {
      throw new InvalidArgument("version", version, "a version's number, from 1, or leave it out for all of the model");
    }
    const id = addressOf(model, "model");
    if (version === 0) await registry.modelOf(id);
    else await registry.versionOf(id, version);

    return [id, version];
  }

  /** Returns ancestors with something on them, from the lens, or one by one where the lineage is too large for it. */
  async function findingsOf(model: string, blockTag: number) {
    try {
      return await lens.statusOf(model, { blockTag });
    } catch (error) {
      if (!(await isTooMuch(error))) throw error;
    }
    const nodes = await ancestorsOf(model, blockTag);

    return Promise.all(
      nodes.map(async (node) => {
        const { decided, provisional } = await board.advisoriesOf(node.model, 0, { blockTag });

        return { model: node.model, decided, provisional };
      }),
    );
  }

  /** Returns versions that the board or a vote has ever said something about. */
  async function versionsOf(model: string, toBlock: number): Promise<number[]> {
    const logs = await readLogs(provider, {
      address: String(board.target),
      topics: board.interface.encodeFilterTopics("AdvisoryIssued", [model]),
      fromBlock: firstBlock,
      toBlock,
    });
    const versions = logs.map(({ data, topics }) =>
      Number(board.interface.decodeEventLog("AdvisoryIssued", data, topics).version),
    );

    return [...new Set(versions)].filter((version) => version > 0).sort((a, b) => a - b);
  }

  return withTypedErrors<Safety>({
    async statusOf({ model }) {
      const id = addressOf(model, "model");
      const block = await provider.getBlockNumber();
      const [[own, ...ancestors], numbers] = await Promise.all([findingsOf(id, block), versionsOf(id, block)]);
      const versions = await Promise.all(
        numbers.map(async (version) => {
          const { decided, provisional } = await board.advisoriesOf(id, version, { blockTag: block });

          return { version, ...standingOf(decided, provisional) };
        }),
      );
      const found = ancestors
        .map((finding) => ({ model: finding.model, ...standingOf(finding.decided, finding.provisional) }))
        .filter(({ level }) => level !== "none");
      // The way there is asked for only if there is something to go to.
      const paths = found.length === 0 ? new Map() : shortestPaths(id, stepsOf(await ancestorsOf(id, block)));
      const standing = standingOf(own.decided, own.provisional);

      return {
        model: id,
        ...standing,
        restricted: Level.indexOf(standing.level) >= Level.indexOf("restricted"),
        versions: versions.filter(({ level }) => level !== "none"),
        inherited: found.map((finding) => ({ ...finding, path: paths.get(finding.model) ?? [] })),
      };
    },

    report: writeOf(context, async ({ reason, evidenceUri = "", ...subject }) => ({
      call: await callOf(board.report, [...(await subjectOf(subject)), solidityReason(reason), evidenceUri]),
      ...known({}),
    })),

    warn: writeOf(context, async ({ reason, evidenceUri = "", ...subject }) => ({
      call: await callOf(board.warn, [...(await subjectOf(subject)), solidityReason(reason), evidenceUri]),
      ...known({}),
    })),

    restrict: writeOf(context, async ({ model, reason, evidenceUri = "" }) => {
      const [id] = await subjectOf({ model });

      return { call: await callOf(board.restrict, [id, solidityReason(reason), evidenceUri]), ...known({}) };
    }),

    withdraw: writeOf(context, async ({ model, version = 0 }) => ({
      call: await callOf(board.withdraw, [addressOf(model, "model"), version]),
      ...known({}),
    })),

    async members() {
      return [...(await board.members())];
    },

    async policy() {
      const version = await usePolicy.policyVersion();
      const { digest, clauseCount, publishedAt } = await usePolicy.policyOf(version);

      return {
        version: Number(version),
        digest,
        clauseCount: Number(clauseCount),
        publishedAt: Number(publishedAt),
      };
    },
  });
}

function standingOf(decided: SolidityAdvisory, provisional: SolidityAdvisory): Standing {
  const advisories = [advisoryOf(decided, "vote"), advisoryOf(provisional, "board")].filter(
    (advisory) => advisory !== undefined,
  );
  const level = advisories.reduce<Level>(
    (highest, advisory) => (Level.indexOf(advisory.level) > Level.indexOf(highest) ? advisory.level : highest),
    "none",
  );

  return { level, advisories };
}

function advisoryOf(advisory: SolidityAdvisory, by: Advisory["by"]): Advisory | undefined {
  const level = Level[Number(advisory.level)];
  if (level === "none") return undefined;

  return {
    level,
    by,
    ground: Ground[Number(advisory.ground)],
    clause: advisory.clause === 0n ? undefined : Number(advisory.clause),
    policyVersion: advisory.policyVersion === 0n ? undefined : Number(advisory.policyVersion),
    issuedAt: Number(advisory.issuedAt),
    expiresAt: advisory.expiresAt === 0n ? undefined : Number(advisory.expiresAt),
    evidenceDigest: advisory.evidenceDigest,
  };
}

function stepsOf(nodes: readonly { model: ModelId; edges: readonly { parent: ModelId }[] }[]): Step[] {
  return nodes.map(({ model, edges }) => ({ from: model, to: edges.map(({ parent }) => parent) }));
}
