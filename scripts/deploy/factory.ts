import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { formatEther, getCreateAddress, keccak256, type Provider } from "ethers";
import hre from "hardhat";
import { CREATEX, CREATEX_CODE_HASH, CREATEX_SIGNER } from "../create3.js";
import { CannotDeploy } from "./problems.js";

/** What deploys the protocol: CreateX, or a copy of it that the deployer deploys first. */
export interface Factory {
  address: string;
  code: string;
  /** How the copy is deployed, if it is not there yet: by the transaction with this nonce. */
  missing?: { nonce: number; initCode: string };
}

/** How `--strategy` names the two. */
export type Strategy = "create3" | "plain";

/** Nonces that are looked at for a copy; a deployer that sent more since starts a new one. */
const SEARCHED_NONCES = 1_000;

/**
 * Returns what will deploy the protocol.
 *
 * @throws {CannotDeploy} when CreateX is asked for and is not on the chain.
 */
export async function factoryOf(strategy: Strategy, provider: Provider, deployer: string): Promise<Factory> {
  if (strategy === "plain") return copyOf(provider, deployer);

  const code = await provider.getCode(CREATEX);
  if (code === "0x") throw new CannotDeploy(missingMessage());
  if (keccak256(code) !== CREATEX_CODE_HASH) {
    throw new CannotDeploy(
      `The contract at ${CREATEX} is not CreateX; do not deploy through it. Add --strategy plain to deploy without it.`,
    );
  }

  return { address: CREATEX, code };
}

/** CreateX's init code and runtime code: Ignition puts it on chain 31337, so it is taken from one in memory. */
export async function createXCodes(): Promise<{ initCode: string; code: string }> {
  const connection = await hre.network.create({ override: { chainId: 31_337 } });
  try {
    const { provider } = connection.ethers;
    const nothing = buildModule("Nothing", (m) => ({ createX: m.contractAt("WealToken", CREATEX) }));
    await connection.ignition.deploy(nothing, {
      strategy: "create2",
      strategyConfig: { salt: "0x".padEnd(66, "0") },
    });
    for (let number = await provider.getBlockNumber(); number > 0; --number) {
      const block = await provider.getBlock(number, true);
      const creation = block?.prefetchedTransactions.find(({ to }) => to === null);
      if (creation !== undefined) return { initCode: creation.data, code: await provider.getCode(CREATEX) };
    }
  } finally {
    await connection.close();
  }

  throw new CannotDeploy("This version of Ignition puts no CreateX on chain 31337; install the one of pnpm-lock.yaml.");
}

/** Finds the deployer's copy of CreateX by its code, or says where the next transaction would put it. */
async function copyOf(provider: Provider, deployer: string): Promise<Factory> {
  const { initCode, code } = await createXCodes();
  // CreateX keeps its own address in its code, as what it was deployed at.
  const codeAt = (address: string) => code.replaceAll(CREATEX.slice(2).toLowerCase(), address.slice(2).toLowerCase());
  const count = await provider.getTransactionCount(deployer);
  for (let nonce = count - 1; nonce >= Math.max(0, count - SEARCHED_NONCES); --nonce) {
    const address = getCreateAddress({ from: deployer, nonce });
    if ((await provider.getCode(address)) === codeAt(address)) return { address, code: codeAt(address) };
  }
  const address = getCreateAddress({ from: deployer, nonce: count });

  return { address, code: codeAt(address), missing: { nonce: count, initCode } };
}

function missingMessage(): string {
  // The presigned transaction: 3,000,000 gas at 100 gwei.
  const cost = formatEther(3_000_000n * 100_000_000_000n);

  return [
    `CreateX is not on this chain: there is no code at ${CREATEX}, and the same addresses on every chain need it.`,
    "Either have it put there. Its author signed a transaction that anybody may send, with no key of theirs:",
    `send ${cost} ETH to ${CREATEX_SIGNER}, whose nonce must be 0, then send the raw transaction of`,
    "https://github.com/pcaversaccio/createx#new-deployments to a node that takes transactions without a chain id.",
    "Where none does, ask there for a deployment: the author keeps the key.",
    "Or add --strategy plain: the deployer deploys a copy of CreateX first. Everything else is the same, but addresses are",
    "others than on other chains.",
  ].join("\n");
}
