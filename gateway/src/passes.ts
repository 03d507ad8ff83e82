import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { PaywallMisconfigured, Refusal } from "./refusals.js";

/** What a pass is for; nothing else of it can be used elsewhere. */
export type Pass =
  | {
      kind: "file";
      /** Its path, as it was asked for. */
      path: string;
      /** The version of the file. */
      etag: string;
      /** In Unix time. */
      until: number;
    }
  | { kind: "license"; account: string; until: number };

/** Signs what only this gateway can have said. */
export interface Seal {
  /** Returns 32 hex digits. */
  tag(text: string): string;
  issue(pass: Pass): string;
  /**
   * Reads a pass.
   *
   * @throws {Refusal} `pass_invalid`, `pass_expired`.
   */
  read(text: string): Pass;
}

const MIN_SECRET = 32;
/** What is longer is no pass of this gateway; a path has 4,096 bytes at most. */
const MAX_PASS = 8_192;

/**
 * Returns a seal by HMAC-SHA-256.
 *
 * @throws {PaywallMisconfigured} when the secret is short.
 */
export function sealOf(secret: string = randomBytes(32).toString("hex"), now: () => number = Date.now): Seal {
  if (secret.length < MIN_SECRET) {
    throw new PaywallMisconfigured(
      `The secret has ${secret.length} characters: give ${MIN_SECRET} or more, at random.`,
    );
  }
  const mac = (purpose: string, text: string) => createHmac("sha256", secret).update(`${purpose}\n${text}`).digest();

  return {
    tag: (text) => mac("tag", text).toString("hex").slice(0, 32),

    issue(pass) {
      const body = Buffer.from(JSON.stringify(pass)).toString("base64url");

      return `${body}.${mac("pass", body).toString("base64url")}`;
    },

    read(text) {
      const [body, signature = "", ...rest] = text.length > MAX_PASS ? [""] : text.split(".");
      const given = Buffer.from(signature, "base64url");
      const expected = mac("pass", body);
      if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) {
        throw new Refusal("pass_invalid", "The pass is not one of this gateway: pay, or sign in again.");
      }
      const pass = JSON.parse(Buffer.from(body, "base64url").toString()) as Pass;
      if (pass.until * 1_000 > now()) return pass;

      throw new Refusal("pass_expired", "The pass has expired: pay, or sign in again.");
    },
  };
}

/** Returns when what begins now ends, in Unix time. */
export function unixIn(seconds: number, now: () => number = Date.now): number {
  return Math.floor(now() / 1_000) + seconds;
}
