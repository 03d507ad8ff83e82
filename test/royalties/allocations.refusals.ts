import { expect } from "chai";
import { concat, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { ETH, freshSalt, TOTAL_SHARES } from "../helpers/models.js";
import { accountOf, deployAllocations, type Entry, holderOf, LEAF_TYPES, shareTree } from "./allocations.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const ENTRIES: Entry[] = Array.from({ length: 4 }, (_, i) => [accountOf(i), 250_000n]);

async function deploy() {
  const context = await deployAllocations(connection);
  const { ledger, claimLeaf } = context;
  const granted = await context.openFor(ENTRIES);
  await context.pay(granted.model, ETH, 1_000n);

  /** Requires that what is not in the tree is refused as such. */
  async function expectInvalid(leaf: number, wrong: Parameters<typeof claimLeaf>[2]) {
    const { allocation = 1n, index = BigInt(leaf), account = accountOf(leaf) } = wrong ?? {};
    await expect(claimLeaf(granted, leaf, wrong))
      .to.be.revertedWithCustomError(ledger, "ShareProofInvalid")
      .withArgs(allocation, index, account);
  }

  return { ...context, granted, expectInvalid };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("RoyaltyLedger", () => {
  describe("claimShares refuses", () => {
    it("a leaf with anything changed", async () => {
      const { expectInvalid, granted, open } = await fixture();
      const { tree } = granted;

      for (const units of [249_999n, 250_001n, 0n]) await expectInvalid(1, { units });
      // An index of another leaf, one of none, and one with a bit above the others.
      for (const index of [0n, 4n, 2n ** 255n + 1n]) await expectInvalid(1, { index });
      await expectInvalid(1, { account: accountOf(2) });
      await expectInvalid(1, { model: await open() });
      await expectInvalid(1, { proof: tree.proofOf(2) });
      await expectInvalid(1, { proof: tree.proofOf(1).toReversed() });
      await expectInvalid(1, { proof: tree.proofOf(1).slice(0, 1) });
      await expectInvalid(1, { proof: [...tree.proofOf(1), ZeroHash] });
      await expectInvalid(1, { proof: [tree.hashes[1], ...tree.proofOf(1)] });
      await expectInvalid(1, { proof: [] });
    });

    it("what an inner node is the hash of", async () => {
      const { granted, expectInvalid } = await fixture();
      const { tree } = granted;

      // A node is hashed of 64 bytes, a leaf of 192 and then of 32: no leaf's values give a node.
      for (const node of [0, 1, 2]) {
        const [left, right] = [tree.nodes[2 * node + 1], tree.nodes[2 * node + 2]];
        const pair = BigInt(left) < BigInt(right) ? [left, right] : [right, left];
        expect(ethers.keccak256(concat(pair))).to.equal(tree.nodes[node]);
        await expectInvalid(0, { index: BigInt(pair[0]), units: BigInt(pair[1]), proof: tree.siblingsOf(node) });
        await expectInvalid(0, { proof: tree.siblingsOf(node) });
      }
    });

    it("a leaf hashed once", async () => {
      const { ledger, ledgerAddress, chainId, alice, stranger, open, allocationOf } = await fixture();
      const model = await open();
      const once = ethers.keccak256(
        ethers.AbiCoder.defaultAbiCoder().encode(LEAF_TYPES, [chainId, ledgerAddress, model, 0, accountOf(0), 1]),
      );
      await ledger.connect(alice).allocate(model, allocationOf(once, 1n));

      await expect(ledger.connect(stranger).claimShares(model, 2, 0, accountOf(0), 1, []))
        .to.be.revertedWithCustomError(ledger, "ShareProofInvalid")
        .withArgs(2, 0, accountOf(0));
    });

    it("leaves of another model, another ledger and another chain", async () => {
      const { ledger, alice, open, stranger, allocationOf, claimLeaf, chainId, ledgerAddress, granted } =
        await fixture();
      const model = await open();
      const domain = { chainId, ledger: ledgerAddress, model };

      for (const [i, wrong] of [
        { ...domain, chainId: chainId + 1n },
        { ...domain, ledger: stranger.address },
        { ...domain, model: granted.model },
      ].entries()) {
        const allocation = BigInt(2 + i);
        const tree = shareTree(wrong, ENTRIES);
        await ledger.connect(alice).allocate(model, allocationOf(tree.root, 1_000n));

        await expect(claimLeaf({ model, tree, allocation }, 0))
          .to.be.revertedWithCustomError(ledger, "ShareProofInvalid")
          .withArgs(allocation, 0, accountOf(0));
      }
      // Under the name of the other model the leaf is in the tree, but of that the allocation has no shares.
      const tree = shareTree({ ...domain, model: granted.model }, ENTRIES);
      await expect(claimLeaf({ model: granted.model, tree, allocation: 4n }, 0))
        .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientBalance")
        .withArgs(holderOf(4), 0, 250_000, granted.model);
      // The right domain, to show that nothing else was wrong.
      const right = shareTree(domain, [[accountOf(0), 1n]]);
      await ledger.connect(alice).allocate(model, allocationOf(right.root, 1n));
      await claimLeaf({ model, tree: right, allocation: 5n }, 0);
    });

    it("a leaf that was claimed", async () => {
      const { ledger, claimLeaf, granted } = await fixture();
      await claimLeaf(granted, 2);

      for (const wrong of [{}, { proof: [] }]) {
        await expect(claimLeaf(granted, 2, wrong))
          .to.be.revertedWithCustomError(ledger, "SharesAlreadyClaimed")
          .withArgs(1, 2);
      }
      expect(await ledger.balanceOf(accountOf(2), granted.model)).to.equal(250_000n);
    });

    it("two leaves of one index, but for one of them", async () => {
      const { ledger, alice, open, chainId, ledgerAddress, allocationOf, claimLeaf, stranger } = await fixture();
      const model = await open();
      // Two trees of one leaf each under one root by hand: both have the index 0.
      const [first, second] = [1, 2].map((i) =>
        shareTree({ chainId, ledger: ledgerAddress, model }, [[accountOf(i), 10n]]),
      );
      const pair = [first.root, second.root].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
      await ledger.connect(alice).allocate(model, allocationOf(ethers.keccak256(concat(pair)), 20n));

      await claimLeaf({ model, tree: first, allocation: 2n }, 0, { proof: [second.root] });
      await expect(ledger.connect(stranger).claimShares(model, 2, 0, accountOf(2), 10, [first.root]))
        .to.be.revertedWithCustomError(ledger, "SharesAlreadyClaimed")
        .withArgs(2, 0);
    });

    it("allocations that do not exist, and those that have no leaves", async () => {
      const { ledger, stranger, open, expectInvalid, allocationOf } = await fixture();
      for (const allocation of [0n, 2n, 2n ** 64n - 1n]) await expectInvalid(0, { allocation });

      const reclaimableFrom = (await networkHelpers.time.latest()) + 100;
      const model = await open({
        holdings: [],
        allocations: [allocationOf(ZeroHash, TOTAL_SHARES, { steward: stranger.address, reclaimableFrom })],
      });
      await expect(ledger.claimShares(model, 2, 0, accountOf(0), 1, []))
        .to.be.revertedWithCustomError(ledger, "ShareProofInvalid")
        .withArgs(2, 0, accountOf(0));
    });

    it("accounts that can hold no shares", async () => {
      const { ledger, ledgerAddress, openFor, claimLeaf } = await fixture();
      const receivers = [ZeroAddress, ledgerAddress, holderOf(1), holderOf(2), holderOf(2n ** 64n - 1n)];
      const granted = await openFor(receivers.map((receiver): Entry => [receiver, 1n]));

      for (const [leaf, receiver] of receivers.entries()) {
        await expect(claimLeaf(granted, leaf))
          .to.be.revertedWithCustomError(ledger, "ERC6909InvalidReceiver")
          .withArgs(receiver);
        expect(await ledger.isShareClaimed(2, leaf)).to.equal(false);
      }
      // The first account that is no allocation's.
      await claimLeaf(await openFor([[holderOf(2n ** 64n), 1n]]), 0);
    });

    it("leaves beyond what was set aside", async () => {
      const { ledger, registrar, open, treeOf, allocationOf, claimLeaf, pay } = await fixture();
      const salt = freshSalt();
      const model = await ledger.modelIdOf(registrar.address, salt);
      const tree = treeOf(model, [
        [accountOf(1), 600_000n],
        [accountOf(2), 600_000n],
        [accountOf(3), 400_000n],
        [accountOf(4), 2n ** 256n - 1n],
      ]);
      await open({ salt, holdings: [], allocations: [allocationOf(tree.root, TOTAL_SHARES)] });
      await pay(model, ETH, 1_000n);
      const granted = { model, tree, allocation: 2n };
      await claimLeaf(granted, 0);

      for (const [leaf, units] of [
        [1, 600_000n],
        [3, 2n ** 256n - 1n],
      ] as const) {
        await expect(claimLeaf(granted, leaf))
          .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientBalance")
          .withArgs(holderOf(2), 400_000, units, model);
      }
      await claimLeaf(granted, 2);
      expect(await ledger.claimable(accountOf(1), model, ETH)).to.equal(594n);
      expect(await ledger.claimable(accountOf(3), model, ETH)).to.equal(396n);
    });

    it("every leaf from the second on in which the steward may take what is left", async () => {
      const { ledger, stranger, openFor, claimLeaf } = await fixture();
      const reclaimableFrom = (await networkHelpers.time.latest()) + 100;
      const granted = await openFor(ENTRIES, { steward: stranger.address, reclaimableFrom });

      await networkHelpers.time.setNextBlockTimestamp(reclaimableFrom - 1);
      await claimLeaf(granted, 0);
      expect(await networkHelpers.time.latest()).to.equal(reclaimableFrom - 1);
      await networkHelpers.time.setNextBlockTimestamp(reclaimableFrom);
      await expect(claimLeaf(granted, 1))
        .to.be.revertedWithCustomError(ledger, "AllocationExpired")
        .withArgs(reclaimableFrom);
    });
  });
});
