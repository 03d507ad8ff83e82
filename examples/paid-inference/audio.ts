import { SAMPLE_RATE } from "./speechDetector.js";

const TAU = 2 * Math.PI;
/** The first three formants of some vowels, in hertz (Peterson and Barney, 1952). */
const VOWELS = [
  [730, 1_090, 2_440],
  [270, 2_290, 3_010],
  [300, 870, 2_240],
  [530, 1_840, 2_480],
];
const VOWELS_PER_SECOND = 5;
const BANDWIDTHS = [60, 100, 140];

/** Says some vowels: the pulses of vocal cords through three resonators, as Klatt's synthesizer does it. */
export function voice(seconds: number): Float32Array {
  const samples = new Float32Array(seconds * SAMPLE_RATE);
  const resonators = BANDWIDTHS.map((bandwidth) => ({
    radius: Math.exp((-Math.PI * bandwidth) / SAMPLE_RATE),
    y1: 0,
    y2: 0,
  }));
  let phase = 0;
  for (const i of samples.keys()) {
    const time = i / SAMPLE_RATE;
    phase += (120 + 20 * Math.sin(TAU * 1.3 * time)) / SAMPLE_RATE;
    const isPulse = phase >= 1;
    if (isPulse) phase -= 1;

    const progress = time * VOWELS_PER_SECOND;
    const formants = VOWELS[Math.floor(progress) % VOWELS.length];
    samples[i] = resonators.reduce(
      (signal, resonator, k) => {
        const { radius, y1, y2 } = resonator;
        const feedback = 2 * radius * Math.cos((TAU * formants[k]) / SAMPLE_RATE);
        const y = signal + feedback * y1 - radius ** 2 * y2;
        Object.assign(resonator, { y1: y, y2: y1 });

        return y * (1 - feedback + radius ** 2);
      },
      isPulse ? Math.sin(Math.PI * (progress % 1)) : 0,
    );
  }
  const loudest = samples.reduce((max, sample) => Math.max(max, Math.abs(sample)), 0);

  return samples.map((sample) => sample / loudest / 2);
}

/** Hisses: noise of even strength, the same every time. */
export function noise(seconds: number): Float32Array {
  let seed = 1;
  return new Float32Array(seconds * SAMPLE_RATE).map(() => {
    seed = (seed * 48_271) % 0x7fffffff;
    return (seed / 0x7fffffff - 0.5) / 5;
  });
}
