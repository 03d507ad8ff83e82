/**
 * Reads a model's books, pays it and decodes what the ledger emitted, with ethers and the SDK.
 *
 * Start a chain with `npx pnpm@12 start`, which prints models, and then:
 * node --import tsx examples/ethers/pay.ts 0xMODEL
 */
import { connectDomains, ContractError, formatAmount, royaltiesOf } from "@commonweal/sdk";
import { deployments } from "@commonweal/sdk/abi";
import { decodeEvents, RoyaltyLedger } from "@commonweal/sdk/events";
import { JsonRpcProvider, Wallet } from "ethers";

const { RPC_URL = "http://127.0.0.1:8545" } = process.env;
// The last of the accounts that every local chain of Hardhat has; of your own on any other chain.
const { KEY = "0xdf57089febbacf7ba0bc227dafbffa9fc08a93fdc68e1e42411a14efcf23656e" } = process.env;
const [model] = process.argv.slice(2);

// A local chain mines at once: nothing is to be remembered from before.
const provider = new JsonRpcProvider(RPC_URL, undefined, { cacheTimeout: -1 });
// A bundle has the code of this domain alone.
const { royalties } = await connectDomains(new Wallet(KEY, provider), { royalties: royaltiesOf });

// Nothing is sent yet: this throws what the contract would refuse.
const payment = { model, currency: "ETH", amount: "0.25" } as const;
try {
  await royalties.pay.simulate(payment);
} catch (error) {
  if (!(error instanceof ContractError)) throw error;
  console.error(error.message);
  process.exit(1);
}
const before = await royalties.booksOf({ model, currency: "ETH" });
console.log(`Received so far: ${formatAmount(before.received, 18)} ETH`);
console.log(`Gas: ${await royalties.pay.estimate(payment)}`);

const { receipt } = await royalties.pay(payment);
for (const { name, args } of decodeEvents(RoyaltyLedger, deployments[31337].RoyaltyLedger.address, receipt.logs)) {
  if (name === "Paid") console.log(`Paid: ${formatAmount(args.amount, 18)} ETH by ${args.payer}`);
}

const after = await royalties.booksOf({ model, currency: "ETH" });
console.log(`Received now: ${formatAmount(after.received, 18)} ETH`);

provider.destroy();
