import { access } from "node:fs/promises";
import path from "node:path";
import { type Browser, chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Starts the Chromium of this machine: of `CHROMIUM_PATH` or on PATH. Undefined if there is none. */
export async function launchChromium(): Promise<Browser | undefined> {
  const executablePath = process.env.CHROMIUM_PATH ?? (await onPath());

  if (executablePath === undefined) return undefined;

  // Its sandbox is not to be had by root, as whom containers run.
  return chromium.launch({ executablePath, args: ["--no-sandbox"] });
}

async function onPath(): Promise<string | undefined> {
  for (const directory of (process.env.PATH ?? "").split(path.delimiter)) {
    for (const name of NAMES) {
      const file = path.join(directory, name);
      const found = await access(file).then(
        () => true,
        () => false,
      );
      if (found) return file;
    }
  }
  return undefined;
}
