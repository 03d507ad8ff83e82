import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { expect } from "chai";
import { toBeHex } from "ethers";
import fc from "fast-check";
import {
  AllocationSumMismatch,
  type AllocationDump,
  proofsOf,
  InvalidArgument,
  readAllocation,
} from "../../sdk/src/index.js";
import {
  account,
  alice,
  bob,
  build,
  carol,
  expectInvalid,
  leavesOf,
  lists,
  NO_SHARES,
  place,
  rootFrom,
  shares,
  standardTree,
  sumOf,
  TYPES,
  WHOLE,
  wrongChecksum,
} from "../helpers/allocations.js";

describe("SDK readAllocation", () => {
  it("reads what was built, as text or parsed, and gives the same claims", () => {
    fc.assert(
      fc.property(lists, (list) => {
        const built = build(list);
        const text = JSON.stringify(built.tree);

        for (const json of [text, JSON.parse(text)]) {
          const read = readAllocation(json, { ...place, root: built.root, units: sumOf(list) });

          expect(read).to.deep.equal(built);
          expect(proofsOf(read, list[0].account)).to.deep.equal(proofsOf(built, list[0].account));
        }
      }),
      { numRuns: 10 },
    );
  });

  it("takes from the tree what nobody expects", () => {
    expect(readAllocation(build(shares).tree)).to.deep.equal(build(shares));
  });

  it("reads trees of others: unsorted, in another order, with numbers or in hex", () => {
    const values = [2, 0, 1].map((index) => {
      const { account, units } = shares[index];
      return [8453, place.ledger.toLowerCase(), place.model, toBeHex(index), account, `${units}`];
    });
    const theirs = StandardMerkleTree.of(values, TYPES, { sortLeaves: false });
    const allocation = readAllocation(JSON.stringify(theirs.dump()), place);

    expect(allocation).to.include({ root: theirs.root, units: 100_000, count: 3 });
    expect(allocation.tree.tree).to.deep.equal(theirs.dump().tree);
    for (const { index, units, proof } of proofsOf(allocation, alice)) {
      expect(rootFrom(index, alice, units, proof)).to.equal(theirs.root);
    }
    expect(StandardMerkleTree.load(allocation.tree).root).to.equal(theirs.root);
  });

  it("takes a root in capitals", () => {
    const { tree, root } = build(shares);

    expect(readAllocation(tree, { root: `0x${root.slice(2).toUpperCase()}` }).root).to.equal(root);
  });

  it("refuses another root", () => {
    const { tree, root } = build(shares);
    const other = toBeHex(1, 32);

    expectInvalid(() => readAllocation(tree, { root: other }), "allocation.tree[0]", root, `the root ${other}`);
    expectInvalid(() => readAllocation(tree, { root: "0x1" }), "root", "0x1");
  });

  it("refuses another place", () => {
    const { tree } = build(shares);

    expectInvalid(() => readAllocation(tree, { chainId: 1n }), "allocation.values[0].value[0]", "8453", "1, the");
    expectInvalid(
      () => readAllocation(tree, { ledger: bob }),
      "allocation.values[0].value[1]",
      place.ledger,
      bob.toLowerCase(),
    );
    expectInvalid(
      () => readAllocation(tree, { model: bob }),
      "allocation.values[0].value[2]",
      place.model,
      bob.toLowerCase(),
    );
    expectInvalid(() => readAllocation(tree, { chainId: 0n }), "chainId", 0n);
  });

  it("refuses another sum", () => {
    expect(() => readAllocation(build(shares).tree, { units: 100_001 }))
      .to.throw(AllocationSumMismatch)
      .that.includes({ sum: 100_000, expected: 100_001 });
    expectInvalid(() => readAllocation(build(shares).tree, { units: 0 }), "units", 0);
  });

  it("refuses more shares than a model has", () => {
    const list = [alice, bob].map((account) => ({ account, units: 600_000 }));

    expectInvalid(() => readAllocation(standardTree(list).dump()), "units", 1_200_000, WHOLE);
  });

  it("refuses leaves of several places, even if the tree is sound", () => {
    const values = leavesOf(shares).map((leaf, index) => (index === 1 ? ["1", ...leaf.slice(1)] : leaf));

    expectInvalid(
      () => readAllocation(StandardMerkleTree.of(values, TYPES).dump()),
      "allocation.values[1].value[0]",
      "1",
      "8453, the chainId of all leaves",
    );
  });

  for (const [what, indices, at] of [
    ["twice", [0, 1, 1], 2],
    ["beyond the end", [0, 1, 3], 2],
    ["from 1", [1, 2, 3], 2],
  ] as const) {
    it(`refuses indices ${what}, even if the tree is sound`, () => {
      const values = leavesOf(shares).map((leaf, n) => leaf.map((part, key) => (key === 3 ? `${indices[n]}` : part)));

      expectInvalid(
        () => readAllocation(StandardMerkleTree.of(values, TYPES).dump()),
        `allocation.values[${at}].value[3]`,
        indices[at],
        "each number from 0 to 2 once",
      );
    });
  }

  it("refuses an account that can hold nothing, even if the tree is sound", () => {
    const odd = account(7n);

    expectInvalid(
      () => readAllocation(standardTree([{ account: odd, units: 1 }]).dump()),
      "allocation.values[0].value[4]",
      odd,
      NO_SHARES,
    );
  });

  it("refuses a tree with leaves that are not among its values", () => {
    const { tree, ...rest } = build(shares).tree;
    const { tree: larger } = build([...shares, ...shares]).tree;

    expectInvalid(() => readAllocation({ ...rest, tree: larger }), "allocation.tree", larger, "twice as many");
    expectInvalid(() => readAllocation({ ...rest, tree: [] }), "allocation.tree", []);
  });

  it("refuses every tree of which one hash, place or value was changed", () => {
    const sound = build(shares).tree;
    const changes: ((tree: AllocationDump) => void)[] = [
      ...sound.tree.map((_, at) => (tree: AllocationDump) => {
        tree.tree[at] = toBeHex(1, 32);
      }),
      ...sound.values.flatMap((_, at) => [
        (tree: AllocationDump) => {
          tree.values[at].treeIndex += 1;
        },
        (tree: AllocationDump) => {
          tree.values[at].treeIndex = -1;
        },
        (tree: AllocationDump) => {
          tree.values[at].value[4] = carol;
        },
        (tree: AllocationDump) => {
          tree.values[at].value[5] = "7";
        },
      ]),
    ];

    for (const change of changes) {
      const tree = structuredClone(sound);
      change(tree);
      expectInvalid(() => readAllocation(tree), "allocation.tree", tree.tree, "build it again");
    }
  });

  describe("JSON from anywhere", () => {
    const sound = build(shares).tree;
    const leaf = (value: unknown) => ({ ...sound, values: [sound.values[0], { ...sound.values[1], value }] });
    const part = (key: number, odd: unknown) => ({
      ...sound,
      values: sound.values.map(({ value, treeIndex }) => ({ treeIndex, value: value.with(key, odd as string) })),
    });
    const at = "allocation.values[0]";
    const hostile = { toString: 1, valueOf: 1 };
    const cases: [json: unknown, argument: string][] = [
      ...["", "{", "<html>", "undefined"].map((text): [unknown, string] => [text, "allocation"]),
      ...["null", "1", '"text"', "[]"].map((text): [unknown, string] => [text, "allocation"]),
      [hostile, "allocation.format"],
      [{}, "allocation.format"],
      [JSON.parse('{"__proto__":{"format":"standard-v1"}}'), "allocation.format"],
      [{ ...sound, format: "simple-v1" }, "allocation.format"],
      [{ ...sound, leafEncoding: undefined }, "allocation.leafEncoding"],
      [{ ...sound, leafEncoding: [...TYPES, "uint256"] }, "allocation.leafEncoding"],
      [{ ...sound, leafEncoding: TYPES.with(4, "bytes32") }, "allocation.leafEncoding"],
      [`{"format":"standard-v1","leafEncoding":${"[".repeat(1e5)}${"]".repeat(1e5)}}`, "allocation.leafEncoding"],
      [{ ...sound, values: undefined }, "allocation.values"],
      [{ ...sound, values: [] }, "allocation.values"],
      [{ ...sound, values: { length: 3 } }, "allocation.values"],
      [{ ...sound, values: new Array(1_000_001).fill(0) }, "allocation.values"],
      [{ ...sound, values: [null, null, null] }, at],
      [{ ...sound, values: [hostile, 1, 2] }, `${at}.value`],
      [{ ...sound, tree: undefined }, "allocation.tree"],
      [{ ...sound, tree: sound.tree.with(1, hostile as unknown as string) }, "allocation.tree[1]"],
      [{ ...sound, tree: sound.tree.with(4, sound.tree[4].toUpperCase()) }, "allocation.tree[4]"],
      [{ ...sound, tree: sound.tree.with(4, "0x12") }, "allocation.tree[4]"],
      [{ ...leaf(hostile), tree: sound.tree.slice(0, 3) }, "allocation.values[1].value"],
      [{ ...leaf([1, 2]), tree: sound.tree.slice(0, 3) }, "allocation.values[1].value"],
      [{ ...sound, values: sound.values.map(({ value }) => ({ value, treeIndex: "3" })) }, `${at}.treeIndex`],
      [part(0, "8453.0"), `${at}.value[0]`],
      [part(0, "9".repeat(78)), "chainId"],
      [part(1, hostile), `${at}.value[1]`],
      [part(1, wrongChecksum(place.ledger)), "ledger"],
      [part(2, place.model.slice(2)), `${at}.value[2]`],
      [part(3, "-1"), `${at}.value[3]`],
      [part(3, 0.5), `${at}.value[3]`],
      [part(3, "9".repeat(78)), `${at}.value[3]`],
      [part(4, hostile), `${at}.value[4]`],
      [part(4, wrongChecksum(alice)), `${at}.value[4]`],
      [part(5, "0"), `${at}.value[5]`],
      [part(5, "1000001"), `${at}.value[5]`],
      [part(5, "9".repeat(78)), `${at}.value[5]`],
      [part(5, null), `${at}.value[5]`],
      [part(5, 2 ** 60), `${at}.value[5]`],
    ];

    for (const [number, [json, argument]] of cases.entries()) {
      it(`refuses what is wrong in ${argument}, case ${number}`, () => {
        expect(() => readAllocation(json))
          .to.throw(InvalidArgument)
          .that.has.property("argument", argument);
      });
    }

    it("throws nothing but typed errors, whatever it is", () => {
      fc.assert(
        fc.property(fc.oneof(fc.json(), fc.anything()), (json) => {
          expect(() => readAllocation(json)).to.throw(InvalidArgument);
        }),
      );
    });
  });
});
