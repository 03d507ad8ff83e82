import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import hre from "hardhat";

const run = promisify(execFile);

/** Five lines that pay a model and show its books, with the account of that index of a local chain. */
export function helloSnippet(url: string, model: string, account: number): string[] {
  return [
    `import { JsonRpcProvider } from "ethers";`,
    `import { connect } from "@commonweal/sdk";`,
    `const { royalties } = await connect(await new JsonRpcProvider("${url}").getSigner(${account}));`,
    `const { hash } = await royalties.pay({ model: "${model}", currency: "ETH", amount: "0.5" });`,
    `console.log(hash, await royalties.booksOf({ model: "${model}", currency: "ETH" }));`,
  ];
}

/** Builds the SDK and packs it as npm would publish it; returns the archive's path. */
export async function packSdk(folder: string): Promise<string> {
  const cwd = path.join(hre.config.paths.root, "sdk");
  await mkdir(folder, { recursive: true });
  await run("npm", ["run", "build"], { cwd });
  // Without scripts, whose output would mix with the archive's name.
  const { stdout } = await run("npm", ["pack", "--ignore-scripts", "--silent", "--pack-destination", folder], { cwd });

  return path.join(folder, stdout.trim());
}
