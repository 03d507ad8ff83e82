import { expect } from "chai";
import { dataSlice, getAddress, id } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { ascending, TOTAL_SHARES } from "../helpers/models.js";
import { createReference, distribute, type ReferenceModel } from "../helpers/reference.js";
import { CURRENCIES, deployLedger, openModel } from "./lineage.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/* What may happen. Indices are any numbers: they count round. */

const model = fc.nat();
const holder = fc.nat();
const currency = fc.constantFrom(...CURRENCIES);
const amount = fc.oneof(fc.bigInt(1n, 20n), fc.bigInt(1n, 10n ** 20n));

const plan = fc.record({
  models: fc.array(
    fc.record({
      feeBps: fc.integer({ min: 0, max: 250 }),
      edges: fc.array(fc.record({ parent: model, rateBps: fc.nat() }), { maxLength: 4 }),
      firstHolder: holder,
      cuts: fc.uniqueArray(fc.integer({ min: 1, max: Number(TOTAL_SHARES) - 1 }), { maxLength: 5 }),
    }),
    { minLength: 1, maxLength: 12 },
  ),
  actions: fc.array(
    fc.oneof(
      fc.record({ kind: fc.constant("pay" as const), model, currency, amount }),
      fc.record({ kind: fc.constant("cascade" as const), models: fc.array(model, { maxLength: 12 }), currency }),
      fc.record({ kind: fc.constant("claim" as const), holder, models: fc.array(model, { maxLength: 12 }), currency }),
      fc.record({ kind: fc.constant("transfer" as const), model, from: holder, to: holder, percent: fc.nat(100) }),
    ),
    { maxLength: 40 },
  ),
});

type Plan = typeof plan extends fc.Arbitrary<infer Value> ? Value : never;

/** An account that nobody has the key of. */
const addressOf = (name: string) => getAddress(dataSlice(id(name), 12));

async function deploy() {
  const protocol = await deployLedger(connection);
  const people = (await protocol.ethers.getSigners()).slice(10, 15);
  // Each claims to an address of its own, where no gas is paid. The last one never calls: others claim for it.
  const wallets = people.map((_, i) => addressOf(`wallet ${i}`));
  const silent = addressOf("silent");

  return {
    ...protocol,
    people,
    holders: [...people.map(({ address }) => address), silent],
    wallets: [...wallets, silent],
  };
}

type Protocol = Awaited<ReturnType<typeof deploy>>;

/** Opens the models of a plan; returns them as the reference takes them, parents before children. */
async function openModels({ ledger, governance, holders }: Protocol, plans: Plan["models"]): Promise<ReferenceModel[]> {
  const models: ReferenceModel[] = [];
  for (const { feeBps, edges, firstHolder, cuts } of plans) {
    const rates = new Map<string, number>();
    let left = 5_000;
    for (const { parent, rateBps } of models.length > 0 ? edges : []) {
      const { id } = models[parent % models.length];
      if (rates.has(id)) continue;
      rates.set(id, rateBps % (left + 1));
      left -= rateBps % (left + 1);
    }
    const ends = [0, ...cuts.toSorted((a, b) => a - b), Number(TOTAL_SHARES)];
    const holdings = ends
      .slice(1)
      .map((end, i) => ({ holder: holders[(firstHolder + i) % holders.length], units: end - ends[i] }));

    await ledger.connect(governance).setProtocolFee(feeBps);
    models.push({
      id: await openModel(ledger, { edges: [...rates].map(([parent, rateBps]) => ({ parent, rateBps })), holdings }),
      feeBps: BigInt(feeBps),
      edges: [...rates].map(([parent, rateBps]) => ({ parent, rateBps: BigInt(rateBps) })),
      shares: new Map(holdings.map(({ holder, units }) => [holder, BigInt(units)])),
    });
  }

  return models;
}

