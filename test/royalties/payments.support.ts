import { AbiCoder, id, keccak256, type Signer, Wallet } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { TestToken } from "../../types/ethers-contracts/index.js";
import { freshSalt, ref } from "../helpers/models.js";
import { deployLedger } from "./support.js";

/** What of a payment by authorization its nonce commits to, beside chain and ledger. */
export interface Payment {
  model: string;
  currency: string;
  amount: bigint;
  ref: string;
  from: string;
  validAfter: bigint;
  validBefore: bigint;
  salt: string;
}

/** The first four bytes of the hash of the function's signature, written out. */
const SELECTOR = id(
  "payWithAuthorization(address,address,uint256,bytes32,(address,uint256,uint256,bytes32,bytes))",
).slice(0, 10);

/** The nonce of a payment by authorization, encoded word by word. */
export function nonceOf(chainId: bigint, ledger: string, payment: Payment): string {
  const { model, currency, amount, ref, from, validAfter, validBefore, salt } = payment;

  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      [
        ...["uint256", "address", "bytes4"],
        ...["address", "address", "uint256", "bytes32"],
        ...["address", "uint256", "uint256", "bytes32"],
      ],
      [chainId, ledger, SELECTOR, model, currency, amount, ref, from, validAfter, validBefore, salt],
    ),
  );
}

/** The EIP-712 domain of a test token. */
export async function domainOf(token: TestToken) {
  const [, name, version, chainId, verifyingContract] = await token.eip712Domain();

  return { name, version, chainId, verifyingContract };
}

type Domain = Awaited<ReturnType<typeof domainOf>>;

const AUTHORIZATION_FIELDS = [
  { name: "from", type: "address" },
  { name: "to", type: "address" },
  { name: "value", type: "uint256" },
  { name: "validAfter", type: "uint256" },
  { name: "validBefore", type: "uint256" },
  { name: "nonce", type: "bytes32" },
];

/** What ERC-3009 has signed. */
export interface Transfer {
  from: string;
  to: string;
  value: bigint;
  validAfter: bigint;
  validBefore: bigint;
  nonce: string;
}

/** Signs a transfer that its receiver alone may send, or, of the other type, anybody. */
export function signTransfer(
  signer: Signer,
  domain: Domain,
  transfer: Transfer,
  type: "ReceiveWithAuthorization" | "TransferWithAuthorization" = "ReceiveWithAuthorization",
): Promise<string> {
  return signer.signTypedData(domain, { [type]: AUTHORIZATION_FIELDS }, transfer);
}

/** Signs an ERC-2612 permit. */
export function signPermit(
  owner: Signer,
  domain: Domain,
  permit: { owner: string; spender: string; value: bigint; nonce: bigint; deadline: bigint },
): Promise<string> {
  const fields = ["address owner", "address spender", "uint256 value", "uint256 nonce", "uint256 deadline"];
  const Permit = fields.map((field) => {
    const [type, name] = field.split(" ");

    return { type, name };
  });

  return owner.signTypedData(domain, { Permit }, permit);
}

/** A model that passes 25 % on to its parent, and a payer without ETH who has USDC and signs. */
export async function deployAuthorized(connection: NetworkConnection) {
  const context = await deployLedger(connection);
  const { ethers, networkHelpers } = connection;
  const { ledger, ledgerAddress, usdc, usdcAddress, stranger, open } = context;
  const parent = await open();
  const model = await open({ parents: [[parent, 2_500]] });
  const signer = new Wallet(id("payer without ETH"), ethers.provider);
  await usdc.mint(signer.address, 10_000n);
  const domain = await domainOf(usdc);
  const now = BigInt(await networkHelpers.time.latest());

  /** 1,000 units of USDC for the model, within a day from now. */
  function payment(changes: Partial<Payment> = {}): Payment {
    return {
      model,
      currency: usdcAddress,
      amount: 1_000n,
      ref: ref("order"),
      from: signer.address,
      validAfter: now - 1n,
      validBefore: now + 86_400n,
      salt: freshSalt(),
      ...changes,
    };
  }

  /** The nonce that this ledger asks for, on this chain. */
  const nonceFor = (agreed: Payment) => nonceOf(domain.chainId, ledgerAddress, agreed);

  /** Signs a payment for this ledger on this chain, unless told otherwise. */
  function sign(
    agreed: Payment,
    { by = signer as Signer, to = ledgerAddress, nonce = nonceFor(agreed), of = domain } = {},
  ) {
    const { from, amount: value, validAfter, validBefore } = agreed;

    return signTransfer(by, of, { from, to, value, validAfter, validBefore, nonce });
  }

  /** Has a stranger send a payment with a signature. */
  function send({ model, currency, amount, ref, ...authorization }: Payment, signature: string) {
    return ledger.connect(stranger).payWithAuthorization(model, currency, amount, ref, { ...authorization, signature });
  }

  return { ...context, parent, model, signer, domain, now, payment, nonceFor, sign, send };
}
