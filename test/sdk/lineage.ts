import { expect } from "chai";
import { makeError, type Provider, type TransactionRequest, Wallet, ZeroAddress } from "ethers";
import {
  type Commonweal,
  connect,
  type ContractError,
  type Currency,
  InvalidArgument,
  isContractError,
  NetworkFailure,
} from "../../sdk/src/index.js";
import { ascending, freshSalt } from "../helpers/models.js";
import { split } from "../helpers/reference.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";
import { refusedCall } from "./refusals.support.js";
import { oddly } from "./runners.js";

const CAP = 2n ** 112n - 1n;
const DAY = 86_400;

describe("SDK lineage", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let usdc: string;
  /** Built from each other so, the newest last; the data set is an ancestor of the product by four ways. */
  let [dataset, code, base, adapter, quantized, product] = [] as string[];
  let family: string[];
  let until: number;

  before(async () => {
    sdk = await deploySdk();
    usdc = sdk.usdcAddress;
    const { alice, bob, accounts, connection } = sdk;
    until = (await connection.networkHelpers.time.latest()) + 30 * DAY;
    const build = async (parents: Record<string, number>, ends: Record<string, number> = {}) =>
      registerFor(accounts.bob.address, bob, {
        derivatives: { mode: "open", duration: DAY },
        parents: Object.entries(parents).map(([model, rateBps]) => ({
          ...{ model, rateBps, until: ends[model] ?? 0, relation: "fineTune" },
        })),
      });
    dataset = await registerFor(accounts.alice.address, alice);
    code = await build({});
    base = await build({ [dataset]: 1_234, [code]: 1 });
    adapter = await build({ [base]: 2_999, [dataset]: 501, [code]: 700 }, { [code]: until });
    quantized = await build({ [base]: 777, [code]: 0 });
    product = await build({ [adapter]: 2_667, [quantized]: 1_333, [dataset]: 901 });
    family = [product, quantized, adapter, base, code, dataset];
    await sdk.usdc.mint(accounts.carol, 2n * CAP);
    await sdk.usdc.connect(accounts.carol).approve(sdk.ledger, 2n * CAP);
  });

  let restore: () => Promise<void>;
  beforeEach(async () => {
    ({ restore } = await sdk.connection.networkHelpers.takeSnapshot());
  });
  afterEach(() => restore());

  /** Reads everything through a node that fails as given when the lens is asked to quote. */
  async function withoutLens(failure: (transaction: TransactionRequest) => Error): Promise<Commonweal> {
    const { provider } = sdk.connection.ethers;
    const lens = await sdk.lens.getAddress();
    const refusing = oddly<Provider>(provider, {
      call: async (transaction: TransactionRequest) => {
        if (String(transaction.to).toLowerCase() === lens.toLowerCase()) throw failure(transaction);
        return provider.call(transaction);
      },
    });

    return connect(refusing, { deployment: sdk.deployment });
  }

  const tooLarge = () =>
    makeError("execution reverted", "CALL_EXCEPTION", {
      data: sdk.lens.interface.encodeErrorResult("LineageTooLarge", [product, 256]),
    } as never);

  /** Asks the lens, and a reader who cannot, and requires that both say the same. */
  async function quotes(options: { model: string; currency: Currency; amount: bigint }) {
    const payees = await sdk.reader.royalties.quote(options);
    const offChain = await (await withoutLens(tooLarge)).royalties.quote(options);
    expect(offChain).to.deep.equal(payees);

    return payees;
  }

  const pay = (model: string, currency: Currency, amount: bigint) =>
    sdk.carol.royalties.pay({ model, currency, amount });

  /** Returns what models have received and distributed, and the fees of all, after a cascade of all of them. */
  async function afterCascade(models: string[], currency: Currency) {
    await sdk.carol.royalties.cascade({ models, currency });
    const books = await Promise.all(models.map((model) => sdk.reader.royalties.booksOf({ model, currency })));

    return { books, fees: await sdk.ledger.collectableFees(currency === "ETH" ? ZeroAddress : currency) };
  }

  /** Pays and cascades, or only cascades, and compares with the quote; leaves nothing behind. */
  async function expectQuoted(models: string[], currency: Currency, amount: bigint) {
    const [model] = models;
    const payees = await quotes({ model, currency, amount });

    const snapshot = await sdk.connection.networkHelpers.takeSnapshot();
    const without = await afterCascade(models, currency);
    await snapshot.restore();
    if (amount > 0n) await pay(model, currency, amount);
    const withIt = await afterCascade(models, currency);
    await snapshot.restore();

    expect(payees.map((payee) => payee.model)).to.deep.equal(models);
    for (const [i, { received, holders }] of payees.entries()) {
      expect(received).to.equal(withIt.books[i].received - without.books[i].received);
      expect(holders).to.equal(withIt.books[i].distributed - without.books[i].distributed);
    }
    expect(payees.reduce((sum, { fee }) => sum + fee, 0n)).to.equal(withIt.fees - without.fees);

    return payees;
  }

  describe("quote", () => {
    for (const symbol of ["ETH", "USDC"]) {
      const currencyOf = () => (symbol === "ETH" ? symbol : usdc);

      for (const amount of [0n, 1n, 10_001n, 999_999_999_999_989n]) {
        it(`tells what ${amount} units of ${symbol} bring to everybody, to the unit`, async () => {
          const [self] = await expectQuoted(family, currencyOf(), amount);

          const edges = [2_667n, 1_333n, 901n].map((rateBps) => ({ parent: "", rateBps }));
          const { fee, holders } = split(amount, { feeBps: 100n, edges });
          expect(self).to.deep.equal({ model: product, received: amount, holders, fee });
        });
      }

      it(`leaves out what waits already in ${symbol}`, async () => {
        for (const [i, model] of family.entries()) await pay(model, currencyOf(), 1_003n + 7n * BigInt(i));
        await sdk.carol.royalties.cascade({ models: [adapter, base], currency: currencyOf() });
        await pay(adapter, currencyOf(), 3_331n);

        for (const amount of [0n, 1n, 9n, 12_345_678n]) await expectQuoted(family, currencyOf(), amount);
      });
    }

    it("takes strings in whole coins", async () => {
      const [{ received }] = await sdk.reader.royalties.quote({ model: product, currency: usdc, amount: "12.5" });

      expect(received).to.equal(12_500_000n);
    });

    it("counts from where the books were closed when an edge was retired", async () => {
      await pay(adapter, "ETH", 10_007n);
      await pay(product, usdc, 77_777n);
      await sdk.connection.networkHelpers.time.increaseTo(until + 1);
      await sdk.bob.royalties.retire({ model: adapter });
      await pay(adapter, "ETH", 3n);

      for (const currency of ["ETH", usdc]) await expectQuoted(family, currency, 54_321n);
    });

    it("gives a parent whose books are almost full what fits", async () => {
      await pay(dataset, usdc, CAP - 1_000n);
      await pay(base, usdc, 5_000n);
      const payees = await expectQuoted(family, usdc, 1_000_000n);

      // What waits in the base model comes first: of 617 units, 12.35 % of 5,000, the code gets one part in 1,235.
      expect(payees.at(-1)).to.deep.include({ model: dataset, received: 1_000n - 616n });
    });

    it("refuses what the books cannot take, in the same way on the chain and off it", async () => {
      await pay(product, usdc, CAP - 5n);
      await expectQuoted([product, ...family.slice(1)], usdc, 5n);

      const options = { model: product, currency: usdc, amount: 6n };
      const failures: ContractError[] = [];
      for (const { royalties } of [sdk.reader, await withoutLens(tooLarge)]) {
        await expectRefusal(royalties.quote(options), "BooksFull", {
          ...{ model: product, currency: usdc, received: CAP - 5n, amount: 6n },
        });
        failures.push(await royalties.quote(options).catch((error) => error));
      }
      expect(failures[1].message).to.equal(failures[0].message);
      expect(failures[1].contract).to.equal(failures[0].contract);
      expect(isContractError(failures[1], "BooksFull")).to.equal(true);
    });

    it("refuses models and currencies that the ledger does not know", async () => {
      const { address } = sdk.accounts.carol;
      const unlisted = await sdk.ledger.getAddress();
      for (const { royalties } of [sdk.reader, await withoutLens(tooLarge)]) {
        await expectRefusal(royalties.quote({ model: address, currency: "ETH", amount: 1n }), "ModelNotOpened", {
          model: address,
        });
        await expectRefusal(royalties.quote({ model: product, currency: unlisted, amount: 1n }), "CurrencyNotListed", {
          currency: unlisted,
        });
      }
      const { royalties } = sdk.reader;
      const error = await failureOf(InvalidArgument, royalties.quote({ model: "x", currency: "ETH", amount: 1n }));
      expect(error.argument).to.equal("model");
    });

    for (const message of ["out of gas", "OutOfGas", "execution aborted (timeout = 5s)", "exceeds block gas limit"]) {
      it(`goes on off the chain when the node says "${message}"`, async () => {
        const options = { model: product, currency: "ETH", amount: 12_345n };
        const node = await withoutLens(() => refusedCall(message));

        expect(await node.royalties.quote(options)).to.deep.equal(await sdk.reader.royalties.quote(options));
      });
    }

    it("fails when the node fails", async () => {
      const node = await withoutLens(() => makeError("bad gateway", "SERVER_ERROR", {} as never));

      await failureOf(NetworkFailure, node.royalties.quote({ model: product, currency: "ETH", amount: 1n }));
    });
  });

  describe("lineageOf", () => {
    it("names each ancestor once, children first, with what it passes on", async () => {
      const lineage = await sdk.reader.royalties.lineageOf({ model: product.toLowerCase() });

      expect(lineage.map(({ model }) => model)).to.deep.equal(family);
      expect(lineage.map(({ number }) => number)).to.deep.equal([6, 5, 4, 3, 2, 1]);
      expect(lineage.map(({ feeBps }) => feeBps)).to.deep.equal(family.map(() => 100));
      const rates: Record<string, Record<string, number>> = {
        [product]: { [adapter]: 2_667, [quantized]: 1_333, [dataset]: 901 },
        [quantized]: { [base]: 777, [code]: 0 },
        [adapter]: { [base]: 2_999, [dataset]: 501, [code]: 700 },
        [base]: { [dataset]: 1_234, [code]: 1 },
        [code]: {},
        [dataset]: {},
      };
      for (const { model, parents } of lineage) {
        expect(parents).to.deep.equal(
          ascending(Object.keys(rates[model])).map((parent) => ({
            ...{ model: parent, rateBps: rates[model][parent] },
            until: model === adapter && parent === code ? until : 0,
          })),
        );
      }
    });

    it("tells that an edge was retired", async () => {
      await sdk.connection.networkHelpers.time.increaseTo(until + 1);
      await sdk.bob.royalties.retire({ model: adapter });

      const [{ parents }] = await sdk.reader.royalties.lineageOf({ model: adapter });
      expect(parents).to.deep.include({ model: code, rateBps: 0, until });
      expect(parents).to.deep.include({ model: base, rateBps: 2_999, until: 0 });
    });

    it("is one model for one without parents, and none for what is no model", async () => {
      expect(await sdk.reader.royalties.lineageOf({ model: dataset })).to.deep.equal([
        { model: dataset, number: 1, feeBps: 100, parents: [] },
      ]);
      const { address } = Wallet.createRandom();
      await expectRefusal(sdk.reader.royalties.lineageOf({ model: address }), "ModelNotOpened", { model: address });
      await failureOf(InvalidArgument, sdk.reader.royalties.lineageOf({ model: "product" }));
    });
  });

  describe("a lineage beyond the lens' bound", function () {
    this.timeout(120_000);
    const SIZE = 258;

    it("is quoted off the chain, by the same figures, and told in full", async () => {
      const { deployer } = sdk.accounts;
      const ledger = sdk.ledger.connect(deployer);
      const models: string[] = [];
      for (let i = 0; i < SIZE; ++i) {
        const salt = freshSalt();
        const parents = ascending(models.slice(-2));
        const edges = parents.map((parent, j) => ({ parent, rateBps: 3_000 - 1_001 * j, until: 0 }));
        await ledger.open(salt, edges, 0, [{ holder: deployer.address, units: 1_000_000 }], []);
        models.push(await ledger.modelIdOf(deployer.address, salt));
      }
      const largest = models.slice(0, 256).reverse();
      const all = models.toReversed();

      const bounded = { model: largest[0], currency: "ETH", amount: 10n ** 30n };
      expect(await quotes(bounded)).to.have.length(256);
      await expect(sdk.lens.quote(all[0], ZeroAddress, 1n))
        .to.be.revertedWithCustomError(sdk.lens, "LineageTooLarge")
        .withArgs(all[0], 256n);
      const lineage = await sdk.reader.royalties.lineageOf({ model: all[0] });
      expect(lineage.map(({ model }) => model)).to.deep.equal(all);

      const amount = 10n ** 20n;
      const payees = await sdk.reader.royalties.quote({ model: all[0], currency: "ETH", amount });
      await pay(all[0], "ETH", amount);
      for (const part of [all.slice(0, 130), all.slice(130)]) await ledger.cascade(part, ZeroAddress);
      const books = await Promise.all(all.map((model) => ledger.booksOf(model, ZeroAddress)));
      expect(payees.map(({ received }) => received)).to.deep.equal(books.map(({ received }) => received));
      expect(payees.map(({ holders }) => holders)).to.deep.equal(books.map(({ distributed }) => distributed));
      expect(books.filter(({ received }) => received > 0n)).to.have.length.above(50);
    });
  });
});
