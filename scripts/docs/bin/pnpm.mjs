// Looks whether the repository has a script; runs `start` where the page shows what it prints.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const { scripts } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
const root = fileURLToPath(new URL("../../..", import.meta.url));
const BUILT_IN = new Set(["install", "exec"]);

const [script, ...args] = process.argv.slice(process.argv[2] === "run" ? 3 : 2);
if (!BUILT_IN.has(script) && scripts[script] === undefined) {
  console.error(`The repository has no script "${script}": see package.json.`);
  process.exitCode = 1;
} else if (process.env.DOCS_RUN === "1" && script === "start") {
  const started = ["--import", "tsx", "scripts/start.ts", "--port", process.env.DOCS_PORT ?? "0", ...args];
  const [, ...paths] = process.env.PATH.split(":");
  const env = { ...process.env, PATH: paths.join(":") };
  const child = spawn(process.execPath, started, { cwd: root, stdio: "inherit", env });
  process.once("SIGTERM", () => child.kill("SIGTERM"));
  child.once("exit", (code) => process.exit(code ?? 1));
}
