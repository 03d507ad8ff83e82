import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { HDNodeWallet, JsonRpcProvider, Mnemonic, Wallet } from "ethers";
import hre from "hardhat";
import { startLocalChain } from "../../scripts/local.js";
import { Aborted, type ClaimPlan, connect, type Deployment, TransactionsPending } from "../../sdk/src/index.js";
import { TestToken__factory } from "../../types/ethers-contracts/index.js";
import { CLAIMANT, type ClaimantOptions } from "../helpers/claimant.js";
import { buildLineage, type Person } from "./claims.support.js";
import { deploymentOf, failureOf } from "./helpers.js";

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const MAX_GAS = 1_400_000n;

describe("SDK claimAll, killed", function () {
  this.timeout(240_000);
  let chain: Awaited<ReturnType<typeof startLocalChain>>;
  let provider: JsonRpcProvider;
  let deployment: Deployment;
  let lineage: Awaited<ReturnType<typeof buildLineage>>;
  let alice: Person & { wallet: HDNodeWallet };
  let plan: ClaimPlan;

  /** A person with a provider that remembers nothing. */
  async function personAt(index: number) {
    const wallet = HDNodeWallet.fromMnemonic(MNEMONIC, `m/44'/60'/0'/0/${index}`).connect(provider);

    return { wallet, address: wallet.address, sdk: await connect(wallet, { deployment }) };
  }

  before(async () => {
    chain = await startLocalChain(0);
    provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
    provider.pollingInterval = 20;
    deployment = deploymentOf(chain.plan);
    const [bob, carol] = [await personAt(2), await personAt(3)];
    alice = await personAt(1);
    await (await TestToken__factory.connect(chain.usdc, carol.wallet).mint(carol.address, 10n ** 15n)).wait();
    lineage = await buildLineage(alice, bob, carol, ["ETH", chain.usdc]);
    plan = await alice.sdk.royalties.plan({ gasPrice: 0n, maxGas: MAX_GAS });
    await provider.send("evm_setAutomine", [false]);
  });

  after(async () => {
    provider.destroy();
    await chain.close();
  });

  let snapshot: string;
  beforeEach(async () => {
    snapshot = await provider.send("evm_snapshot", []);
  });
  afterEach(() => provider.send("evm_revert", [snapshot]));

  const mine = () => provider.send("evm_mine", []);

  /** The signer's transactions, mined, or with those that wait. */
  const sent = (tag: "latest" | "pending") => provider.getTransactionCount(alice.address, tag);

  /** Runs the program, which is killed after so many lines. */
  async function runUntil(lines: number, to: string): Promise<void> {
    const options: ClaimantOptions = {
      ...{ url: chain.url, deployment, privateKey: alice.wallet.privateKey, to, lines },
      maxGas: String(MAX_GAS),
    };
    const child = spawn(process.execPath, ["--import", "tsx", CLAIMANT, JSON.stringify(options)], {
      ...{ cwd: hre.config.paths.root, stdio: ["ignore", "pipe", "inherit"] },
    });
    const closed = once(child, "close");
    const printed: string[] = [];
    for await (const state of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      printed.push(state);
      // What was sent last waits.
      if (state === "sent" && printed.length < lines) await mine();
    }
    expect(await closed).to.deep.equal([null, "SIGKILL"]);
    expect(printed).to.deep.equal(Array.from({ length: lines }, (_, i) => (i % 2 === 0 ? "sent" : "mined")));
  }

  /** Runs it again, here, and mines what it sends, and first what waits. */
  async function runToTheEnd(to: string) {
    const run = alice.sdk.royalties.claimAll({
      ...{ to, maxGas: MAX_GAS, gasPrice: 0n },
      onProgress: ({ state }) => {
        if (state === "sent") void mine();
      },
    });
    // It waits for what the killed one has sent; nothing else would mine it.
    if ((await sent("pending")) > (await sent("latest"))) await setTimeout(50).then(mine);

    return run;
  }

  async function expectAllAt(to: string) {
    const token = TestToken__factory.connect(chain.usdc, provider);
    expect(await provider.getBalance(to)).to.equal(lineage.expected[0].amount);
    expect(await token.balanceOf(to)).to.equal(lineage.expected[1].amount);
    expect((await alice.sdk.royalties.plan({ gasPrice: 0n })).steps).to.deep.equal([]);
  }

  it("has a plan of several transactions of each kind and currency", () => {
    expect(plan.totals).to.deep.equal(lineage.expected);
    const kinds = plan.steps.map(({ kind, currency }) => `${kind} ${currency}`);
    for (const currency of ["ETH", chain.usdc]) {
      expect(kinds.filter((kind) => kind === `cascade ${currency}`)).to.have.length.above(1);
      expect(kinds).to.include(`claim ${currency}`);
    }
  });

  for (const state of ["sent", "mined"]) {
    it(`finishes, and sends nothing twice, wherever it is killed when a transaction is ${state}`, async () => {
      for (let count = 1; count <= plan.steps.length; ++count) {
        const snapshot = await provider.send("evm_snapshot", []);
        const { address: to } = Wallet.createRandom();
        const before = await sent("latest");
        await runUntil(state === "sent" ? 2 * count - 1 : 2 * count, to);
        expect((await sent("pending")) - before).to.equal(count);
        expect((await sent("latest")) - before).to.equal(state === "sent" ? count - 1 : count);

        const { transactions } = await runToTheEnd(to);

        expect(transactions).to.have.length(plan.steps.length - count);
        expect((await sent("pending")) - before).to.equal(plan.steps.length);
        await expectAllAt(to);
        await provider.send("evm_revert", [snapshot]);
      }
    });
  }

  it("finishes when killed again and again", async () => {
    const { address: to } = Wallet.createRandom();
    const before = await sent("latest");
    for (let i = 0; i < 2; ++i) {
      await runUntil(3, to);
      await mine();
    }
    await runToTheEnd(to);

    expect((await sent("latest")) - before).to.equal(plan.steps.length);
    await expectAllAt(to);
  });

  describe("while transactions of the signer wait", () => {
    it("gives up after the time that it was given, having sent nothing", async () => {
      await alice.wallet.sendTransaction({ to: alice.address });
      const waiting = await sent("pending");

      const error = await failureOf(TransactionsPending, alice.sdk.royalties.claimAll({ pendingTimeoutMs: 0 }));

      expect(error.sender).to.equal(alice.address);
      expect(error.message).to.equal(
        `Earlier transactions of ${alice.address} are not mined yet; wait for them, or replace them in the wallet, and try again.`,
      );
      expect(await sent("pending")).to.equal(waiting);
    });

    it("ends when told so", async () => {
      await alice.wallet.sendTransaction({ to: alice.address });
      const reason = new Error("No more");
      const stopped = alice.sdk.royalties.claimAll({ signal: AbortSignal.abort(reason) });

      expect((await failureOf(Aborted, stopped)).cause).to.equal(reason);
    });
  });
});
