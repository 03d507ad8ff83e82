import { expect } from "chai";
import { toBeHex } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { conserved, distributeExactly, type Fraction, fraction, minus, type OracleModel } from "../helpers/oracle.js";
import { act } from "./oracle.course.js";
import { type Action, CURRENCIES, calmCourse, course } from "./oracle.plan.js";
import { createWorld, deploy, sumOf, type World } from "./oracle.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** More runs than usual take longer than usual: ORACLE_RUNS=500 for a change of the ledger's arithmetic. */
const RUNS = Number(process.env.ORACLE_RUNS ?? 40);

/** A fixture is known by its function. */
const deployFixture = () => deploy(connection);

/* COURSES */

/** Pays out whatever is left, with all shares taken out of allocations that anybody can take. */
async function payOutEverything(world: World): Promise<void> {
  for (const allocation of world.allocations) {
    for (const leaf of allocation.leaves.keys()) await world.claimShares(allocation, leaf, "now");
  }
  for (const allocation of world.allocations) await world.reclaimShares(allocation, world.holderAt(0), "first");
  for (const name of CURRENCIES) {
    await world.cascade(name, world.ids.toReversed());
    for (const holder of world.holders) await world.claim(name, holder, world.ids);
    await world.collectFees(name);
  }
}

/* COMPARISONS */

/** Compares all that the ledger tells of its books, positions, shares and fees with the oracles, to the unit. */
async function compare(world: World): Promise<void> {
  const { ledger, models, allocations, collected, currencyOf, oracleOf } = world;
  const numbers = new Map(allocations.map(({ key, number }) => [key, toBeHex(number, 20)]));

  for (const { id } of models) {
    for (const key of oracleOf("ETH").holdersOf(id)) {
      expect(await ledger.balanceOf(numbers.get(key) ?? key, id)).to.equal(oracleOf("ETH").sharesOf(id, key));
    }
    for (const name of CURRENCIES) {
      const [oracle, currency] = [oracleOf(name), currencyOf(name)];
      const { received, cascaded, distributed } = await ledger.booksOf(id, currency);
      expect({ received, cascaded, distributed }).to.deep.equal({
        received: oracle.receivedOf(id),
        cascaded: oracle.cascadedOf(id),
        distributed: oracle.distributedOf(id),
      });
      if (received === 0n) continue;
      for (const key of oracle.holdersOf(id)) {
        expect(await ledger.claimable(numbers.get(key) ?? key, id, currency)).to.equal(oracle.claimable(id, key));
      }
    }
  }
  for (const name of CURRENCIES) {
    const waiting = oracleOf(name).fees() - (collected.get(name) ?? 0n);
    expect(await ledger.collectableFees(currencyOf(name))).to.equal(waiting);
  }
}

/** Compares what everybody has on the chain with what the oracles have paid out; all else is in the ledger. */
async function compareBalances(world: World): Promise<void> {
  const { address, governance, holders, wallets, paid, claimed, collected, oracleOf } = world;
  for (const name of CURRENCIES) {
    const totals = oracleOf(name).totals();
    const out = claimed.get(name) as Map<string, bigint>;
    const paidIn = sumOf((paid.get(name) as Map<string, bigint>).values());

    expect(await Promise.all(wallets.map((wallet) => balanceOf(world, name, wallet)))).to.deep.equal(
      holders.map((holder) => out.get(holder) ?? 0n),
    );
    if (name !== "ETH") expect(await balanceOf(world, name, governance)).to.equal(collected.get(name));
    expect(conserved(oracleOf(name))).to.equal(true);
    expect(totals.waiting).to.equal(0n);
    expect(paidIn * 1_000_000n).to.equal(totals.paid);
    expect((await balanceOf(world, name, address)) * 1_000_000n).to.equal(totals.owed + totals.dust + totals.spilled);
  }
}

async function balanceOf({ currencyOf }: World, name: (typeof CURRENCIES)[number], account: string): Promise<bigint> {
  if (name === "ETH") return connection.ethers.provider.getBalance(account);

  return (await connection.ethers.getContractAt("TestToken", currencyOf(name))).balanceOf(account);
}

/** Sums the dust bounds of each model and of all of its descendants: how far its figures may be from exact ones. */
function boundsOf(models: OracleModel[], oracle: ReturnType<World["oracleOf"]>): Map<string, bigint> {
  const families = new Map(models.map(({ id }) => [id, new Set([id])]));
  for (const { id, edges } of models.toReversed()) {
    for (const { parent } of edges) for (const member of families.get(id) ?? []) families.get(parent)?.add(member);
  }
  const own = new Map(models.map(({ id, edges }) => [id, BigInt(edges.length + oracle.holdersOf(id).length)]));

  return new Map([...families].map(([id, family]) => [id, sumOf([...family].map((one) => own.get(one) ?? 0n))]));
}

function expectWithin(bound: bigint, actual: bigint, exact: Fraction | undefined): void {
  const { num, den } = minus(exact ?? fraction(0n), fraction(actual));
  expect(num < bound * den && num > -bound * den, `${num} / ${den} from exact, bound ${bound}`).to.equal(true);
}

/** Compares what everybody got in all with what it would be if nothing were ever rounded. */
function compareExactly({ models, paid, claimed, oracleOf }: World): void {
  for (const name of CURRENCIES) {
    const oracle = oracleOf(name);
    const exact = distributeExactly(models, paid.get(name) as Map<string, bigint>);
    const bounds = boundsOf(models, oracle);
    for (const { id } of models) {
      const bound = bounds.get(id) ?? 0n;
      expectWithin(bound, oracle.receivedOf(id), exact.received.get(id));
      for (const [holder, earned] of exact.earned.get(id) ?? []) {
        const had = claimed.get(name)?.get(`${id} ${holder}`) ?? 0n;
        expectWithin(bound, had + oracle.claimable(id, holder), earned);
      }
    }
    expectWithin(sumOf(bounds.values()), oracle.fees(), exact.fees);
  }
}

describe("RoyaltyLedger", () => {
  describe("any lineage, holdings and course of calls", () => {
    it("brings everybody, in every currency and to the unit, what the oracle says", async function () {
      this.timeout(10_000 + RUNS * 10_000);

      await fc.assert(
        fc.asyncProperty(course, async ({ models, actions }) => {
          const world = await createWorld(await networkHelpers.loadFixture(deployFixture), models);
          for (const action of actions) await act(world, action);
          await compare(world);
          await payOutEverything(world);
          await compare(world);
          await compareBalances(world);
        }),
        { numRuns: RUNS },
      );
    });

    it("is within the dust bound of what nobody has rounded, while no share moves and no edge ends", async function () {
      this.timeout(10_000 + RUNS * 10_000);

      await fc.assert(
        fc.asyncProperty(calmCourse, async ({ models, actions }) => {
          const world = await createWorld(await networkHelpers.loadFixture(deployFixture), models);
          for (const action of actions) await act(world, action as Action);
          for (const name of CURRENCIES) await world.cascade(name, world.ids.toReversed());
          await compare(world);
          compareExactly(world);
        }),
        { numRuns: Math.ceil(RUNS / 2) },
      );
    });
  });
});
