import { expect } from "chai";
import { AbiCoder, keccak256, toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ascending, ETH, freshSalt, registrationOf, TOTAL_SHARES } from "../helpers/models.js";
import { deployLedger, LAST_ALLOCATION, type OpenOptions } from "./support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** Three models that a fourth can be built from, in ascending order. */
async function deploy() {
  const context = await deployLedger(connection);
  const parents = ascending([await context.open(), await context.open(), await context.open()]);

  /** Calls `open` as the registrar. */
  function attempt(options: OpenOptions) {
    return context.ledger.connect(context.registrar).open(...context.opening(options));
  }

  return { ...context, parents, attempt };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("open", () => {
    it("fixes the terms, hands out the shares, and says so", async () => {
      const { ledger, registrar, alice, bob, parents, opening, eventsOf } = await fixture();
      const [low, , high] = parents;
      const opened = opening({
        parents: [
          [low, 1_200],
          [high, 345],
        ],
        maxHostBps: 8_765,
        holdings: [
          [alice.address, 999_999n],
          [bob.address, 1n],
        ],
      });
      const [salt, edges] = opened;
      const model = await ledger.modelIdOf(registrar.address, salt);

      const transaction = ledger.connect(registrar).open(...opened);

      await expect(transaction)
        .to.emit(ledger, "ModelOpened")
        .withArgs(
          model,
          registrar.address,
          4,
          salt,
          100,
          8_765,
          edges.map(({ parent, rateBps, until }) => [parent, rateBps, until]),
        );
      expect((await eventsOf(transaction)).slice(1)).to.deep.equal([
        ["Transfer", registrar.address, ZeroAddress, alice.address, BigInt(model), 999_999n],
        ["Transfer", registrar.address, ZeroAddress, bob.address, BigInt(model), 1n],
      ]);
      expect(await ledger.modelTermsOf(model)).to.deep.equal([4n, 1_545n, 100n, 2n, 8_765n, 0n]);
      expect(await ledger.edgesOf(model)).to.deep.equal([
        [low, 1_200n, 0n],
        [high, 345n, 0n],
      ]);
      expect(await ledger.balanceOf(alice.address, model)).to.equal(999_999n);
      expect(await ledger.balanceOf(bob.address, model)).to.equal(1n);
    });

    it("returns the id", async () => {
      const { ledger, stranger, opening } = await fixture();
      const opened = opening();

      expect(await ledger.connect(stranger).open.staticCall(...opened)).to.equal(
        await ledger.modelIdOf(stranger.address, opened[0]),
      );
    });

    it("numbers models in the order in which they are opened", async () => {
      const { ledger, open } = await fixture();

      for (const number of [4n, 5n, 6n]) {
        expect((await ledger.modelTermsOf(await open())).number).to.equal(number);
        expect(await ledger.modelCount()).to.equal(number);
      }
    });

    it("gives two registrars two models for one salt", async () => {
      const { ledger, alice, registrar, stranger, opening } = await fixture();
      const opened = opening({ maxHostBps: 1 });
      const ids = await Promise.all([registrar, stranger].map(({ address }) => ledger.modelIdOf(address, opened[0])));

      await ledger.connect(registrar).open(...opened);
      await ledger.connect(stranger).open(...opening({ salt: opened[0], maxHostBps: 2 }));

      expect(ids[0]).to.not.equal(ids[1]);
      expect((await ledger.modelTermsOf(ids[0])).maxHostBps).to.equal(1n);
      expect((await ledger.modelTermsOf(ids[1])).maxHostBps).to.equal(2n);
      expect(await ledger.balanceOf(alice.address, ids[1])).to.equal(TOTAL_SHARES);
    });

    it("cannot take the id of a model that somebody is about to register", async () => {
      const { ledger, registry, alice, stranger, opening } = await fixture();
      const registration = await registrationOf(alice);
      const model = await registry.modelIdOf(alice.address, registration.salt);
      const salt = keccak256(
        AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [alice.address, registration.salt]),
      );
      expect(await ledger.modelIdOf(await registry.getAddress(), salt)).to.equal(model);

      // All that a stranger can know beforehand, used in the ledger itself.
      await ledger.connect(stranger).open(...opening({ salt }));
      await ledger.connect(stranger).open(...opening({ salt: registration.salt }));
      expect((await ledger.modelTermsOf(model)).number).to.equal(0n);

      await registry.connect(alice).register(registration);
      expect((await ledger.modelTermsOf(model)).number).to.equal(6n);
    });

    it("keeps 16 parents, at exactly 5,000 basis points together", async () => {
      const { ledger, parents, open } = await fixture();
      const others: string[] = [];
      for (let i = 0; i < 13; ++i) others.push(await open());
      const edges = ascending([...parents, ...others]).map((parent, i): [string, number] => [parent, 305 + i]);

      const model = await open({ parents: edges });

      const { totalRateBps, parentCount } = await ledger.modelTermsOf(model);
      expect([totalRateBps, parentCount]).to.deep.equal([5_000n, 16n]);
      expect(await ledger.edgesOf(model)).to.deep.equal(edges.map(([parent, rate]) => [parent, BigInt(rate), 0n]));
    });

    it("takes edges at a rate of zero: origin without a royalty", async () => {
      const { ledger, parents, open } = await fixture();
      const model = await open({
        parents: [
          [parents[0], 0],
          [parents[1], 5_000],
        ],
      });

      expect(await ledger.edgesOf(model)).to.deep.equal([
        [parents[0], 0n, 0n],
        [parents[1], 5_000n, 0n],
      ]);
      expect((await ledger.modelTermsOf(model)).totalRateBps).to.equal(5_000n);
    });

    it("lets a host take up to 9,000 basis points", async () => {
      const { ledger, open } = await fixture();

      for (const maxHostBps of [0, 9_000]) {
        expect((await ledger.modelTermsOf(await open({ maxHostBps }))).maxHostBps).to.equal(BigInt(maxHostBps));
      }
    });

    it("adds up holdings of one account", async () => {
      const { ledger, alice, bob, open } = await fixture();
      const model = await open({
        holdings: [
          [alice.address, 1n],
          [bob.address, 899_999n],
          [alice.address, 100_000n],
        ],
      });

      expect(await ledger.balanceOf(alice.address, model)).to.equal(100_001n);
      expect(await ledger.balanceOf(bob.address, model)).to.equal(899_999n);
    });

    it("fixes the fee of that moment, also for a model whose first payment comes later", async () => {
      const { ledger, governed, open, pay } = await fixture();
      const earlier = await open();
      await governed.setProtocolFee(250);
      const later = await open();

      for (const [model, feeBps] of [
        [earlier, 100n],
        [later, 250n],
      ] as const) {
        expect((await ledger.modelTermsOf(model)).feeBps).to.equal(feeBps);
        await pay(model, ETH, 10_000n);
        expect((await ledger.booksOf(model, ETH)).distributed).to.equal(10_000n - feeBps);
        await expect(ledger.cascade([model], ETH))
          .to.emit(ledger, "Cascaded")
          .withArgs(model, ETH, 10_000, feeBps);
      }
    });
  });

  describe("open refuses", () => {
    it("more than 16 parents", async () => {
      const { ledger, stranger, attempt } = await fixture();
      // Counted before anything is read of them.
      const parents = Array.from({ length: 17 }, (): [string, number] => [stranger.address, 1]);

      await expect(attempt({ parents })).to.be.revertedWithCustomError(ledger, "TooManyParents").withArgs(17, 16);
    });

    it("a parent named twice", async () => {
      const { ledger, parents, attempt } = await fixture();
      const [, parent] = parents;

      await expect(
        attempt({
          parents: [
            [parent, 1],
            [parent, 2],
          ],
        }),
      )
        .to.be.revertedWithCustomError(ledger, "ParentsNotAscending")
        .withArgs(parent, parent);
    });

    it("the zero address as parent", async () => {
      const { ledger, attempt } = await fixture();

      await expect(attempt({ parents: [[ZeroAddress, 1]] }))
        .to.be.revertedWithCustomError(ledger, "ParentsNotAscending")
        .withArgs(ZeroAddress, ZeroAddress);
    });

    it("a parent that was never opened", async () => {
      const { ledger, stranger, attempt } = await fixture();

      await expect(attempt({ parents: [[stranger.address, 1]] }))
        .to.be.revertedWithCustomError(ledger, "ParentNotOpened")
        .withArgs(stranger.address);
    });

    it("rates of more than 5,000 basis points together", async () => {
      const { ledger, parents, attempt } = await fixture();
      const [low, middle, high] = parents;

      await expect(
        attempt({
          parents: [
            [low, 1_667],
            [middle, 1_667],
            [high, 1_667],
          ],
        }),
      )
        .to.be.revertedWithCustomError(ledger, "RatesTooHigh")
        .withArgs(5_001, 5_000);
      // The sum is not cut off at 16 bits, where it would be 0.
      await expect(
        attempt({
          parents: [
            [low, 65_535],
            [middle, 1],
          ],
        }),
      )
        .to.be.revertedWithCustomError(ledger, "RatesTooHigh")
        .withArgs(65_536, 5_000);
    });

    it("more than 9,000 basis points for a host", async () => {
      const { ledger, attempt } = await fixture();

      await expect(attempt({ maxHostBps: 9_001 }))
        .to.be.revertedWithCustomError(ledger, "HostPartTooHigh")
        .withArgs(9_001, 9_000);
    });

    it("a holding of nothing", async () => {
      const { ledger, alice, bob, attempt } = await fixture();

      await expect(
        attempt({
          holdings: [
            [alice.address, TOTAL_SHARES],
            [bob.address, 0n],
          ],
        }),
      )
        .to.be.revertedWithCustomError(ledger, "ZeroShares")
        .withArgs(bob.address);
    });

    for (const [what, first, second, sum] of [
      ["a share too few", 999_998n, 1n, 999_999],
      ["a share too many", 1_000_000n, 1n, 1_000_001],
      ["shares that make a million only when cut off at 32 bits", 2n ** 32n - 1n, 1_000_001n, 2n ** 32n + 1_000_000n],
    ] as const) {
      it(what, async () => {
        const { ledger, alice, bob, attempt } = await fixture();

        await expect(
          attempt({
            holdings: [
              [alice.address, first],
              [bob.address, second],
            ],
          }),
        )
          .to.be.revertedWithCustomError(ledger, "SharesSumMismatch")
          .withArgs(sum, 1_000_000);
      });
    }

    it("a model without holders", async () => {
      const { ledger, attempt } = await fixture();

      await expect(attempt({ holdings: [] }))
        .to.be.revertedWithCustomError(ledger, "SharesSumMismatch")
        .withArgs(0, 1_000_000);
    });

    it("shares for nobody, for the ledger, or for an allocation without its terms", async () => {
      const { ledger, ledgerAddress, attempt } = await fixture();

      for (const holder of [ZeroAddress, toBeHex(1, 20), LAST_ALLOCATION, ledgerAddress]) {
        await expect(attempt({ holdings: [[holder, TOTAL_SHARES]] }))
          .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
          .withArgs(holder);
      }
    });

    it("without a trace: the salt is free and no number is spent", async () => {
      const { ledger, registrar, alice, parents, attempt } = await fixture();
      const salt = freshSalt();
      const model = await ledger.modelIdOf(registrar.address, salt);

      await expect(
        attempt({ salt, parents: [[parents[0], 1]], holdings: [[alice.address, 1n]] }),
      ).to.be.revertedWithCustomError(ledger, "SharesSumMismatch");

      expect(await ledger.modelTermsOf(model)).to.deep.equal([0n, 0n, 0n, 0n, 0n, 0n]);
      expect(await ledger.edgesOf(model)).to.deep.equal([]);
      expect(await ledger.balanceOf(alice.address, model)).to.equal(0n);
      expect(await ledger.modelCount()).to.equal(3n);
      await attempt({ salt });
      expect((await ledger.modelTermsOf(model)).number).to.equal(4n);
    });

    it("descending parents", async () => {
      const { ledger, parents, opening } = await fixture();
      const [low, middle, high] = parents;
      const [salt, , maxHostBps, holdings] = opening();
      const edges = [low, high, middle].map((parent) => ({ parent, rateBps: 1, until: 0 }));

      await expect(ledger.open(salt, edges, maxHostBps, holdings, []))
        .to.be.revertedWithCustomError(ledger, "ParentsNotAscending")
        .withArgs(high, middle);
    });

    it("the model itself as parent, so lineage has no cycles", async () => {
      const { ledger, registrar, attempt } = await fixture();
      const salt = freshSalt();
      const model = await ledger.modelIdOf(registrar.address, salt);

      await expect(attempt({ salt, parents: [[model, 1]] }))
        .to.be.revertedWithCustomError(ledger, "ParentNotOpened")
        .withArgs(model);
    });

    it("a salt that the registrar has used, and leaves the model as it is", async () => {
      const { ledger, registrar, alice, bob, parents, attempt } = await fixture();
      const salt = freshSalt();
      const model = await ledger.modelIdOf(registrar.address, salt);
      await attempt({ salt });

      await expect(attempt({ salt, parents: [[parents[0], 1]], holdings: [[bob.address, TOTAL_SHARES]] }))
        .to.be.revertedWithCustomError(ledger, "ModelAlreadyOpened")
        .withArgs(model);

      expect(await ledger.modelTermsOf(model)).to.deep.equal([4n, 0n, 100n, 0n, 0n, 0n]);
      expect(await ledger.balanceOf(alice.address, model)).to.equal(TOTAL_SHARES);
      expect(await ledger.balanceOf(bob.address, model)).to.equal(0n);
    });
  });
});
