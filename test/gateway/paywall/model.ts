import { expect } from "chai";
import { id, JsonRpcProvider } from "ethers";
import { type Facts, type PaywallOptions, PaywallMisconfigured } from "../../../gateway/src/index.js";
import { ContractError, InvalidArgument, manifestUri } from "../../../sdk/src/index.js";
import { startProxy } from "../../relayer/support.js";
import { failureOf } from "../../sdk/helpers.js";
import {
  CENT,
  expectRefused,
  paymentFor,
  requiredBy,
  startPaywallWorld,
  until,
  type World,
} from "../support/paywallWorld.js";
import { signed } from "../support/paywallSignIn.js";
import { startUpstream, type Upstream } from "../support/paywallUpstream.js";

const LEVELS = { notice: 1, restricted: 2, recalled: 3 } as const;
const EVIDENCE = id("evidence");
const REASON = { ground: "lineage", evidenceDigest: EVIDENCE } as const;
const MISSING = `0x${"12".repeat(20)}`;

describe("Gateway and what the chain says of its model", () => {
  let world: World;
  let upstream: Upstream;

  before(async () => {
    world = await startPaywallWorld();
    upstream = await startUpstream();
  });

  after(async () => {
    upstream.close();
    await world.close();
  });

  const factsAt = async (url: string): Promise<Facts> => {
    const { commonweal } = requiredBy(await fetch(`${url}/v1/chat`)).extensions as { commonweal: { info: Facts } };

    return commonweal.info;
  };

  const boardMember = async () => world.impersonate((await world.maker.safety.members())[0]);

  /** Decides as the safety timelock does after a vote. */
  async function decide(model: string, level: keyof typeof LEVELS, version = 0): Promise<void> {
    const timelock = await world.impersonate(world.deployment.SafetyTimelock.address);
    const reason = { ground: 1, clause: 0, policyVersion: 0, evidenceDigest: EVIDENCE };
    await (await timelock.contracts.SafetyBoard.decide(model, version, LEVELS[level], reason, "")).wait();
  }

  it("tells it in every 402, with what stands on ancestors", async () => {
    const parent = await world.register({ derivatives: { mode: "open", rateBps: 500 } });
    const parents = [{ model: parent, rateBps: 500, relation: "fineTune" as const }];
    const manifestDigest = id("another manifest");
    const model = await world.register({ parents, manifestDigest });
    const member = await boardMember();
    await member.safety.warn({ model: parent, reason: REASON });
    await member.safety.warn({ model, version: 1, reason: REASON });
    const { url } = await world.gateway({ model, name: "Whisperer" }, upstream);
    const { version, digest } = await world.maker.safety.policy();
    const { advisories, ...facts } = await factsAt(url);

    expect(facts).to.deep.equal({
      ...{
        model,
        name: "Whisperer",
        kind: "model",
        version: 1,
        manifestDigest,
        manifestUri: manifestUri(manifestDigest),
      },
      ...{ withdrawn: false, policy: { version, digest }, level: "none", restricted: false },
    });
    expect(advisories.map(({ issuedAt: _, ...advisory }) => advisory)).to.deep.equal([
      { model, version: 1, level: "notice", by: "board", ground: "lineage", evidenceDigest: EVIDENCE },
      { model: parent, level: "notice", by: "board", ground: "lineage", evidenceDigest: EVIDENCE },
    ]);
  });

  it("notices what changes within the seconds that it was told, and not before", async () => {
    const model = await world.register();
    const { url } = await world.gateway({ model, factsSeconds: 1 }, upstream);
    const slow = await world.gateway({ model, factsSeconds: 3_600 }, upstream);
    await world.maker.registry.publish({ model, manifestDigest: id("two") });

    await until(async () => (await factsAt(url)).version === 2, "the new version");
    expect((await factsAt(slow.url)).version).to.equal(1);
  });

  it("sells nothing of a restricted model, takes no money, and serves who has a licence", async () => {
    const model = await world.register();
    const offerOptions = { model, currency: world.chain.usdc, price: 0n, textDigest: id("The licence") };
    const { offer } = await world.maker.licensing.offer(offerOptions);
    const [payer, holder] = [await world.payer(), await world.account()];
    await world.maker.licensing.buy({ offer, recipient: holder.address });
    const { url } = await world.gateway({ model, factsSeconds: 1 }, upstream, { knowsOrigin: true });
    const challenge = await signed(`${url}/v1/chat`, holder);
    const headers = await paymentFor(payer.client, await fetch(`${url}/v1/chat`));
    await (await boardMember()).safety.restrict({ model, reason: REASON });
    await until(async () => (await fetch(`${url}/v1/chat`)).status === 403, "the restriction");

    await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 403, "model_restricted");
    expect((await fetch(`${url}/v1/chat`, { headers: challenge })).status).to.equal(200);
    expect(await world.balanceOf(payer.address)).to.equal(100n * CENT);
  });

  it("serves nothing of a recalled model, and takes no money", async () => {
    const model = await world.register();
    const { url } = await world.gateway({ model, factsSeconds: 1 }, upstream);
    const payer = await world.payer();
    const headers = await paymentFor(payer.client, await fetch(`${url}/v1/chat`));
    await decide(model, "recalled");
    await until(async () => (await fetch(`${url}/v1/chat`)).status === 451, "the recall");

    expect(await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 451, "model_recalled")).to.equal(
      `${model} was recalled by a vote: it is not served any more. Nothing was charged.`,
    );
    expect(await world.balanceOf(payer.address)).to.equal(100n * CENT);
  });

  it("goes on with what it knows while the chain is gone, and stops in time", async () => {
    const proxy = await startProxy(world.chain.url);
    const provider = new JsonRpcProvider(proxy.url, undefined, { cacheTimeout: -1, polling: true, batchMaxCount: 1 });
    provider.pollingInterval = 20;
    const commonweal = await world.as((await world.account()).connect(provider));
    const model = await world.register();
    const lines: string[] = [];
    const times = { factsSeconds: 0.2, factsStaleSeconds: 2, log: (line: string) => lines.push(line) };
    const { url, wall } = await world.gateway({ commonweal, model, ...times }, upstream);
    const payer = await world.payer();
    const headers = await paymentFor(payer.client, await fetch(`${url}/v1/chat`));

    proxy.state.isCut = true;
    await until(() => lines.some((line) => line.startsWith("cannot read what the chain says")), "a failed read");
    expect((await factsAt(url)).version).to.equal(1);
    await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 503, "chain_unavailable");
    await until(async () => (await fetch(`${url}/v1/chat`)).status === 503, "the facts to be too old");
    await expectRefused(await fetch(`${url}/v1/chat`), 503, "chain_unavailable");
    expect(wall.health().status).to.equal("failing");
    expect((await wall.admin.request("/health")).status).to.equal(503);

    proxy.state.isCut = false;
    await until(async () => (await fetch(`${url}/v1/chat`)).status === 402, "the chain to be back");
    expect((await fetch(`${url}/v1/chat`, { headers })).status).to.equal(200);
    await wall.stop();
    provider.destroy();
    proxy.close();
  });

  it("does not ask the chain for each call that is not paid", async () => {
    const proxy = await startProxy(world.chain.url);
    const provider = new JsonRpcProvider(proxy.url, undefined, { cacheTimeout: -1, polling: true });
    const commonweal = await world.as((await world.account()).connect(provider));
    const { url, wall } = await world.gateway({ commonweal, model: await world.register() }, upstream);
    let asked = 0;
    proxy.state.isRefused = () => {
      asked += 1;

      return true;
    };
    const statuses = await Promise.all(Array.from({ length: 20 }, async () => (await fetch(`${url}/v1/chat`)).status));

    expect(statuses).to.deep.equal(Array(20).fill(402));
    expect(asked).to.equal(0);
    await wall.stop();
    provider.destroy();
    proxy.close();
  });

  it("is refused at the start what cannot be", async () => {
    const model = await world.register();
    const misconfigured = async (options: Partial<PaywallOptions>) =>
      (await failureOf(PaywallMisconfigured, world.wallOf({ model, ...options }))).message;

    expect(await misconfigured({ hostBps: 3_001 })).to.equal(
      "hostBps is 3001, and the model allows hosts 3000 basis points: give 0 to 3000.",
    );
    expect(await misconfigured({ price: "0" })).to.equal("The price is 0: give more, or take the paywall away.");
    expect(await misconfigured({ currency: MISSING })).to.match(
      /is not on the ledger's list of currencies: give one of/,
    );
    expect(await misconfigured({ currency: "ETH" })).to.equal(
      "There is no way to pay: set exact to true, or give channels.",
    );
    expect(await misconfigured({ currency: "ETH", exact: true })).to.equal(
      "ETH takes no authorizations (ERC-3009): set exact to false.",
    );
    expect(await misconfigured({ origin: "https://api.example/v1" })).to.match(/give scheme and host alone/);
    expect(await misconfigured({ secret: "short" })).to.match(/^The secret has 5 characters: give 32 or more/);
    expect(await misconfigured({ per: { unit: "token", max: 0 } })).to.match(/^per.max is 0/);
    const reader = await world.as(world.provider);
    expect(await misconfigured({ commonweal: reader })).to.equal(
      "Settling payments needs a signer: connect with one, or give a facilitator.",
    );
    expect(await misconfigured({ commonweal: reader, hostBps: 100 })).to.match(/^hostBps is for a host/);
    await failureOf(InvalidArgument, world.wallOf({ model: "0x12" }));
    expect((await failureOf(ContractError, world.wallOf({ model: MISSING }))).errorName).to.match(/^Model/);
  });
});
