import { expect } from "chai";
import { id, Wallet, ZeroAddress } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { TOTAL_SHARES } from "../helpers/models.js";
import { DAY, VERIFIERS } from "../helpers/protocol.js";
import { deploySources, type SourcesContext, signClaim, WAIT } from "../registry/sources.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** Accounts that the majority names verifiers, ascending. */
const ACCOMPLICES = ["one", "two", "three"]
  .map((name) => new Wallet(id(`accomplice ${name}`)))
  .sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));

/* What the majority may order, and how long it may wait. */

const order = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("name" as const), who: fc.nat(2), allowed: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("dismiss" as const), who: fc.nat(2) }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("threshold" as const), threshold: fc.integer({ min: 1, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cancel" as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("wait" as const),
      seconds: fc.constantFrom(1, DAY, 9 * DAY, WAIT / 2, WAIT - 20, WAIT - 3, WAIT - 1, WAIT),
    }),
  },
);

type Order = typeof order extends fc.Arbitrary<infer Value> ? Value : never;

async function deploy() {
  const context = await deploySources(connection);
  const unclaimed = await context.enter("org/one");
  const claimed = await context.enter("org/two");
  await context.hand(claimed);

  return { ...context, unclaimed, claimed };
}

type Context = SourcesContext & { unclaimed: string; claimed: string };

const fixture = () => networkHelpers.loadFixture(deploy);

/** Given, so that what is refused is mined too. */
const gas = { gasLimit: 1_000_000n };

async function obey({ governed, unclaimed }: Context, order: Order) {
  if (order.kind === "wait") return networkHelpers.time.increase(order.seconds);
  if (order.kind === "name") return governed.setVerifier(ACCOMPLICES[order.who].address, order.allowed, gas);
  if (order.kind === "dismiss") return governed.setVerifier(VERIFIERS[order.who].address, false, gas);
  if (order.kind === "threshold") return governed.setThreshold(order.threshold, gas);

  return governed.cancelClaim(unclaimed, 0, [], gas).catch(() => undefined);
}

/** Tries to take a source with the word of accomplices alone: of one, two, and all of them; and to end a claim. */
async function grab({ sources, claimOf, send, other }: Context, source: string, domain: SourcesContext["domain"]) {
  const readyAt = (await sources.claimOf(source)).readyAt;
  if (readyAt === 0n) {
    const claim = await claimOf(source, { recipient: other.address });
    for (const accomplices of [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]]) {
      const attestations = await signClaim(
        accomplices.map((index) => ACCOMPLICES[index]),
        domain,
        claim,
      );
      // Asked first: most are refused.
      const { recipient, model, deadline } = claim;
      const isTaken = await sources.claimSource.staticCall(source, recipient, model, deadline, attestations).then(
        () => true,
        () => false,
      );
      if (isTaken) {
        // The next block is a second later, and what is asked for may be another thing then.
        await send(claim, attestations).catch(() => undefined);
        break;
      }
    }
  } else {
    await sources.completeClaim(source, gas).catch(() => undefined);
  }
}

