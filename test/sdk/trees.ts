import { SimpleMerkleTree, StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { expect } from "chai";
import { toBeHex } from "ethers";
import fc from "fast-check";
import { AllocationSumMismatch, buildAllocation, proofsOf } from "../../sdk/src/index.js";
import {
  account,
  alice,
  bob,
  build,
  carol,
  expectInvalid,
  leafHash,
  lists,
  NO_SHARES,
  place,
  rootFrom,
  shares,
  standardTree,
  WHOLE,
  wrongChecksum,
} from "../helpers/allocations.js";

describe("SDK allocations", () => {
  describe("buildAllocation", () => {
    it("gives a root to which every claim's proof leads, by a calculation of its own", () => {
      fc.assert(
        fc.property(lists, (list) => {
          const allocation = build(list);
          expect(allocation.count).to.equal(list.length);

          for (const [index, { account, units }] of list.entries()) {
            const claim = proofsOf(allocation, account).find((each) => each.index === index);

            expect(claim).to.deep.include({ account, units });
            expect(rootFrom(index, account, units, claim?.proof ?? [])).to.equal(allocation.root);
          }
        }),
        { numRuns: 20 },
      );
    });

    it("builds what StandardMerkleTree builds, to the last hash", () => {
      fc.assert(
        fc.property(lists, (list) => {
          const allocation = build(list);

          expect(allocation.tree).to.deep.equal(standardTree(list).dump());
          expect(StandardMerkleTree.load(allocation.tree).root).to.equal(allocation.root);
        }),
        { numRuns: 10 },
      );
    });

    it("says what was built", () => {
      const { tree, root, ...rest } = build(shares);

      expect(rest).to.deep.equal({ ...place, units: 100_000, count: 3 });
      expect(root).to.equal(tree.tree[0]);
      expect(JSON.parse(JSON.stringify(tree))).to.deep.equal(tree);
    });

    it("needs no proof for a single leaf", () => {
      const allocation = build([{ account: bob, units: 1_000_000 }]);

      expect(proofsOf(allocation, bob)).to.deep.equal([{ index: 0, account: bob, units: 1_000_000, proof: [] }]);
      expect(allocation.root).to.equal(rootFrom(0, bob, 1_000_000, []));
    });

    it("refuses an empty list", () => {
      expectInvalid(() => buildAllocation({ ...place, units: 1, shares: [] }), "shares", "empty");
    });

    for (const units of [0, -1, 1.5, 1_000_001, Number.NaN, Number.POSITIVE_INFINITY, "5", 5n, undefined]) {
      it(`refuses units of ${typeof units} ${units}`, () => {
        const odd = units as number;
        const list = [...shares, { account: bob, units: odd }];

        expectInvalid(() => buildAllocation({ ...place, units: 1, shares: list }), "shares[3].units", units, WHOLE);
        expectInvalid(() => buildAllocation({ ...place, units: odd, shares }), "units", units, WHOLE);
      });
    }

    for (const number of [0n, 1n, 2n ** 64n - 1n]) {
      it(`refuses the account ${toBeHex(number)}, which can hold nothing`, () => {
        const odd = account(number);

        expectInvalid(() => build([{ account: odd, units: 1 }]), "shares[0].account", odd, NO_SHARES);
      });
    }

    it("takes the first address that can hold shares", () => {
      expect(proofsOf(build([{ account: account(2n ** 64n), units: 1 }]), account(2n ** 64n))).to.have.length(1);
    });

    for (const odd of ["", "0x", "alice.eth", `${alice}00`, wrongChecksum(alice), undefined]) {
      it(`refuses the account ${odd}`, () => {
        expectInvalid(() => build([{ account: odd as string, units: 1 }]), "shares[0].account", odd);
      });
    }

    it("refuses what is no place", () => {
      for (const chainId of [0n, -1n, 2n ** 256n, 1 as unknown as bigint]) {
        expectInvalid(() => buildAllocation({ ...place, chainId, units: 1, shares }), "chainId", chainId);
      }
      expectInvalid(() => buildAllocation({ ...place, ledger: "0x1", units: 1, shares }), "ledger", "0x1");
      expectInvalid(() => buildAllocation({ ...place, model: "0x1", units: 1, shares }), "model", "0x1");
    });

    it("refuses shares that do not sum to the units, one too many or too few", () => {
      for (const units of [99_999, 100_001]) {
        expect(() => buildAllocation({ ...place, units, shares }))
          .to.throw(AllocationSumMismatch, `sum to 100000 units and not to ${units}: change the shares, or set 100000`)
          .that.includes({ sum: 100_000, expected: units });
      }
    });
  });

  describe("proofsOf", () => {
    it("returns all claims of an account, however it is written, and none of a stranger", () => {
      const allocation = build(shares);
      const claims = proofsOf(allocation, alice.toLowerCase());

      expect(claims.map(({ index, account, units }) => [index, account, units])).to.deep.equal([
        [0, alice, 60_000],
        [2, alice, 10_000],
      ]);
      expect(proofsOf(allocation, alice)).to.deep.equal(claims);
      expect(proofsOf(allocation, carol)).to.deep.equal([]);
    });

    it("refuses what is no address", () => {
      expectInvalid(() => proofsOf(build(shares), "alice"), "account", "alice");
    });

    it("refuses an allocation that nobody checked", () => {
      const copy = { ...build(shares) };

      expectInvalid(() => proofsOf(copy, alice), "allocation", copy, "what buildAllocation or readAllocation returned");
    });
  });

  it("is what SimpleMerkleTree verifies too", () => {
    const allocation = build(shares);
    const [{ proof }] = proofsOf(allocation, bob);

    expect(SimpleMerkleTree.verify(allocation.root, leafHash(1, bob, 30_000), proof)).to.equal(true);
  });
});
