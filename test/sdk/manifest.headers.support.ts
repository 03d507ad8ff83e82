/* Files of models, written byte by byte from the formats' specifications. */

const utf8 = (text: string) => Buffer.from(text);

export const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);

  return bytes;
};

export const u64 = (value: number | bigint) => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));

  return bytes;
};

const join = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/* SAFETENSORS: https://github.com/huggingface/safetensors#format */

/** A file with this header, as text or as what JSON says, and this many bytes of tensors. */
export function safetensors(header: object | string, data = 0): Uint8Array<ArrayBuffer> {
  const text = utf8(typeof header === "string" ? header : JSON.stringify(header));

  return join(u64(text.length), text, Buffer.alloc(data));
}

/* GGUF: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md */

const string = (text: string) => join(u64(utf8(text).length), utf8(text));

/** Values of the metadata, each with the number of its type. */
export const value = {
  u8: (each: number) => join(u32(0), Uint8Array.of(each)),
  i8: (each: number) => join(u32(1), Uint8Array.of(each & 0xff)),
  u16: (each: number) => join(u32(2), u32(each).subarray(0, 2)),
  i16: (each: number) => join(u32(3), u32(each & 0xffff).subarray(0, 2)),
  u32: (each: number) => join(u32(4), u32(each)),
  i32: (each: number) => join(u32(5), u32(each >>> 0)),
  f32: (each: number) => join(u32(6), new Uint8Array(Float32Array.of(each).buffer)),
  bool: (each: boolean) => join(u32(7), Uint8Array.of(each ? 1 : 0)),
  text: (each: string) => join(u32(8), string(each)),
  u64: (each: bigint) => join(u32(10), u64(each)),
  i64: (each: bigint) => join(u32(11), u64(BigInt.asUintN(64, each))),
  f64: (each: number) => join(u32(12), new Uint8Array(Float64Array.of(each).buffer)),
  /** Items with the number of their type, which stands once in a list. */
  list: (...items: Uint8Array[]) =>
    join(
      ...[u32(9), items[0]?.subarray(0, 4) ?? u32(4), u64(items.length)],
      Buffer.concat(items.map((item) => item.subarray(4))),
    ),
};

export interface GgufTensor {
  name: string;
  shape: (number | bigint)[];
  type: number;
  offset: number | bigint;
}

export interface GgufFile {
  version?: number;
  entries?: [key: string, value: Uint8Array][];
  tensors?: GgufTensor[];
  alignment?: number;
  data?: number;
  counts?: { tensors?: number | bigint; entries?: number | bigint };
}

export function gguf(file: GgufFile): Uint8Array<ArrayBuffer> {
  const { version = 3, entries = [], tensors = [], alignment = 32, data = 0, counts } = file;
  const header = join(
    ...[utf8("GGUF"), u32(version), u64(counts?.tensors ?? tensors.length), u64(counts?.entries ?? entries.length)],
    ...entries.map(([key, each]) => join(string(key), each)),
    ...tensors.map(({ name, shape, type, offset }) =>
      join(string(name), u32(shape.length), ...shape.map(u64), u32(type), u64(offset)),
    ),
  );

  return join(header, Buffer.alloc((alignment - (header.length % alignment)) % alignment), Buffer.alloc(data));
}

/* ONNX: https://protobuf.dev/programming-guides/encoding and onnx.proto */

export function varint(number: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(number));
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);

  return Uint8Array.of(...bytes, Number(rest));
}

/** A field: a number, or text, or bytes. */
export function field(number: number, content: number | bigint | string | Uint8Array): Uint8Array<ArrayBuffer> {
  if (typeof content === "number" || typeof content === "bigint") return join(varint(number << 3), varint(content));
  const bytes = typeof content === "string" ? utf8(content) : content;

  return join(varint((number << 3) | 2), varint(bytes.length), bytes);
}

export const message = join;

/** A model of this version with these fields of its graph. */
export function onnx(graph: Uint8Array[], ...others: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return join(
    field(1, 8),
    field(2, "test"),
    field(7, join(...graph)),
    field(8, join(field(1, ""), field(2, 17))),
    ...others,
  );
}

/** A tensor of numbers of 32 bits. */
export function floats(name: string, shape: number[], ...others: Uint8Array[]): Uint8Array {
  const length = shape.reduce((product, each) => product * each, 4);

  return join(
    field(1, join(...shape.map(varint))),
    field(2, 1),
    field(8, name),
    field(9, Buffer.alloc(length)),
    ...others,
  );
}
