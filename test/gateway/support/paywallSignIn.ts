import { createSIWxPayload, encodeSIWxHeader, type SIWxPayload } from "@x402/extensions/sign-in-with-x";
import type { Wallet } from "ethers";
import { requiredBy } from "./paywallWorld.js";

export type Challenge = Parameters<typeof createSIWxPayload>[0];

/** Signs a 402's challenge as an account does; `change` makes it wrong. */
export async function signed(
  url: string,
  wallet: Wallet,
  {
    address = wallet.address,
    change = (challenge: Challenge) => challenge as object,
    after = (payload: SIWxPayload) => payload as object,
  } = {},
) {
  const { extensions = {} } = requiredBy(await fetch(url));
  const { info } = extensions["sign-in-with-x"] as { info: Challenge };
  const challenge = change({ ...info, chainId: "eip155:31337", type: "eip191" }) as Challenge;
  const { uri } = challenge;
  const signer = {
    address,
    signMessage: ({ message }: { message: string }) => wallet.signMessage(message),
  };
  const payload = after(await createSIWxPayload(challenge, signer, new URL(uri)));

  return { "sign-in-with-x": encodeSIWxHeader(payload as SIWxPayload) };
}
