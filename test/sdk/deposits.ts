import { expect } from "chai";
import { id, JsonRpcProvider, parseEther } from "ethers";
import { connect, InvalidArgument, SignerRequired } from "../../sdk/src/index.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";
import { limited, rangeOf, startProxy } from "./history.nodes.js";

describe("SDK deposits", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let model: string;
  let usdc: string;

  beforeEach(async () => {
    sdk = await deploySdk();
    usdc = sdk.usdcAddress;
    model = await registerFor(sdk.accounts.alice.address, sdk.alice, { maxHostBps: 5_000 });
    await sdk.usdc.mint(sdk.accounts.carol, 1_000_000n);
  });

  const sendToken = (to: string, amount: bigint) => sdk.usdc.connect(sdk.accounts.carol).transfer(to, amount);
  const sendEth = (to: string, value: bigint) => sdk.accounts.carol.sendTransaction({ to, value });

  describe("sweep", () => {
    it("credits what wallets sent to a model's id, in every currency asked for", async () => {
      await sendToken(model, 1_001n);
      await sendEth(model, parseEther("0.25"));

      const { swept } = await sdk.carol.deposits.sweep({
        models: [model.toLowerCase(), model],
        currencies: ["ETH", usdc],
      });

      expect(swept).to.deep.equal([
        { model, deposit: model, currency: "ETH", amount: parseEther("0.25"), hostPart: 0n },
        { model, deposit: model, currency: usdc, amount: 1_001n, hostPart: 0n },
      ]);
      expect((await sdk.reader.royalties.booksOf({ model, currency: usdc })).received).to.equal(1_001n);
    });

    it("finds nothing for a model that is not registered, and everything once it is", async () => {
      const salt = id("later");
      const later = await sdk.alice.registry.modelIdOf({ salt });
      await sendToken(later, 5n);

      const early = await sdk.carol.deposits.sweep({ models: [later], currencies: [usdc] });
      await registerFor(sdk.accounts.alice.address, sdk.alice, { salt });
      const { swept } = await sdk.carol.deposits.sweep({ models: [later], currencies: [usdc] });

      expect(early.swept).to.deep.equal([]);
      expect(swept.map(({ amount }) => amount)).to.deep.equal([5n]);
    });

    it("asks a node that limits ranges for short ones, from the ledger's first block on", async () => {
      const { connection, deployment, ledger } = sdk;
      const other = await registerFor(sdk.accounts.alice.address, sdk.alice, { salt: id("other") });
      for (const to of [model, other]) await sendToken(to, 7n);
      const [{ blockNumber: block }] = await ledger.queryFilter(ledger.filters.ModelOpened());
      await connection.networkHelpers.mine(10);
      const proxy = await startProxy((method, params) => connection.provider.request({ method, params }));
      proxy.behave(limited({ blocks: 3 }));
      const provider = new JsonRpcProvider(proxy.url, undefined, { cacheTimeout: -1 });
      try {
        const { deposits } = await connect(await provider.getSigner(sdk.accounts.carol.address), {
          deployment: { ...deployment, RoyaltyLedger: { ...deployment.RoyaltyLedger, block } },
        });
        const { swept } = await deposits.sweep({ models: [other, model], currencies: [usdc] });

        expect(swept.map(({ amount }) => amount)).to.deep.equal([7n, 7n]);
        expect(swept.map((found) => found.model)).to.have.members([model, other]);
        expect(Math.min(...proxy.logRequests().map((request) => rangeOf(request).from))).to.equal(block);
      } finally {
        provider.destroy();
        proxy.close();
      }
    });

    it("refuses a currency that is not listed, no models, and what is no address", async () => {
      const { deposits } = sdk.carol;

      await expectRefusal(deposits.sweep({ models: [model], currencies: [model] }), "CurrencyNotListed", {
        currency: model,
      });
      await failureOf(InvalidArgument, deposits.sweep({ models: [], currencies: ["ETH"] }));
      await failureOf(InvalidArgument, deposits.sweep({ models: ["0x12"], currencies: ["ETH"] }));
    });

    it("needs a signer", async () => {
      await failureOf(SignerRequired, sdk.reader.deposits.sweep({ models: [model], currencies: ["ETH"] }));
    });
  });

  describe("hosts", () => {
    it("have an address with a model, are credited by a sweep, and claim", async () => {
      const { bob, carol, reader, accounts } = sdk;
      const hosting = { model, host: accounts.bob.address, hostBps: 2_500 };
      const deposit = await reader.deposits.addressOf(hosting);
      await sendToken(deposit, 1_003n);

      const { swept } = await carol.deposits.sweepHosted({ hostings: [hosting], currencies: [usdc] });
      const waiting = await reader.deposits.claimableByHost({ hosting, currency: usdc });
      const { amount } = await bob.deposits.claimHostPart({ hostings: [hosting], currency: usdc });

      expect(swept).to.deep.equal([{ model, deposit, currency: usdc, amount: 1_003n, hostPart: 250n }]);
      expect([waiting, amount, await sdk.usdc.balanceOf(accounts.bob)]).to.deep.equal([250n, 250n, 250n]);
    });

    it("are paid by others only to themselves", async () => {
      const { carol, accounts } = sdk;
      const hosting = { model, host: accounts.bob.address, hostBps: 2_500 };
      await sendEth(await carol.deposits.addressOf(hosting), 1_000n);
      await carol.deposits.sweepHosted({ hostings: [hosting], currencies: ["ETH"] });
      const claim = (to?: string) => carol.deposits.claimHostPart({ hostings: [hosting], currency: "ETH", to });

      await expectRefusal(claim(), "NotHost", { host: accounts.bob.address, caller: accounts.carol.address });
      expect((await claim(accounts.bob.address)).amount).to.equal(250n);
    });

    it("are told when nothing waits", async () => {
      const hosting = { model, host: sdk.accounts.bob.address, hostBps: 1 };

      await expectRefusal(
        sdk.bob.deposits.claimHostPart({ hostings: [hosting], currency: usdc }),
        "NothingToClaimAsHost",
        {
          currency: usdc,
        },
      );
    });

    it("are refused when an address is not one", async () => {
      await failureOf(InvalidArgument, sdk.bob.deposits.addressOf({ model, host: "bob.eth", hostBps: 1 }));
    });
  });
});
