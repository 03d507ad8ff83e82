import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { expect } from "chai";
import { type BaseContract, formatUnits, parseUnits, ZeroAddress } from "ethers";
import fc from "fast-check";
import hre, { network } from "hardhat";
import { distributionOf, SUPPLY, vestingArguments } from "../../scripts/genesis.js";
import local from "../../scripts/parameters/local.json" with { type: "json" };
import { type Genesis, type Parameters, ParametersInvalid } from "../../scripts/parameters.js";
import { deployProtocol } from "../../scripts/protocol.js";
import type {
  GenesisClaim,
  RoyaltyLedger,
  Stakeholding,
  WealGovernor,
  WealToken,
} from "../../types/ethers-contracts/index.js";
import { proposalOf, State, Vote } from "../governance/support.js";
import { DAY, testParameters } from "../helpers/protocol.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const wealOf = (amount: string) => parseUnits(amount, 18);

/** The protocol with the parameters of a local chain. */
async function deploy() {
  const { plan, claims, contracts } = await deployProtocol(connection, hre.artifacts, local);
  const at = Object.fromEntries(plan.map(({ name, address }) => [name, address]));
  const wallets = await Promise.all(
    local.genesis.founders.map((_, index) => ethers.getContractAt("VestingWallet", at[`VestingWallet${index}`])),
  );

  return {
    at,
    claims,
    wallets,
    token: contracts.wealToken as unknown as WealToken,
    governor: contracts.governor as unknown as WealGovernor,
    safetyGovernor: contracts.safetyGovernor as unknown as WealGovernor,
    ledger: contracts.ledger as unknown as RoyaltyLedger,
    claim: contracts.genesisClaim as unknown as GenesisClaim,
    stakeholding: contracts.stakeholding as unknown as Stakeholding,
    holders: await Promise.all(local.genesis.holders.map(({ account }) => ethers.getSigner(account))),
    founder: await ethers.getSigner(local.genesis.founders[0].account),
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);

/* Distributions, as anybody could think of them. */

const ACCOUNTS = Array.from({ length: 8 }, (_, i) => ethers.getCreateAddress({ from: ZeroAddress, nonce: i }));
const ADDRESSES = {
  treasury: ACCOUNTS[0],
  stakeholding: ACCOUNTS[1],
  claim: ACCOUNTS[2],
  vesting: (index: number) => ACCOUNTS[3 + index],
};

/** Weights of the parts: treasury, reserve, claims, founders, holders. */
const weights = fc.record({
  treasury: fc.nat(1_000),
  stakeholding: fc.nat(1_000),
  claims: fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 5 }),
  founders: fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 3 }),
  holders: fc.array(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 4 }),
});
type Weights = typeof weights extends fc.Arbitrary<infer Value> ? Value : never;

/** Splits the supply by weights, to the unit: the last holder gets what division left, and `surplus` besides. */
function genesisOf({ treasury, stakeholding, claims, founders, holders }: Weights, surplus = 0n) {
  const all = [treasury, stakeholding, ...claims, ...founders, ...holders];
  const total = BigInt(all.reduce((sum, weight) => sum + weight, 0));
  const units = all.map((weight) => (SUPPLY * BigInt(weight)) / total);
  units[units.length - 1] += SUPPLY - units.reduce((sum, each) => sum + each, 0n) + surplus;

  const parts = units.map((amount, i) => ({ account: ACCOUNTS[i % 8], weal: formatUnits(amount, 18) }));
  const firstFounder = 2 + claims.length;
  const firstHolder = firstFounder + founders.length;
  const genesis: Genesis = {
    treasury: parts[0].weal,
    stakeholding: parts[1].weal,
    community: { until: "2040-01-01T00:00:00Z", claims: parts.slice(2, firstFounder) },
    founders: parts
      .slice(firstFounder, firstHolder)
      .map((part) => ({ ...part, start: "2030-01-01T00:00:00Z", end: "2031-01-01T00:00:00Z" })),
    holders: parts.slice(firstHolder),
  };
  const sumOf = (amounts: bigint[]) => amounts.reduce((sum, amount) => sum + amount, 0n);

  return {
    genesis,
    votes: sumOf(units.slice(firstHolder)),
    /** Who is to be minted how much. */
    expected: [
      { account: ADDRESSES.treasury, amount: units[0] },
      { account: ADDRESSES.stakeholding, amount: units[1] },
      { account: ADDRESSES.claim, amount: sumOf(units.slice(2, firstFounder)) },
      ...units.slice(firstFounder, firstHolder).map((amount, i) => ({ account: ADDRESSES.vesting(i), amount })),
      ...units.slice(firstHolder).map((amount, i) => ({ account: parts[firstHolder + i].account, amount })),
    ],
  };
}

