import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { type Deployed, deployByCreate3 } from "./deployByCreate3.js";

/** A vesting wallet for each founder. How many there are is the deployer's choice, so the module is made for it. */
export function vestingModule(founderCount: number, deployed: Deployed) {
  return buildModule("Vesting", (m) =>
    Object.fromEntries(
      Array.from({ length: founderCount }, (_, index) => {
        const name = `VestingWallet${index}`;

        return [name, deployByCreate3(m, name, deployed, { artifact: "VestingWallet" })];
      }),
    ),
  );
}
