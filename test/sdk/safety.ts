import { expect } from "chai";
import { id } from "ethers";
import { type Commonweal, connect, InvalidArgument } from "../../sdk/src/index.js";
import { shortestPaths } from "../../sdk/src/paths.js";
import { BOARD_MEMBER, DAY } from "../helpers/protocol.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";

const LEVELS = { notice: 1, restricted: 2, recalled: 3 } as const;
const EVIDENCE = id("evidence");
const LINEAGE = { ground: "lineage", evidenceDigest: EVIDENCE } as const;
const CLAUSE = { ground: "usePolicy", clause: 5, policyVersion: 1, evidenceDigest: EVIDENCE } as const;

describe("SDK safety", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let member: Commonweal;
  /** A diamond below a grandparent: child ← left, right ← base. */
  let base: string;
  let left: string;
  let right: string;
  let child: string;

  before(async () => {
    sdk = await deploySdk();
    const { networkHelpers, ethers } = sdk.connection;
    for (const account of [BOARD_MEMBER, String(sdk.safetyTimelock.target)]) {
      await networkHelpers.impersonateAccount(account);
      await networkHelpers.setBalance(account, 10n ** 18n);
    }
    member = await connect(await ethers.getSigner(BOARD_MEMBER), { deployment: sdk.deployment });
    const register = (name: string, parents: string[] = []) =>
      registerFor(sdk.accounts.alice.address, sdk.alice, {
        salt: id(name),
        derivatives: { mode: "open", rateBps: 500 },
        parents: parents.map((model) => ({ model, rateBps: 500, relation: "fineTune" as const })),
      });
    base = await register("base");
    left = await register("left", [base]);
    right = await register("right", [base]);
    child = await register("child", [left, right]);
  });

  let restore: () => Promise<void>;
  beforeEach(async () => {
    ({ restore } = await sdk.connection.networkHelpers.takeSnapshot());
  });
  afterEach(() => restore());

  const now = () => sdk.connection.networkHelpers.time.latest();

  /** Decides as the safety timelock does after a vote. */
  async function decide(model: string, version: number, level: keyof typeof LEVELS) {
    const timelock = await sdk.connection.ethers.getSigner(String(sdk.safetyTimelock.target));
    const reason = { ground: 1, clause: 0, policyVersion: 0, evidenceDigest: EVIDENCE };
    await sdk.safetyBoard.connect(timelock).decide(model, version, LEVELS[level], reason, "");
  }

  describe("statusOf", () => {
    it("is clear for a model on which nothing stands", async () => {
      expect(await sdk.reader.safety.statusOf({ model: child })).to.deep.equal({
        model: child,
        level: "none",
        advisories: [],
        restricted: false,
        versions: [],
        inherited: [],
      });
    });

    it("tells what the board and a vote said, and the higher of the two", async () => {
      await member.safety.restrict({ model: base, reason: CLAUSE });
      const issuedAt = await now();

      const { level, restricted, advisories } = await sdk.reader.safety.statusOf({ model: base });
      expect({ level, restricted }).to.deep.equal({ level: "restricted", restricted: true });
      expect(advisories).to.deep.equal([
        {
          level: "restricted",
          by: "board",
          ground: "usePolicy",
          clause: 5,
          policyVersion: 1,
          issuedAt,
          expiresAt: issuedAt + 14 * DAY,
          evidenceDigest: EVIDENCE,
        },
      ]);

      await sdk.connection.networkHelpers.time.increaseTo(issuedAt + 14 * DAY);
      expect((await sdk.reader.safety.statusOf({ model: base })).level).to.equal("none");
      await decide(base, 0, "recalled");
      await member.safety.warn({ model: base, reason: LINEAGE });
      const status = await sdk.reader.safety.statusOf({ model: base });
      expect(status.level).to.equal("recalled");
      expect(status.advisories.map((advisory) => [advisory.by, advisory.level, advisory.expiresAt])).to.deep.equal([
        ["vote", "recalled", undefined],
        ["board", "notice", undefined],
      ]);
    });

    it("tells what is inherited, with the path, children before parents; it stops nothing", async () => {
      await member.safety.warn({ model: right, reason: LINEAGE });
      await member.safety.restrict({ model: base, reason: CLAUSE });

      const status = await sdk.reader.safety.statusOf({ model: child });
      expect(status.level).to.equal("none");
      expect(status.restricted).to.equal(false);
      const found = status.inherited.map(({ model, level, path }) => ({ model, level, path }));
      expect(found[0]).to.deep.equal({ model: right, level: "notice", path: [child, right] });
      expect(found[1].model).to.equal(base);
      // Both ways are as short; parents are in the order of their ids.
      const [first] = [left, right].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
      expect(found[1].path).to.deep.equal([child, first, base]);
      expect(found).to.have.length(2);
    });

    it("tells warnings on versions, which restrict nothing", async () => {
      await sdk.alice.registry.publish({ model: base, manifestDigest: id("second") });
      await decide(base, 2, "recalled");
      await decide(base, 1, "notice");

      const status = await sdk.reader.safety.statusOf({ model: base });
      expect(status.restricted).to.equal(false);
      expect(status.versions.map(({ version, level }) => [version, level])).to.deep.equal([
        [1, "notice"],
        [2, "recalled"],
      ]);
      expect((await sdk.reader.safety.statusOf({ model: child })).inherited).to.deep.equal([]);
    });

    it("goes on off the chain where the lens stops", async () => {
      let model = base;
      for (let i = 0; i < 257; ++i) {
        model = await registerFor(sdk.accounts.alice.address, sdk.alice, {
          salt: id(`link ${i}`),
          derivatives: { mode: "open", rateBps: 0 },
          parents: [{ model, rateBps: 500, relation: "uses" }],
        });
      }
      await member.safety.warn({ model: base, reason: LINEAGE });

      const { inherited } = await sdk.reader.safety.statusOf({ model });
      expect(inherited.map((finding) => finding.model)).to.deep.equal([base]);
      expect(inherited[0].path).to.have.length(258);
    });

    it("refuses what is no model", async () => {
      const model = sdk.accounts.bob.address;

      await expectRefusal(sdk.reader.safety.statusOf({ model }), "ModelNotOpened", { model });
      await failureOf(InvalidArgument, sdk.reader.safety.statusOf({ model: "0x12" }));
    });
  });

  describe("report", () => {
    it("files a report, by anybody", async () => {
      const { receipt } = await sdk.carol.safety.report({
        model: left,
        version: 1,
        reason: CLAUSE,
        evidenceUri: "ipfs://x",
      });
      const [report] = await sdk.safetyBoard.queryFilter(sdk.safetyBoard.filters.ReportFiled(left));

      expect(report.transactionHash).to.equal(receipt.hash);
      expect([report.args.version, report.args.reporter, report.args.evidenceURI]).to.deep.equal([
        1n,
        sdk.accounts.carol.address,
        "ipfs://x",
      ]);
      expect([...report.args.reason]).to.deep.equal([0n, 5n, 1n, EVIDENCE]);
    });

    it("refuses a model or version that is not there, and a reason that is none", async () => {
      const { report } = sdk.carol.safety;
      const { address } = sdk.accounts.carol;

      await expectRefusal(report({ model: address, reason: CLAUSE }), "ModelNotRegistered", { model: address });
      await expectRefusal(report({ model: left, version: 2, reason: CLAUSE }), "VersionNotFound", {
        model: left,
        version: 2n,
      });
      await expectRefusal(report({ model: left, reason: { ...CLAUSE, clause: 9 } }), "ClauseNotFound", {
        clause: 9n,
        clauseCount: 8n,
      });
      for (const options of [
        { model: left, version: 1.5, reason: CLAUSE },
        { model: left, version: -1, reason: CLAUSE },
        { model: left, reason: { ...CLAUSE, evidenceDigest: "0x12" } },
        { model: left, reason: { ...CLAUSE, ground: "taste" } },
      ]) {
        await failureOf(InvalidArgument, report(options as Parameters<typeof report>[0]));
      }
    });
  });

  describe("board", () => {
    it("lists its members, and lets nobody else speak for it", async () => {
      expect(await sdk.reader.safety.members()).to.deep.equal([BOARD_MEMBER]);
      const caller = sdk.accounts.bob.address;

      await expectRefusal(sdk.bob.safety.warn({ model: left, reason: CLAUSE }), "NotBoardMember", { caller });
      await expectRefusal(sdk.bob.safety.restrict({ model: left, reason: CLAUSE }), "NotBoardMember", { caller });
      await expectRefusal(sdk.bob.safety.withdraw({ model: left }), "NotBoardMember", { caller });
    });

    it("withdraws what it said; a restriction stays used", async () => {
      await member.safety.restrict({ model: left, reason: CLAUSE });
      await member.safety.withdraw({ model: left });

      expect((await sdk.reader.safety.statusOf({ model: left })).level).to.equal("none");
      await expectRefusal(member.safety.restrict({ model: left, reason: CLAUSE }), "RestrictionUsed", { model: left });
      await expectRefusal(member.safety.withdraw({ model: left }), "AdvisoryNotFound", { model: left, version: 0n });
    });

    it("stops derivatives of a model that it restricts, and says so", async () => {
      await member.safety.restrict({ model: left, reason: CLAUSE });
      const register = registerFor(sdk.accounts.bob.address, sdk.bob, {
        parents: [{ model: left, rateBps: 500, relation: "adapter" }],
      });

      await expectRefusal(register, "ParentRestricted", { parent: left });
    });
  });

  describe("policy", () => {
    it("returns the version that holds", async () => {
      const { publishedAt, ...policy } = await sdk.reader.safety.policy();

      expect(policy).to.deep.equal({ version: 1, digest: id("the use policy"), clauseCount: 8 });
      expect(publishedAt)
        .to.be.greaterThan(0)
        .and.at.most(await now());
    });
  });
});

describe("shortestPaths", () => {
  it("finds the shortest way to each node, whatever the order of the steps", () => {
    const steps = [
      { from: "c", to: ["d"] },
      { from: "a", to: ["b", "c"] },
      { from: "b", to: ["c", "e"] },
      { from: "e", to: ["d", "f"] },
      { from: "x", to: ["y"] },
    ];

    expect([...shortestPaths("a", steps)]).to.have.deep.members([
      ["a", ["a"]],
      ["b", ["a", "b"]],
      ["c", ["a", "c"]],
      ["d", ["a", "c", "d"]],
      ["e", ["a", "b", "e"]],
      ["f", ["a", "b", "e", "f"]],
    ]);
  });
});
