import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { channelFetch } from "@commonweal/gateway/client";
import { type NodePaywall, paywall } from "@commonweal/gateway/node";
import { type Commonweal, connect } from "@commonweal/sdk";
import { wrapFetchWithSIWx } from "@x402/extensions/sign-in-with-x";
import { expect } from "chai";
import { id, parseEther, toBeHex } from "ethers";
import hre from "hardhat";
import { privateKeyToAccount } from "viem/accounts";
import { comparison } from "../../examples/paid-inference/report.js";
import type { Role } from "../../scripts/story/cast.js";
import { startPaywallWorld, type World } from "../gateway/support/paywallWorld.js";

const DAY = 86_400;
const BPS = 10_000n;
const SHARES = 1_000_000n;
const FEE_BPS = 100n;

const PRICE = 333n;
const HOST_BPS = 1_700n;
const RATE_BPS = 1_500n;
const EXACT_CALLS = 3n;
const CHANNEL_CALLS = 5n;
const DEPOSIT = 2_000n;
const LICENSE_PRICE = 7_777n;

describe("Serving a model, from payers to the author of an ancestor", () => {
  let world: World;
  let folder: string;
  let server: Server | undefined;
  let wall: NodePaywall | undefined;
  let served: number;
  let commonwealOf: Record<"alice" | "bob" | "carol" | "host" | "buyer", Commonweal>;
  let addressOf: Record<keyof typeof commonwealOf, string>;
  let payer: Awaited<ReturnType<World["payer"]>>;
  let buyerKey: `0x${string}`;
  let model: string;
  let ancestor: string;
  let treasury: string;
  let ledger: string;
  let balancesBefore: Map<string, bigint>;

  /** Puts a paywall before a server as a host does, on a port that stays the same. */
  async function serve(port: number): Promise<void> {
    wall = await paywall({
      ...{ commonweal: commonwealOf.host, model, hostBps: Number(HOST_BPS), currency: world.chain.usdc, price: PRICE },
      channels: { store: path.join(folder, "channels.db"), minDeposit: PRICE },
      origin: `http://127.0.0.1:${port}`,
    });
    const handler = wall.protect((_, response) => {
      served += 1;
      response.end(`answer ${served}`);
    });
    const listening = createServer(handler).listen(port, "127.0.0.1");
    server = listening;
    await new Promise((resolve) => listening.once("listening", resolve));
  }

  async function stop(): Promise<void> {
    await wall?.stop();
    server?.close().closeAllConnections();
    wall = undefined;
    server = undefined;
  }

  const everybody = () => [...Object.values(addressOf), payer.address, treasury, ledger];
  const balances = async () =>
    new Map(await Promise.all(everybody().map(async (one) => [one, await world.balanceOf(one)] as const)));
  const gainOf = async (account: string) => (await world.balanceOf(account)) - (balancesBefore.get(account) as bigint);

  before(async () => {
    world = await startPaywallWorld();
    folder = await mkdtemp(path.join(tmpdir(), "commonweal-serving-"));
    served = 0;
    const wallets = {
      ...{ alice: await world.account(), bob: await world.account(), carol: await world.account() },
      ...{ host: await world.account(), buyer: await world.account() },
    };
    const names = Object.keys(wallets) as (keyof typeof wallets)[];
    addressOf = Object.fromEntries(names.map((name) => [name, wallets[name].address])) as typeof addressOf;
    commonwealOf = Object.fromEntries(
      await Promise.all(names.map(async (name) => [name, await connect(wallets[name])])),
    ) as typeof commonwealOf;
    const { contracts } = commonwealOf.host;
    treasury = String(contracts.TimelockController.target);
    ledger = String(contracts.RoyaltyLedger.target);
    payer = await world.payer(10_000n);
    buyerKey = wallets.buyer.privateKey as `0x${string}`;
    await (await world.usdc.mint(addressOf.buyer, LICENSE_PRICE)).wait();

    ({ model: ancestor } = await commonwealOf.carol.registry.register({
      ...{ kind: "model", manifestDigest: id("ancestor"), derivatives: { mode: "open", rateBps: Number(RATE_BPS) } },
      holdings: [{ holder: addressOf.carol, units: SHARES }],
    }));
    ({ model } = await commonwealOf.alice.registry.register({
      ...{ kind: "model", manifestDigest: id("model"), derivatives: { mode: "open" }, maxHostBps: Number(HOST_BPS) },
      parents: [{ model: ancestor, rateBps: Number(RATE_BPS), relation: "fineTune" }],
      holdings: [
        { holder: addressOf.alice, units: 600_000n },
        { holder: addressOf.bob, units: 400_000n },
      ],
    }));
    balancesBefore = await balances();
  });

  after(async () => {
    await stop();
    await world.close();
    await rm(folder, { recursive: true });
  });

  it("takes payments by x402, by channel over a restart, and licences", async () => {
    const port = await world.freePort();
    const url = `http://127.0.0.1:${port}/v1/generate`;
    await serve(port);
    const pay = await channelFetch({
      ...{ commonweal: await connect(payer.wallet), currency: world.chain.usdc, model },
      ...{ maxPrice: PRICE, deposit: DEPOSIT, limit: DEPOSIT },
    });
    const { offer } = await commonwealOf.alice.licensing.offer({
      ...{ model, currency: world.chain.usdc, price: LICENSE_PRICE, textDigest: id("The licence") },
    });

    for (let i = 0n; i < EXACT_CALLS; i++) expect((await payer.fetch(url)).status).to.equal(200);
    for (let i = 0n; i < 2n; i++) expect((await pay(url)).status).to.equal(200);
    await stop();
    await serve(port);
    for (let i = 2n; i < CHANNEL_CALLS; i++) expect((await pay(url)).status).to.equal(200);

    await commonwealOf.buyer.licensing.buy({ offer });
    const asHolder = wrapFetchWithSIWx(fetch, privateKeyToAccount(buyerKey));
    expect(await (await asHolder(url)).text()).to.equal(`answer ${EXACT_CALLS + CHANNEL_CALLS + 1n}`);
    expect((await fetch(url)).status).to.equal(402);
    await stop();

    expect(served).to.equal(Number(EXACT_CALLS + CHANNEL_CALLS) + 1);
  });

  it("gives the payer back what it did not use", async () => {
    await world.provider.send("hardhat_setBalance", [payer.address, toBeHex(parseEther("1"))]);
    const { usage } = await connect(payer.wallet);
    const [{ channel }] = await usage.channelsOf({ payer: payer.address });
    await usage.giveNotice({ channel });
    await world.pass(DAY);
    await usage.withdraw({ channel });

    expect(await gainOf(payer.address)).to.equal(-(EXACT_CALLS + CHANNEL_CALLS) * PRICE);
    expect(await gainOf(addressOf.buyer)).to.equal(-LICENSE_PRICE);
  });

  it("pays host, contributors, the ancestor's author and the treasury, to the unit", async () => {
    const currency = world.chain.usdc;
    const hosting = { model, host: addressOf.host, hostBps: Number(HOST_BPS) };
    const { contracts, deposits, royalties, usage } = commonwealOf.host;
    await deposits.sweepHosted({ hostings: [hosting], currencies: [currency] });
    await deposits.claimHostPart({ hostings: [hosting], currency });
    await usage.payHost({ currency });
    await royalties.cascade({ models: [model, ancestor], currency });
    for (const [holder, of] of [
      [addressOf.alice, model],
      [addressOf.bob, model],
      [addressOf.carol, ancestor],
    ]) {
      await royalties.claimFor({ holder, models: [of], currency });
    }
    await (await contracts.RoyaltyLedger.collectFees(currency)).wait();

    // The rules, once more: a host's part of each way to pay, then parents, then the fee, then shares; each rounded down.
    const [exact, byChannel] = [EXACT_CALLS * PRICE, CHANNEL_CALLS * PRICE];
    const hostPart = (exact * HOST_BPS) / BPS + (byChannel * HOST_BPS) / BPS;
    const received = exact + byChannel - hostPart + LICENSE_PRICE;
    const upstream = (received * RATE_BPS) / BPS;
    const fees = [received - upstream, upstream].map((kept) => (kept * FEE_BPS) / BPS);
    const distributed = received - upstream - fees[0];
    const [alice, bob] = [600_000n, 400_000n].map((units) => (distributed * units) / SHARES);
    const due = { host: hostPart, alice, bob, carol: upstream - fees[1] };
    const dust = distributed - alice - bob;

    expect((await royalties.booksOf({ model, currency })).received).to.equal(received);
    expect((await royalties.booksOf({ model: ancestor, currency })).received).to.equal(upstream);
    for (const [name, amount] of Object.entries(due)) {
      expect(await gainOf(addressOf[name as keyof typeof due]), name).to.equal(amount);
    }
    expect(await gainOf(treasury)).to.equal(fees[0] + fees[1]);
    expect(await gainOf(ledger)).to.equal(dust);
    // Nothing came from nowhere, and nothing went there.
    const gains = await Promise.all(everybody().map(gainOf));
    expect(gains.reduce((sum, gain) => sum + gain, 0n)).to.equal(0n);
  });
});

