import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
    index: "src/index.ts",
    contracts: "src/contracts.ts",
    "manifest/index": "src/manifest/index.ts",
    "manifest/node": "src/manifest/node.ts",
    "manifest/worker": "src/manifest/worker.ts",
  },
  format: ["esm", "cjs"],
  target: "es2022",
  dts: true,
  clean: true,
  // In CommonJS too, so that an error has one class whichever entry point throws it.
  splitting: true,
});
