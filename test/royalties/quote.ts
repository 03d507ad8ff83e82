import { expect } from "chai";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { deployLens } from "./quote.support.js";
import { MAX_RECEIVED, SYMBOLS } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** A diamond with a tail: the root is an ancestor of the product by three ways, one of them direct. */
async function deploy() {
  const context = await deployLens(connection);
  const { open, governed } = context;
  const root = await open();
  const left = await open({ parents: [[root, 1_234]] });
  await governed.setProtocolFee(250);
  const right = await open({ parents: [[root, 4_999]] });
  await governed.setProtocolFee(0);
  const product = await open({
    parents: [
      [left, 3_001],
      [right, 777],
      [root, 13],
    ],
  });

  return { ...context, root, left, right, product };
}

const fixture = () => networkHelpers.loadFixture(deploy);

const AMOUNTS = [0n, 1n, 2n, 3n, 99n, 10_000n, 10_001n, 999_999_999_999_999_989n];

describe("RoyaltyLens", () => {
  describe("quote", () => {
    it("says in figures calculated by hand who gets what", async () => {
      const { lens, open, alice } = await fixture();
      const parent = await open();
      const child = await open({ parents: [[parent, 2_500]], holdings: [[alice.address, 1_000_000n]] });

      // Of 1,001: U = ⌊250.25⌋ = 250; H = 751. This model's fee is 0, its parent's too.
      expect(await lens.quote(child, ETH, 1_001n)).to.deep.equal([
        [child, 1_001n, 751n, 0n],
        [parent, 250n, 250n, 0n],
      ]);
    });

    it("says the fee of each model", async () => {
      const { lens, open, governed } = await fixture();
      await governed.setProtocolFee(100);
      const parent = await open();
      await governed.setProtocolFee(250);
      const child = await open({ parents: [[parent, 2_500]] });

      // Of 1,001: H = 751, F = ⌊18.775⌋; of 250: F = ⌊2.5⌋.
      expect(await lens.quote(child, ETH, 1_001n)).to.deep.equal([
        [child, 1_001n, 733n, 18n],
        [parent, 250n, 248n, 2n],
      ]);
    });

    for (const symbol of SYMBOLS) {
      it(`is to the unit what a payment in ${symbol} and a cascade bring, in a fresh lineage`, async () => {
        const { expectQuoted, currencyOf, product, left, right, root } = await fixture();

        for (const amount of AMOUNTS) {
          for (const model of [product, left, right, root]) await expectQuoted(model, currencyOf(symbol), amount);
        }
        const { quoted } = await expectQuoted(product, currencyOf(symbol), 10_000n);
        expect(quoted.map(({ model }) => model)).to.deep.equal([product, right, left, root]);
      });

      it(`is so in ${symbol} when income waits at several levels`, async () => {
        const { ledger, expectQuoted, currencyOf, pay, product, left, right, root } = await fixture();
        const currency = currencyOf(symbol);

        for (const [model, amount, cascaded] of [
          [product, 1_003n, []],
          [left, 77n, [left]],
          [product, 12n, [product]],
          [right, 9_999n, []],
          [root, 5n, [root]],
          [product, 10_007n, []],
        ] as const) {
          await pay(model, currency, amount);
          if (cascaded.length > 0) await ledger.cascade([...cascaded], currency);
          for (const quotedAmount of AMOUNTS) await expectQuoted(product, currency, quotedAmount);
        }
      });
    }

    it("is nothing for nothing, though income waits", async () => {
      const { lens, pay, product, right, left, root } = await fixture();
      await pay(product, ETH, 123_457n);

      expect(await lens.quote(product, ETH, 0n)).to.deep.equal(
        [product, right, left, root].map((model) => [model, 0n, 0n, 0n]),
      );
    });

    it("counts edges that have ended until they are retired, and not from then on", async () => {
      const { ledger, expectQuoted, open, pay, root, left } = await fixture();
      const until = (await networkHelpers.time.latest()) + DAY;
      const child = await open({
        parents: [
          [root, 2_000, until],
          [left, 333],
        ],
      });
      const grandchild = await open({ parents: [[child, 4_321, until + DAY]] });
      const check = async (amounts = [1n, 10_001n, 77_777n]) => {
        for (const amount of amounts) {
          await expectQuoted(child, ETH, amount);
          await expectQuoted(grandchild, ETH, amount);
        }
      };
      await pay(child, ETH, 1_009n);
      await pay(grandchild, ETH, 5_003n);

      await networkHelpers.time.increase(2 * DAY);
      await check();
      await ledger.retire(child);
      await check(AMOUNTS);
      await pay(child, ETH, 13n);
      await check();
      await networkHelpers.time.increase(DAY);
      await ledger.retire(grandchild);
      await check();

      const { quoted } = await expectQuoted(grandchild, ETH, 10_000n);
      expect(quoted.slice(1).map(({ received }) => received)).to.deep.equal([0n, 0n, 0n]);
    });

    it("follows sixteen parents", async () => {
      const { expectQuoted, open, pay } = await fixture();
      const parents: [string, number][] = [];
      for (let i = 0; i < 16; ++i) parents.push([await open(), i === 0 ? 0 : 7 * i + 1]);
      const child = await open({ parents });
      await pay(child, ETH, 9_973n);

      for (const amount of AMOUNTS) expect((await expectQuoted(child, ETH, amount)).quoted).to.have.length(17);
    });

    it("gives a parent that is near its cap what fits, and those behind it their part of that", async () => {
      const { expectQuoted, fill, pay, usdcAddress, open, root, left } = await fixture();
      const child = await open({
        parents: [
          [left, 2_000],
          [root, 1_000],
        ],
      });
      await fill(left, usdcAddress, 1_000n);
      expect((await expectQuoted(child, usdcAddress, 4_999n)).spilled).to.equal(false);

      // What waits has taken a part of the room; without the payment nothing spills.
      await pay(child, usdcAddress, 2_001n);
      const { quoted, spilled } = await expectQuoted(child, usdcAddress, 10_000n);
      expect(spilled).to.equal(true);
      expect(quoted.find(({ model }) => model === left)?.received).to.equal(600n);

      // Both spill: the payment brings it nothing.
      await pay(child, usdcAddress, 1_000_000n);
      const full = await expectQuoted(child, usdcAddress, 10_000n);
      expect(full.quoted.find(({ model }) => model === left)?.received).to.equal(0n);
      expect(full.quoted.find(({ model }) => model === root)?.received).to.equal(1_000n);
    });

    it("goes up to the cap, and says when the books have no room", async () => {
      const { ledger, lens, expectQuoted, pay, usdcAddress, product } = await fixture();

      await expectQuoted(product, usdcAddress, MAX_RECEIVED);
      await expect(lens.quote(product, usdcAddress, MAX_RECEIVED + 1n))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(product, usdcAddress, 0, MAX_RECEIVED + 1n);
      await pay(product, usdcAddress, 1_000n);
      await expectQuoted(product, usdcAddress, MAX_RECEIVED - 1_000n);
      await expect(lens.quote(product, usdcAddress, MAX_RECEIVED - 999n))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(product, usdcAddress, 1_000, MAX_RECEIVED - 999n);
    });

    it("is for models that were opened and currencies that are listed", async () => {
      const { ledger, lens, stranger, unlisted, product, root } = await fixture();

      await expect(lens.quote(stranger.address, ETH, 1n))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
      for (const model of [product, root]) {
        await expect(lens.quote(model, unlisted, 1n))
          .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
          .withArgs(unlisted);
      }
    });
  });

  describe("pendingUpstream", () => {
    it("is what the next cascade credits to parents, also once an edge was retired", async () => {
      const { ledger, lens, open, pay, root, left } = await fixture();
      const until = (await networkHelpers.time.latest()) + DAY;
      const child = await open({
        parents: [
          [root, 2_000, until],
          [left, 333],
        ],
      });
      const received = async () =>
        (await ledger.booksOf(root, ETH)).received + (await ledger.booksOf(left, ETH)).received;
      const check = async () => {
        const pending = await lens.pendingUpstream(child, ETH);
        const before = await received();
        await ledger.cascade([child], ETH);
        expect((await received()) - before).to.equal(pending);
        expect(await lens.pendingUpstream(child, ETH)).to.equal(0n);

        return pending;
      };

      await pay(child, ETH, 10_007n);
      // U = ⌊2,334.6331⌋ = 2,334, of which ⌊2,000.0⌋ and ⌊333.1⌋.
      expect(await check()).to.equal(2_333n);
      await pay(child, ETH, 97n);
      await networkHelpers.time.increase(2 * DAY);
      await check();
      await pay(child, ETH, 1_001n);
      await ledger.retire(child);
      expect(await lens.pendingUpstream(child, ETH)).to.equal(0n);
      // From here it counts anew: ⌊0.333⌋ of 10, where ⌊370.1295⌋ − ⌊369.7965⌋ in all would be 1; then ⌊333.1665⌋.
      await pay(child, ETH, 10n);
      expect(await check()).to.equal(0n);
      await pay(child, ETH, 9_995n);
      expect(await check()).to.equal(333n);
    });
  });

  describe("ledger", () => {
    it("is the ledger that it was deployed for", async () => {
      const { lens, ledgerAddress } = await fixture();

      expect(await lens.ledger()).to.equal(ledgerAddress);
    });
  });
});
