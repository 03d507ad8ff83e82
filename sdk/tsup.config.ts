import { defineConfig } from "tsup";

const entry = {
  index: "src/index.ts",
  abi: "src/abi.ts",
  errorClasses: "src/errorClasses.ts",
  eventDecoders: "src/eventDecoders.ts",
  fundingEntries: "src/fundingEntries.ts",
  "history/index": "src/history/index.ts",
  roundScoring: "src/roundScoring.ts",
  typedDataBuilders: "src/typedDataBuilders.ts",
  "manifest/index": "src/manifest/index.ts",
  "manifest/node": "src/manifest/node.ts",
  "manifest/worker": "src/manifest/worker.ts",
};

export default defineConfig([
  {
    entry,
    format: ["esm", "cjs"],
    target: "es2022",
    dts: { entry: { ...entry, standalone: "src/standalone.ts" } },
    // What is loaded when it is needed has files of its own. In CommonJS too, so that an error has one class whichever entry
    // point throws it.
    splitting: true,
    clean: ["!standalone/**"],
  },
  {
    // For pages without a bundler: ethers is inside, once for all entry points.
    entry: {
      index: "src/standalone.ts",
      abi: "src/abi.ts",
      errors: "src/errorClasses.ts",
      events: "src/eventDecoders.ts",
      history: "src/history/index.ts",
      manifest: "src/manifest/index.ts",
      rounds: "src/roundScoring.ts",
      "typed-data": "src/typedDataBuilders.ts",
    },
    outDir: "dist/standalone",
    format: "esm",
    platform: "browser",
    target: "es2022",
    noExternal: [/./],
    minify: true,
    // Errors are named after their classes.
    keepNames: true,
    splitting: true,
    clean: true,
  },
]);
