import hre from "hardhat";
import { ETH, freshSalt, gasOf, NO_REF } from "../test/helpers/models.js";
import type { RoyaltyLedger, TestToken } from "../types/ethers-contracts/index.js";
import type { Measure } from "./measures.js";

/** The most that one transaction may use on Ethereum, by EIP-7825. */
const MAX_TRANSACTION = 16_777_216;

const PARENTS = 16;
const CURRENCIES = 16;
const AMOUNT = 1_000_000_007n;

/**
 * What can cost most: 16 currencies, in all of which a model with 16 parents has income that waits, and parents and
 * accounts that have none of them yet.
 */
export async function measureWorstCases(): Promise<Measure[]> {
  const { ethers, networkHelpers } = await hre.network.create();
  const [deployer, bob] = await ethers.getSigners();
  const tokens: TestToken[] = [];
  for (let i = 1; i < CURRENCIES; i++) {
    tokens.push((await ethers.deployContract("PlainToken")) as unknown as TestToken);
  }
  const addresses = await Promise.all(tokens.map((token) => token.getAddress()));
  const ledger = (await ethers.deployContract("RoyaltyLedger", [
    deployer.address,
    100,
    addresses,
  ])) as unknown as RoyaltyLedger;
  for (const token of tokens) {
    await token.mint(deployer, 100n * AMOUNT);
    await token.approve(ledger, 100n * AMOUNT);
  }
  const until = (await networkHelpers.time.latest()) + 10_000;
  const holdings = [{ holder: deployer.address, units: 1_000_000 }];
  const open = async (edges: { parent: string; rateBps: number; until: number }[]) => {
    const salt = freshSalt();
    await ledger.open(salt, edges, 0, holdings, []);
    return ledger.modelIdOf(deployer.address, salt);
  };
  const parents: string[] = [];
  for (let i = 0; i < PARENTS; i++) parents.push(await open([]));
  parents.sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1));
  const family = () => open(parents.map((parent, i) => ({ parent, rateBps: 301 + i, until })));
  const payAll = async (model: string) => {
    await ledger.pay(model, ETH, AMOUNT, NO_REF, { value: AMOUNT });
    for (const address of addresses) await ledger.pay(model, address, AMOUNT, NO_REF);
  };

  const [first, second] = [await family(), await family()];
  await payAll(first);
  const transfer = await gasOf(ledger.transfer(bob.address, first, 101n));
  await networkHelpers.time.increaseTo(until + 1);
  const retiredFirst = await gasOf(ledger.retire(first));
  // Their parents have all currencies now.
  await payAll(second);

  return [
    {
      operation: "share transfer, 16 currencies, to a new holder",
      gas: transfer,
      bound: 1_000_000,
    },
    {
      operation: "retire 16 edges, 16 currencies, whose parents had none of them",
      gas: retiredFirst,
      bound: MAX_TRANSACTION,
    },
    {
      operation: "retire 16 edges, 16 currencies, repeat",
      gas: await gasOf(ledger.retire(second)),
      bound: MAX_TRANSACTION,
    },
  ];
}
