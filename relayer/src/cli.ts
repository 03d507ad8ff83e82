#!/usr/bin/env node
import { CommonwealError } from "@commonweal/sdk";
import { readConfig, startRelayer, USAGE } from "./service.js";

const log = (line: string) => console.error(`${new Date().toISOString()} ${line}`);

async function run(): Promise<void> {
  const config = readConfig(process.argv.slice(2), process.env);
  if (config === undefined) return console.log(USAGE);

  const { url, stop } = await startRelayer(config, log);
  console.log(`Listening on ${url}`);

  const end = (signal: string) => {
    log(`stops (${signal})`);
    void stop().then(() => log("has stopped"));
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
}

void run().catch((error: unknown) => {
  // What the system refuses, such as a port, says enough too.
  const isPlain = error instanceof CommonwealError || (error instanceof Error && "syscall" in error);
  console.error(isPlain ? error.message : error);
  process.exitCode = 1;
});
