import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { id, Wallet } from "ethers";
import hre from "hardhat";
import { type DeployedContract, type DeploymentFile, deploymentOf } from "../../scripts/deployments.js";
import { startLocalChain } from "../../scripts/local.js";
import { castOf, packageFile, type Role } from "../../scripts/story/cast.js";
import { describeFile, MissingFile, type SealedManifest, unseal } from "../../scripts/story/manifest.js";
import { comparison, lineageTree } from "../../scripts/story/report.js";
import { OTHERS, type Outcome, tell } from "../../scripts/story/tell.js";
import { openWorld, type World } from "../../scripts/story/world.js";
import { DigestMismatch } from "../../sdk/src/manifest/index.js";

describe("The story of `start`, through the SDK against a node over HTTP", () => {
  let folder: string;
  let chain: Awaited<ReturnType<typeof startLocalChain>>;
  let world: World;
  let roles: Role[];
  let outcome: Outcome;

  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "commonweal-story-"));
    roles = await castOf(folder);
    chain = await startLocalChain(0);
    world = openWorld(chain.url, chain.usdc, () => {});
    outcome = await tell(world, roles);
  });

  after(async () => {
    world.provider.destroy();
    await chain.close();
    await rm(folder, { recursive: true });
  });

  it("pays everybody what a calculation of its own says, to the unit", () => {
    const { lines, equal } = comparison(outcome);

    expect(lines).to.have.length.above(20);
    expect(lines.filter((line) => !line.endsWith("  ="))).to.deep.equal([]);
    expect(equal).to.equal(true);
  });

  it("pays out all that came, by payment, by plain transfer and for calls, but the dust", () => {
    const paidOut = (symbol: "USDC" | "ETH") => {
      const { actual, left } = outcome.earnings[symbol];
      const paid = [...actual].filter(([name]) => name !== "Buyer" && name !== "Relayer");

      return paid.reduce((sum, [, amount]) => sum + amount, left);
    };

    expect(outcome.served).to.deep.equal({ calls: 44, expected: 44n * 1_234n, actual: 44n * 1_234n });
    expect(paidOut("USDC")).to.equal(207_654_321n + 44n * 1_234n);
    expect(paidOut("ETH")).to.equal(2_123_456_789_012_345_678n);
    // Below the number of parents and holders, and not nothing, or the figures would prove no rounding.
    for (const { left, claimed } of Object.values(outcome.earnings)) {
      const waiting = claimed.get(`Iris/${OTHERS}`) as bigint;
      expect(waiting).to.be.above(0n);
      expect(left - waiting).to.be.within(1n, 24n);
    }
  });

  it("says so when a figure is off by one unit", () => {
    const actual = new Map(outcome.earnings.USDC.actual).set("Hana", 1n);
    const wrong = { ...outcome, earnings: { ...outcome.earnings, USDC: { ...outcome.earnings.USDC, actual } } };
    const { lines, equal } = comparison(wrong);

    expect(equal).to.equal(false);
    expect(lines.filter((line) => line.includes("but"))).to.have.length(1);
  });

  it("gives the host its part of what calls were paid, rounded down for each way to pay", () => {
    const [exact, channel] = [3n * 1_234n, 41n * 1_234n];

    expect(outcome.earnings.USDC.actual.get("Host")).to.equal(
      (exact * 2_000n) / 10_000n + (channel * 2_000n) / 10_000n,
    );
    expect(outcome.earnings.ETH.actual.get("Host")).to.equal(0n);
  });

  it("says so when a claim, what an agent paid, or the fee after the vote, is off", () => {
    const claimed = new Map(outcome.earnings.ETH.claimed).set("Iris/Amara", 1n);
    const earnings = { ...outcome.earnings, ETH: { ...outcome.earnings.ETH, claimed } };
    const fees = { ...outcome.fees, actual: { before: 100, after: 100 } };

    const served = { ...outcome.served, actual: outcome.served.actual + 1n };

    expect(comparison({ ...outcome, earnings }).equal).to.equal(false);
    expect(comparison({ ...outcome, served }).equal).to.equal(false);
    expect(comparison({ ...outcome, fees }).equal).to.equal(false);
    expect(comparison({ ...outcome, fees }).lines.at(-1)).to.equal("  fee after the vote: 100, but 50 was due");
  });

  it("gives everybody of the round what is due by hand, to the unit", () => {
    // 600,000 are divided 3 : 2 : 1 : 1 between the kinds, and those for data by the medians, 75 and 50.
    const shares = { Chidi: 154_286n, Elif: 102_857n, Iker: 171_429n, Jun: 85_714n, Kofi: 85_714n, Devi: 100_000n };
    const raised = 1_022_222_221n;
    // 7 % for Iris, and of what is kept half a per cent for the protocol.
    const kept = 50_000_007n - (50_000_007n * 700n) / 10_000n;
    const distributed = kept - (kept * 50n) / 10_000n;
    const incomeOf = (units: bigint) => (distributed * units) / 1_000_000n;
    // What was not spent, and the bond of the challenge.
    const pot = raised - 100_000_000n - 899_999_999n + 30_000_000n;
    const funded = { Farid: [0n, 401_234_567n], Hana: [401_234_567n, 734_567_900n], "a donor": [734_567_900n, raised] };
    const gains = new Map(outcome.round.gains.map((gain) => [gain.name, gain]));
    const gainOf = (name: string) => ({ shares: gains.get(name)?.shares.got, got: gains.get(name)?.got });

    for (const [name, [from, to]] of Object.entries(funded)) {
      const of = (whole: bigint) => (whole * to) / raised - (whole * from) / raised;
      const got = from - to + of(pot) + incomeOf(of(300_000n));
      expect(gainOf(name), name).to.deep.equal({ shares: of(300_000n), got });
    }
    const cash = { Chidi: 0n, Elif: -30_000_000n, Iker: 449_999_999n, Jun: 225_000_000n, Devi: 100_000_000n };
    for (const [name, paid] of Object.entries(cash)) {
      const held = shares[name as keyof typeof cash];
      expect(gainOf(name), name).to.deep.equal({ shares: held, got: paid + incomeOf(held) });
    }
    // Kofi holds 137 shares of Iris too, which had received 8.032 before, and goes on with the fraction of a unit.
    const ofIris = (received: bigint) => ((received - received / 100n) * 137n) / 1_000_000n;
    const fromIris = ofIris(8_032_000n + 3_500_000n) - ofIris(8_032_000n);
    const got = 225_000_000n + incomeOf(shares.Kofi) + fromIris;
    expect(gainOf("Kofi")).to.deep.equal({ shares: shares.Kofi, got });
  });

  it("leaves nothing in the round, and takes nothing from anywhere", async () => {
    const { gains } = outcome.round;

    expect(gains.reduce((sum, { shares }) => sum + shares.got, 0n)).to.equal(1_000_000n);
    expect(gains.reduce((sum, { got }) => sum + got, 0n)).to.equal(0n);
    expect(gains.find(({ name }) => name === "in the round")).to.include({ due: 0n, got: 0n });
    expect(await world.provider.getTransactionCount(new Wallet(id("a donor without ETH")).address)).to.equal(0);
  });

  it("says so when a gain or shares of the round are off", () => {
    const { lines, ofRound, equal } = comparison(outcome);
    expect(ofRound).to.have.length.above(10);
    expect([...lines, ...ofRound].filter((line) => !line.endsWith("  ="))).to.deep.equal([]);
    expect(equal).to.equal(true);

    for (const wrong of [{ got: 1n }, { shares: { due: 0n, got: 1n } }]) {
      const gains = outcome.round.gains.map((gain) => (gain.name === "Lena" ? { ...gain, ...wrong } : gain));
      const compared = comparison({ ...outcome, round: { ...outcome.round, gains } });
      expect(compared.equal).to.equal(false);
      expect(compared.ofRound.filter((line) => line.includes("but"))).to.have.length(1);
    }
  });

  it("draws every model below a parent, and warns of licences that forbid selling", () => {
    const tree = lineageTree(roles, outcome);
    const lineOf = (key: string) => tree.findIndex((line) => line.includes(outcome.models.get(key) as string));

    for (const { key, parents } of roles) {
      expect(lineOf(key), key).to.be.at.least(0);
      // Below the first of its parents that is drawn; the others point to it.
      if (parents.length > 0) expect(lineOf(key)).to.be.above(Math.min(...parents.map((parent) => lineOf(parent.key))));
    }
    expect(tree.filter((line) => line.includes("CC-BY-NC-SA-4.0 forbids"))).to.have.length(2);
  });

  it("sells nothing of what may not be sold", () => {
    for (const { key } of roles.filter(({ notSold }) => notSold)) {
      expect(outcome.earnings.USDC.expected.received.get(key), key).to.equal(0n);
    }
  });

  it("lowers the fee of future models by a vote, part of it by signature", () => {
    expect(outcome.fees.actual).to.deep.equal({ before: 100, after: 50 });
  });

  it("finds the contracts where the committed deployment of a local chain has them", async () => {
    const file = path.join(hre.config.paths.root, "deployments", "31337.json");
    const { meta, ...committed } = JSON.parse(await readFile(file, "utf8")) as DeploymentFile;
    // Code, and so transactions, change with every comment in a contract.
    const placesOf = (contracts: Record<string, unknown>) =>
      Object.entries(contracts as Record<string, DeployedContract>).map(([name, contract]) => [
        ...[name, contract.address, contract.block, contract.constructorArguments],
      ]);

    expect(placesOf(await deploymentOf(world.provider, chain.plan))).to.deep.equal(placesOf(committed));
    expect(meta.chainId).to.equal(31_337);
  });
});

describe("Manifests of the story", () => {
  it("tells which file is missing and what to do", async () => {
    const error = await describeFile("/nowhere/model.onnx").catch((reason: unknown) => reason);

    expect(error).to.be.instanceOf(MissingFile).with.property("message").that.includes("npx pnpm@12 install");
  });

  it("tells which package is missing and what to do", () => {
    expect(() => packageFile("not-installed", "model.onnx")).to.throw(
      MissingFile,
      "The package not-installed is missing",
    );
  });

  it("does not open a manifest that was tampered with", async () => {
    const folder = await mkdtemp(path.join(tmpdir(), "commonweal-manifest-"));
    const [role] = await castOf(folder);
    const sealed = role.sealed as SealedManifest;
    await rm(folder, { recursive: true });
    const other = Buffer.from(JSON.stringify({ ...sealed.manifest, license: "MIT-0" })).toString("base64");

    expect(await unseal(sealed.mirrorURI, sealed.digest)).to.deep.equal(sealed.manifest);
    const error = await unseal(`data:application/json;base64,${other}`, sealed.digest).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(DigestMismatch).with.property("expected", sealed.digest);
  });
});
