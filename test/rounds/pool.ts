import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import type { FunderPool } from "../../types/ethers-contracts/index.js";
import { ETH } from "../helpers/models.js";
import { partOf } from "./hashes.support.js";
import { deployRounds } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

/** A finalised round whose funders are Bob, who paid 700, and Carol, who paid 300; nobody claimed. */
async function deploy() {
  const context = await deployRounds(connection);
  const round = await context.finalised();
  const pool = await poolAt((await round.record()).pool);
  const poolAddress = await pool.getAddress();
  const units = [partOf(333_333n, 0n, 700n, 1_000n), partOf(333_333n, 700n, 300n, 1_000n)];

  /** What so many shares have of so much that the model received: 1 % is the protocol's. */
  const earnedBy = (shares: bigint, received: bigint) => ((received - received / 100n) * shares) / 1_000_000n;
  const claimAs = (funder: typeof context.bob, offset: number) =>
    context.rounds.connect(funder).claimFundings(round.roundId, [offset], funder);

  return { ...context, ...round, pool, poolAddress, units, earnedBy, claimAs };
}

const poolAt = async (address: string) => (await ethers.getContractAt("FunderPool", address)) as unknown as FunderPool;
const fixture = () => networkHelpers.loadFixture(deploy);

describe("FunderPool", () => {
  it("knows its model, its ledger and whom it obeys", async () => {
    const { pool, model, ledgerAddress, roundsAddress } = await fixture();

    expect(await pool.model()).to.equal(model);
    expect(await pool.ledger()).to.equal(ledgerAddress);
    expect(await pool.rounds()).to.equal(roundsAddress);
  });

  it("gives shares with all that they earned since the model is there, in every currency", async () => {
    const { pool, ledger, model, bob, carol, usdc, usdcAddress, units, earnedBy, claimAs, pay } = await fixture();
    await pay(model, usdcAddress, 1_000_001n);
    await pay(model, ETH, 77_777n);

    const claim = claimAs(bob, 0);
    await expect(claim)
      .to.emit(pool, "FunderEarned")
      .withArgs(bob.address, usdcAddress, earnedBy(units[0], 1_000_001n));
    await expect(claim).to.emit(pool, "FunderEarned").withArgs(bob.address, ETH, earnedBy(units[0], 77_777n));
    expect(await ledger.balanceOf(bob, model)).to.equal(units[0]);
    expect(await pool.owedTo(bob, usdcAddress)).to.equal(earnedBy(units[0], 1_000_001n));

    // From here on Bob's shares earn for Bob, and Carol's in the pool.
    await pay(model, usdcAddress, 500_000n);
    await claimAs(carol, 700);
    const total = 1_500_001n;
    await expect(pool.connect(carol).withdraw(carol, usdcAddress, carol)).to.changeTokenBalance(
      ethers,
      usdc,
      carol,
      earnedBy(units[1], total),
    );
    await expect(pool.connect(bob).withdraw(bob, usdcAddress, bob)).to.changeTokenBalance(
      ethers,
      usdc,
      bob,
      earnedBy(units[0], 1_000_001n),
    );
    expect(await ledger.claimable(bob, model, usdcAddress)).to.be.closeTo(earnedBy(units[0], 500_000n), 1n);
  });

  it("leaves less than a unit behind for each time that shares leave", async () => {
    const { pool, poolAddress, ledger, model, bob, carol, usdc, usdcAddress, claimAs, pay } = await fixture();
    for (const amount of [101n, 7n, 1_003n]) await pay(model, usdcAddress, amount);
    await claimAs(bob, 0);
    await pay(model, usdcAddress, 13n);
    await claimAs(carol, 700);
    for (const funder of [bob, carol]) await pool.withdraw(funder, usdcAddress, funder);

    expect(await ledger.balanceOf(poolAddress, model)).to.equal(0n);
    const behind = (await usdc.balanceOf(poolAddress)) + (await ledger.claimable(poolAddress, model, usdcAddress));
    expect(behind).to.be.below(2n);
  });

  it("pays what others had claimed for it, too", async () => {
    const { pool, poolAddress, ledger, model, bob, stranger, units, earnedBy, claimAs, pay } = await fixture();
    await pay(model, ETH, 1_000_000n);
    await ledger.connect(stranger).claimFor(poolAddress, [model], ETH);
    await claimAs(bob, 0);

    const amount = earnedBy(units[0], 1_000_000n);
    const payment = pool.connect(stranger).withdraw(bob, ETH, bob);
    await expect(payment).to.emit(pool, "FunderPaid").withArgs(bob.address, ETH, bob.address, amount);
    await expect(payment).to.changeEtherBalances(ethers, [poolAddress, bob], [-amount, amount]);
  });

  describe("withdraw", () => {
    it("pays once, and only what was earned", async () => {
      const { pool, bob, carol, usdcAddress, model, claimAs, pay } = await fixture();
      await pay(model, usdcAddress, 1_000n);
      await claimAs(bob, 0);
      await pool.withdraw(bob, usdcAddress, bob);

      for (const funder of [bob, carol]) {
        await expect(pool.withdraw(funder, usdcAddress, funder))
          .to.be.revertedWithCustomError(pool, "NothingForFunder")
          .withArgs(funder.address, usdcAddress);
      }
    });

    it("sends it elsewhere for the funder alone", async () => {
      const { pool, usdc, bob, stranger, usdcAddress, model, units, earnedBy, claimAs, pay } = await fixture();
      await pay(model, usdcAddress, 1_000n);
      await claimAs(bob, 0);

      await expect(pool.connect(stranger).withdraw(bob, usdcAddress, stranger))
        .to.be.revertedWithCustomError(pool, "NotPoolFunder")
        .withArgs(bob.address, stranger.address);
      await expect(pool.connect(bob).withdraw(bob, usdcAddress, stranger)).to.changeTokenBalance(
        ethers,
        usdc,
        stranger,
        earnedBy(units[0], 1_000n),
      );
    });
  });

  it("pays neither nobody nor itself", async () => {
    const { pool, poolAddress, bob, usdcAddress } = await fixture();

    for (const to of [ZeroAddress, poolAddress]) {
      await expect(pool.connect(bob).withdraw(bob, usdcAddress, to))
        .to.be.revertedWithCustomError(pool, "PoolRecipientInvalid")
        .withArgs(to);
    }
  });

  it("gives shares by nobody's call but the rounds'", async () => {
    const { pool, bob } = await fixture();

    await expect(pool.connect(bob).release(bob, 1n))
      .to.be.revertedWithCustomError(pool, "NotPoolRounds")
      .withArgs(bob.address);
  });

  it("takes ETH from the ledger alone", async () => {
    const { pool, poolAddress, bob } = await fixture();

    await expect(bob.sendTransaction({ to: poolAddress, value: 1n }))
      .to.be.revertedWithCustomError(pool, "PoolTransferRefused")
      .withArgs(bob.address);
  });

  it("is of no use itself: pools are clones of it", async () => {
    const { rounds, bob, roundsAddress } = await fixture();
    // The first contract that the rounds deployed are the terms, the second what pools are clones of.
    const implementation = await poolAt(ethers.getCreateAddress({ from: roundsAddress, nonce: 2 }));
    expect(await implementation.rounds()).to.equal(await rounds.getAddress());

    await expect(implementation.connect(bob).release(bob, 1n))
      .to.be.revertedWithCustomError(implementation, "NotPoolRounds")
      .withArgs(bob.address);
  });
});