/** Plays a plan on the ledger and on a reference for each currency, then pays out everything on both. */
async function play(protocol: Protocol, { models: plans, actions }: Plan) {
  const { ledger, purses, people, holders, wallets } = protocol;
  const models = await openModels(protocol, plans);
  const references = { ETH: createReference(models), USDC: createReference(models) };
  const paid = { ETH: new Map<string, bigint>(), USDC: new Map<string, bigint>() };
  const claimed = { ETH: holders.map(() => 0n), USDC: holders.map(() => 0n) };
  const idsOf = (indices: number[]) => indices.map((index) => models[index % models.length].id);

  async function cascade(name: keyof typeof references, ids: string[]): Promise<void> {
    await ledger.cascade(ids, purses[name].currency);
    for (const id of ids) references[name].cascade(id);
  }

  async function claim(name: keyof typeof references, index: number, ids: string[]): Promise<void> {
    const owed = references[name].claim(ids, holders[index]);
    if (owed === 0n) return;

    const { currency } = purses[name];
    if (index === people.length) await ledger.claimFor(holders[index], ascending(ids), currency);
    else await ledger.connect(people[index]).claim(ascending(ids), currency, wallets[index]);
    claimed[name][index] += owed;
  }

  for (const action of actions) {
    if (action.kind === "pay") {
      const [id] = idsOf([action.model]);
      await purses[action.currency].pay(id, action.amount);
      references[action.currency].pay(id, action.amount);
      paid[action.currency].set(id, (paid[action.currency].get(id) ?? 0n) + action.amount);
    } else if (action.kind === "cascade") {
      await cascade(action.currency, idsOf(action.models));
    } else if (action.kind === "claim") {
      await claim(action.currency, action.holder % holders.length, [...new Set(idsOf(action.models))]);
    } else {
      const [id] = idsOf([action.model]);
      const from = action.from % people.length;
      const to = holders[action.to % holders.length];
      const units = (references.ETH.sharesOf(id, holders[from]) * BigInt(action.percent)) / 100n;
      await ledger.connect(people[from]).transfer(to, id, units);
      for (const reference of Object.values(references)) reference.transfer(id, holders[from], to, units);
    }
  }

  const ids = models.map(({ id }) => id);
  for (const name of CURRENCIES) {
    await cascade(name, ids.toReversed());
    for (const index of holders.keys()) await claim(name, index, ids);
    if (references[name].fees() > 0n) await ledger.collectFees(purses[name].currency);
  }

  return { models, references, paid, claimed };
}

describe("RoyaltyLedger", () => {
  describe("any lineage, holdings and course of events", () => {
    it("brings everybody, to the unit, what the reference says", async function () {
      this.timeout(120_000);

      await fc.assert(
        fc.asyncProperty(plan, async (course) => {
          const protocol = await networkHelpers.loadFixture(deploy);
          const { ledger, address, purses, holders, wallets } = protocol;
          const { models, references, paid, claimed } = await play(protocol, course);
          const sharesMoved = course.actions.some(({ kind }) => kind === "transfer");

          for (const name of CURRENCIES) {
            const { currency, balanceOf } = purses[name];
            const reference = references[name];
            const fees = reference.fees();

            expect(await Promise.all(wallets.map(balanceOf))).to.deep.equal(claimed[name]);
            expect(await balanceOf(address)).to.equal(sum(paid[name].values()) - sum(claimed[name]) - fees);

            // The same by a single look at each model: order and time do not matter, unless shares move.
            const expected = distribute(models, paid[name]);
            expect(fees).to.equal(expected.fees);
            for (const { id } of models) {
              const { received } = await ledger.booksOf(id, currency);
              expect(received)
                .to.equal(reference.receivedBy(id))
                .and.to.equal(expected.received.get(id) ?? 0n);
            }
            if (!sharesMoved) {
              expect(claimed[name]).to.deep.equal(holders.map((account) => expected.earned.get(account) ?? 0n));
            }
          }
        }),
        { numRuns: 60 },
      );
    });
  });
});

function sum(amounts: Iterable<bigint>): bigint {
  return [...amounts].reduce((total, units) => total + units, 0n);
}
