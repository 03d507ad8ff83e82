/** Those who come late: a thousand contributors under one root, and the author of a source. */
import { dataSlice, getAddress, id, type JsonRpcProvider } from "ethers";
import { type AllocationTree, buildAllocation, type Commonweal, connect, proofsOf } from "../../sdk/src/index.js";
import { checkFunding, formatFunding } from "../../sdk/src/fundingEntries.js";
import type { Crowd, Person, Role } from "./cast.js";
import type { World } from "./world.js";

const DAY = 86_400;

/** Shares that were set aside when a model was registered. */
export interface SetAside {
  allocation: bigint;
  tree: AllocationTree;
}

/** Builds the tree of a crowd: those who claim in the story, and as many others as there are. */
export function treeOf(
  { wallets }: World,
  { chainId, contracts }: Commonweal,
  model: string,
  { leaves, unitsEach, claimants }: Crowd,
): AllocationTree {
  const named = claimants.map(({ holder, units }) => ({ account: wallets[holder].address, units }));
  const others = Array.from({ length: leaves - named.length }, (_, i) => ({
    account: getAddress(dataSlice(id(`contributor ${i}`), 12)),
    units: unitsEach,
  }));
  const shares = [...named, ...others];
  const units = shares.reduce((sum, share) => sum + share.units, 0);

  return buildAllocation({ chainId, ledger: String(contracts.RoyaltyLedger.target), model, units, shares });
}

/** Has the claimants of a crowd given their shares, with all that these earned: anyone can, and pays the gas. */
export async function claimShares(
  { wallets, say }: World,
  { allocations }: Commonweal,
  { key, crowd }: Role,
  model: string,
  { allocation, tree }: SetAside,
): Promise<void> {
  const people = (crowd?.claimants ?? []).map(({ holder }) => holder);
  for (const holder of people) {
    for (const leaf of proofsOf(tree, wallets[holder].address)) await allocations.claim({ allocation, model, leaf });
  }
  say(`  ${key}: ${people.join(" and ")}, of ${tree.count.toLocaleString("en")} under one root, have got their shares`);
}

/** The author of a source comes: says so in the README, is attested, waits, and has all that it has earned. */
export async function claimSource(
  { provider, verifiers, wallets, say }: World,
  commonwealOf: Record<Person, Commonweal>,
  { source, holdings: [{ holder }] }: Role,
): Promise<void> {
  const place = source as string;
  const { sources, contracts, chainId } = commonwealOf.Relayer;
  const { waiting } = await sources.lookup({ source: place });
  say(`  ${place}: its author has not come, and ${waiting.length} currencies wait`);

  const registry = String(contracts.SourceRegistry.target);
  const entry = formatFunding({ chainId, registry, recipient: wallets[holder].address });
  const readme = `# Silero VAD\n\n<!-- commonweal\n${entry}\n-->\n`;
  const { timestamp } = (await provider.getBlock("latest")) as { timestamp: number };
  const signed = await Promise.all(
    verifiers.slice(0, 2).map(async (verifier) => {
      // Each looks for itself.
      const { recipient } = await checkFunding(readme, { chainId, registry });

      return (await connect(verifier)).sources.attest({ source: place, recipient, deadline: timestamp + DAY });
    }),
  );
  await sources.claim({ claim: signed[0].claim, attestations: signed.map(({ attestation }) => attestation) });
  say(`  ${holder} has put a funding entry into its README, and two verifiers attest it`);
  await passTime(provider, 30 * DAY);
  say("  (the clock is put forward by thirty days, in which the claim could be cancelled)");
  await sources.complete({ source: place });
  say(`  claimed: ${holder} owns it, with everything it has earned since the first day`);
}

export async function passTime(provider: JsonRpcProvider, seconds: number): Promise<void> {
  await provider.send("evm_increaseTime", [seconds]);
  await provider.send("evm_mine", []);
}
