import { formatUnits } from "ethers";
import { partsOf, type Posted } from "./ballots.js";
import { type Chain, gasOf, simulate, type Voting, votesOf, votingOf } from "./chain.js";
import type { Config } from "./config.js";
import { Refusal, SEND_IT_YOURSELF } from "./refusals.js";

export type Inspection = Pick<Config, "ballotGas" | "minWeight" | "closingSeconds">;

/**
 * Looks at a ballot as the chain would, and returns where its vote stands.
 *
 * @throws {Refusal} when it could not be cast, casts too few votes or takes too much gas, or there is too little time.
 */
export async function inspect(chain: Chain, posted: Posted, limits: Inspection): Promise<Voting> {
  const { ballotGas, minWeight } = limits;
  const voting = await votingOf(chain, posted.governor, posted.ballot.proposalId);
  requireTime(voting, limits.closingSeconds);

  const weight = await simulate(chain, posted, ballotGas);
  if (weight === "pending") {
    // A wallet that may be asked only later is asked again before the ballot is sent.
    const votes = await votesOf(chain, posted, voting.now);
    requireWeight(smaller(votes, partsOf(posted.ballot) ?? votes), minWeight);
  } else {
    requireWeight(weight, minWeight);
    await gasOf(chain, posted, ballotGas);
  }

  return voting;
}

function requireTime({ state, now, deadline }: Voting, closingSeconds: number): void {
  if (state === "closed") {
    throw new Refusal(
      "vote_closed",
      "The vote on this proposal is over, and no ballot counts any more: look at governance.state({ proposalId }).",
    );
  }
  if (state === "active" && deadline - now < closingSeconds) {
    throw new Refusal(
      "closes_too_soon",
      `The vote closes in ${deadline - now} seconds, too soon for this relayer: ${SEND_IT_YOURSELF} now.`,
    );
  }
}

function requireWeight(weight: bigint, minWeight: bigint): void {
  if (weight >= minWeight) return;

  const [casts, least] = [weight, minWeight].map((votes) => formatUnits(votes, 18));
  throw new Refusal(
    "too_little_weight",
    `The ballot casts ${casts} WEAL, and this relayer pays for ${least} and more: ${SEND_IT_YOURSELF}.`,
  );
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
