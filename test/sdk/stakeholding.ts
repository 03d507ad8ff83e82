import { expect } from "chai";
import { id, parseEther, parseUnits } from "ethers";
import { InvalidArgument } from "../../sdk/src/index.js";
import { DAY } from "../helpers/protocol.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";

/** WEAL for one ETH of fees. */
const PER_ETH = 2_000n;
const EPOCH = 30 * DAY;

describe("SDK stakeholding", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let parent: string;
  let child: string;

  before(async () => {
    sdk = await deploySdk();
    const { networkHelpers, ethers } = sdk.connection;
    const timelock = String(sdk.timelock.target);
    await networkHelpers.impersonateAccount(timelock);
    await networkHelpers.setBalance(timelock, parseEther("1"));
    await sdk.stakeholding.connect(await ethers.getSigner(timelock)).setRate(ethers.ZeroAddress, PER_ETH * 10n ** 18n);
    parent = await registerFor(sdk.accounts.alice.address, sdk.alice, { salt: id("parent") });
    child = await registerFor(sdk.accounts.bob.address, sdk.bob, {
      salt: id("child"),
      parents: [{ model: parent, rateBps: 2_000, relation: "fineTune" }],
    });
  });

  let restore: () => Promise<void>;
  beforeEach(async () => {
    ({ restore } = await sdk.connection.networkHelpers.takeSnapshot());
  });
  afterEach(() => restore());

  describe("award", () => {
    it("pays a lineage for its fees, children first, whatever the order of the list", async () => {
      await sdk.carol.royalties.pay({ model: child, currency: "ETH", amount: "10" });
      // 1 % of what stays: 8 ETH with the child, 2 ETH with the parent.
      const fees = { child: parseEther("0.08"), parent: parseEther("0.02") };

      const { awards } = await sdk.carol.stakeholding.award({ models: [parent, child], currency: "ETH" });

      expect(awards).to.deep.equal([
        { model: child, fees: fees.child, weal: fees.child * PER_ETH },
        { model: parent, fees: fees.parent, weal: fees.parent * PER_ETH },
      ]);
      // WEAL is income like any other: a fifth of the child's goes on, and 1 % of what stays is a fee.
      const weal = String(sdk.weal.target);
      const { received } = await sdk.reader.royalties.booksOf({ model: child, currency: weal });
      expect(received).to.equal(fees.child * PER_ETH);
      const { amount } = await sdk.bob.royalties.claim({ models: [child], currency: weal });
      expect(amount).to.equal((((received * 8n) / 10n) * 99n) / 100n);
      expect((await sdk.carol.stakeholding.award({ models: [child], currency: "ETH" })).awards).to.deep.equal([]);
    });

    it("refuses a currency without a rate, no models, and what is no model", async () => {
      const { award } = sdk.carol.stakeholding;
      const { address } = sdk.accounts.carol;

      await expectRefusal(award({ models: [child], currency: sdk.usdcAddress }), "RateZero", {
        currency: sdk.usdcAddress,
      });
      await expectRefusal(award({ models: [address], currency: "ETH" }), "ModelNotOpened", { model: address });
      await failureOf(InvalidArgument, award({ models: [], currency: "ETH" }));
    });
  });

  describe("waiting", () => {
    it("tells fees that were not counted, and what they earn", async () => {
      const waiting = () => sdk.reader.stakeholding.waiting({ model: child, currency: "ETH" });
      expect(await waiting()).to.deep.equal({ fees: 0n, weal: 0n });

      await sdk.carol.royalties.pay({ model: child, currency: "ETH", amount: "10" });
      expect(await waiting()).to.deep.equal({ fees: 0n, weal: 0n });
      await sdk.carol.royalties.cascade({ models: [child], currency: "ETH" });
      expect(await waiting()).to.deep.equal({ fees: parseEther("0.08"), weal: parseEther("160") });
      await sdk.carol.stakeholding.award({ models: [child], currency: "ETH" });
      expect(await waiting()).to.deep.equal({ fees: 0n, weal: 0n });
    });
  });

  describe("budget", () => {
    it("tells what is left of epoch and reserve, and the rates", async () => {
      const [cap, reserve] = [parseUnits("1000000", 18), parseUnits("100000000", 18)];
      const before = await sdk.reader.stakeholding.budget();
      const timestamp = await sdk.connection.networkHelpers.time.latest();

      expect(before).to.deep.include({ available: cap, epochCap: cap, reserve });
      expect(before.epochEndsAt)
        .to.be.greaterThan(timestamp)
        .and.at.most(timestamp + EPOCH);
      expect(before.epochEndsAt % EPOCH).to.equal(0);
      expect(before.rates).to.deep.equal([
        { currency: "ETH", rate: PER_ETH * 10n ** 18n },
        { currency: String(sdk.weal.target), rate: 0n },
        { currency: sdk.usdcAddress, rate: 0n },
      ]);

      await sdk.carol.royalties.pay({ model: parent, currency: "ETH", amount: "10" });
      await sdk.carol.stakeholding.award({ models: [parent], currency: "ETH" });
      const paid = parseEther("200");
      expect(await sdk.reader.stakeholding.budget()).to.deep.include({
        available: cap - paid,
        reserve: reserve - paid,
      });
    });
  });
});
