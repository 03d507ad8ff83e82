import type { Address, ModelId } from "./brands.js";
import { ZeroAddress } from "ethers";
import { addressOf, byAddress } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import type { Context } from "./context.js";
import { type Currency, currencyOf } from "./currencies.js";
import { withTypedErrors } from "./failures.js";
import { ModelRegistry } from "./generated/fragments/ModelRegistry.js";
import { RoyaltyLedger } from "./generated/fragments/RoyaltyLedger.js";
import { SourceRegistry } from "./generated/fragments/SourceRegistry.js";
import type { FundingEntry } from "./funding.js";
import * as typedData from "./generated/typedData.js";
import { parseSource, PLATFORMS, type Source, sourceName } from "./sourceNames.js";
import { known, type Write, writeOf } from "./writes.js";

/** A source: its page's URL, `platform:name`, or both by themselves. */
type SourceLike = string | Source;

/** What verifiers sign for an author; plain JSON. */
export interface SourceClaim {
  /** The source's id. */
  source: string;
  /** The author's account. */
  recipient: Address;
  /** A model of the author's that the source's name is to stand for; the zero address for none. */
  model: ModelId;
  /** Counts the source's claims and cancellations: a signature serves once. */
  nonce: string;
  /** The last second at which it serves, in Unix time. */
  deadline: number;
}

/** A verifier's signature; plain JSON. */
export interface Attestation {
  verifier: Address;
  signature: string;
}

/** What is known of a source. */
export interface SourceState extends Source {
  /** Its id, known before it is registered. */
  source: string;
  /** The model to link to: the source, or what its author has bound its name to. */
  model: ModelId;
  registered: boolean;
  claimed: boolean;
  /** A claim that waits. */
  claim?: { recipient: Address; /** In Unix time. */ readyAt: number; model?: ModelId };
  /** What waits for the author, in the currencies' smallest units; nothing once it was claimed. */
  waiting: { currency: Currency; amount: bigint }[];
}

/** Ancestors whose authors have not come yet. */
export interface Sources {
  /**
   * Enters a source, so that models can link to it as to any parent, and its money waits for its author.
   *
   * @throws {InvalidArgument} when it is no source's name.
   * @throws {ContractError} such as `SourceAlreadyRegistered`.
   * @example
   * const { source } = await sources.register({ source: "https://huggingface.co/org/name" });
   */
  readonly register: Write<{ source: SourceLike }, { source: string }>;

  /**
   * Returns what is known of a source: whether it is registered, which model to link to, what waits for its author.
   *
   * @throws {InvalidArgument} when it is no source's name.
   * @example
   * const { registered, model } = await sources.lookup({ source: "huggingface:org/name" });
   */
  lookup(options: { source: SourceLike }): Promise<SourceState>;

  /**
   * Fetches a source's README and returns its funding entry for this chain and registry: what a verifier looks at.
   *
   * @param options.base Stands for the platform's host, in tests.
   * @throws {ReadmeUnavailable} when it cannot be fetched.
   * @throws {FundingEntryMissing} when it has no entry; the message has the lines to add.
   * @throws {FundingEntryInvalid} when it has one that cannot be relied on.
   * @throws {FundingRecipientMismatch} when it names somebody else than `recipient`.
   * @example
   * const { recipient } = await sources.fundingOf({ source: "huggingface:org/name" });
   */
  fundingOf(options: {
    source: SourceLike;
    recipient?: Address;
    base?: string;
    fetch?: typeof globalThis.fetch;
    signal?: AbortSignal;
  }): Promise<FundingEntry>;

  /**
   * Signs, as a verifier, that a source's author is `recipient`; no transaction. All verifiers must sign the same deadline.
   *
   * @param options.model A model of the author's that the source's name is to stand for from then on.
   * @param options.deadline The last second at which the signature serves, in Unix time.
   * @throws {UserRejected} when the wallet's user says no.
   * @example
   * const { claim, attestation } = await sources.attest({ source, recipient, deadline });
   */
  attest(options: {
    source: SourceLike;
    recipient: Address;
    model?: ModelId;
    deadline: number;
  }): Promise<{ claim: SourceClaim; attestation: Attestation }>;

  /**
   * Starts a claim that enough verifiers have signed. Anyone may send it.
   *
   * @returns `readyAt`, from when {@link complete} can be called, in Unix time.
   * @throws {ContractError} such as `AttestationsMissing`, `AttestationInvalid`, `SourceClaimPending`.
   * @example
   * await sources.claim({ claim, attestations: [first, second] });
   */
  readonly claim: Write<
    {
      claim: SourceClaim;
      attestations: readonly Attestation[];
    },
    { readyAt: number },
    object
  >;

  /**
   * Signs, as a verifier, that a claim that waits is to be cancelled; no transaction.
   *
   * @throws {UserRejected} when the wallet's user says no.
   * @example
   * const attestation = await sources.attestCancellation({ source, deadline });
   */
  attestCancellation(options: { source: SourceLike; deadline: number }): Promise<Attestation>;

  /**
   * Cancels a claim that waits, as enough verifiers have signed. Governance cancels by a proposal.
   *
   * @throws {ContractError} such as `SourceClaimNotFound`, `AttestationsMissing`.
   * @example
   * await sources.cancel({ source, deadline, attestations: [first, second] });
   */
  readonly cancel: Write<{ source: SourceLike; deadline: number; attestations: readonly Attestation[] }, object>;

