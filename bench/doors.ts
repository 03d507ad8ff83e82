import { AbiCoder, type BigNumberish, keccak256, Signature } from "ethers";
import { freshSalt, gasOf, ref } from "../test/helpers/models.js";
import type { Store } from "../types/ethers-contracts/index.js";
import type { Measure } from "./measures.js";
import { ODD_AMOUNT, type Scenario } from "./scenario.js";

const LATE = 2 ** 40 - 1;

/** Payments by other doors, in a token that takes permits and authorizations, as USDC does. */
export async function measureDoors(scenario: Scenario): Promise<Measure[]> {
  const { ledger, usdc, payer, register, pay } = scenario;
  const token = await usdc.getAddress();
  const model = await register();
  await pay(model, token);
  const plain = await gasOf(pay(model, token));
  // A permit's allowance stands in for the one without limit, and is used up.
  await payWithPermit(scenario, model);
  await payWithAuthorization(scenario, model);
  const store = await storeOf(scenario);
  await usdc.connect(payer).approve(store, ODD_AMOUNT * 2n);
  await store.connect(payer).buy(model, token, ODD_AMOUNT, ref("order"));
  const bought = await gasOf(store.connect(payer).buy(model, token, ODD_AMOUNT, ref("order")));
  const permitted = await payWithPermit(scenario, model);
  await usdc.connect(payer).approve(ledger, 2n ** 256n - 1n);

  return [
    { operation: "pay a token with signatures, repeat", gas: plain },
    { operation: "pay with a permit, repeat", gas: permitted },
    { operation: "pay with an authorization, repeat", gas: await payWithAuthorization(scenario, model) },
    { operation: "payBy a store that pulls from its buyer, repeat", gas: bought },
  ];
}

async function storeOf({ connection, ledger }: Scenario): Promise<Store> {
  return (await connection.ethers.deployContract("Store", [ledger])) as unknown as Store;
}

async function domainOf({ usdc, connection }: Scenario) {
  const { chainId } = await connection.ethers.provider.getNetwork();

  return { name: await usdc.name(), version: "1", chainId, verifyingContract: await usdc.getAddress() };
}

async function payWithPermit(scenario: Scenario, model: string): Promise<bigint> {
  const { ledger, usdc, payer } = scenario;
  const permit = {
    owner: payer.address,
    spender: await ledger.getAddress(),
    value: ODD_AMOUNT,
    nonce: await usdc.nonces(payer),
    deadline: LATE,
  };
  const { v, r, s } = Signature.from(
    await payer.signTypedData(await domainOf(scenario), { Permit: fields(permit, ADDRESSES) }, permit),
  );

  return gasOf(ledger.connect(payer).payWithPermit(model, usdc, ODD_AMOUNT, ref("order"), LATE, v, r, s));
}

async function payWithAuthorization(scenario: Scenario, model: string): Promise<bigint> {
  const { ledger, usdc, payer, bob } = scenario;
  const [domain, reference, salt] = [await domainOf(scenario), ref("order"), freshSalt()];
  const { selector } = ledger.getFunction("payWithAuthorization").fragment;
  const nonce = keccak256(
    AbiCoder.defaultAbiCoder().encode(
      "uint256 address bytes4 address address uint256 bytes32 address uint256 uint256 bytes32".split(" "),
      [
        domain.chainId,
        await ledger.getAddress(),
        selector,
        model,
        domain.verifyingContract,
        ODD_AMOUNT,
        reference,
        payer.address,
        0,
        LATE,
        salt,
      ],
    ),
  );
  const terms = {
    from: payer.address,
    to: await ledger.getAddress(),
    value: ODD_AMOUNT,
    validAfter: 0,
    validBefore: LATE,
    nonce,
  };
  const types = { ReceiveWithAuthorization: fields(terms, ADDRESSES, { nonce: "bytes32" }) };
  const signature = await payer.signTypedData(domain, types, terms);

  // Bob sends it: the payer needs no ETH.
  return gasOf(
    ledger.connect(bob).payWithAuthorization(model, usdc, ODD_AMOUNT, reference, {
      from: payer.address,
      validAfter: 0,
      validBefore: LATE,
      salt,
      signature,
    }),
  );
}

const ADDRESSES = ["owner", "spender", "from", "to"];

/** Returns the EIP-712 fields of a struct of addresses and numbers, but for what is said otherwise. */
function fields(
  struct: Record<string, string | BigNumberish>,
  addresses: string[],
  others: Record<string, string> = {},
) {
  return Object.keys(struct).map((name) => ({
    name,
    type: others[name] ?? (addresses.includes(name) ? "address" : "uint256"),
  }));
}
