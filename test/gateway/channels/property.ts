import { expect } from "chai";
import { TypedDataEncoder, Wallet } from "ethers";
import fc from "fast-check";
import { recoverByEthers, voucherCheckOf } from "../../../gateway/src/channels/signatures.js";
import { memoryStore } from "../../../gateway/src/channels/stores/memory.js";
import { isSignedByKey } from "../../../sdk/src/channels.js";
import { VOUCHER_TYPES } from "../../licensing/channels.support.js";
import { type ChannelWorld, deployChannelWorld, type Gateway, PRICE } from "../support/channel.world.js";

const DEPOSIT = 1_000n;

/** What somebody tries: a voucher, and what becomes of its call. */
interface Attempt {
  channel: number;
  amount: bigint;
  calls: number;
  end: "settle" | "fail" | "stay";
  cost: bigint;
}

/** What a gateway must do, in a few lines. */
class Model {
  amount = 0n;
  calls = 0;
  charged = 0n;
  isTaken = false;

  takes({ amount, calls }: Attempt): boolean {
    const isNext = calls === this.calls + 1 && amount >= this.amount && amount - this.charged >= PRICE;

    return !this.isTaken && isNext && amount <= DEPOSIT;
  }

  end({ amount, calls, end, cost }: Attempt): void {
    this.isTaken = end === "stay";
    if (end !== "settle") return;
    this.amount = amount;
    this.calls = calls;
    this.charged += cost;
  }
}

const larger = (a: bigint, b: bigint) => (a > b ? a : b);

describe("Gateway channels: properties", () => {
  let world: ChannelWorld;

  before(async () => {
    world = await deployChannelWorld();
  });

  it("takes exactly what a small model takes, in any order, with duplicates and restarts, and redeems what it stored", async () => {
    const attempt = fc.record<Attempt>({
      channel: fc.nat(1),
      amount: fc.bigInt(0n, DEPOSIT / PRICE + 1n).map((prices) => prices * PRICE),
      calls: fc.integer({ min: 1, max: 8 }),
      end: fc.constantFrom("settle", "settle", "settle", "fail", "stay"),
      cost: fc.bigInt(0n, PRICE),
    });
    // Those that could be next are rare among random ones: half of the attempts are made so.
    const attempts = fc.array(fc.tuple(attempt, fc.constantFrom("as it is", "next", "again", "restart")), {
      minLength: 12,
      maxLength: 30,
    });

    await fc.assert(
      fc.asyncProperty(attempts, async (tries) => {
        const channels = [await world.opened(DEPOSIT), await world.opened(DEPOSIT)];
        const models = [new Model(), new Model()];
        const store = memoryStore();
        let gateway: Gateway = await world.gateway({ store });
        const retired: Gateway[] = [];
        let before: Attempt | undefined;

        for (const [random, how] of tries) {
          const model = models[random.channel];
          const { amount, charged, calls } = model;
          const least = larger(charged + PRICE, amount);
          const next = { ...random, calls: calls + 1, amount: least };
          const tried = how === "next" ? next : how === "again" ? (before ?? random) : random;
          if (how === "restart") {
            // As after a SIGKILL: what was being served is forgotten, what was settled is not.
            retired.push(gateway);
            gateway = await world.gateway({ store });
            for (const each of models) each.isTaken = false;
          }
          const isTaken = await play(gateway, channels[tried.channel], tried);
          expect(isTaken).to.equal(models[tried.channel].takes(tried));
          if (isTaken) models[tried.channel].end(tried);
          before = tried;
        }

        await gateway.redeem();
        for (const [i, channel] of channels.entries()) {
          const { redeemed, calls } = await world.reader.usage.stateOf({ channel });
          expect(redeemed).to.equal(models[i].amount);
          // A voucher for nothing more is not redeemed, and its calls are not told to the chain.
          expect(calls).to.be.at.most(models[i].calls);
          expect(models[i].charged <= models[i].amount).to.equal(true);
        }
        expect(gateway.status().unredeemed).to.equal(0n);
      }),
      { numRuns: 40 },
    );
  });

  async function play(
    gateway: Gateway,
    channel: Parameters<ChannelWorld["paid"]>[0],
    tried: Attempt,
  ): Promise<boolean> {
    const accepted = await gateway.requirements();
    const payload = { ...(await world.paid(channel, tried.amount, tried.calls)) };
    const payment = { x402Version: 2, accepted, payload };
    const { isValid } = await gateway.resourceServer.verifyPayment(payment, accepted);
    if (!isValid) return false;
    if (tried.end === "settle") {
      const amount = String(tried.cost);
      const settled = await gateway.resourceServer.settlePayment(payment, accepted, {}, undefined, { amount });
      expect(settled.success).to.equal(true);
    }
    if (tried.end === "fail") {
      const { cancel } = gateway.resourceServer.createPaymentCancellationDispatcher(payment, accepted);
      await cancel({ reason: "handler_failed" });
    }

    return true;
  }

  it("checks signatures as the SDK does, byte by byte", async () => {
    const place = { chainId: world.chainId, contract: world.contract };
    const check = voucherCheckOf(place);
    const channel = world.channelOf({ signer: Wallet.createRandom().address });
    const wallet = Wallet.createRandom();
    const id = world.idFor(channel);

    await fc.assert(
      fc.asyncProperty(
        fc.record({ amount: fc.bigInt(0n, 2n ** 112n - 1n), calls: fc.nat(2 ** 31), index: fc.nat(140) }),
        fc.option(fc.constantFrom(..."0123456789abcdefABCDEFx"), { nil: undefined }),
        async ({ amount, calls, index }, character) => {
          const message = { channel: id, amount, calls };
          const signed = await wallet.signTypedData(world.domain, VOUCHER_TYPES, message);
          // Any character may be another one.
          const signature =
            character === undefined ? signed : signed.slice(0, index) + character + signed.slice(index + 1);
          const whole = {
            channel: { ...channel, signer: wallet.address },
            channelId: id,
            amount: String(amount),
            calls,
          };

          const expected = isSignedByKey({ ...whole, signature }, place);
          expect(check.isSignedByKey({ channelId: id, amount, calls, signature }, wallet.address)).to.equal(expected);
          if (signature === signed) expect(expected).to.equal(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("recovers the key that signed", async () => {
    const wallet = Wallet.createRandom();
    const message = { channel: `0x${"11".repeat(32)}`, amount: 5n, calls: 1 };
    const digest = Buffer.from(TypedDataEncoder.hash(world.domain, VOUCHER_TYPES, message).slice(2), "hex");
    const signature = Buffer.from((await wallet.signTypedData(world.domain, VOUCHER_TYPES, message)).slice(2), "hex");
    const recovery = signature[64] === 27 ? 0 : 1;
    const key = recoverByEthers(digest, signature.subarray(0, 64), recovery, false);

    expect(Buffer.from(key ?? []).toString("hex")).to.equal(wallet.signingKey.publicKey.slice(2));
    expect(recoverByEthers(digest, new Uint8Array(64), recovery, false)).to.equal(null);
  });
});
