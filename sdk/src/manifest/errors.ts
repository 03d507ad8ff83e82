import { CommonwealError, describe } from "../errors.js";

/** A manifest, or a list of files, does not say what it has to. */
export class ManifestInvalid extends CommonwealError {
  /**
   * @param location Where, as a path through the document such as `files[3].size`.
   * @param value What stands there.
   * @param expected What to write there instead.
   */
  constructor(
    readonly location: string,
    readonly value: unknown,
    readonly expected: string,
    options?: ErrorOptions,
  ) {
    super(`${location} is ${describe(value)}; write ${expected}.`, options);
  }
}

/** A path cannot stand in a manifest: somewhere it would mean another file, or one outside of the folder. */
export class FilePathInvalid extends CommonwealError {
  constructor(
    readonly path: unknown,
    readonly problem: string,
  ) {
    super(`The path ${describe(path)} ${problem}; rename the file.`);
  }
}

/** A licence is no SPDX expression. */
export class LicenseInvalid extends CommonwealError {
  constructor(
    readonly license: unknown,
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(
      `The licence ${describe(license)} ${problem}; write an SPDX expression such as "Apache-2.0" (https://spdx.org/licenses), ` +
        'or "LicenseRef-" with a name of your own and the digest of its text in licenseTexts.',
      options,
    );
  }
}

/** A document does not have the digest that was registered for it. */
export class DigestMismatch extends CommonwealError {
  constructor(
    readonly document: "manifest" | "list of files",
    readonly expected: string,
    readonly actual: string,
  ) {
    super(`The ${document} has the digest ${actual} and not ${expected}: fetch it from elsewhere.`);
  }
}

/** A proof does not show that the bytes are a file's. */
export class RangeUnproved extends CommonwealError {
  constructor(readonly problem: string) {
    super(`The bytes are not proved to be the file's: ${problem}; fetch bytes and proof from elsewhere.`);
  }
}

/* FILES */

/** A file could not be read. */
export class FileUnreadable extends CommonwealError {
  constructor(
    readonly path: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${path} cannot be read: ${reason}; check that it is there and that you may read it.`, options);
  }
}

/** A file was written to while it was read. */
export class FileChanged extends CommonwealError {
  constructor(readonly path: string) {
    super(`${path} changed while it was read: stop what writes to it, and try again.`);
  }
}

/** A server gave something else than the range of bytes that it was asked for. */
export class RangeRefused extends CommonwealError {
  constructor(
    readonly url: string,
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(`${url} gave no range of its bytes (${reason}): fetch the file as a whole, or from another server.`, options);
  }
}

/** A worker that was to hash something failed. */
export class WorkerFailed extends CommonwealError {
  constructor(
    readonly reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `The worker failed (${reason}): check that it was made from "@commonweal/sdk/manifest/worker" with the type "module", ` +
        "and that the page's content security policy lets it run WebAssembly ('wasm-unsafe-eval').",
      options,
    );
  }
}

/* MODELS */

/** The header of a model's file is broken, or would not end. */
export class ModelHeaderInvalid extends CommonwealError {
  constructor(
    readonly format: "safetensors" | "gguf" | "onnx" | "unknown",
    readonly problem: string,
    options?: ErrorOptions,
  ) {
    super(
      `The file's ${format === "unknown" ? "" : `${format} `}header cannot be relied on: ${problem}; export the model anew.`,
      options,
    );
  }
}
