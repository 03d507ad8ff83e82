import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import hre from "hardhat";
import type { Target } from "./target.js";

/** The folder of Ignition's journals. */
const FOLDER = path.join(hre.config.paths.ignition, "deployments");

type Of = Pick<Target, "network" | "deployer">;

/**
 * Returns the name of Ignition's journal for a run. Every run has its own: what is deployed is told by the chain, so a
 * journal that breaks off, lies or is lost stops nobody. They tell in which transactions it happened.
 */
export function newJournal(of: Of): string {
  return `${prefixOf(of)}${new Date().toISOString().replace(/\D/g, "")}`;
}

/** Returns the journals of a deployer's runs on a network, as folders. */
export async function journalsOf(of: Of): Promise<string[]> {
  const names = await readdir(FOLDER).catch(() => []);

  return names.filter((name) => name.startsWith(prefixOf(of))).map((name) => path.join(FOLDER, name));
}

/** Returns the hashes of all transactions that those journals know. */
export async function journaledTransactions(of: Of): Promise<string[]> {
  const texts = await Promise.all(
    (await journalsOf(of)).map((folder) => readFile(path.join(folder, "journal.jsonl"), "utf8").catch(() => "")),
  );
  const hashes = texts.flatMap((text) => [...text.matchAll(/"hash":"(0x[\da-f]{64})"/g)].map(([, hash]) => hash));

  return [...new Set(hashes)];
}

function prefixOf({ network, deployer }: Of): string {
  return `${network}-${deployer.slice(2, 10).toLowerCase()}-`;
}
