import { expect } from "chai";
import { Interface, id, MaxUint256, toBeHex } from "ethers";
import hre from "hardhat";
import type { Parameters } from "../../scripts/parameters.js";
import { deployProtocol } from "../../scripts/protocol.js";
import { verifyDeployment } from "../../scripts/verify/verify.js";
import { otherwise } from "./verify.parameters.support.js";
import {
  connection,
  DAY,
  deploymentOf,
  expectFound,
  findingsOf,
  fixture,
  replaceInStorage,
  seen,
  slotOf,
  STRANGER,
} from "./verify.support.js";

const { ethers, networkHelpers } = connection;

const PATIENCE = 300_000;
const ROLE = id("PROPOSER_ROLE");
const ROLE_NAMES = ["DEFAULT_ADMIN_ROLE", "PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE"];

describe("Verification of a deployment", () => {
  it("finds nothing in one that is as its parameters say, and looks at everything", async () => {
    const { verify, deployer } = await fixture();
    const report = await verify();

    expectFound(report, []);
    expect(report).to.deep.include({ chainId: "31337", deployer, ok: true });
    expect(report.checks.filter(({ area }) => area === "code").length).to.be.greaterThan(100);
    const subjects = report.checks.map(({ area, subject }) => `${area}: ${subject}`);
    expect(new Set(subjects).size).to.equal(subjects.length);
  });

  it("finds nothing in one whose deployer is a holder, member and verifier by the parameters", async () => {
    const { parameters, signers } = await fixture();
    const everything = structuredClone(parameters);
    const { address: account } = signers[0];
    everything.currencies = [];
    everything.governor.guardian = { account, until: "2090-01-01T00:00:00Z" };
    everything.safetyBoard.push(account);
    everything.sources.verifiers.push(account);
    everything.genesis.founders[0].account = account;
    everything.genesis.holders[0].account = account;
    const fresh = await hre.network.create();
    const { plan } = await deployProtocol(fresh, hre.artifacts, everything);
    const { provider } = fresh.ethers;
    const deployment = await deploymentOf(provider, plan);
    const look = (parameters: Parameters) =>
      verifyDeployment({ provider, artifacts: hre.artifacts, deployment, parameters });

    expectFound(await look(everything), []);
    // The same, if the file names somebody else.
    const said = JSON.parse(JSON.stringify(everything).replaceAll(account, STRANGER)) as Parameters;
    expect(findingsOf(await look(said))).to.include.members([
      "deployer: guardian of WealGovernor",
      "deployer: member of SafetyBoard",
      "deployer: verifier of SourceRegistry",
      "deployer: owner of VestingWallet0",
      "deployer: WEAL of the deployer",
    ]);
    await fresh.close();
  });

  describe("parameters", () => {
    it("are each compared with the chain", async function () {
      this.timeout(PATIENCE);
      const deployed = await fixture();
      for (const [leaf, change, expected] of otherwise(deployed)) {
        const said = structuredClone(deployed.parameters);
        change(said);
        const found = findingsOf(await deployed.verify({ parameters: said }));
        const sent = found.filter((each) => each.startsWith("creation: "));

        expect(found.filter((each) => !sent.includes(each)).sort(), leaf).to.deep.equal([...expected].sort());
        // All but what tokens say of themselves goes into some constructor.
        const isOurs = !/\.(symbol|decimals)$/.test(leaf);
        expect(sent.length > 0, leaf).to.equal(isOurs);
        for (const each of sent) expect(each, leaf).to.match(/^creation: \w+\.initCode$/);
      }
    });

    it("that votes have changed since are found, and as they were in an earlier block", async () => {
      const { at, as, verify, currencies } = await fixture();
      const before = await ethers.provider.getBlockNumber();
      const timelock = at.TimelockController;
      const token = await ethers.deployContract("TestToken", ["Late", "LATE", 6]);
      await (await as(timelock, "RoyaltyLedger")).setProtocolFee(7);
      await (await as(timelock, "RoyaltyLedger")).addCurrency(await token.getAddress());
      await (await as(timelock, "Stakeholding")).setRate(currencies[0], 5);
      await (await as(timelock, "Stakeholding")).setEpochCap(5);
      await (await as(timelock, "UsePolicy")).publishPolicy(id("second"), 1, "");

      expectFound(await verify(), [
        "parameters: RoyaltyLedger.protocolFeeBps",
        "parameters: RoyaltyLedger.currencies",
        "parameters: Stakeholding rates set",
        "parameters: Stakeholding.epochCap",
        "parameters: UsePolicy.policyVersion",
      ]);
      expectFound(await verify({ block: before }), []);
    });
  });

  describe("roles", () => {
    for (const timelock of ["TimelockController", "SafetyTimelock"]) {
      it(`of ${timelock} are found with whoever has one, also one that no log tells of`, async () => {
        const { at, as, deployer, verify } = await fixture();
        const roles = await Promise.all(
          ROLE_NAMES.map(async (name) => (await as(STRANGER, timelock)).getFunction(name).staticCall()),
        );
        for (const role of roles) await (await as(at[timelock], timelock)).grantRole(role, STRANGER);
        const report = await verify();

        expectFound(
          report,
          ROLE_NAMES.map((name) => `roles: ${timelock}.${name}`),
        );
        expect(report.checks.find(({ ok }) => !ok)?.actual).to.include(STRANGER);

        for (const role of roles) await (await as(at[timelock], timelock)).revokeRole(role, STRANGER);
        expectFound(await verify(), []);

        const unlogged = slotOf(deployer, slotOf(ROLE, 0));
        await networkHelpers.setStorageAt(at[timelock], unlogged, toBeHex(1, 32));
        expectFound(await verify(), [`roles: ${timelock}.PROPOSER_ROLE`, `deployer: a role of ${timelock}`]);
      });

      it(`of ${timelock} are governed by the admin's alone, who is itself`, async () => {
        const { at, as, verify } = await fixture();
        for (const name of ROLE_NAMES) {
          const role = await (await as(STRANGER, timelock)).getFunction(name).staticCall();
          await networkHelpers.setStorageAt(at[timelock], toBeHex(BigInt(slotOf(role, 0)) + 1n, 32), ROLE);
        }

        expectFound(
          await verify(),
          ROLE_NAMES.map((name) => `roles: ${timelock}.${name} admin`),
        );
      });

      it(`of ${timelock} that its code does not know are found`, async () => {
        const { at, as, verify } = await fixture();
        const role = id("SOMETHING_ELSE");
        await (await as(at[timelock], timelock)).grantRole(role, STRANGER);

        expectFound(await verify(), [`roles: ${timelock}.${role}`]);
      });
    }

    it("of board, verifiers and founders' wallets are found with strangers, and with the deployer", async () => {
      const { at, as, parameters, deployer, verify } = await fixture();
      await (await as(at.SafetyTimelock, "SafetyBoard")).setMember(deployer, true);
      await (await as(at.TimelockController, "SourceRegistry")).setVerifier(deployer, true);
      for (const [index, { account }] of parameters.genesis.founders.entries()) {
        await (await as(account, `VestingWallet${index}`)).transferOwnership(deployer);
      }
      const board = [
        "roles: SafetyBoard.members",
        "deployer: member of SafetyBoard",
        ...[0, 1].flatMap((i) => [`roles: VestingWallet${i}.owner`, `deployer: owner of VestingWallet${i}`]),
      ];

      expectFound(await verify(), board);
      // A verifier waits before it counts.
      await networkHelpers.time.increase(31 * DAY);
      expectFound(await verify(), [
        ...board,
        "roles: SourceRegistry.verifiers",
        "deployer: verifier of SourceRegistry",
      ]);
    });

    it("of guardians are found with the deployer, and end with the guardians' time", async () => {
      const { at, parameters, deployer, verify } = await fixture();
      const guardians = [
        ["WealGovernor", parameters.governor],
        ["SafetyGovernor", parameters.safetyGovernor],
      ] as const;
      for (const [governor, { guardian }] of guardians) {
        await replaceInStorage(at[governor], guardian?.account ?? "", deployer);
      }

      expectFound(
        await verify(),
        guardians.flatMap(([name]) => [`roles: ${name}.proposalGuardian`, `deployer: guardian of ${name}`]),
      );
      await networkHelpers.time.increaseTo(Date.parse("2095-01-01T00:00:00Z") / 1_000);
      expectFound(await verify(), []);
    });
  });

  describe("deployer", () => {
    it("is found with WEAL", async () => {
      const { at, as, deployer, verify } = await fixture();
      await (await as(at.TimelockController, "WealToken")).transfer(deployer, 1);

      expectFound(await verify(), ["deployer: WEAL of the deployer"]);
    });

    it("is found with allowances, as is whoever may take from a contract, until they end", async () => {
      const { at, as, signers, deployer, verify } = await fixture();
      const treasury = at.TimelockController;
      const give = async (from: string, to: string, isOn: boolean) => {
        await (await as(from, "WealToken")).approve(to, isOn ? MaxUint256 : 0n);
        await (await as(from, "RoyaltyLedger")).setOperator(to, isOn);
        await (await as(from, "RoyaltyLedger")).approve(to, 1, isOn ? 1n : 0n);
        await (await as(from, "ModelRegistry")).setApprovalForAll(to, isOn);
      };
      for (const [from, to] of [
        [treasury, STRANGER],
        [signers[3].address, deployer],
      ]) {
        await give(from, to, true);
        expectFound(await verify(), [
          "deployer: allowances of WEAL",
          "deployer: operators of shares",
          "deployer: allowances of shares",
          "deployer: operators of models",
        ]);
        await give(from, to, false);
        expectFound(await verify(), []);
      }
      // What others agree on among each other is theirs.
      await give(signers[3].address, STRANGER, true);
      expectFound(await verify(), []);
    });
  });

  describe("supply", () => {
    it("that moves later is found where it was, in the genesis", async () => {
      const { as, parameters, verify } = await fixture();
      const [{ account }] = parameters.genesis.holders;
      await (await as(account, "WealToken")).transfer(STRANGER, 5);

      expectFound(await verify(), []);
    });

    it("is found when a balance is not what the transfers left, or the sum is not the supply", async () => {
      const { at, verify } = await fixture();
      const { checks } = await verify();
      const accounts = checks.flatMap(({ subject }) => /^WEAL of (0x.*)/.exec(subject)?.[1] ?? []);
      expect(accounts).to.have.length(7);
      for (const account of accounts)
        await networkHelpers.setStorageAt(at.WealToken, slotOf(account, 0), toBeHex(1, 32));

      expectFound(await verify(), [
        "supply: WealToken sum of balances",
        ...accounts.map((account) => `supply: WEAL of ${account}`),
      ]);
      await networkHelpers.setStorageAt(at.WealToken, 2, toBeHex(1, 32));
      expect(findingsOf(await verify())).to.include("supply: WealToken.totalSupply");
    });

    it("that somebody minted later is found", async () => {
      const { at, verify } = await fixture();
      const { deployedBytecode } = await hre.artifacts.readArtifact("TestToken");
      await networkHelpers.setCode(at.WealToken, deployedBytecode);
      const mint = new Interface(["function mint(address, uint256)"]).encodeFunctionData("mint", [STRANGER, 5]);
      await (await ethers.provider.getSigner()).sendTransaction({ to: at.WealToken, data: mint });
      const report = await verify();

      expect(findingsOf(report)).to.include("supply: WEAL minted after genesis");
      expect(report.checks.find(({ subject }) => subject === "WEAL minted after genesis")?.actual).to.equal(
        `5 to ${STRANGER}`,
      );
    });
  });

  describe("this file", () => {
    it("has seen every check of roles, deployer, parameters and supply fail", async () => {
      const { checks } = await (await fixture()).verify();
      const subjects = checks
        .filter(({ area }) => !["creation", "code", "wiring"].includes(area))
        .map(({ area, subject }) => `${area}: ${subject}`);

      expect(subjects.length).to.be.greaterThan(80);
      expect(subjects.filter((subject) => !seen.has(subject))).to.deep.equal([]);
    });
  });
});
