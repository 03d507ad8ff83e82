import { expect } from "chai";
import { FunctionFragment, MaxUint256, parseEther, Signature, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { ETH, NO_REF } from "../helpers/models.js";
import { BOARD_MEMBER } from "../helpers/protocol.js";
import { deployStakeholding, ETH_RATE, impersonate, SCALE } from "./stakeholding.support.js";

const connection = await network.create();
const { networkHelpers } = connection;
const fixture = () => networkHelpers.loadFixture(deploy);

/** With everybody who might think that they have a say. */
async function deploy() {
  const context = await deployStakeholding(connection);
  const { governor, safetyGovernor, safetyTimelock, ledgerAddress, stakeholdingAddress, deployer, stranger } = context;
  const contracts = await Promise.all([governor, safetyGovernor, safetyTimelock].map((each) => each.getAddress()));
  const accounts = [...contracts, ledgerAddress, stakeholdingAddress, BOARD_MEMBER];
  const signers = await Promise.all(accounts.map((account) => impersonate(connection, account)));

  return { ...context, others: [deployer, stranger, ...signers] };
}

describe("Stakeholding", () => {
  describe("setRate", () => {
    it("is governance's, for any currency but WEAL, listed or not", async () => {
      const { stakeholding, governedStakeholding, unlisted } = await fixture();

      await expect(governedStakeholding.setRate(ETH, 5n))
        .to.emit(stakeholding, "RateUpdated")
        .withArgs(ETH, ETH_RATE, 5n);
      await expect(governedStakeholding.setRate(unlisted, 2n ** 128n - 1n))
        .to.emit(stakeholding, "RateUpdated")
        .withArgs(unlisted, 0n, 2n ** 128n - 1n);
      expect(await stakeholding.rateOf(ETH)).to.equal(5n);
      expect(await stakeholding.rateOf(unlisted)).to.equal(2n ** 128n - 1n);
    });

    it("is nobody else's", async () => {
      const { stakeholding, others } = await fixture();

      for (const other of others) {
        await expect(stakeholding.connect(other).setRate(ETH, SCALE))
          .to.be.revertedWithCustomError(stakeholding, "NotStakeholdingGovernance")
          .withArgs(other.address);
      }
      expect(await stakeholding.rateOf(ETH)).to.equal(ETH_RATE);
    });

    it("is refused for WEAL, even 0: votes would earn votes", async () => {
      const { stakeholding, governedStakeholding, wealAddress } = await fixture();

      for (const rate of [0n, 1n]) {
        await expect(governedStakeholding.setRate(wealAddress, rate))
          .to.be.revertedWithCustomError(stakeholding, "RateOfWeal")
          .withArgs();
      }
    });
  });

  describe("setEpochCap", () => {
    it("is governance's", async () => {
      const { stakeholding, governedStakeholding } = await fixture();

      await expect(governedStakeholding.setEpochCap(7n))
        .to.emit(stakeholding, "EpochCapUpdated")
        .withArgs(parseEther("1000000"), 7n);
      expect(await stakeholding.epochCap()).to.equal(7n);
      expect(await stakeholding.available()).to.equal(7n);
    });

    it("is nobody else's", async () => {
      const { stakeholding, others } = await fixture();

      for (const other of others) {
        await expect(stakeholding.connect(other).setEpochCap(MaxUint256 >> 128n))
          .to.be.revertedWithCustomError(stakeholding, "NotStakeholdingGovernance")
          .withArgs(other.address);
      }
    });
  });

  describe("the reserve", () => {
    it("leaves by award alone: nothing else that can be called moves it, whoever calls", async () => {
      const { stakeholding, stakeholdingAddress, weal, timelockSigner, others, usdcAddress } = await fixture();
      const calls = stakeholding.interface.fragments
        .filter((fragment) => FunctionFragment.isFragment(fragment))
        .filter(({ constant }) => !constant)
        .map(({ name }) => name);
      expect(calls.sort()).to.deep.equal(["award", "setEpochCap", "setRate"]);
      const reserve = await weal.balanceOf(stakeholdingAddress);

      for (const caller of [timelockSigner, ...others]) {
        const asCaller = stakeholding.connect(caller);
        for (const call of [
          () => asCaller.setEpochCap(2n ** 128n - 1n),
          () => asCaller.setRate(usdcAddress, 2n ** 128n - 1n),
          () => asCaller.award([], ETH),
        ]) {
          // Refused or not: it is about the reserve.
          await call().catch(() => undefined);
          expect(await weal.balanceOf(stakeholdingAddress)).to.equal(reserve);
        }
      }
    });

    it("cannot be drawn by the ledger's doors, which pull from their caller", async () => {
      const { stakeholdingAddress, weal, ledger, ledgerAddress, wealAddress, open, timelockSigner, stranger } =
        await fixture();
      const model = await open();
      expect(await weal.allowance(stakeholdingAddress, ledgerAddress)).to.equal(MaxUint256);

      for (const caller of [timelockSigner, stranger]) {
        await weal.connect(caller).approve(ledgerAddress, MaxUint256);
        const balance = await weal.balanceOf(caller.address);
        await expect(ledger.connect(caller).payMany([model], wealAddress, [balance + 1n], NO_REF))
          .to.be.revertedWithCustomError(weal, "ERC20InsufficientBalance")
          .withArgs(caller.address, balance, balance + 1n);
        await expect(
          ledger
            .connect(caller)
            .payWithPermit(model, wealAddress, balance + 1n, NO_REF, MaxUint256, 27, ZeroHash, ZeroHash),
        )
          .to.be.revertedWithCustomError(weal, "ERC20InsufficientBalance")
          .withArgs(caller.address, balance, balance + 1n);
        await expect(weal.connect(caller).transferFrom(stakeholdingAddress, caller.address, 1n))
          .to.be.revertedWithCustomError(weal, "ERC20InsufficientAllowance")
          .withArgs(caller.address, 0n, 1n);
      }
    });

    it("cannot be signed away, nor its votes: it has no key and delegates to nobody", async () => {
      const { stakeholdingAddress, weal, wealAddress, stranger } = await fixture();
      const { chainId } = await connection.ethers.provider.getNetwork();
      const domain = { name: "Commonweal", version: "1", chainId, verifyingContract: wealAddress };
      const owner = stakeholdingAddress;
      const permit = ["owner", "spender", "value", "nonce", "deadline"].map((name, i) => ({
        name,
        type: i < 2 ? "address" : "uint256",
      }));
      const message = { owner, spender: stranger.address, value: 1n, nonce: 0n, deadline: MaxUint256 };
      const signature = await stranger.signTypedData(domain, { Permit: permit }, message);
      const { v, r, s } = Signature.from(signature);

      await expect(weal.permit(owner, stranger.address, 1n, MaxUint256, v, r, s))
        .to.be.revertedWithCustomError(weal, "ERC2612InvalidSigner")
        .withArgs(stranger.address, owner);
      await expect(weal.delegateBySignature(owner, stranger.address, 0n, MaxUint256, signature))
        .to.be.revertedWithCustomError(weal, "DelegationInvalid")
        .withArgs(owner);
      expect(await weal.getVotes(owner)).to.equal(0n);
      expect(await weal.delegates(owner)).to.equal(ZeroAddress);
    });

    it("takes no ETH, which nobody could get out", async () => {
      const { stakeholdingAddress, stranger } = await fixture();

      await expect(stranger.sendTransaction({ to: stakeholdingAddress, value: 1n })).to.be.revert(connection.ethers);
    });
  });
});