  /**
   * Completes a claim that has waited: the author gets the source, with everything it has earned. Anyone may send it.
   *
   * @throws {ContractError} such as `SourceClaimNotReady`, `SourceClaimNotFound`.
   * @example
   * await sources.complete({ source: "huggingface:org/name" });
   */
  readonly complete: Write<{ source: SourceLike }, { recipient: Address }>;
}

/** Binds sources to a runner. */
export function sourcesOf(context: Context): Sources {
  const { at, chainId, signer } = context;
  const [registry, models, ledger] = [at(SourceRegistry), at(ModelRegistry), at(RoyaltyLedger)];
  const place = { chainId, verifyingContract: String(registry.target) };

  const idOf = ({ platform, name }: Source) => registry.sourceIdOf(PLATFORMS.indexOf(platform), name);

  async function waitingFor(source: string) {
    const [currencies, terms] = await Promise.all([ledger.currencies(), ledger.modelTermsOf(source)]);
    const received = currencies.filter((_, index) => (terms.currencies >> BigInt(index)) & 1n);

    // Until it is claimed, all of its shares are the author's: what belongs to holders waits for them.
    return Promise.all(
      received.map(async (currency) => ({
        currency: currencyOf(currency),
        amount: (await ledger.booksOf(source, currency)).distributed,
      })),
    );
  }

  return withTypedErrors<Sources>({
    register: writeOf(context, async ({ source }) => {
      const { platform, name } = sourceOf(source);

      return {
        call: await callOf(registry.registerSource, [PLATFORMS.indexOf(platform), name]),
        outcome(receipt) {
          const [event] = eventsOf(receipt, registry, registry.getEvent("SourceRegistered"));

          return { source: event.source };
        },
        preview: (id: string) => ({ source: id }),
      };
    }),

    async lookup({ source }) {
      const named = sourceOf(source);
      const id = await idOf(named);
      const [{ number }, model, { recipient, readyAt, model: bound }] = await Promise.all([
        ledger.modelTermsOf(id),
        registry.modelOf(id),
        registry.claimOf(id),
      ]);
      const registered = number > 0n;
      const claimed = model !== id || (registered && (await models.ownerOf(id)) !== registry.target);

      return {
        ...named,
        source: id,
        model,
        registered,
        claimed,
        claim:
          readyAt === 0n
            ? undefined
            : { recipient, readyAt: Number(readyAt), model: bound === ZeroAddress ? undefined : bound },
        waiting: registered && !claimed ? await waitingFor(id) : [],
      };
    },

    async fundingOf({ source, recipient, ...options }) {
      const [{ fetchReadme }, { checkFunding }] = await Promise.all([import("./readmes.js"), import("./funding.js")]);
      const readme = await fetchReadme(sourceOf(source), options);

      return checkFunding(readme, { chainId, registry: String(registry.target), recipient });
    },

    async attest({ source, recipient, model = ZeroAddress, deadline }) {
      const id = await idOf(sourceOf(source));
      const claim = {
        source: id,
        recipient: addressOf(recipient, "recipient"),
        model: addressOf(model, "model"),
        nonce: String(await registry.nonceOf(id)),
        deadline,
      };
      const { domain, types } = typedData.sourceClaim({ ...place, message: claim });
      const signature = await signer().signTypedData(domain, types, claim);

      return { claim, attestation: { verifier: await signer().getAddress(), signature } };
    },

    claim: writeOf(context, async ({ claim: { source, recipient, model, deadline }, attestations }) => ({
      call: await callOf(registry.claimSource, [
        addressOf(source, "claim.source"),
        addressOf(recipient, "claim.recipient"),
        addressOf(model, "claim.model"),
        deadline,
        sorted(attestations),
      ]),
      outcome(receipt) {
        const [{ readyAt }] = eventsOf(receipt, registry, registry.getEvent("SourceClaimStarted"));

        return { readyAt: Number(readyAt) };
      },
      preview: () => ({}),
    })),

    async attestCancellation({ source, deadline }) {
      const id = await idOf(sourceOf(source));
      const cancellation = { source: id, nonce: await registry.nonceOf(id), deadline };
      const { domain, types } = typedData.sourceClaimCancellation({ ...place, message: cancellation });
      const signature = await signer().signTypedData(domain, types, cancellation);

      return { verifier: await signer().getAddress(), signature };
    },

    cancel: writeOf(context, async ({ source, deadline, attestations }) => ({
      call: await callOf(registry.cancelClaim, [await idOf(sourceOf(source)), deadline, sorted(attestations)]),
      ...known({}),
    })),

    complete: writeOf(context, async ({ source }) => {
      const id = await idOf(sourceOf(source));
      const { recipient } = await registry.claimOf(id);

      return {
        call: await callOf(registry.completeClaim, [id]),
        outcome(receipt) {
          const [event] = eventsOf(receipt, registry, registry.getEvent("SourceClaimed"));

          return { recipient: event.recipient };
        },
        preview: () => ({ recipient }),
      };
    }),
  });
}

function sourceOf(source: SourceLike): Source {
  if (typeof source === "string") return parseSource(source);

  return { platform: source.platform, name: sourceName(source.platform, source.name) };
}

/** Returns attestations as the contract asks for them: ascending by verifier. */
function sorted(attestations: readonly Attestation[]): Attestation[] {
  return attestations
    .map(({ verifier, signature }) => ({ verifier: addressOf(verifier, "attestations.verifier"), signature }))
    .sort((a, b) => byAddress(a.verifier, b.verifier));
}
