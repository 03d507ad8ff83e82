import { type Check, list, members, optional, record, safeInteger, text } from "./checks.js";
import { ModelHeaderInvalid } from "./errors.js";
import type { ModelHeader } from "./headers.js";

/** What a manifest says of a model's file, from its header. */
export interface HeaderFacts {
  readonly format: "safetensors" | "gguf" | "onnx";
  readonly tensors: number;
  /** Numbers that all tensors have together. */
  readonly parameters: number;
  /** How many tensors there are of each type, by the format's own name for it. */
  readonly dtypes: Readonly<Record<string, number>>;
  /** Such as `llama`, of GGUF. */
  readonly architecture?: string;
  /** Of a graph, in its order. */
  readonly inputs?: readonly string[];
  readonly outputs?: readonly string[];
}

const MAX_NAME = 1_000;

const name = text(
  `text of 1 to ${MAX_NAME} characters, without halves of surrogate pairs`,
  (value) => value.length > 0 && value.length <= MAX_NAME && !/\p{Surrogate}/u.test(value),
);

/** Throws unless a value is {@link HeaderFacts}. */
export const headerFactsCheck: Check = members({
  format: text('"safetensors", "gguf" or "onnx"', (value) => ["safetensors", "gguf", "onnx"].includes(value)),
  tensors: safeInteger(0),
  parameters: safeInteger(0),
  dtypes: record((dtype) => /^[A-Za-z0-9_]{1,32}$/.test(dtype), "letters, digits and underscores", safeInteger(1)),
  architecture: optional(name),
  inputs: optional(list(name, 0, 1_000)),
  outputs: optional(list(name, 0, 1_000)),
});

/**
 * Sums a header up for a manifest.
 *
 * @throws {ModelHeaderInvalid} when its tensors have more numbers than can be counted exactly.
 * @example
 * const file = { ...(await hashBlob(blob, { path })), header: headerFacts(await readHeader(blobSource(blob))) };
 */
export function headerFacts({ format, tensors, metadata, ...graph }: ModelHeader): HeaderFacts {
  const dtypes: Record<string, number> = {};
  let parameters = 0;
  for (const { dtype, shape } of tensors) {
    dtypes[dtype] = (dtypes[dtype] ?? 0) + 1;
    parameters += shape.reduce((product, length) => product * length, 1);
  }
  if (!Number.isSafeInteger(parameters))
    throw new ModelHeaderInvalid(format, "its tensors are larger than can be counted");
  const architecture = format === "gguf" ? metadata["general.architecture"] : undefined;

  return {
    ...{ format, tensors: tensors.length, parameters, dtypes },
    ...(typeof architecture === "string" && architecture !== "" && { architecture }),
    ...("inputs" in graph && { inputs: graph.inputs, outputs: graph.outputs }),
  };
}
