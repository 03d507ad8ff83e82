import { type ContractTransactionResponse, toBeHex } from "ethers";
import hre from "hardhat";
import type { NetworkConnection } from "hardhat/types/network";
import {
  ascending,
  ETH,
  gasOf,
  type ModelOptions,
  ref,
  registerModel,
  registrationOf,
} from "../test/helpers/models.js";
import { deployTestProtocol, type TestProtocol } from "../test/helpers/protocol.js";
import type { PlainToken } from "../types/ethers-contracts/index.js";

/** Odd, so that every floor leaves something and every remainder is carried. */
export const ODD_AMOUNT = 7_654_321n;
/** In wei: about 1.23 ETH. */
const ODD_ETH_AMOUNT = 1_234_567_890_123_456_789n;

const MIRROR_URI = "https://models.example.org/manifests/silero-vad-v6.json";

/**
 * The world in which gas is measured: an own chain, one transaction a block, so that a figure is `receipt.gasUsed`.
 *
 * Unless it says otherwise, a model has two parents at odd rates, a fee of 1 %, and two holders with odd shares; payers
 * have approved the ledger without limit, references are 32 random bytes, the dearest there are, and mirror URIs have 55.
 */
export async function openScenario(connection?: NetworkConnection) {
  connection ??= await hre.network.create();
  const accounts = await connection.ethers.getSigners();
  // As the test dollar, from an account whose nonces no address depends on. A plain one: USDC's signatures have their price.
  const plain = await connection.ethers.deployContract("PlainToken", accounts.at(-2));
  const token = await plain.getAddress();
  const protocol = await deployTestProtocol(connection, [token]);
  const { ledger, registry, usdc, signers } = protocol;
  const [, alice, bob, payer] = signers;
  for (const currency of [plain, usdc]) {
    await currency.mint(payer.address, 10n ** 24n);
    await currency.mint(alice.address, 1n);
    await (currency.connect(payer) as typeof usdc).approve(await ledger.getAddress(), 2n ** 256n - 1n);
  }

  const holdings = [
    { holder: alice.address, units: 333_333 },
    { holder: bob.address, units: 666_667 },
  ];
  const roots = [await registerModel(protocol, alice, { holdings }), await registerModel(protocol, bob, { holdings })];
  const parents = [
    { model: roots[0], rateBps: 701 },
    { model: roots[1], rateBps: 1_303 },
  ];

  const pay = (
    model: string,
    currency = token,
    amount = currency === ETH ? ODD_ETH_AMOUNT : ODD_AMOUNT,
  ): Promise<ContractTransactionResponse> =>
    ledger.connect(payer).pay(model, currency, amount, ref("order"), { value: currency === ETH ? amount : 0n });

  return {
    ...protocol,
    connection,
    plain: plain as unknown as PlainToken,
    token,
    alice,
    bob,
    payer,
    roots,
    parents,
    holdings,
    pay,
    /** Registers a model as the scenario has them. */
    register: (options: ModelOptions = {}) => registerModel(protocol, alice, { parents, holdings, ...options }),
    registerGas: async (options: ModelOptions = {}) =>
      gasOf(registry.connect(alice).register(await registrationOf(alice, { mirrorURI: MIRROR_URI, ...options }))),
    claim: (models: string[], currency = token, holder: TestProtocol["signers"][number] = alice) =>
      ledger.connect(holder).claim(ascending(models), currency, holder.address),
    cascade: (models: string[], currency = token) => ledger.cascade(models, currency),
  };
}

export type Scenario = Awaited<ReturnType<typeof openScenario>>;

/** Returns an account that nobody has, with as many bytes other than zero as real ones have: calldata prices them. */
export function stranger(index: number): string {
  return toBeHex(((BigInt(index) + 1n) * 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c834_1082_276bn) % 2n ** 160n, 20);
}
