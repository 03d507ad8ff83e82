import { fork } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect } from "chai";
import { getAddress, hexlify, randomBytes } from "ethers";
import pg from "pg";
import { type ChannelRecord, StoreFailed, StoreInUse, storeAt } from "../../../gateway/src/channels/index.js";
import { batchesOf } from "../../../gateway/src/channels/stores/batches.js";
import { DAY } from "../../helpers/protocol.js";
import { freshSalt } from "../../helpers/models.js";
import { failureOf } from "../../sdk/helpers.js";
import { HAS_POSTGRES, startPostgres } from "../support/channel.postgres.js";

/** A record of nobody's in particular; the store does not look into it. */
function recordOf(changes: Partial<ChannelRecord> = {}): ChannelRecord {
  const [payer, signer, model, host, currency] = Array.from({ length: 5 }, () => getAddress(hexlify(randomBytes(20))));
  const terms = { payer, signer, model, host, hostBps: 2_000, currency, notice: DAY, salt: freshSalt() };

  return {
    ...{ channel: terms, channelId: freshSalt(), amount: String(2n ** 112n - 1n), calls: 2 ** 32 - 1 },
    ...{ signature: `0x${"ab".repeat(65)}`, charged: "12345678901234567890" },
    ...changes,
  };
}

const byId = (records: ChannelRecord[]) => records.sort((a, b) => (a.channelId < b.channelId ? -1 : 1));

function behavesAsAStore(placeOf: () => string, { survives }: { survives: boolean }) {
  it("gives back what was put, to the last digit", async () => {
    const store = storeAt(placeOf());
    await store.open();
    const records = [recordOf(), recordOf({ amount: "0", calls: 0, charged: "0", signature: "0x" })];
    await Promise.all(records.map((record) => store.put(record)));

    for (const record of records) expect(await store.get(record.channelId)).to.deep.equal(record);
    expect(await store.get(freshSalt())).to.equal(undefined);
    expect(await store.all()).to.deep.include.members(records);
    await store.close();
  });

  it("keeps the record with the most calls, in whatever order they come", async () => {
    const store = storeAt(placeOf());
    await store.open();
    const newest = recordOf({ calls: 9, amount: "900" });
    await store.put({ ...newest, calls: 8, amount: "800" });
    await store.put(newest);
    await store.put({ ...newest, calls: 7, amount: "700" });
    await store.put({ ...newest, amount: "1" });

    expect(await store.get(newest.channelId)).to.deep.equal(newest);
    await store.close();
  });

  it("stores many at once", async () => {
    const store = storeAt(placeOf());
    await store.open();
    const before = (await store.all()).length;
    await Promise.all(Array.from({ length: 500 }, () => store.put(recordOf())));

    expect((await store.all()).length).to.equal(before + 500);
    await store.close();
  });

  if (!survives) return;

  it("has it after a restart, and finishes what was put before it closes", async () => {
    const [first, second] = [storeAt(placeOf()), storeAt(placeOf())];
    await first.open();
    const records = byId(await first.all());
    const more = recordOf();
    const put = first.put(more);
    await first.close();
    await put;

    await second.open();
    expect(byId(await second.all())).to.deep.equal(byId([...records, more]));
    await second.close();
  });

  it("says what to do when it is not open", async () => {
    const store = storeAt(placeOf());
    const { message } = await failureOf(StoreFailed, store.put(recordOf()));

    expect(message).to.match(/failed \(it is not open\): see that it can be reached and has room/);
    await failureOf(StoreFailed, store.get(freshSalt()));
  });
}

