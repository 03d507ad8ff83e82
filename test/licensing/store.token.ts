import { expect } from "chai";
import { id, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { deployStore, offerIdOf, tokenIdOf } from "./store.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** The payer's licence by the month, and Alice's for ever. */
async function deploy() {
  const context = await deployStore(connection);
  const { alice, payer } = context;
  const [monthly, forever] = [await context.post(), await context.post({ duration: 0n, currency: ETH })];
  await context.buy(monthly);
  await context.buy(forever, { recipient: alice.address });

  return {
    ...context,
    monthly,
    forever,
    tokenId: tokenIdOf(monthly, payer.address),
    alices: tokenIdOf(forever, alice.address),
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);

/** The exclusive or of the selectors of an interface's functions. */
function interfaceIdOf(signatures: string[]): string {
  const bits = signatures.reduce((sum, signature) => sum ^ BigInt(id(signature).slice(0, 10)), 0n);

  return `0x${bits.toString(16).padStart(8, "0")}`;
}

/** What a data URI of JSON says. */
function metadataOf(uri: string): unknown {
  const [head, body] = uri.split(",");
  expect(head).to.equal("data:application/json;base64");

  return JSON.parse(Buffer.from(body, "base64").toString("utf8"));
}

describe("LicenseStore", () => {
  describe("a licence as a token", () => {
    it("belongs to whom it was bought for", async () => {
      const { store, payer, alice, tokenId, alices } = await fixture();

      expect([await store.name(), await store.symbol()]).to.deep.equal(["Commonweal License", "LICENSE"]);
      expect([await store.ownerOf(tokenId), await store.ownerOf(alices)]).to.deep.equal([payer.address, alice.address]);
      expect([await store.balanceOf(payer.address), await store.balanceOf(alice.address)]).to.deep.equal([1n, 1n]);
    });

    it("is locked, always", async () => {
      const { store, tokenId, alices } = await fixture();

      for (const token of [tokenId, alices]) expect(await store.locked(token)).to.equal(true);
      expect(store.interface.getFunction("burn" as never)).to.equal(null);
    });

    it("cannot be moved by its owner, nor by whom that approves", async () => {
      const { store, payer, alice, bob, tokenId } = await fixture();
      await store.connect(payer).approve(bob.address, tokenId);
      await store.connect(payer).setApprovalForAll(alice.address, true);

      for (const mover of [payer, alice, bob]) {
        const moving = store.connect(mover);
        for (const move of [
          () => moving.transferFrom(payer.address, bob.address, tokenId),
          () => moving.transferFrom(payer.address, payer.address, tokenId),
          () => moving["safeTransferFrom(address,address,uint256)"](payer.address, bob.address, tokenId),
          () => moving["safeTransferFrom(address,address,uint256,bytes)"](payer.address, bob.address, tokenId, "0x"),
        ]) {
          await expect(move()).to.be.revertedWithCustomError(store, "LicenseLocked").withArgs(tokenId);
        }
      }
      expect(await store.ownerOf(tokenId)).to.equal(payer.address);
    });

    it("cannot be moved by others, and not to nobody", async () => {
      const { store, payer, bob, tokenId } = await fixture();

      await expect(store.connect(bob).transferFrom(payer.address, bob.address, tokenId))
        .to.be.revertedWithCustomError(store, "ERC721InsufficientApproval")
        .withArgs(bob.address, tokenId);
      await expect(store.connect(payer).transferFrom(payer.address, ZeroAddress, tokenId))
        .to.be.revertedWithCustomError(store, "ERC721InvalidReceiver")
        .withArgs(ZeroAddress);
    });

    it("goes to a contract without asking it", async () => {
      const { store, storeAddress, model, post, buy } = await fixture();
      // The store itself takes no ERC-721s.
      await buy(await post(), { recipient: storeAddress });

      expect(await store.isLicensed(model, storeAddress)).to.equal(true);
    });

    it("supports ERC-165, ERC-721, its metadata and ERC-5192", async () => {
      const { store } = await fixture();
      const erc5192 = interfaceIdOf(["locked(uint256)"]);
      expect(erc5192).to.equal("0xb45a3c0e");

      for (const interfaceId of [
        erc5192,
        interfaceIdOf(["supportsInterface(bytes4)"]),
        interfaceIdOf(["name()", "symbol()", "tokenURI(uint256)"]),
        interfaceIdOf([
          ...["balanceOf(address)", "ownerOf(uint256)", "approve(address,uint256)", "getApproved(uint256)"],
          ...["setApprovalForAll(address,bool)", "isApprovedForAll(address,address)"],
          ...["transferFrom(address,address,uint256)", "safeTransferFrom(address,address,uint256)"],
          "safeTransferFrom(address,address,uint256,bytes)",
        ]),
      ]) {
        expect(await store.supportsInterface(interfaceId)).to.equal(true);
      }
      for (const interfaceId of ["0xffffffff", "0x12345678"]) {
        expect(await store.supportsInterface(interfaceId)).to.equal(false);
      }
    });
  });

  describe("tokenURI", () => {
    it("is JSON that says model, offer, end and use policy", async () => {
      const { store, payer, model, monthly, tokenId } = await fixture();
      const end = await store.licensedUntil(model, payer.address);

      expect(metadataOf(await store.tokenURI(tokenId))).to.deep.equal({
        name: `License of ${model}`,
        attributes: [
          { trait_type: "model", value: model },
          { trait_type: "offer", value: offerIdOf(monthly) },
          { display_type: "date", trait_type: "expires", value: Number(end) },
          { trait_type: "use policy", value: 1 },
        ],
      });
    });

    it("says that a licence never ends", async () => {
      const { store, model, forever, alices } = await fixture();

      expect(metadataOf(await store.tokenURI(alices))).to.deep.equal({
        name: `License of ${model}`,
        attributes: [
          { trait_type: "model", value: model },
          { trait_type: "offer", value: offerIdOf(forever) },
          { trait_type: "expires", value: "never" },
          { trait_type: "use policy", value: 1 },
        ],
      });
    });

    it("follows an extension", async () => {
      const { store, payer, monthly, tokenId, buy, publishPolicy } = await fixture();
      await publishPolicy();
      await buy(monthly, { policyVersion: 2n, periods: 5n });

      const { expiresAt } = await store.licenseOf(offerIdOf(monthly), payer.address);
      const { attributes } = metadataOf(await store.tokenURI(tokenId)) as { attributes: { value: unknown }[] };
      expect(attributes.slice(2).map(({ value }) => value)).to.deep.equal([Number(expiresAt), 2]);
    });
  });

  describe("views of a licence that there is not", () => {
    it("revert as ERC-721 asks", async () => {
      const { store, bob, monthly } = await fixture();
      const tokenId = await store.tokenIdOf(offerIdOf(monthly), bob.address);

      for (const view of ["locked", "tokenURI", "ownerOf", "getApproved"] as const) {
        await expect(store[view](tokenId))
          .to.be.revertedWithCustomError(store, "ERC721NonexistentToken")
          .withArgs(tokenId);
      }
      await expect(store.connect(bob).transferFrom(bob.address, bob.address, tokenId))
        .to.be.revertedWithCustomError(store, "ERC721NonexistentToken")
        .withArgs(tokenId);
    });
  });
});
