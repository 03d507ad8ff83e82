import type { Address, Digest, ModelId } from "./brands.js";
import { hexlify, randomBytes } from "ethers";
import { type Allocation, solidityAllocation } from "./allocations.js";
import { addressOf, byAddress, bytes32Of, numberOf } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import { manifestUri } from "./cid.js";
import type { Context } from "./context.js";
import { withTypedErrors } from "./failures.js";
import { ModelRegistry } from "./generated/fragments/ModelRegistry.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { DerivativeMode, Kind, Relation } from "./generated/enums.js";
import { known, type Write, writeOf } from "./writes.js";
import * as typedData from "./generated/typedData.js";

/** A model's terms for derivatives: who may register children, and the least that a child passes on, in basis points. */
export interface DerivativeTerms {
  mode: DerivativeMode;
  /** Needed for "open" only: with grants each names its own. 0 to 5,000. */
  rateBps?: number;
  /** For how many seconds a child must pass it on at least; 0, the default, is for ever. For "open" only, too. */
  duration?: number;
}

/** The consent of a parent's owner to one child; plain JSON, to be sent to the child's publisher. */
export interface Grant {
  parent: ModelId;
  child: ModelId;
  rateBps: number;
  /** The time until which the child must pass it on at least, in Unix time; 0 is for ever. */
  until: number;
  /** The last second at which it serves, in Unix time. */
  deadline: number;
  signature: string;
}

/** What a model was built from. */
export interface Parent {
  model: ModelId;
  /** The parent's part of everything the child receives, in basis points. */
  rateBps: number;
  /** The last second for which it does, in Unix time; 0, the default, is for ever. */
  until?: number;
  relation: Relation;
}

/** A model to be registered. */
export interface Registration {
  kind: Kind;
  /** The sha-256 of the first version's manifest, 32 bytes in hex. */
  manifestDigest: Digest;
  /** Where the manifest can be fetched. */
  mirrorURI?: string;
  /** Terms for future children. */
  derivatives: DerivativeTerms;
  /** Who holds shares to begin with. */
  holdings?: readonly { holder: Address; units: bigint | number }[];
  /** Shares set aside for many; with the holdings 1,000,000 in all. */
  allocations?: readonly Allocation[];
  /** What it was built from, in any order; with a grant where the parent asks for one. */
  parents?: readonly (Parent & { grant?: Grant })[];
  /** The most that a host who serves the model may keep, in basis points, 0 to 9,000; 0 by default. Fixed for ever. */
  maxHostBps?: number;
  /** Who gets the ERC-721; the signer by default. */
  owner?: Address;
  /** 32 bytes in hex which, with the publisher, give the id; random by default. */
  salt?: string;
}

/** What came of a registration. */
export interface Registered {
  model: ModelId;
  /** Its registration number: a parent's is lower than its child's. */
  number: number;
  /** Who holds shares, without those that are set aside. */
  shares: { holder: Address; units: bigint }[];
  /** The numbers of the allocations, in the order in which they were given: what claims from them name. */
  allocations: bigint[];
}

/** A published state of a model. */
export interface Version {
  version: number;
  /** The sha-256 of its manifest. */
  manifestDigest: Digest;
  /** The manifest's address on IPFS. */
  uri: string;
  /** Whether it is marked withdrawn, a warning to readers. */
  withdrawn: boolean;
}

/** A registered model. */
export interface Model {
  model: ModelId;
  owner: Address;
  /** Its registration number: a parent's is lower than its child's. */
  number: number;
  kind: Kind;
  derivatives: Required<DerivativeTerms>;
  parents: Required<Parent>[];
  /** The newest version. */
  newest: Version;
}

/** Models, their versions and their lineage. */
export interface Registry {
  /**
   * Registers a model in one transaction: identity, first version, lineage, terms and shares.
   *
   * @throws {SignerRequired} when connected to a provider.
   * @throws {InvalidArgument} when a word, an address or a digest is not one.
   * @throws {ContractError} such as `RateTooLow`, `GrantInvalid`, `SharesSumMismatch`.
   * @example
   * const { model } = await registry.register({
   *   kind: "model",
   *   manifestDigest,
   *   derivatives: { mode: "open", rateBps: 500 },
   *   parents: [{ model: parent, rateBps: 1_000, relation: "fineTune" }],
   *   holdings: [{ holder: alice, units: 600_000 }, { holder: bob, units: 400_000 }],
   * });
   */
  readonly register: Write<Registration, Registered, { model: ModelId }>;

