import type { PaymentPayload, PaymentRequirements } from "@x402/core/types";
import { Contract, isAddress, isHexString, type Provider } from "ethers";
import { Refusal } from "./refusals.js";

/** An ERC-3009 authorization, as x402's `exact` carries it. */
interface Authorization {
  from: string;
  to: string;
  value: string;
  validAfter: string;
  validBefore: string;
  nonce: string;
}

/** Why a payment is not good: a code of `@x402/evm`, and words. */
export interface Reason {
  code: string;
  message?: string;
}

const WORDS: Readonly<Record<string, string>> = {
  invalid_exact_evm_nonce_already_used: "The authorization was used already: sign another, with a new nonce.",
  invalid_exact_evm_insufficient_balance:
    "The payer holds too little of the currency: get more, or pay from elsewhere.",
  invalid_exact_evm_signature: "The signature is not the payer's: sign the authorization as this answer asks.",
  invalid_exact_evm_recipient_mismatch: "The authorization pays somebody else: it must pay payTo.",
  invalid_exact_evm_payload_authorization_value_mismatch:
    "The authorization is for another sum: it must be the amount.",
  invalid_exact_evm_payload_authorization_valid_before: "The authorization has expired: sign another.",
  invalid_exact_evm_payload_authorization_valid_after:
    "The authorization does not serve yet: sign one that serves now.",
  invalid_exact_evm_transaction_simulation_failed:
    "The payment would fail on the chain: see that the currency takes the payer's kind of signature, and sign another.",
  eip6492_factory_not_allowed: "The payer's wallet is not deployed: deploy it first.",
};

const TOKEN_ABI = [
  "function authorizationState(address, bytes32) view returns (bool)",
  "function balanceOf(address) view returns (uint256)",
];

/** Codes behind which there is a better one: x402 asks a contract for it that not every chain has. */
const UNEXPLAINED = ["invalid_exact_evm_transaction_simulation_failed", "invalid_exact_evm_transaction_failed"];

/**
 * Reads an authorization, and a key that no other has.
 *
 * @throws {Refusal} `payment_malformed`.
 */
export function authorizationOf({ payload }: PaymentPayload): Authorization & { key: string } {
  const { authorization = {}, signature } = payload as { authorization?: Partial<Authorization>; signature?: unknown };
  const { from, to, value, validAfter, validBefore, nonce } = authorization;
  const isWhole = (text: unknown) => typeof text === "string" && /^\d{1,78}$/.test(text);
  const isGood =
    [from, to].every((address) => isAddress(address)) &&
    [value, validAfter, validBefore].every(isWhole) &&
    isHexString(nonce, 32) &&
    isHexString(signature);
  if (!isGood) {
    const message = "The payment has no authorization (ERC-3009) with its signature: give one as this answer asks.";
    throw new Refusal("payment_malformed", message);
  }

  return { ...(authorization as Authorization), key: `${from}:${nonce}`.toLowerCase() };
}

/** Says why an authorization is not taken. */
export async function explainExact(
  reason: Reason,
  payload: PaymentPayload,
  { asset }: PaymentRequirements,
  provider: Provider,
): Promise<Reason> {
  const code = UNEXPLAINED.includes(reason.code) ? await askToken(reason.code, payload, asset, provider) : reason.code;

  return { code, message: WORDS[code] ?? reason.message };
}

async function askToken(code: string, payload: PaymentPayload, asset: string, provider: Provider): Promise<string> {
  const token = new Contract(asset, TOKEN_ABI, provider);
  const { from, nonce, value } = authorizationOf(payload);
  try {
    if (await token.authorizationState(from, nonce)) return "invalid_exact_evm_nonce_already_used";
    if ((await token.balanceOf(from)) < BigInt(value)) return "invalid_exact_evm_insufficient_balance";
  } catch {
    // The token does not say: what is known must do.
  }

  return code;
}
