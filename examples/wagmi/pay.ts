/**
 * Reads a model's books, pays it and decodes what the ledger emitted, with wagmi's actions, to which its hooks
 * (`useReadContract`, `useWriteContract`) are the same with the same types.
 *
 * Start a chain with `npx pnpm@12 start`, which prints models, and then:
 * node --import tsx examples/wagmi/pay.ts 0xMODEL
 */
import { deployments, royaltyLedgerAbi } from "@commonweal/sdk/abi";
import {
  connect,
  createConfig,
  mock,
  readContract,
  simulateContract,
  waitForTransactionReceipt,
  writeContract,
} from "@wagmi/core";
import { formatEther, getAddress, http, parseEther, parseEventLogs, zeroAddress, zeroHash } from "viem";
import { hardhat } from "viem/chains";

const { RPC_URL = "http://127.0.0.1:8545" } = process.env;
const model = getAddress(process.argv[2]);

// Instead of a browser's wallet: the node has the key of this account, as of all of Hardhat, and signs.
const wallet = mock({ accounts: ["0x8626f6940E2eb28930eFb4CeF49B2d1F2C9C1199"] });
const chain = { ...hardhat, rpcUrls: { default: { http: [RPC_URL] } } };
const config = createConfig({ chains: [chain], connectors: [wallet], transports: { [chain.id]: http() } });
await connect(config, { connector: config.connectors[0] });

const ledger = { abi: royaltyLedgerAbi, address: deployments[hardhat.id].RoyaltyLedger.address } as const;
// The contracts know the chain's own coin as the zero address.
const books = { ...ledger, functionName: "booksOf", args: [model, zeroAddress] } as const;
const before = await readContract(config, books);
console.log(`Received so far: ${formatEther(before.received)} ETH`);

const value = parseEther("0.25");
// Throws what the contract would refuse, and sends nothing. The bytes are a reference for the payer's own books.
const { request } = await simulateContract(config, {
  ...ledger,
  functionName: "pay",
  args: [model, zeroAddress, value, zeroHash],
  value,
});
const { logs } = await waitForTransactionReceipt(config, { hash: await writeContract(config, request) });
for (const { args } of parseEventLogs({ abi: royaltyLedgerAbi, eventName: "Paid", logs })) {
  console.log(`Paid: ${formatEther(args.amount)} ETH by ${args.payer}`);
}

const after = await readContract(config, books);
console.log(`Received now: ${formatEther(after.received)} ETH`);
