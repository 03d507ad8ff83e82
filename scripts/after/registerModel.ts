import { parseUnits, toUtf8Bytes, ZeroAddress } from "ethers";
import hre from "hardhat";
import type { Commonweal } from "../../sdk/src/index.js";
import { hashStream } from "../../sdk/src/manifest/node.js";
import { seal } from "../story/manifest.js";
import type { Session } from "./session.js";

const README = "A model that is none: it shows that registering, paying and claiming work on this chain.\n";

/**
 * Registers a model with one file, whose shares are all the account's, for others to pay and to build upon.
 *
 * @returns Its id, which is the address that is paid.
 */
export async function registerModel({ account, chainId, say }: Session, commonweal: Commonweal): Promise<string> {
  const { digest, mirrorURI } = await seal({
    name: "Sample model",
    description: "Shows that Commonweal works on this chain.",
    license: "MIT",
    source: mirrorOf(README),
    files: [await hashStream([toUtf8Bytes(README)], { path: "README.md" })],
  });
  const { model } = await commonweal.registry.register({
    kind: "model",
    manifestDigest: digest,
    mirrorURI,
    derivatives: { mode: "open" },
    holdings: [{ holder: account, units: 1_000_000 }],
  });

  say(`Registered as ${model}, which is also where it is paid.`);
  for (const link of await paymentLinks(commonweal, chainId, model)) say(`  ${link}`);
  const explorer = hre.config.chainDescriptors.get(chainId)?.blockExplorers.blockscout?.url;
  if (explorer !== undefined) say(`  ${explorer}/address/${model}`);
  say("Then: royalties.claim, or deposits.sweep for what was sent to the address.");

  return model;
}

/** Returns links that wallets open (ERC-681): a thousandth of the chain's coin, one of each listed token. */
async function paymentLinks({ contracts }: Commonweal, chainId: bigint, model: string): Promise<string[]> {
  const [, ...tokens] = await contracts.RoyaltyLedger.currencies();
  const coin = `ethereum:${model}@${chainId}?value=${parseUnits("0.001", 18)}`;
  const links = tokens
    .filter((token) => token !== ZeroAddress)
    .map(async (token) => {
      const decimals = await contracts.WealToken.attach(token).getFunction("decimals").staticCall();

      return `ethereum:${token}@${chainId}/transfer?address=${model}&uint256=${10n ** BigInt(decimals)}`;
    });

  return [coin, ...(await Promise.all(links))];
}

function mirrorOf(text: string): string {
  return `data:text/markdown;base64,${Buffer.from(text).toString("base64")}`;
}
