import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

const run = promisify(execFile);

const INITDB = ["/usr/local/bin/initdb", "/usr/bin/initdb"].find((file) => existsSync(file));

/** Whether this machine has a Postgres with several sessions; without one, Postgres in WASM has one for all. */
export const HAS_POSTGRES = INITDB !== undefined;

/** Starts a Postgres of its own: the machine's, or else one in WASM, over a socket. */
export async function startPostgres(): Promise<{ url: string; stop(): Promise<void> }> {
  return INITDB === undefined ? startPglite() : startServer(INITDB);
}

async function startPglite() {
  const server = new PGLiteSocketServer({ db: await PGlite.create(), port: 0, host: "127.0.0.1", maxConnections: 4 });
  await server.start();

  return { url: `postgres://postgres@${server.getServerConn()}/postgres`, stop: () => server.stop() };
}

async function startServer(initdb: string) {
  const directory = await mkdtemp(path.join(tmpdir(), "commonweal-postgres-"));
  // Postgres does not run as root.
  const isRoot = process.getuid?.() === 0;
  const as = (command: string, args: string[]): [string, string[]] =>
    isRoot
      ? ["setpriv", ["--reuid=postgres", "--regid=postgres", "--clear-groups", command, ...args]]
      : [command, args];
  if (isRoot) await run("chown", ["postgres:postgres", directory]);
  const data = path.join(directory, "data");
  await run(...as(initdb, ["-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--no-instructions"]));
  const port = await freePort();
  const options = ["-D", data, "-p", String(port), "-h", "127.0.0.1", "-k", directory];
  const [command, args] = as(initdb.replace(/initdb$/, "postgres"), options);
  const server = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"] });
  await new Promise<void>((resolve, reject) => {
    server.once("exit", () => reject(new Error("Postgres did not start")));
    server.stderr.on("data", (text: Buffer) => {
      if (text.includes("ready to accept connections")) resolve();
    });
  });

  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      const ended = new Promise((resolve) => server.once("exit", resolve));
      server.kill("SIGINT");
      await ended;
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));

  return typeof address === "object" && address !== null ? address.port : 0;
}
