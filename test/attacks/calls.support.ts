import { type BaseContract, type FunctionFragment, type Interface, MaxUint256, type ParamType, toBeHex } from "ethers";
import fc from "fast-check";
import type { NetworkConnection } from "hardhat/types/network";
import type { PlannedContract } from "../../scripts/plan.js";

/** A function that changes the state, of a contract that was deployed. */
export interface Entrance {
  /** As in the source: artifact and function. */
  name: string;
  target: string;
  abi: Interface;
  fragment: FunctionFragment;
}

/** A call to one, ready to be sent. */
export interface Call {
  name: string;
  target: string;
  data: string;
  value: bigint;
}

/** What arguments are made of besides what is drawn at random. */
export interface Pool {
  addresses: string[];
  /** Hashes, roles, ids. */
  words: string[];
  /** Encoded calls. */
  datas: string[];
  strings: string[];
  numbers: bigint[];
  /** Addresses for parameters with a certain name; lists of them keep this order. */
  named: Record<string, string[]>;
}

/** Lists every function of every contract of the deployment that is not a view, from the compiler's ABI. */
export async function entrancesOf(connection: NetworkConnection, plan: readonly PlannedContract[]) {
  const entrances: Entrance[] = [];
  for (const { name, address } of plan) {
    const artifact = artifactOf(name);
    const { interface: abi } = await connection.ethers.getContractAt(artifact, address);
    abi.forEachFunction((fragment) => {
      if (fragment.constant) return;

      entrances.push({ name: `${artifact}.${fragment.name}`, target: address, abi, fragment });
    });
  }

  return entrances;
}

function artifactOf(planned: string): string {
  if (planned === "SafetyTimelock") return "TimelockController";
  if (planned === "SafetyGovernor") return "WealGovernor";

  return planned.replace(/\d+$/, "");
}

/** Draws a call to one of these functions, with arguments that often mean something. */
export function callTo(entrances: readonly Entrance[], pool: Pool): fc.Arbitrary<Call> {
  return fc
    .constantFrom(...entrances)
    .chain(({ name, target, abi, fragment }) =>
      fc
        .tuple(
          fc.tuple(...fragment.inputs.map((input) => argumentOf(input, pool))),
          fragment.payable ? fc.constantFrom(0n, 0n, 1n, 1_000n) : fc.constant(0n),
        )
        .map(([values, value]) => ({ name, target, data: abi.encodeFunctionData(fragment, values), value })),
    );
}

function argumentOf(type: ParamType, pool: Pool): fc.Arbitrary<unknown> {
  if (type.isArray()) {
    const named = pool.named[type.name];
    const random = fc.array(argumentOf(type.arrayChildren, pool), { maxLength: 3 });
    if (named === undefined) return random;

    return fc.oneof({ weight: 4, arbitrary: fc.subarray(named, { minLength: 1 }) }, { weight: 1, arbitrary: random });
  }
  if (type.isTuple()) return fc.tuple(...type.components.map((component) => argumentOf(component, pool)));

  switch (type.type) {
    case "address":
      return fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...(pool.named[type.name] ?? pool.addresses)) },
        { weight: 3, arbitrary: fc.constantFrom(...pool.addresses) },
        { weight: 1, arbitrary: anyAddress },
      );
    case "bool":
      return fc.boolean();
    case "string":
      return fc.constantFrom(...pool.strings);
    case "bytes":
      return fc.constantFrom("0x", ...pool.datas);
  }
  const [, kind, size] = type.type.match(/^(bytes|uint)(\d+)$/) as RegExpMatchArray;
  if (kind === "bytes") return fc.constantFrom(...pool.words).map((word) => word.slice(0, 2 + 2 * Number(size)));

  const max = MaxUint256 >> (256n - BigInt(size));
  return fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...pool.numbers.filter((number) => number <= max), max) },
    { weight: 1, arbitrary: fc.bigInt({ min: 0n, max }) },
  );
}

const anyAddress = fc.bigInt({ min: 1n, max: (1n << 160n) - 1n }).map((number) => toBeHex(number, 20));

/** Makes a call of a contract's function. */
export async function callOn(contract: BaseContract, name: string, args: unknown[]): Promise<Call> {
  const data = contract.interface.encodeFunctionData(name, args);

  return { name, target: await contract.getAddress(), data, value: 0n };
}

/** Sends a call from an account; returns whether it went through. */
export async function attempt({ ethers }: NetworkConnection, from: string, { target, data, value }: Call) {
  const transaction = { from, to: target, data, value: `0x${value.toString(16)}`, gas: "0x7a1200" };
  try {
    await ethers.provider.send("eth_sendTransaction", [transaction]);

    return true;
  } catch {
    return false;
  }
}
