import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { id } from "ethers";
import { buildAllocation, connect, proofsOf, type Transaction } from "../../sdk/src/index.js";
import { type HistoryReader, historyJson } from "../../sdk/src/history/index.js";
import { DAY } from "../helpers/protocol.js";
import { deploySdk, registerFor } from "./helpers.js";

export type Story = Awaited<ReturnType<typeof tellStory>>;

/** The protocol in this process, with something of everything that history knows. */
export async function tellStory() {
  const sdk = await deploySdk();
  const { alice, bob, carol, accounts, registry, connection, usdcAddress: usdc, usdc: token } = sdk;
  const dave = sdk.signers[4];
  const [a, b, c] = [accounts.alice.address, accounts.bob.address, accounts.carol.address];
  const asDave = await connect(dave, { deployment: sdk.deployment });
  await token.mint(c, 1_000_000_000n);
  const { time } = connection.networkHelpers;

  // A dataset, a tenth of which is set aside, and a model that was trained on it.
  const salt = id("base");
  const base = await alice.registry.modelIdOf({ salt });
  const tree = buildAllocation({
    ...{ chainId: 31_337n, ledger: await sdk.ledger.getAddress(), model: base, units: 100_000 },
    shares: [
      { account: c, units: 60_000 },
      { account: a, units: 40_000 },
    ],
  });
  await alice.registry.register({
    ...{
      kind: "dataset",
      manifestDigest: id("base 1"),
      derivatives: { mode: "open", rateBps: 500, duration: DAY },
      salt,
    },
    holdings: [
      { holder: a, units: 600_000 },
      { holder: b, units: 300_000 },
    ],
    allocations: [{ root: tree.root, units: 100_000, uri: "ipfs://tree" }],
  });
  const until = (await time.latest()) + 10 * DAY;
  const child = await registerFor(b, bob, {
    ...{ manifestDigest: id("child 1"), maxHostBps: 5_000 },
    parents: [{ model: base, rateBps: 2_000, until, relation: "trainedOn" }],
  });

  const sent: Record<string, { block: number; time: number; transaction: string }> = {};
  /** Notes when and where something was done. */
  async function note<Done extends Transaction>(name: string, work: Promise<Done>): Promise<Done> {
    const done = await work;
    const { blockNumber: block, hash: transaction } = done.receipt;
    sent[name] = { block, time: await time.latest(), transaction };

    return done;
  }

  await note("pay", carol.royalties.pay({ model: child, currency: "ETH", amount: 1_000_003n }));
  await note("cascade", carol.royalties.cascade({ models: [child], currency: "ETH" }));
  await note("claim", alice.royalties.claim({ models: [base], currency: "ETH", to: dave.address }));
  await note("transfer", bob.royalties.transferShares({ model: base, to: c, units: 100_000 }));
  await note("payBase", carol.royalties.pay({ model: base, currency: usdc, amount: "10" }));
  const [leaf] = proofsOf(tree, c);
  await note("claimShares", carol.allocations.claim({ allocation: 1n, model: base, leaf }));
  await note("handOver", bob.royalties.handOverPosition({ model: base, to: dave.address }));
  const halfTime = (await time.latest()) + 1;

  const { offer } = await note(
    "offer",
    bob.licensing.offer({ model: child, currency: usdc, price: "20", duration: 30 * DAY, textDigest: id("text") }),
  );
  await note("buy", carol.licensing.buy({ offer }));
  const { channel, channelId } = await carol.usage.open({
    ...{ model: child, host: dave.address, hostBps: 2_500, currency: usdc, amount: "10", notice: DAY },
  });
  const voucher = await carol.usage.signVoucher({ channel, amount: "4", calls: 7 });
  await note(
    "redeem",
    asDave.usage.redeem({ vouchers: [voucher] }).then(({ transactions: [transaction] }) => transaction),
  );
  await note("payHost", asDave.usage.payHost({ currency: usdc }));
  const hosting = { model: child, host: dave.address, hostBps: 2_000 };
  const deposit = await carol.deposits.addressOf(hosting);
  await token.connect(accounts.carol).transfer(deposit, 5_000_001n);
  await note("sweepHosted", alice.deposits.sweepHosted({ hostings: [hosting], currencies: [usdc] }));

  await note("publish", bob.registry.publish({ model: child, manifestDigest: id("child 2") }));
  await note("withdraw", bob.registry.withdrawVersion({ model: child, version: 1 }));
  await note("terms", bob.registry.setDerivativeTerms({ model: child, derivatives: { mode: "closed" } }));
  await registry.connect(accounts.bob).transferFrom(b, a, child);
  await note(
    "report",
    carol.safety.report({ model: child, version: 2, reason: { ground: "lineage", evidenceDigest: id("evidence") } }),
  );
  await time.increaseTo(until + 1);
  await note("retire", carol.royalties.retire({ model: child }));
  await note("payLast", carol.royalties.pay({ model: child, currency: "ETH", amount: 100n }));

  return {
    ...sdk,
    dave: dave.address,
    asDave,
    usdc,
    base,
    child,
    until,
    tree,
    sent,
    halfTime,
    channelId,
    deposit,
    offer,
  };
}

/* A SECOND READER */

const QUESTIONS = ["listModels", "historyOf", "sharesOf", "lineageOf", "statementOf"] as const;

/** Serves a reader by HTTP, as an indexer would: a POST for each question, answers in the JSON of `historyJson`. */
export async function serveHistory(reader: HistoryReader) {
  const server = createServer(async (request, response) => {
    const question = QUESTIONS.find((name) => request.url === `/${name}`);
    try {
      if (question === undefined) throw new RangeError("No such question");
      const answer = await reader[question](JSON.parse(await bodyOf(request)));
      response.end(historyJson.stringify(answer));
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => server.close().closeAllConnections(),
  };
}

/** Asks such a server. */
export function httpHistory(url: string): HistoryReader {
  const ask = async (question: string, options: unknown = {}) => {
    const response = await fetch(`${url}/${question}`, { method: "POST", body: historyJson.stringify(options) });
    if (!response.ok) throw new Error(await response.text());

    return historyJson.parse(await response.text());
  };

  return Object.fromEntries(
    QUESTIONS.map((name) => [name, (options?: object) => ask(name, options)]),
  ) as unknown as HistoryReader;
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);

  return Buffer.concat(chunks).toString();
}