/** Parameters with a genesis and a quorum, of which everybody may propose. */
function parametersWith(genesis: Genesis, quorumPercent: number): Parameters {
  const parameters = testParameters(ACCOUNTS[0]);
  const lax = { proposalThreshold: "0", quorumPercent };

  return {
    ...parameters,
    genesis,
    governor: { ...parameters.governor, ...lax },
    safetyGovernor: { ...parameters.safetyGovernor, ...lax },
  };
}

/** Returns the share of an amount that is vested at a time, rounded down. */
function vestedAt(amount: bigint, start: number, end: number, now: number): bigint {
  const elapsed = Math.min(Math.max(now - start, 0), end - start);

  return (amount * BigInt(elapsed)) / BigInt(end - start);
}

describe("Genesis", () => {
  describe("distributionOf", () => {
    it("gives each part to its own, whatever the parts are, if they sum to the supply", () => {
      fc.assert(
        fc.property(weights, fc.integer({ min: 1, max: 100 }), (weights, quorumPercent) => {
          const { genesis, votes, expected } = genesisOf(weights);
          const quorum = (SUPPLY * BigInt(quorumPercent)) / 100n;
          const distribution = () => distributionOf(parametersWith(genesis, quorumPercent), ADDRESSES);

          if (votes >= quorum) {
            expect(distribution()).to.deep.equal(expected);
          } else {
            expect(distribution).to.throw(
              ParametersInvalid,
              `genesis.holders: they hold ${votes} units of WEAL, below the ${quorum} of governor.quorumPercent: ` +
                "nothing could be decided; give them more, or lower that. Nothing was deployed.",
            );
          }
        }),
        { numRuns: 500 },
      );
    });

    it("refuses any other sum, and says by how much", () => {
      const surplus = fc
        .oneof(fc.constantFrom(1n, -1n), fc.bigInt(-(10n ** 20n), 10n ** 28n))
        .filter((by) => by !== 0n);
      fc.assert(
        fc.property(weights, surplus, (weights, surplus) => {
          const { genesis } = genesisOf(weights, surplus);

          expect(() => distributionOf(parametersWith(genesis, 1), ADDRESSES)).to.throw(
            ParametersInvalid,
            `genesis: its parts sum to ${SUPPLY + surplus} units of WEAL instead of ${SUPPLY}; ` +
              `change one of them by ${-surplus}. Nothing was deployed.`,
          );
        }),
        { numRuns: 500 },
      );
    });

    it("asks the holders alone for the quorum: not the treasury, the reserve, claims or founders", () => {
      const genesis = genesisOf({
        treasury: 24,
        stakeholding: 24,
        claims: [24],
        founders: [24],
        holders: [3, 1],
      }).genesis;

      expect(() => distributionOf(parametersWith(genesis, 4), ADDRESSES)).to.not.throw();
      expect(() => distributionOf(parametersWith(genesis, 5), ADDRESSES)).to.throw(
        ParametersInvalid,
        /^genesis\.holders: /,
      );
    });

    it("asks for what either governor needs, to decide and to propose", () => {
      const { genesis } = genesisOf({ treasury: 90, stakeholding: 0, claims: [], founders: [], holders: [10] });
      const parameters = parametersWith(genesis, 10);
      expect(() => distributionOf(parameters, ADDRESSES)).to.not.throw();

      for (const name of ["governor", "safetyGovernor"] as const) {
        for (const [parameter, value] of [
          ["quorumPercent", 11],
          ["proposalThreshold", "100000000.000000000000000001"],
        ] as const) {
          const changed = { ...parameters, [name]: { ...parameters[name], [parameter]: value } };

          expect(() => distributionOf(changed, ADDRESSES)).to.throw(ParametersInvalid, ` of ${name}.${parameter}: `);
        }
      }
    });

    it("is what the token takes, and the token agrees on what the supply is", async () => {
      const { token } = await fixture();
      expect(await token.SUPPLY()).to.equal(SUPPLY);

      await fc.assert(
        fc.asyncProperty(weights, async (weights) => {
          const { genesis, votes } = genesisOf(weights);
          fc.pre(votes >= SUPPLY / 100n);
          const distribution = distributionOf(parametersWith(genesis, 1), ADDRESSES);
          const minted = await ethers.deployContract("WealToken", [distribution]);

          expect(await minted.totalSupply()).to.equal(SUPPLY);
          for (const { account } of distribution) {
            const parts = distribution.filter((part) => part.account === account);
            const sum = parts.reduce((total, { amount }) => total + amount, 0n);
            expect(await minted.balanceOf(account)).to.equal(sum);
          }
        }),
        { numRuns: 15 },
      );
    });
  });

  describe("refusals", () => {
    for (const [what, change, message] of [
      ["a unit too much", { treasury: "200000000.000000000000000001" }, /^genesis: .* change one of them by -1\. /],
      ["a WEAL too little", { stakeholding: "99999999" }, /^genesis: .* change one of them by 1000000000000000000\. /],
      ["no votes", { treasury: "800000000", holders: [] }, /^genesis\.holders: they hold 0 units of WEAL, below /],
    ] as [string, Partial<Genesis>, RegExp][]) {
      it(`come before anything is sent: ${what}`, async () => {
        const [deployer] = await ethers.getSigners();
        const sent = await ethers.provider.getTransactionCount(deployer.address);
        const parameters = testParameters(deployer.address);
        const genesis = { ...parameters.genesis, ...change };
        const error = await deployProtocol(connection, hre.artifacts, { ...parameters, genesis }).then(
          () => new Error("It was not refused."),
          (error: Error) => error,
        );

        expect(error).to.be.instanceOf(ParametersInvalid);
        expect(error.message)
          .to.match(message)
          .and.to.match(/ Nothing was deployed\.$/);
        expect(await ethers.provider.getTransactionCount(deployer.address)).to.equal(sent);
      });
    }
  });

  describe("first day", () => {
    it("holders alone delegate, propose, and carry a decision in either governor", async () => {
      const { token, governor, safetyGovernor, ledger, holders, at } = await fixture();
      const [first] = holders;
      for (const holder of holders) await token.connect(holder).delegate(holder.address);
      await networkHelpers.mine();
      const data = ledger.interface.encodeFunctionData("setProtocolFee", [50]);
      const board = await ethers.getContractAt("SafetyBoard", at.SafetyBoard);
      const member = board.interface.encodeFunctionData("setMember", [first.address, true]);

      for (const [contract, action, parameters] of [
        [safetyGovernor, { target: at.SafetyBoard, data: member }, local.safetyGovernor],
        [governor, { target: at.RoyaltyLedger, data }, local.governor],
      ] as const) {
        const proposal = proposalOf([action], "Of the first day");
        await contract.connect(first).propose(...proposal.asProposed);
        const proposalId = await contract.getProposalId(...proposal.asHashed);
        await time.increase(parameters.votingDelay + 1);
        const quorum = await contract.quorum(await contract.proposalSnapshot(proposalId));
        expect(quorum).to.equal((SUPPLY * BigInt(parameters.quorumPercent)) / 100n);
        for (const holder of holders) await contract.connect(holder).castVote(proposalId, Vote.For);
        await time.increase(parameters.votingPeriod);
        await contract["queue(uint256)"](proposalId);
        await time.increase(parameters.timelockDelay);
        await contract["execute(uint256)"](proposalId);
        expect(await contract.state(proposalId)).to.equal(State.Executed);
      }
      expect(await ledger.protocolFeeBps()).to.equal(50n);
      expect(await board.isMember(first.address)).to.equal(true);
    });

    it("gives no votes to treasury, reserve, what is unclaimed and what is vesting, and no way to delegate", async () => {
      const { token, at, wallets, claim, stakeholding } = await fixture();
      const silent = [at.TimelockController, at.Stakeholding, at.GenesisClaim, at.VestingWallet0, at.VestingWallet1];
      let votes = SUPPLY;
      for (const address of silent) {
        votes -= await token.balanceOf(address);
        expect(await token.delegates(address)).to.equal(ZeroAddress);
        expect(await token.getVotes(address)).to.equal(0n);
      }
      expect(votes).to.equal(wealOf("100000000"));
      expect(votes).to.be.at.least((SUPPLY * BigInt(local.governor.quorumPercent)) / 100n);

      // A wallet pays out and changes hands, the claim pays out; they call nothing else. Only a vote can make the
      // timelock delegate, and nothing the reserve.
      const changing = (contract: BaseContract) => {
        const names = new Set<string>();
        contract.interface.forEachFunction(({ name, constant }) => constant || names.add(name));

        return [...names].sort();
      };
      for (const wallet of wallets) {
        expect(changing(wallet)).to.deep.equal(["release", "renounceOwnership", "transferOwnership"]);
      }
      expect(changing(claim)).to.deep.equal(["claim", "returnUnclaimed"]);
      expect(changing(stakeholding)).to.deep.equal(["award", "setEpochCap", "setRate"]);
    });

    it("lets the community claim with the tree that the deployment returned, and vote with it", async () => {
      const { token, claim, claims } = await fixture();
      expect(claims).to.not.equal(undefined);
      const tree = StandardMerkleTree.load(claims as NonNullable<typeof claims>);

      for (const [i, [, , index, account, amount]] of tree.entries()) {
        await claim.claim(index, account, amount, tree.getProof(i));
        const signer = await ethers.getSigner(account);
        await token.connect(signer).delegate(account);
        expect(amount).to.equal(wealOf(local.genesis.community.claims[Number(index)].weal).toString());
        expect(await token.getVotes(account)).to.equal(BigInt(amount));
      }
      expect(await token.balanceOf(claim)).to.equal(0n);
    });
  });

  describe("vesting", () => {
    it("pays a founder evenly from start to end, who votes with what was paid and no more", async () => {
      const { token, wallets, founder } = await fixture();
      const [wallet] = wallets;
      const [{ weal, start: from, end: to }] = local.genesis.founders;
      const [amount, start, end] = [wealOf(weal), Date.parse(from) / 1_000, Date.parse(to) / 1_000];
      expect(vestingArguments(local.genesis.founders[0])).to.deep.equal([founder.address, start, end - start]);
      expect(await wallet.owner()).to.equal(founder.address);
      await token.connect(founder).delegate(founder.address);
      expect(await token.getVotes(founder.address)).to.equal(0n);

      const now = await time.latest();
      for (const quarter of [0, 1, 2, 3]) {
        const at = Math.max(now + 100, now + Math.floor(((end - now) * quarter) / 4));
        await time.setNextBlockTimestamp(at);
        const vested = vestedAt(amount, start, end, at);
        const paid = await token.balanceOf(founder.address);
        await expect(wallet["release(address)"](token))
          .to.emit(wallet, "ERC20Released")
          .withArgs(await token.getAddress(), vested - paid);
        expect(await token.balanceOf(founder.address)).to.equal(vested);
        expect(await token.getVotes(founder.address)).to.equal(vested);
        expect(await wallet["releasable(address)"](token)).to.equal(0n);
      }
      await time.increaseTo(end + DAY);
      await wallet["release(address)"](token);
      expect(await token.balanceOf(founder.address)).to.equal(amount);
      expect(await token.balanceOf(wallet)).to.equal(0n);
    });

    it("begins and ends to the second", async () => {
      const { token, founder, holders } = await fixture();
      const start = (await time.latest()) + 10 * DAY;
      const wallet = await ethers.deployContract("VestingWallet", [founder.address, start, 100]);
      await token.connect(holders[0]).transfer(wallet, 1_000n);
      for (const [at, vested] of [
        [start - 1, 0n],
        [start, 0n],
        [start + 1, 10n],
        [start + 99, 990n],
        [start + 100, 1_000n],
      ] as const) {
        expect(await wallet["vestedAmount(address,uint64)"](token, at)).to.equal(vested);
      }
    });
  });
});
