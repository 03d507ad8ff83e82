// Looks whether what `npm install` names is a package of this workspace or one that it depends on.
import { readFileSync } from "node:fs";

const manifests = ["", "contracts/", "sdk/", "gateway/", "relayer/"].map((folder) =>
  JSON.parse(readFileSync(new URL(`../../../${folder}package.json`, import.meta.url), "utf8")),
);
const known = new Set(
  manifests.flatMap((manifest) => [
    manifest.name,
    ...["dependencies", "devDependencies", "peerDependencies"].flatMap((key) => Object.keys(manifest[key] ?? {})),
  ]),
);

const [command, ...packages] = process.argv.slice(2);
const unknown = packages.filter((name) => !known.has(name) && !/\/commonweal-\w+-[\d.]+\.tgz$/.test(name));
if (command !== "install" || packages.length === 0 || unknown.length > 0) {
  console.error(
    command === "install"
      ? `Not in this workspace, so nobody has tried it: ${unknown.join(" ")}. Add it to devDependencies.`
      : `npm ${command}: pages use npm install only.`,
  );
  process.exitCode = 1;
}
