import { expect } from "chai";
import { concat, MaxUint256, Signature, toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { registerModel } from "../helpers/models.js";
import { DAY, VERIFIERS } from "../helpers/protocol.js";
import { type ClaimTerms, deploySources, idOfSource, signCancellation, signClaim, WAIT } from "./sources.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A source, and a claim of it by its author that the first two verifiers have signed. */
async function deploy() {
  const context = await deploySources(connection);
  const source = await context.enter();
  const agreed = await context.claimOf(source);
  const attestations = await signClaim(VERIFIERS.slice(0, 2), context.domain, agreed);

  return { ...context, source, agreed, attestations };
}

const fixture = () => networkHelpers.loadFixture(deploy);
const [first, second, third] = VERIFIERS;

describe("SourceRegistry", () => {
  describe("attestations", () => {
    it("are fewer than the threshold, as many, or more", async () => {
      const { sources, source, agreed, domain, send, author } = await fixture();

      for (const by of [[], [first], [third]]) {
        await expect(send(agreed, await signClaim(by, domain, agreed)))
          .to.be.revertedWithCustomError(sources, "AttestationsMissing")
          .withArgs(by.length, 2);
      }
      for (const by of [[first, second], [first, third], [second, third], VERIFIERS]) {
        const before = await networkHelpers.takeSnapshot();
        await send(agreed, await signClaim(by, domain, agreed));
        expect((await sources.claimOf(source)).recipient).to.equal(author.address);
        await before.restore();
      }
    });

    it("ascend by verifier, each once", async () => {
      const { sources, agreed, attestations, domain, send } = await fixture();
      const [byFirst, bySecond, byThird] = await signClaim(VERIFIERS, domain, agreed);

      for (const [given, previous, verifier] of [
        [[bySecond, byFirst], second, first],
        [[byFirst, byFirst], first, first],
        [[byFirst, bySecond, bySecond], second, second],
        [[byFirst, byThird, bySecond], third, second],
      ] as const) {
        await expect(send(agreed, [...given]))
          .to.be.revertedWithCustomError(sources, "VerifiersNotAscending")
          .withArgs(previous.address, verifier.address);
      }
      await expect(send(agreed, [{ verifier: ZeroAddress, signature: "0x" }, ...attestations]))
        .to.be.revertedWithCustomError(sources, "VerifiersNotAscending")
        .withArgs(ZeroAddress, ZeroAddress);
    });

    it("are by verifiers, even beyond the threshold", async () => {
      const { sources, agreed, domain, send, stranger, governance, author } = await fixture();

      for (const outsider of [stranger, author]) {
        const by = [...VERIFIERS, outsider].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
        await expect(send(agreed, await signClaim(by, domain, agreed)))
          .to.be.revertedWithCustomError(sources, "NotVerifier")
          .withArgs(outsider.address);
      }
      await expect(
        send(agreed, [
          { verifier: governance.address, signature: "0x" },
          { verifier: toBeHex(MaxUint256 >> 96n, 20), signature: "0x" },
        ]),
      )
        .to.be.revertedWithCustomError(sources, "NotVerifier")
        .withArgs(governance.address);
    });

    it("end with a verifier's removal, at once", async () => {
      const { sources, governed, agreed, attestations, send } = await fixture();
      await governed.setVerifier(second.address, false);

      await expect(send(agreed, attestations))
        .to.be.revertedWithCustomError(sources, "NotVerifier")
        .withArgs(second.address);
    });

    it("count from the very second at which a new verifier does", async () => {
      const { sources, governed, agreed, domain, send, builder } = await fixture();
      await governed.setVerifier(builder.address, true);
      const countsFrom = (await networkHelpers.time.latest()) + WAIT;
      const by = [first, builder].sort((a, b) => (BigInt(a.address) < BigInt(b.address) ? -1 : 1));
      const attestations = await signClaim(by, domain, agreed);

      await networkHelpers.time.setNextBlockTimestamp(countsFrom - 1);
      await expect(send(agreed, attestations))
        .to.be.revertedWithCustomError(sources, "NotVerifier")
        .withArgs(builder.address);
      await networkHelpers.time.setNextBlockTimestamp(countsFrom);
      await send(agreed, attestations);
      expect(await networkHelpers.time.latest()).to.equal(countsFrom);
    });

    it("serve until the last second of the deadline, and no longer", async () => {
      const { sources, source, domain, claimOf, send } = await fixture();
      const deadline = (await networkHelpers.time.latest()) + DAY;
      const agreed = await claimOf(source, { deadline });
      const attestations = await signClaim([first, second], domain, agreed);

      const before = await networkHelpers.takeSnapshot();
      await networkHelpers.time.setNextBlockTimestamp(deadline + 1);
      await expect(send(agreed, attestations))
        .to.be.revertedWithCustomError(sources, "AttestationExpired")
        .withArgs(deadline);
      await before.restore();
      await networkHelpers.time.setNextBlockTimestamp(deadline);
      await send(agreed, attestations);
      expect(await networkHelpers.time.latest()).to.equal(deadline);
    });

    const changes: Record<string, (context: Awaited<ReturnType<typeof deploy>>) => Promise<Partial<ClaimTerms>>> = {
      source: async ({ enter }) => ({ source: await enter("org/other") }),
      recipient: async ({ stranger }) => ({ recipient: stranger.address }),
      model: async ({ registry, author }) => ({ model: await registerModel({ registry }, author) }),
      deadline: async ({ agreed }) => ({ deadline: agreed.deadline + 1 }),
    };
    for (const [what, change] of Object.entries(changes)) {
      it(`are refused for another ${what} than was signed`, async () => {
        const context = await fixture();
        const { sources, agreed, attestations, send } = context;

        await expect(send({ ...agreed, ...(await change(context)) }, attestations))
          .to.be.revertedWithCustomError(sources, "AttestationInvalid")
          .withArgs(first.address);
      });
    }

    it("are refused when they were signed for a model and none is named", async () => {
      const { sources, registry, author, agreed, domain, send } = await fixture();
      const model = await registerModel({ registry }, author);
      const attestations = await signClaim([first, second], domain, { ...agreed, model });

      await expect(send(agreed, attestations))
        .to.be.revertedWithCustomError(sources, "AttestationInvalid")
        .withArgs(first.address);
    });

    it("are refused with another nonce, for another chain, contract or purpose", async () => {
      const { sources, agreed, domain, addresses, send } = await fixture();
      const by = [first, second];

      for (const attestations of [
        await signClaim(by, domain, { ...agreed, nonce: 1n }),
        await signClaim(by, { ...domain, chainId: domain.chainId + 1n }, agreed),
        await signClaim(by, { ...domain, verifyingContract: addresses.registry }, agreed),
        await signCancellation(by, domain, agreed),
      ]) {
        await expect(send(agreed, attestations))
          .to.be.revertedWithCustomError(sources, "AttestationInvalid")
          .withArgs(first.address);
      }
    });

    it("are refused when one verifier signs in another's name", async () => {
      const { sources, agreed, attestations, send } = await fixture();
      const [byFirst] = attestations;

      await expect(send(agreed, [byFirst, { ...byFirst, verifier: second.address }]))
        .to.be.revertedWithCustomError(sources, "AttestationInvalid")
        .withArgs(second.address);
    });

    it("are refused when malleated, short, long or empty", async () => {
      const { sources, agreed, attestations, send } = await fixture();
      const [byFirst, bySecond] = attestations;
      const { r, s, v, compactSerialized } = Signature.from(byFirst.signature);
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const high = toBeHex(order - BigInt(s), 32);

      for (const signature of [
        concat([r, high, toBeHex(v === 27 ? 28 : 27, 1)]),
        concat([r, s, toBeHex(v - 27, 1)]),
        concat([r, s, toBeHex(v === 27 ? 28 : 27, 1)]),
        compactSerialized,
        byFirst.signature.slice(0, -2),
        `${byFirst.signature}00`,
        "0x",
        `0x${"00".repeat(65)}`,
      ]) {
        await expect(send(agreed, [{ ...byFirst, signature }, bySecond]), signature)
          .to.be.revertedWithCustomError(sources, "AttestationInvalid")
          .withArgs(first.address);
      }
    });

    it("are a contract's as ERC-1271 says", async () => {
      const { sources, governed, agreed, attestations, domain, send, builder, stranger } = await fixture();
      const wallet = await (await ethers.deployContract("ERC1271Wallet", [builder.address])).getAddress();
      await governed.setVerifier(wallet, true);
      await networkHelpers.time.increase(WAIT);
      const given = async (signer: typeof builder) =>
        [
          attestations[0],
          { verifier: wallet, signature: (await signClaim([signer], domain, agreed))[0].signature },
        ].sort((a, b) => (BigInt(a.verifier) < BigInt(b.verifier) ? -1 : 1));

      await expect(send(agreed, await given(stranger)))
        .to.be.revertedWithCustomError(sources, "AttestationInvalid")
        .withArgs(wallet);
      await send(agreed, await given(builder));
    });

    it("serve once: not after the claim was cancelled, not for a claim in its place", async () => {
      const { sources, source, governed, agreed, attestations, send, claim } = await fixture();
      await send(agreed, attestations);
      await governed.cancelClaim(source, 0, []);

      await expect(send(agreed, attestations))
        .to.be.revertedWithCustomError(sources, "AttestationInvalid")
        .withArgs(first.address);
      await claim(source);
      expect(await sources.nonceOf(source)).to.equal(3n);
    });

    it("do not spend the nonce when they are refused", async () => {
      const { sources, source, agreed, attestations, send } = await fixture();
      await expect(send(agreed, attestations.slice(1)))
        .to.be.revertedWithCustomError(sources, "AttestationsMissing")
        .withArgs(1, 2);

      expect(await sources.nonceOf(source)).to.equal(0n);
      await send(agreed, attestations);
      expect(await sources.nonceOf(source)).to.equal(1n);
    });

    it("of one source have nothing to do with another's", async () => {
      const { sources, source, enter, claim, addresses } = await fixture();
      const other = await enter("org/name", 2);
      await claim(source);

      expect(await sources.nonceOf(other)).to.equal(0n);
      expect(await sources.nonceOf(idOfSource(addresses, 6, "org/name"))).to.equal(0n);
      await claim(other);
      expect(await sources.nonceOf(source)).to.equal(1n);
    });
  });

  describe("eip712Domain", () => {
    it("names the domain that attestations are signed for", async () => {
      const { sources, domain } = await fixture();
      const [, name, version, chainId, verifyingContract] = await sources.eip712Domain();

      expect([name, version, chainId, verifyingContract]).to.deep.equal([
        "Commonweal SourceRegistry",
        "1",
        domain.chainId,
        domain.verifyingContract,
      ]);
    });
  });
});
