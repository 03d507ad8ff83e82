/** Where a client remembers its channels: `localStorage` is one. What is lost is found again on the chain. */
export interface ChannelStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): void | Promise<void>;
}

/** Returns a storage that is gone with the program. */
export function memoryStorage(): ChannelStorage {
  const items = new Map<string, string>();

  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
  };
}
