import { parseEther } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { WealToken } from "../../types/ethers-contracts/index.js";
import { ETH } from "../helpers/models.js";
import { deployLedger } from "../royalties/support.js";

/** What a rate refers to, in units of a currency. */
export const SCALE = 10n ** 18n;

/** In seconds. */
export const EPOCH = 30 * 86_400;

/** 2,000 WEAL for one ETH of fees: as many units as a unit of ETH. */
export const ETH_RATE = 2_000n * SCALE;

/** One WEAL for one USDC of fees. */
export const USDC_RATE = 10n ** 30n;

/** The tests' protocol fee is 1 %: what a model without parents is paid so that it brings these fees. */
export const paymentFor = (fees: bigint) => fees * 100n;

/** Deploys the protocol, with rates for ETH and USDC, at the beginning of an epoch. */
export async function deployStakeholding(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const context = await deployLedger(connection);
  const { ledger, stakeholding, weal, usdcAddress, treasury, pay, open } = context;
  const stakeholdingAddress = await stakeholding.getAddress();
  const wealAddress = await weal.getAddress();
  const timelock = await ethers.getSigner(treasury);

  /** Stakeholding, as the timelock calls it. */
  const governedStakeholding = stakeholding.connect(timelock);
  await governedStakeholding.setRate(ETH, ETH_RATE);
  await governedStakeholding.setRate(usdcAddress, USDC_RATE);
  await networkHelpers.setBalance(context.payer.address, parseEther("1000000000"));
  const toNextEpoch = async (count = 1) => {
    const now = await networkHelpers.time.latest();
    await networkHelpers.time.increaseTo((Math.floor(now / EPOCH) + count) * EPOCH);
  };
  await toNextEpoch();

  /** Pays a model without parents so much that it brings these fees; cascades nothing. */
  const bring = (model: string, fees: bigint, currency = ETH) => pay(model, currency, paymentFor(fees));

  /** Opens a model without parents and has it bring fees. */
  async function openWithFees(fees: bigint, currency = ETH): Promise<string> {
    const model = await open();
    await bring(model, fees, currency);

    return model;
  }

  /** Awards and returns what was paid, as its own balance says. */
  async function awarded(models: string[], currency = ETH): Promise<bigint> {
    const before = await weal.balanceOf(stakeholdingAddress);
    await stakeholding.award(models, currency);

    return before - (await weal.balanceOf(stakeholdingAddress));
  }

  /** Returns the WEAL that a model ever received. */
  const wealOf = async (model: string) => (await ledger.booksOf(model, wealAddress)).received;

  /** Leaves so much in the reserve; the rest is burnt into an account that nobody has. */
  async function leaveInReserve(amount: bigint): Promise<void> {
    const reserve = await impersonate(connection, stakeholdingAddress);
    const balance = await weal.balanceOf(stakeholdingAddress);
    await (weal.connect(reserve) as WealToken).transfer(`0x${"77".repeat(20)}`, balance - amount);
  }

  return {
    ...context,
    timelockSigner: timelock,
    stakeholdingAddress,
    wealAddress,
    governedStakeholding,
    toNextEpoch,
    bring,
    openWithFees,
    awarded,
    wealOf,
    leaveInReserve,
  };
}

/** Returns an account as a signer that has ETH for gas, whoever has its key. */
export async function impersonate({ ethers, networkHelpers }: NetworkConnection, account: string) {
  await networkHelpers.impersonateAccount(account);
  await networkHelpers.setBalance(account, parseEther("1"));

  return ethers.getSigner(account);
}

/** Calculates what books come to that are closed after `received` units, under rates and a fee in basis points. */
export function closingOf(received: bigint, rates: bigint[], feeBps: bigint) {
  const rate = rates.reduce((sum, each) => sum + each, 0n);
  const upstream = (received * rate) / 10_000n;
  const passed = rates.reduce((sum, each) => (rate === 0n ? 0n : sum + (upstream * each) / rate), 0n);
  const kept = received - upstream;
  const fee = (kept * feeBps) / 10_000n;

  return {
    fee,
    /** What flooring left between the parents, which is the holders'. */
    dust: upstream - passed,
    /** What the fee was floored by, in parts of 10⁴. */
    lost: (kept * feeBps) % 10_000n,
    distributed: kept - fee + upstream - passed,
  };
}

/** Calculates how many fees can be told from what belonged to the holders when books were closed, as documented. */
export function closedFeesDown(distributed: bigint, feeBps: bigint, parents: bigint): bigint {
  const atLeast = (amount: bigint) => (amount < 0n ? 0n : amount);

  return atLeast(atLeast(distributed - parents * parents) * feeBps - parents * 10_000n) / (10_000n - feeBps);
}
