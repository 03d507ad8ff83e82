import { existsSync } from "node:fs";
import sparticuz from "@sparticuz/chromium";
import { type Browser, chromium } from "playwright-core";

/** Debian's, or where this variable says. */
const INSTALLED = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";

/** Returns where Chromium is: the machine's own, or npm's without windows, so that every machine has one. */
export async function chromiumPath(): Promise<string> {
  return existsSync(INSTALLED) ? INSTALLED : sparticuz.executablePath();
}

/** Its sandbox is not to be had by root, as whom containers run; and it is to ask nobody for anything. */
export const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--headless",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts Chromium. */
export async function launchChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: await chromiumPath(), args: CHROMIUM_ARGS });
}
