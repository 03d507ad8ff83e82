import { expect } from "chai";
import { parseEther } from "ethers";
import type { Registration } from "../../sdk/src/index.js";
import { deploySdk, registerFor } from "./helpers.js";

const GWEI = 10n ** 9n;
const USDC = 1_000_000n;
const FREE = { gasPrice: 0n };

/** What the plan takes for a claim of one model that never paid Alice, and for a transaction around such. */
const CLAIM = 38_000n;
const TRANSACTION = 110_000n;

describe("SDK plans and what they are worth", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let usdc: string;
  let holder: string;

  beforeEach(async () => {
    sdk = await deploySdk();
    usdc = sdk.usdcAddress;
    holder = sdk.accounts.alice.address;
    await sdk.usdc.mint(sdk.accounts.carol, 1_000n * USDC);
  });

  const alices = (options: Partial<Registration> = {}) => registerFor(holder, sdk.alice, options);
  const plan = (options: Parameters<typeof sdk.reader.royalties.plan>[0] = {}) =>
    sdk.reader.royalties.plan({ holder, ...options });
  const pay = (model: string, amount: bigint, currency = "ETH") => sdk.carol.royalties.pay({ model, currency, amount });

  it("compare ETH with its gas, to the wei", async () => {
    const model = await alices();
    await pay(model, parseEther("1"));
    const amount = parseEther("0.99");
    const gas = CLAIM + TRANSACTION;

    const worth = await plan({ gasPrice: amount / gas });
    expect(worth.steps).to.deep.equal([{ kind: "claim", currency: "ETH", models: [model], amount, gas }]);
    expect(worth.skipped).to.deep.equal([]);
    expect(worth).to.deep.include({ totals: [{ currency: "ETH", amount }], gas });

    const worthless = await plan({ gasPrice: amount / gas + 1n });
    expect(worthless).to.deep.include({ steps: [], totals: [], gas: 0n });
    expect(worthless.skipped).to.deep.equal([{ kind: "claim", currency: "ETH", model, amount, gas: CLAIM }]);
  });

  it("ask the node for the price of gas", async () => {
    const model = await alices();
    await pay(model, 10_000n);

    const { steps, skipped } = await plan();
    expect(steps).to.deep.equal([]);
    expect(skipped).to.deep.equal([{ kind: "claim", currency: "ETH", model, amount: 9_900n, gas: CLAIM }]);

    await pay(model, parseEther("1"));
    expect((await plan()).steps).to.have.length(1);
  });

  it("count what a transaction costs beside what is in it", async () => {
    // Each pays for its own gas, and not for a transaction that has fewer than five of them.
    const price = 3n;
    const amount = (CLAIM + TRANSACTION / 5n) * price;
    const [cheap, enough] = [[] as string[], [] as string[]];
    for (let i = 0; i < 4; ++i) cheap.push(await alices());
    // A hundredth is the protocol's.
    for (const model of cheap) await pay(model, (amount * 100n) / 99n + 1n);

    const worthless = await plan({ gasPrice: price });
    expect(worthless.steps).to.deep.equal([]);
    expect(worthless.skipped.map(({ model }) => model)).to.have.members(cheap);

    enough.push(...cheap, await alices());
    await pay(enough[4], (amount * 100n) / 99n + 1n);
    const worth = await plan({ gasPrice: price });
    expect(worth.skipped).to.deep.equal([]);
    expect(worth.steps.map(({ models }) => models.toSorted())).to.deep.equal([enough.toSorted()]);
  });

  describe("a cascade", () => {
    let parent: string;
    let child: string;

    beforeEach(async () => {
      parent = await alices();
      child = await registerFor(sdk.accounts.bob.address, sdk.bob, {
        parents: [{ model: parent, rateBps: 1_000, relation: "fineTune" }],
      });
    });

    it("is left for later when it brings less than its gas, and the claim is not", async () => {
      await pay(parent, parseEther("1"));
      await pay(child, 1_000_000n);

      const { steps, skipped, totals } = await plan({ gasPrice: GWEI });
      expect(steps.map(({ kind }) => kind)).to.deep.equal(["claim"]);
      expect(totals).to.deep.equal([{ currency: "ETH", amount: parseEther("0.99") }]);
      expect(skipped).to.have.length(1);
      const [{ gas, amount, ...rest }] = skipped;
      expect(rest).to.deep.equal({ kind: "cascade", currency: "ETH", model: child });
      expect(amount).to.equal(99_000n);
      expect(gas).to.be.within(20_000n, 60_000n);
    });

    it("is left for later when it pays for itself and not for its transaction", async () => {
      await pay(parent, parseEther("1"));
      const [{ gas }] = (await plan(FREE)).steps;
      expect(gas).to.equal(CLAIM + TRANSACTION);
      // By cascading the parent gains 40,000 gas at 1 wei.
      await pay(child, 410_000n);

      const { steps, skipped } = await plan({ gasPrice: 1n });
      expect(steps.map(({ kind }) => kind)).to.deep.equal(["claim"]);
      expect(skipped.map(({ kind, model }) => [kind, model])).to.deep.equal([["cascade", child]]);
    });

    it("is done when it brings more", async () => {
      await pay(child, parseEther("1"));

      const { steps, skipped, totals } = await plan({ gasPrice: GWEI });
      expect(steps.map(({ kind, models }) => [kind, models])).to.deep.equal([
        ["cascade", [child]],
        ["claim", [parent]],
      ]);
      expect(skipped).to.deep.equal([]);
      expect(totals).to.deep.equal([{ currency: "ETH", amount: parseEther("0.099") }]);
    });
  });

  describe("of an ERC-20", () => {
    let model: string;

    beforeEach(async () => {
      model = await alices();
      await pay(model, USDC, usdc);
    });

    it("take all if nobody names a price, and the right side of it if somebody does", async () => {
      expect((await plan({ gasPrice: 1_000n * GWEI })).totals).to.deep.equal([{ currency: usdc, amount: 990_000n }]);

      // 0.99 coins for 148,000 gas at 1 gwei.
      const price = ((CLAIM + TRANSACTION) * GWEI * USDC) / 990_000n + 1n;
      const worth = await plan({ gasPrice: GWEI, prices: { [usdc.toLowerCase()]: price } });
      expect(worth.totals).to.deep.equal([{ currency: usdc, amount: 990_000n }]);
      const worthless = await plan({ gasPrice: GWEI, prices: { [usdc]: price - 2n } });
      expect(worthless.totals).to.deep.equal([]);
      expect(worthless.skipped).to.deep.equal([{ kind: "claim", currency: usdc, model, amount: 990_000n, gas: CLAIM }]);
    });

    it("are for that currency alone", async () => {
      await pay(model, parseEther("1"));

      const { totals, skipped } = await plan({ gasPrice: GWEI, prices: { [usdc]: 1n } });
      expect(totals).to.deep.equal([{ currency: "ETH", amount: parseEther("0.99") }]);
      expect(skipped.map(({ currency }) => currency)).to.deep.equal([usdc]);
    });
  });

  describe("of gas", () => {
    let parents: string[];

    beforeEach(async () => {
      parents = [];
      for (let i = 0; i < 16; ++i) parents.push(await alices());
    });

    /** Has Bob register children of Alice's 16 models, one rate each. */
    const child = (rates: readonly number[]) =>
      registerFor(sdk.accounts.bob.address, sdk.bob, {
        parents: rates.map((rateBps, i) => ({ model: parents[i], rateBps, relation: "merge" })),
      });

    async function expectEnough() {
      const { plan: done, transactions } = await sdk.alice.royalties.claimAll(FREE);
      expect(transactions).to.have.length(2);
      for (const [i, { gas }] of done.steps.entries()) expect(transactions[i].receipt.gasUsed).to.be.at.most(gas);
    }

    for (const currency of ["ETH", "USDC"]) {
      it(`think of parents that never had any ${currency}`, async () => {
        await pay(await child(parents.map(() => 300)), 1_000_000n, currency === "ETH" ? "ETH" : usdc);

        await expectEnough();
      });
    }

    it("think of edges that carry nothing", async () => {
      for (let i = 0; i < 5; ++i) await pay(await child([300, ...Array(15).fill(0)]), 1_000_000n);

      await expectEnough();
    });
  });

  it("are what claimAll does: what is not worth it stays", async () => {
    const [model, other] = [await alices(), await alices()];
    await pay(model, parseEther("1"));
    await pay(other, 10_000n);

    const { plan: done, totals } = await sdk.alice.royalties.claimAll({ gasPrice: GWEI });
    expect(done.skipped.map((skipped) => skipped.model)).to.deep.equal([other]);
    expect(totals).to.deep.equal([{ currency: "ETH", amount: parseEther("0.99") }]);
    const left = await sdk.reader.royalties.claimable({ holder, models: [model, other], currency: "ETH" });
    expect(left.total).to.equal(9_900n);

    const nothing = await sdk.alice.royalties.claimAll({ gasPrice: GWEI });
    expect(nothing.transactions).to.deep.equal([]);
    expect(nothing.plan.skipped).to.deep.equal(done.skipped);
  });
});
