import { expect } from "chai";
import { Interface, id, MaxUint256, toBeHex, ZeroHash } from "ethers";
import hre from "hardhat";
import type { Parameters } from "../../scripts/parameters.js";
import { deployProtocol } from "../../scripts/protocol.js";
import { buildOf } from "../../scripts/verify/code.js";
import { artifactOf, childrenOf } from "../../scripts/verify/subject.js";
import {
  connection,
  DAY,
  type Deployed,
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

/** Every contract of the deployment and of its making, with its build. */
async function everyContract({ plan, at }: Deployed) {
  const contracts = [
    ...plan.map(({ name, address }) => ({ name: name as string, artifact: artifactOf(name), address })),
    ...Object.entries(childrenOf((name) => at[name])).map(([name, address]) => ({ name, artifact: name, address })),
  ];

  return Promise.all(
    contracts.map(async (contract) => ({
      ...contract,
      build: await buildOf(hre.artifacts, contract.artifact),
      code: await ethers.provider.getCode(contract.address),
    })),
  );
}

/** Changes a byte of hex. */
function flipped(code: string, byte: number): string {
  const place = 2 + 2 * byte;
  const other = (255 - Number.parseInt(code.slice(place, place + 2), 16)).toString(16).padStart(2, "0");

  return code.slice(0, place) + other + code.slice(place + 2);
}

/** Each leaf of the parameters, said otherwise in the file, and what is found then. */
function otherwise({ at, parameters, currencies }: Deployed): [string, (all: Parameters) => unknown, string[]][] {
  const other = currencies[0];
  const governors = (["governor", "safetyGovernor"] as const).flatMap((key): ReturnType<typeof otherwise> => {
    const [governor, timelock] =
      key === "governor" ? ["WealGovernor", "TimelockController"] : ["SafetyGovernor", "SafetyTimelock"];
    const guardian = (all: Parameters) => all[key].guardian as { account: string; until: string };

    return [
      [`${key}.votingDelay`, (all) => all[key].votingDelay--, [`parameters: ${governor}.votingDelay`]],
      [`${key}.votingPeriod`, (all) => all[key].votingPeriod--, [`parameters: ${governor}.votingPeriod`]],
      [
        `${key}.lateQuorumExtension`,
        (all) => all[key].lateQuorumExtension--,
        [`parameters: ${governor}.lateQuorumVoteExtension`],
      ],
      [
        `${key}.proposalThreshold`,
        (all) => (all[key].proposalThreshold = "100001"),
        [`parameters: ${governor}.proposalThreshold`],
      ],
      [`${key}.quorumPercent`, (all) => all[key].quorumPercent++, [`parameters: ${governor}.quorumNumerator`]],
      [`${key}.timelockDelay`, (all) => all[key].timelockDelay--, [`parameters: ${timelock}.minDelay`]],
      [`${key}.guardian.account`, (all) => (guardian(all).account = other), [`roles: ${governor}.proposalGuardian`]],
      [
        `${key}.guardian.until`,
        (all) => (guardian(all).until = "2092-01-01T00:00:00Z"),
        [`code: ${governor}.guardianUntil`, `roles: ${governor}.guardianUntil`],
      ],
    ];
  });
  const [{ account: claimant }] = parameters.genesis.community.claims;
  const [first, second] = parameters.genesis.holders.map(({ account }) => account);
  const rootFound = ["code: GenesisClaim.root", "parameters: GenesisClaim.root"];
  const genesis = (...accounts: string[]) => accounts.map((account) => `supply: genesis of ${account}`);

  return [
    ...governors,
    ["protocolFeeBps", (all) => all.protocolFeeBps--, ["parameters: RoyaltyLedger.protocolFeeBps"]],
    ["currencies", (all) => all.currencies.reverse(), ["parameters: RoyaltyLedger.currencies"]],
    ["safetyBoard", (all) => all.safetyBoard.pop(), ["roles: SafetyBoard.members"]],
    ["usePolicy.digest", (all) => (all.usePolicy.digest = id("other")), ["parameters: UsePolicy.digest"]],
    ["usePolicy.clauseCount", (all) => all.usePolicy.clauseCount++, ["parameters: UsePolicy.clauseCount"]],
    ["usePolicy.uri", (all) => (all.usePolicy.uri = "ipfs://other"), ["parameters: UsePolicy.uri"]],
    ["stakeholdingEpochCap", (all) => (all.stakeholdingEpochCap = "7"), ["parameters: Stakeholding.epochCap"]],
    ["sources.threshold", (all) => all.sources.threshold--, ["roles: SourceRegistry.threshold"]],
    ["sources.verifiers", (all) => all.sources.verifiers.pop(), ["roles: SourceRegistry.verifiers"]],
    [
      "genesis.treasury, genesis.stakeholding",
      (all) => Object.assign(all.genesis, { treasury: "100000000", stakeholding: "200000000" }),
      genesis(at.TimelockController, at.Stakeholding),
    ],
    [
      "genesis.community.until",
      (all) => (all.genesis.community.until = "2040-01-02T00:00:00Z"),
      ["code: GenesisClaim.claimUntil", "parameters: GenesisClaim.claimUntil"],
    ],
    [
      "genesis.community.claims, by account",
      (all) => (all.genesis.community.claims = [{ account: other, weal: "50000000" }]),
      rootFound,
    ],
    [
      "genesis.community.claims, by amount",
      (all) => {
        all.genesis.community.claims = [{ account: claimant, weal: "60000000" }];
        all.genesis.treasury = "190000000";
      },
      [...rootFound, ...genesis(at.GenesisClaim, at.TimelockController)],
    ],
    [
      "genesis.founders, by account",
      (all) => (all.genesis.founders[0].account = other),
      ["roles: VestingWallet0.owner"],
    ],
    [
      "genesis.founders, by amount",
      (all) => {
        all.genesis.founders[0].weal = "20000000";
        all.genesis.founders[1].weal = "30000000";
      },
      genesis(at.VestingWallet0, at.VestingWallet1),
    ],
    ...[0, 1].flatMap((index): ReturnType<typeof otherwise> => {
      const name = `VestingWallet${index}`;

      return [
        [
          `genesis.founders[${index}].start`,
          (all) => (all.genesis.founders[index].start = "2029-01-01T00:00:00Z"),
          ["start", "duration"].flatMap((view) => [`code: ${name}._${view}`, `supply: ${name}.${view}`]),
        ],
        [
          `genesis.founders[${index}].end`,
          (all) => (all.genesis.founders[index].end = "2035-01-01T00:00:00Z"),
          [`code: ${name}._duration`, `supply: ${name}.duration`],
        ],
      ];
    }),
    ["genesis.holders, by account", (all) => (all.genesis.holders[1].account = STRANGER), genesis(second, STRANGER)],
    [
      "genesis.holders, by amount",
      (all) => {
        all.genesis.holders[0].weal = "300000000";
        all.genesis.holders[1].weal = "300000000";
      },
      genesis(first, second),
    ],
  ];
}

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
      import("../../scripts/verify/verify.js").then(({ verifyDeployment }) =>
        verifyDeployment({ provider, artifacts: hre.artifacts, deployment, parameters }),
      );

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

        expect(found.sort(), leaf).to.deep.equal([...expected].sort());
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

  describe("code", () => {
    it("that differs in a byte is found in every contract, and what there is none of", async () => {
      const deployed = await fixture();
      const contracts = await everyContract(deployed);
      for (const { address, code } of contracts) await networkHelpers.setCode(address, flipped(code, 2));
      const report = await deployed.verify();

      const found = findingsOf(report);
      expect(found).to.include.members(contracts.map(({ name }) => `code: ${name}.code`));
      expect(report.checks.find(({ subject }) => subject === "TrainingRounds.code")?.actual).to.equal(
        "other code, from byte 2 on",
      );
      for (const { address } of contracts) await networkHelpers.setCode(address, "0x00");
      const shorter = (await deployed.verify()).checks.filter(({ area }) => area === "code");
      expect(shorter).to.have.length(contracts.length);
      for (const { actual, ok } of shorter) expect([actual.slice(0, 14), ok]).to.deep.equal(["code of 1 byte", false]);
    });

    it("that differs in the hash of its metadata alone is found, and told from other code", async () => {
      const deployed = await fixture();
      const contracts = await everyContract(deployed);
      for (const { address, code } of contracts) {
        await networkHelpers.setCode(address, flipped(code, (code.length - 2) / 2 - 20));
      }
      const report = await deployed.verify();

      expectFound(
        report,
        contracts.map(({ name }) => `code: ${name}.code`),
      );
      for (const { actual } of report.checks.filter(({ ok }) => !ok)) {
        expect(actual).to.match(/^the build but for the metadata's hash/);
      }
    });

    it("has each immutable compared, in each place where it stands", async () => {
      const deployed = await fixture();
      const contracts = await everyContract(deployed);
      const subjects = contracts.flatMap(({ name, build }) =>
        build.immutables.map((each) => `code: ${name}.${each.name}`),
      );
      expect(subjects.length).to.be.greaterThan(80);

      // First in the first place alone, so that places differ where there are several, then in the last as well.
      for (const place of [0, -1]) {
        for (const { address, build } of contracts) {
          let code = await ethers.provider.getCode(address);
          for (const { places } of build.immutables) {
            if (place === 0 || places.length > 1) code = flipped(code, (places.at(place)?.start ?? 0) + 31);
          }
          await networkHelpers.setCode(address, code);
        }
        const { checks } = await deployed.verify();
        const failed = checks.filter(({ area, ok }) => area === "code" && !ok);

        expect(failed.map(({ subject }) => `code: ${subject}`).sort()).to.deep.equal([...subjects].sort());
        const several = contracts.flatMap(({ name, build }) =>
          build.immutables
            .filter(({ places }) => places.length > (place === 0 ? 1 : 2))
            .map((each) => `${name}.${each.name}`),
        );
        for (const subject of several) {
          expect(failed.find((each) => each.subject === subject)?.actual, subject).to.include(" and ");
        }
        for (const subject of subjects) seen.add(subject);
      }
    });

    it("is compared with the deployment file's hash", async () => {
      const { deployment, verify } = await fixture();
      const entry = deployment.RoyaltyLedger;
      const withHash = (bytecodeHash: string) => ({ ...deployment, RoyaltyLedger: { ...entry, bytecodeHash } });

      expectFound(
        await verify({ deployment: withHash(ethers.keccak256(await ethers.provider.getCode(entry.address))) }),
        [],
      );
      expectFound(await verify({ deployment: withHash(ZeroHash) }), ["code: RoyaltyLedger.bytecodeHash"]);
    });

    it("is looked for at the addresses of the file", async () => {
      const { deployment, verify } = await fixture();
      const swapped = { ...deployment, RoyaltyLens: deployment.SafetyLens, SafetyLens: deployment.RoyaltyLens };

      expect(findingsOf(await verify({ deployment: swapped }))).to.include.members([
        "code: RoyaltyLens.code",
        "code: SafetyLens.code",
        "wiring: RoyaltyLens.ledger",
        "wiring: SafetyLens.board",
        "wiring: SafetyLens.royaltyLens",
      ]);
    });
  });

  describe("wiring", () => {
    it("to other addresses is found, whether code or storage has them", async () => {
      const deployed = await fixture();
      const { at, verify } = deployed;
      for (const { address, build, code } of await everyContract(deployed)) {
        let changed = code;
        for (const { type, places } of build.immutables) {
          if (!/^(address|contract)/.test(type)) continue;
          for (const { start } of places) changed = flipped(changed, start + 31);
        }
        await networkHelpers.setCode(address, changed);
      }
      await replaceInStorage(at.WealGovernor, at.TimelockController, STRANGER);
      await replaceInStorage(at.SafetyGovernor, at.SafetyTimelock, STRANGER);
      await replaceInStorage(at.SafetyBoard, at.SafetyTimelock, STRANGER);
      const { checks } = await verify();

      const wiring = checks.filter(({ area }) => area === "wiring");
      expect(wiring.filter(({ ok }) => ok)).to.deep.equal([]);
      expect(wiring.length).to.equal(26);
      for (const { subject } of wiring) seen.add(`wiring: ${subject}`);
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
    it("has seen every check fail", async () => {
      const { checks } = await (await fixture()).verify();
      const subjects = checks.map(({ area, subject }) => `${area}: ${subject}`);

      expect(subjects.filter((subject) => !seen.has(subject))).to.deep.equal([]);
    });
  });
});