describe("Gateway channels: stores", () => {
  describe("memory", () => {
    behavesAsAStore(() => "memory:", { survives: false });
  });

  describe("SQLite", () => {
    let directory: string;
    const file = () => path.join(directory, "vouchers.sqlite");

    before(async () => {
      directory = await mkdtemp(path.join(tmpdir(), "commonweal-store-"));
    });
    after(() => rm(directory, { recursive: true, force: true }));

    behavesAsAStore(file, { survives: true });

    it("is one gateway's at a time, also in the same process", async () => {
      const [first, second] = [storeAt(file()), storeAt(file())];
      await first.open();
      const { message } = await failureOf(StoreInUse, second.open());
      expect(message).to.match(/vouchers\.sqlite is in use: stop the other gateway/);

      await first.close();
      await second.open();
      await second.close();
    });

    it("is free when the process that had it was killed, and has all that it was told is stored", async () => {
      const place = path.join(directory, "killed.sqlite");
      const record = recordOf();
      const script = new URL("../support/channel.store.child.ts", import.meta.url);
      const child = fork(script, [place, JSON.stringify(record)], { execArgv: ["--import", "tsx"] });
      await new Promise((resolve) => child.once("message", resolve));
      const store = storeAt(place);
      await failureOf(StoreInUse, store.open());
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGKILL");
      await ended;

      await store.open();
      expect(await store.all()).to.deep.equal([record]);
      await store.close();
    });

    it("says what to do when the file cannot be there", async () => {
      const { message } = await failureOf(StoreFailed, storeAt(path.join(directory, "no", "such.sqlite")).open());

      expect(message).to.match(/such\.sqlite failed \(unable to open database file\): see that it can be reached/);
    });
  });

  describe("Postgres", () => {
    let postgres: Awaited<ReturnType<typeof startPostgres>>;
    const url = () => postgres.url;

    before(async () => {
      postgres = await startPostgres();
    });
    after(() => postgres.stop());

    behavesAsAStore(url, { survives: true });

    it("says what to do when it cannot be reached, without the password", async () => {
      for (const url of ["postgres://127.0.0.1:1/x?password=secret", "postgres://me:a@secret@127.0.0.1:1/x"]) {
        expect((await failureOf(StoreFailed, storeAt(url).open())).message).not.to.contain("secret");
      }
      const { message } = await failureOf(StoreFailed, storeAt("postgres://me:secret@127.0.0.1:1/x").open());

      expect(message).to.match(
        /^postgres:\/\/127\.0\.0\.1:1\/x failed \(.*ECONNREFUSED.*\): see that it can be reached/,
      );
      expect(message).not.to.include("secret");
    });

    // Postgres in WASM has one session for all, and so no locks between them.
    if (!HAS_POSTGRES) return;

    it("is one gateway's at a time, in each schema", async () => {
      const [first, second] = [storeAt(url()), storeAt(url())];
      await first.open();
      await failureOf(StoreInUse, second.open());
      const client = new pg.Client({ connectionString: url() });
      await client.connect();
      await client.query("CREATE SCHEMA other");
      const elsewhere = storeAt(`${url()}?options=-csearch_path%3Dother`);
      await elsewhere.open();

      expect(await elsewhere.all()).to.deep.equal([]);
      await Promise.all([first.close(), elsewhere.close(), client.end()]);
      await second.open();
      await second.close();
    });

    it("fails for good when the connection is lost, since the lock went with it", async () => {
      const store = storeAt(url());
      await store.open();
      const record = recordOf();
      await store.put(record);
      const client = new pg.Client({ connectionString: url() });
      await client.connect();
      await client.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL",
      );

      await failureOf(StoreFailed, store.put({ ...record, calls: record.calls + 1 }));
      await failureOf(StoreFailed, store.get(record.channelId));
      await client.end();
      await store.close();
      const next = storeAt(url());
      await next.open();
      expect(await next.get(record.channelId)).to.deep.equal(record);
      await next.close();
    });
  });

  describe("batches", () => {
    it("take together what comes together, and what comes while one is stored", async () => {
      const stored: number[][] = [];
      const { put, drained } = batchesOf<number>(async (items) => {
        stored.push(items);
        await new Promise((resolve) => setTimeout(resolve, 10));
      });
      const first = Promise.all([put(1), put(2), put(3)]);
      await new Promise((resolve) => setTimeout(resolve, 5));
      const second = Promise.all([put(4), put(5)]);
      expect(stored).to.deep.equal([[1, 2, 3]]);
      await Promise.all([first, second]);

      expect(stored).to.deep.equal([
        [1, 2, 3],
        [4, 5],
      ]);
      await drained();
    });

    it("fail together, and the next ones do not", async () => {
      let isBroken = true;
      const { put } = batchesOf<number>(() => {
        if (isBroken) throw new StoreFailed("it", "broken");
      });
      const [one, two] = [put(1), put(2)];
      await Promise.all([failureOf(StoreFailed, one), failureOf(StoreFailed, two)]);
      isBroken = false;

      await put(3);
    });
  });
});
