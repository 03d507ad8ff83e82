import type { LicenseTraits } from "./licenseFamilies.js";

export type RuleName =
  | "missing"
  | "unknown"
  | "nonCommercial"
  | "noDerivatives"
  | "shareAlike"
  | "copyleft"
  | "networkCopyleft"
  | "apacheWithGpl2"
  | "useRestrictions"
  | "llama2Outputs"
  | "llamaNaming"
  | "gemmaTerms";

/** A rule of the table: what a parent's licence asks of what is built on it. */
export interface LicenseRule {
  readonly name: RuleName;
  readonly explanation: string;
  /** Where it stands. */
  readonly source: string;
  /** Tells whether a model under all of these licences together may break it; undefined for what is no licence. */
  readonly warns?: (parent: LicenseTraits, model: readonly LicenseTraits[]) => boolean;
}

type Warns = NonNullable<LicenseRule["warns"]>;

/** Whether one of the licences, which hold together, does. */
const some = (model: readonly LicenseTraits[], asks: (license: LicenseTraits) => boolean) => model.some(asks);

const shareAlike: Warns = ({ copyleft }, model) => {
  if (copyleft?.family !== "CC-BY-SA" && copyleft?.family !== "CC-BY-NC-SA") return false;

  return !model.every(({ copyleft: own, name }) => {
    if (own === undefined) return false;
    if (own.family === copyleft.family) return own.version >= copyleft.version;

    // The one way out that Creative Commons has declared.
    return copyleft.family === "CC-BY-SA" && copyleft.version === 4 && /^GPL-3\.0(?:$|\+|-only$|-or-later$)/.test(name);
  });
};

const copyleft: Warns = ({ copyleft }, model) => {
  if (copyleft?.family !== "GPL") return false;

  return !model.every(({ copyleft: own }) => {
    if (own?.family !== "GPL" && own?.family !== "AGPL") return false;
    // Section 13 of version 3 lets it be combined with the AGPL.
    if (own.family === "AGPL") return copyleft.version === 3 || (copyleft.version < 3 && copyleft.orLater);
    if (own.version === copyleft.version) return own.orLater ? copyleft.orLater : true;

    return own.version > copyleft.version && copyleft.orLater;
  });
};

const networkCopyleft: Warns = ({ copyleft }, model) =>
  copyleft?.family === "AGPL" && !model.every(({ copyleft: own }) => own?.family === "AGPL");

const isGpl2Only = ({ copyleft }: LicenseTraits) =>
  copyleft?.family === "GPL" && copyleft.version === 2 && !copyleft.orLater;

/**
 * What well-known licences ask of what is built on them. By the licences' own words or their stewards', which stand at each
 * rule's source; which of it holds for the weights of a model is not settled everywhere.
 */
export const LICENSE_RULES: Readonly<Record<RuleName, LicenseRule>> = {
  missing: {
    name: "missing",
    explanation: "The parent has no licence: without one, its author keeps all rights. Ask for one.",
    source: "https://choosealicense.com/no-permission/",
  },
  unknown: {
    name: "unknown",
    explanation: "The parent's licence is not one that this table knows: read its text before you publish.",
    source: "https://spdx.github.io/spdx-spec/v2.3/other-licensing-information-detected/",
    warns: ({ known }) => !known,
  },
  nonCommercial: {
    name: "nonCommercial",
    explanation:
      "The parent may be shared and adapted for non-commercial purposes only, and the model's licence, or a sale of it, allows others.",
    source: "https://creativecommons.org/licenses/by-nc/4.0/legalcode.en#s2a1",
    warns: ({ nonCommercial }, model) => nonCommercial && !some(model, (license) => license.nonCommercial),
  },
  noDerivatives: {
    name: "noDerivatives",
    explanation:
      "The parent may be adapted in private, and what was adapted may not be shared, under whatever licence.",
    source: "https://creativecommons.org/licenses/by-nd/4.0/legalcode.en#s2a1",
    warns: ({ noDerivatives }) => noDerivatives,
  },
  shareAlike: {
    name: "shareAlike",
    explanation:
      "What is adapted from the parent has to be shared under the same licence, a later version of it, or one that Creative Commons lists as compatible.",
    source: "https://creativecommons.org/share-your-work/licensing-considerations/compatible-licenses/",
    warns: shareAlike,
  },
  copyleft: {
    name: "copyleft",
    explanation:
      "What is based on the parent has to be under the GNU GPL as a whole, in a version that the parent allows.",
    source: "https://www.gnu.org/licenses/gpl-faq.html#AllCompatibility",
    warns: copyleft,
  },
  networkCopyleft: {
    name: "networkCopyleft",
    explanation:
      "What is based on the parent has to be under the GNU AGPL as a whole, and whoever uses it over a network is to be offered its source.",
    source: "https://www.gnu.org/licenses/agpl-3.0.html#section13",
    warns: networkCopyleft,
  },
  apacheWithGpl2: {
    name: "apacheWithGpl2",
    explanation:
      "The terms of Apache-2.0 on patents are restrictions that version 2 of the GNU GPL does not allow; version 3 does.",
    source: "https://www.gnu.org/licenses/license-list.html#apache2",
    warns: ({ apache2 }, model) => apache2 && some(model, isGpl2Only),
  },
  useRestrictions: {
    name: "useRestrictions",
    explanation:
      "The restrictions on use in the parent's licence have to be passed on, as enforceable terms, with everything that is derived from it.",
    source: "https://www.licenses.ai/blog/2022/8/18/naming-convention-of-responsible-ai-licenses",
    warns: ({ terms }, model) => terms === "openrail" && !some(model, (license) => license.terms === "openrail"),
  },
  llama2Outputs: {
    name: "llama2Outputs",
    explanation:
      "Neither Llama 2 and 3 nor what they put out may be used to improve other large language models than these and derivatives of them.",
    source: "https://huggingface.co/meta-llama/Meta-Llama-3-8B/blob/main/LICENSE",
    warns: ({ terms }, model) =>
      (terms === "llama2" || terms === "llama3") && !some(model, (license) => license.terms === terms),
  },
  llamaNaming: {
    name: "llamaNaming",
    explanation:
      'Distribute the Llama agreement and its notice with the model, keep its use policy, say "Built with Llama", begin the model\'s name with "Llama" (both since version 3), and ask Meta for a licence above 700 million monthly users.',
    source: "https://www.llama.com/llama3_1/license/",
    warns: ({ terms }, model) =>
      terms?.startsWith("llama") === true && !some(model, (license) => license.terms === terms),
  },
  gemmaTerms: {
    name: "gemmaTerms",
    explanation:
      "The restrictions on use in the Gemma terms have to be passed on as enforceable terms, and a copy of the terms with every derivative.",
    source: "https://ai.google.dev/gemma/terms",
    warns: ({ terms }, model) => terms === "gemma" && !some(model, (license) => license.terms === "gemma"),
  },
};
