import { keccak256, type Provider } from "ethers";
import type { Plan, PlannedContract, PlannedName } from "../plan.js";
import type { Rehearsal } from "./rehearsal.js";

/** What is at a contract's address: nothing, our code, or other code. */
export type Standing = "missing" | "deployed" | "other";

/** Looks at the chain for what is where. Nobody but the deployer can have put it there. */
export async function standingOf(
  provider: Provider,
  { contracts }: Plan,
  rehearsal: Rehearsal,
): Promise<Map<PlannedName, Standing>> {
  const standing = async ({ name, address }: PlannedContract): Promise<Standing> => {
    const code = await provider.getCode(address);
    if (code === "0x") return "missing";

    return keccak256(code) === rehearsal.contracts.get(name)?.codeHash ? "deployed" : "other";
  };

  return new Map(
    await Promise.all(contracts.map(async (contract) => [contract.name, await standing(contract)] as const)),
  );
}

/** Returns the names of what stands so. */
export function namesOf(standings: ReadonlyMap<PlannedName, Standing>, standing: Standing): Set<PlannedName> {
  return new Set([...standings].filter(([, each]) => each === standing).map(([name]) => name));
}