  /**
   * Returns the id of the model that `publisher` (the signer by default) registers, or has registered, with `salt`.
   *
   * @example
   * const child = await registry.modelIdOf({ salt });
   */
  modelIdOf(options: { salt: string; publisher?: Address }): Promise<ModelId>;

  /**
   * Returns a model with its parents and its newest version.
   *
   * @throws {ContractError} `ModelNotRegistered`.
   * @example
   * const { newest, parents } = await registry.get({ model });
   */
  get(options: { model: ModelId }): Promise<Model>;

  /**
   * Publishes a further version, as the owner or a maintainer.
   *
   * @throws {ContractError} such as `NotModelMaintainer`.
   * @example
   * const { version } = await registry.publish({ model, manifestDigest });
   */
  readonly publish: Write<
    {
      model: ModelId;
      manifestDigest: Digest;
      mirrorURI?: string;
    },
    { version: number }
  >;

  /**
   * Marks a version as withdrawn, for good, as the owner or a maintainer.
   *
   * @throws {ContractError} such as `VersionNotFound`, `VersionAlreadyWithdrawn`.
   * @example
   * await registry.withdrawVersion({ model, version: 1 });
   */
  readonly withdrawVersion: Write<{ model: ModelId; version: number }, object>;

  /**
   * Signs the consent of a parent's owner, the signer, to one child; no transaction.
   *
   * @param options.child The child's id, which {@link modelIdOf} tells before it is registered.
   * @param options.rateBps The least that the child must pass on, in basis points.
   * @param options.until The time until which it must, at least, in Unix time; for ever by default.
   * @param options.deadline The last second at which the grant serves, in Unix time.
   * @throws {UserRejected} when the wallet's user says no.
   * @example
   * const grant = await registry.signGrant({ parent, child, rateBps: 800, deadline });
   */
  signGrant(options: {
    parent: ModelId;
    child: ModelId;
    rateBps: number;
    until?: number;
    deadline: number;
  }): Promise<Grant>;

  /**
   * Sets a model's terms for future children, as its owner.
   *
   * @throws {ContractError} such as `NotModelOwner`, `DerivativeRateTooHigh`.
   * @example
   * await registry.setDerivativeTerms({ model, derivatives: { mode: "closed" } });
   */
  readonly setDerivativeTerms: Write<{ model: ModelId; derivatives: DerivativeTerms }, object>;

  /**
   * Names or dismisses a maintainer, who may publish and withdraw versions, as the model's owner.
   *
   * @throws {ContractError} such as `NotModelOwner`.
   * @example
   * await registry.setMaintainer({ model, maintainer, allowed: true });
   */
  readonly setMaintainer: Write<{ model: ModelId; maintainer: Address; allowed: boolean }, object>;
}

