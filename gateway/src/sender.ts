/** The last thing that each account was asked to do. */
const last = new Map<string, Promise<unknown>>();

/**
 * Runs what sends transactions of an account one after the other, so that no two take the same nonce.
 *
 * @param account Its address, in whichever case.
 */
export function serially<T>(account: string, task: () => Promise<T>): Promise<T> {
  const key = account.toLowerCase();
  const result = (last.get(key) ?? Promise.resolve()).then(task, task);
  const done = result
    .catch(() => undefined)
    .then(() => {
      if (last.get(key) === done) last.delete(key);
    });
  last.set(key, done);

  return result;
}
