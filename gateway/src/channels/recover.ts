import { recover } from "tiny-secp256k1";
import type { RecoverKey } from "./signatures.js";

/** By libsecp256k1 in WebAssembly: several times as fast as by ethers, and that is most of what a call costs. */
export const recoverByLibrary: RecoverKey = (...signed) => {
  try {
    return recover(...signed);
  } catch {
    // It throws at what is no signature at all.
    return null;
  }
};
