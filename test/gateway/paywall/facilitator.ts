import { x402Facilitator } from "@x402/core/facilitator";
import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { ExactEvmScheme } from "@x402/evm/exact/facilitator";
import { expect } from "chai";
import { Hono } from "hono";
import { createWalletClient, defineChain, http, publicActions } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { PaywallMisconfigured } from "../../../gateway/src/index.js";
import { failureOf } from "../../sdk/helpers.js";
import { CENT, expectRefused, paymentFor, receiptOf, startPaywallWorld, type World } from "../support/paywallWorld.js";
import { startUpstream, type Upstream } from "../support/paywallUpstream.js";

interface Body {
  paymentPayload: PaymentPayload;
  paymentRequirements: PaymentRequirements;
}

describe("Gateway with a facilitator elsewhere", () => {
  let world: World;
  let upstream: Upstream;
  let model: string;
  const state = { isDown: false, settled: 0 };
  let facilitatorUrl: string;

  before(async () => {
    world = await startPaywallWorld();
    upstream = await startUpstream();
    model = await world.register();
    facilitatorUrl = await world.serve(await facilitatorOf());
  });

  after(async () => {
    upstream.close();
    await world.close();
  });

  /** A stock facilitator over HTTP, which uses viem as they do. */
  async function facilitatorOf(): Promise<Hono> {
    const { privateKey } = await world.account();
    const chain = defineChain({
      ...{ id: 31_337, name: "local", nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 } },
      rpcUrls: { default: { http: [world.chain.url] } },
    });
    const account = privateKeyToAccount(privateKey as `0x${string}`);
    const client = createWalletClient({ account, chain, transport: http(), pollingInterval: 20 }).extend(publicActions);
    const signer = Object.assign(client, { getAddresses: () => [account.address] });
    const facilitator = new x402Facilitator();
    facilitator.register("eip155:31337", new ExactEvmScheme(signer as never));
    const app = new Hono();
    app.use(async ({ body }, next) => (state.isDown ? body("down", 500) : next()));
    app.get("/supported", ({ json }) => json(facilitator.getSupported()));
    app.post("/verify", async ({ req, json }) => {
      const { paymentPayload, paymentRequirements } = await req.json<Body>();

      return json(await facilitator.verify(paymentPayload, paymentRequirements));
    });
    app.post("/settle", async ({ req, json }) => {
      const { paymentPayload, paymentRequirements } = await req.json<Body>();
      state.settled += 1;

      return json(await facilitator.settle(paymentPayload, paymentRequirements));
    });

    return app;
  }

  it("has payments verified and settled there, without a key of its own", async () => {
    const commonweal = await world.as(world.provider);
    const { url } = await world.gateway({ model, commonweal, facilitator: facilitatorUrl }, upstream);
    const payer = await world.payer();
    const response = await payer.fetch(`${url}/v1/chat`);

    expect(response.status).to.equal(200);
    expect(receiptOf(response)).to.deep.include({ success: true, payer: payer.address });
    expect(await world.balanceOf(payer.address)).to.equal(99n * CENT);
    expect(state.settled).to.equal(1);
  });

  it("says why a payment is not good", async () => {
    const { url } = await world.gateway({ model, facilitator: facilitatorUrl }, upstream);
    const payer = await world.payer();
    const headers = await paymentFor(payer.client, await fetch(`${url}/v1/chat`));
    expect((await fetch(`${url}/v1/chat`, { headers })).status).to.equal(200);

    await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 402, "invalid_exact_evm_nonce_already_used");
  });

  it("is not available while the facilitator is not, and takes nothing", async () => {
    const { url } = await world.gateway({ model, facilitator: facilitatorUrl }, upstream);
    const payer = await world.payer();
    const headers = await paymentFor(payer.client, await fetch(`${url}/v1/chat`));
    state.isDown = true;
    try {
      await expectRefused(await fetch(`${url}/v1/chat`, { headers }), 503, "facilitator_unavailable");
      await failureOf(PaywallMisconfigured, world.wallOf({ model, facilitator: facilitatorUrl }));
    } finally {
      state.isDown = false;
    }
    expect((await fetch(`${url}/v1/chat`, { headers })).status).to.equal(200);
  });
});
