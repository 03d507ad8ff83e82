import { defineConfig } from "tsup";

const entry = {
  index: "src/index.ts",
  abi: "src/abi.ts",
  errorClasses: "src/errorClasses.ts",
  eventDecoders: "src/eventDecoders.ts",
  roundScoring: "src/roundScoring.ts",
  typedDataBuilders: "src/typedDataBuilders.ts",
};

export default defineConfig([
  {
    entry,
    format: ["esm", "cjs"],
    target: "es2022",
    dts: { entry: { ...entry, standalone: "src/standalone.ts" } },
    // Errors are decoded, and proposals explained, by what is loaded when it is needed. In CommonJS too, so that an error
    // has one class, whichever entry point it is taken from.
    splitting: true,
    clean: ["!standalone/**"],
  },
  {
    // For pages without a bundler, which name the files: ethers is inside, once for all of them.
    entry: {
      index: "src/standalone.ts",
      abi: "src/abi.ts",
      errors: "src/errorClasses.ts",
      events: "src/eventDecoders.ts",
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
