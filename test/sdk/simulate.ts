import { expect } from "chai";
import { id, parseEther, Wallet, ZeroAddress } from "ethers";
import type { Action, ContractError, Simulation } from "../../sdk/src/index.js";
import { TestToken__factory } from "../../types/ethers-contracts/index.js";
import { DAY } from "../helpers/protocol.js";
import { carry, expectRefusal } from "./helpers.js";
import { type World, WORLDS } from "./simulate.support.js";

for (const [where, open] of WORLDS) {
  describe(`SDK governance.simulate ${where}`, () => {
    let world: World;
    let treasury: string;

    before(async () => {
      world = await open();
      const { commonweal, usdc } = world;
      const { TimelockController: timelock, WealToken: weal } = commonweal.contracts;
      treasury = await timelock.getAddress();
      const signer = weal.runner as Wallet;
      await (await signer.sendTransaction({ to: treasury, value: parseEther("50") })).wait();
      await (await TestToken__factory.connect(usdc, signer).mint(treasury, 1_000_000n)).wait();
      await commonweal.governance.delegate();
    });

    after(() => world.close());

    async function wait(seconds: number): Promise<void> {
      await world.provider.send("evm_increaseTime", [seconds]);
      await world.provider.send("evm_mine", []);
    }

    /** Reads what a simulation has shown, in its order. */
    async function present({ balances, parameters }: Simulation): Promise<unknown[]> {
      const { contracts } = world.commonweal;
      const erc20 = (address: string) => TestToken__factory.connect(address, world.provider);

      return Promise.all([
        ...balances.map(({ account, currency }) =>
          currency === "ETH" ? world.provider.getBalance(account) : erc20(currency).balanceOf(account),
        ),
        ...parameters.map(async ({ contract, address, name, args }) => {
          const target = contract === "ERC20" ? erc20(address) : contracts[contract as keyof typeof contracts];
          // Other views of a governor have the same name and more arguments.
          const signature = target.interface.fragments
            .filter(
              (fragment) => "name" in fragment && fragment.name === name && fragment.inputs.length === args.length,
            )
            .map((fragment) => fragment.format("sighash"))[0];
          const value: unknown = await target.getFunction(signature).staticCall(...args);

          return Array.isArray(value) ? [...value] : value;
        }),
      ]);
    }

    const beforeOf = ({ balances, parameters }: Simulation) => [...balances, ...parameters].map(({ before }) => before);
    const afterOf = ({ balances, parameters }: Simulation) => [...balances, ...parameters].map(({ after }) => after);
    const changedOf = ({ parameters }: Simulation) =>
      parameters.filter(({ changed }) => changed).map(({ contract, name }) => `${contract}.${name}`);

    async function settings(): Promise<Action[]> {
      const { commonweal, newToken } = world;
      const { TimelockController: timelock, WealGovernor: governor, SourceRegistry: sources } = commonweal.contracts;
      const target = String(governor.target);

      return [
        await commonweal.governance.proposals.setProtocolFee({ feeBps: 50 }),
        { target, data: governor.interface.encodeFunctionData("setVotingDelay", [3 * DAY]) },
        await commonweal.governance.proposals.addCurrency({ currency: newToken }),
        { target, data: governor.interface.encodeFunctionData("setVotingDelay", [2 * DAY]) },
        { target, data: governor.interface.encodeFunctionData("updateQuorumNumerator", [3]) },
        {
          target: treasury,
          data: timelock.interface.encodeFunctionData("grantRole", [id("CANCELLER_ROLE"), target]),
        },
        { target: treasury, data: timelock.interface.encodeFunctionData("updateDelay", [2 * DAY - 60]) },
        {
          target: String(sources.target),
          data: sources.interface.encodeFunctionData("setVerifier", [
            world.commonweal.contracts.WealToken.target,
            true,
          ]),
        },
      ];
    }

    it("shows what becomes of parameters, of the governor's own too", async () => {
      const { governance } = world.commonweal;
      const actions = await settings();
      const unproposed = await governance.simulate({ actions });
      expect(beforeOf(unproposed)).to.deep.equal(await present(unproposed));

      const { proposalId, execute } = await carry(world.commonweal, wait, actions, "Settings");
      const queued = await governance.simulate(proposalId);
      expect(queued).to.deep.equal(unproposed);
      await execute();

      expect(queued.succeeded).to.equal(true);
      expect(afterOf(queued)).to.deep.equal(await present(queued));
      expect(changedOf(queued)).to.have.members([
        "RoyaltyLedger.protocolFeeBps",
        "RoyaltyLedger.currencies",
        "WealGovernor.votingDelay",
        "WealGovernor.quorumNumerator",
        "TimelockController.getMinDelay",
      ]);
      const delay = queued.parameters.find(({ name }) => name === "votingDelay");
      expect(delay).to.deep.include({ before: BigInt(DAY), after: BigInt(2 * DAY), args: [] });
      // The governor is a canceller already, and a new verifier counts later.
      const asked = queued.parameters.filter(({ args }) => args.length > 0);
      expect(asked.map(({ name, before, after }) => [name, before, after])).to.deep.equal([
        ["hasRole", true, true],
        ["isVerifier", false, false],
      ]);

      // What was executed is simulated on what it has changed: the currency is there already.
      const again = await governance.simulate(String(proposalId));
      expect(again.succeeded).to.equal(false);
      expect(again.error).to.deep.include({ errorName: "CurrencyAlreadyListed", args: { currency: world.newToken } });
      expect(changedOf(again)).to.deep.equal([]);

      const restored: Action[] = [{ ...actions[1], data: `${actions[1].data.slice(0, 10)}${toWord(DAY)}` }];
      const { execute: restore } = await carryFrom(2 * DAY, restored);
      await restore();
    });

    const toWord = (value: number) => value.toString(16).padStart(64, "0");

    async function carryFrom(votingDelay: number, actions: Action[]) {
      const slower = (seconds: number) => wait(seconds === DAY + 1 ? votingDelay + 1 : seconds);
      return carry(world.commonweal, slower, actions, "Back");
    }

    it("shows what the treasury pays, and to whom", async () => {
      const { commonweal, usdc } = world;
      const { WealToken: weal } = commonweal.contracts;
      const [wealAddress, erc20] = [await weal.getAddress(), TestToken__factory.createInterface()];
      const [first, second] = [Wallet.createRandom().address, Wallet.createRandom().address];
      const actions: Action[] = [
        { target: first, value: parseEther("3"), data: "0x" },
        { target: wealAddress, data: weal.interface.encodeFunctionData("transfer", [second, parseEther("1000")]) },
        { target: first, value: parseEther("2"), data: "0x" },
        { target: usdc, data: erc20.encodeFunctionData("approve", [second, 77n]) },
        { target: wealAddress, data: weal.interface.encodeFunctionData("delegate", [second]) },
      ];

      const { proposalId, execute } = await carry(commonweal, wait, actions, "Payments");
      const simulation = await commonweal.governance.simulate(proposalId);
      expect(beforeOf(simulation)).to.deep.equal(await present(simulation));
      await execute();

      expect(simulation).to.include({ succeeded: true });
      expect(simulation).not.to.have.property("error");
      expect(afterOf(simulation)).to.deep.equal(await present(simulation));
      const moved = simulation.balances.filter(({ changed }) => changed);
      expect(
        moved.map(({ account, currency, before = 0n, after = 0n }) => [account, currency, after - before]),
      ).to.deep.equal([
        [treasury, "ETH", -parseEther("5")],
        [treasury, wealAddress, -parseEther("1000")],
        [first, "ETH", parseEther("5")],
        [second, wealAddress, parseEther("1000")],
      ]);
      expect(changedOf(simulation)).to.deep.equal(["ERC20.allowance", "WealToken.delegates"]);
    });

    it("says why a proposal would fail", async () => {
      const { RoyaltyLedger: ledger } = world.commonweal.contracts;
      const fee = { target: String(ledger.target), data: ledger.interface.encodeFunctionData("setProtocolFee", [251]) };
      const gift = { target: Wallet.createRandom().address, value: 1n, data: "0x" };
      const simulation = await world.commonweal.governance.simulate({ actions: [gift, fee] });

      expect(simulation.succeeded).to.equal(false);
      const { errorName, args, contract, message } = simulation.error as ContractError;
      expect({ errorName, args, contract }).to.deep.equal({
        errorName: "ProtocolFeeTooHigh",
        args: { feeBps: 251n, maxBps: 250n },
        contract: "RoyaltyLedger",
      });
      expect(message).to.equal("ProtocolFeeTooHigh: The fee can be 250 basis points at most, not 251; lower it.");
      expect(afterOf(simulation)).to.deep.equal(beforeOf(simulation));
      expect(afterOf(simulation)).to.deep.equal(await present(simulation));
    });

    it("says why, also of money that is not there and of what must be called by others", async () => {
      const { governance, contracts } = world.commonweal;
      const gift = { target: Wallet.createRandom().address, value: parseEther("1000"), data: "0x" };
      expect((await governance.simulate({ actions: [gift] })).error).to.deep.include({ errorName: "FailedCall" });

      const { ModelRegistry: registry } = contracts;
      const data = registry.interface.encodeFunctionData("withdrawVersion", [ZeroAddress, 1]);
      const { error } = await governance.simulate({ actions: [{ target: String(registry.target), data }] });
      expect(error).to.deep.include({ errorName: "ModelNotRegistered" });
    });

    it("takes the executor's part alone, whatever the timelock holds", async () => {
      const { governance, contracts } = world.commonweal;
      const { TimelockController: timelock } = contracts;
      // The simulator has no other role: it could not schedule anything.
      const data = timelock.interface.encodeFunctionData("cancel", [id("nothing")]);
      const { error } = await governance.simulate({ actions: [{ target: treasury, data }] });

      expect(error).to.deep.include({
        errorName: "AccessControlUnauthorizedAccount",
        args: { account: treasury, neededRole: id("CANCELLER_ROLE") },
      });
    });

    it("fails what takes more gas than a transaction may have", async () => {
      const { commonweal, usdc, provider } = world;
      const dear = Wallet.createRandom().address;
      const ledger = await commonweal.contracts.RoyaltyLedger.getAddress();
      const transfer = TestToken__factory.createInterface().encodeFunctionData("transfer", [ledger, 1n]);
      const actions = [
        { target: usdc, data: transfer },
        { target: dear, data: "0x01" },
      ];
      /** Reading the word at an address costs 3 + 3 · words + words² / 512, as memory does: PUSH3 address MLOAD STOP. */
      const spend = async (words: number) => {
        const address = (words * 32).toString(16).padStart(6, "0");
        await provider.send("hardhat_setCode", [dear, `0x62${address}5100`]);
        return commonweal.governance.simulate({ actions });
      };

      // 14.5 and 19.8 million, below and above 2²⁴.
      expect(await spend(85_400)).to.include({ succeeded: true });
      const { succeeded, error, balances, parameters } = await spend(100_000);
      expect(succeeded).to.equal(false);
      expect([...balances, ...parameters].filter(({ changed }) => changed)).to.deep.equal([]);
      expect(balances.find(({ account }) => account === ledger)).to.have.property("after", 0n);

      if (!world.givesMoreGas) return expect(error).to.have.property("errorName", "FailedCall");
      expect(error).to.deep.include({ errorName: "OutOfGas", args: { maxGas: 16_777_216n } });
      expect(error?.message).to.equal(
        "OutOfGas: Executing this takes more gas than a transaction may have (16777216); propose it in parts.",
      );
    });

    it("shows what calls within calls pay, and to whom", async () => {
      const { commonweal, usdc } = world;
      const { WealGovernor: governor } = commonweal.contracts;
      const [first, second] = [Wallet.createRandom().address, Wallet.createRandom().address];
      const relay = (target: string, value: bigint, data: string) => ({
        ...{ target: String(governor.target), value },
        data: governor.interface.encodeFunctionData("relay", [target, value, data]),
      });
      const erc20 = TestToken__factory.createInterface();
      const { succeeded, balances } = await commonweal.governance.simulate({
        actions: [
          { target: usdc, data: erc20.encodeFunctionData("approve", [governor.target, 5n]) },
          relay(first, 7n, "0x"),
          relay(usdc, 0n, erc20.encodeFunctionData("transferFrom", [treasury, second, 5n])),
        ],
      });

      expect(succeeded).to.equal(true);
      const moved = balances.filter(({ changed }) => changed);
      expect(
        moved.map(({ account, currency, before = 0n, after = 0n }) => [account, currency, after - before]),
      ).to.deep.equal([
        [treasury, "ETH", -7n],
        [treasury, usdc, -5n],
        [first, "ETH", 7n],
        [second, usdc, 5n],
      ]);
    });

    it("shows what a contract does not say as undefined", async () => {
      const { governance, contracts } = world.commonweal;
      const ledger = String(contracts.ModelRegistry.target);
      const data = TestToken__factory.createInterface().encodeFunctionData("transfer", [ledger, 1n]);
      const { succeeded, balances } = await governance.simulate({ actions: [{ target: world.usdc, data }] });
      expect(succeeded).to.equal(true);
      expect(balances.find(({ account }) => account === ledger)).to.deep.include({ before: 0n, after: 1n });

      const nobody = Wallet.createRandom().address;
      const none = await governance.simulate({ actions: [{ target: nobody, data }] });
      expect(none.balances.filter(({ currency }) => currency === nobody)).to.deep.equal(
        [treasury, ledger].map((account) => ({
          ...{ account, currency: nobody },
          ...{ before: undefined, after: undefined, changed: false },
        })),
      );
    });

    it("shows what the safety governor would do, through its own timelock", async () => {
      const { safety } = world.commonweal.governance;
      const { SafetyBoard: board, SafetyGovernor: governor } = world.commonweal.contracts;
      const model = Wallet.createRandom().address;
      const reason = { ground: 0, clause: 1, policyVersion: 1, evidenceDigest: id("evidence") };
      const call = (name: "decide" | "rearm" | "setMember", args: unknown[]) => ({
        target: String(board.target),
        data: board.interface.encodeFunctionData(name as "decide", args as never),
      });
      const actions: Action[] = [
        call("decide", [model, 0, 2, reason, ""]),
        call("rearm", [model]),
        call("setMember", [model, true]),
        { target: String(governor.target), data: governor.interface.encodeFunctionData("setVotingPeriod", [5 * DAY]) },
      ];

      const { proposalId } = await safety.propose({ actions, description: "Safety" });
      const simulation = await safety.simulate(proposalId);
      expect(beforeOf(simulation)).to.deep.equal(await present(simulation));
      await wait(DAY / 4 + 1);
      await safety.vote({ proposalId, support: "for" });
      await wait(3 * DAY + 1);
      await safety.queue({ proposalId });
      await wait(DAY + 1);
      await safety.execute({ proposalId });

      expect(simulation.succeeded).to.equal(true);
      expect(afterOf(simulation)).to.deep.equal(await present(simulation));
      expect(changedOf(simulation)).to.deep.equal([
        "SafetyGovernor.votingPeriod",
        "SafetyBoard.members",
        "SafetyBoard.levelOf",
      ]);

      // The main governor has no say in it.
      const { error } = await world.commonweal.governance.simulate({ actions });
      expect(error).to.deep.include({ errorName: "NotSafetyGovernance", args: { caller: treasury } });
    });

    it("shows what becomes of a rate, a cap and the use policy", async () => {
      const { Stakeholding: stakeholding, UsePolicy: policy } = world.commonweal.contracts;
      const target = String(stakeholding.target);
      const actions: Action[] = [
        { target, data: stakeholding.interface.encodeFunctionData("setRate", [ZeroAddress, 7n]) },
        { target, data: stakeholding.interface.encodeFunctionData("setEpochCap", [9n]) },
        {
          target: String(policy.target),
          data: policy.interface.encodeFunctionData("publishPolicy", [id("text"), 3, "ipfs://text"]),
        },
      ];
      const simulation = await world.commonweal.governance.simulate({ actions });

      expect(beforeOf(simulation)).to.deep.equal(await present(simulation));
      const changed = simulation.parameters.filter((parameter) => parameter.changed);
      expect(changed.map(({ name, args, after }) => [name, args, after])).to.deep.equal([
        ["policyVersion", [], 2n],
        ["epochCap", [], 9n],
        ["rateOf", [ZeroAddress], 7n],
      ]);
    });

    it("passes on that there is no such proposal", async () => {
      await expectRefusal(world.commonweal.governance.simulate(1n), "GovernorNonexistentProposal", { proposalId: 1n });
    });
  });
}
