import { expect } from "chai";
import { parseEther, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { ETH, registerModel } from "../helpers/models.js";
import { deployTestProtocol } from "../helpers/protocol.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

async function deploy() {
  const protocol = await deployTestProtocol(connection);
  const [, owner, buyer, operator, stranger] = protocol.signers;
  const model = await registerModel(protocol, owner);
  const wallet = await ethers.deployContract("ERC1271Wallet", [buyer.address]);

  return {
    ...protocol,
    registry: protocol.registry.connect(owner),
    model,
    tokenId: BigInt(model),
    owner,
    buyer,
    operator,
    stranger,
    wallet: await wallet.getAddress(),
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("ModelRegistry", () => {
  describe("ERC-721", () => {
    it("has a name, a symbol, balances and owners", async () => {
      const { registry, owner, tokenId } = await fixture();

      expect(await registry.name()).to.equal("Commonweal Model");
      expect(await registry.symbol()).to.equal("MODEL");
      expect(await registry.balanceOf(owner.address)).to.equal(1n);
      expect(await registry.ownerOf(tokenId)).to.equal(owner.address);
    });

    it("knows no owner of a token that does not exist, and no balance of nobody", async () => {
      const { registry, tokenId } = await fixture();
      // The model's number with a bit above the 160 of an address.
      const alias = tokenId + (1n << 160n);

      await expect(registry.ownerOf(alias))
        .to.be.revertedWithCustomError(registry, "ERC721NonexistentToken")
        .withArgs(alias);
      await expect(registry.balanceOf(ZeroAddress))
        .to.be.revertedWithCustomError(registry, "ERC721InvalidOwner")
        .withArgs(ZeroAddress);
    });

    it("is transferred by its owner", async () => {
      const { registry, owner, buyer, model, tokenId } = await fixture();

      await expect(registry.transferFrom(owner.address, buyer.address, tokenId))
        .to.emit(registry, "Transfer")
        .withArgs(owner.address, buyer.address, tokenId);

      expect(await registry.ownerOf(tokenId)).to.equal(buyer.address);
      expect((await registry.modelOf(model)).owner).to.equal(buyer.address);
      expect(await registry.balanceOf(owner.address)).to.equal(0n);
      expect(await registry.balanceOf(buyer.address)).to.equal(1n);
    });

    it("is transferred by whom the owner approved for it, once", async () => {
      const { registry, owner, buyer, operator, tokenId } = await fixture();

      await expect(registry.approve(operator.address, tokenId))
        .to.emit(registry, "Approval")
        .withArgs(owner.address, operator.address, tokenId);
      expect(await registry.getApproved(tokenId)).to.equal(operator.address);

      await registry.connect(operator).transferFrom(owner.address, buyer.address, tokenId);
      expect(await registry.getApproved(tokenId)).to.equal(ZeroAddress);
      await expect(registry.connect(operator).transferFrom(buyer.address, owner.address, tokenId))
        .to.be.revertedWithCustomError(registry, "ERC721InsufficientApproval")
        .withArgs(operator.address, tokenId);
    });

    it("is transferred by an operator of all, until dismissed", async () => {
      const { registry, owner, buyer, operator, tokenId } = await fixture();
      const other = BigInt(await registerModel({ registry }, owner));

      await expect(registry.setApprovalForAll(operator.address, true))
        .to.emit(registry, "ApprovalForAll")
        .withArgs(owner.address, operator.address, true);
      expect(await registry.isApprovedForAll(owner.address, operator.address)).to.equal(true);
      await registry.connect(operator).transferFrom(owner.address, buyer.address, tokenId);

      await registry.setApprovalForAll(operator.address, false);
      await expect(registry.connect(operator).transferFrom(owner.address, buyer.address, other))
        .to.be.revertedWithCustomError(registry, "ERC721InsufficientApproval")
        .withArgs(operator.address, other);
    });

    it("refuses strangers, and a sender who is not the owner", async () => {
      const { registry, owner, buyer, stranger, tokenId } = await fixture();

      await expect(registry.connect(stranger).transferFrom(owner.address, stranger.address, tokenId))
        .to.be.revertedWithCustomError(registry, "ERC721InsufficientApproval")
        .withArgs(stranger.address, tokenId);
      await expect(registry.connect(stranger).approve(stranger.address, tokenId))
        .to.be.revertedWithCustomError(registry, "ERC721InvalidApprover")
        .withArgs(stranger.address);
      await expect(registry.transferFrom(buyer.address, stranger.address, tokenId))
        .to.be.revertedWithCustomError(registry, "ERC721IncorrectOwner")
        .withArgs(buyer.address, tokenId, owner.address);
      await expect(registry.transferFrom(owner.address, ZeroAddress, tokenId))
        .to.be.revertedWithCustomError(registry, "ERC721InvalidReceiver")
        .withArgs(ZeroAddress);
      expect(await registry.ownerOf(tokenId)).to.equal(owner.address);
    });

    it("is sent safely to accounts and to contracts that take it, and to no others", async () => {
      const { registry, ledger, owner, wallet, tokenId } = await fixture();
      const safeTransfer = registry["safeTransferFrom(address,address,uint256)"];
      const safeTransferWithData = registry["safeTransferFrom(address,address,uint256,bytes)"];
      const ledgerAddress = await ledger.getAddress();

      for (const refused of [
        () => safeTransfer(owner.address, ledgerAddress, tokenId),
        () => safeTransferWithData(owner.address, ledgerAddress, tokenId, "0x1234"),
      ]) {
        await expect(refused())
          .to.be.revertedWithCustomError(registry, "ERC721InvalidReceiver")
          .withArgs(ledgerAddress);
      }
      await safeTransfer(owner.address, owner.address, tokenId);
      await safeTransferWithData(owner.address, wallet, tokenId, "0x1234");
      expect(await registry.ownerOf(tokenId)).to.equal(wallet);
    });

    it("steers, and moves no money: shares and what they earned stay", async () => {
      const { registry, ledger, owner, buyer, model, tokenId } = await fixture();
      await ledger.pay(model, ETH, parseEther("1"), ZeroHash, { value: parseEther("1") });
      const owed = await ledger.claimable(owner.address, model, ETH);

      await registry.transferFrom(owner.address, buyer.address, tokenId);

      expect(owed).to.equal(parseEther("0.99"));
      expect(await ledger.claimable(owner.address, model, ETH)).to.equal(owed);
      expect(await ledger.claimable(buyer.address, model, ETH)).to.equal(0n);
      expect(await ledger.balanceOf(owner.address, model)).to.equal(1_000_000n);
      expect(await ledger.balanceOf(buyer.address, model)).to.equal(0n);
    });
  });
});
