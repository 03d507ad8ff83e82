import { ModelHeaderInvalid } from "./errors.js";
import { type GgufHeader, isGguf, readGguf } from "./gguf.js";
import type { HeaderOptions } from "./headerTypes.js";
import { isOnnx, type OnnxHeader, readOnnx } from "./onnx.js";
import { isSafetensors, readSafetensors, type SafetensorsHeader } from "./safetensors.js";
import type { RandomAccess } from "./sources.js";

export type ModelHeader = SafetensorsHeader | GgufHeader | OnnxHeader;

/**
 * Reads the header of a model's file, by ranges: weights are not read. What kind of file it is shows by its first bytes.
 *
 * @param source See {@link blobSource} and {@link urlSource}; in Node, `openFile`.
 * @returns Its tensors, where they are in the file, and its metadata.
 * @throws {ModelHeaderInvalid} when it is no safetensors, GGUF or ONNX file, or the header is broken.
 * @example
 * const { format, tensors, metadata } = await readHeader(blobSource(blob));
 */
export async function readHeader(source: RandomAccess, options: HeaderOptions = {}): Promise<ModelHeader> {
  const start = await source.read(0, Math.min(16, source.size));
  if (isGguf(start)) return readGguf(source, options);
  if (isSafetensors(start)) return readSafetensors(source, options);
  if (isOnnx(start)) return readOnnx(source, options);

  throw new ModelHeaderInvalid("unknown", "it begins like no safetensors, GGUF or ONNX file");
}
