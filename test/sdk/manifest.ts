import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import canonicalize from "canonicalize";
import { expect } from "chai";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { create as multihash } from "multiformats/hashes/digest";
import { InvalidArgument } from "../../sdk/src/index.js";
import {
  DigestMismatch,
  FilePathInvalid,
  LicenseInvalid,
  type Manifest,
  type ManifestDraft,
  type ManifestFile,
  ManifestInvalid,
  manifest,
} from "../../sdk/src/manifest/index.js";
import { chunksOf, entryOf, merkleTreeHash, pattern, refusal, sha256 } from "./manifest.support.js";

interface Vector {
  title: string;
  /** Files by path: text, or how many bytes of the pattern. */
  files: Record<string, string | number>;
  facts: Omit<ManifestDraft, "files">;
  text: string;
  digest: string;
  uri: string;
}

const { vectors } = JSON.parse(readFileSync("test/sdk/vectors/manifests.json", "utf8")) as { vectors: Vector[] };
const isValid = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(
  JSON.parse(readFileSync("sdk/manifest.schema.json", "utf8")),
);

const DRAFT = { name: "Hello", description: "A greeting.", license: "MIT", files: [entryOf("hello.txt", "hello\n")] };
const MODEL = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";

/** Seals anything, as somebody would who does not use this SDK. */
function sealed(value: unknown) {
  const text = canonicalize(value) as string;

  return { manifest: text, digest: `0x${sha256(text).toString("hex")}` };
}

async function manifestOf(changes: object = {}): Promise<Manifest> {
  return { ...(await manifest.create(DRAFT)).manifest, ...changes };
}

