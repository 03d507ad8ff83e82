import { expect } from "chai";
import { AbiCoder, concat, getCreateAddress, keccak256, ZeroHash } from "ethers";
import { network } from "hardhat";
import { type ClaimTree, claimTree, rootOf } from "../../scripts/genesis.js";
import type { GenesisClaim } from "../../types/ethers-contracts/index.js";
import { DAY, deployTestProtocol } from "../helpers/protocol.js";
import { weal } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const COUNT = 300;
const GIVEN = 3_000_000n * 10n ** 18n;

interface Claim {
  index: number;
  account: string;
  amount: bigint;
}

/* A tree of the test's own, as the interface describes it. */

function leafOf({ index, account, amount }: Claim, chainId: bigint, contract: string): string {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "address", "uint256", "address", "uint256"],
    [chainId, contract, index, account, amount],
  );

  return keccak256(keccak256(encoded));
}

/** Hashes two nodes, the lower first. */
function parentOf(a: string, b: string): string {
  return keccak256(concat(a < b ? [a, b] : [b, a]));
}

/** A complete binary tree: node i has the children 2i + 1 and 2i + 2, and the lowest leaf is the last node. */
function treeOf(leaves: string[]) {
  const nodes: string[] = [...new Array<string>(leaves.length - 1).fill(""), ...[...leaves].sort().reverse()];
  for (let i = leaves.length - 2; i >= 0; --i) nodes[i] = parentOf(nodes[2 * i + 1], nodes[2 * i + 2]);

  return {
    nodes,
    root: nodes[0],
    proofOf(node: string): string[] {
      const proof: string[] = [];
      for (let i = nodes.indexOf(node); i > 0; i = Math.floor((i - 1) / 2))
        proof.push(nodes[i % 2 === 1 ? i + 1 : i - 1]);

      return proof;
    },
  };
}

