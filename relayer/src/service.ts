import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { openChain } from "./chain.js";
import type { Config } from "./config.js";
import { noJournal, openJournal } from "./journal.js";
import { relayerOf, STEP } from "./relayer.js";
import { appOf } from "./server.js";

export { ChainUnsuitable } from "./chain.js";
export { type Config, KEY_VARIABLE, readConfig, USAGE, WrongArguments } from "./config.js";
export type { Health } from "./relayer.js";

/** A relayer that runs. */
export interface Service {
  url: string;
  /** Takes no more ballots, sends what can be sent, and ends. */
  stop(): Promise<void>;
}

/** Milliseconds within which a request must have come. */
const REQUEST_TIMEOUT = 10_000;
const MAX_CONNECTIONS = 1_000;

/**
 * Starts a relayer.
 *
 * @param log Told, line by line, what happens.
 * @throws {ChainUnsuitable} when the node does not answer, or a contract is not there.
 */
export async function startRelayer(config: Config, log: (line: string) => void = () => {}): Promise<Service> {
  const chain = await openChain(config);
  const journal = config.journal === undefined ? noJournal : openJournal(config.journal);
  const relayer = relayerOf({ chain, config, journal, log });
  const server = createAdaptorServer({
    fetch: appOf(relayer, config, log).fetch,
    serverOptions: { requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT },
  }) as Server;
  server.maxConnections = MAX_CONNECTIONS;
  try {
    server.listen(config.port, config.host);
    await once(server, "listening");
  } catch (error) {
    chain.provider.destroy();
    throw error;
  }

  let timer: NodeJS.Timeout;
  let running: Promise<void> = Promise.resolve();
  const schedule = () => {
    timer = setTimeout(() => {
      running = relayer.step().then(schedule);
    }, STEP);
  };
  schedule();

  return {
    url: urlOf(server.address() as AddressInfo),

    async stop() {
      clearTimeout(timer);
      await running;
      clearTimeout(timer);
      await relayer.stop();
      server.close().closeAllConnections();
      chain.provider.destroy();
    },
  };
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
