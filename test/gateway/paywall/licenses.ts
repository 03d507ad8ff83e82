import { createSIWxClientExtension, type SIWxPayload, wrapFetchWithSIWx } from "@x402/extensions/sign-in-with-x";
import { wrapFetchWithPayment } from "@x402/fetch";
import { expect } from "chai";
import { id, type Wallet } from "ethers";
import { PASS_HEADER, type PaywallOptions } from "../../../gateway/src/index.js";
import type { LicenseOffer } from "../../../sdk/src/index.js";
import { CENT, expectRefused, metricsOf, requiredBy, startPaywallWorld, type World } from "../support/paywallWorld.js";
import { type Challenge, signed } from "../support/paywallSignIn.js";
import { startUpstream, type Upstream } from "../support/paywallUpstream.js";

const DAY = 86_400;

describe("Gateway licences", () => {
  let world: World;
  let upstream: Upstream;
  let model: string;
  let offer: LicenseOffer;

  before(async () => {
    world = await startPaywallWorld();
    upstream = await startUpstream();
    model = await world.register();
    const textDigest = id("The licence");
    ({ offer } = await world.maker.licensing.offer({
      ...{ model, currency: world.chain.usdc, price: 0n, duration: 30 * DAY, textDigest },
    }));
  });

  after(async () => {
    upstream.close();
    await world.close();
  });

  /** A gateway that knows where it is, as it must to let anybody sign in. */
  const gateway = (options: Partial<PaywallOptions> = {}) =>
    world.gateway({ model, licenseSeconds: 0, ...options }, upstream, { knowsOrigin: true });

  const license = (recipient: string) => world.maker.licensing.buy({ offer, recipient });

  it("lets a holder pass free with a stock client", async () => {
    const { url, wall } = await gateway();
    const { account, address } = await world.payer();
    await license(address);
    const response = await wrapFetchWithSIWx(fetch, account)(`${url}/v1/chat`, { method: "POST", body: "hello" });

    expect(await response.json()).to.deep.include({ body: "hello" });
    expect(response.headers.has("PAYMENT-RESPONSE")).to.equal(false);
    expect(await world.balanceOf(address)).to.equal(100n * CENT);
    expect(await metricsOf(wall.admin)).to.include({ 'commonweal_calls_total{scheme="license",result="free"}': 1 });
  });

  it("has a stock client that has no licence pay", async () => {
    const { url } = await gateway();
    const { account, client, address } = await world.payer();
    client.registerExtension(createSIWxClientExtension({ signers: [account] }));
    const paying = wrapFetchWithPayment(fetch, client);

    expect((await paying(`${url}/v1/chat`)).status).to.equal(200);
    expect(await world.balanceOf(address)).to.equal(99n * CENT);
    await license(address);
    expect((await paying(`${url}/v1/chat`)).status).to.equal(200);
    expect(await world.balanceOf(address)).to.equal(99n * CENT);
  });

  it("lets a smart wallet pass, by its owner's signature (ERC-1271)", async () => {
    const { url } = await gateway();
    const owner = await world.account();
    const wallet = await world.deploy("ERC1271Wallet", [owner.address]);
    const byWallet = (by: Wallet) => signed(`${url}/v1/chat`, by, { address: wallet });
    await license(wallet);

    expect((await fetch(`${url}/v1/chat`, { headers: await byWallet(owner) })).status).to.equal(200);
    const stranger = await byWallet(await world.account());
    await expectRefused(await fetch(`${url}/v1/chat`, { headers: stranger }), 402, "sign_in_invalid");
  });

  it("takes a signed challenge once", async () => {
    const { url } = await gateway();
    const holder = await world.account();
    await license(holder.address);
    const headers = await signed(`${url}/v1/chat`, holder);
    const responses = await Promise.all([1, 2, 3].map(() => fetch(`${url}/v1/chat`, { headers })));

    expect(responses.map(({ status }) => status).sort()).to.deep.equal([200, 402, 402]);
    await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 402, "sign_in_used");
  });

  it("takes a challenge that is its own, for this request, of this chain and not too old", async () => {
    const { url } = await gateway();
    const other = await gateway();
    const holder = await world.account();
    await license(holder.address);
    const at = `${url}/v1/chat`;
    const refused = async (headers: Record<string, string>, code: string, path = at) =>
      expectRefused(await fetch(path, { headers }), 402, code);
    const changed = (fields: object) => ({ change: (challenge: Challenge) => ({ ...challenge, ...fields }) });

    await refused(await signed(`${other.url}/v1/chat`, holder), "sign_in_invalid");
    await refused(await signed(at, holder), "sign_in_invalid", `${url}/v1/other`);
    await refused(await signed(at, holder), "sign_in_invalid", `${at}?x=1`);
    await refused(await signed(at, holder, changed({ chainId: "eip155:1" })), "sign_in_invalid");
    await refused(await signed(at, holder, changed({ nonce: "0123456789abcdef0123456789abcdef" })), "sign_in_invalid");
    const issuedAt = (seconds: number) => changed({ issuedAt: new Date(Date.now() + seconds * 1_000).toISOString() });
    await refused(await signed(at, holder, issuedAt(-400)), "sign_in_invalid");
    await refused(await signed(at, holder, issuedAt(-10)), "sign_in_invalid");
    await refused(await signed(at, holder, issuedAt(60)), "sign_in_invalid");
    const stranger = await world.account();
    const asStranger = { after: (payload: SIWxPayload) => ({ ...payload, address: stranger.address }) };
    await refused(await signed(at, holder, asStranger), "sign_in_invalid");
    const cut = { after: ({ signature: _, ...payload }: SIWxPayload) => payload };
    await refused(await signed(at, holder, cut), "sign_in_malformed");
    await refused({ "sign-in-with-x": "%" }, "sign_in_malformed");
    const badAddress = { after: (payload: SIWxPayload) => ({ ...payload, address: "0x12" }) };
    await refused(await signed(at, holder, badAddress), "sign_in_malformed");
    expect((await fetch(at, { headers: await signed(at, holder) })).status).to.equal(200);
  });

  it("says that there is no licence, or when it ended", async () => {
    const { url } = await gateway();
    const holder = await world.account();
    const at = `${url}/v1/chat`;
    const refused = async (code: string) =>
      expectRefused(await fetch(at, { headers: await signed(at, holder) }), 402, code);

    expect(await refused("not_licensed")).to.equal(
      `${holder.address} has no licence of this model: buy one, or pay for the call.`,
    );
    const { expiresAt } = await license(holder.address);
    await world.pass(30 * DAY + 1);
    expect(await refused("license_ended")).to.equal(
      `The licence of ${holder.address} ended at ${new Date(Number(expiresAt) * 1_000).toISOString()}: extend it, or pay for the call.`,
    );
    await license(holder.address);
    expect((await fetch(at, { headers: await signed(at, holder) })).status).to.equal(200);
  });

  it("does not ask the chain again for a while", async () => {
    const { url } = await gateway({ licenseSeconds: 60 });
    const holder = await world.account();
    const at = `${url}/v1/chat`;
    const statusOf = async () => (await fetch(at, { headers: await signed(at, holder) })).status;
    expect(await statusOf()).to.equal(402);
    await license(holder.address);

    expect(await statusOf()).to.equal(402);
  });

  it("gives a holder a pass, so that it need not sign each call", async () => {
    const { url } = await gateway({ sessionSeconds: 2 });
    const holder = await world.account();
    await license(holder.address);
    const at = `${url}/v1/chat`;
    const pass = (await fetch(at, { headers: await signed(at, holder) })).headers.get(PASS_HEADER) as string;
    const withPass = (text: string, base = url) => fetch(`${base}/v1/other`, { headers: { [PASS_HEADER]: text } });

    expect((await withPass(pass)).status).to.equal(200);
    await expectRefused(await withPass(`${pass.slice(0, -2)}AA`), 402, "pass_invalid");
    await expectRefused(await withPass(pass, (await gateway()).url), 402, "pass_invalid");
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    await expectRefused(await withPass(pass), 402, "pass_expired");
  });

  it("has who must sign each call do so", async () => {
    const { url } = await gateway({ sessionSeconds: 0 });
    const holder = await world.account();
    await license(holder.address);
    const at = `${url}/v1/chat`;

    expect((await fetch(at, { headers: await signed(at, holder) })).headers.has(PASS_HEADER)).to.equal(false);
  });

  it("does not look at licences when it does not know where it is", async () => {
    const { url } = await world.gateway({ model }, upstream);
    expect(requiredBy(await fetch(`${url}/v1/chat`)).extensions).to.not.have.any.keys("sign-in-with-x");
  });
});
