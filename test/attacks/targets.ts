import { expect } from "chai";
import { id, parseEther, Wallet } from "ethers";
import { network } from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import { proposalOf, Vote } from "../governance/support.js";
import { DAY } from "../helpers/protocol.js";
import { callOn } from "./calls.support.js";
import { deployEconomy } from "./support.js";

/** What is granted, in units of USDC. */
const GRANT = 1_000_000_000n;

/** CreateX, which every deployment needs: it deploys with CREATE2 for anyone. */
const CREATEX = "0xba5Ed099633D3B313e4D5F7bdc1305d3c28ba5Ed";
const CREATEX_ABI = ["function deployCreate2(bytes32 salt, bytes initCode) payable returns (address)"];

/** A treasury with USDC, and a deployer who decides alone. */
async function deploy(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const economy = await deployEconomy(connection);
  const { governor, weal, usdc, addresses, deployer, stranger } = economy;
  await weal.connect(deployer).delegate(deployer.address);
  await usdc.mint(addresses.timelock, 5n * GRANT);

  /** Has a grant decided and queued: the treasury lets `target` spend it, and calls it. */
  async function queueGrant(target: string): Promise<bigint> {
    const remitter = await ethers.getContractAt("Remitter", target);
    const actions = [
      await callOn(usdc, "approve", [target, GRANT]),
      await callOn(remitter, "remit", [addresses.usdc, GRANT]),
    ];
    const proposal = proposalOf(actions, `A grant of ${GRANT} through ${target}`);
    const proposalId = await governor.getProposalId(...proposal.asHashed);
    await governor.connect(deployer).propose(...proposal.asProposed);
    await networkHelpers.time.increaseTo((await governor.proposalSnapshot(proposalId)) + 1n);
    await governor.connect(deployer).castVote(proposalId, Vote.For);
    await networkHelpers.time.increaseTo((await governor.proposalDeadline(proposalId)) + 1n);
    await governor["queue(uint256)"](proposalId);
    await networkHelpers.time.increase(2 * DAY);

    return proposalId;
  }

  /** Executes, and requires that the treasury pays `amount` to somebody, and that nothing else changes. */
  async function expectPaid(proposalId: bigint, recipient: string, amount: bigint) {
    const before = { figures: await economy.figures(), terms: await termsOf() };

    const execution = governor.connect(stranger)["execute(uint256)"](proposalId);
    await expect(execution).to.changeTokenBalances(ethers, usdc, [addresses.timelock, recipient], [-amount, amount]);
    await expect(execution).to.emit(governor, "ProposalExecuted").withArgs(proposalId);
    expect({ figures: await economy.figures(), terms: await termsOf() }).to.deep.equal(before);
  }

  /** What governance decides on. */
  async function termsOf() {
    const { ledger, sources, usePolicy, safetyBoard, stakeholding, timelock } = economy;

    return Promise.all([
      ledger.protocolFeeBps(),
      ledger.currencies(),
      sources.threshold(),
      usePolicy.policyVersion(),
      safetyBoard.members(),
      safetyBoard.safetyGovernance(),
      stakeholding.epochCap(),
      timelock.getMinDelay(),
      governor.votingPeriod(),
    ]);
  }

  return { ...economy, queueGrant, expectPaid };
}

describe("A target that is another one when it is called", () => {
  describe("by CREATE2 or a proxy", () => {
    let connection: NetworkConnection;
    before(async () => {
      connection = await network.create();
    });
    const cancun = () => deploy(connection);
    const fixture = () => connection.networkHelpers.loadFixture(cancun);

    async function create2(recipient: string) {
      const createX = new connection.ethers.Contract(CREATEX, CREATEX_ABI, (await connection.ethers.getSigners())[9]);
      const { bytecode, interface: abi } = await connection.ethers.getContractFactory("Remitter");
      const initCode = bytecode + abi.encodeDeploy([recipient]).slice(2);
      const target: string = await createX.getFunction("deployCreate2").staticCall(id("salt"), initCode);

      return { target, deployIt: () => createX.getFunction("deployCreate2")(id("salt"), initCode) };
    }

    it("executes a call of an account that has no code yet, and nothing happens: there is only the approval", async () => {
      const { queueGrant, expectPaid, usdc, addresses, attacker } = await fixture();
      const { target } = await create2(attacker.address);

      await expectPaid(await queueGrant(target), attacker.address, 0n);
      expect(await usdc.allowance(addresses.timelock, target)).to.equal(GRANT);
    });

    it("runs code that came after the vote to where there was none: it gets what the proposal gave, and no more", async () => {
      const { queueGrant, expectPaid, usdc, addresses, attacker } = await fixture();
      const { target, deployIt } = await create2(attacker.address);
      const proposalId = await queueGrant(target);
      await deployIt();

      await expectPaid(proposalId, attacker.address, GRANT);
      expect(await usdc.allowance(addresses.timelock, target)).to.equal(0n);
    });

    it("runs the code that a proxy has then, not what people read when they voted", async () => {
      const { queueGrant, expectPaid, alice, attacker } = await fixture();
      const { ethers } = connection;
      const honest = await ethers.deployContract("Remitter", [alice.address]);
      const other = await ethers.deployContract("Remitter", [attacker.address]);
      const proxy = await ethers.deployContract("SwappableProxy", [await honest.getAddress()]);
      const codeBefore = await ethers.provider.getCode(proxy);
      const proposalId = await queueGrant(await proxy.getAddress());
      await proxy.connect(attacker).getFunction("swap")(await other.getAddress());
      // Its own code tells nothing.
      expect(await ethers.provider.getCode(proxy)).to.equal(codeBefore);

      await expectPaid(proposalId, attacker.address, GRANT);
    });
  });

  for (const hardfork of ["prague", "osaka"]) {
    it(`runs what an account of a key has delegated to meanwhile, on ${hardfork} (EIP-7702)`, async () => {
      const connection = await network.create({ override: { hardfork } });
      const { ethers } = connection;
      const { queueGrant, expectPaid, alice, attacker, payer } = await deploy(connection);
      const honest = await (await ethers.deployContract("Remitter", [alice.address])).getAddress();
      const other = await (await ethers.deployContract("Remitter", [attacker.address])).getAddress();
      const account = new Wallet(id("an account that delegates"), ethers.provider);
      await payer.sendTransaction({ to: account.address, value: parseEther("1") });
      const delegate = async (address: string) => {
        const nonce = await account.getNonce();
        const authorization = await account.authorize({ address, nonce: nonce + 1 });
        await account.sendTransaction({ type: 4, to: payer.address, nonce, authorizationList: [authorization] });
      };
      await delegate(honest);
      const proposalId = await queueGrant(account.address);
      const codeBefore = await ethers.provider.getCode(account.address);
      await delegate(other);

      // Here the code itself shows it.
      expect(codeBefore).to.equal(`0xef0100${honest.slice(2).toLowerCase()}`);
      expect(await ethers.provider.getCode(account.address)).to.equal(`0xef0100${other.slice(2).toLowerCase()}`);
      await expectPaid(proposalId, attacker.address, GRANT);
      await connection.close();
    });
  }
});