/** A claim of 300 leaves, some of them of one account, beside the protocol. */
async function deploy() {
  const protocol = await deployTestProtocol(connection);
  const { weal: token, timelock, signers } = protocol;
  const [deployer, keeper, stranger] = signers;
  const { chainId } = await ethers.provider.getNetwork();

  const claims = Array.from({ length: COUNT }, (_, index): Claim => ({
    index,
    // Every tenth is the stranger's.
    account: index % 10 === 0 ? stranger.address : new ethers.Wallet(ethers.id(`claimant ${index}`)).address,
    amount: weal("1") * BigInt(index + 1) + 5n,
  }));
  const nonce = await ethers.provider.getTransactionCount(keeper.address);
  const address = getCreateAddress({ from: keeper.address, nonce });
  const leaves = claims.map((claim) => leafOf(claim, chainId, address));
  const tree = treeOf(leaves);
  const until = (await time.latest()) + 30 * DAY;
  const treasury = await timelock.getAddress();
  const claim = await ethers.deployContract(
    "GenesisClaim",
    [await token.getAddress(), treasury, tree.root, until],
    keeper,
  );
  await token.connect(deployer).transfer(address, GIVEN);

  return {
    ...{ ...protocol, token, treasury, deployer, stranger, keeper, chainId },
    ...{ claims, tree, leaves, until, address },
    claim: claim.connect(stranger) as unknown as GenesisClaim,
    proofOf: ({ index }: Claim) => tree.proofOf(leaves[index]),
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("GenesisClaim", () => {
  describe("tree", () => {
    it("of the scripts is the test's own", async () => {
      const { parameters, claims, chainId, address, tree } = await fixture();
      const parts = claims.map(({ account, amount }) => ({ account, weal: ethers.formatUnits(amount, 18) }));
      const genesis = { ...parameters.genesis, community: { until: "2040-01-01T00:00:00Z", claims: parts } };

      const dump = claimTree(genesis, chainId, address) as ClaimTree;
      expect(rootOf(dump)).to.equal(tree.root);
      expect(dump.tree).to.deep.equal(tree.nodes);
      expect(dump.values.map(({ value }) => value)).to.deep.equal(
        claims.map(({ index, account, amount }) => [`${chainId}`, address, `${index}`, account, `${amount}`]),
      );
    });

    it("of nobody has a root under which nothing is", async () => {
      const { parameters, chainId, address, token, treasury, until, stranger } = await fixture();
      const genesis = { ...parameters.genesis, community: { until: "2040-01-01T00:00:00Z", claims: [] } };
      expect(claimTree(genesis, chainId, address)).to.equal(undefined);
      expect(rootOf(undefined)).to.equal(ZeroHash);

      const empty = await ethers.deployContract("GenesisClaim", [token, treasury, ZeroHash, until]);
      for (const proof of [[], [ZeroHash]]) {
        await expect(empty.claim(0, stranger.address, 0n, proof))
          .to.be.revertedWithCustomError(empty, "GenesisProofInvalid")
          .withArgs(0, stranger.address, 0);
      }
    });

    it("of one leaf is that leaf, and needs no proof", async () => {
      const { genesisClaim, deployer, chainId, token, stranger } = await fixture();
      const only = { index: 0, account: deployer.address, amount: weal("50000000") };
      expect(await genesisClaim.root()).to.equal(leafOf(only, chainId, await genesisClaim.getAddress()));

      await expect(genesisClaim.connect(stranger).claim(0, only.account, only.amount, [])).to.changeTokenBalances(
        ethers,
        token,
        [genesisClaim, deployer],
        [-only.amount, only.amount],
      );
    });
  });

  describe("constructor", () => {
    it("keeps token, treasury, root and end", async () => {
      const { claim, token, treasury, tree, until, genesisClaim, weal, timelock } = await fixture();

      expect(await claim.weal()).to.equal(await token.getAddress());
      expect(await claim.treasury()).to.equal(treasury);
      expect(await claim.root()).to.equal(tree.root);
      expect(await claim.claimUntil()).to.equal(until);
      // The deployment's.
      expect(await genesisClaim.weal()).to.equal(await weal.getAddress());
      expect(await genesisClaim.treasury()).to.equal(await timelock.getAddress());
      expect(await genesisClaim.claimUntil()).to.equal(Date.UTC(2040, 0) / 1_000);
    });
  });

  describe("claim", () => {
    it("sends an account its part, whoever calls", async () => {
      const { claim, token, keeper, claims, proofOf } = await fixture();
      const mine = claims[7];

      const call = claim.connect(keeper).claim(mine.index, mine.account, mine.amount, proofOf(mine));
      await expect(call).to.emit(claim, "GenesisClaimed").withArgs(mine.index, mine.account, mine.amount);
      expect(await token.balanceOf(mine.account)).to.equal(mine.amount);
      expect(await token.balanceOf(claim)).to.equal(GIVEN - mine.amount);
      expect(await token.balanceOf(keeper.address)).to.equal(0n);
    });

    it("refuses a leaf twice, also when the account has another one", async () => {
      const { claim, token, claims, stranger, proofOf } = await fixture();
      const [first, , , , , , , , , , second] = claims;
      await claim.claim(first.index, first.account, first.amount, proofOf(first));

      await expect(claim.claim(first.index, first.account, first.amount, proofOf(first)))
        .to.be.revertedWithCustomError(claim, "GenesisAlreadyClaimed")
        .withArgs(first.index);
      await claim.claim(second.index, second.account, second.amount, proofOf(second));
      expect(await token.balanceOf(stranger.address)).to.equal(first.amount + second.amount);
    });

    it("refuses another index, account or amount than the leaf's, and another proof", async () => {
      const { claim, claims, keeper, proofOf } = await fixture();
      const [mine, , other] = claims;
      const proof = proofOf(mine);

      for (const [changes, path] of [
        [{ index: other.index }, proof],
        [{ index: COUNT }, proof],
        [{ account: keeper.address }, proof],
        [{ amount: mine.amount + 1n }, proof],
        [{ amount: mine.amount - 1n }, proof],
        [{}, proofOf(other)],
        [{}, proof.slice(1)],
        [{}, [...proof, ZeroHash]],
        [{}, [...proof].reverse()],
        [{}, []],
      ] as [Partial<Claim>, string[]][]) {
        const { index, account, amount } = { ...mine, ...changes };
        await expect(claim.claim(index, account, amount, path))
          .to.be.revertedWithCustomError(claim, "GenesisProofInvalid")
          .withArgs(index, account, amount);
        expect(await claim.isClaimed(index)).to.equal(false);
      }
    });

    it("refuses a leaf that was made for another chain or another contract", async () => {
      const { claims, chainId, token, treasury, until, address, stranger, keeper } = await fixture();
      const mine = claims[3];

      for (const [chain, contract] of [
        [chainId + 1n, undefined],
        [chainId, address],
        [chainId, keeper.address],
      ] as const) {
        const nonce = await ethers.provider.getTransactionCount(stranger.address);
        const here = getCreateAddress({ from: stranger.address, nonce });
        const tree = treeOf(claims.map((each) => leafOf(each, chain, contract ?? here)));
        const claim = await ethers.deployContract("GenesisClaim", [token, treasury, tree.root, until], stranger);
        expect(await claim.getAddress()).to.equal(here);
        const proof = tree.proofOf(leafOf(mine, chain, contract ?? here));

        await expect(claim.claim(mine.index, mine.account, mine.amount, proof))
          .to.be.revertedWithCustomError(claim, "GenesisProofInvalid")
          .withArgs(mine.index, mine.account, mine.amount);
      }
    });

    it("on another chain takes the leaves of that chain, and none of the first", async () => {
      const { chainId, claims, until, treasury } = await fixture();
      const elsewhere = await network.create({ override: { chainId: 1_234 } });
      const [deployer] = await elsewhere.ethers.getSigners();
      const token = await elsewhere.ethers.deployContract("TestToken", ["Test", "TEST", 18]);
      const mine = claims[3];

      for (const [chain, isTaken] of [
        [chainId, false],
        [1_234n, true],
      ] as const) {
        const nonce = await elsewhere.ethers.provider.getTransactionCount(deployer.address);
        const here = getCreateAddress({ from: deployer.address, nonce });
        const leaf = leafOf(mine, chain, here);
        const claim = await elsewhere.ethers.deployContract("GenesisClaim", [token, treasury, leaf, until]);
        await token.mint(here, mine.amount);
        const call = claim.claim(mine.index, mine.account, mine.amount, []);

        if (isTaken) await call;
        else {
          await expect(call)
            .to.be.revertedWithCustomError(claim, "GenesisProofInvalid")
            .withArgs(mine.index, mine.account, mine.amount);
        }
      }
      expect(await token.balanceOf(mine.account)).to.equal(mine.amount);
      await elsewhere.close();
    });

    it("takes no inner node for a leaf: leaves are hashed twice", async () => {
      const { claim, tree, stranger } = await fixture();

      // Of an inner node only its two children are known, 64 bytes: no claim encodes to them, however they are read.
      for (const node of [1, 2, 150]) {
        const [left, right] = [tree.nodes[2 * node + 1], tree.nodes[2 * node + 2]];
        const proof = tree.proofOf(tree.nodes[node]);
        for (const [index, amount] of [
          [left, right],
          [right, left],
        ]) {
          await expect(claim.claim(index, stranger.address, amount, proof))
            .to.be.revertedWithCustomError(claim, "GenesisProofInvalid")
            .withArgs(index, stranger.address, amount);
        }
      }
    });

    it("is open to the last second, and not after", async () => {
      const { claim, claims, until, proofOf } = await fixture();
      const [first, second] = claims;
      await time.setNextBlockTimestamp(until);
      await claim.claim(first.index, first.account, first.amount, proofOf(first));

      await time.setNextBlockTimestamp(until + 1);
      await expect(claim.claim(second.index, second.account, second.amount, proofOf(second)))
        .to.be.revertedWithCustomError(claim, "GenesisClaimOver")
        .withArgs(until);
    });

    it("gives what votes only once it is claimed and delegated", async () => {
      const { claim, token, claims, stranger, proofOf } = await fixture();
      await token.connect(stranger).delegate(stranger.address);
      expect(await token.getVotes(await claim.getAddress())).to.equal(0n);
      expect(await token.delegates(await claim.getAddress())).to.equal(ethers.ZeroAddress);

      await claim.claim(0, claims[0].account, claims[0].amount, proofOf(claims[0]));
      expect(await token.getVotes(stranger.address)).to.equal(claims[0].amount);
    });
  });

  describe("isClaimed", () => {
    it("tells each of 300 leaves from the others, in whatever order they are claimed", async () => {
      const { claim, claims, proofOf } = await fixture();
      const claimed = new Set<number>();
      // 7 and 300 have no common divisor, so each comes once.
      const order = claims.map((_, i) => claims[(i * 7 + 3) % COUNT]);

      for (const each of order) {
        await claim.claim(each.index, each.account, each.amount, proofOf(each));
        claimed.add(each.index);
        if (claimed.size % 60 !== 0) continue;

        const told = await Promise.all(Array.from({ length: 2 * 256 }, (_, index) => claim.isClaimed(index)));
        expect(told).to.deep.equal(told.map((_, index) => claimed.has(index)));
      }
      expect(claimed.size).to.equal(COUNT);
    });
  });

  describe("returnUnclaimed", () => {
    it("waits for the end", async () => {
      const { claim, until } = await fixture();
      await time.setNextBlockTimestamp(until);

      await expect(claim.returnUnclaimed()).to.be.revertedWithCustomError(claim, "GenesisClaimOpen").withArgs(until);
    });

    it("sends the rest to the treasury, whoever calls, also what is sent here later", async () => {
      const { claim, claims, token, treasury, deployer, until, proofOf } = await fixture();
      const mine = claims[100];
      await claim.claim(mine.index, mine.account, mine.amount, proofOf(mine));
      const before = await token.balanceOf(treasury);
      await time.setNextBlockTimestamp(until + 1);

      await expect(claim.returnUnclaimed())
        .to.emit(claim, "GenesisReturned")
        .withArgs(GIVEN - mine.amount);
      expect(await token.balanceOf(treasury)).to.equal(before + GIVEN - mine.amount);
      expect(await token.balanceOf(claim)).to.equal(0n);

      await token.connect(deployer).transfer(claim, 9n);
      await expect(claim.returnUnclaimed()).to.emit(claim, "GenesisReturned").withArgs(9);
      await expect(claim.returnUnclaimed()).to.emit(claim, "GenesisReturned").withArgs(0);
    });
  });
});
