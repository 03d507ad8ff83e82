import { defineConfig } from "tsup";

export default defineConfig({
  entry: {
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
  },
  format: ["esm", "cjs"],
  target: "es2022",
  dts: true,
  clean: true,
  // What is loaded when it is needed has files of its own. In CommonJS too, so that an error has one class whichever entry
  // point throws it.
  splitting: true,
});
