import type { Ask } from "./agent.js";
import { noise, voice } from "./audio.js";

/** Three frames of each. */
const SPOKEN = voice(0.1);
const HISSED = noise(0.1);

/** Has voice and noise judged in turn, so many times in all, and sees that the answers tell them apart. */
export async function quiz(ask: Ask, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const isVoice = i % 2 === 0;
    if ((await ask(isVoice ? SPOKEN : HISSED)) === isVoice) continue;
    throw new Error(`The model takes ${isVoice ? "a voice for noise" : "noise for a voice"}`);
  }
}
