import { expect } from "chai";
import { toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ascending, ETH, TOTAL_SHARES } from "../helpers/models.js";
import { deployLedger, LAST_ALLOCATION, SYMBOLS } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** Three models in ascending order, each with shares of a half, a third and a sixth, as near as units come to it. */
async function deploy() {
  const context = await deployLedger(connection);
  const { alice, bob, carol, ledger } = context;
  const holdings: [string, bigint][] = [
    [alice.address, 500_000n],
    [bob.address, 333_333n],
    [carol.address, 166_667n],
  ];
  const models = ascending([
    await context.open({ holdings }),
    await context.open({ holdings }),
    await context.open({ holdings }),
  ]);

  /** Returns what each of the three can claim in a model. */
  function claimables(model: string, currency: string): Promise<bigint[]> {
    return Promise.all([alice, bob, carol].map(({ address }) => ledger.claimable(address, model, currency)));
  }

  return { ...context, models, claimables };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("claim", () => {
    for (const symbol of SYMBOLS) {
      it(`sends a holder its part in ${symbol}, and leaves the others theirs`, async () => {
        const context = await fixture();
        const { ledger, ledgerAddress, alice, models, claimables, currencyOf, pay, eventsOf, expectMoved } = context;
        const currency = currencyOf(symbol);
        const [model] = models;
        await pay(model, currency, 1_000_000n);
        // Of D = 990,000: ⌊329,999.67⌋ and ⌊165,000.33⌋.
        expect(await claimables(model, currency)).to.deep.equal([495_000n, 329_999n, 165_000n]);

        const transaction = ledger.connect(alice).claim([model], currency, alice.address);

        await expect(transaction)
          .to.emit(ledger, "Claimed")
          .withArgs(model, alice.address, currency, alice.address, 495_000);
        expect(await eventsOf(transaction)).to.have.length(1);
        await expectMoved(transaction, currency, [
          [ledgerAddress, -495_000n],
          [alice.address, 495_000n],
        ]);
        expect(await claimables(model, currency)).to.deep.equal([0n, 329_999n, 165_000n]);

        await pay(model, currency, 100n);
        expect(await claimables(model, currency)).to.deep.equal([49n, 330_032n, 165_016n]);
      });

      it(`sends ${symbol} wherever the holder says`, async () => {
        const { ledger, alice, stranger, models, currencyOf, pay, eventsOf, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        await pay(models[0], currency, 1_000n);

        const transaction = ledger.connect(alice).claim([models[0]], currency, stranger.address);

        expect(await eventsOf(transaction)).to.deep.equal([
          ["Claimed", models[0], alice.address, currency, stranger.address, 495n],
        ]);
        await expectMoved(transaction, currency, [
          [stranger.address, 495n],
          [alice.address, 0n],
        ]);
      });

      it(`collects ${symbol} from many models, and passes over those that owe nothing`, async () => {
        const { ledger, bob, models, currencyOf, pay, eventsOf, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        const [low, middle, high] = models;
        await pay(low, currency, 1_000n);
        await pay(high, currency, 2_000n);
        const claim = ledger.connect(bob).claim;
        expect(await claim.staticCall(models, currency, bob.address)).to.equal(988n);

        const transaction = claim(models, currency, bob.address);

        expect(await eventsOf(transaction)).to.deep.equal([
          ["Claimed", low, bob.address, currency, bob.address, 329n],
          ["Claimed", high, bob.address, currency, bob.address, 659n],
        ]);
        await expectMoved(transaction, currency, [[bob.address, 988n]]);
        expect(await ledger.claimable(bob.address, middle, currency)).to.equal(0n);
      });
    }

    it("moves an ERC-20 once, for many models", async () => {
      const { ledger, ledgerAddress, usdc, usdcAddress, alice, models, pay } = await fixture();
      for (const model of models) await pay(model, usdcAddress, 1_000n);

      const receipt = await (await ledger.connect(alice).claim(models, usdcAddress, alice.address)).wait();

      const transfers = (receipt?.logs ?? [])
        .filter(({ address }) => address === usdcAddress)
        .map((log) => usdc.interface.parseLog(log)?.args.toArray());
      expect(transfers).to.deep.equal([[ledgerAddress, alice.address, 1_485n]]);
    });

    it("is the same after each unit as once at the end: fractions are kept", async () => {
      const { ledger, bob, carol, models, usdc, usdcAddress, pay } = await fixture();
      const [model] = models;
      let claims = 0;

      for (let unit = 0; unit < 31; ++unit) {
        await pay(model, usdcAddress, 1n);
        if ((await ledger.claimable(bob.address, model, usdcAddress)) === 0n) continue;

        await ledger.connect(bob).claim([model], usdcAddress, bob.address);
        claims += 1;
      }
      await ledger.connect(carol).claim([model], usdcAddress, carol.address);

      // ⌊10.33⌋ and ⌊5.17⌋ of 31.
      expect(claims).to.equal(10);
      expect(await usdc.balanceOf(bob.address)).to.equal(10n);
      expect(await usdc.balanceOf(carol.address)).to.equal(5n);
    });

    it("gives each holder the same, in whatever order they come", async () => {
      const { ledger, alice, bob, carol, models, usdc, usdcAddress, pay } = await fixture();
      const [model] = models;
      await pay(model, usdcAddress, 1_000_001n);
      const beginning = await networkHelpers.takeSnapshot();

      for (const order of [
        [alice, bob, carol],
        [carol, bob, alice],
        [bob, alice, carol],
      ]) {
        await beginning.restore();
        for (const holder of order) {
          await ledger.connect(holder).claim([model], usdcAddress, holder.address);
          await pay(model, usdcAddress, 300n);
        }
        await ledger.cascade([model], usdcAddress);
        for (const holder of order) await ledger.claimFor(holder.address, [model], usdcAddress);

        // D = 1,000,901 − 10,009.
        expect(await Promise.all([alice, bob, carol].map(({ address }) => usdc.balanceOf(address)))).to.deep.equal([
          495_446n,
          330_297n,
          165_148n,
        ]);
      }
    });

    it("keeps currencies apart", async () => {
      const { ledger, usdcAddress, alice, models, claimables, pay } = await fixture();
      await pay(models[0], ETH, 1_000n);
      await pay(models[0], usdcAddress, 2_000n);

      await ledger.connect(alice).claim([models[0]], ETH, alice.address);

      expect(await claimables(models[0], ETH)).to.deep.equal([0n, 329n, 165n]);
      expect(await claimables(models[0], usdcAddress)).to.deep.equal([990n, 659n, 330n]);
    });

    it("pays a sole holder everything that is distributed, up to the cap of the books", async () => {
      const { ledger, usdc, usdcAddress, alice, payer, open, pay } = await fixture();
      const cap = 2n ** 112n - 1n;
      const model = await open({ holdings: [[alice.address, TOTAL_SHARES]] });
      await usdc.mint(payer.address, cap);
      await pay(model, usdcAddress, cap);

      await ledger.connect(alice).claim([model], usdcAddress, alice.address);

      expect(await usdc.balanceOf(alice.address)).to.equal(cap - cap / 100n);
    });
  });

  describe("claimFor", () => {
    for (const symbol of SYMBOLS) {
      it(`sends a holder its ${symbol}, whoever calls`, async () => {
        const { ledger, ledgerAddress, bob, stranger, models, currencyOf, pay, eventsOf, expectMoved } =
          await fixture();
        const currency = currencyOf(symbol);
        for (const model of models) await pay(model, currency, 1_000n);
        const claimFor = ledger.connect(stranger).claimFor;
        expect(await claimFor.staticCall(bob.address, models, currency)).to.equal(987n);

        const transaction = claimFor(bob.address, models, currency);

        expect(await eventsOf(transaction)).to.deep.equal(
          models.map((model) => ["Claimed", model, bob.address, currency, bob.address, 329n]),
        );
        await expectMoved(transaction, currency, [
          [ledgerAddress, -987n],
          [bob.address, 987n],
          [stranger.address, 0n],
        ]);
      });

      it(`sends ${symbol} to a model that holds shares of another`, async () => {
        const { ledger, models, open, currencyOf, pay, expectMoved } = await fixture();
        const currency = currencyOf(symbol);
        const [holder] = models;
        const model = await open({ holdings: [[holder, TOTAL_SHARES]] });
        await pay(model, currency, 1_000n);

        await expectMoved(ledger.claimFor(holder, [model], currency), currency, [[holder, 990n]]);
        // It has arrived there, and is income only once it is swept.
        expect((await ledger.booksOf(holder, currency)).received).to.equal(0n);
      });
    }

    it("holds up nobody when one holder takes no ETH, who may send it elsewhere", async () => {
      const { ledger, ledgerAddress, alice, stranger, open, pay, expectMoved } = await fixture();
      const refusing = await ethers.deployContract("RefusingHolder");
      const refusingAddress = await refusing.getAddress();
      const model = await open({
        holdings: [
          [refusingAddress, 400_000n],
          [alice.address, 600_000n],
        ],
      });
      await pay(model, ETH, 1_000n);

      await expect(ledger.claimFor(refusingAddress, [model], ETH))
        .to.be.revertedWithCustomError(ledger, "FailedCall")
        .withArgs();
      expect(await ledger.claimable(refusingAddress, model, ETH)).to.equal(396n);
      await expectMoved(ledger.claimFor(alice.address, [model], ETH), ETH, [[alice.address, 594n]]);

      const claim = ledger.interface.encodeFunctionData("claim", [[model], ETH, stranger.address]);
      await expectMoved(refusing.execute(ledgerAddress, claim), ETH, [[stranger.address, 396n]]);
    });
  });

  describe("claim and claimFor refuse", () => {
    it("models in descending order, or named twice", async () => {
      const { ledger, alice, models, pay } = await fixture();
      const [low, middle, high] = models;
      for (const model of models) await pay(model, ETH, 1_000n);

      for (const [named, previous, next] of [
        [[low, high, middle], high, middle],
        [[low, low], low, low],
        [[low, middle, low], middle, low],
      ] as const) {
        await expect(ledger.connect(alice).claim([...named], ETH, alice.address))
          .to.be.revertedWithCustomError(ledger, "ModelsNotAscending")
          .withArgs(previous, next);
        await expect(ledger.claimFor(alice.address, [...named], ETH))
          .to.be.revertedWithCustomError(ledger, "ModelsNotAscending")
          .withArgs(previous, next);
      }
      expect(await ledger.claimable(alice.address, low, ETH)).to.equal(495n);
    });

    it("the zero address among models", async () => {
      const { ledger, alice } = await fixture();

      await expect(ledger.connect(alice).claim([ZeroAddress], ETH, alice.address))
        .to.be.revertedWithCustomError(ledger, "ModelsNotAscending")
        .withArgs(ZeroAddress, ZeroAddress);
    });

    it("a model that was never opened", async () => {
      const { ledger, alice, stranger, models, pay } = await fixture();
      await pay(models[0], ETH, 1_000n);

      await expect(ledger.claimFor(alice.address, ascending([models[0], stranger.address]), ETH))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
    });

    it("a currency that is not listed", async () => {
      const { ledger, alice, models, unlisted } = await fixture();

      await expect(ledger.connect(alice).claim([models[0]], unlisted, alice.address))
        .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
        .withArgs(unlisted);
    });

    for (const symbol of SYMBOLS) {
      it(`to send ${symbol} to nobody, to the ledger, or to an allocation`, async () => {
        const { ledger, ledgerAddress, alice, models, currencyOf, pay } = await fixture();
        const currency = currencyOf(symbol);
        await pay(models[0], currency, 1_000n);

        for (const to of [ZeroAddress, toBeHex(1, 20), LAST_ALLOCATION, ledgerAddress]) {
          await expect(ledger.connect(alice).claim([models[0]], currency, to))
            .to.be.revertedWithCustomError(ledger, "InvalidClaimRecipient")
            .withArgs(to);
          await expect(ledger.claimFor(to, [models[0]], currency))
            .to.be.revertedWithCustomError(ledger, "InvalidClaimRecipient")
            .withArgs(to);
        }
        expect(await ledger.claimable(alice.address, models[0], currency)).to.equal(495n);
      });
    }

    it("somebody with nothing to claim", async () => {
      const { ledger, alice, bob, stranger, usdcAddress, models, pay } = await fixture();
      const [model] = models;
      await pay(model, ETH, 1_000n);
      await ledger.connect(alice).claim([model], ETH, alice.address);
      await pay(model, ETH, 1n);

      // Has claimed, and half a unit more is not a unit.
      await expect(ledger.connect(alice).claim([model], ETH, alice.address))
        .to.be.revertedWithCustomError(ledger, "NothingToClaim")
        .withArgs(alice.address, ETH);
      // Has no shares.
      await expect(ledger.claimFor(stranger.address, models, ETH))
        .to.be.revertedWithCustomError(ledger, "NothingToClaim")
        .withArgs(stranger.address, ETH);
      // Has shares, but nothing was paid in this currency.
      await expect(ledger.claimFor(bob.address, models, usdcAddress))
        .to.be.revertedWithCustomError(ledger, "NothingToClaim")
        .withArgs(bob.address, usdcAddress);
      // Names no model.
      await expect(ledger.claimFor(bob.address, [], ETH))
        .to.be.revertedWithCustomError(ledger, "NothingToClaim")
        .withArgs(bob.address, ETH);
      // The half unit was kept.
      await pay(model, ETH, 1n);
      expect(await ledger.claimable(alice.address, model, ETH)).to.equal(1n);
    });
  });
});
