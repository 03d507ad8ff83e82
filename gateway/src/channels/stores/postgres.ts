import type { Client } from "pg";
import { type ChannelRecord, type ChannelStore, StoreFailed, StoreInUse } from "../store.js";
import { batchesOf } from "./batches.js";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS usage_vouchers (
    channel_id text PRIMARY KEY,
    channel jsonb NOT NULL,
    amount numeric(34) NOT NULL,
    calls bigint NOT NULL,
    signature text NOT NULL,
    charged numeric(34) NOT NULL
  )`;

/** Held for as long as the connection lives; one for each schema that has the table. */
const LOCK = "SELECT pg_try_advisory_lock(hashtextextended(current_schema() || '.usage_vouchers', 0)) AS locked";

const PUT = `
  INSERT INTO usage_vouchers (channel_id, channel, amount, calls, signature, charged)
  SELECT * FROM unnest($1::text[], $2::jsonb[], $3::numeric[], $4::bigint[], $5::text[], $6::numeric[])
  ON CONFLICT (channel_id) DO UPDATE
  SET amount = excluded.amount, calls = excluded.calls, signature = excluded.signature, charged = excluded.charged
  WHERE excluded.calls > usage_vouchers.calls`;

/**
 * Returns a store in Postgres; needs the package `pg`. If the connection is lost, so is the lock, and the store fails until
 * the gateway is started again.
 *
 * @param url `postgres://…`; `options=-csearch_path=…` in it chooses the schema.
 */
export function postgresStore(url: string): ChannelStore {
  const name = nameOf(url);
  let client: Client | undefined;
  let lost: Error | undefined;

  const batches = batchesOf<ChannelRecord>(async (records) => {
    // Of one channel there is one at a time, so no statement meets a row twice.
    await query(PUT, [
      records.map(({ channelId }) => channelId),
      records.map(({ channel }) => JSON.stringify(channel)),
      records.map(({ amount }) => amount),
      records.map(({ calls }) => calls),
      records.map(({ signature }) => signature),
      records.map(({ charged }) => charged),
    ]);
  });

  function failure(error: unknown): StoreFailed {
    return new StoreFailed(name, error instanceof Error ? error.message : String(error), { cause: error });
  }

  async function query(text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> {
    if (client === undefined) throw new StoreFailed(name, "it is not open");
    if (lost !== undefined) throw failure(lost);
    try {
      return (await client.query(text, values)).rows;
    } catch (error) {
      throw failure(error);
    }
  }

  return {
    async open() {
      const { Client } = await import("pg")
        .then(({ default: pg }) => pg)
        .catch((error: unknown) => {
          throw new StoreFailed(name, "the package pg is missing: npm install pg", { cause: error });
        });
      const connection = new Client({ connectionString: url });
      lost = undefined;
      connection.on("error", (error) => {
        lost = error;
      });
      connection.on("end", () => {
        lost ??= new StoreFailed(name, "the connection ended");
      });
      try {
        await connection.connect();
        const { rows } = await connection.query<{ locked: boolean }>(LOCK);
        if (!rows[0].locked) throw new StoreInUse(name);
        await connection.query(SCHEMA);
        await connection.query("SET synchronous_commit = on");
      } catch (error) {
        await connection.end().catch(() => {});
        throw error instanceof StoreInUse ? error : failure(error);
      }
      client = connection;
    },

    async get(channelId) {
      return (await query("SELECT * FROM usage_vouchers WHERE channel_id = $1", [channelId])).map(recordOf)[0];
    },

    async all() {
      return (await query("SELECT * FROM usage_vouchers ORDER BY channel_id")).map(recordOf);
    },

    put: (record) => batches.put(record),

    async close() {
      await batches.drained();
      const connection = client;
      client = undefined;
      await connection?.end();
    },
  };
}

/** Returns a URL without what may be secret in it: who logs in, and the parameters, which may say so too. */
function nameOf(url: string): string {
  if (!URL.canParse(url)) return "postgres://…";
  const { protocol, host, pathname } = new URL(url);

  return `${protocol}//${host}${pathname}`;
}

function recordOf(row: Record<string, unknown>): ChannelRecord {
  const { channel_id, channel, amount, calls, signature, charged } = row;

  return {
    channelId: String(channel_id),
    // Postgres sorts the keys; what is read is the same.
    channel: channel as ChannelRecord["channel"],
    ...{ amount: String(amount), calls: Number(calls), signature: String(signature), charged: String(charged) },
  };
}
