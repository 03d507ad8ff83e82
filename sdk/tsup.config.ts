import { defineConfig } from "tsup";

export default defineConfig({
  entry: [
    "src/index.ts",
    "src/abi.ts",
    "src/errorClasses.ts",
    "src/eventDecoders.ts",
    "src/roundScoring.ts",
    "src/typedDataBuilders.ts",
  ],
  format: ["esm", "cjs"],
  target: "es2022",
  dts: true,
  // Errors are decoded, and proposals explained, by what is loaded when it is needed.
  splitting: true,
  clean: true,
});
