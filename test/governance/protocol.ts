import { expect } from "chai";
import { parseEther } from "ethers";
import { network } from "hardhat";
import { ETH, NO_REF, registerModel } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { type Action, deployWithVoters, proposalOf, State, weal } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

async function deploy() {
  const context = await deployWithVoters(connection);
  const { ledger, governor, timelock, weal: token, proposeAndQueue } = context;

  /** Decides on an action, all the way to the end of the delay; returns its execution, not yet sent, and its id. */
  async function decide(...actions: Action[]) {
    const proposalId = await proposeAndQueue(proposalOf(actions, "A decision"));

    return { proposalId, execute: () => governor["execute(uint256)"](proposalId) };
  }

  return {
    ...context,
    decide,
    ledgerAddress: await ledger.getAddress(),
    governorAddress: await governor.getAddress(),
    timelockAddress: await timelock.getAddress(),
    tokenAddress: await token.getAddress(),
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("Governance of the protocol", () => {
  describe("protocol fee", () => {
    it("is lowered for future models; those that are registered keep theirs", async () => {
      const { registry, ledger, ledgerAddress, bob, decide } = await fixture();
      const before = await registerModel({ registry }, bob);
      const { execute } = await decide({
        target: ledgerAddress,
        data: ledger.interface.encodeFunctionData("setProtocolFee", [50]),
      });

      await expect(execute()).to.emit(ledger, "ProtocolFeeUpdated").withArgs(100, 50);
      const after = await registerModel({ registry }, bob);

      expect(await ledger.protocolFeeBps()).to.equal(50n);
      for (const [model, feeBps] of [
        [before, 100n],
        [after, 50n],
      ] as const) {
        expect((await ledger.modelTermsOf(model)).feeBps).to.equal(feeBps);
        const earlier = await ledger.collectableFees(ETH);
        await ledger.pay(model, ETH, 1_000_000n, NO_REF, { value: 1_000_000n });
        await ledger.cascade([model], ETH);
        expect((await ledger.collectableFees(ETH)) - earlier).to.equal(100n * feeBps);
      }
    });

    it("stays under its cap, whatever is decided: the execution fails and changes nothing", async () => {
      for (const feeBps of [251, 256, 10_000]) {
        const { ledger, governor, ledgerAddress, decide } = await fixture();
        const { execute, proposalId } = await decide({
          target: ledgerAddress,
          data: ledger.interface.encodeFunctionData("setProtocolFee", [feeBps]),
        });

        await expect(execute()).to.be.revertedWithCustomError(ledger, "ProtocolFeeTooHigh").withArgs(feeBps, 250);
        expect(await ledger.protocolFeeBps()).to.equal(100n);
        expect(await governor.state(proposalId)).to.equal(State.Queued);
      }
    });

    it("can be raised to the cap itself", async () => {
      const { ledger, ledgerAddress, decide } = await fixture();
      const { execute } = await decide({
        target: ledgerAddress,
        data: ledger.interface.encodeFunctionData("setProtocolFee", [250]),
      });
      await execute();

      expect(await ledger.protocolFeeBps()).to.equal(250n);
    });

    it("is nobody else's to set", async () => {
      const { ledger, governorAddress, deployer, alice, proposer } = await fixture();
      await networkHelpers.impersonateAccount(governorAddress);
      await networkHelpers.setBalance(governorAddress, parseEther("1"));

      for (const caller of [deployer, alice, proposer, await ethers.getSigner(governorAddress)]) {
        await expect(ledger.connect(caller).setProtocolFee(0))
          .to.be.revertedWithCustomError(ledger, "NotGovernance")
          .withArgs(caller.address);
      }
    });
  });

  describe("currencies", () => {
    it("are listed by vote, and paid in from then on, by models that were there before", async () => {
      const { registry, ledger, ledgerAddress, bob, decide } = await fixture();
      const model = await registerModel({ registry }, bob);
      const token = await ethers.deployContract("TestToken", ["Test Euro", "EUR", 6], bob);
      const euro = await token.getAddress();
      await token.mint(bob.address, 1_000n);
      await token.approve(ledgerAddress, 1_000n);
      const pay = () => ledger.connect(bob).pay(model, euro, 1_000n, NO_REF);
      await expect(pay()).to.be.revertedWithCustomError(ledger, "CurrencyNotListed").withArgs(euro);

      const { execute } = await decide({
        target: ledgerAddress,
        data: ledger.interface.encodeFunctionData("addCurrency", [euro]),
      });
      // After ETH, WEAL and the test dollar.
      await expect(execute()).to.emit(ledger, "CurrencyListed").withArgs(euro, 3);

      await expect(pay()).to.emit(ledger, "Paid").withArgs(model, euro, bob.address, 1_000n, NO_REF);
    });
  });

  describe("treasury", () => {
    it("is the timelock's: fees go there, and are spent by vote, with WEAL in one decision", async () => {
      const { registry, ledger, bob, weal: token, tokenAddress, timelockAddress, stranger, decide } = await fixture();
      const model = await registerModel({ registry }, bob);
      await ledger.pay(model, ETH, parseEther("1"), NO_REF, { value: parseEther("1") });
      await ledger.cascade([model], ETH);
      await expect(ledger.collectFees(ETH)).to.changeEtherBalance(ethers, timelockAddress, parseEther("0.01"));

      const { execute } = await decide(
        { target: stranger.address, value: parseEther("0.01"), data: "0x" },
        { target: tokenAddress, data: token.interface.encodeFunctionData("transfer", [stranger.address, weal("7")]) },
      );
      await expect(execute()).to.changeEtherBalance(ethers, stranger, parseEther("0.01"));
      expect(await token.balanceOf(stranger.address)).to.equal(weal("7"));
    });

    it("is not the governor: ETH sent there by mistake is refused", async () => {
      const { governor, governorAddress, stranger } = await fixture();

      await expect(stranger.sendTransaction({ to: governorAddress, value: 1n }))
        .to.be.revertedWithCustomError(governor, "GovernorDisabledDeposit")
        .withArgs();
    });
  });

  describe("governor and timelock", () => {
    it("change their own settings by vote", async () => {
      const { governor, timelock, governorAddress, timelockAddress, decide } = await fixture();
      const { execute } = await decide(
        { target: governorAddress, data: governor.interface.encodeFunctionData("setVotingPeriod", [3 * DAY]) },
        { target: governorAddress, data: governor.interface.encodeFunctionData("updateQuorumNumerator", [5]) },
        { target: timelockAddress, data: timelock.interface.encodeFunctionData("updateDelay", [DAY]) },
      );

      await expect(execute())
        .to.emit(governor, "VotingPeriodSet")
        .withArgs(7 * DAY, 3 * DAY)
        .and.to.emit(governor, "QuorumNumeratorUpdated")
        .withArgs(4, 5)
        .and.to.emit(timelock, "MinDelayChange")
        .withArgs(2 * DAY, DAY);
    });

    it("carry out all calls of a decision or none", async () => {
      const { ledger, ledgerAddress, decide } = await fixture();
      const { execute } = await decide(
        { target: ledgerAddress, data: ledger.interface.encodeFunctionData("setProtocolFee", [10]) },
        { target: ledgerAddress, data: ledger.interface.encodeFunctionData("addCurrency", [ETH]) },
      );

      await expect(execute()).to.be.revertedWithCustomError(ledger, "CurrencyWithoutCode").withArgs(ETH);
      expect(await ledger.protocolFeeBps()).to.equal(100n);
    });
  });
});
