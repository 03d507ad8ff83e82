import { checkPlaces, type Cursor, cursorOf, productOf, short } from "./cursor.js";
import { DEFAULT_MAX_BYTES, type HeaderOptions, MAX_ITEMS, type TensorInfo } from "./headerTypes.js";
import { type Field, readMessage, takeFieldText, takeNumbers } from "./protobuf.js";
import type { RandomAccess } from "./sources.js";

/** Where a tensor's bytes are that are not in the model's file. */
export interface ExternalData {
  /** Relative to the model's file. It may be hostile: check it as a path. */
  readonly location: string;
  readonly offset: number;
  /** Undefined when it is the rest of that file. */
  readonly length: number | undefined;
}

export interface OnnxTensor extends TensorInfo {
  readonly external?: ExternalData;
}

/** What an ONNX file says of itself. */
export interface OnnxHeader {
  readonly format: "onnx";
  readonly irVersion: number;
  /** Version of each set of operators by its domain; `ai.onnx` is the empty one. */
  readonly opsets: Readonly<Record<string, number>>;
  readonly producer: string;
  /** The graph's constants, in the order of the file; those inside its nodes are left out. */
  readonly tensors: readonly OnnxTensor[];
  /** What is passed in, without what has a constant. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** `TensorProto.DataType` of https://github.com/onnx/onnx/blob/main/onnx/onnx.proto, with bits; 0 where they vary. */
const TYPES: readonly (readonly [name: string, bits: number])[] = [
  ...([
    ["UNDEFINED", 0],
    ["FLOAT", 32],
    ["UINT8", 8],
    ["INT8", 8],
    ["UINT16", 16],
    ["INT16", 16],
  ] as const),
  ...([
    ["INT32", 32],
    ["INT64", 64],
    ["STRING", 0],
    ["BOOL", 8],
    ["FLOAT16", 16],
    ["DOUBLE", 64],
  ] as const),
  ...([
    ["UINT32", 32],
    ["UINT64", 64],
    ["COMPLEX64", 64],
    ["COMPLEX128", 128],
    ["BFLOAT16", 16],
  ] as const),
  ...([
    ["FLOAT8E4M3FN", 8],
    ["FLOAT8E4M3FNUZ", 8],
    ["FLOAT8E5M2", 8],
    ["FLOAT8E5M2FNUZ", 8],
  ] as const),
  ...([
    ["UINT4", 4],
    ["INT4", 4],
    ["FLOAT4E2M1", 4],
    ["FLOAT8E8M0", 8],
    ["UINT2", 2],
    ["INT2", 2],
  ] as const),
];

// Numbers of the fields that are read, by message.
const MODEL = { irVersion: 1, producer: 2, graph: 7, opset: 8, metadata: 14 };
const GRAPH = { initializer: 5, input: 11, output: 12 };
const TENSOR = { dims: 1, type: 2, name: 8, raw: 9, external: 13, location: 14 };
const ENTRY = { key: 1, value: 2 };
const OPSET = { domain: 1, version: 2 };
const VALUE_INFO = { name: 1 };

const EXTERNAL = 1n;
const MAX_DIMENSIONS = 64;

/** Tells an ONNX file by its first bytes, in which exporters write its version. */
export function isOnnx(start: Uint8Array): boolean {
  return start[0] === 0x08 && start[1] < 0x80;
}

/**
 * Reads what an ONNX file says of its graph, of which the nodes and the weights are jumped over.
 *
 * @throws {ModelHeaderInvalid} when it is broken: a length beyond what it is in, a name that is there twice, a tensor that
 * is not as long as its shape.
 * @example
 * const { inputs, outputs, opsets } = await readOnnx(blobSource(blob));
 */
export async function readOnnx(
  source: RandomAccess,
  { maxBytes = DEFAULT_MAX_BYTES }: HeaderOptions = {},
): Promise<OnnxHeader> {
  const cursor = cursorOf(source, "onnx", { maxBytes, maxItems: MAX_ITEMS });
  const header = { irVersion: 0, producer: "" };
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  const graphs: Awaited<ReturnType<typeof readGraph>>[] = [];

  await readMessage(cursor, source.size, async (field) => {
    cursor.count(1);
    if (field.number === MODEL.irVersion) header.irVersion = smallNumber(cursor, field);
    if (field.number === MODEL.producer) header.producer = await takeFieldText(cursor, field);
    if (field.number === MODEL.graph) graphs.push(await readGraph(cursor, field.end));
    if (field.number === MODEL.opset) addOnce(opsets, ...(await readOpset(cursor, field.end)), cursor);
    if (field.number === MODEL.metadata) addOnce(metadata, ...(await readEntry(cursor, field.end)), cursor);
  });
  if (header.irVersion < 1) cursor.fail("it has no version");
  if (graphs.length !== 1) cursor.fail(`it has ${graphs.length} graphs instead of one`);
  const [{ tensors, inputs, outputs }] = graphs;
  checkPlaces([...tensors.values()].filter(isHere), source.size, cursor.fail);

  return {
    ...{ format: "onnx", ...header, opsets: Object.fromEntries(opsets), metadata: Object.fromEntries(metadata) },
    // Before version 4 of the format, constants were inputs too.
    ...{ tensors: [...tensors.values()], inputs: inputs.filter((name) => !tensors.has(name)), outputs },
  };
}

async function readGraph(cursor: Cursor, end: number) {
  const tensors = new Map<string, OnnxTensor>();
  const [inputs, outputs] = [new Map<string, true>(), new Map<string, true>()];
  await readMessage(cursor, end, async (field) => {
    cursor.count(1);
    if (field.number === GRAPH.initializer) {
      const tensor = await readTensor(cursor, field.end);
      addOnce(tensors, tensor.name, tensor, cursor);
    }
    if (field.number === GRAPH.input) addOnce(inputs, await readName(cursor, field.end), true, cursor);
    if (field.number === GRAPH.output) addOnce(outputs, await readName(cursor, field.end), true, cursor);
  });

  return { tensors, inputs: [...inputs.keys()], outputs: [...outputs.keys()] };
}

async function readTensor(cursor: Cursor, end: number): Promise<OnnxTensor> {
  const shape: number[] = [];
  const external = new Map<string, string>();
  let [name, type, isExternal] = ["", 0, false];
  let place: { offset: number; length: number } | undefined;
  await readMessage(cursor, end, async (field) => {
    if (field.number === TENSOR.dims) {
      for (const length of await takeNumbers(cursor, field)) shape.push(dimension(cursor, length));
      if (shape.length > MAX_DIMENSIONS) cursor.fail(`it has a tensor of more than ${MAX_DIMENSIONS} dimensions`);
    }
    if (field.number === TENSOR.type) type = smallNumber(cursor, field);
    if (field.number === TENSOR.name) name = await takeFieldText(cursor, field);
    if (field.number === TENSOR.raw) place = { offset: cursor.position(), length: field.end - cursor.position() };
    if (field.number === TENSOR.location) isExternal = field.varint === EXTERNAL;
    if (field.number === TENSOR.external) addOnce(external, ...(await readEntry(cursor, field.end)), cursor);
  });
  const [dtype, bits] = TYPES[type] ?? cursor.fail(`its tensor ${short(name)} has the type ${type}, which is unknown`);
  const size = Math.ceil(productOf([bits, ...shape], cursor.fail) / 8);
  if (isExternal)
    return { ...{ name, dtype, shape, offset: undefined, length: undefined }, external: externalOf(external, cursor) };
  // Without raw bytes, its numbers are in fields of their types.
  if (place !== undefined && bits > 0 && place.length !== size) {
    cursor.fail(`its tensor ${short(name)} is not as long as its shape`);
  }

  return { name, dtype, shape, offset: place?.offset, length: place?.length };
}

/** Reads an entry of metadata or of external data. */
async function readEntry(cursor: Cursor, end: number): Promise<[key: string, value: string]> {
  const entry: [string, string] = ["", ""];
  await readMessage(cursor, end, async (field) => {
    if (field.number === ENTRY.key) entry[0] = await takeFieldText(cursor, field);
    if (field.number === ENTRY.value) entry[1] = await takeFieldText(cursor, field);
  });

  return entry;
}

async function readOpset(cursor: Cursor, end: number): Promise<[domain: string, version: number]> {
  const opset: [string, number] = ["", 0];
  await readMessage(cursor, end, async (field) => {
    if (field.number === OPSET.domain) opset[0] = await takeFieldText(cursor, field);
    if (field.number === OPSET.version) opset[1] = smallNumber(cursor, field);
  });

  return opset;
}

/** Reads the name of an input or output; its type is jumped over. */
async function readName(cursor: Cursor, end: number): Promise<string> {
  let name = "";
  await readMessage(cursor, end, async (field) => {
    if (field.number === VALUE_INFO.name) name = await takeFieldText(cursor, field);
  });

  return name;
}

function externalOf(entries: ReadonlyMap<string, string>, { fail }: Cursor): ExternalData {
  const location = entries.get("location");
  const [offset, length] = ["offset", "length"].map((key) => {
    const value = entries.get(key);
    if (value === undefined) return undefined;
    const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN;

    return Number.isSafeInteger(number) ? number : fail(`a tensor that is elsewhere has the ${key} ${short(value)}`);
  });
  if (location === undefined || location === "") return fail("a tensor is elsewhere, and it does not say where");

  return { location, offset: offset ?? 0, length };
}

function smallNumber(cursor: Cursor, { varint }: Field): number {
  if (varint === undefined || varint > 2n ** 31n) return cursor.fail("it has something else where a number stands");

  return Number(varint);
}

function dimension({ fail }: Cursor, length: bigint): number {
  // Negative ones have the highest bit.
  return length > BigInt(Number.MAX_SAFE_INTEGER)
    ? fail(`it has a tensor with a dimension of ${length}`)
    : Number(length);
}

function addOnce<T>(map: Map<string, T>, name: string, value: T, { fail }: Cursor): void {
  if (map.has(name)) fail(`it has ${short(name)} twice`);
  map.set(name, value);
}

function isHere(tensor: OnnxTensor): tensor is OnnxTensor & { offset: number; length: number } {
  return tensor.offset !== undefined;
}