describe("The example of paid inference", function () {
  this.timeout(180_000);

  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ["--import", "tsx", "examples/paid-inference/run.ts", ...args], {
      cwd: hre.config.paths.root,
      timeout: 150_000,
    }).then(
      ({ stdout, stderr }) => ({ code: 0, printed: stdout + stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
        ...{ code, printed: stdout + stderr },
      }),
    );

  it("pays everybody what was spent, and says so", async () => {
    const { code, printed } = await run("--calls", "24", "--exact-calls", "2", "--agents", "2");

    expect(code, printed).to.equal(0);
    expect(printed).to.match(/^ {2}2 calls paid one by one, with the stock client of x402: /m);
    expect(printed).to.match(/^ {2}24 calls paid by channel: [\d.]+ s, [\d,]+ a second$/m);
    for (const name of ["Host", "Farid", "Goro", "Hana", "Iker", "treasury"]) {
      expect(printed).to.match(new RegExp(`^  ${name} +0\\.\\d+ USDC  =$`, "m"));
    }
    // 26 calls of 0.000123 each.
    expect(printed)
      .to.match(/^ {2}spent in all +0\.003198 USDC {2}=$/m)
      .and.not.include("but");
    expect(printed).to.include("What was earned is what was spent, to the unit.");
  });

  it("says so when a figure is off by one unit", () => {
    const models = [
      { key: "Model", kind: "model", asksBps: 0, parents: [], holdings: [{ holder: "Amara", units: SHARES }] },
    ];
    const result = {
      ...{ roles: models as Role[], served: "Model", purses: [{ exactCalls: 10, calls: 90 }], price: 100n },
      ...{ hostBps: 2_000, spent: 10_000n },
      earned: new Map([
        ["Host", 2_000n],
        ["Amara", 7_920n],
        ["treasury", 80n],
      ]),
    };
    expect(comparison(result).equal).to.equal(true);

    for (const name of ["Host", "Amara", "treasury", "Lena"]) {
      const earned = new Map(result.earned).set(name, (result.earned.get(name) ?? 0n) + 1n);
      const { equal, lines } = comparison({ ...result, earned });
      expect(equal, name).to.equal(false);
      expect(lines.filter((line) => line.includes("but"))).to.have.length(2);
      expect(lines.at(-1)).to.equal("Some figures are off.");
    }
    expect(comparison({ ...result, spent: 9_999n }).equal).to.equal(false);
  });

  for (const args of [["--calls", "none"], ["--agents", "0"], ["--agents", "3", "--calls", "2"], ["--twice"]]) {
    it(`refuses ${args.join(" ")} and shows its usage`, async () => {
      const { code, printed } = await run(...args);

      expect(code).to.equal(1);
      expect(printed).to.include("Usage: npx pnpm@12 example").and.not.include("    at ");
    });
  }
});
