/**
 * Reads a model's books, pays it and decodes what the ledger emitted, with viem alone: the SDK gives the ABI, from which
 * viem takes all types, and the addresses.
 *
 * Start a chain with `npx pnpm@12 start`, which prints models, and then:
 * node --import tsx examples/viem/pay.ts 0xMODEL
 */
import { deployments, royaltyLedgerAbi } from "@commonweal/sdk/abi";
import {
  createPublicClient,
  createWalletClient,
  formatEther,
  getAddress,
  getContract,
  type Hex,
  http,
  parseEther,
  parseEventLogs,
  zeroAddress,
  zeroHash,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { hardhat } from "viem/chains";

const { RPC_URL = "http://127.0.0.1:8545" } = process.env;
// The last of the accounts that every local chain of Hardhat has; of your own on any other chain.
const { KEY = "0xdf57089febbacf7ba0bc227dafbffa9fc08a93fdc68e1e42411a14efcf23656e" } = process.env;
const model = getAddress(process.argv[2]);

const transport = { chain: hardhat, transport: http(RPC_URL) };
const account = privateKeyToAccount(KEY as Hex);
const publicClient = createPublicClient(transport);
const walletClient = createWalletClient({ ...transport, account });
const ledger = getContract({
  address: deployments[hardhat.id].RoyaltyLedger.address,
  abi: royaltyLedgerAbi,
  client: { public: publicClient, wallet: walletClient },
});

// The contracts know the chain's own coin as the zero address.
const ETH = zeroAddress;
const before = await ledger.read.booksOf([model, ETH]);
console.log(`Received so far: ${formatEther(before.received)} ETH`);

const amount = parseEther("0.25");
// The bytes are a reference for the payer's own books.
const hash = await ledger.write.pay([model, ETH, amount, zeroHash], { value: amount });
const { logs } = await publicClient.waitForTransactionReceipt({ hash });
for (const { args } of parseEventLogs({ abi: royaltyLedgerAbi, eventName: "Paid", logs })) {
  console.log(`Paid: ${formatEther(args.amount)} ETH by ${args.payer}`);
}

const after = await ledger.read.booksOf([model, ETH]);
console.log(`Received now: ${formatEther(after.received)} ETH`);
