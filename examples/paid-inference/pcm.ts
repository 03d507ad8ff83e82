const BYTES = 2;
const FULL = 0x7fff;

/** Writes samples from -1 to 1 as PCM: 16 bits each, the lower byte first. */
export function toPcm(samples: Float32Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(samples.length * BYTES));
  for (const [i, sample] of samples.entries()) view.setInt16(i * BYTES, Math.round(sample * FULL), true);

  return new Uint8Array(view.buffer);
}

/** Reads PCM as {@link toPcm} writes it; half a sample at the end is left out. */
export function fromPcm(bytes: ArrayBuffer): Float32Array {
  const view = new DataView(bytes);

  return Float32Array.from(
    { length: Math.floor(bytes.byteLength / BYTES) },
    (_, i) => view.getInt16(i * BYTES, true) / FULL,
  );
}
