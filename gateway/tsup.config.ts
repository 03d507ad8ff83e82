import { defineConfig } from "tsup";

const common = { target: "es2022" } as const;

export default defineConfig([
  {
    ...common,
    entry: ["src/index.ts", "src/node.ts", "src/client.ts", "src/client/fileStorage.ts"],
    format: ["esm", "cjs"],
    dts: true,
  },
  { ...common, entry: ["src/cli.ts"], format: ["esm"] },
]);
