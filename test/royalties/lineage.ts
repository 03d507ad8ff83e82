import { expect } from "chai";
import { network } from "hardhat";
import { ascending } from "../helpers/models.js";
import { distribute, type ReferenceModel } from "../helpers/reference.js";
import { CURRENCIES, deployLedger, FEE_BPS, openModel } from "./lineage.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** Seven models on five levels; the data set is an ancestor of the product by four ways. */
const LINEAGE = {
  dataset: { parents: {}, shares: { alice: 333_333, bob: 666_667 } },
  code: { parents: {}, shares: { carol: 1_000_000 } },
  base: { parents: { dataset: 1_234, code: 1 }, shares: { alice: 999_999, carol: 1 } },
  adapter: { parents: { base: 2_999, dataset: 501 }, shares: { bob: 142_857, dave: 857_143 } },
  quantized: { parents: { base: 777, code: 0 }, shares: { dave: 500_001, erin: 499_999 } },
  merge: { parents: { adapter: 1_667, quantized: 3_333 }, shares: { erin: 1_000_000 } },
  product: { parents: { merge: 4_099, dataset: 901 }, shares: { alice: 1, bob: 10, carol: 100, dave: 999_889 } },
} satisfies Record<string, { parents: Record<string, number>; shares: Record<string, number> }>;

type Name = keyof typeof LINEAGE;
const NAMES = Object.keys(LINEAGE) as Name[];

async function deploy() {
  const protocol = await deployLedger(connection);
  const accounts = (await protocol.ethers.getSigners()).slice(10);
  const people = Object.fromEntries(
    ["alice", "bob", "carol", "dave", "erin"].map((name, i) => [name, accounts[i].address]),
  );
  const ids = {} as Record<Name, string>;
  const models: ReferenceModel[] = [];
  for (const name of NAMES) {
    const edges = Object.entries(LINEAGE[name].parents).map(([parent, rateBps]) => ({
      parent: ids[parent as Name],
      rateBps,
    }));
    const holdings = Object.entries(LINEAGE[name].shares).map(([person, units]) => ({ holder: people[person], units }));
    ids[name] = await openModel(protocol.ledger, { edges, holdings });
    models.push({
      id: ids[name],
      feeBps: FEE_BPS,
      edges: edges.map(({ parent, rateBps }) => ({ parent, rateBps: BigInt(rateBps) })),
      shares: new Map(holdings.map(({ holder, units }) => [holder, BigInt(units)])),
    });
  }

  return { ...protocol, people: Object.values(people), ids, models };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("a lineage of five levels", () => {
    for (const name of CURRENCIES) {
      for (const amount of [1n, 10_001n, 999_999_999_999_999_989n]) {
        it(`brings ${amount} units of ${name} to every contributor and ancestor, to the unit`, async () => {
          const { ledger, address, purses, governance, people, ids, models } = await fixture();
          const { currency, pay, balanceOf } = purses[name];
          const expected = distribute(models, new Map([[ids.product, amount]]));
          const accounts = [...people, governance.address, address];
          const before = await Promise.all(accounts.map(balanceOf));

          await pay(ids.product, amount);
          await ledger.cascade(
            NAMES.toReversed().map((model) => ids[model]),
            currency,
          );
          for (const person of people) {
            if ((expected.earned.get(person) ?? 0n) === 0n) continue;
            await ledger.claimFor(person, ascending(Object.values(ids)), currency);
          }
          if (expected.fees > 0n) await ledger.collectFees(currency);

          const after = await Promise.all(accounts.map(balanceOf));
          const earned = people.map((person) => expected.earned.get(person) ?? 0n);
          const paidOut = earned.reduce((sum, units) => sum + units, expected.fees);
          expect(after.map((balance, i) => balance - before[i])).to.deep.equal([
            ...earned,
            expected.fees,
            amount - paidOut,
          ]);
          for (const { id } of models) {
            expect((await ledger.booksOf(id, currency)).received).to.equal(expected.received.get(id) ?? 0n);
          }
        });
      }
    }

    it("ends the same whoever is paid first and in whatever order it is cascaded", async () => {
      const { ledger, purses, people, models } = await fixture();
      const { currency, pay } = purses.ETH;
      const paid = new Map(models.map(({ id }, i) => [id, 1_000_003n * BigInt(i + 1)]));
      const expected = distribute(models, paid);

      // Parents first and one at a time: each round brings money one level up.
      for (const [id, amount] of paid) await pay(id, amount);
      for (let level = 0; level < 5; ++level) {
        for (const { id } of models) await ledger.cascade([id], currency);
      }

      for (const person of people) {
        const owed = await Promise.all(models.map(({ id }) => ledger.claimable(person, id, currency)));
        expect(owed.reduce((sum, units) => sum + units)).to.equal(expected.earned.get(person));
      }
      expect(await ledger.collectableFees(currency)).to.equal(expected.fees);
    });
  });
});
