import type { ChannelRecord, ChannelStore } from "../store.js";

/** Returns a store that is gone with the process: for tests, and where losing what is not redeemed does not matter. */
export function memoryStore(): ChannelStore {
  const records = new Map<string, ChannelRecord>();

  return {
    async open() {},
    get: async (channelId) => records.get(channelId),
    all: async () => [...records.values()],
    async put(record) {
      if ((records.get(record.channelId)?.calls ?? -1) < record.calls) records.set(record.channelId, record);
    },
    async close() {},
  };
}
