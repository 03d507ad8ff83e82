import { expect } from "chai";
import {
  type Addressable,
  type BytesLike,
  type Contract,
  type ContractTransactionResponse,
  getAddress,
  MaxUint256,
  parseEther,
  toBeHex,
} from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { type Allocation, ascending, ETH, freshSalt, NO_REF, TOTAL_SHARES } from "../helpers/models.js";
import { deployTestProtocol } from "../helpers/protocol.js";

/** Money of both kinds: the chain's own coin, and an ERC-20. */
export const SYMBOLS = ["ETH", "USDC"] as const;

/** The most that a model can receive in one currency. */
export const MAX_RECEIVED = 2n ** 112n - 1n;

/** The last address at which an allocation holds shares, and nobody else can: 2⁶⁴ − 1. */
export const LAST_ALLOCATION = getAddress(toBeHex(2n ** 64n - 1n, 20));

export interface OpenOptions {
  salt?: string;
  /** Ids with rates in basis points, in any order; with an end in Unix time, if they have one. */
  parents?: [model: string, rateBps: number, until?: number][];
  maxHostBps?: number;
  /** Accounts with units, 1,000,000 together with the allocations. */
  holdings?: [holder: string, units: bigint][];
  allocations?: Allocation[];
}

/**
 * Deploys the protocol, with a payer who has USDC and lets the ledger take it, and returns it with what tests of the
 * ledger do again and again.
 */
export async function deployLedger(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const protocol = await deployTestProtocol(connection);
  const { ledger, usdc, timelock } = protocol;
  const [deployer, registrar, payer, alice, bob, carol, stranger] = protocol.signers;

  const ledgerAddress = await ledger.getAddress();
  const usdcAddress = await usdc.getAddress();
  const treasury = await timelock.getAddress();
  await usdc.mint(payer.address, 10n ** 15n);
  await usdc.connect(payer).approve(ledgerAddress, MaxUint256);

  const unlisted = await (await ethers.deployContract("TestToken", ["Unlisted", "NOT", 18])).getAddress();

  await networkHelpers.impersonateAccount(treasury);
  await networkHelpers.setBalance(treasury, parseEther("1"));
  /** The ledger, as the timelock calls it. */
  const governed = ledger.connect(await ethers.getSigner(treasury));

  /** The arguments of `open`, with what a test does not care about filled in. */
  function opening(options: OpenOptions = {}) {
    const { salt = freshSalt(), parents = [], maxHostBps = 0, holdings, allocations = [] } = options;

    return [
      salt,
      parents
        .map(([parent, rateBps, until = 0]) => ({ parent, rateBps, until }))
        .sort((a, b) => (BigInt(a.parent) < BigInt(b.parent) ? -1 : 1)),
      maxHostBps,
      (holdings ?? [[alice.address, TOTAL_SHARES]]).map(([holder, units]) => ({ holder, units })),
      allocations,
    ] as const;
  }

  /** Opens a model as the registrar; returns its id. Alice has all shares if nothing else is said. */
  async function open(options: OpenOptions = {}): Promise<string> {
    const opened = opening(options);
    await ledger.connect(registrar).open(...opened);

    return ledger.modelIdOf(registrar.address, opened[0]);
  }

  /** Returns the currency of a symbol. */
  function currencyOf(symbol: (typeof SYMBOLS)[number]): string {
    return symbol === "ETH" ? ETH : usdcAddress;
  }

  /** Pays as the payer, with the right amount of ETH. */
  function pay(model: string, currency: string, amount: bigint, reference: BytesLike = NO_REF) {
    return ledger.connect(payer).pay(model, currency, amount, reference, { value: currency === ETH ? amount : 0n });
  }

  /** Returns the ledger's events of a transaction, in order, each as its name and arguments. */
  async function eventsOf(transaction: Promise<ContractTransactionResponse>): Promise<unknown[][]> {
    const receipt = await (await transaction).wait();

    return (receipt?.logs ?? [])
      .filter(({ address }) => address === ledgerAddress)
      .map((log) => ledger.interface.parseLog(log))
      .map((event) => [event?.name, ...(event?.args.toArray(true) ?? [])]);
  }

  /** Requires that a transaction changes the balances of these accounts in a currency so, gas aside. */
  async function expectMoved(
    transaction: Promise<ContractTransactionResponse>,
    currency: string,
    changes: [account: string, change: bigint][],
  ) {
    const accounts = changes.map(([account]) => account);
    const amounts = changes.map(([, change]) => change);
    if (currency === ETH) {
      await expect(transaction).to.changeEtherBalances(ethers, accounts, amounts);
    } else {
      const token = await ethers.getContractAt("TestToken", currency);
      await expect(transaction).to.changeTokenBalances(ethers, token, accounts, amounts);
    }
  }

  /** Lists a token; returns its address. */
  async function list(token: Addressable): Promise<string> {
    const address = await token.getAddress();
    await governed.addCurrency(address);

    return address;
  }

  /** Lists a token and gives the payer some of it, which the ledger may take; returns its address. */
  async function introduce(token: Contract, amount: bigint): Promise<string> {
    await token.mint(payer.address, amount);
    await token.approve(ledgerAddress, MaxUint256);

    return list(token);
  }

  return {
    ...protocol,
    deployer,
    registrar,
    payer,
    alice,
    bob,
    carol,
    stranger,
    ledgerAddress,
    usdcAddress,
    unlisted,
    treasury,
    governed,
    opening,
    open,
    currencyOf,
    pay,
    eventsOf,
    expectMoved,
    list,
    introduce,
  };
}

/** A child of Alice's that passes 20 % on to one parent and 10 % to another, which is the order of their ids too. */
export async function deployFamily(connection: NetworkConnection) {
  const context = await deployLedger(connection);
  const [major, minor] = ascending([await context.open(), await context.open()]);
  const child = await context.open({
    parents: [
      [major, 2_000],
      [minor, 1_000],
    ],
  });

  return { ...context, major, minor, child };
}
