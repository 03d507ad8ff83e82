import { HDNodeWallet, id, JsonRpcProvider, Mnemonic, type Signer } from "ethers";
import { connect, type Registration } from "../../sdk/src/index.js";
import claims from "../../deployments/31337.claims.json" with { type: "json" };
import { TestToken__factory } from "../../types/ethers-contracts/index.js";

/*
 * What pages take for granted: their hidden blocks import it from "#given". The chain has the protocol and a dollar on it,
 * and nothing else; after each page it is as it was.
 */

/** The phrase behind the accounts of every Hardhat node: public, so never send real money to them. */
const PHRASE = Mnemonic.fromPhrase("test test test test test test test test test test test junk");
const MINTED = 1_000_000_000_000n;

export const url = process.env.DOCS_RPC_URL as string;
/** The dollar's address. */
export const usdc = process.env.DOCS_USDC as string;
/** Who was given WEAL at genesis, under one root. */
export { claims };
/** A digest that stands for a document's. */
export const manifestDigest = id("a manifest");

export const provider = new JsonRpcProvider(url, undefined, {
  cacheTimeout: -1,
  batchMaxCount: 1,
  polling: true,
});
provider.pollingInterval = 50;

/** Returns one of the node's accounts, with ETH and a million dollars. The first twelve can be anybody's. */
export async function wallet(index: number): Promise<HDNodeWallet> {
  const found = HDNodeWallet.fromMnemonic(PHRASE, `m/44'/60'/0'/0/${index}`).connect(provider);
  await (await TestToken__factory.connect(usdc, found).mint(found.address, MINTED)).wait();

  return found;
}

/** Registers a model whose shares are all its owner's, in terms that differ from usual ones as given. */
export async function registered(owner: Signer, terms: Partial<Registration> = {}): Promise<string> {
  const { registry } = await connect(owner);
  const { model } = await registry.register({
    kind: "model",
    manifestDigest,
    maxHostBps: 3_000,
    derivatives: { mode: "open", rateBps: 500 },
    holdings: [{ holder: await owner.getAddress(), units: 1_000_000 }],
    ...terms,
  });

  return model;
}

/** Lets the chain's clock go on to a time, in Unix time. */
export async function passTo(time: number): Promise<void> {
  await provider.send("evm_setNextBlockTimestamp", [time]);
  await provider.send("evm_mine", []);
}

/** The time of the chain's last block, in Unix time. */
export async function now(): Promise<number> {
  return ((await provider.getBlock("latest")) as { timestamp: number }).timestamp;
}
