import { expect } from "chai";
import { network } from "hardhat";
import { ascending, freshSalt, registerModel, registrationOf } from "../helpers/models.js";
import { DAY, deployTestProtocol } from "../helpers/protocol.js";
import { type Grant, type GrantTerms, signGrant, terms } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A parent that takes derivatives by grant only, and a child that its publisher is about to register. */
async function deploy() {
  const protocol = await deployTestProtocol(connection);
  const [, owner, publisher, stranger] = protocol.signers;
  const registry = protocol.registry.connect(publisher);

  const parent = await registerModel(protocol, owner, { derivatives: terms.granted() });
  const salt = freshSalt();
  const domain = {
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await registry.getAddress(),
  };
  const agreed: GrantTerms = {
    parent,
    child: await registry.modelIdOf(publisher.address, salt),
    rateBps: 700,
    deadline: (await networkHelpers.time.latest()) + DAY,
  };

  /** The child's registration, at 7 % to the parent. */
  async function registration(grants: Grant[], rateBps = 700) {
    return registrationOf(publisher, { salt, parents: [{ model: parent, rateBps }], grants });
  }

  /** Requires that the grant is refused as not the owner's word. */
  async function expectInvalid(grant: Grant, signer = owner.address) {
    await expect(registry.register(await registration([grant])))
      .to.be.revertedWithCustomError(registry, "GrantInvalid")
      .withArgs(parent, agreed.child, signer);
  }

  return {
    ...protocol,
    owner,
    publisher,
    stranger,
    registry,
    parent,
    salt,
    domain,
    agreed,
    registration,
    expectInvalid,
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("ModelRegistry", () => {
  describe("grants", () => {
    it("let the named child in, at the rate they ask", async () => {
      const { registry, owner, parent, domain, agreed, registration } = await fixture();
      await registry.register(await registration([await signGrant(owner, domain, agreed)]));

      expect(await registry.parentsOf(agreed.child)).to.deep.equal([[parent, 700n, 0n, 0n]]);
    });

    it("let it in at a higher rate, not at a lower one", async () => {
      const { registry, owner, parent, domain, agreed, registration } = await fixture();
      const grant = await signGrant(owner, domain, agreed);

      await expect(registry.register(await registration([grant], 699)))
        .to.be.revertedWithCustomError(registry, "RateTooLow")
        .withArgs(parent, 699, 700);
      await registry.register(await registration([grant], 701));
    });

    it("take the place of the rate in the parent's terms, which may be higher", async () => {
      const { registry, owner, parent, domain, agreed, registration } = await fixture();
      await registry.connect(owner).setDerivativeTerms(parent, terms.granted(2_000));

      await registry.register(await registration([await signGrant(owner, domain, agreed)]));

      expect((await registry.parentsOf(agreed.child))[0].rateBps).to.equal(700n);
    });

    it("are signed by a contract as ERC-1271 says", async () => {
      const { registry, owner, stranger, parent, domain, agreed, registration, expectInvalid } = await fixture();
      const wallet = await (await ethers.deployContract("ERC1271Wallet", [stranger.address])).getAddress();
      await registry.connect(owner).transferFrom(owner.address, wallet, parent);

      await expectInvalid(await signGrant(owner, domain, agreed), wallet);
      await registry.register(await registration([await signGrant(stranger, domain, agreed)]));

      expect((await registry.modelOf(agreed.child)).number).to.equal(2n);
    });

    it("serve until the last second of the deadline, and no longer", async () => {
      const { registry, owner, parent, domain, agreed, registration } = await fixture();
      const request = await registration([await signGrant(owner, domain, agreed)]);

      const before = await networkHelpers.takeSnapshot();
      await networkHelpers.time.setNextBlockTimestamp(agreed.deadline + 1);
      await expect(registry.register(request))
        .to.be.revertedWithCustomError(registry, "GrantExpired")
        .withArgs(parent, agreed.deadline);

      await before.restore();
      await networkHelpers.time.setNextBlockTimestamp(agreed.deadline);
      await registry.register(request);
      expect(await networkHelpers.time.latest()).to.equal(agreed.deadline);
    });

    it("serve once: the child's id is spent", async () => {
      const { registry, ledger, owner, domain, agreed, registration } = await fixture();
      const request = await registration([await signGrant(owner, domain, agreed)]);
      await registry.register(request);

      await expect(registry.register(request))
        .to.be.revertedWithCustomError(ledger, "ModelAlreadyOpened")
        .withArgs(agreed.child);
    });

    it("do not serve a second child of the same publisher", async () => {
      const { registry, owner, publisher, parent, domain, agreed, registration } = await fixture();
      const grant = await signGrant(owner, domain, agreed);
      await registry.register(await registration([grant]));
      const second = await registrationOf(publisher, { parents: [{ model: parent, rateBps: 700 }], grants: [grant] });

      await expect(registry.register(second))
        .to.be.revertedWithCustomError(registry, "GrantInvalid")
        .withArgs(parent, await registry.modelIdOf(publisher.address, second.salt), owner.address);
    });

    it("do not serve another publisher who copies the registration", async () => {
      const { registry, owner, stranger, parent, salt, domain, agreed, registration } = await fixture();
      const request = await registration([await signGrant(owner, domain, agreed)]);

      await expect(registry.connect(stranger).register(request))
        .to.be.revertedWithCustomError(registry, "GrantInvalid")
        .withArgs(parent, await registry.modelIdOf(stranger.address, salt), owner.address);
    });

    it("end when the parent changes hands: the new owner's count, the old owner's do not", async () => {
      const { registry, owner, stranger, parent, domain, agreed, registration, expectInvalid } = await fixture();
      const old = await signGrant(owner, domain, agreed);
      await registry.connect(owner).transferFrom(owner.address, stranger.address, parent);

      await expectInvalid(old, stranger.address);
      await registry.register(await registration([await signGrant(stranger, domain, agreed)]));
    });

    it("are not a maintainer's to sign", async () => {
      const { registry, owner, stranger, parent, domain, agreed, expectInvalid } = await fixture();
      await registry.connect(owner).setMaintainer(parent, stranger.address, true);

      await expectInvalid(await signGrant(stranger, domain, agreed));
    });

    const changes: Record<string, (context: Awaited<ReturnType<typeof deploy>>) => Partial<GrantTerms>> = {
      child: ({ stranger }) => ({ child: stranger.address }),
      parent: ({ stranger }) => ({ parent: stranger.address }),
      rate: () => ({ rateBps: 699 }),
      end: ({ agreed }) => ({ until: agreed.deadline + DAY }),
      deadline: ({ agreed }) => ({ deadline: agreed.deadline - 1 }),
    };
    for (const [what, change] of Object.entries(changes)) {
      it(`are refused when signed for another ${what}`, async () => {
        const context = await fixture();
        const { owner, domain, agreed, expectInvalid } = context;
        const { signature } = await signGrant(owner, domain, { ...agreed, ...change(context) });

        await expectInvalid({ rateBps: agreed.rateBps, until: 0, deadline: agreed.deadline, signature });
      });
    }

    it("are refused when signed by a stranger", async () => {
      const { stranger, domain, agreed, expectInvalid } = await fixture();

      await expectInvalid(await signGrant(stranger, domain, agreed));
    });

    it("are refused when signed for another chain, or for another registry", async () => {
      const { owner, stranger, domain, agreed, expectInvalid } = await fixture();

      await expectInvalid(await signGrant(owner, { ...domain, chainId: domain.chainId + 1n }, agreed));
      await expectInvalid(await signGrant(owner, { ...domain, verifyingContract: stranger.address }, agreed));
    });

    it("are refused without a signature", async () => {
      const { agreed, expectInvalid } = await fixture();

      await expectInvalid({ rateBps: agreed.rateBps, until: 0, deadline: agreed.deadline, signature: "0x" });
    });

    it("are missed by a parent that asks for one", async () => {
      const { registry, parent, registration } = await fixture();

      await expect(registry.register(await registration([])))
        .to.be.revertedWithCustomError(registry, "GrantMissing")
        .withArgs(parent);
    });

    it("are refused when nobody asks for them", async () => {
      const { registry, owner, parent, domain, agreed, registration } = await fixture();
      const grant = await signGrant(owner, domain, agreed);

      await expect(registry.register(await registration([grant, grant])))
        .to.be.revertedWithCustomError(registry, "GrantsUnused")
        .withArgs(2, 1);
      await registry.connect(owner).setDerivativeTerms(parent, terms.open(0));
      await expect(registry.register(await registration([grant])))
        .to.be.revertedWithCustomError(registry, "GrantsUnused")
        .withArgs(1, 0);
    });

    it("do not open a parent that has closed since", async () => {
      const { registry, owner, parent, domain, agreed, registration } = await fixture();
      const grant = await signGrant(owner, domain, agreed);
      await registry.connect(owner).setDerivativeTerms(parent, terms.closed());

      await expect(registry.register(await registration([grant])))
        .to.be.revertedWithCustomError(registry, "DerivativesClosed")
        .withArgs(parent);
    });

    it("come in the order of the parents that ask, past those that do not", async () => {
      const { registry, publisher, stranger, domain, agreed, salt } = await fixture();
      const ids: string[] = [];
      for (let i = 0; i < 3; ++i) ids.push(await registerModel({ registry }, stranger));
      const [first, between, last] = ascending(ids);
      for (const model of [first, last]) await registry.connect(stranger).setDerivativeTerms(model, terms.granted());
      const [grantOfFirst, grantOfLast] = await Promise.all(
        [first, last].map((parent) => signGrant(stranger, domain, { ...agreed, parent, rateBps: 10 })),
      );
      const request = await registrationOf(publisher, {
        salt,
        parents: [first, between, last].map((model) => ({ model, rateBps: 10 })),
      });

      await expect(registry.register({ ...request, grants: [grantOfLast, grantOfFirst] }))
        .to.be.revertedWithCustomError(registry, "GrantInvalid")
        .withArgs(first, agreed.child, stranger.address);
      await expect(registry.register({ ...request, grants: [grantOfFirst] }))
        .to.be.revertedWithCustomError(registry, "GrantMissing")
        .withArgs(last);
      await registry.register({ ...request, grants: [grantOfFirst, grantOfLast] });

      expect((await registry.parentsOf(agreed.child)).map(({ model }) => model)).to.deep.equal([first, between, last]);
    });
  });

  describe("eip712Domain", () => {
    it("names the domain that grants are signed for", async () => {
      const { registry, domain } = await fixture();
      const [, name, version, chainId, verifyingContract] = await registry.eip712Domain();

      expect([name, version, chainId, verifyingContract]).to.deep.equal([
        "Commonweal ModelRegistry",
        "1",
        domain.chainId,
        domain.verifyingContract,
      ]);
    });
  });
});
