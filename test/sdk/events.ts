import { expect } from "chai";
import { Interface, toBeHex, type TransactionReceipt, zeroPadValue } from "ethers";
import { InvalidArgument } from "../../sdk/src/index.js";
import { decodeEvents, interfaceOf } from "../../sdk/src/events.js";
import { ERC20 } from "../../sdk/src/generated/fragments/ERC20.js";
import { ModelRegistry } from "../../sdk/src/generated/fragments/ModelRegistry.js";
import { RoyaltyLedger } from "../../sdk/src/generated/fragments/RoyaltyLedger.js";
import { deploySdk, registerFor } from "./helpers.js";

describe("SDK events", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let ledger: string;
  let parent: string;
  let model: string;
  let registered: TransactionReceipt;
  let paid: TransactionReceipt;

  before(async () => {
    sdk = await deploySdk();
    ledger = String(sdk.ledger.target);
    const holder = sdk.accounts.alice.address;
    parent = await registerFor(holder, sdk.alice);
    model = await registerFor(holder, sdk.bob, { parents: [{ model: parent, rateBps: 1_000, relation: "merge" }] });
    const [{ transactionHash }] = await sdk.ledger.queryFilter(sdk.ledger.filters.ModelOpened(model));
    registered = (await sdk.connection.ethers.provider.getTransactionReceipt(transactionHash)) as TransactionReceipt;
    ({ receipt: paid } = await sdk.carol.royalties.pay({ model, currency: "ETH", amount: 70n }));
  });

  /** A log as the ledger could emit it. */
  function logOf(fragment: string, values: readonly unknown[], address = ledger) {
    const reader = new Interface([fragment]);

    return { address, ...reader.encodeEventLog(reader.fragments[0].format(), values as unknown[]) };
  }

  it("are decoded by name, with their arguments by name", () => {
    const [event, ...others] = decodeEvents(RoyaltyLedger, ledger, paid.logs);

    expect(others).to.deep.equal([]);
    expect(event.name).to.equal("Paid");
    expect(event.args).to.deep.equal({
      model,
      currency: "0x0000000000000000000000000000000000000000",
      payer: sdk.accounts.carol.address,
      amount: 70n,
      ref: zeroPadValue("0x", 32),
    });
    expect(event.log).to.equal(paid.logs[0]);
  });

  it("keep structs as ethers gives them", () => {
    const opened = decodeEvents(RoyaltyLedger, ledger, registered.logs).find(({ name }) => name === "ModelOpened");

    if (opened?.name !== "ModelOpened") throw new Error("There is no such event.");
    const [edge] = opened.args.edges;
    expect([...edge]).to.deep.equal([parent, 1_000n, 0n]);
    expect([edge.parent, edge.rateBps, edge.until]).to.deep.equal([parent, 1_000n, 0n]);
  });

  it("are those of one contract, in their order", () => {
    const names = decodeEvents(RoyaltyLedger, ledger, registered.logs).map(({ name }) => name);

    expect(names).to.deep.equal(["ModelOpened", "Transfer"]);
    expect(names.length).to.be.below(registered.logs.length);
    const others = decodeEvents(ModelRegistry, String(sdk.registry.target), registered.logs).map(({ name }) => name);
    expect(others).to.include.members(["Transfer", "ModelRegistered"]);
    expect(others.length + names.length).to.equal(registered.logs.length);
  });

  it("of the same address in other letters count", () => {
    expect(decodeEvents(RoyaltyLedger, ledger.toLowerCase(), paid.logs)).to.have.length(1);
  });

  it("of another contract are left out, though they look the same", () => {
    const [log] = paid.logs;
    const forged = { address: parent, topics: log.topics, data: log.data };

    expect(decodeEvents(RoyaltyLedger, ledger, [forged])).to.deep.equal([]);
  });

  it("that the contract does not declare are left out", () => {
    const unknown = logOf("event Melted(uint256 amount)", [1n]);

    expect(decodeEvents(RoyaltyLedger, ledger, [unknown, { address: ledger, topics: [], data: "0x" }])).to.deep.equal(
      [],
    );
  });

  it("come from the logs of any library", () => {
    const [{ topics, data }] = paid.logs;
    const plain = { address: ledger as `0x${string}`, topics, data, blockNumber: 5n };
    const [event] = decodeEvents(RoyaltyLedger, ledger, [plain]);

    expect(event.log.blockNumber).to.equal(5n);
  });

  for (const [what, change] of [
    ["too little data", { data: "0x" }],
    ["data cut short", { data: `0x${"00".repeat(40)}` }],
    ["a topic that is no address", { topic: `0x${"ff".repeat(32)}` }],
  ] as const) {
    it(`with ${what} are the node's lie`, () => {
      const [{ topics, data }] = paid.logs;
      const [first, , ...rest] = topics;
      const log = {
        address: ledger,
        topics: "topic" in change ? [first, change.topic, ...rest] : topics,
        data: "data" in change ? change.data : data,
      };

      expect(() => decodeEvents(RoyaltyLedger, ledger, [log]))
        .to.throw(InvalidArgument, "a log of RoyaltyLedger.Paid as the contract emits it")
        .that.includes({ argument: "log" });
    });
  }

  it("with other arguments indexed are the node's lie", () => {
    const log = logOf("event Transfer(address indexed from, address indexed to, uint256 indexed value)", [
      ledger,
      parent,
      5n,
    ]);

    expect(() => decodeEvents(ERC20, ledger, [log])).to.throw(InvalidArgument, "ERC20.Transfer");
  });

  it("with a text that is no UTF-8 are read all the same: anybody can emit one", () => {
    const event = interfaceOf(RoyaltyLedger).getEvent("SharesAllocated");
    const asBytes = new Interface([String(event?.format("full")).replace("string uri", "bytes uri")]);
    const values = [7n, model, parent, zeroPadValue("0x01", 32), 9n, "0x68c328", ledger, 0n];
    const encoded = asBytes.encodeEventLog("SharesAllocated", values);
    const log = { address: ledger, data: encoded.data, topics: [String(event?.topicHash), ...encoded.topics.slice(1)] };
    const [decoded] = decodeEvents(RoyaltyLedger, ledger, [log]);

    expect(decoded.args).to.include({ allocation: 7n, units: 9n, uri: "h\ufffd(" });
  });

  it("keep texts that are UTF-8", () => {
    const event = String(interfaceOf(RoyaltyLedger).getEvent("SharesAllocated")?.format("full"));
    const values = [7n, model, parent, zeroPadValue(toBeHex(1), 32), 9n, "ipfs://bücher", ledger, 0n];
    const [decoded] = decodeEvents(RoyaltyLedger, ledger, [logOf(event, values)]);

    expect(decoded.args).to.include({ uri: "ipfs://bücher", steward: ledger });
  });
});
