/** Returns a function that runs one task after another. A task that fails does not stop the next. */
export function turns() {
  const queue = { last: Promise.resolve() as Promise<unknown> };

  return <T>(task: () => Promise<T>): Promise<T> => {
    const next = queue.last.then(task, task);
    Object.assign(queue, { last: next.catch(() => {}) });

    return next;
  };
}

/** Returns what runs under a key already, or starts it. */
export function shared<T>(running: Map<string, Promise<T>>, key: string, start: () => Promise<T>): Promise<T> {
  const known = running.get(key);
  if (known !== undefined) return known;
  const started = start().finally(() => {
    if (running.get(key) === started) running.delete(key);
  });
  running.set(key, started);

  return started;
}
