import { AbiCoder, concat, keccak256, toBeHex, ZeroAddress } from "ethers";
import { ETH, freshSalt, gasOf } from "../test/helpers/models.js";
import type { Measure } from "./measures.js";
import { type Scenario, stranger } from "./scenario.js";

/** What the leaf gives: odd, so that something is left of a unit. */
const UNITS = 333_337;
const URI = "ipfs://bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy";

/**
 * Registers a model whose shares are all in an allocation of so many leaves, of which one is `account`'s.
 *
 * The others are stand-ins: a claim sees no more of them than the hashes in its proof, as many as a full tree has levels.
 * Whole trees are built in `bench/allocations.ts`.
 */
export async function registerAllocated(scenario: Scenario, leaves: number, account: string) {
  const { ledger, registry, alice, bob, register, connection } = scenario;
  const { chainId } = await connection.ethers.provider.getNetwork();
  const salt = freshSalt();
  const model = await registry.modelIdOf(alice.address, salt);

  const content = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "address", "address", "uint256", "address", "uint256"],
    [chainId, await ledger.getAddress(), model, 0, account, UNITS],
  );
  const levels = Math.ceil(Math.log2(leaves));
  const proof = Array.from({ length: levels }, (_, level) => keccak256(toBeHex(level, 32)));
  const root = proof.reduce(
    (node, sibling) => keccak256(concat(node < sibling ? [node, sibling] : [sibling, node])),
    keccak256(keccak256(content)),
  );
  const allocation = { root, units: 1_000_000, uri: URI, steward: ZeroAddress, reclaimableFrom: 0 };
  await register({ salt, holdings: [], allocations: [allocation] });
  const number = await ledger.allocationCount();

  return { model, claim: () => ledger.connect(bob).claimShares(model, number, 0, account, UNITS, proof) };
}

/** Claims of shares from allocations, by accounts that hold nothing; and handing a position over. */
export async function measureAllocations(scenario: Scenario): Promise<Measure[]> {
  const { ledger, alice, token, usdc, register, pay } = scenario;
  const gasOfClaim = async (leaves: number, currencies: string[]) => {
    const { model, claim } = await registerAllocated(scenario, leaves, stranger(leaves));
    for (const currency of currencies) await pay(model, currency);
    return gasOf(claim());
  };
  const handedOver = await register();
  await pay(handedOver);

  const million = await gasOfClaim(1_000_000, [token]);
  const three = await gasOfClaim(1_000_000, [token, ETH, await usdc.getAddress()]);

  return [
    { operation: "claim shares, 1,000 leaves, one currency", gas: await gasOfClaim(1_000, [token]), bound: 130_000 },
    {
      operation: "claim shares, 100,000 leaves, one currency",
      gas: await gasOfClaim(100_000, [token]),
      bound: 130_000,
    },
    { operation: "claim shares, 1,000,000 leaves, one currency", gas: million, bound: 130_000 },
    { operation: "claim shares, each further currency", gas: (three - million) / 2n, bound: 35_000 },
    {
      operation: "hand over a position in one currency",
      gas: await gasOf(ledger.connect(alice).handOverPosition(handedOver, stranger(1))),
    },
  ];
}
