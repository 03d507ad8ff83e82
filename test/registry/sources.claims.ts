import { expect } from "chai";
import { getAddress, toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH, registerModel, TOTAL_SHARES } from "../helpers/models.js";
import { VERIFIERS } from "../helpers/protocol.js";
import { deploySources, idOfSource, signCancellation, signClaim, WAIT } from "./sources.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** A source that is entered, and the id of one that is not. */
async function deploy() {
  const context = await deploySources(connection);

  return { ...context, source: await context.enter(), absent: idOfSource(context.addresses, 0, "org/absent") };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("SourceRegistry", () => {
  describe("claimSource", () => {
    it("begins a claim that waits for thirty days, and changes nothing else", async () => {
      const { sources, registry, ledger, addresses, source, claim, author } = await fixture();
      const begin = (await networkHelpers.time.latest()) + 10;
      await networkHelpers.time.setNextBlockTimestamp(begin);

      await expect(claim(source))
        .to.emit(sources, "SourceClaimStarted")
        .withArgs(source, author.address, ZeroAddress, begin + WAIT);
      expect(WAIT).to.equal(30 * 24 * 60 * 60);
      expect(await sources.waitingPeriod()).to.equal(WAIT);
      expect(await sources.claimOf(source)).to.deep.equal([author.address, BigInt(begin + WAIT), ZeroAddress]);
      expect(await sources.nonceOf(source)).to.equal(1n);
      expect(await sources.modelOf(source)).to.equal(source);
      expect(await registry.ownerOf(source)).to.equal(addresses.sources);
      expect(await ledger.balanceOf(author.address, source)).to.equal(0n);
    });

    it("refuses a second claim while one waits, also past its time", async () => {
      const { sources, source, claim, author, stranger } = await fixture();
      await claim(source);

      for (const recipient of [author.address, stranger.address]) {
        await expect(claim(source, { recipient }, VERIFIERS))
          .to.be.revertedWithCustomError(sources, "SourceClaimPending")
          .withArgs(source, author.address);
      }
      await networkHelpers.time.increase(WAIT + 1);
      await expect(claim(source))
        .to.be.revertedWithCustomError(sources, "SourceClaimPending")
        .withArgs(source, author.address);
    });

    it("refuses a source that was claimed", async () => {
      const { sources, registry, source, enter, claim, hand, stranger, author } = await fixture();
      const model = await registerModel({ registry }, author);
      const bound = await enter("org/bound");
      await hand(source);
      await hand(bound, { model });

      for (const claimed of [source, bound]) {
        await expect(claim(claimed, { recipient: stranger.address }))
          .to.be.revertedWithCustomError(sources, "SourceAlreadyClaimed")
          .withArgs(claimed);
      }
      // Nor when it has come back to where it was.
      await registry.connect(author).transferFrom(author.address, await sources.getAddress(), source);
      await expect(claim(source)).to.be.revertedWithCustomError(sources, "SourceAlreadyClaimed").withArgs(source);
    });

    it("refuses a source that is not entered, whether a model is named or not", async () => {
      const { sources, registry, absent, claim, author } = await fixture();
      const model = await registerModel({ registry }, author);

      for (const terms of [{}, { model }]) {
        await expect(claim(absent, terms))
          .to.be.revertedWithCustomError(sources, "SourceNotRegistered")
          .withArgs(absent);
      }
    });

    it("refuses recipients that can hold no shares, or do nothing with a source", async () => {
      const { sources, addresses, source, claim } = await fixture();

      for (const recipient of [
        ZeroAddress,
        toBeHex(1, 20),
        getAddress(toBeHex(2n ** 64n - 1n, 20)),
        addresses.ledger,
        addresses.registry,
        addresses.sources,
        source,
      ]) {
        await expect(claim(source, { recipient }))
          .to.be.revertedWithCustomError(sources, "SourceRecipientInvalid")
          .withArgs(recipient);
      }
      await claim(source, { recipient: toBeHex(2n ** 64n, 20) });
    });

    it("refuses to bind a name to a model that is not the recipient's", async () => {
      const { sources, registry, source, enter, claim, stranger, author } = await fixture();
      const others = await registerModel({ registry }, stranger);
      const unclaimed = await enter("org/unclaimed");

      for (const model of [others, unclaimed, source]) {
        await expect(claim(source, { model }))
          .to.be.revertedWithCustomError(sources, "SourceModelNotOwned")
          .withArgs(model, author.address);
      }
    });

    it("refuses to bind a name to what is no model of the registry's", async () => {
      const { registry, ledger, source, absent, claim, author } = await fixture();
      const salt = `0x${"07".repeat(32)}`;
      await ledger.connect(author).open(salt, [], 0, [{ holder: author.address, units: TOTAL_SHARES }], []);
      const foreign = await ledger.modelIdOf(author.address, salt);

      for (const model of [author.address, foreign, absent]) {
        await expect(claim(source, { model }))
          .to.be.revertedWithCustomError(registry, "ERC721NonexistentToken")
          .withArgs(model);
      }
    });
  });

  describe("cancelClaim", () => {
    it("is for verifiers, as many as the threshold", async () => {
      const { sources, source, claim, cancel, author } = await fixture();

      for (const by of [VERIFIERS.slice(0, 2), VERIFIERS.slice(1), VERIFIERS]) {
        await claim(source);
        await expect(cancel(source, {}, by))
          .to.emit(sources, "SourceClaimCancelled")
          .withArgs(source, author.address);
        expect(await sources.claimOf(source)).to.deep.equal([ZeroAddress, 0n, ZeroAddress]);
      }
      expect(await sources.nonceOf(source)).to.equal(6n);
    });

    it("is for governance, which needs nobody", async () => {
      const { sources, governed, source, claim, author } = await fixture();
      await claim(source);

      await expect(governed.cancelClaim(source, 0, []))
        .to.emit(sources, "SourceClaimCancelled")
        .withArgs(source, author.address);
    });

    it("is not for fewer verifiers, a stranger, nor the recipient", async () => {
      const { sources, source, claim, cancel, stranger, author, deadline } = await fixture();
      await claim(source);

      await expect(cancel(source, {}, VERIFIERS.slice(2)))
        .to.be.revertedWithCustomError(sources, "AttestationsMissing")
        .withArgs(1, 2);
      for (const account of [stranger, author]) {
        await expect(sources.connect(account).cancelClaim(source, deadline, []))
          .to.be.revertedWithCustomError(sources, "AttestationsMissing")
          .withArgs(0, 2);
      }
    });

    it("takes what was signed for this cancellation alone", async () => {
      const { sources, source, absent, claim, cancel, claimOf, domain, deadline } = await fixture();
      await claim(source);
      const invalid = async (attempt: Promise<unknown>) =>
        expect(attempt).to.be.revertedWithCustomError(sources, "AttestationInvalid").withArgs(VERIFIERS[0].address);
      const other = await signClaim(VERIFIERS, domain, await claimOf(source));

      await invalid(sources.cancelClaim(source, deadline, other));
      await invalid(cancel(source, { nonce: 0n }));
      await invalid(cancel(source, { nonce: 2n }));
      // A signature that says one thing, sent as another.
      const terms = { source, nonce: 1n, deadline };
      await invalid(
        sources.cancelClaim(source, deadline, await signCancellation(VERIFIERS, domain, { ...terms, source: absent })),
      );
      await invalid(sources.cancelClaim(source, deadline - 1, await signCancellation(VERIFIERS, domain, terms)));
      await cancel(source);
    });

    it("has a deadline", async () => {
      const { sources, source, claim, cancel } = await fixture();
      await claim(source);
      const deadline = (await networkHelpers.time.latest()) + 5;

      const before = await networkHelpers.takeSnapshot();
      await networkHelpers.time.setNextBlockTimestamp(deadline + 1);
      await expect(cancel(source, { deadline }))
        .to.be.revertedWithCustomError(sources, "AttestationExpired")
        .withArgs(deadline);
      await before.restore();
      await networkHelpers.time.setNextBlockTimestamp(deadline);
      await cancel(source, { deadline });
    });

    it("needs a claim that waits", async () => {
      const { sources, governed, source, absent, claim, cancel, hand } = await fixture();
      const missing = async (claimed: string) => {
        for (const attempt of [() => cancel(claimed), () => governed.cancelClaim(claimed, 0, [])]) {
          await expect(attempt()).to.be.revertedWithCustomError(sources, "SourceClaimNotFound").withArgs(claimed);
        }
      };

      await missing(source);
      await missing(absent);
      await claim(source);
      await cancel(source);
      await missing(source);
      await hand(source);
      await missing(source);
    });

    it("is possible after the wait too, until somebody completes", async () => {
      const { sources, source, claim, cancel } = await fixture();
      await claim(source);
      await networkHelpers.time.increase(2 * WAIT);
      await cancel(source);

      await expect(sources.completeClaim(source))
        .to.be.revertedWithCustomError(sources, "SourceClaimNotFound")
        .withArgs(source);
    });

    it("leaves the source to be claimed anew, from the beginning of the wait and with the money it had", async () => {
      const { sources, registry, ledger, source, claim, cancel, pay, author, builder } = await fixture();
      await pay(source, ETH, 10_000n);
      await claim(source, { recipient: builder.address });
      await networkHelpers.time.increase(WAIT - 10);
      await cancel(source);
      await claim(source);
      const { readyAt } = await sources.claimOf(source);

      await networkHelpers.time.setNextBlockTimestamp(readyAt - 1n);
      await expect(sources.completeClaim(source))
        .to.be.revertedWithCustomError(sources, "SourceClaimNotReady")
        .withArgs(source, readyAt);
      await networkHelpers.time.setNextBlockTimestamp(readyAt);
      await sources.completeClaim(source);
      expect(await registry.ownerOf(source)).to.equal(author.address);
      expect(await ledger.claimable(author.address, source, ETH)).to.equal(9_900n);
    });
  });
});
