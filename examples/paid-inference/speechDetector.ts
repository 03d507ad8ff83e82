import { readFile } from "node:fs/promises";
import { env, InferenceSession, Tensor } from "onnxruntime-web";

/** The model hears audio of this many samples a second. */
export const SAMPLE_RATE = 16_000;
/** The model hears frames of this many samples: 32 ms. */
export const FRAME = 512;
/** Samples that the model wants to hear again before each frame. */
const CONTEXT = 64;

/** Returns for each whole frame of audio how likely it is that somebody speaks, from 0 to 1. */
export type SpeechDetector = (samples: Float32Array) => Promise<number[]>;

/** Loads Silero VAD, v5 or v6, from its ONNX file. */
export async function loadSpeechDetector(file: string): Promise<SpeechDetector> {
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(await readFile(file));
  const sr = new Tensor("int64", BigInt64Array.of(BigInt(SAMPLE_RATE)), []);

  return async (samples) => {
    const probabilities: number[] = [];
    let state = new Tensor("float32", new Float32Array(2 * 128), [2, 1, 128]);
    for (let start = 0; start + FRAME <= samples.length; start += FRAME) {
      const heard = new Float32Array(CONTEXT + FRAME);
      const from = Math.max(0, start - CONTEXT);
      heard.set(samples.subarray(from, start + FRAME), CONTEXT - (start - from));
      const { output, stateN } = await session.run({
        input: new Tensor("float32", heard, [1, heard.length]),
        state,
        sr,
      });
      probabilities.push(Number(output.data[0]));
      state = stateN as typeof state;
    }

    return probabilities;
  };
}
