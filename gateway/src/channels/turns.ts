/** Returns a function that runs one task after another. A task that fails does not stop the next. */
export function turns() {
  let last: Promise<unknown> = Promise.resolve();

  return <T>(task: () => Promise<T>): Promise<T> => {
    const next = last.then(task, task);
    last = next.catch(() => {});

    return next;
  };
}
