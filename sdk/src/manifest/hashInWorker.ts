import { InvalidArgument } from "../errors.js";
import { WorkerFailed } from "./errors.js";
import type { HashedFile, HashOptions } from "./hashing.js";
import { checkPath } from "./paths.js";
import { CHUNK_SIZE, isChunkSize } from "./tree.js";
import type { WorkerAnswer, WorkerRequest } from "./workerMessages.js";

/** What is needed of a Web Worker. */
export interface HashWorker {
  postMessage(message: unknown): void;
  addEventListener(
    type: "message" | "error",
    listener: (event: WorkerEvent) => void,
    options: { signal: AbortSignal },
  ): void;
}

/** Of an answer, or of a failure. */
interface WorkerEvent {
  readonly data?: unknown;
  readonly message?: string;
}

let lastId = 0;

/**
 * Hashes a Blob in a worker, so that the page stays responsive. The worker can be used again, also for several at once.
 *
 * @param worker Made from `@commonweal/sdk/manifest/worker`.
 * @throws {FilePathInvalid} when the path cannot stand in a manifest.
 * @throws {WorkerFailed} when the worker could not be loaded, or could not read the Blob.
 * @example
 * const worker = new Worker(new URL("@commonweal/sdk/manifest/worker", import.meta.url), { type: "module" });
 * const file = await hashInWorker(worker, input.files[0], { path: input.files[0].name });
 */
export async function hashInWorker(worker: HashWorker, blob: Blob, options: HashOptions): Promise<HashedFile> {
  const { path, chunkSize = CHUNK_SIZE, signal, onProgress } = options;
  checkPath(path);
  if (!isChunkSize(chunkSize)) {
    throw new InvalidArgument("chunkSize", chunkSize, "a power of two from 1,024 to 67,108,864 bytes");
  }
  signal?.throwIfAborted();
  const id = ++lastId;
  const send = (request: WorkerRequest) => worker.postMessage(request);
  const listening = new AbortController();
  const listen = { signal: listening.signal };

  try {
    return await new Promise<HashedFile>((resolve, reject) => {
      worker.addEventListener(
        "message",
        ({ data }) => {
          const answer = data as WorkerAnswer;
          if (answer.id !== id) return;
          if (answer.type === "progress") onProgress?.(answer.progress);
          if (answer.type === "done") resolve(answer.file);
          if (answer.type === "failed") reject(new WorkerFailed(answer.reason));
        },
        listen,
      );
      worker.addEventListener(
        "error",
        ({ message }) => reject(new WorkerFailed(message || "it was not loaded")),
        listen,
      );
      const abort = () => {
        send({ type: "abort", id });
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, listen);
      send({ type: "hash", id, blob, path, chunkSize });
    });
  } finally {
    listening.abort();
  }
}
