import { createSHA256 } from "hash-wasm";

/** A sha-256 that takes its bytes piece by piece. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown;
  digest(): Uint8Array;
}

/** The two ways in which one stream is hashed; they belong to that stream alone. */
export interface Hashing {
  readonly whole: Sha256;
  /** Takes bytes at once, and copies them before it returns. */
  once(bytes: Uint8Array<ArrayBuffer>): Uint8Array | Promise<Uint8Array>;
}

/**
 * Returns sha-256 for browsers and anything else that has WebAssembly. WebCrypto cannot hash a stream, and JavaScript takes
 * several times as long (`bench/manifests.md`).
 */
export async function webHashing(): Promise<Hashing> {
  const wasm = (await createSHA256()).init();

  return {
    whole: { update: (bytes) => wasm.update(bytes), digest: () => wasm.digest("binary") },
    once: await webOnce(),
  };
}

/** Returns WebCrypto's sha-256, which hashes on a thread of its own, or another one where a page may not use it. */
export async function webOnce(): Promise<Hashing["once"]> {
  const subtle = globalThis.crypto?.subtle as typeof globalThis.crypto.subtle | undefined;
  if (subtle !== undefined) return async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));
  const wasm = await createSHA256();

  return (bytes) => wasm.init().update(bytes).digest("binary");
}

/** Writes bytes as hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");

  return text;
}

/** Reads hexadecimal digits, of which there must be an even number. */
export function fromHex(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);

  return bytes;
}