describe("A hostile majority and a source that nobody has claimed", function () {
  this.timeout(120_000);

  it("can take it by its own verifiers, after both waiting periods and not a second before", async () => {
    const context = await fixture();
    const { governed, sources, unclaimed, domain, claimOf, send, other, stranger, registry, ledger } = context;
    const begun = await networkHelpers.time.latest();
    for (const [i, { address }] of ACCOMPLICES.entries()) {
      await networkHelpers.time.setNextBlockTimestamp(begun + 1 + i);
      await governed.setVerifier(address, true);
    }
    const claim = await claimOf(unclaimed, { recipient: other.address });
    const attestations = await signClaim(ACCOMPLICES.slice(0, 2), domain, claim);

    // The second of the two accomplices was named at `begun + 2`.
    await networkHelpers.time.setNextBlockTimestamp(begun + 1 + WAIT);
    await expect(send(claim, attestations))
      .to.be.revertedWithCustomError(sources, "NotVerifier")
      .withArgs(ACCOMPLICES[1].address);
    await networkHelpers.time.setNextBlockTimestamp(begun + 2 + WAIT);
    await send(claim, attestations);
    await networkHelpers.time.setNextBlockTimestamp(begun + 1 + 2 * WAIT);
    await expect(sources.completeClaim(unclaimed))
      .to.be.revertedWithCustomError(sources, "SourceClaimNotReady")
      .withArgs(unclaimed, begun + 2 + 2 * WAIT);
    await networkHelpers.time.setNextBlockTimestamp(begun + 2 + 2 * WAIT);
    await expect(sources.connect(stranger).completeClaim(unclaimed))
      .to.emit(sources, "SourceClaimed")
      .withArgs(unclaimed, other.address, ZeroAddress);

    expect(await registry.ownerOf(unclaimed)).to.equal(other.address);
    expect(await ledger.balanceOf(other.address, unclaimed)).to.equal(TOTAL_SHARES);
  });

  it("has no order of orders that takes it sooner, and none that touches one that was claimed", async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(order, { minLength: 6, maxLength: 16, size: "max" }), async (orders) => {
        const context = await fixture();
        const { registry, ledger, unclaimed, claimed, author, other, domain } = context;
        // Two verifiers at once, in half of the courses as in the worst case.
        const worst: Order[] = [0, 1].map((who) => ({ kind: "name", who, allowed: true }));
        let begun = Number.POSITIVE_INFINITY;

        for (const each of orders.length % 2 === 0 ? [...worst, ...orders] : orders) {
          await obey(context, each);
          if (each.kind !== "wait") begun = Math.min(begun, await networkHelpers.time.latest());
          await grab(context, unclaimed, domain);
          await grab(context, claimed, domain);

          if ((await registry.ownerOf(unclaimed)) === other.address) {
            expect(await networkHelpers.time.latest()).to.be.at.least(begun + 2 * WAIT);
            taken += 1;
            break;
          }
        }

        expect(await registry.ownerOf(claimed)).to.equal(author.address);
        expect(await ledger.balanceOf(author.address, claimed)).to.equal(TOTAL_SHARES);
        expect(await ledger.balanceOf(other.address, claimed)).to.equal(0n);
      }),
      { numRuns: 25, endOnFailure: true, examples: [[Array<Order>(6).fill({ kind: "wait", seconds: WAIT })]] },
    );
    // Some courses came to that: it is the time that is tested.
    expect(taken).to.be.greaterThan(0);
  });

  it("cannot turn an honest claim that waits to itself: it can only cancel it, and then the author comes again", async () => {
    const context = await fixture();
    const { sources, governed, unclaimed, claim, author, other, registry, domain, claimOf, send } = context;
    await claim(unclaimed);
    for (const { address } of ACCOMPLICES) await governed.setVerifier(address, true);
    for (const { address } of VERIFIERS) await governed.setVerifier(address, false);
    await networkHelpers.time.increase(WAIT - 10);
    const theirs = await claimOf(unclaimed, { recipient: other.address });
    const attestations = await signClaim(ACCOMPLICES, domain, theirs);

    await expect(send(theirs, attestations))
      .to.be.revertedWithCustomError(sources, "SourceClaimPending")
      .withArgs(unclaimed, author.address);
    await networkHelpers.time.increase(10);
    await sources.completeClaim(unclaimed);

    expect(await registry.ownerOf(unclaimed)).to.equal(author.address);
    await expect(governed.cancelClaim(unclaimed, 0, []))
      .to.be.revertedWithCustomError(sources, "SourceClaimNotFound")
      .withArgs(unclaimed);
    await expect(send(theirs, attestations))
      .to.be.revertedWithCustomError(sources, "SourceAlreadyClaimed")
      .withArgs(unclaimed);
  });
});
