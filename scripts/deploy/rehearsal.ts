import { Interface, keccak256 } from "ethers";
import hre from "hardhat";
import { createXAbi } from "../create3.js";
import type { Parameters } from "../parameters.js";
import type { Plan, PlannedName } from "../plan.js";
import type { Factory } from "./factory.js";
import { CannotDeploy } from "./problems.js";

/** What a contract's deployment needs, and what it leaves. */
export interface Rehearsed {
  gas: bigint;
  /** keccak256 of the runtime code, immutables and all. */
  codeHash: string;
  /** What the transaction sends. */
  data: string;
}

/** A deployment as it went in memory. */
export interface Rehearsal {
  contracts: Map<PlannedName, Rehearsed>;
  /** Gas of the copy of CreateX, if one is deployed. */
  factoryGas: bigint;
}

/**
 * Deploys a plan to a chain in memory with the target's chain id, by the same transactions from the same account. So its
 * gas is measured rather than guessed, its code is known to the byte, and a constructor that refuses does so before
 * anything is sent.
 *
 * @throws {CannotDeploy} when a contract refuses to be deployed.
 */
export async function rehearse(
  plan: Plan,
  factory: Factory,
  deployer: string,
  chainId: number,
  { currencies }: Parameters,
): Promise<Rehearsal> {
  const connection = await hre.network.create({ override: { chainId, hardfork: "osaka" } });
  const { ethers, networkHelpers } = connection;
  try {
    await networkHelpers.impersonateAccount(deployer);
    await networkHelpers.setBalance(deployer, 10n ** 24n);
    // The ledger looks at the currencies it lists. They are the target's own, and it has looked at them.
    const { deployedBytecode } = await hre.artifacts.readArtifact("TestToken");
    for (const { address } of currencies) await networkHelpers.setCode(address, deployedBytecode);
    const signer = await ethers.getSigner(deployer);
    const gasOf = async (transaction: { to?: string; data: string }) => {
      const sent = await signer.sendTransaction({ ...transaction, gasLimit: 16_000_000n });

      return (await sent.wait())?.gasUsed ?? 0n;
    };

    let factoryGas = 0n;
    if (factory.missing === undefined) {
      await networkHelpers.setCode(factory.address, factory.code);
    } else {
      await networkHelpers.setNonce(deployer, factory.missing.nonce);
      factoryGas = await gasOf({ data: factory.missing.initCode });
    }
    const createX = new Interface(createXAbi);
    const contracts = new Map<PlannedName, Rehearsed>();
    for (const { name, address, salt, initCode } of plan.contracts) {
      const data = createX.encodeFunctionData("deployCreate3", [salt, initCode]);
      const gas = await gasOf({ to: factory.address, data }).catch((error: Error) => {
        throw new CannotDeploy(
          `${name} refuses to be deployed with these parameters: ${error.message}. Nothing was sent.`,
          { cause: error },
        );
      });
      contracts.set(name, { gas, codeHash: keccak256(await ethers.provider.getCode(address)), data });
    }

    return { contracts, factoryGas };
  } finally {
    await connection.close();
  }
}
