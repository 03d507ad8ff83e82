/** A tensor of a model's file. */
export interface TensorInfo {
  readonly name: string;
  /** By the format's own name for it, such as `F32`, `Q4_K` or `FLOAT`. */
  readonly dtype: string;
  /** In the format's own order; empty for a single number. */
  readonly shape: readonly number[];
  /** Where its bytes begin in the file; undefined when they are elsewhere, or not in one piece. */
  readonly offset: number | undefined;
  /** How many bytes it has there; undefined when they are elsewhere, or not in one piece. */
  readonly length: number | undefined;
}

export interface HeaderOptions {
  /** How many bytes a header may make us read; 64 MiB if left out. */
  maxBytes?: number;
}

/** How many tensors, entries and items of lists a header may have together. */
export const MAX_ITEMS = 2_000_000;

export const DEFAULT_MAX_BYTES = 64 * 2 ** 20;
