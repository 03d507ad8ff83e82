import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { readJson, ROOT } from "./compilation.js";
import { CONTRACTS, PARTS, TWINS } from "./contracts.js";
import { GenerationFailed } from "./failure.js";

/** Where the contracts are, by chain; whatever else a deployment's file tells is not for the SDK. */
export async function deploymentsSource(directory = join(ROOT, "deployments")): Promise<string> {
  const files = (await readdir(directory)).filter((file) => /^\d+\.json$/.test(file));
  files.sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));

  const entries = await Promise.all(
    files.map(async (file) => {
      const deployment = await readJson<Record<string, { address: string; block: number }>>(join(directory, file));
      const planned = Object.keys(CONTRACTS).filter((name) => !PARTS.includes(name));
      const contracts = [...planned, ...TWINS].map((name) => {
        if (deployment[name] === undefined) {
          throw new GenerationFailed(`deployments/${file} has no ${name}: export the deployment anew.`);
        }
        const { address, block } = deployment[name];
        return `${name}: { address: "${address}", block: ${block} }`;
      });

      return `${basename(file, ".json")}: { ${contracts.join(", ")} },`;
    }),
  );

  return `
/** Where the protocol is, by chain id; \`block\` is the one in which the contract was deployed. */
export const deployments = {
  ${entries.join("\n")}
} as const;
`;
}
