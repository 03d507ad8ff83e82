import { expect } from "chai";
import type { Signer, TransactionRequest } from "ethers";
import {
  Aborted,
  type ClaimProgress,
  connect,
  type Currency,
  InvalidArgument,
  SignerRequired,
  WaitAborted,
} from "../../sdk/src/index.js";
import { buildLineage, isAlices, type Person, UNRELATED } from "./claims.support.js";
import { deploySdk, failureOf } from "./helpers.js";
import { oddly } from "./runners.js";

/** Neither ETH nor gas has a price, so that everything is worth it. */
const FREE = { gasPrice: 0n };

describe("SDK claims of everything", function () {
  this.timeout(120_000);
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let currencies: Currency[];
  let lineage: Awaited<ReturnType<typeof buildLineage>>;
  let holder: string;

  before(async () => {
    sdk = await deploySdk();
    const { accounts, usdc, weal, usdcAddress } = sdk;
    const person = (name: "alice" | "bob" | "carol"): Person => ({ address: accounts[name].address, sdk: sdk[name] });
    currencies = ["ETH", await weal.getAddress(), usdcAddress];
    holder = accounts.alice.address;
    await usdc.mint(accounts.carol, 10n ** 15n);
    await weal.connect(accounts.deployer).transfer(accounts.carol, 10n ** 24n);
    lineage = await buildLineage(person("alice"), person("bob"), person("carol"), [
      "ETH",
      currencies[1],
      currencies[2],
    ]);
  });

  let restore: () => Promise<void>;
  beforeEach(async () => {
    ({ restore } = await sdk.connection.networkHelpers.takeSnapshot());
  });
  afterEach(() => restore());

  const balancesOf = (account: string | Signer) =>
    Promise.all([
      sdk.connection.ethers.provider.getBalance(account),
      sdk.weal.balanceOf(account),
      sdk.usdc.balanceOf(account),
    ]);

  /** Requires that the chain has nothing for Alice any more, neither in her models nor below them. */
  async function expectNothingLeft() {
    const everything = lineage.models.slice(0, UNRELATED);
    const later = await sdk.reader.royalties.plan({ holder, ...FREE });
    expect(later.steps).to.deep.equal([]);
    for (const currency of currencies) {
      const { total } = await sdk.reader.royalties.claimable({ holder, models: lineage.models, currency });
      expect(total).to.equal(0n);
      // What others have left to cascade reaches nobody who is Alice.
      await sdk.carol.royalties.cascade({ models: everything, currency });
      const more = await sdk.reader.royalties.claimable({ holder, models: lineage.models, currency });
      expect(more.total).to.equal(0n);
    }
  }

  describe("plan", () => {
    it("shows to the unit what there is for a holder, by an oracle", async () => {
      const { steps, totals, skipped, gas, ...plan } = await sdk.reader.royalties.plan({ holder, ...FREE });

      expect(totals).to.deep.equal(lineage.expected);
      expect(skipped).to.deep.equal([]);
      expect(plan).to.deep.equal({ holder, block: await sdk.connection.ethers.provider.getBlockNumber() });
      expect(gas).to.equal(steps.reduce((sum, step) => sum + step.gas, 0n));
      expect(steps.map(({ kind, currency }) => [kind, currency])).to.deep.equal(
        currencies.flatMap((currency) => [
          ["cascade", currency],
          ["claim", currency],
        ]),
      );
    });

    it("names the models in which there is something, and no others", async () => {
      const { steps } = await sdk.reader.royalties.plan({ holder, currencies: ["ETH"], ...FREE });
      const [cascade, claim] = steps.map(({ models }) => models.map((model) => lineage.models.indexOf(model)));

      const alices = lineage.models.map((_, i) => i).filter((i) => isAlices(i) && i !== 16);
      expect(claim.toSorted((a, b) => a - b)).to.deep.equal([...alices, 5, 9, 17, 22, 33].sort((a, b) => a - b));
      // All of the family but its root, children before parents.
      expect(cascade).to.deep.equal(Array.from({ length: UNRELATED - 1 }, (_, i) => UNRELATED - 1 - i));
    });

    it("takes the currencies that it is asked for, each once", async () => {
      const usdc = currencies[2];
      const { totals, steps } = await sdk.reader.royalties.plan({
        ...{ holder: holder.toLowerCase(), currencies: [usdc, usdc.toLowerCase()], ...FREE },
      });

      expect(totals).to.deep.equal([lineage.expected[2]]);
      expect(steps).to.have.length(2);
    });

    it("refuses currencies that are not listed, and holders that are none", async () => {
      const { royalties } = sdk.reader;
      const error = await failureOf(InvalidArgument, royalties.plan({ holder, currencies: ["ETH", holder] }));
      expect(error).to.include({ argument: "currencies", value: holder });
      expect(error.message).to.include("one of royalties.currencies()");

      for (const [argument, options] of [
        ["holder", { holder: "alice" }],
        ["currency", { holder, currencies: ["USDC"] }],
        ["currency", { holder, prices: { USDC: 1n } }],
      ] as const) {
        const refusal = await failureOf(InvalidArgument, royalties.plan(options));
        expect(refusal.argument).to.equal(argument);
      }
    });

    it("needs a holder where nobody signs", async () => {
      await failureOf(SignerRequired, sdk.reader.royalties.plan());

      const { totals } = await sdk.alice.royalties.plan(FREE);
      expect(totals).to.deep.equal(lineage.expected);
    });

    it("is empty for somebody without anything", async () => {
      const nobody = sdk.accounts.carol.address;
      const plan = await sdk.carol.royalties.plan({ holder: nobody, ...FREE });

      expect(plan).to.deep.include({ steps: [], skipped: [], totals: [], gas: 0n });
    });
  });

  describe("claimAll", () => {
    it("brings all of it, and leaves nothing", async () => {
      const before = await balancesOf(holder);
      const { plan, totals, transactions } = await sdk.alice.royalties.claimAll(FREE);
      const after = await balancesOf(holder);

      expect(totals).to.deep.equal(lineage.expected);
      expect(plan.totals).to.deep.equal(lineage.expected);
      const fees = transactions.reduce((sum, { receipt }) => sum + receipt.fee, 0n);
      expect(after[0] + fees - before[0]).to.equal(lineage.expected[0].amount);
      for (const i of [1, 2]) expect(after[i] - before[i]).to.equal(lineage.expected[i].amount);
      await expectNothingLeft();
    });

    for (const maxGas of [200_000n, 500_000n, 16_777_216n]) {
      it(`keeps each transaction below ${maxGas} gas, and all below what the plan says`, async () => {
        const { plan, transactions } = await sdk.alice.royalties.claimAll({ maxGas, ...FREE });
        const used = transactions.map(({ receipt }) => receipt.gasUsed);

        expect(used).to.have.length(plan.steps.length);
        for (const [i, { gas }] of plan.steps.entries()) {
          expect(gas).to.be.at.most(maxGas);
          expect(used[i]).to.be.at.most(gas);
        }
        expect(plan.gas).to.be.below(3n * used.reduce((sum, gas) => sum + gas, 0n));
        if (maxGas === 200_000n) expect(used).to.have.length.above(30);
        expect(await sdk.reader.royalties.plan({ holder, ...FREE })).to.deep.include({ steps: [], totals: [] });
      });
    }

    it("tells of each transaction when it is sent and when it is mined, in order", async () => {
      const told: ClaimProgress[] = [];
      const { plan, transactions } = await sdk.alice.royalties.claimAll({
        ...{ maxGas: 900_000n, ...FREE },
        onProgress: (progress) => told.push(progress),
      });

      const count = plan.steps.length;
      expect(count).to.be.above(6);
      expect(told).to.deep.equal(
        plan.steps.flatMap((step, i) => {
          const { hash } = transactions[i];
          const progress = { step, number: i + 1, count, hash };
          return [
            { ...progress, state: "sent" },
            { ...progress, state: "mined", amount: step.amount },
          ];
        }),
      );
    });

    it("sends the signer's money elsewhere if told so", async () => {
      const to = `0x${"0e".repeat(20)}`;
      const before = await balancesOf(to);
      await sdk.alice.royalties.claimAll({ to, ...FREE });
      const after = await balancesOf(to);

      expect(after.map((balance, i) => balance - before[i])).to.deep.equal(
        lineage.expected.map(({ amount }) => amount),
      );
    });

    it("brings others what is theirs, to themselves alone", async () => {
      const before = await balancesOf(holder);
      const error = await failureOf(
        InvalidArgument,
        sdk.carol.royalties.claimAll({ holder, to: sdk.accounts.carol.address }),
      );
      expect(error).to.include({ argument: "to", value: sdk.accounts.carol.address });
      expect(await balancesOf(holder)).to.deep.equal(before);

      const { totals } = await sdk.carol.royalties.claimAll({ holder, to: holder.toLowerCase(), ...FREE });
      const after = await balancesOf(holder);
      expect(totals).to.deep.equal(lineage.expected);
      expect(after.map((balance, i) => balance - before[i])).to.deep.equal(
        lineage.expected.map(({ amount }) => amount),
      );
    });

    it("sends nothing for somebody without anything", async () => {
      const nonce = await sdk.accounts.carol.getNonce();
      const { plan, transactions, totals } = await sdk.carol.royalties.claimAll();

      expect(plan.steps).to.deep.equal([]);
      expect({ transactions, totals }).to.deep.equal({ transactions: [], totals: [] });
      expect(await sdk.accounts.carol.getNonce()).to.equal(nonce);
    });

    it("needs a signer", async () => {
      await failureOf(SignerRequired, sdk.reader.royalties.claimAll({ holder }));
    });

    it("leaves out what others do meanwhile", async () => {
      const { alice } = sdk.accounts;
      const [, weal, usdc] = currencies;
      let isFirst = true;
      const overtaken = oddly(alice, {
        async sendTransaction(transaction: TransactionRequest) {
          if (isFirst) await sdk.carol.royalties.claimAll({ holder, currencies: [weal], ...FREE });
          isFirst = false;
          return alice.sendTransaction(transaction);
        },
      });
      const { royalties } = await connect(overtaken, { deployment: sdk.deployment });
      const nonce = await alice.getNonce();
      const before = await balancesOf(holder);
      const told: ClaimProgress[] = [];
      const { plan, totals, transactions } = await royalties.claimAll({
        ...{ currencies: [weal, usdc], maxGas: 500_000n, ...FREE },
        onProgress: (progress) => told.push(progress),
      });

      // The first one was on its way already.
      const ofWeal = plan.steps.filter(({ currency }) => currency === weal);
      expect(new Set(ofWeal.map(({ kind }) => kind))).to.deep.equal(new Set(["cascade", "claim"]));
      expect(ofWeal).to.have.length.above(3);
      expect(told.filter(({ step }) => step.currency === weal).map(({ state }) => state)).to.deep.equal([
        ...["sent", "mined"],
        ...ofWeal.slice(1).map(() => "needless"),
      ]);
      expect(told.filter(({ state, hash }) => state === "needless" && hash !== undefined)).to.deep.equal([]);
      expect(totals).to.deep.equal([lineage.expected[2]]);
      expect(transactions).to.have.length(1 + plan.steps.length - ofWeal.length);
      expect(await alice.getNonce()).to.equal(nonce + transactions.length);
      const after = await balancesOf(holder);
      for (const i of [1, 2]) expect(after[i] - before[i]).to.equal(lineage.expected[i].amount);
    });

    it("ends between two transactions when told so, and goes on when called again", async () => {
      const controller = new AbortController();
      const reason = new Error("Enough for today");
      let last: ClaimProgress | undefined;
      const stopped = await failureOf(
        WaitAborted,
        sdk.alice.royalties.claimAll({
          ...{ maxGas: 600_000n, signal: controller.signal, ...FREE },
          onProgress(progress) {
            last = progress;
            if (progress.state === "mined" && progress.number === 3) controller.abort(reason);
          },
        }),
      );
      expect(stopped.cause).to.equal(reason);
      expect(last).to.include({ state: "mined", number: 3, hash: stopped.hash });

      const planned = await failureOf(Aborted, sdk.alice.royalties.plan({ signal: controller.signal, ...FREE }));
      expect(planned.cause).to.equal(reason);
      const again = await failureOf(Aborted, sdk.alice.royalties.claimAll({ signal: controller.signal, ...FREE }));
      expect(again).not.to.be.instanceOf(WaitAborted);
      await sdk.alice.royalties.claimAll(FREE);
      await expectNothingLeft();
    });

    it("ends while a transaction is stuck when told so", async () => {
      const { provider } = sdk.connection.ethers;
      const controller = new AbortController();
      await provider.send("evm_setAutomine", [false]);
      try {
        const hashes: unknown[] = [];
        const stopped = await failureOf(
          WaitAborted,
          sdk.alice.royalties.claimAll({
            ...{ signal: controller.signal, ...FREE },
            onProgress({ state, hash }) {
              hashes.push(hash);
              if (state === "sent") controller.abort();
            },
          }),
        );
        expect(hashes).to.deep.equal([stopped.hash]);
      } finally {
        await provider.send("evm_setAutomine", [true]);
        await provider.send("evm_mine", []);
      }
    });
  });
});
