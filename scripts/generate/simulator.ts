import { pathOf, readArtifact, readCompiled } from "./compilation.js";
import { OVERRIDDEN, SIMULATOR } from "./contracts.js";
import { GenerationFailed } from "./failure.js";

/** The code that runs a proposal within a call, and the storage slots that such a call overrides. */
export async function simulatorSource(): Promise<string> {
  const { deployedBytecode } = await readArtifact(SIMULATOR.name, SIMULATOR.source);
  const slots = await Promise.all(
    Object.entries(OVERRIDDEN).map(async ([contract, labels]) => {
      const { output, source } = await readCompiled(contract);
      const { storage } = output.contracts[pathOf(source, output.contracts)][contract].storageLayout;
      const entries = labels.map((label) => {
        const variable = storage.find((entry) => entry.label === label);
        if (variable === undefined)
          throw new GenerationFailed(`${contract} has no variable ${label}: mend OVERRIDDEN.`);
        return `${label}: ${variable.slot}`;
      });

      return `${contract}: { ${entries.join(", ")} },`;
    }),
  );

  return `
/** Runtime code of ${SIMULATOR.source}. */
export const simulatorCode = "${deployedBytecode}";

/** In which storage slot a variable begins, as the compiler lays it out. */
export const storageSlots = {
  ${slots.join("\n")}
} as const;
`;
}
