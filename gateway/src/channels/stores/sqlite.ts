import type { DatabaseSync, StatementSync } from "node:sqlite";
import { type ChannelRecord, type ChannelStore, StoreFailed, StoreInUse } from "../store.js";
import { batchesOf } from "./batches.js";

const BUSY = 5;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS usage_vouchers (
    channel_id TEXT PRIMARY KEY,
    channel TEXT NOT NULL,
    amount TEXT NOT NULL,
    calls INTEGER NOT NULL,
    signature TEXT NOT NULL,
    charged TEXT NOT NULL
  ) STRICT`;

const PUT = `
  INSERT INTO usage_vouchers (channel_id, channel, amount, calls, signature, charged) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (channel_id) DO UPDATE
  SET amount = excluded.amount, calls = excluded.calls, signature = excluded.signature, charged = excluded.charged
  WHERE excluded.calls > usage_vouchers.calls`;

/**
 * Returns a store in a file. Each voucher is on the disk before its call is answered; those of one moment share a
 * transaction, and with it the wait for the disk.
 *
 * @param file Its path. Beside it there will be one with `-wal`, which belongs to it.
 */
export function sqliteStore(file: string): ChannelStore {
  let database: DatabaseSync | undefined;
  let insert: StatementSync | undefined;

  const batches = batchesOf<ChannelRecord>((records) =>
    attempt(() => {
      const db = opened();
      db.exec("BEGIN");
      try {
        for (const { channelId, channel, amount, calls, signature, charged } of records) {
          insert?.run(channelId, JSON.stringify(channel), amount, calls, signature, charged);
        }
        db.exec("COMMIT");
      } catch (error) {
        if (db.isTransaction) db.exec("ROLLBACK");
        throw error;
      }
    }),
  );

  function attempt<T>(act: () => T): T {
    try {
      return act();
    } catch (error) {
      if (error instanceof StoreFailed) throw error;
      throw new StoreFailed(file, error instanceof Error ? error.message : String(error), { cause: error });
    }
  }

  function opened(): DatabaseSync {
    if (database === undefined) throw new StoreFailed(file, "it is not open");

    return database;
  }

  return {
    async open() {
      // As no bundler changes it: there is no module `sqlite` without `node:`.
      const { DatabaseSync } = process.getBuiltinModule("node:sqlite");
      const db = attempt(() => new DatabaseSync(file));
      try {
        // In this order: the exclusive lock, which ends with the process, is taken by the first write.
        db.exec("PRAGMA busy_timeout = 0; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL");
        db.exec("PRAGMA synchronous = FULL");
        db.exec(`BEGIN IMMEDIATE; ${SCHEMA}; COMMIT`);
      } catch (error) {
        db.close();
        if ((error as { errcode?: number }).errcode === BUSY) throw new StoreInUse(file, { cause: error });
        throw new StoreFailed(file, (error as Error).message, { cause: error });
      }
      database = db;
      insert = db.prepare(PUT);
    },

    async get(channelId) {
      return attempt(() =>
        recordOf(opened().prepare("SELECT * FROM usage_vouchers WHERE channel_id = ?").get(channelId)),
      );
    },

    async all() {
      return attempt(() =>
        opened()
          .prepare("SELECT * FROM usage_vouchers ORDER BY channel_id")
          .all()
          .map((row) => recordOf(row) as ChannelRecord),
      );
    },

    put: (record) => batches.put(record),

    async close() {
      await batches.drained();
      database?.close();
      database = undefined;
    },
  };
}

function recordOf(row: Record<string, unknown> | undefined): ChannelRecord | undefined {
  if (row === undefined) return undefined;
  const { channel_id, channel, amount, calls, signature, charged } = row as Record<string, string>;

  return {
    ...{ channelId: channel_id, channel: JSON.parse(channel) },
    ...{ amount, calls: Number(calls), signature, charged },
  };
}
