import type { HashedFile, HashProgress } from "./hashing.js";

/** What a page sends to the worker. */
export type WorkerRequest =
  { type: "hash"; id: number; blob: Blob; path: string; chunkSize: number } | { type: "abort"; id: number };

/** What the worker answers. */
export type WorkerAnswer =
  | { type: "progress"; id: number; progress: HashProgress }
  | { type: "done"; id: number; file: HashedFile }
  | { type: "failed"; id: number; reason: string };
