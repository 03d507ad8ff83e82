import { defineConfig } from "tsup";

export default defineConfig({
  entry: ["src/index.ts", "src/service.ts", "src/cli.ts"],
  format: ["esm", "cjs"],
  target: "es2022",
  dts: true,
  clean: true,
});
