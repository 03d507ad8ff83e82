import { expect } from "chai";
import { type BaseContract, type EventLog, id, ZeroAddress, ZeroHash } from "ethers";
import hre, { network } from "hardhat";
import local from "../../scripts/parameters/local.json" with { type: "json" };
import { deployProtocol } from "../../scripts/protocol.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const ROLES = ["PROPOSER_ROLE", "EXECUTOR_ROLE", "CANCELLER_ROLE"].map((name) => id(name));

/** The protocol with the parameters of a local chain, in which the deployer has no part. */
async function deploy() {
  const signers = await ethers.getSigners();
  const { plan, contracts } = await deployProtocol(connection, hre.artifacts, local);
  const at = Object.fromEntries(plan.map(({ name, address }) => [name, address]));
  const contractAt = (name: string, artifact = name) => ethers.getContractAt(artifact, at[name]);

  return { signers, deployer: signers[0], plan, contracts, at, contractAt };
}

const fixture = () => networkHelpers.loadFixture(deploy);

/** All events of a name that a contract has emitted, in their order. */
async function argsOf(contract: BaseContract, name: string): Promise<unknown[][]> {
  const logs = (await contract.queryFilter(name)) as EventLog[];

  return logs.map(({ args }) => [...args]);
}

describe("Deployment", () => {
  describe("roles", () => {
    for (const [timelock, governor] of [
      ["TimelockController", "WealGovernor"],
      ["SafetyTimelock", "SafetyGovernor"],
    ]) {
      it(`of ${timelock} are its governor's; it alone is its own admin`, async () => {
        const { at, contractAt } = await fixture();
        const contract = await contractAt(timelock, "TimelockController");
        const holders = new Map<string, Set<string>>();
        for (const [role, account] of (await argsOf(contract, "RoleGranted")) as [string, string][]) {
          holders.set(role, (holders.get(role) ?? new Set()).add(account));
        }

        expect(await argsOf(contract, "RoleRevoked")).to.deep.equal([]);
        expect(Object.fromEntries([...holders].map(([role, accounts]) => [role, [...accounts]]))).to.deep.equal({
          [ZeroHash]: [at[timelock]],
          ...Object.fromEntries(ROLES.map((role) => [role, [at[governor]]])),
        });
        expect(await argsOf(contract, "RoleAdminChanged")).to.deep.equal([]);
      });

      it(`of ${governor}: its timelock executes, nobody is guardian`, async () => {
        const { at, contractAt } = await fixture();
        const contract = await contractAt(governor, "WealGovernor");

        expect(await argsOf(contract, "TimelockChange")).to.deep.equal([[ZeroAddress, at[timelock]]]);
        expect(await argsOf(contract, "ProposalGuardianSet")).to.deep.equal([[ZeroAddress, ZeroAddress]]);
      });
    }

    it("of the SafetyBoard: the parameters' members, both timelocks", async () => {
      const { at, contractAt } = await fixture();
      const board = await contractAt("SafetyBoard");

      expect(await argsOf(board, "MemberUpdated")).to.deep.equal(local.safetyBoard.map((member) => [member, true]));
      expect(await argsOf(board, "SafetyGovernanceUpdated")).to.deep.equal([[ZeroAddress, at.SafetyTimelock]]);
      expect([...(await board.members())]).to.deep.equal(local.safetyBoard);
      expect(await board.governance()).to.equal(at.TimelockController);
    });

    it("of the SourceRegistry: the parameters' verifiers, the timelock", async () => {
      const { at, contracts, contractAt } = await fixture();
      const sources = await contractAt("SourceRegistry");
      const [minted] = await contracts.wealToken.queryFilter("Transfer");
      const updates = (await argsOf(sources, "VerifierUpdated")) as [string, bigint][];

      expect(updates.map(([verifier]) => verifier)).to.deep.equal(local.sources.verifiers);
      // They count from their naming on, which is now, and not in the far future that stands for never.
      const now = BigInt(await networkHelpers.time.latest());
      for (const [, countsFrom] of updates) expect(countsFrom).to.be.within((await minted.getBlock()).timestamp, now);
      expect(await sources.governance()).to.equal(at.TimelockController);
    });

    it("of what the main timelock governs are its alone", async () => {
      const { at, contractAt } = await fixture();

      for (const name of ["UsePolicy", "SafetyBoard", "Stakeholding", "RoyaltyLedger", "SourceRegistry"]) {
        expect(await (await contractAt(name)).governance(), name).to.equal(at.TimelockController);
      }
      expect(await (await contractAt("GenesisClaim")).treasury()).to.equal(at.TimelockController);
    });

    it("of an owner are in the founders' wallets alone; of minters and admins nowhere but in the timelocks", async () => {
      const { plan, contractAt } = await fixture();
      const artifacts: Record<string, string> = {
        SafetyTimelock: "TimelockController",
        SafetyGovernor: "WealGovernor",
      };
      const withOwner: string[] = [];
      const withRoles: string[] = [];
      for (const { name } of plan) {
        const artifact = name.startsWith("VestingWallet") ? "VestingWallet" : (artifacts[name] ?? name);
        const contract = await contractAt(name, artifact);
        const names: string[] = [];
        contract.interface.forEachFunction((fragment) => names.push(fragment.name));
        if (names.includes("owner")) withOwner.push(name);
        if (names.includes("grantRole")) withRoles.push(name);
        const privileged = /mint|burn|upgrade|pause|admin$|rescue/i;
        const expected = names.includes("grantRole") ? ["getRoleAdmin"] : [];
        expect(
          names.filter((each) => privileged.test(each)),
          name,
        ).to.deep.equal(expected);
      }

      expect(withOwner).to.deep.equal(local.genesis.founders.map((_, index) => `VestingWallet${index}`));
      expect(withRoles).to.deep.equal(["TimelockController", "SafetyTimelock"]);
      for (const [index, { account }] of local.genesis.founders.entries()) {
        const wallet = await contractAt(`VestingWallet${index}`, "VestingWallet");
        expect(await argsOf(wallet, "OwnershipTransferred")).to.deep.equal([[ZeroAddress, account]]);
      }
      const registry = await contractAt("ModelRegistry");
      expect(await argsOf(registry, "Transfer")).to.deep.equal([]);
      expect(await argsOf(registry, "ApprovalForAll")).to.deep.equal([]);
    });

    it("of WEAL: the genesis' parts, the reserve's approval of the ledger, and no votes yet", async () => {
      const { at, contractAt } = await fixture();
      const token = await contractAt("WealToken");
      const wealOf = (amount: string) => ethers.parseUnits(amount, 18);
      const { treasury, stakeholding, community, founders, holders } = local.genesis;

      expect(await argsOf(token, "Transfer")).to.deep.equal(
        [
          [at.TimelockController, treasury],
          [at.Stakeholding, stakeholding],
          [at.GenesisClaim, String(community.claims.reduce((sum, { weal }) => sum + Number(weal), 0))],
          ...founders.map(({ weal }, index) => [at[`VestingWallet${index}`], weal]),
          ...holders.map(({ account, weal }) => [account, weal]),
        ].map(([account, amount]) => [ZeroAddress, account, wealOf(amount)]),
      );
      expect(await argsOf(token, "Approval")).to.deep.equal([[at.Stakeholding, at.RoyaltyLedger, ethers.MaxUint256]]);
      expect(await argsOf(token, "DelegateChanged")).to.deep.equal([]);
    });
  });

  describe("deployer", () => {
    it("is named in no event of any contract", async () => {
      const { deployer, plan } = await fixture();
      const logs = await ethers.provider.getLogs({ address: plan.map(({ address }) => address), fromBlock: 0 });
      const written = logs.map(({ topics, data }) => [...topics, data].join("").toLowerCase());

      expect(logs.length).to.be.greaterThan(30);
      expect(written.filter((text) => text.includes(deployer.address.slice(2).toLowerCase()))).to.deep.equal([]);
      // It would be found: the first holder is.
      const holder = local.genesis.holders[0].account.slice(2).toLowerCase();
      expect(written.filter((text) => text.includes(holder))).to.have.length(1);
    });

    it("is in no constructor's arguments, holds nothing, and has no say", async () => {
      const { deployer, plan, contracts, contractAt } = await fixture();
      const token = await contractAt("WealToken");
      const written = JSON.stringify(
        plan.map(({ constructorArguments }) => constructorArguments),
        (_, value) => (typeof value === "bigint" ? value.toString() : value),
      );

      expect(written.toLowerCase()).to.not.include(deployer.address.slice(2).toLowerCase());
      expect(await token.balanceOf(deployer.address)).to.equal(0n);
      expect(await token.getVotes(deployer.address)).to.equal(0n);
      expect(await contracts.safetyBoard.isMember(deployer.address)).to.equal(false);
      expect(await contracts.sources.isVerifier(deployer.address)).to.equal(false);
      for (const role of [ZeroHash, ...ROLES]) {
        for (const timelock of [contracts.timelock, contracts.safetyTimelock]) {
          for (const account of [deployer.address, ZeroAddress]) {
            expect(await timelock.hasRole(role, account)).to.equal(false);
          }
        }
      }
    });
  });
});
