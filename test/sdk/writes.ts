import { expect } from "chai";
import {
  AbiCoder,
  HDNodeWallet,
  id,
  JsonRpcProvider,
  Mnemonic,
  parseEther,
  Transaction,
  type TransactionLike,
  type TransactionReceipt,
  type TransactionResponse,
  VoidSigner,
  Wallet,
  zeroPadBytes,
} from "ethers";
import { startLocalChain } from "../../scripts/local.js";
import {
  Aborted,
  type Commonweal,
  connect,
  ContractError,
  type Deployment,
  type Registration,
  type Runner,
  SignerRequired,
  TransactionReorged,
  WaitAborted,
} from "../../sdk/src/index.js";
import {
  BatchAccount__factory,
  ERC1271Wallet__factory,
  TestToken__factory,
} from "../../types/ethers-contracts/index.js";
import { deploymentOf, expectRefusal, failureOf, registerFor } from "./helpers.js";

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const DOLLAR = 1_000_000n;

/** ERC-7821's mode of a batch that reverts as a whole. */
const BATCH_MODE = zeroPadBytes("0x01", 32);

describe("SDK writes", () => {
  let chain: Awaited<ReturnType<typeof startLocalChain>>;
  let provider: JsonRpcProvider;
  let deployment: Deployment;
  let alice: Commonweal;
  let model: string;

  const walletAt = (index: number) => HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`).connect(provider);
  const as = (runner: Runner) => connect(runner, { deployment });
  const usdcOf = (wallet: Wallet | HDNodeWallet) => TestToken__factory.connect(chain.usdc, wallet);

  /** A wallet with ETH and 100 dollars that nothing else uses. */
  async function newcomer() {
    const wallet = Wallet.createRandom(provider);
    await (await walletAt(9).sendTransaction({ to: wallet.address, value: parseEther("10") })).wait();
    await (await usdcOf(walletAt(9)).mint(wallet.address, 100n * DOLLAR)).wait();

    return wallet;
  }

  before(async () => {
    chain = await startLocalChain(0);
    provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
    provider.pollingInterval = 20;
    deployment = deploymentOf(chain.plan);
    alice = await as(walletAt(1));
    model = await registerFor(walletAt(1).address, alice);
  });

  after(async () => {
    provider.destroy();
    await chain.close();
  });

  describe("simulate", () => {
    it("tells what would come of it, and sends nothing", async () => {
      const registration: Registration = {
        ...{ kind: "dataset", manifestDigest: id("manifest"), derivatives: { mode: "open" }, salt: id("salt") },
        holdings: [{ holder: walletAt(1).address, units: 1_000_000 }],
      };
      const nonce = await provider.getTransactionCount(walletAt(1).address);

      const preview = await alice.registry.register.simulate(registration);

      expect(await provider.getTransactionCount(walletAt(1).address)).to.equal(nonce);
      await expectRefusal(alice.registry.get({ model: preview.model }), "ModelNotRegistered", { model: preview.model });
      expect((await alice.registry.register(registration)).model).to.equal(preview.model);
    });

    it("tells what a claim would bring", async () => {
      const payer = await as(await newcomer());
      const paid = await registerFor(walletAt(2).address, payer);
      await payer.royalties.pay({ model: paid, currency: "ETH", amount: "1" });

      const bob = await as(walletAt(2));

      // The protocol's part is a hundredth.
      expect(await bob.royalties.claim.simulate({ models: [paid], currency: "ETH" })).to.deep.equal({
        amount: parseEther("0.99"),
      });
    });

    it("tells why a contract would refuse", async () => {
      const bob = await as(walletAt(2));

      await expectRefusal(bob.registry.withdrawVersion.simulate({ model, version: 1 }), "NotModelMaintainer", {
        ...{ model, caller: walletAt(2).address },
      });
    });

    it("counts an approval as given", async () => {
      const wallet = await newcomer();
      const payer = await as(wallet);
      const payment = { model, currency: chain.usdc, amount: "20" };

      expect(await payer.royalties.pay.simulate(payment)).to.deep.equal({ amount: 20n * DOLLAR });
      expect(await usdcOf(wallet).allowance(wallet.address, deployment.RoyaltyLedger.address)).to.equal(0n);

      await expectRefusal(payer.royalties.pay.simulate({ ...payment, amount: "101" }), "ERC20InsufficientBalance", {
        ...{ sender: wallet.address, balance: 100n * DOLLAR, needed: 101n * DOLLAR },
      });
    });

    it("is done for an account without its key", async () => {
      const wallet = await newcomer();
      const watcher = await as(new VoidSigner(wallet.address, provider));
      const payment = { model, currency: "ETH", amount: "1" };

      expect(await watcher.royalties.pay.simulate(payment)).to.deep.equal({ amount: parseEther("1") });
      await failureOf(SignerRequired, watcher.royalties.pay(payment));
    });

    it("needs an account", async () => {
      const reader = await as(provider);

      await failureOf(SignerRequired, reader.royalties.pay.simulate({ model, currency: "ETH", amount: "1" }));
    });
  });

  describe("estimate", () => {
    it("is what the node says of a single transaction", async () => {
      const payer = await as(await newcomer());
      const payment = { model, currency: "ETH", amount: "1" };

      const gas = await payer.royalties.pay.estimate(payment);
      const { receipt } = await payer.royalties.pay(payment);

      expect(gas >= receipt.gasUsed, `${gas} for ${receipt.gasUsed}`).to.equal(true);
      expect(gas < (receipt.gasUsed * 12n) / 10n, `${gas} for ${receipt.gasUsed}`).to.equal(true);
    });

    it("is a close upper bound where an approval comes first", async () => {
      const wallet = await newcomer();
      const payer = await as(wallet);
      const payment = { model, currency: chain.usdc, amount: "20" };
      const hashes: string[] = [];

      const gas = await payer.royalties.pay.estimate(payment);
      await payer.royalties.pay({ ...payment, onSent: (hash) => hashes.push(hash) });

      const receipts = await Promise.all(hashes.map((hash) => provider.getTransactionReceipt(hash)));
      const used = receipts.reduce((sum, receipt) => sum + (receipt as TransactionReceipt).gasUsed, 0n);
      expect(hashes).to.have.lengthOf(2);
      expect(gas >= used, `${gas} for ${used}`).to.equal(true);
      expect(gas < (used * 14n) / 10n, `${gas} for ${used}`).to.equal(true);
    });

    it("fails as the write would", async () => {
      const bob = await as(walletAt(2));

      await failureOf(ContractError, bob.registry.withdrawVersion.estimate({ model, version: 1 }));
    });
  });

  describe("populate", () => {
    it("gives a smart wallet the calls to make", async () => {
      const owner = await newcomer();
      const safe = await new ERC1271Wallet__factory(owner).deploy(owner.address);
      await safe.waitForDeployment();
      const account = await safe.getAddress();
      await (await usdcOf(owner).transfer(account, 50n * DOLLAR)).wait();
      const received = await receivedIn(chain.usdc);

      const { royalties } = await as(new VoidSigner(account, provider));
      const calls = await royalties.pay.populate({ model, currency: chain.usdc, amount: "50" });

      expect(calls.map(({ to }) => to)).to.deep.equal([chain.usdc, deployment.RoyaltyLedger.address]);
      for (const { to, value, data } of calls) await (await safe.execute(to, value, data)).wait();
      expect((await receivedIn(chain.usdc)) - received).to.equal(50n * DOLLAR);
      expect(await usdcOf(owner).balanceOf(account)).to.equal(0n);
    });

    it("gives an account with EIP-7702 a batch for one transaction", async () => {
      const wallet = await newcomer();
      const { royalties } = await as(wallet);
      const received = await receivedIn(chain.usdc);
      const batch = await new BatchAccount__factory(walletAt(9)).deploy();
      await batch.waitForDeployment();

      const calls = await royalties.pay.populate({ model, currency: chain.usdc, amount: "100" });

      const nonce = await wallet.getNonce();
      const authorization = await wallet.authorize({ address: await batch.getAddress(), nonce: nonce + 1 });
      const executionData = AbiCoder.defaultAbiCoder().encode(
        ["tuple(address to, uint256 value, bytes data)[]"],
        [calls],
      );
      const transaction = await wallet.sendTransaction({
        to: wallet.address,
        data: batch.interface.encodeFunctionData("execute", [BATCH_MODE, executionData]),
        authorizationList: [authorization],
        nonce,
      });
      expect((await transaction.wait())?.status).to.equal(1);

      expect((await receivedIn(chain.usdc)) - received).to.equal(100n * DOLLAR);
      expect(await usdcOf(wallet).balanceOf(wallet.address)).to.equal(0n);
    });

    it("leaves out an approval that is there, or not wanted", async () => {
      const wallet = await newcomer();
      const { royalties } = await as(wallet);
      const payment = { model, currency: chain.usdc, amount: "20" };

      expect(await royalties.pay.populate({ ...payment, approve: false })).to.have.lengthOf(1);
      await (await usdcOf(wallet).approve(deployment.RoyaltyLedger.address, 20n * DOLLAR)).wait();
      expect(await royalties.pay.populate(payment)).to.have.lengthOf(1);
    });

    async function receivedIn(currency: string) {
      return (await alice.royalties.booksOf({ model, currency })).received;
    }
  });

  describe("options", () => {
    it("sends with the fees, gas limit and nonce that are given", async () => {
      const wallet = await newcomer();
      const overrides = { maxFeePerGas: 7_000_000_000n, maxPriorityFeePerGas: 3n, gasLimit: 150_000n, nonce: 0 };

      const { hash } = await (await as(wallet)).royalties.pay({ model, currency: "ETH", amount: 1n, overrides });

      expect(await provider.getTransaction(hash)).to.include(overrides);
    });

    it("sends nothing once it is aborted", async () => {
      const wallet = await newcomer();
      const signal = AbortSignal.abort();

      await failureOf(Aborted, (await as(wallet)).royalties.pay({ model, currency: "ETH", amount: 1n, signal }));
      expect(await wallet.getNonce()).to.equal(0);
    });

    it("tells the hash when the wait is aborted", async () => {
      const wallet = await newcomer();
      await provider.send("evm_setAutomine", [false]);
      try {
        const controller = new AbortController();
        const hashes: string[] = [];
        const failure = await failureOf(
          WaitAborted,
          (await as(wallet)).royalties.pay({
            ...{ model, currency: "ETH", amount: 1n, signal: controller.signal },
            onSent(hash) {
              hashes.push(hash);
              controller.abort();
            },
          }),
        );

        expect(failure.hash).to.equal(hashes[0]);
        expect(failure.message).to.include(hashes[0]);
      } finally {
        await provider.send("evm_setAutomine", [true]);
        await provider.send("evm_mine", []);
      }
      expect(await wallet.getNonce()).to.equal(1);
    });
  });

  describe("wait", () => {
    it("waits until the transaction is deep enough", async () => {
      const sent = await (await as(await newcomer())).royalties.pay({ model, currency: "ETH", amount: 5n });

      const waiting = sent.wait({ confirmations: 3 });
      await provider.send("evm_mine", []);
      await provider.send("evm_mine", []);
      const { amount, hash, receipt } = await waiting;

      expect({ amount, hash }).to.deep.equal({ amount: 5n, hash: sent.hash });
      expect((await provider.getBlockNumber()) - receipt.blockNumber + 1).to.be.at.least(3);
    });

    it("says so when the chain drops the transaction's block", async () => {
      const wallet = await newcomer();
      const snapshot = await provider.send("evm_snapshot", []);
      const sent = await (await as(wallet)).royalties.pay({ model, currency: "ETH", amount: 5n });

      await provider.send("evm_revert", [snapshot]);
      // Another block stands where it was.
      await provider.send("evm_increaseTime", [5]);
      await provider.send("evm_mine", []);

      const failure = await failureOf(TransactionReorged, sent.wait());
      expect(failure).to.include({ hash: sent.hash, blockNumber: sent.receipt.blockNumber });
    });

    it("tells the outcome anew when the transaction was mined in another block", async () => {
      const [first, second] = [await newcomer(), await newcomer()];
      const registration: Registration = {
        ...{ kind: "model", manifestDigest: id("manifest"), derivatives: { mode: "open" }, salt: id("salt") },
        holdings: [{ holder: first.address, units: 1_000_000 }],
      };
      const snapshot = await provider.send("evm_snapshot", []);
      const sent = await (await as(first)).registry.register(registration);
      const mined = (await provider.getTransaction(sent.hash)) as TransactionResponse;

      await provider.send("evm_revert", [snapshot]);
      await registerFor(second.address, await as(second));
      await (await provider.broadcastTransaction(Transaction.from(mined as TransactionLike).serialized)).wait();

      const again = await sent.wait();
      expect(again).to.include({ model: sent.model, number: sent.number + 1 });
    });

    it("ends with its signal", async () => {
      const sent = await (await as(await newcomer())).royalties.pay({ model, currency: "ETH", amount: 5n });

      const failure = await failureOf(WaitAborted, sent.wait({ confirmations: 9, signal: AbortSignal.timeout(50) }));
      expect(failure.hash).to.equal(sent.hash);
    });
  });
});
