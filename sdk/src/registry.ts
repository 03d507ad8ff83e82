import { hexlify, randomBytes } from "ethers";
import { type Allocation, solidityAllocation } from "./allocations.js";
import { addressOf, byAddress, bytes32Of, numberOf } from "./arguments.js";
import { eventsOf, send, type Transaction } from "./calls.js";
import { manifestUri } from "./cid.js";
import type { Context } from "./context.js";
import { withTypedErrors } from "./failures.js";
import { DerivativeMode, Kind, Relation } from "./generated/enums.js";
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
  parent: string;
  child: string;
  rateBps: number;
  /** The time until which the child must pass it on at least, in Unix time; 0 is for ever. */
  until: number;
  /** The last second at which it serves, in Unix time. */
  deadline: number;
  signature: string;
}

/** What a model was built from. */
export interface Parent {
  model: string;
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
  manifestDigest: string;
  /** Where the manifest can be fetched. */
  mirrorURI?: string;
  /** Terms for future children. */
  derivatives: DerivativeTerms;
  /** Who holds shares to begin with. */
  holdings?: readonly { holder: string; units: bigint | number }[];
  /** Shares set aside for many; with the holdings 1,000,000 in all. */
  allocations?: readonly Allocation[];
  /** What it was built from, in any order; with a grant where the parent asks for one. */
  parents?: readonly (Parent & { grant?: Grant })[];
  /** The most that a host who serves the model may keep, in basis points, 0 to 9,000; 0 by default. Fixed for ever. */
  maxHostBps?: number;
  /** Who gets the ERC-721; the signer by default. */
  owner?: string;
  /** 32 bytes in hex which, with the publisher, give the id; random by default. */
  salt?: string;
}

/** A published state of a model. */
export interface Version {
  version: number;
  /** The sha-256 of its manifest. */
  manifestDigest: string;
  /** The manifest's address on IPFS. */
  uri: string;
  /** Whether it is marked withdrawn, a warning to readers. */
  withdrawn: boolean;
}

/** A registered model. */
export interface Model {
  model: string;
  owner: string;
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
  register(registration: Registration): Promise<Transaction & { model: string; number: number }>;

  /**
   * Returns the id of the model that `publisher` (the signer by default) registers, or has registered, with `salt`.
   *
   * @example
   * const child = await registry.modelIdOf({ salt });
   */
  modelIdOf(options: { salt: string; publisher?: string }): Promise<string>;

  /**
   * Returns a model with its parents and its newest version.
   *
   * @throws {ContractError} `ModelNotRegistered`.
   * @example
   * const { newest, parents } = await registry.get(model);
   */
  get(model: string): Promise<Model>;

  /**
   * Publishes a further version, as the owner or a maintainer.
   *
   * @throws {ContractError} such as `NotModelMaintainer`.
   * @example
   * const { version } = await registry.publish({ model, manifestDigest });
   */
  publish(options: {
    model: string;
    manifestDigest: string;
    mirrorURI?: string;
  }): Promise<Transaction & { version: number }>;

  /**
   * Marks a version as withdrawn, for good, as the owner or a maintainer.
   *
   * @throws {ContractError} such as `VersionNotFound`, `VersionAlreadyWithdrawn`.
   * @example
   * await registry.withdrawVersion({ model, version: 1 });
   */
  withdrawVersion(options: { model: string; version: number }): Promise<Transaction>;

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
    parent: string;
    child: string;
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
  setDerivativeTerms(options: { model: string; derivatives: DerivativeTerms }): Promise<Transaction>;

  /**
   * Names or dismisses a maintainer, who may publish and withdraw versions, as the model's owner.
   *
   * @throws {ContractError} such as `NotModelOwner`.
   * @example
   * await registry.setMaintainer({ model, maintainer, allowed: true });
   */
  setMaintainer(options: { model: string; maintainer: string; allowed: boolean }): Promise<Transaction>;
}

/** Binds the registry's functions to a runner. */
export function registryOf({ chainId, contracts, signer }: Context): Registry {
  const { ModelRegistry: registry } = contracts;

  return withTypedErrors<Registry>({
    async register({ parents = [], ...registration }) {
      const sorted = parents
        .map((parent) => ({ ...parent, model: addressOf(parent.model, "parents.model") }))
        .sort((a, b) => byAddress(a.model, b.model));

      const transaction = await send(
        registry.register({
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
        }),
      );
      const [{ model, number }] = eventsOf(transaction.receipt, registry, registry.getEvent("ModelRegistered"));

      return { ...transaction, model, number: Number(number) };
    },

    async modelIdOf({ salt, publisher }) {
      const account = addressOf(publisher ?? (await signer().getAddress()), "publisher");

      return registry.modelIdOf(account, bytes32Of(salt, "salt"));
    },

    async get(model) {
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

    async publish({ model, manifestDigest, mirrorURI = "" }) {
      const digest = bytes32Of(manifestDigest, "manifestDigest");
      const transaction = await send(registry.publish(addressOf(model, "model"), digest, mirrorURI));
      const [{ version }] = eventsOf(transaction.receipt, registry, registry.getEvent("VersionPublished"));

      return { ...transaction, version: Number(version) };
    },

    async withdrawVersion({ model, version }) {
      return send(registry.withdrawVersion(addressOf(model, "model"), version));
    },

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

    async setDerivativeTerms({ model, derivatives }) {
      return send(registry.setDerivativeTerms(addressOf(model, "model"), solidityTerms(derivatives)));
    },

    async setMaintainer({ model, maintainer, allowed }) {
      return send(registry.setMaintainer(addressOf(model, "model"), addressOf(maintainer, "maintainer"), allowed));
    },
  });
}

function solidityTerms({ mode, rateBps = 0, duration = 0 }: DerivativeTerms) {
  return { mode: numberOf(DerivativeMode, mode, "derivatives.mode"), rateBps, duration };
}