describe("SDK manifests", () => {
  describe("golden vectors", () => {
    for (const { title, files, facts, text, digest, uri } of vectors) {
      const contents = Object.entries(files).map(([path, content]) => ({
        path,
        bytes: typeof content === "number" ? pattern(content) : new TextEncoder().encode(content),
      }));

      it(`makes ${title}, byte by byte`, async () => {
        const entries = contents.map(({ path, bytes }) => entryOf(path, bytes, facts.chunkSize));

        expect(await manifest.create({ ...facts, files: entries })).to.include({ text, digest, uri });
      });

      it(`of ${title} are what others compute`, async () => {
        const value = JSON.parse(text) as Manifest;
        expect(canonicalize(value)).to.equal(text);
        expect(`0x${sha256(text).toString("hex")}`).to.equal(digest);
        expect(`ipfs://${CID.createV1(raw.code, multihash(0x12, sha256(text)))}`).to.equal(uri);
        expect(isValid(value), JSON.stringify(isValid.errors)).to.equal(true);
        for (const { path, bytes } of contents) {
          const file = value.files?.find((each) => each.path === path) as ManifestFile;
          expect(file.size).to.equal(bytes.length);
          expect(file.sha256).to.equal(sha256(bytes).toString("hex"));
          expect(file.chunkRoot).to.equal(merkleTreeHash(chunksOf(bytes, value.chunkSize)).toString("hex"));
        }
        expect((await manifest.verify({ manifest: text, digest })).manifest).to.deep.equal(value);
      });
    }
  });

  describe("create", () => {
    it("sorts files by code points, and leaves out what is no part of an entry", async () => {
      const paths = ["b", "\u{1f600}", "ﬀ", "a/z", "a", "a.b"].filter((path) => path !== "a");
      const { manifest: made } = await manifest.create({
        ...DRAFT,
        files: paths.map((path) => ({ ...entryOf(path, path), leaves: new Uint8Array(32) })),
      });

      // As LC_ALL=C sort has it, which compares bytes of UTF-8.
      const sorted = [...paths].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(made.files?.map(({ path }) => path)).to.deep.equal(sorted);
      expect(Object.keys(made.files?.[0] ?? {})).to.have.members(["path", "size", "sha256", "chunkRoot"]);
    });

    it("makes the same of the same, whatever the order", async () => {
      const files = [entryOf("b", "2"), entryOf("a", "1")];
      const one = await manifest.create({ ...DRAFT, files });
      const other = await manifest.create({
        files: [...files].reverse(),
        license: "MIT",
        description: DRAFT.description,
        name: DRAFT.name,
      });

      expect(other.digest).to.equal(one.digest);
    });

    it("is metadata of an ERC-721", async () => {
      const facts = {
        image: "ipfs://bafy",
        external_url: "https://example.org",
        attributes: [{ trait_type: "bits", value: 8 }],
      };

      expect((await manifest.create({ ...DRAFT, ...facts })).manifest).to.deep.include({ ...facts, name: "Hello" });
    });

    it("names its model, its parents and the text of a licence of its own", async () => {
      const facts = {
        model: { id: MODEL, chainId: 31_337 },
        license: "LicenseRef-mine OR Apache-2.0",
        licenseTexts: {
          "LicenseRef-mine": { sha256: sha256("terms").toString("hex"), url: "https://example.org/terms" },
        },
        parents: [{ source: "huggingface:org/name", license: "Apache-2.0" }],
        fingerprintsRoot: sha256("fingerprints").toString("hex"),
      };
      const made = await manifest.create({ ...DRAFT, ...facts });

      expect(made.manifest).to.deep.include(facts);
      expect(isValid(made.manifest), JSON.stringify(isValid.errors)).to.equal(true);
      expect((await manifest.verify({ manifest: made.bytes, digest: made.digest })).manifest).to.deep.equal(
        made.manifest,
      );
    });

    it("lists up to 2,000 files itself, and more in a second document", async () => {
      const files = Array.from({ length: 2_001 }, (_, i) => entryOf(`shards/${String(i).padStart(5, "0")}`, `${i}`));
      const [few, many] = [
        await manifest.create({ ...DRAFT, files: files.slice(1) }),
        await manifest.create({ ...DRAFT, files }),
      ];

      expect([few.list, few.manifest.files?.length, few.manifest.list]).to.deep.equal([undefined, 2_000, undefined]);
      const list = many.list as NonNullable<typeof many.list>;
      expect(many.manifest.files).to.equal(undefined);
      expect(many.manifest.list).to.deep.equal({
        sha256: sha256(list.bytes).toString("hex"),
        size: Buffer.byteLength(list.text),
        count: 2_001,
      });
      expect(list.text).to.equal(canonicalize({ format: "commonweal-files-v1", files }));
      for (const { text } of [few, many, list]) {
        expect(isValid(JSON.parse(text)), JSON.stringify(isValid.errors)).to.equal(true);
      }

      const claim = { manifest: many.text, digest: many.digest };
      expect((await manifest.verify({ ...claim, list: list.bytes })).files).to.deep.equal(files);
      expect(await refusal(() => manifest.verify(claim), InvalidArgument)).to.include({ argument: "list" });
      const altered = list.text.replace("00000", "0000x");
      expect(await refusal(() => manifest.verify({ ...claim, list: altered }), DigestMismatch)).to.include({
        document: "list of files",
        expected: list.digest,
        actual: `0x${sha256(altered).toString("hex")}`,
      });
    });

    const bad: [title: string, changes: Partial<Record<keyof ManifestDraft, unknown>>, location: string][] = [
      ["no name", { name: "" }, "manifest.name"],
      ["half of a surrogate pair", { description: "\ud83d" }, "manifest.description"],
      ["a name that is none", { naem: "Hello" } as object, "a name in manifest"],
      ["no files", { files: [] }, "manifest.files"],
      ["a size that is not exact", { files: [{ ...DRAFT.files[0], size: 2 ** 53 }] }, "files[0].size"],
      ["a size below zero", { files: [{ ...DRAFT.files[0], size: -1 }] }, "files[0].size"],
      [
        "a digest with a prefix",
        { files: [{ ...DRAFT.files[0], sha256: `0x${DRAFT.files[0].sha256}` }] },
        "files[0].sha256",
      ],
      ["a chunk size that is none", { chunkSize: 1_000 }, "manifest.chunkSize"],
      ["a model without its checksum", { model: { id: MODEL.toLowerCase(), chainId: 1 } }, "manifest.model.id"],
      ["a chain without a number", { model: { id: MODEL, chainId: 0 } }, "manifest.model.chainId"],
      ["an image that is no address", { image: "picture.png" }, "manifest.image"],
      ["an attribute without a value", { attributes: [{ trait_type: "bits" }] }, "manifest.attributes[0].value"],
      [
        "an attribute that is not finite",
        { attributes: [{ trait_type: "x", value: Number.NaN }] },
        "manifest.attributes[0].value",
      ],
      [
        "a licence of its own without its text",
        { license: "LicenseRef-mine" },
        "manifest.licenseTexts.LicenseRef-mine",
      ],
      [
        "a text of no licence",
        { licenseTexts: { "LicenseRef-mine": { sha256: "0".repeat(64) } } },
        "a name in manifest.licenseTexts",
      ],
      ["a parent without a licence", { parents: [{ source: "npm:x" }] }, "manifest.parents[0].license"],
    ];
    for (const [title, changes, location] of bad) {
      it(`refuses ${title}`, async () => {
        const draft = { ...DRAFT, ...changes } as ManifestDraft;

        expect(await refusal(() => manifest.create(draft), ManifestInvalid)).to.include({ location });
      });
    }

    it("refuses what nobody could read back", async () => {
      const name = "x".repeat(1_000);
      const many = {
        format: "onnx",
        tensors: 1,
        parameters: 1,
        dtypes: {},
        inputs: new Array(1_000).fill(name),
      } as const;
      const files = Array.from({ length: 34 }, (_, i) => ({ ...entryOf(`${i}`, ""), header: many }));

      expect(await refusal(() => manifest.create({ ...DRAFT, files }), ManifestInvalid)).to.include({
        location: "manifest",
      });
    });

    it("refuses licences that SPDX does not list, of the model and of parents", async () => {
      await refusal(() => manifest.create({ ...DRAFT, license: "mit" }), LicenseInvalid);
      const error = await refusal(
        () => manifest.create({ ...DRAFT, parents: [{ license: "Apache 2" }] }),
        LicenseInvalid,
      );

      expect(error).to.include({ license: "Apache 2" });
      expect(error.message).to.include("spdx.org/licenses");
    });
  });

  describe("verify", () => {
    it("takes bytes and text, and a digest in either case", async () => {
      const { text, bytes, digest } = await manifest.create(DRAFT);
      for (const given of [text, bytes])
        await manifest.verify({ manifest: given, digest: digest.toUpperCase().replace("0X", "0x") });
    });

    it("refuses each other byte", async () => {
      const { bytes, digest } = await manifest.create(DRAFT);
      for (let i = 0; i < bytes.length; i++) {
        const altered = bytes.slice();
        altered[i] ^= 1;
        await refusal(() => manifest.verify({ manifest: altered, digest }), DigestMismatch);
      }
    });

    it("says how files differ", async () => {
      const files = [entryOf("a", "1"), entryOf("b", "2"), entryOf("c", "3")];
      const { text, digest } = await manifest.create({ ...DRAFT, files });
      const other = entryOf("b", "two");
      const { differences } = await manifest.verify({
        manifest: text,
        digest,
        files: [files[0], other, entryOf("d", "4")],
      });

      const contentOf = ({ path: _, ...content }: ManifestFile) => content;
      expect(differences).to.deep.equal({
        equal: false,
        missing: ["c"],
        extra: ["d"],
        altered: [{ path: "b", expected: contentOf(files[1]), actual: contentOf(other) }],
      });
      expect((await manifest.verify({ manifest: text, digest, files })).differences?.equal).to.equal(true);
      const twice = { manifest: text, digest, files: [files[0], files[0]] };
      expect(await refusal(() => manifest.verify(twice), InvalidArgument)).to.include({
        argument: "files",
        value: "a",
      });
    });

    it("refuses what is not canonical, though it has the digest", async () => {
      const { text } = await manifest.create(DRAFT);
      const others = {
        "with white space": text.replace("{", "{ "),
        "with a line's end": `${text}\n`,
        "with a number written in another way": text.replace('"size":6', '"size":6.0'),
        "with a name twice": text.replace('"name":', '"name":"Other","name":'),
        "with an escape": text.replace("Hello", "\\u0048ello"),
        "in another order": `{${text
          .slice(1, -1)
          .split(/,(?="[a-z]+":)/)
          .reverse()
          .join(",")}}`,
      };
      for (const [title, other] of Object.entries(others)) {
        const digest = `0x${sha256(other).toString("hex")}`;
        expect(
          await refusal(() => manifest.verify({ manifest: other, digest }), ManifestInvalid),
          title,
        ).to.have.property("value");
      }
    });

    it("refuses what is no JSON, no UTF-8, begins with a mark, or is nested without end", async () => {
      const documents = [
        ...[Buffer.from("{"), Buffer.from([0x7b, 0xff, 0x7d]), Buffer.from("\ufeff{}"), Buffer.from("null")],
        Buffer.from("[".repeat(1_000_000) + "]".repeat(1_000_000)),
      ];
      for (const document of documents) {
        const digest = `0x${sha256(document).toString("hex")}`;
        await refusal(() => manifest.verify({ manifest: document, digest }), ManifestInvalid);
      }
    });

    it("refuses a digest that is none, and a document too large to be one", async () => {
      const { text, digest } = await manifest.create(DRAFT);
      expect(
        await refusal(() => manifest.verify({ manifest: text, digest: digest.slice(2) }), InvalidArgument),
      ).to.include({ argument: "digest" });
      const large = new Uint8Array(2 ** 25 + 1);
      expect(await refusal(() => manifest.verify({ manifest: large, digest }), InvalidArgument)).to.include({
        argument: "manifest",
      });
    });

    it("refuses files in another order, or that are one where case does not count", async () => {
      const [a, b] = [entryOf("a", "1"), entryOf("b", "2")];
      const other = sealed(await manifestOf({ files: [b, a] }));
      expect(await refusal(() => manifest.verify(other), ManifestInvalid)).to.include({
        location: "manifest.files[1].path",
      });
      const same = sealed(await manifestOf({ files: [{ ...b, path: "A" }, a] }));
      expect(await refusal(() => manifest.verify(same), FilePathInvalid)).to.include({ path: "a" });
    });
  });

  it("is refused by its JSON Schema where it is refused by the SDK", async () => {
    const good = await manifestOf({ model: { id: MODEL, chainId: 1 } });
    expect(isValid(good)).to.equal(true);
    const file = DRAFT.files[0];
    const others = [
      ...[
        { format: "commonweal-manifest-v2" },
        { name: "" },
        { name: 1 },
        { extra: 1 },
        { files: undefined },
        { files: [] },
      ],
      ...[
        { list: { sha256: file.sha256, size: 1, count: 2_001 } },
        { chunkSize: 1_025 },
        { license: "" },
        { image: "x" },
      ],
      ...[{ model: { id: "0x12", chainId: 1 } }, { model: { id: MODEL, chainId: 1.5 } }, { model: { id: MODEL } }],
      ...[{ fingerprintsRoot: "ab" }, { attributes: [{ value: 1 }] }, { attributes: {} }, { parents: [{}] }],
      ...[{ licenseTexts: { mine: { sha256: file.sha256 } } }, { source: "" }],
      ...["/a", "../a", "a/../b", "a//b", "a/", "./a", ".", "a\\b", "C:a", "a\nb", ""].map((path) => ({
        files: [{ ...file, path }],
      })),
      ...[{ size: -1 }, { size: 0.5 }, { sha256: "AB" }, { chunkRoot: undefined }, { mode: 1 }, { header: {} }].map(
        (change) => ({
          files: [{ ...file, ...change }],
        }),
      ),
    ];
    for (const change of others) {
      const value: unknown = JSON.parse(JSON.stringify({ ...good, ...change }));
      expect(isValid(value), JSON.stringify(change)).to.equal(false);
      await refusal(() => manifest.verify(sealed(value)), Error);
    }
  });

  describe("canonicalise", () => {
    it("is what others write", () => {
      const value = { b: [1, 1e21, -0, 0.1, true, null], "\u{1f600}": "\u2028", "\ufb33": { a: undefined, z: "é" } };

      expect(manifest.canonicalise(value)).to.equal(canonicalize(value));
    });

    it("refuses what JSON cannot say", () => {
      const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);
      expect(manifest.canonicalise(nested(64))).to.have.lengthOf(129);
      for (const value of [
        nested(65),
        1n,
        undefined,
        () => 1,
        new Date(0),
        new Map(),
        [undefined],
        new Array(1),
        { a: Number.NaN },
      ]) {
        expect(() => manifest.canonicalise(value)).to.throw(InvalidArgument);
      }
    });
  });

  it("has the digest that sha256sum prints", () => {
    expect(manifest.digestOf("abc")).to.equal("0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
