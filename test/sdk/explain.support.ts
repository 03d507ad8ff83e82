import { type Interface, parseEther } from "ethers";
import type { Action, Warning } from "../../sdk/src/index.js";
import { TestToken__factory } from "../../types/ethers-contracts/index.js";
import { deploySdk } from "./helpers.js";

export const ERC20 = TestToken__factory.createInterface();

/** A chain whose treasury has 110 ETH and 1,000 USDC, and short ways to write actions and to have them explained. */
export async function deployForExplaining() {
  const sdk = await deploySdk();
  const treasury = await sdk.timelock.getAddress();
  await sdk.deployer.governance.delegate();
  await sdk.accounts.deployer.sendTransaction({ to: treasury, value: parseEther("110") });
  await sdk.usdc.mint(treasury, 1_000_000_000n);

  /** A call of one of the protocol's contracts. */
  function own(name: keyof typeof sdk.reader.contracts, method: string, args: unknown[], value?: bigint): Action {
    const { target, interface: abi } = sdk.reader.contracts[name];
    return call(String(target), abi, method, args, value);
  }

  return {
    ...sdk,
    treasury,
    own,
    usdcCall: (method: string, args: unknown[]) => call(sdk.usdcAddress, ERC20, method, args),
    explain: (...actions: Action[]) => sdk.reader.governance.explain({ actions }),
  };
}

export function call(target: string, abi: Interface, name: string, args: unknown[], value?: bigint): Action {
  return { target, data: abi.encodeFunctionData(name, args), ...(value === undefined ? {} : { value }) };
}

export function send(to: string, value: bigint): Action {
  return { target: to, value, data: "0x" };
}

/** What is warned of, and of which calls. */
export function codesOf(warnings: Warning[]): [code: string, ...calls: number[]][] {
  return warnings.map(({ code, calls }) => [code, ...calls]);
}
