import { type RecoverKey, recoverByEthers } from "./signatures.js";

/** libsecp256k1 in WebAssembly; optional, like `pg`. */
const PACKAGE = "tiny-secp256k1";

/**
 * Returns the fastest way at hand to recover a key: the package `tiny-secp256k1` if it is installed, or else ethers, which
 * takes several times as long and is most of what a call costs.
 */
export async function recoverAtHand(): Promise<RecoverKey> {
  const { recover } = await import(PACKAGE).catch(() => ({ recover: undefined }));
  if (typeof recover !== "function") return recoverByEthers;

  return (...signed) => {
    try {
      return recover(...signed);
    } catch {
      // It throws where ethers does: at what is no signature at all.
      return null;
    }
  };
}
