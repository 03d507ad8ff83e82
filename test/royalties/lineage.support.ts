import { expect } from "chai";
import type { BaseContract, ContractTransactionResponse, Signer } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { RoyaltyLedger, TestToken } from "../../types/ethers-contracts/index.js";
import { ETH, freshSalt, NO_REF, TOTAL_SHARES } from "../helpers/models.js";

/** The most that a model can receive in one currency: 2¹¹² − 1. */
const CAP = (1n << 112n) - 1n;

/** The fee that the tests' ledgers start with. */
export const FEE_BPS = 100n;

/** The currencies that a behaviour is shown in. */
export const CURRENCIES = ["ETH", "USDC"] as const;

interface Edge {
  parent: string;
  rateBps: number;
  until?: number;
}

interface Holding {
  holder: string;
  units: number;
}

/** A currency as tests use it: where ETH and an ERC-20 differ, this does not. */
interface Purse {
  currency: string;
  /** Pays as the payer. */
  pay(model: string, amount: bigint, ref?: string): Promise<ContractTransactionResponse>;
  payMany(models: string[], amounts: bigint[], ref?: string): Promise<ContractTransactionResponse>;
  balanceOf(account: string): Promise<bigint>;
  /** Asserts by how much a transaction changes balances in this currency. */
  expectMoved(
    transaction: Promise<ContractTransactionResponse>,
    accounts: (Signer | string | BaseContract)[],
    changes: bigint[],
  ): Promise<void>;
}

/** A ledger by itself: anyone may open models in it, and an ordinary account governs. */
export async function deployLedger(connection: NetworkConnection) {
  const { ethers } = connection;
  const [deployer, governance, registrar, payer, alice, bob, carol, stranger] = await ethers.getSigners();

  const usdc = (await ethers.deployContract("TestToken", ["Test USD Coin", "USDC", 6])) as unknown as TestToken;
  const contract = await ethers.deployContract("RoyaltyLedger", [
    governance.address,
    FEE_BPS,
    [await usdc.getAddress()],
  ]);
  const ledger = (contract as unknown as RoyaltyLedger).connect(registrar);
  const address = await ledger.getAddress();

  return {
    ethers,
    ledger,
    address,
    usdc,
    deployer,
    governance,
    registrar,
    payer,
    alice,
    bob,
    carol,
    stranger,
    purses: {
      ETH: ethPurse(connection, ledger.connect(payer)),
      USDC: await tokenPurse(connection, ledger.connect(payer), usdc.connect(payer)),
    },
  };
}

/** Opens a model as the account that `ledger` is connected to, and returns its id. */
export async function openModel(
  ledger: RoyaltyLedger,
  options: { salt?: string; edges?: Edge[]; maxHostBps?: number; holdings?: Holding[] } = {},
): Promise<string> {
  const registrar = await (ledger.runner as Signer).getAddress();
  const { salt = freshSalt(), edges = [], maxHostBps = 0 } = options;
  const { holdings = [{ holder: registrar, units: Number(TOTAL_SHARES) }] } = options;
  await ledger.open(salt, sorted(edges), maxHostBps, holdings, []);

  return ledger.modelIdOf(registrar, salt);
}

/** Sorts edges as the ledger asks for them. */
function sorted(edges: Edge[]): Required<Edge>[] {
  return edges.map((edge) => ({ until: 0, ...edge })).sort((a, b) => (BigInt(a.parent) < BigInt(b.parent) ? -1 : 1));
}

function ethPurse({ ethers }: NetworkConnection, ledger: RoyaltyLedger): Purse {
  return {
    currency: ETH,
    pay: (model, amount, ref = NO_REF) => ledger.pay(model, ETH, amount, ref, { value: amount }),
    payMany: (models, amounts, ref = NO_REF) =>
      ledger.payMany(models, ETH, amounts, ref, { value: amounts.reduce((sum, amount) => sum + amount, 0n) }),
    balanceOf: (account) => ethers.provider.getBalance(account),
    async expectMoved(transaction, accounts, changes) {
      await expect(transaction).to.changeEtherBalances(ethers, accounts, changes);
    },
  };
}

/** Pays in a token of which the payer has, and lets the ledger take, as much as there can be. */
async function tokenPurse({ ethers }: NetworkConnection, ledger: RoyaltyLedger, token: TestToken): Promise<Purse> {
  const currency = await token.getAddress();
  await token.mint(await (ledger.runner as Signer).getAddress(), 4n * CAP);
  await token.approve(await ledger.getAddress(), 4n * CAP);

  return {
    currency,
    pay: (model, amount, ref = NO_REF) => ledger.pay(model, currency, amount, ref),
    payMany: (models, amounts, ref = NO_REF) => ledger.payMany(models, currency, amounts, ref),
    balanceOf: (account) => token.balanceOf(account),
    async expectMoved(transaction, accounts, changes) {
      await expect(transaction).to.changeTokenBalances(ethers, token, accounts, changes);
    },
  };
}
