import { checkPlaces, type Cursor, cursorOf, productOf, short, takeLength, takeText } from "./cursor.js";
import { GGML_TYPES } from "./ggmlTypes.js";
import { DEFAULT_MAX_BYTES, type HeaderOptions, MAX_ITEMS, type TensorInfo } from "./headerTypes.js";
import type { RandomAccess } from "./sources.js";

/** A value of GGUF's metadata; numbers of 64 bits are bigint. */
export type GgufValue = string | number | bigint | boolean | GgufValue[];

/** What a GGUF file says of itself. */
export interface GgufHeader {
  readonly format: "gguf";
  readonly version: number;
  /** In the order of the header. */
  readonly tensors: readonly TensorInfo[];
  readonly metadata: Readonly<Record<string, GgufValue>>;
}

const MAGIC = [0x47, 0x47, 0x55, 0x46];
const MAX_DIMENSIONS = 4;
const MAX_NESTED_LISTS = 4;
const DEFAULT_ALIGNMENT = 32;

const STRING = 8;
const LIST = 9;

/** Values of a fixed length, by their type's number in GGUF. */
const FIXED: Readonly<Record<number, readonly [length: number, read: (view: DataView) => number | bigint | boolean]>> =
  {
    0: [1, (view) => view.getUint8(0)],
    1: [1, (view) => view.getInt8(0)],
    2: [2, (view) => view.getUint16(0, true)],
    3: [2, (view) => view.getInt16(0, true)],
    4: [4, (view) => view.getUint32(0, true)],
    5: [4, (view) => view.getInt32(0, true)],
    6: [4, (view) => view.getFloat32(0, true)],
    7: [1, (view) => view.getUint8(0) !== 0],
    10: [8, (view) => view.getBigUint64(0, true)],
    11: [8, (view) => view.getBigInt64(0, true)],
    12: [8, (view) => view.getFloat64(0, true)],
  };

export function isGguf(start: Uint8Array): boolean {
  return MAGIC.every((byte, i) => start[i] === byte);
}

/**
 * Reads the header of a GGUF file of version 2 or 3, little-endian.
 *
 * @throws {ModelHeaderInvalid} when it is broken: a length beyond the file, a name that is there twice, tensors that
 * overlap or are not aligned.
 * @example
 * const { metadata } = await readGguf(blobSource(blob));
 * console.log(metadata["general.architecture"]);
 */
export async function readGguf(
  source: RandomAccess,
  { maxBytes = DEFAULT_MAX_BYTES }: HeaderOptions = {},
): Promise<GgufHeader> {
  const cursor = cursorOf(source, "gguf", { maxBytes, maxItems: MAX_ITEMS });
  const magic = await cursor.take(4);
  if (!isGguf(new Uint8Array(magic.buffer, magic.byteOffset, 4))) cursor.fail("it does not begin with GGUF");
  const version = (await cursor.take(4)).getUint32(0, true);
  if (version !== 2 && version !== 3) {
    cursor.fail(version % 2 ** 16 === 0 ? "it is big-endian" : `it has the version ${version}, and not 2 or 3`);
  }
  const tensorCount = await takeLength(cursor);
  const entryCount = await takeLength(cursor);

  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < entryCount; i++) {
    cursor.count(1);
    const key = await takeText(cursor, await takeLength(cursor));
    if (metadata.has(key)) cursor.fail(`it has ${short(key)} twice`);
    metadata.set(key, await takeValue(cursor, (await cursor.take(4)).getUint32(0, true), 0));
  }
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== "number" || alignment < 8 || alignment % 8 !== 0)
    cursor.fail("its alignment is no multiple of 8");

  const infos: { name: string; dtype: string; shape: number[]; relative: number; length: number }[] = [];
  const names = new Set<string>();
  for (let i = 0; i < tensorCount; i++) {
    cursor.count(1);
    const info = await takeTensor(cursor);
    if (names.has(info.name)) cursor.fail(`it has the tensor ${short(info.name)} twice`);
    if (info.relative % (alignment as number) !== 0) cursor.fail(`its tensor ${short(info.name)} is not aligned`);
    names.add(info.name);
    infos.push(info);
  }
  const start = Math.ceil(cursor.position() / (alignment as number)) * (alignment as number);
  const tensors = infos.map(({ relative, ...info }) => ({ ...info, offset: start + relative }));
  checkPlaces(tensors, source.size, cursor.fail);

  // A name such as "__proto__" is a name like any other.
  return { format: "gguf", version, tensors, metadata: Object.fromEntries(metadata) };
}

async function takeTensor(cursor: Cursor) {
  const name = await takeText(cursor, await takeLength(cursor));
  const dimensions = (await cursor.take(4)).getUint32(0, true);
  if (dimensions > MAX_DIMENSIONS) cursor.fail(`its tensor ${short(name)} has ${dimensions} dimensions`);
  const shape: number[] = [];
  for (let i = 0; i < dimensions; i++) shape.push(await takeLength(cursor));
  const number = (await cursor.take(4)).getUint32(0, true);
  const type = GGML_TYPES[number];
  if (type === undefined) return cursor.fail(`its tensor ${short(name)} has the type ${number}, which is unknown`);
  const [dtype, block, bytes] = type;
  // Blocks run along the first dimension.
  if ((shape[0] ?? 1) % block !== 0) cursor.fail(`its tensor ${short(name)} is not made of blocks of ${block}`);
  const length = productOf([bytes, (shape[0] ?? 1) / block, ...shape.slice(1)], cursor.fail);

  return { name, dtype, shape, relative: await takeLength(cursor), length };
}

async function takeValue(cursor: Cursor, type: number, depth: number): Promise<GgufValue> {
  const fixed = FIXED[type];
  if (fixed !== undefined) return fixed[1](await cursor.take(fixed[0]));
  if (type === STRING) return takeText(cursor, await takeLength(cursor));
  if (type !== LIST) return cursor.fail(`it has a value of the type ${type}, which is unknown`);

  if (depth === MAX_NESTED_LISTS) cursor.fail(`its lists are nested more than ${MAX_NESTED_LISTS} deep`);
  const itemType = (await cursor.take(4)).getUint32(0, true);
  const count = await takeLength(cursor);
  cursor.count(count);
  const items: GgufValue[] = [];
  for (let i = 0; i < count; i++) items.push(await takeValue(cursor, itemType, depth + 1));

  return items;
}
