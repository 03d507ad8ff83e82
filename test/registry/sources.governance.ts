import { expect } from "chai";
import type { Signer } from "ethers";
import { network } from "hardhat";
import { DAY, VERIFIERS } from "../helpers/protocol.js";
import { deploySources, signClaim, WAIT } from "./sources.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

async function deploy() {
  const context = await deploySources(connection);
  const { sources, ledger, registry, source, addresses } = { ...context, source: await context.enter() };

  /** Requires that the source is where it was. */
  async function expectUntaken() {
    expect(await registry.ownerOf(source)).to.equal(addresses.sources);
    expect(await ledger.balanceOf(`0x${"1".padStart(40, "0")}`, source)).to.equal(1_000_000n);
    expect(await sources.modelOf(source)).to.equal(source);
  }

  return { ...context, source, expectUntaken };
}

const fixture = () => networkHelpers.loadFixture(deploy);

const ascending = <Account extends { address: string }>(accounts: Account[]) =>
  accounts.toSorted((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));

describe("SourceRegistry", () => {
  describe("constructor", () => {
    it("names verifiers and a threshold that count from the start, each with its event", async () => {
      const { addresses, stranger, builder, governance } = await fixture();
      const now = (await time.latest()) + 10;
      await time.setNextBlockTimestamp(now);
      const sources = await ethers.deployContract("SourceRegistry", [
        addresses.registry,
        governance.address,
        1,
        [stranger.address, builder.address],
      ]);
      const deployment = sources.deploymentTransaction();

      await expect(deployment).to.emit(sources, "ThresholdUpdated").withArgs(1, now);
      for (const { address } of [stranger, builder]) {
        await expect(deployment).to.emit(sources, "VerifierUpdated").withArgs(address, now);
        expect(await sources.isVerifier(address)).to.equal(true);
      }
      expect(await sources.isVerifier(VERIFIERS[0].address)).to.equal(false);
      expect(await sources.threshold()).to.equal(1n);
      expect(await sources.governance()).to.equal(governance.address);
      expect(await sources.registry()).to.equal(addresses.registry);
    });

    it("refuses a threshold of 0", async () => {
      const { addresses, governance, sources } = await fixture();

      await expect(
        ethers.deployContract("SourceRegistry", [addresses.registry, governance.address, 0, [VERIFIERS[0].address]]),
      ).to.be.revertedWithCustomError(sources, "ThresholdZero");
    });
  });

  describe("setVerifier", () => {
    it("names a verifier, who counts after thirty days to the second", async () => {
      const { sources, governed, builder } = await fixture();
      const now = (await time.latest()) + 10;
      await time.setNextBlockTimestamp(now);

      await expect(governed.setVerifier(builder.address, true))
        .to.emit(sources, "VerifierUpdated")
        .withArgs(builder.address, now + WAIT);
      await time.increaseTo(now + WAIT - 1);
      expect(await sources.isVerifier(builder.address)).to.equal(false);
      await time.increaseTo(now + WAIT);
      expect(await sources.isVerifier(builder.address)).to.equal(true);
    });

    it("removes a verifier at once, one that does not count yet too", async () => {
      const { sources, governed, builder } = await fixture();
      await governed.setVerifier(builder.address, true);

      for (const { address } of [VERIFIERS[0], builder]) {
        await expect(governed.setVerifier(address, false)).to.emit(sources, "VerifierUpdated").withArgs(address, 0);
        expect(await sources.isVerifier(address)).to.equal(false);
      }
      await time.increase(2 * WAIT);
      for (const { address } of [VERIFIERS[0], builder]) expect(await sources.isVerifier(address)).to.equal(false);
    });

    it("lets one that is removed and named again wait again", async () => {
      const { sources, governed } = await fixture();
      const [{ address }] = VERIFIERS;
      await governed.setVerifier(address, true);
      await time.increase(20 * DAY);
      await governed.setVerifier(address, false);
      await governed.setVerifier(address, true);
      const countsFrom = (await time.latest()) + WAIT;

      await time.increaseTo(countsFrom - 1);
      expect(await sources.isVerifier(address)).to.equal(false);
      await time.increaseTo(countsFrom);
      expect(await sources.isVerifier(address)).to.equal(true);
    });

    it("is governance's alone", async () => {
      const { sources, builder, deployer, author } = await fixture();

      for (const account of [builder, deployer, author]) {
        await expect(sources.connect(account).setVerifier(account.address, true))
          .to.be.revertedWithCustomError(sources, "NotSourceGovernance")
          .withArgs(account.address);
      }
    });
  });

  describe("setThreshold", () => {
    for (const threshold of [1, 3, 255]) {
      it(`counts after thirty days, to the second, when it is ${threshold}`, async () => {
        const { sources, governed } = await fixture();
        const now = (await time.latest()) + 10;
        await time.setNextBlockTimestamp(now);

        await expect(governed.setThreshold(threshold))
          .to.emit(sources, "ThresholdUpdated")
          .withArgs(threshold, now + WAIT);
        await time.increaseTo(now + WAIT - 1);
        expect(await sources.threshold()).to.equal(2n);
        await time.increaseTo(now + WAIT);
        expect(await sources.threshold()).to.equal(threshold);
      });
    }

    it("takes the place of one that still waits, and waits from now on", async () => {
      const { sources, governed } = await fixture();
      await governed.setThreshold(1);
      await time.increase(WAIT - 10);
      await governed.setThreshold(3);
      const countsFrom = (await time.latest()) + WAIT;

      await time.increaseTo(countsFrom - 1);
      expect(await sources.threshold()).to.equal(2n);
      await time.increaseTo(countsFrom);
      expect(await sources.threshold()).to.equal(3n);
    });

    it("leaves one that counts already in force until the next does", async () => {
      const { sources, governed } = await fixture();
      await governed.setThreshold(3);
      await time.increase(WAIT);
      await governed.setThreshold(1);
      await governed.setThreshold(2);

      expect(await sources.threshold()).to.equal(3n);
      await time.increase(WAIT);
      expect(await sources.threshold()).to.equal(2n);
    });

    it("is at least 1", async () => {
      const { sources, governed } = await fixture();

      await expect(governed.setThreshold(0)).to.be.revertedWithCustomError(sources, "ThresholdZero");
    });

    it("is governance's alone", async () => {
      const { sources, builder, deployer, author } = await fixture();

      for (const account of [builder, deployer, author]) {
        await expect(sources.connect(account).setThreshold(1))
          .to.be.revertedWithCustomError(sources, "NotSourceGovernance")
          .withArgs(account.address);
      }
    });
  });

  describe("threshold", () => {
    it("is asked at the second of the claim: a lower one helps no earlier, a higher one hinders no earlier", async () => {
      const { sources, governed, source, claim } = await fixture();
      await governed.setThreshold(1);
      const lower = (await time.latest()) + WAIT;

      await time.setNextBlockTimestamp(lower - 1);
      await expect(claim(source, {}, VERIFIERS.slice(0, 1)))
        .to.be.revertedWithCustomError(sources, "AttestationsMissing")
        .withArgs(1, 2);
      await time.setNextBlockTimestamp(lower);
      await claim(source, {}, VERIFIERS.slice(0, 1));

      await governed.setThreshold(3);
      const higher = (await time.latest()) + WAIT;
      await governed.cancelClaim(source, 0, []);
      await time.setNextBlockTimestamp(higher);
      await expect(claim(source)).to.be.revertedWithCustomError(sources, "AttestationsMissing").withArgs(2, 3);
      await claim(source, {}, VERIFIERS);
    });
  });

  describe("a hostile governance", () => {
    it("takes no unclaimed source in less than the two waits, whatever it tries at each moment", async () => {
      const {
        sources,
        registry,
        governed,
        governance,
        source,
        domain,
        claimOf,
        send,
        stranger,
        builder,
        author,
        expectUntaken,
      } = await fixture();
      const own = ascending([stranger, builder, author]);
      const taker = builder.address;
      const start = (await time.latest()) + 1;
      await time.setNextBlockTimestamp(start);
      for (const { address } of own) await governed.setVerifier(address, true);
      await governed.setThreshold(1);
      for (const { address } of VERIFIERS) await governed.setVerifier(address, false);
      const lastNamed = await time.latest();

      const groups: Signer[][] = [[own[0]], own.slice(0, 2), own, ascending([VERIFIERS[0], own[0]])];
      const attempt = async (by: Signer[], as = stranger) => {
        const terms = await claimOf(source, { recipient: taker });
        const attestations = await signClaim(by, domain, terms);

        return as === governance
          ? governed.claimSource(source, taker, terms.model, terms.deadline, attestations)
          : send(terms, attestations);
      };

      for (const moment of [0, 1 * DAY, 15 * DAY, 29 * DAY, WAIT - 2]) {
        if (start + moment > (await time.latest())) await time.increaseTo(start + moment);
        for (const by of groups) await expect(attempt(by)).to.be.revert(ethers);
        await expect(attempt(own, governance)).to.be.revert(ethers);
        await expect(governed.completeClaim(source))
          .to.be.revertedWithCustomError(sources, "SourceClaimNotFound")
          .withArgs(source);
        await expectUntaken();
      }

      await time.increaseTo(lastNamed + WAIT);
      await attempt([own[0]]);
      const { readyAt } = await sources.claimOf(source);
      expect(readyAt).to.be.at.least(BigInt(start + 2 * WAIT));

      for (const before of [15 * DAY, DAY, 1]) {
        await time.setNextBlockTimestamp(readyAt - BigInt(before));
        await expect(governed.completeClaim(source))
          .to.be.revertedWithCustomError(sources, "SourceClaimNotReady")
          .withArgs(source, readyAt);
        await expectUntaken();
      }
      await time.setNextBlockTimestamp(readyAt);
      await sources.completeClaim(source);
      expect(await registry.ownerOf(source)).to.equal(taker);
    });

    it("cannot redirect a claim that waits", async () => {
      const { sources, registry, governed, source, claim, author, builder } = await fixture();
      await claim(source);
      await governed.setVerifier(builder.address, true);
      await governed.setThreshold(1);
      await time.increase(WAIT);

      await expect(claim(source, { recipient: builder.address }, [builder]))
        .to.be.revertedWithCustomError(sources, "SourceClaimPending")
        .withArgs(source, author.address);
      await sources.completeClaim(source);
      expect(await registry.ownerOf(source)).to.equal(author.address);
    });

    it("cannot touch a source that was claimed", async () => {
      const { sources, registry, ledger, governed, source, claim, hand, author, builder } = await fixture();
      await hand(source);
      await governed.setVerifier(builder.address, true);
      await governed.setThreshold(1);
      await time.increase(WAIT);

      await expect(claim(source, { recipient: builder.address }, [builder]))
        .to.be.revertedWithCustomError(sources, "SourceAlreadyClaimed")
        .withArgs(source);
      await expect(governed.cancelClaim(source, 0, []))
        .to.be.revertedWithCustomError(sources, "SourceClaimNotFound")
        .withArgs(source);
      expect(await registry.ownerOf(source)).to.equal(author.address);
      expect(await ledger.balanceOf(author.address, source)).to.equal(1_000_000n);
    });
  });
});
