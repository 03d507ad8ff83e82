import type { Address, Digest } from "./brands.js";
import { AbiCoder, keccak256 } from "ethers";
import { addressOf, bytes32Of, numberOf } from "./arguments.js";
import { callOf, eventsOf } from "./calls.js";
import type { Context } from "./context.js";
import { currenciesOf, currencyAddress } from "./currencies.js";
import { InvalidArgument } from "./errors.js";
import { withTypedErrors } from "./failures.js";
import { ContributionKind } from "./generated/enums.js";
import { TrainingRounds } from "./generated/fragments/TrainingRounds.js";
import { requireState, type RoundReader, type Submission } from "./roundReader.js";
import type { RoundLeaf } from "./roundTrees.js";
import { known, type Write, writeOf } from "./writes.js";

/** Bringing something to a round, and what contributors get. */
export interface RoundContributions {
  /**
   * Submits something to an open round, as a hash that tells nothing of it; {@link reveal} it in time. The bond comes back. An
   * ERC-20 is approved first if its allowance is too small.
   *
   * @param options.contentDigest The sha-256 of what is brought. Keep it to yourself until submissions have ended.
   * @param options.units How much of it: examples, GPU seconds, lines.
   * @throws {InvalidArgument} when the round is not open.
   * @throws {ContractError} such as `ContributionAlreadySubmitted`.
   * @example
   * const { commitment } = await rounds.submit({ roundId, contentDigest, kind: "data", units: 12_000 });
   */
  readonly submit: Write<
    {
      roundId: string;
      contentDigest: Digest;
      kind: ContributionKind;
      units: bigint | number;
      approve?: boolean;
    },
    { commitment: string }
  >;

  /**
   * Tells the digest of what the signer has submitted, once submissions have ended and before the last second to reveal.
   * What is not revealed is not scored.
   *
   * @param options.uri Where it can be fetched.
   * @throws {ContractError} such as `ContributionNotSealed`, `RoundNotInState`, `RoundTooLate`.
   * @example
   * await rounds.reveal({ roundId, contentDigest, uri: "ipfs://…" });
   */
  readonly reveal: Write<{ roundId: string; contentDigest: Digest; uri?: string }, object>;

  /**
   * Pays the bond of a submission back, once it is revealed or the round has ended.
   *
   * @param options.commitment What {@link submit} returned.
   * @param options.contributor The signer by default; anyone may have it paid to the contributor itself.
   * @throws {ContractError} such as `SubmissionBondNotDue`.
   * @example
   * const { amount } = await rounds.takeSubmissionBond({ roundId, commitment });
   */
  readonly takeSubmissionBond: Write<
    {
      roundId: string;
      commitment: string;
      contributor?: string;
      to?: Address;
    },
    { amount: bigint },
    object
  >;

  /**
   * Gives a leaf's account its shares, with all that they earned, and its cash.
   *
   * @param options.leaf What `leavesOf` returned for the account, from the result's JSON.
   * @param options.to Who gets the cash; the account by default. Only the account itself may name another.
   * @throws {ContractError} such as `RoundNotInState`, `LeafAlreadyClaimed`, `LeafProofInvalid`.
   * @example
   * for (const leaf of leavesOf(readResult(text), alice)) await rounds.claim({ roundId, leaf });
   */
  readonly claim: Write<{ roundId: string; leaf: RoundLeaf; to?: Address }, object>;

  /**
   * Returns whether a leaf was claimed.
   *
   * @example
   * const done = await rounds.isClaimed({ roundId, index: 7 });
   */
  isClaimed(options: { roundId: string; index: number }): Promise<boolean>;

  /**
   * Returns what was submitted to a round, the oldest first, from the logs.
   *
   * @example
   * const revealed = (await rounds.submissionsOf({ roundId })).filter(({ contentDigest }) => contentDigest !== undefined);
   */
  submissionsOf(options: { roundId: string; signal?: AbortSignal }): Promise<Submission[]>;
}

const MAX_UNITS = 2n ** 64n - 1n;

/** Binds what contributors do to a runner. */
export function roundContributionsOf(context: Context, reader: RoundReader): RoundContributions {
  const { signer } = context;
  const rounds = context.at(TrainingRounds);
  const { provide } = currenciesOf(context);

  return withTypedErrors<RoundContributions>({
    submit: writeOf(context, async ({ roundId, contentDigest, kind, units, approve }) => {
      const amount = Number.isSafeInteger(units) || typeof units === "bigint" ? BigInt(units) : -1n;
      if (amount < 0n || amount > MAX_UNITS) throw new InvalidArgument("units", units, "a whole number, below 2⁶⁴");
      const number = numberOf(ContributionKind, kind, "kind");
      const commitment = commitmentOf(await signer().getAddress(), contentDigest);
      const status = await reader.stateOf(roundId);
      requireState(status, "open", roundId);

      const bond = await bondOf(roundId);
      const { value, approvals } = await provide(currencyAddress(status.currency), bond, approve, rounds);
      const call = await callOf(rounds.submit, [roundId, commitment, number, amount], { value });

      return { approvals, call, ...known({ commitment }) };
    }),

    reveal: writeOf(context, async ({ roundId, contentDigest, uri = "" }) => {
      const [id, digest] = [bytes32Of(roundId, "roundId"), bytes32Of(contentDigest, "contentDigest")];

      return { call: await callOf(rounds.reveal, [id, digest, uri]), ...known({}) };
    }),

    takeSubmissionBond: writeOf(context, async ({ roundId, commitment, contributor, to }) => {
      const account = addressOf(contributor ?? (await signer().getAddress()), "contributor");
      const recipient = addressOf(to ?? account, "to");
      const [id, hash] = [bytes32Of(roundId, "roundId"), bytes32Of(commitment, "commitment")];

      return {
        call: await callOf(rounds.takeSubmissionBond, [id, account, hash, recipient]),
        outcome(receipt) {
          const [{ amount }] = eventsOf(receipt, rounds, rounds.getEvent("SubmissionBondPaid"));

          return { amount };
        },
        preview: () => ({}),
      };
    }),

    claim: writeOf(context, async ({ roundId, leaf: { proof, ...leaf }, to }) => {
      const account = addressOf(leaf.account, "leaf.account");
      const recipient = addressOf(to ?? account, "to");
      const args = [bytes32Of(roundId, "roundId"), { ...leaf, account }, proof, recipient] as const;

      return { call: await callOf(rounds.claim, [...args]), ...known({}) };
    }),

    async isClaimed({ roundId, index }) {
      return rounds.isLeafClaimed(bytes32Of(roundId, "roundId"), index);
    },

    async submissionsOf({ roundId, signal }) {
      return reader.submissionsOf(roundId, signal);
    },
  });

  /** The bond is in the terms, which only the logs have. */
  async function bondOf(roundId: string): Promise<bigint> {
    const { opening } = await reader.roundOf(roundId);

    return BigInt(opening.money.submissionBond);
  }
}

/** Returns what is submitted for something, before its digest is told. */
export function commitmentOf(contributor: string, contentDigest: string): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["address", "bytes32"],
      [addressOf(contributor, "contributor"), bytes32Of(contentDigest, "contentDigest")],
    ),
  );
}