/** Binds the registry's functions to a runner. */
export function registryOf(context: Context): Registry {
  const { chainId, signer } = context;
  const [registry, ledger] = [context.at(ModelRegistry), context.at(RoyaltyLedger)];

  return withTypedErrors<Registry>({
    register: writeOf(context, async ({ parents = [], ...registration }) => {
      const sorted = parents
        .map((parent) => ({ ...parent, model: addressOf(parent.model, "parents.model") }))
        .sort((a, b) => byAddress(a.model, b.model));

      const call = await callOf(registry.register, [
        {
          salt: bytes32Of(registration.salt ?? hexlify(randomBytes(32)), "salt"),
          owner: addressOf(registration.owner ?? (await signer().getAddress()), "owner"),
          kind: numberOf(Kind, registration.kind, "kind"),
          maxHostBps: registration.maxHostBps ?? 0,
          derivatives: solidityTerms(registration.derivatives),
          manifestDigest: bytes32Of(registration.manifestDigest, "manifestDigest"),
          mirrorURI: registration.mirrorURI ?? "",
          parents: sorted.map(({ model, rateBps, until = 0, relation }) => ({
            model,
            rateBps,
            until,
            relation: numberOf(Relation, relation, "parents.relation"),
          })),
          grants: sorted.flatMap(({ grant }) => grant ?? []),
          holdings: (registration.holdings ?? []).map(({ holder, units }) => ({
            holder: addressOf(holder, "holdings.holder"),
            units,
          })),
          allocations: (registration.allocations ?? []).map(solidityAllocation),
        },
      ]);

      return {
        call,
        outcome(receipt) {
          const [{ model, number }] = eventsOf(receipt, registry, registry.getEvent("ModelRegistered"));
          const allocated = eventsOf(receipt, ledger, ledger.getEvent("SharesAllocated"));
          // Allocations hold their shares under their numbers.
          const numbers = new Set(allocated.map(({ allocation }) => allocation));
          const shares = eventsOf(receipt, ledger, ledger.getEvent("Transfer"))
            .filter(({ receiver }) => !numbers.has(BigInt(receiver)))
            .map(({ receiver, amount }) => ({ holder: receiver, units: amount }));

          return { model, number: Number(number), shares, allocations: [...numbers] };
        },
        preview: (model: string) => ({ model }),
      };
    }),

    async modelIdOf({ salt, publisher }) {
      const account = addressOf(publisher ?? (await signer().getAddress()), "publisher");

      return registry.modelIdOf(account, bytes32Of(salt, "salt"));
    },

    async get({ model }) {
      const id = addressOf(model, "model");
      const [{ owner, number, kind, versionCount, derivatives }, parents] = await Promise.all([
        registry.modelOf(id),
        registry.parentsOf(id),
      ]);
      const [manifestDigest, withdrawn] = await registry.versionOf(id, versionCount);

      return {
        model: id,
        owner,
        number: Number(number),
        kind: Kind[Number(kind)],
        derivatives: {
          mode: DerivativeMode[Number(derivatives.mode)],
          rateBps: Number(derivatives.rateBps),
          duration: Number(derivatives.duration),
        },
        parents: parents.map((parent) => ({
          model: parent.model,
          rateBps: Number(parent.rateBps),
          until: Number(parent.until),
          relation: Relation[Number(parent.relation)],
        })),
        newest: { version: Number(versionCount), manifestDigest, uri: manifestUri(manifestDigest), withdrawn },
      };
    },

    publish: writeOf(context, async ({ model, manifestDigest, mirrorURI = "" }) => {
      const digest = bytes32Of(manifestDigest, "manifestDigest");

      return {
        call: await callOf(registry.publish, [addressOf(model, "model"), digest, mirrorURI]),
        outcome(receipt) {
          const [{ version }] = eventsOf(receipt, registry, registry.getEvent("VersionPublished"));

          return { version: Number(version) };
        },
        preview: (version: bigint) => ({ version: Number(version) }),
      };
    }),

    withdrawVersion: writeOf(context, async ({ model, version }) => ({
      call: await callOf(registry.withdrawVersion, [addressOf(model, "model"), version]),
      ...known({}),
    })),

    async signGrant({ parent, child, rateBps, until = 0, deadline }) {
      const grant = {
        parent: addressOf(parent, "parent"),
        child: addressOf(child, "child"),
        rateBps,
        until,
        deadline,
      };
      const verifyingContract = await registry.getAddress();
      const { domain, types } = typedData.derivativeGrant({ chainId, verifyingContract, message: grant });

      return { ...grant, signature: await signer().signTypedData(domain, types, grant) };
    },

    setDerivativeTerms: writeOf(context, async ({ model, derivatives }) => ({
      call: await callOf(registry.setDerivativeTerms, [addressOf(model, "model"), solidityTerms(derivatives)]),
      ...known({}),
    })),

    setMaintainer: writeOf(context, async ({ model, maintainer, allowed }) => ({
      call: await callOf(registry.setMaintainer, [
        addressOf(model, "model"),
        addressOf(maintainer, "maintainer"),
        allowed,
      ]),
      ...known({}),
    })),
  });
}

function solidityTerms({ mode, rateBps = 0, duration = 0 }: DerivativeTerms) {
  return { mode: numberOf(DerivativeMode, mode, "derivatives.mode"), rateBps, duration };
}
