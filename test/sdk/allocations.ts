import { expect } from "chai";
import { getAddress, id, toBeHex, ZeroAddress, ZeroHash } from "ethers";
import {
  type AllocationTree,
  buildAllocation,
  InvalidArgument,
  proofsOf,
  readAllocation,
  SignerRequired,
} from "../../sdk/src/index.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";

const DAY = 86_400;

describe("SDK allocations", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let ledger: string;
  let model: string;
  let alice: string;
  let bob: string;
  let now: number;

  beforeEach(async () => {
    sdk = await deploySdk();
    ledger = await sdk.ledger.getAddress();
    alice = sdk.accounts.alice.address;
    bob = sdk.accounts.bob.address;
    model = await registerFor(alice, sdk.alice);
    now = await sdk.connection.networkHelpers.time.latest();
  });

  const treeOf = (shares: { account: string; units: number }[], of = model) =>
    buildAllocation({
      ...{ chainId: sdk.reader.chainId, ledger, model: of, shares },
      units: shares.reduce((sum, { units }) => sum + units, 0),
    });
  const pay = (amount: bigint) => sdk.carol.royalties.pay({ model, currency: "ETH", amount });
  const claimable = async (holder: string) =>
    (await sdk.reader.royalties.claimable({ holder, models: [model], currency: "ETH" })).total;

  describe("create", () => {
    it("sets shares aside for those in a tree", async () => {
      const { root, units } = treeOf([{ account: bob, units: 30_000 }]);
      const { allocation, receipt } = await sdk.alice.allocations.create({
        ...{ model: model.toLowerCase(), root, units, uri: "ipfs://tree", steward: alice, reclaimableFrom: now + DAY },
      });

      expect(allocation).to.equal(1n);
      await expect(Promise.resolve(receipt))
        .to.emit(sdk.ledger, "SharesAllocated")
        .withArgs(1n, model, alice, root, 30_000n, "ipfs://tree", alice, now + DAY);
      expect(await sdk.reader.allocations.get({ allocation, model })).to.deep.equal({
        ...{ allocation: 1n, root, steward: alice, reclaimableFrom: now + DAY, units: 30_000n },
      });
      expect(await sdk.reader.royalties.sharesOf({ holder: alice, model })).to.equal(970_000n);
    });

    it("sets shares aside for a steward alone, or with none", async () => {
      const first = await sdk.alice.allocations.create({ model, units: 7n, steward: bob });
      const second = await sdk.alice.allocations.create({ model, units: 8, root: id("root") });

      expect([first.allocation, second.allocation]).to.deep.equal([1n, 2n]);
      expect(await sdk.reader.allocations.get({ allocation: 1, model })).to.deep.equal({
        ...{ allocation: 1n, root: undefined, steward: bob, reclaimableFrom: 0, units: 7n },
      });
      expect(await sdk.reader.allocations.get({ allocation: 2n, model })).to.deep.equal({
        ...{ allocation: 2n, root: id("root"), steward: undefined, reclaimableFrom: undefined, units: 8n },
      });
    });

    it("refuses what could never be taken, is too much, or is nothing", async () => {
      const { allocations } = sdk.alice;
      await expectRefusal(allocations.create({ model, units: 1 }), "AllocationWithoutTaker", { model });
      await expectRefusal(allocations.create({ model, units: 1_000_001, steward: bob }), "ERC6909InsufficientBalance", {
        sender: alice,
        balance: 1_000_000n,
        needed: 1_000_001n,
        id: BigInt(model),
      });
      await expectRefusal(allocations.create({ model, units: 0, steward: bob }), "ZeroShares", {
        holder: getAddress(toBeHex(1, 20)),
      });
      await expectRefusal(
        allocations.create({ model, units: 1, root: id("root"), steward: bob, reclaimableFrom: now - 1 }),
        "AllocationExpired",
        { reclaimableFrom: BigInt(now - 1) },
      );
      for (const [argument, options] of [
        ["model", { model: "model" }],
        ["allocation.root", { root: "0x01" }],
        ["allocation.steward", { steward: "bob" }],
      ] as const) {
        const error = await failureOf(
          InvalidArgument,
          allocations.create({ ...{ model, units: 1, steward: bob }, ...options }),
        );
        expect(error.argument).to.equal(argument);
      }
      await failureOf(SignerRequired, sdk.reader.allocations.create({ model, units: 1, steward: bob }));
    });
  });

  describe("claim", () => {
    let tree: AllocationTree;

    beforeEach(async () => {
      tree = treeOf([
        { account: bob, units: 100_000 },
        { account: sdk.accounts.carol.address, units: 50_000 },
        { account: bob, units: 50_000 },
      ]);
      await sdk.alice.allocations.create({ ...tree, steward: alice, reclaimableFrom: now + 30 * DAY });
    });

    it("gives an account its shares with what they earned, whoever calls", async () => {
      await pay(1_000_000n);
      const leaves = proofsOf(tree, bob);
      expect(leaves).to.have.length(2);
      expect(await sdk.reader.allocations.earned({ allocation: 1, model, currency: "ETH" })).to.equal(198_000n);

      for (const leaf of leaves) {
        expect(await sdk.reader.allocations.isClaimed({ allocation: 1, index: leaf.index })).to.equal(false);
        await sdk.carol.allocations.claim({ allocation: 1, model, leaf: JSON.parse(JSON.stringify(leaf)) });
        expect(await sdk.reader.allocations.isClaimed({ allocation: 1n, index: leaf.index })).to.equal(true);
      }

      expect(await sdk.reader.royalties.sharesOf({ holder: bob, model })).to.equal(150_000n);
      // 15 % of what is left of it by the protocol's hundredth.
      expect(await claimable(bob)).to.equal(148_500n);
      expect(await sdk.reader.allocations.isClaimed({ allocation: 1, index: 1 })).to.equal(false);
      expect(await sdk.reader.allocations.get({ allocation: 1, model })).to.have.property("units", 50_000n);
      expect(await sdk.reader.allocations.earned({ allocation: 1, model, currency: "ETH" })).to.equal(49_500n);
    });

    it("refuses leaves that were claimed, and those that are none", async () => {
      const [leaf] = proofsOf(tree, bob);
      const { allocations } = sdk.bob;
      await allocations.claim({ allocation: 1, model, leaf });

      await expectRefusal(allocations.claim({ allocation: 1, model, leaf }), "SharesAlreadyClaimed", {
        ...{ allocation: 1n, index: 0n },
      });
      const [other] = proofsOf(tree, sdk.accounts.carol.address);
      await expectRefusal(
        allocations.claim({ allocation: 1, model, leaf: { ...other, units: 50_001 } }),
        "ShareProofInvalid",
        { allocation: 1n, index: 1n, account: other.account },
      );
      await expectRefusal(
        allocations.claim({ allocation: 1, model, leaf: { ...other, account: alice } }),
        "ShareProofInvalid",
        { allocation: 1n, index: 1n, account: alice },
      );
      const error = await failureOf(
        InvalidArgument,
        allocations.claim({ allocation: 1, model, leaf: { ...other, account: "carol" } }),
      );
      expect(error.argument).to.equal("leaf.account");
    });

    it("refuses when the steward's time has begun", async () => {
      await sdk.connection.networkHelpers.time.increaseTo(now + 30 * DAY);
      const [leaf] = proofsOf(tree, bob);

      await expectRefusal(sdk.bob.allocations.claim({ allocation: 1, model, leaf }), "AllocationExpired", {
        reclaimableFrom: BigInt(now + 30 * DAY),
      });
    });

    describe("reclaim", () => {
      it("takes what is left with what it earned, once its time has begun", async () => {
        const [leaf] = proofsOf(tree, sdk.accounts.carol.address);
        await pay(1_000_000n);
        await sdk.carol.allocations.claim({ allocation: 1, model, leaf });
        await expectRefusal(sdk.alice.allocations.reclaim({ allocation: 1, model }), "AllocationNotExpired", {
          ...{ allocation: 1n, reclaimableFrom: BigInt(now + 30 * DAY) },
        });

        await sdk.connection.networkHelpers.time.increaseTo(now + 30 * DAY);
        const { units, receipt } = await sdk.alice.allocations.reclaim({ allocation: 1, model, to: bob });

        expect(units).to.equal(150_000n);
        await expect(Promise.resolve(receipt))
          .to.emit(sdk.ledger, "SharesReclaimed")
          .withArgs(1n, model, bob, 150_000n);
        expect(await claimable(bob)).to.equal(148_500n);
        expect(await sdk.reader.allocations.get({ allocation: 1, model })).to.have.property("units", 0n);
      });

      it("sends it to the steward by default, and then there is nothing", async () => {
        await sdk.connection.networkHelpers.time.increaseTo(now + 30 * DAY);
        await sdk.alice.allocations.reclaim({ allocation: 1, model });

        expect(await sdk.reader.royalties.sharesOf({ holder: alice, model })).to.equal(1_000_000n);
        await expectRefusal(sdk.alice.allocations.reclaim({ allocation: 1, model }), "NothingToReclaim", {
          ...{ allocation: 1n, model },
        });
      });

      it("refuses anybody else", async () => {
        await expectRefusal(sdk.bob.allocations.reclaim({ allocation: 1, model, to: alice }), "NotAllocationSteward", {
          ...{ allocation: 1n, caller: bob },
        });
        const error = await failureOf(
          InvalidArgument,
          sdk.alice.allocations.reclaim({ allocation: 1, model, to: "bob" }),
        );
        expect(error.argument).to.equal("to");
        await failureOf(SignerRequired, sdk.reader.allocations.reclaim({ allocation: 1, model }));
      });
    });
  });

  it("are nothing under a number that none has", async () => {
    expect(await sdk.reader.allocations.get({ allocation: 5, model })).to.deep.equal({
      ...{ allocation: 5n, root: undefined, steward: undefined, reclaimableFrom: undefined, units: 0n },
    });
    expect(await sdk.reader.allocations.isClaimed({ allocation: 5, index: 0 })).to.equal(false);
    expect(await sdk.reader.allocations.earned({ allocation: 5, model, currency: "ETH" })).to.equal(0n);
    expect(await sdk.ledger.allocationOf(5)).to.deep.equal([ZeroHash, ZeroAddress, 0n]);
  });

  describe("of a new model", () => {
    it("give 1,000 contributors shares from the first payment on, by one root", async () => {
      const salt = id("a model of a thousand");
      const thousand = await sdk.alice.registry.modelIdOf({ salt });
      const accounts = Array.from({ length: 1_000 }, (_, i) => getAddress(toBeHex((1n << 100n) + BigInt(i), 20)));
      const shares = accounts.map((account, i) => ({ account, units: 900 + (i % 7) * 10 }));
      shares[999] = { account: bob, units: 940_000 - shares.slice(0, 999).reduce((sum, { units }) => sum + units, 0) };
      const tree = treeOf(shares, thousand);
      expect(tree.count).to.equal(1_000);

      const { model: registered, receipt } = await sdk.alice.registry.register({
        ...{ kind: "model", salt, manifestDigest: id("manifest"), derivatives: { mode: "open" } },
        holdings: [{ holder: alice, units: 60_000 }],
        allocations: [{ root: tree.root, units: tree.units, uri: "ipfs://tree" }],
      });
      expect(registered).to.equal(thousand);
      expect(receipt.gasUsed).to.be.below(600_000n);
      await sdk.carol.royalties.pay({ model: thousand, currency: "ETH", amount: 1_000_000_000n });

      // As somebody who got the tree from its URI, and the root from the chain.
      const { root = "", units } = await sdk.reader.allocations.get({ allocation: 1, model: thousand });
      const read = readAllocation(JSON.stringify(tree.tree), {
        ...{ root, chainId: sdk.reader.chainId, ledger, model: thousand, units: Number(units) },
      });
      for (const i of [0, 500, 998, 999]) {
        const { account: holder, units: part } = shares[i];
        const [leaf] = proofsOf(read, holder);
        await sdk.carol.allocations.claim({ allocation: 1, model: thousand, leaf });

        const { total } = await sdk.reader.royalties.claimable({ holder, models: [thousand], currency: "ETH" });
        expect(total).to.equal((990_000_000n * BigInt(part)) / 1_000_000n);
      }
      const left = await sdk.reader.allocations.get({ allocation: 1, model: thousand });
      expect(left.units).to.equal(940_000n - [0, 500, 998, 999].reduce((sum, i) => sum + BigInt(shares[i].units), 0n));
    });

    it("are refused when they do not make a million with the holdings", async () => {
      const registration = {
        kind: "model",
        manifestDigest: id("manifest"),
        derivatives: { mode: "open" },
        holdings: [{ holder: alice, units: 600_000 }],
        allocations: [{ root: id("root"), units: 300_000 }],
      } as const;

      await expectRefusal(sdk.alice.registry.register(registration), "SharesSumMismatch", {
        ...{ sum: 900_000n, expected: 1_000_000n },
      });
    });
  });
});
