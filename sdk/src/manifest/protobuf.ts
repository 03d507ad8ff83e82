import { type Cursor, takeText } from "./cursor.js";

/** A field of a message in protobuf's wire format. */
export interface Field {
  readonly number: number;
  /** Where its value ends, if it is one of bytes. */
  readonly end: number;
  /** Its value, if it is a number. */
  readonly varint: bigint | undefined;
}

const VARINT = 0;
const BYTES = 2;
const FIXED_LENGTHS: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

const LONGEST_VARINT = 10;

/**
 * Reads the fields of a message, which ends at a position in the file. What `visit` leaves of a value is skipped.
 *
 * @param visit Called with each field, when the cursor stands at its bytes, or behind its number.
 */
export async function readMessage(cursor: Cursor, end: number, visit: (field: Field) => Promise<void>): Promise<void> {
  while (cursor.position() < end) {
    const key = await takeVarint(cursor);
    const [number, wire] = [Number(key >> 3n), Number(key & 7n)];
    if (number < 1 || number >= 2 ** 29) cursor.fail(`it has a field of the number ${number}`);

    const varint = wire === VARINT ? await takeVarint(cursor) : undefined;
    const length = varint === undefined ? await lengthOf(cursor, wire) : 0;
    const fieldEnd = cursor.position() + length;
    if (fieldEnd > end) cursor.fail("one of its fields is longer than what it is in");
    await visit({ number, end: fieldEnd, varint });
    if (cursor.position() > fieldEnd) cursor.fail("something in it is longer than its field");
    cursor.skip(fieldEnd - cursor.position());
  }
}

/** Reads a field's text. */
export async function takeFieldText(cursor: Cursor, { end }: Field): Promise<string> {
  return takeText(cursor, end - cursor.position());
}

/** Reads the numbers of a repeated field: one, or packed into bytes. */
export async function takeNumbers(cursor: Cursor, { end, varint }: Field): Promise<bigint[]> {
  if (varint !== undefined) return [varint];
  const numbers: bigint[] = [];
  while (cursor.position() < end) {
    cursor.count(1);
    numbers.push(await takeVarint(cursor));
  }

  return numbers;
}

async function lengthOf(cursor: Cursor, wire: number): Promise<number> {
  if (wire === BYTES) {
    const length = await takeVarint(cursor);

    return length > BigInt(Number.MAX_SAFE_INTEGER) ? cursor.fail(`it has a length of ${length}`) : Number(length);
  }

  // Groups were given up before ONNX was made.
  return FIXED_LENGTHS[wire] ?? cursor.fail(`it has a field of the wire type ${wire}`);
}

async function takeVarint(cursor: Cursor): Promise<bigint> {
  let value = 0n;
  for (let i = 0; i < LONGEST_VARINT; i++) {
    const byte = (await cursor.take(1)).getUint8(0);
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }

  return cursor.fail("it has a number that does not end");
}
