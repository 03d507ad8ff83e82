import { expect } from "chai";
import { Interface, type TransactionReceipt } from "ethers";
import { royaltyLedgerAbi } from "../../sdk/src/abi.js";
import { eventsOf } from "../../sdk/src/calls.js";
import { deploySdk } from "./helpers.js";

describe("SDK eventsOf", () => {
  it("reads a contract's own events, and nobody else's that look the same", async () => {
    const { alice, accounts } = await deploySdk();
    const { RoyaltyLedger: ledger } = alice.contracts;
    const { address } = accounts.alice;
    const logged = (from: string, amount: bigint) => ({
      address: from,
      ...new Interface(royaltyLedgerAbi).encodeEventLog("Claimed", [address, address, address, address, amount]),
    });
    // A currency could claim that it paid: the ledger is who knows.
    const receipt = { logs: [logged(address, 100n), logged(await ledger.getAddress(), 1n)] };

    const events = eventsOf(receipt as unknown as TransactionReceipt, ledger, ledger.getEvent("Claimed"));

    expect(events.map(({ amount }) => amount)).to.deep.equal([1n]);
  });
});
