import { checkPlaces, type Cursor, cursorOf, productOf, short, takeLength, takeText } from "./cursor.js";
import { DEFAULT_MAX_BYTES, type HeaderOptions, MAX_ITEMS, type TensorInfo } from "./headerTypes.js";
import { duplicateName } from "./jsonNames.js";
import type { RandomAccess } from "./sources.js";

/** What a safetensors file says of itself. */
export interface SafetensorsHeader {
  readonly format: "safetensors";
  /** In the order of the file. */
  readonly tensors: readonly TensorInfo[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** By the safetensors crate 0.6; those below a byte come in pairs or more. */
const BITS: Readonly<Record<string, number>> = {
  ...{ F4: 4, F6_E2M3: 6, F6_E3M2: 6 },
  ...{ BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8, F8_E4M3FNUZ: 8, F8_E5M2FNUZ: 8 },
  ...{ U16: 16, I16: 16, F16: 16, BF16: 16 },
  ...{ U32: 32, I32: 32, F32: 32 },
  ...{ U64: 64, I64: 64, F64: 64, C64: 64 },
};

const MAX_DIMENSIONS = 64;

/** Tells a safetensors file by its first bytes: the length of the header, then JSON. */
export function isSafetensors(start: Uint8Array): boolean {
  return start.length > 8 && start[8] === 0x7b;
}

/**
 * Reads the header of a safetensors file.
 *
 * @throws {ModelHeaderInvalid} when it is broken: a length beyond the file, a name that is there twice, tensors that
 * overlap, leave a gap, or are not as long as their shape.
 * @example
 * const { tensors } = await readSafetensors(blobSource(blob));
 */
export async function readSafetensors(
  source: RandomAccess,
  { maxBytes = DEFAULT_MAX_BYTES }: HeaderOptions = {},
): Promise<SafetensorsHeader> {
  const cursor = cursorOf(source, "safetensors", { maxBytes, maxItems: MAX_ITEMS });
  const length = await takeLength(cursor);
  if (length > maxBytes) cursor.fail(`it has ${length} bytes, more than ${maxBytes}`);
  const text = await takeText(cursor, length);
  const start = cursor.position();

  const twice = duplicateName(text, { maxDepth: 4, count: cursor.count, fail: cursor.fail });
  if (twice !== undefined) cursor.fail(`it has ${short(twice)} twice`);
  const { __metadata__: metadata = {}, ...entries } = objectOf(parsed(text, cursor), "it", cursor);
  const tensors = Object.entries(entries).map(([name, entry]) => tensorOf(name, entry, start, cursor));
  tensors.sort((a, b) => a.offset - b.offset || a.length - b.length);
  checkPlaces(tensors, source.size, cursor.fail);
  const bytes = tensors.reduce((sum, tensor) => sum + tensor.length, 0);
  if (start + bytes !== source.size) cursor.fail("its tensors do not fill the file");

  return { format: "safetensors", tensors, metadata: textsOf(metadata, cursor) };
}

function tensorOf(name: string, entry: unknown, start: number, { fail }: Cursor) {
  const { dtype, shape, data_offsets: offsets, ...others } = objectOf(entry, `its tensor ${short(name)}`, { fail });
  const bits = typeof dtype === "string" && Object.hasOwn(BITS, dtype) ? BITS[dtype] : undefined;
  if (typeof dtype !== "string" || bits === undefined) return fail(`its tensor ${short(name)} has an unknown type`);
  if (!isLengths(shape) || shape.length > MAX_DIMENSIONS) return fail(`its tensor ${short(name)} has no shape`);
  if (!isLengths(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    return fail(`its tensor ${short(name)} has no offsets`);
  }
  if (Object.keys(others).length > 0) fail(`its tensor ${short(name)} has something that no tensor has`);
  const [from, to] = offsets;
  if ((to - from) * 8 !== productOf([bits, ...shape], fail))
    fail(`its tensor ${short(name)} is not as long as its shape`);

  return { name, dtype, shape, offset: start + from, length: to - from };
}

function parsed(text: string, { fail }: Cursor): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return fail("it is no JSON");
  }
}

function textsOf(value: unknown, { fail }: Cursor): Record<string, string> {
  const metadata = objectOf(value, "its metadata", { fail });
  if (Object.values(metadata).some((each) => typeof each !== "string"))
    fail("its metadata has something that is no text");

  return metadata as Record<string, string>;
}

function objectOf(value: unknown, what: string, { fail }: Pick<Cursor, "fail">): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(`${what} is no object`);

  return value as Record<string, unknown>;
}

function isLengths(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0);
}
