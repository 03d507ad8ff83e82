import type { LicenseTerm } from "./licenses.js";

/** What of a licence decides whether it goes with others. */
export interface LicenseTraits {
  /** As it is written. */
  readonly name: string;
  /** Whether anything is known of it. */
  readonly known: boolean;
  readonly nonCommercial: boolean;
  readonly noDerivatives: boolean;
  /** Licences with share-alike or copyleft: of what family, and in which versions it may be passed on. */
  readonly copyleft?: {
    readonly family: "CC-BY-SA" | "CC-BY-NC-SA" | "GPL" | "AGPL";
    readonly version: number;
    readonly orLater: boolean;
  };
  /** Licences with terms for what is built on them. */
  readonly terms?: "openrail" | "llama2" | "llama3" | "llama" | "gemma";
  readonly apache2: boolean;
}

const CREATIVE_COMMONS = /^CC-BY(-NC)?(-SA|-ND)?-(\d\.\d)/;
const GNU = /^(A?GPL)-(\d\.\d)(-only|-or-later)?$/;

/**
 * Names that Hugging Face gives to licences that SPDX does not list, behind `LicenseRef-`: see
 * https://huggingface.co/docs/hub/repositories-licenses.
 */
const REFS: readonly (readonly [name: RegExp, traits: Partial<LicenseTraits>])[] = [
  [/^(?:.*-)?openrail(?:\+\+|-plus-plus)?(?:-m|-d|-s|-a)?\d*$|^bigscience-bloom-rail-1\.0$/, { terms: "openrail" }],
  [/^llama2$/, { terms: "llama2" }],
  [/^llama3$/, { terms: "llama3" }],
  [/^llama(?:3\.[1-3]|4)$/, { terms: "llama" }],
  [/^gemma$/, { terms: "gemma" }],
];

/** Returns what is known of a licence by its name alone. */
export function traitsOf({ id, orLater, exception }: LicenseTerm): LicenseTraits {
  const name = `${id}${orLater ? "+" : ""}${exception === undefined ? "" : ` WITH ${exception}`}`;
  const nothing = { name, known: true, nonCommercial: false, noDerivatives: false, apache2: id === "Apache-2.0" };
  if (id.includes("LicenseRef-")) {
    const ref = id.slice(id.indexOf("LicenseRef-") + "LicenseRef-".length).toLowerCase();
    const traits = REFS.find(([pattern]) => pattern.test(ref))?.[1];

    return { ...nothing, known: traits !== undefined, ...traits };
  }
  const [, nonCommercial, ending, ccVersion] = CREATIVE_COMMONS.exec(id) ?? [];
  if (ccVersion !== undefined) {
    const family = nonCommercial ? "CC-BY-NC-SA" : "CC-BY-SA";

    return {
      ...{ ...nothing, nonCommercial: nonCommercial !== undefined, noDerivatives: ending === "-ND" },
      // Each says itself that later versions serve too.
      ...(ending === "-SA" && { copyleft: { family, version: Number(ccVersion), orLater: true } }),
    };
  }
  const [, family, gnuVersion, suffix] = GNU.exec(id) ?? [];
  // An exception lifts the copyleft in some way that its name does not tell.
  if (gnuVersion === undefined || exception !== undefined) return nothing;
  const later = orLater || suffix === "-or-later";

  return { ...nothing, copyleft: { family: family as "GPL" | "AGPL", version: Number(gnuVersion), orLater: later } };
}
