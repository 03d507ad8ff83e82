import { randomBytes } from "node:crypto";
import {
  createSIWxResourceServerExtension,
  declareSIWxExtension,
  InMemorySIWxStorage,
  parseSIWxHeader,
  SIGN_IN_WITH_X,
  type SIWxExtension,
  type SIWxPayload,
  validateSIWxMessage,
  verifySIWxSignature,
} from "@x402/extensions/sign-in-with-x";
import type { Commonweal, LicenseEnd } from "@commonweal/sdk";
import { Contract, getAddress, hashMessage, type Provider, verifyMessage } from "ethers";
import type { Seal } from "./passes.js";
import type { Asked, Extension } from "./payments.js";
import { providerOf } from "./pricing.js";
import { PaywallMisconfigured, reasonOf, Refusal } from "./refusals.js";

/** Lets holders of a licence pass. */
export interface Licenses {
  /** The challenge in a 402. */
  extension: Extension;
  /**
   * Takes a signed challenge, once.
   *
   * @returns the account that signed it, which has a licence.
   * @throws {Refusal} that says why it is not let pass.
   */
  signIn(asked: Asked, header: string): Promise<string>;
  /**
   * Looks whether an account has a licence, from a short memory.
   *
   * @throws {Refusal} `not_licensed`, `license_ended`.
   */
  require(account: string): Promise<void>;
}

interface LicensesSettings {
  commonweal: Commonweal;
  model: string;
  /** Where clients find this server. */
  origin: string;
  /** For how long a licence that was looked up counts. */
  cacheSeconds: number;
  seal: Seal;
  now?(): number;
}

/** Seconds in which a challenge must be signed. */
const CHALLENGE_TIME = 300;
const MAX_ACCOUNTS = 10_000;
/** `isValidSignature` of ERC-1271. */
const MAGIC = "0x1626ba7e";

