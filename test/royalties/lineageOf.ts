import { expect } from "chai";
import { toBeHex } from "ethers";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { deployLens } from "./quote.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const deploy = () => deployLens(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** The most models that one view follows. */
const MAX_NODES = 256;

/** What a view may take: no more than a transaction, which some nodes grant a call and no more. */
const CALL = { gasLimit: 16_777_216n };

/** Opens so many models, each with the last `width` before it as parents; returns them from the newest back. */
async function openMany(context: Awaited<ReturnType<typeof deploy>>, count: number, width: number) {
  const { ledger, opening, registrar } = context;
  const models: string[] = [];
  for (let i = 0; i < count; ++i) {
    const parents = models.slice(0, width).map((parent): [string, number] => [parent, Math.floor(5_000 / width)]);
    const opened = opening({ parents, salt: toBeHex(i + 1, 32) });
    await ledger.connect(registrar).open(...opened);
    models.unshift(await ledger.modelIdOf(registrar.address, opened[0]));
  }

  return models;
}

describe("RoyaltyLens", () => {
  describe("lineageOf", () => {
    it("is a model alone if it has no parents", async () => {
      const { ledger, lens, open } = await fixture();
      const model = await open();

      expect(await lens.lineageOf(model)).to.deep.equal([[model, await ledger.modelTermsOf(model), []]]);
    });

    it("has each ancestor once, children before parents, with terms and edges, of which some are retired", async () => {
      const { ledger, lens, governed, open } = await fixture();
      const until = (await networkHelpers.time.latest()) + DAY;
      const root = await open();
      const stranger = await open();
      const data = await open();
      const left = await open({ parents: [[root, 100]] });
      await governed.setProtocolFee(7);
      const right = await open({
        parents: [
          [root, 0],
          [data, 4_000],
        ],
        maxHostBps: 123,
      });
      // Its parents are of very different ages: the lineage is no walk by levels.
      const model = await open({
        parents: [
          [root, 1, until],
          [left, 2],
          [right, 3],
        ],
      });
      await networkHelpers.time.increase(2 * DAY);
      await ledger.retire(model);
      const nodes = await lens.lineageOf(model);

      expect(nodes.map(({ model }) => model)).to.deep.equal([model, right, left, data, root]);
      expect(nodes.map(({ terms }) => terms.number)).to.deep.equal([6n, 5n, 4n, 3n, 1n]);
      expect(nodes.map(({ model }) => model)).to.not.include(stranger);
      expect(nodes[0].edges.map(({ parent, rateBps }) => [parent, rateBps])).to.have.deep.members([
        [root, 0n],
        [left, 2n],
        [right, 3n],
      ]);
      expect(nodes[1].terms).to.deep.equal([5n, 4_000n, 7n, 2n, 123n, 0n]);
      for (const { model, terms, edges } of nodes) {
        expect(terms).to.deep.equal(await ledger.modelTermsOf(model));
        expect(edges).to.deep.equal(await ledger.edgesOf(model));
      }
    });

    it("is for models that were opened", async () => {
      const { ledger, lens, stranger } = await fixture();

      await expect(lens.lineageOf(stranger.address))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
    });

    for (const [shape, width] of [
      ["a chain", 1],
      ["models of two parents each", 2],
    ] as const) {
      it(`follows ${MAX_NODES} models of ${shape} within the gas of a call, and not one more`, async function () {
        this.timeout(120_000);
        const context = await fixture();
        const { lens } = context;
        const [tooLarge, ...models] = await openMany(context, MAX_NODES + 1, width);
        const nodes = await lens.lineageOf(models[0], CALL);
        const payees = await lens.quote(models[0], ETH, 10n ** 18n, CALL);

        expect(nodes.map(({ model }) => model)).to.deep.equal(models);
        expect(payees.map(({ model }) => model)).to.deep.equal(models);
        for (const call of [() => lens.lineageOf(tooLarge, CALL), () => lens.quote(tooLarge, ETH, 1n, CALL)]) {
          await expect(call()).to.be.revertedWithCustomError(lens, "LineageTooLarge").withArgs(tooLarge, MAX_NODES);
        }
        expect(await lens.MAX_NODES()).to.equal(MAX_NODES);
      });
    }

    it("follows 64 models of sixteen parents each within the gas of a call", async function () {
      this.timeout(120_000);
      const context = await fixture();
      const models = await openMany(context, 64, 16);
      const nodes = await context.lens.lineageOf(models[0], CALL);

      expect(nodes.map(({ model }) => model)).to.deep.equal(models);
      await context.lens.quote(models[0], ETH, 10n ** 18n, CALL);
    });
  });
});
