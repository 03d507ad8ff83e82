import { hashBlob } from "./hashing.js";
import type { WorkerAnswer, WorkerRequest } from "./workerMessages.js";

// A worker is a program: it runs when it is loaded. `hashInWorker` talks to it.

/** What of a worker's own global object is used here: the types of pages have none of it. */
interface WorkerScope {
  addEventListener(type: "message", listener: (event: { readonly data: WorkerRequest }) => void): void;
  postMessage(answer: WorkerAnswer, transfer?: ArrayBuffer[]): void;
}

const scope = globalThis as unknown as WorkerScope;
const running = new Map<number, AbortController>();

scope.addEventListener("message", ({ data: request }) => {
  if (request.type === "abort") running.get(request.id)?.abort();
  else void hash(request);
});

async function hash({ id, blob, path, chunkSize }: Extract<WorkerRequest, { type: "hash" }>): Promise<void> {
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const file = await hashBlob(blob, {
      ...{ path, chunkSize, signal: controller.signal },
      onProgress: (progress) => scope.postMessage({ type: "progress", id, progress }),
    });
    scope.postMessage({ type: "done", id, file }, [file.leaves.buffer]);
  } catch (error) {
    scope.postMessage({ type: "failed", id, reason: error instanceof Error ? error.message : String(error) });
  } finally {
    running.delete(id);
  }
}