/** Returns sign-in-with-x for one model's licences. */
export function licensesOf({
  commonweal,
  model,
  origin,
  cacheSeconds,
  seal,
  now = Date.now,
}: LicensesSettings): Licenses {
  const home = originOf(origin);
  const chain = `eip155:${commonweal.chainId}`;
  const declaration = declareSIWxExtension({
    statement: "Show that you hold a licence of this model. It costs nothing.",
    network: chain,
    expirationSeconds: CHALLENGE_TIME,
  })[SIGN_IN_WITH_X];
  // Of the published extension only the challenge is of use: it lets pass whoever has paid once.
  const published = createSIWxResourceServerExtension({ storage: new InMemorySIWxStorage(), origin });
  /** Challenges that let somebody pass, and until when they would. */
  const used = new Map<string, number>();
  const known = new Map<string, { refusal?: Refusal; at: number }>();

  /** What a challenge's nonce seals: nobody can make one, or use it elsewhere. */
  const sealed = (random: string, { uri, issuedAt }: Pick<SIWxPayload, "uri" | "issuedAt">) =>
    `${random}${seal.tag(`${random} ${uri} ${issuedAt}`)}`;

  const extension: Extension = {
    key: SIGN_IN_WITH_X,
    async declare(asked) {
      const context = { resourceInfo: { url: asked.url.href }, requirements: [] };
      const challenge = (await published.enrichPaymentRequiredResponse?.(
        declaration,
        context as unknown as Parameters<NonNullable<typeof published.enrichPaymentRequiredResponse>>[1],
      )) as SIWxExtension;
      const nonce = sealed(randomBytes(8).toString("hex"), challenge.info);

      return { ...challenge, info: { ...challenge.info, nonce } };
    },
  };

  /** Requires that the challenge is this gateway's, for this request, and not too old. */
  async function requireOwn(payload: SIWxPayload, asked: Asked): Promise<void> {
    const invalid = (why: string) =>
      new Refusal("sign_in_invalid", `The signed challenge does not serve here (${why}): sign the one of this answer.`);
    const validation = await validateSIWxMessage(payload, home, { maxAge: CHALLENGE_TIME * 1_000 });
    if (!validation.isValid) throw invalid(validation.invalidMessage);
    if (payload.chainId !== chain) throw invalid(`it is for ${payload.chainId}, and the licences are on ${chain}`);

    const { pathname, search } = new URL(payload.uri);
    if (pathname !== asked.url.pathname || search !== asked.url.search) throw invalid(`it is for ${payload.uri}`);
    if (payload.nonce !== sealed(payload.nonce.slice(0, 16), payload))
      throw invalid("its nonce is not of this gateway");
  }

  function takeOnce(nonce: string): void {
    const at = now();
    for (const [old, until] of used) {
      if (until > at) break;
      used.delete(old);
    }
    if (used.has(nonce)) {
      throw new Refusal("sign_in_used", "This signed challenge was used already: sign the one of this answer.");
    }
    used.set(nonce, at + CHALLENGE_TIME * 1_000);
  }

  async function look(account: string): Promise<Refusal | undefined> {
    const { licensing } = commonweal;
    if (await licensing.isLicensed({ model, account })) return undefined;
    const end = await licensing.licensedUntil({ model, account });

    return end === undefined || end === "never"
      ? new Refusal("not_licensed", `${account} has no licence of this model: buy one, or pay for the call.`)
      : new Refusal(
          "license_ended",
          `The licence of ${account} ended at ${dateOf(end)}: extend it, or pay for the call.`,
        );
  }

  async function requireLicense(account: string): Promise<void> {
    const remembered = known.get(account);
    if (remembered === undefined || now() - remembered.at > cacheSeconds * 1_000) {
      known.delete(account);
      if (known.size >= MAX_ACCOUNTS) known.delete(known.keys().next().value as string);
      known.set(account, { refusal: await fromChain(look(account)), at: now() });
    }
    const refusal = known.get(account)?.refusal;
    // A new one each time: it has a stack, and may be changed.
    if (refusal !== undefined) throw new Refusal(refusal.code, refusal.message);
  }

  return {
    extension,

    async signIn(asked, header) {
      const payload = payloadOf(header);
      await requireOwn(payload, asked);
      const evmVerifier = (signed: Parameters<typeof isSignedBy>[1]) =>
        fromChain(isSignedBy(providerOf(commonweal), signed));
      const verification = await verifySIWxSignature(payload, { evmVerifier }).catch((error: unknown) => {
        throw new Refusal(
          "sign_in_malformed",
          `The challenge is not one of Ethereum's (${reasonOf(error)}): sign it anew.`,
        );
      });
      if (!verification.isValid) {
        const message = `The challenge is not signed by ${payload.address}: sign it with that account.`;
        throw verification.invalidReason === "invalid_siwx_verifier_error"
          ? new Refusal("chain_unavailable", `${verification.invalidMessage}: try again.`, { "Retry-After": "5" })
          : new Refusal("sign_in_invalid", message);
      }
      const account = getAddress(payload.address);
      await requireLicense(account);
      takeOnce(payload.nonce);

      return account;
    },

    require: requireLicense,
  };
}

function originOf(origin: string): URL {
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`) return url;

  throw new PaywallMisconfigured(`origin is ${origin}: give scheme and host alone, such as https://api.example.`);
}

function payloadOf(header: string): SIWxPayload {
  try {
    return parseSIWxHeader(header);
  } catch (error) {
    throw new Refusal(
      "sign_in_malformed",
      `${reasonOf(error)}: sign the challenge of this answer.`,
      {},
      { cause: error },
    );
  }
}

/** By its key, as most are; otherwise by the contract that is there (ERC-1271). */
async function isSignedBy(
  provider: Provider,
  { address, message, signature }: { address: string; message: string; signature: string },
): Promise<boolean> {
  try {
    if (verifyMessage(message, signature) === getAddress(address)) return true;
  } catch {
    // No signature by a key.
  }
  if ((await provider.getCode(address)) === "0x") return false;

  const wallet = new Contract(address, ["function isValidSignature(bytes32, bytes) view returns (bytes4)"], provider);
  try {
    return (await wallet.isValidSignature(hashMessage(message), signature)) === MAGIC;
  } catch {
    return false;
  }
}

async function fromChain<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    const message = `The licence cannot be looked up (${reasonOf(error)}): try again.`;
    throw new Refusal("chain_unavailable", message, { "Retry-After": "5" }, { cause: error });
  }
}

function dateOf(end: Exclude<LicenseEnd, "never">): string {
  return new Date(end * 1_000).toISOString();
}
