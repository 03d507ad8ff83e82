interface Waiting<T> {
  item: T;
  resolve: () => void;
  reject: (error: unknown) => void;
}

/**
 * Returns a function that stores an item together with all others of the same moment, and resolves when it is stored. While
 * a batch is being stored the next one gathers.
 *
 * @param store Stores all or, if it throws, none.
 */
export function batchesOf<T>(store: (items: T[]) => void | Promise<void>) {
  let waiting: Waiting<T>[] = [];
  let isRunning = false;

  async function run(): Promise<void> {
    isRunning = true;
    // What else came in this turn of the event loop joins.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await store(batch.map(({ item }) => item));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    // Here and not later: whoever is told that its item is stored may put the next one at once.
    isRunning = false;
  }

  return {
    put(item: T): Promise<void> {
      const stored = new Promise<void>((resolve, reject) => {
        waiting.push({ item, resolve, reject });
      });
      if (!isRunning) void run();

      return stored;
    },

    /** Resolves when everything that was put is stored, or has failed. */
    async drained(): Promise<void> {
      while (isRunning) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
