import type { Kind, Relation } from "../generated/enums.js";
import type { DerivativeTerms } from "../registry.js";
import { Contradiction } from "./contradiction.js";
import type { EventOf, Place, ProtocolEvent } from "./events.js";

/** A model as the registry has it. */
export interface DirectoryEntry {
  model: string;
  number: number;
  kind: Kind;
  owner: string;
  publisher: string;
  derivatives: Required<DerivativeTerms>;
  /** In the order of the ledger's edges. */
  relations: Relation[];
  /** The first is version 1. */
  versions: { manifestDigest: string; withdrawn: boolean }[];
  registered: Place;
}

/** Rebuilds the registry from its events, in their order, and holds each against those before. */
export function createDirectory() {
  const entries = new Map<string, DirectoryEntry>();
  /** Models whose ERC-721 was given to somebody: the last thing that a registration does. */
  const minted = new Set<string>();

  function entryOf(model: string): DirectoryEntry {
    const entry = entries.get(model);
    if (entry === undefined) throw new Contradiction(`nothing tells of the registration of model ${model}`);

    return entry;
  }

  function publish({ model, version, manifestDigest }: EventOf<"versionPublished">): void {
    const { versions } = entryOf(model);
    if (version !== versions.length + 1) {
      throw new Contradiction(`version ${version} of model ${model} follows on version ${versions.length}`);
    }
    versions.push({ manifestDigest, withdrawn: false });
  }

  function withdraw({ model, version }: EventOf<"versionWithdrawn">): void {
    const published = entryOf(model).versions[version - 1];
    if (published === undefined) throw new Contradiction(`version ${version} of model ${model} was not published`);
    published.withdrawn = true;
  }

  return {
    /** In the order of their numbers. */
    entries: entries as ReadonlyMap<string, DirectoryEntry>,

    /** @throws {Contradiction} when it cannot have happened after what was told before. */
    apply(event: ProtocolEvent): void {
      if (event.event === "modelRegistered") {
        const { event: _, block, blockHash, transaction, logIndex, ...rest } = event;
        entries.set(event.model, { ...rest, versions: [], registered: { block, blockHash, transaction, logIndex } });
      } else if (event.event === "versionPublished") publish(event);
      else if (event.event === "versionWithdrawn") withdraw(event);
      else if (event.event === "derivativeTermsUpdated") entryOf(event.model).derivatives = event.derivatives;
      else if (event.event === "ownerChanged" && event.from === undefined) minted.add(event.model);
      else if (event.event === "ownerChanged") {
        const entry = entryOf(event.model);
        if (entry.owner !== event.from)
          throw new Contradiction(`${event.from} passed on ${event.model} of ${entry.owner}`);
        entry.owner = event.to;
      }
    },

    /** @throws {Contradiction} when a registration is told of in part. */
    finish(): void {
      for (const { model, versions } of entries.values()) {
        if (minted.has(model) && versions.length > 0) continue;
        throw new Contradiction(`model ${model} was registered, and nothing tells of its first owner or version`);
      }
    },
  };
}

export type Directory = ReturnType<typeof createDirectory>;
