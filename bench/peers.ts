import { SimpleMerkleTree } from "@openzeppelin/merkle-tree";
import { type BaseContract, ContractFactory, concat, keccak256, toBeHex } from "ethers";
import { gasOf } from "../test/helpers/models.js";
import type { Measure } from "./measures.js";
import { compilePeers, type Deployable, publishedArtifact } from "./peers/deployables.js";
import { ODD_AMOUNT, type Scenario, stranger } from "./scenario.js";

const LEAVES = [1_000, 100_000];

/** The peers that npm has, on the chain and with the token that our own figures come from. */
export async function measurePeers(scenario: Scenario): Promise<Measure[]> {
  return [
    ...(await measureToken(scenario)),
    ...(await measurePaymentSplitter(scenario)),
    ...(await measureDistributors(scenario)),
  ];
}

/** The token alone: what is below every payment and every claim. */
async function measureToken({ plain, payer, alice }: Scenario): Promise<Measure[]> {
  const transfer = (to: string) => gasOf(plain.connect(payer).transfer(to, ODD_AMOUNT));

  return [
    { operation: "ERC-20 transfer to a holder", gas: await transfer(alice.address) },
    { operation: "ERC-20 transfer to a new account", gas: await transfer(stranger(0)) },
  ];
}

/** OpenZeppelin 4.9's PaymentSplitter. It is paid by a plain transfer, and each payee releases its own part. */
async function measurePaymentSplitter(scenario: Scenario): Promise<Measure[]> {
  const { plain, token, alice, bob, payer } = scenario;
  const artifact = publishedArtifact("@openzeppelin/contracts-v4/build/contracts/PaymentSplitter.json");
  const create = (payees: string[]) => {
    const shares = payees.map((_, i) => 333_333 + i);

    return deploy(scenario, artifact, payees, shares);
  };
  const forTwo = await create([alice.address, bob.address]);
  const forHundred = await create(Array.from({ length: 100 }, (_, i) => stranger(i)));
  const pay = () => gasOf(plain.connect(payer).transfer(forTwo.target, ODD_AMOUNT));
  const release = () => gasOf(forTwo.getFunction("release(address,address)").send(token, alice.address));

  await pay();
  await release();
  const paid = await pay();

  return [
    { operation: "PaymentSplitter: create for 2", gas: await gasOfCreation(forTwo) },
    { operation: "PaymentSplitter: create for 100", gas: await gasOfCreation(forHundred) },
    { operation: "PaymentSplitter: pay ERC-20, repeat", gas: paid },
    { operation: "PaymentSplitter: release ERC-20, repeat", gas: await release() },
  ];
}

/**
 * Merkle distributors: Uniswap's as published, and the same written with the libraries of OpenZeppelin 5.7 and Solady.
 * A leaf is claimed once. Its account holds some of the token; its bit is the first of its word, or a later one.
 */
async function measureDistributors(scenario: Scenario): Promise<Measure[]> {
  const { plain, token } = scenario;
  const [openZeppelin, solady] = compilePeers("OpenZeppelinDistributor", "SoladyDistributor");
  const peers: [name: string, deployable: Deployable][] = [
    ["Uniswap", publishedArtifact("@uniswap/merkle-distributor/build/MerkleDistributor.json")],
    ["OpenZeppelin 5.7", openZeppelin],
    ["Solady", solady],
  ];

  const measures: Measure[] = [];
  for (const count of LEAVES) {
    const { root, proofOf, first } = distributionTo(count);
    for (const index of [first, first + 1]) await plain.mint(stranger(index), 1n);
    for (const [name, deployable] of peers) {
      const distributor = await deploy(scenario, deployable, token, root);
      // More than is claimed, since an emptied balance would earn the last claim a refund.
      await plain.mint(distributor.target, 3n * ODD_AMOUNT);
      const claim = (index: number) =>
        gasOf(distributor.getFunction("claim").send(index, stranger(index), ODD_AMOUNT, proofOf(index)));
      const operation = `${name}: Merkle claim, ${count.toLocaleString("en")} leaves`;
      measures.push({ operation: `${operation}, first of a word`, gas: await claim(first) });
      measures.push({ operation: `${operation}, later`, gas: await claim(first + 1) });
    }
  }
  return measures;
}

/** A tree of so many leaves, hashed as Uniswap does it. `first` begins a word of the bitmap, about halfway. */
function distributionTo(count: number) {
  const leaves = Array.from({ length: count }, (_, index) =>
    keccak256(concat([toBeHex(index, 32), stranger(index), toBeHex(ODD_AMOUNT, 32)])),
  );
  const tree = SimpleMerkleTree.of(leaves, { sortLeaves: false });

  return { root: tree.root, proofOf: (index: number) => tree.getProof(index), first: Math.floor(count / 512) * 256 };
}

async function deploy({ payer }: Scenario, { abi, bytecode }: Deployable, ...args: unknown[]) {
  const contract = await new ContractFactory(abi, bytecode, payer).deploy(...args);

  return contract.waitForDeployment();
}

async function gasOfCreation(contract: BaseContract): Promise<bigint> {
  const creation = contract.deploymentTransaction();
  if (creation === null) throw new Error("The contract was not deployed here");

  return gasOf(Promise.resolve(creation));
}
