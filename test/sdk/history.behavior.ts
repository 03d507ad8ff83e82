import { expect } from "chai";
import { getAddress, id, ZeroAddress } from "ethers";
import { everyItem, type HistoryReader, type StatementEntry } from "../../sdk/src/history/index.js";
import type { Story } from "./history.support.js";

/** What each reader of a story must answer; figures are worked out beside them, from the story alone. */
export function shouldTellTheStory(get: () => { story: Story; history: HistoryReader }) {
  let story: Story;
  let history: HistoryReader;
  let [alice, bob, carol]: string[] = [];

  before(() => {
    ({ story, history } = get());
    [alice, bob, carol] = [story.accounts.alice, story.accounts.bob, story.accounts.carol].map(
      ({ address }) => address,
    );
  });

  describe("listModels", () => {
    it("tells of all models what the registry tells", async () => {
      const { items, next, asOf } = await history.listModels();

      expect(next).to.equal(undefined);
      expect(items.map(({ model, number }) => [model, number])).to.deep.equal([
        [story.base, 1],
        [story.child, 2],
      ]);
      for (const { publisher: _, registered, ...item } of items) {
        expect(item).to.deep.equal(await story.reader.registry.get({ model: item.model }));
        const block = await story.connection.ethers.provider.getBlock(registered.block);
        expect(block?.timestamp).to.equal(registered.time);
        expect(block?.transactions).to.include(registered.transaction);
      }
      expect(items.map(({ publisher }) => publisher)).to.deep.equal([alice, bob]);
      const head = await story.connection.ethers.provider.getBlock("latest");
      expect(asOf).to.deep.equal({ block: head?.number, hash: head?.hash, time: head?.timestamp });
    });

    it("tells those of a kind, and those that somebody owns now", async () => {
      const of = async (options: Parameters<HistoryReader["listModels"]>[0]) =>
        (await history.listModels(options)).items.map(({ model }) => model);

      expect(await of({ kind: "dataset" })).to.deep.equal([story.base]);
      expect(await of({ kind: "code" })).to.deep.equal([]);
      expect(await of({ owner: alice })).to.deep.equal([story.base, story.child]);
      expect(await of({ owner: bob })).to.deep.equal([]);
      expect(await of({ owner: alice, kind: "model" })).to.deep.equal([story.child]);
    });

    it("tells them page by page", async () => {
      const first = await history.listModels({ limit: 1 });
      const second = await history.listModels({ limit: 1, after: first.next });
      expect([...first.items, ...second.items]).to.deep.equal((await history.listModels()).items);
      expect(second.next).to.equal(undefined);

      const models: string[] = [];
      for await (const { model } of everyItem((page) => history.listModels({ ...page, limit: 1 }))) models.push(model);
      expect(models).to.deep.equal([story.base, story.child]);
    });
  });

  describe("historyOf", () => {
    it("tells in order what happened to a model", async () => {
      const { items } = await history.historyOf({ model: story.child });
      const { sent } = story;

      expect(items.map(({ event }) => event)).to.deep.equal([
        ...["modelOpened", "sharesTransferred", "modelRegistered", "versionPublished", "ownerChanged"],
        ...["paid", "cascaded", "royaltyPassed", "offerPosted", "licenseBought", "paid"],
        ...["channelOpened", "voucherRedeemed", "paid", "swept"],
        ...["versionPublished", "versionWithdrawn", "derivativeTermsUpdated", "ownerChanged", "reportFiled"],
        ...["booksClosed", "cascaded", "royaltyPassed", "booksClosed", "edgeRetired", "paid"],
      ]);
      const paid = items.find(({ transaction }) => transaction === sent.pay.transaction);
      expect(paid).to.deep.include({
        ...{ event: "paid", model: story.child, currency: "ETH", payer: carol, amount: 1_000_003n },
        ...sent.pay,
      });
      const passed = items.find(
        ({ transaction, event }) => transaction === sent.retire.transaction && event === "royaltyPassed",
      );
      // A fifth of 20 + 3 + 4.000001 USDC, rounded down.
      expect(passed).to.deep.include({ parent: story.base, currency: story.usdc, amount: 5_400_000n, ...sent.retire });
      expect(items.find(({ event }) => event === "licenseBought")).to.deep.include({
        ...{ recipient: carol, payer: carol, price: 20_000_000n, periods: 1, policyVersion: 1, ...sent.buy },
      });
      expect(items.find(({ event }) => event === "voucherRedeemed")).to.deep.include({
        ...{ channelId: story.channelId, host: story.dave, amount: 4_000_000n, hostPart: 1_000_000n, calls: 7 },
      });
      expect(items.find(({ event }) => event === "reportFiled")).to.deep.include({
        ...{ version: 2, reporter: carol, ...sent.report },
        reason: { ground: "lineage", clause: 0, policyVersion: 0, evidenceDigest: id("evidence") },
      });
    });

    it("tells of shares that were set aside and taken, and of royalties from children", async () => {
      const { items } = await history.historyOf({ model: story.base });
      const found = (name: string) => items.filter(({ event }) => event === name);

      expect(found("sharesAllocated")).to.have.length(1);
      expect(found("sharesAllocated")[0]).to.deep.include({
        ...{ allocation: 1n, units: 100_000, root: story.tree.root, uri: "ipfs://tree", model: story.base },
      });
      expect(found("sharesClaimed")[0]).to.deep.include({
        model: story.base,
        allocation: 1n,
        ...story.sent.claimShares,
      });
      expect(found("positionHandedOver")[0]).to.deep.include({ from: bob, to: story.dave, units: 200_000 });
      expect(found("royaltyPassed").map((event) => Reflect.get(event, "amount"))).to.deep.equal([200_000n, 5_400_000n]);
    });

    it("tells it page by page", async () => {
      const { items: all } = await history.historyOf({ model: story.child });
      const items: unknown[] = [];
      for await (const item of everyItem((page) => history.historyOf({ ...page, model: story.child, limit: 4 }))) {
        items.push(item);
      }
      expect(items).to.deep.equal(all);
    });

    it("knows no other models", async () => {
      const error = await history.historyOf({ model: carol }).catch(String);
      expect(error).to.match(/ModelNotOpened/);
    });
  });

  describe("sharesOf", () => {
    it("tells who holds a model's shares, those that are set aside as such", async () => {
      const { items } = await history.sharesOf({ model: story.base });

      const allocation = getAddress(`0x${"1".padStart(40, "0")}`);
      const set = { allocation: 1n, root: story.tree.root, uri: "ipfs://tree" };
      expect(items).to.have.deep.members([
        { model: story.base, holder: allocation, units: 40_000, ...set },
        { model: story.base, holder: alice, units: 600_000 },
        { model: story.base, holder: carol, units: 160_000 },
        { model: story.base, holder: story.dave, units: 200_000 },
      ]);
      for (const { model, holder, units } of items) {
        expect(await story.ledger.balanceOf(holder, model)).to.equal(BigInt(units));
      }
    });

    it("tells which shares somebody holds", async () => {
      const of = async (holder: string) => (await history.sharesOf({ holder })).items;

      expect(await of(bob)).to.deep.equal([{ model: story.child, holder: bob, units: 1_000_000 }]);
      expect(await of(story.usdc)).to.deep.equal([]);
    });
  });

  describe("lineageOf", () => {
    it("tells of both sides, with edges as they were agreed", async () => {
      const { base, child, until } = story;
      const edge = { child, parent: base, rateBps: 2_000, until, retired: true, relation: "trainedOn" };

      const { asOf: _, ...ofChild } = await history.lineageOf({ model: child });
      expect(ofChild).to.deep.equal({ model: child, ancestors: [base], descendants: [], edges: [edge] });
      const { asOf: __, ...ofBase } = await history.lineageOf({ model: base });
      expect(ofBase).to.deep.equal({ model: base, ancestors: [], descendants: [child], edges: [edge] });
    });
  });

  describe("statementOf", () => {
    const linesOf = (entries: readonly StatementEntry[]) =>
      entries.map(({ block: _, time: __, transaction: ___, logIndex: ____, ...line }) => line);

    it("tells a holder's income, fees and shares, to the unit", async () => {
      const { base, child, usdc, dave, sent } = story;
      const { entries, balances, currencies } = await history.statementOf({ account: bob });
      const income = (model: string, currency: string, amount: bigint, fee: bigint, source: string, from: string) => ({
        ...{ kind: "income", model, currency, amount, fee, source, counterparty: from },
      });

      expect(linesOf(entries)).to.deep.equal([
        { kind: "sharesIn", model: base, units: 300_000, counterparty: ZeroAddress },
        { kind: "sharesIn", model: child, units: 1_000_000, counterparty: ZeroAddress },
        // Of 1,000,003: 200,000 for the parent, a hundredth of the rest is fee.
        income(child, "ETH", 792_003n, 8_000n, "payment", carol),
        // Three tenths of 200,000.
        income(base, "ETH", 59_400n, 600n, "royalty", child),
        { kind: "sharesOut", model: base, units: 100_000, counterparty: carol },
        // A fifth of 10 USDC.
        income(base, usdc, 1_980_000n, 20_000n, "payment", carol),
        { kind: "sharesOut", model: base, units: 200_000, counterparty: dave },
        { kind: "carriedOut", model: base, currency: "ETH", amount: 59_400n, counterparty: dave },
        { kind: "carriedOut", model: base, currency: usdc, amount: 1_980_000n, counterparty: dave },
        // Four fifths of 20, of 3 and of 4.000001 USDC, whose fractions add up.
        income(child, usdc, 15_840_000n, 160_000n, "license", String(story.licenseStore.target)),
        income(child, usdc, 2_376_000n, 24_000n, "usage", String(story.usageChannels.target)),
        income(child, usdc, 3_168_001n, 32_000n, "deposit", story.deposit),
        // There is no parent any more.
        income(child, "ETH", 99n, 1n, "payment", carol),
      ]);
      expect(entries[2]).to.include(sent.pay);
      expect(entries[12]).to.include(sent.payLast);
      expect(balances).to.deep.equal([
        balance(child, "ETH", { income: 792_102n, fee: 8_001n, closing: 792_102n }),
        balance(base, "ETH", { income: 59_400n, fee: 600n, carriedOut: 59_400n }),
        balance(base, usdc, { income: 1_980_000n, fee: 20_000n, carriedOut: 1_980_000n }),
        balance(child, usdc, { income: 21_384_001n, fee: 216_000n, closing: 21_384_001n }),
      ]);
      expect(currencies).to.have.deep.members([
        { currency: "ETH", symbol: "ETH", decimals: 18 },
        { currency: usdc, symbol: "USDC", decimals: 6 },
      ]);
    });

    it("tells what was carried with shares, and what was claimed", async () => {
      const { base, usdc } = story;
      const ofCarol = await history.statementOf({ account: carol });
      expect(linesOf(ofCarol.entries).filter(({ kind }) => kind === "carriedIn")).to.deep.equal([
        // 60,000 shares of 198,000 wei and of 9.9 USDC.
        {
          kind: "carriedIn",
          model: base,
          currency: "ETH",
          amount: 11_880n,
          counterparty: `0x${"1".padStart(40, "0")}`,
        },
        {
          kind: "carriedIn",
          model: base,
          currency: usdc,
          amount: 594_000n,
          counterparty: `0x${"1".padStart(40, "0")}`,
        },
      ]);

      const ofAlice = await history.statementOf({ account: alice });
      const claim = ofAlice.entries.find(({ kind }) => kind === "claim");
      expect(claim).to.include({
        model: base,
        currency: "ETH",
        amount: 118_800n,
        counterparty: story.dave,
        ...story.sent.claim,
      });
    });

    it("tells a host's parts, from shared addresses and from channels", async () => {
      const { dave, usdc, child, deposit, channelId, sent } = story;
      const { entries, hostBalances } = await history.statementOf({ account: dave, from: story.halfTime });

      expect(
        entries.filter(({ kind }) => kind.startsWith("host")).map(({ logIndex: _, ...entry }) => entry),
      ).to.deep.equal([
        {
          ...sent.redeem,
          kind: "hostIncome",
          model: child,
          currency: usdc,
          amount: 1_000_000n,
          place: "channels",
          counterparty: channelId,
        },
        {
          ...sent.payHost,
          kind: "hostClaim",
          currency: usdc,
          amount: 1_000_000n,
          place: "channels",
          counterparty: dave,
        },
        {
          ...sent.sweepHosted,
          kind: "hostIncome",
          model: child,
          currency: usdc,
          amount: 1_000_000n,
          place: "deposit",
          counterparty: deposit,
        },
      ]);
      expect(hostBalances).to.deep.equal([
        { place: "channels", currency: usdc, opening: 0n, income: 1_000_000n, claimed: 1_000_000n, closing: 0n },
        {
          place: "deposit",
          deposit,
          currency: usdc,
          opening: 0n,
          income: 1_000_000n,
          claimed: 0n,
          closing: 1_000_000n,
        },
      ]);
    });

    it("begins with what could be claimed then, and ends before its end", async () => {
      const { halfTime, base, child, sent } = story;
      const of = (options: { from?: Date | number; to?: Date | number }) =>
        history.statementOf({ account: bob, ...options });
      const all = (await of({})).entries;
      const late = await of({ from: halfTime });

      expect([...(await of({ to: halfTime })).entries, ...late.entries]).to.deep.equal(all);
      expect(late.balances.find(({ model, currency }) => model === child && currency === "ETH")).to.deep.equal(
        balance(child, "ETH", { opening: 792_003n, income: 99n, fee: 1n, closing: 792_102n }),
      );
      expect(late.balances.find(({ model }) => model === base)).to.deep.equal(balance(base, "ETH", {}));
      // Half-open: the second of a payment belongs to what begins with it.
      const { time } = sent.pay;
      expect((await of({ from: time, to: time + 1 })).entries).to.deep.equal(
        all.filter((entry) => entry.time === time),
      );
      expect((await of({ from: time, to: time })).entries).to.deep.equal([]);
      const year = 365 * 86_400;
      expect((await of({ from: time + year, to: time + 2 * year })).entries).to.deep.equal([]);
      expect(await of({ from: new Date(halfTime * 1_000) })).to.deep.equal(late);
    });

    it("is empty for whoever never had anything to do with it", async () => {
      const { entries, balances, hostBalances, currencies } = await history.statementOf({ account: story.usdc });
      expect({ entries, balances, hostBalances, currencies }).to.deep.equal({
        ...{ entries: [], balances: [], hostBalances: [], currencies: [] },
      });
    });

    it("asks for sensible times", async () => {
      const of = (from: number, to: number) => history.statementOf({ account: bob, from, to }).catch(String);

      expect(await of(10, 9)).to.match(/InvalidArgument|to must be|not before/i);
      expect(await of(1.5, 9)).to.match(/whole seconds/);
    });
  });
}

function balance(model: string, currency: string, changes: Record<string, bigint>) {
  const none = { opening: 0n, income: 0n, fee: 0n, claimed: 0n, carriedIn: 0n, carriedOut: 0n, closing: 0n };

  return { model, currency, ...none, ...changes };
}
