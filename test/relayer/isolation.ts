import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { AbiCoder, concat, toBeHex, Transaction } from "ethers";
import { openJournal } from "../../relayer/src/journal.js";
import { BallotNotRelayed, ballotStatus, sendBallot } from "../../relayer/src/index.js";
import type { Ballot } from "../../sdk/src/index.js";
import { failureOf } from "../sdk/helpers.js";
import { healthOf, settled, startProxy, startWorld, until, type World } from "./support.js";

type Voter = Awaited<ReturnType<World["voter"]>>;

/** No text has these bytes. */
const NO_UTF8 = "0xffffffff";
const PRICE = { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 12n };

describe("relayer with one that fails", function () {
  this.timeout(180_000);
  let world: World;
  const proxies: Awaited<ReturnType<typeof startProxy>>[] = [];
  const folder = mkdtempSync(path.join(tmpdir(), "relayer-"));

  before(async () => {
    world = await startWorld();
  });

  after(async () => {
    await world.close();
    for (const proxy of proxies) proxy.close();
    rmSync(folder, { recursive: true });
  });

  async function taken(url: string, ballot: Ballot): Promise<string> {
    const sent = await sendBallot(url, ballot, { governor: world.governorAddress });

    return sent.by === "relayer" ? sent.status.id : expect.fail("It was sent by the voter");
  }

  async function proxied() {
    const proxy = await startProxy(world.chain.url);
    proxies.push(proxy);

    return proxy;
  }

  /** Votes from a wallet with a reason of any bytes, at a price that comes first. */
  function voteWith({ wallet }: Voter, proposalId: string, reason: string) {
    const { selector } = world.governor.interface.getFunction("castVoteWithReason");
    // Bytes and texts are encoded alike.
    const values = AbiCoder.defaultAbiCoder().encode(["uint256", "uint8", "bytes"], [proposalId, 1, reason]);
    const data = concat([selector, values]);

    return wallet.sendTransaction({ to: world.governorAddress, data, gasLimit: 300_000n, ...PRICE });
  }

  /** Has a batch of two on its way, the first voter's own vote before it, and both in one block. */
  async function overtaken(rpc: string, { reason = "0x", batchSeconds = 600, overtake = () => {} }) {
    const [alice, bob] = [await world.voter("1"), await world.voter()];
    const proposalId = await world.proposeAndOpen();
    const { url } = await world.relayer({ rpc, batchSize: 2, batchSeconds });
    const ids: string[] = [];
    await world.provider.send("evm_setAutomine", [false]);
    try {
      for (const { governance } of [alice, bob]) {
        ids.push(await taken(url, await governance.signVote({ proposalId, support: "for" })));
      }
      await settled(url, ids[1], "sent");
      await voteWith(alice, proposalId, reason);
      overtake();
      await world.provider.send("evm_mine", []);
    } finally {
      await world.provider.send("evm_setAutomine", [true]);
    }

    return { url, proposalId, ids };
  }

  describe("a voter whose own vote has a reason that is no text", () => {
    it("is refused before the batch, and the others go on", async () => {
      const [alice, bob] = [await world.voter("1"), await world.voter()];
      const proposalId = await world.proposeAndOpen();
      const journal = path.join(folder, "reason.jsonl");
      const { url } = await world.relayer({ batchSize: 2, batchSeconds: 600, journal });
      const hers = await taken(url, await alice.governance.signVote({ proposalId, support: "for" }));
      await (await voteWith(alice, proposalId, NO_UTF8)).wait();
      const his = await taken(url, await bob.governance.signVote({ proposalId, support: "for" }));

      expect(await settled(url, hers)).to.include({ status: "refused", error: "refused_by_governor" });
      expect(await settled(url, his)).to.include({ status: "cast" });
      expect(await world.tally(proposalId)).to.deep.equal(["0", "1001", "0"]);
      expect(openJournal(journal).kept).to.deep.equal([]);
    });

    it("is refused in the very block, and the others go on", async () => {
      const { url, proposalId, ids } = await overtaken(world.chain.url, { reason: NO_UTF8 });

      expect(await settled(url, ids[0])).to.include({ status: "refused", error: "refused_by_governor" });
      expect(await settled(url, ids[1])).to.include({ status: "cast" });
      expect(await world.tally(proposalId)).to.deep.equal(["0", "1001", "0"]);
      expect(await healthOf(url)).to.include({ status: "ok", waiting: 0, sent: 0 });
    });
  });

  describe("a node that fails", () => {
    it("to look back, by HTTP, is one that does not look back", async () => {
      const { state, url: rpc } = await proxied();
      const overtake = () => {
        state.httpStatus = ({ method }) => (method === "eth_getLogs" ? 403 : undefined);
      };
      const { url, ids } = await overtaken(rpc, { overtake });

      expect(await settled(url, ids[1])).to.include({ status: "cast" });
      expect(await settled(url, ids[0])).to.include({ status: "refused", error: "refused_by_governor" });
    });

    it("to look back for the moment is asked again, then the ballot is refused, and the others go on", async () => {
      const { state, url: rpc } = await proxied();
      let asked = 0;
      const overtake = () => {
        state.httpStatus = ({ method }) => {
          if (method !== "eth_getLogs") return undefined;
          asked += 1;

          return 500;
        };
      };
      const { url, ids } = await overtaken(rpc, { overtake, batchSeconds: 5 });

      expect(await settled(url, ids[1])).to.include({ status: "cast" });
      const { http, problem } = await until(async () => {
        const health = await healthOf(url);

        return health.status === "degraded" && health;
      }, "the relayer to say so");
      expect(http).to.equal(503);
      expect(problem).to.include(`the ballot ${ids[0]} could not be looked at`);
      expect(await settled(url, ids[0])).to.include({ status: "refused", error: "refused_by_governor" });
      // Once after the batch, and three times before another.
      expect(asked).to.equal(4);
    });

    it("for single ballots keeps nobody else, and they are refused", async () => {
      const [alice, bob, carol] = [await world.voter(), await world.voter(), await world.voter()];
      const [silent, open] = [await world.propose(), await world.proposeAndOpen()];
      const { state, url: rpc } = await proxied();
      const { url } = await world.relayer({ rpc, batchSize: 3, batchSeconds: 2 });
      const ids = [];
      for (const [{ governance }, proposalId] of [
        [alice, silent],
        [bob, open],
        [carol, open],
      ] as const) {
        ids.push(await taken(url, await governance.signVote({ proposalId, support: "for" })));
      }
      // Neither where the vote on one proposal stands, nor what the other's ballot does.
      const parts = [toBeHex(silent, 32), bob.address].map((part) => part.slice(2).toLowerCase());
      state.isRefused = ({ method, params }) => {
        const { data = "" } = Object(params[0]) as { data?: string };

        return method === "eth_call" && parts.some((part) => data.includes(part));
      };

      expect(await settled(url, ids[2])).to.include({ status: "cast" });
      expect(await world.tally(open)).to.deep.equal(["0", "1000", "0"]);
      for (const id of ids.slice(0, 2)) {
        expect(await settled(url, id)).to.include({ status: "refused", error: "failed_too_often" });
      }
    });

    it("at all is told of in the pauses too", async () => {
      const alice = await world.voter();
      const proposalId = await world.proposeAndOpen();
      const { state, url: rpc } = await proxied();
      const { url } = await world.relayer({ rpc, batchSeconds: 600 });
      const id = await taken(url, await alice.governance.signVote({ proposalId, support: "for" }));
      state.isCut = true;
      await until(async () => (await healthOf(url)).http === 503, "the relayer to miss its node");

      // Several steps, and less than a pause.
      for (let i = 0; i < 8; ++i) {
        expect(await healthOf(url)).to.include({ http: 503, status: "degraded" });
        await setTimeout(250);
      }
      expect((await ballotStatus(url, id)).status).to.equal("waiting");
      state.isCut = false;
      await until(async () => (await healthOf(url)).http === 200, "the relayer to be well again");
    });
  });

  describe("a relayer that is started again on the same day", () => {
    it("goes on with its limits where it was", async () => {
      const alice = await world.voter();
      const proposalId = await world.proposeAndOpen();
      const { privateKey: key } = await world.payer();
      const options = { key, journal: path.join(folder, "limits.jsonl"), ballotsPerVoter: 1, dailyBudget: 10n ** 18n };
      const part = () => alice.governance.signVote({ proposalId, support: { for: "10" } });
      const first = await world.relayer(options);
      const { hash } = await settled(first.url, await taken(first.url, await part()), "cast");
      await first.stop();

      const second = await world.relayer(options);

      const receipt = await world.provider.getTransactionReceipt(String(hash));
      expect((await healthOf(second.url)).budgetLeft).to.equal(String(10n ** 18n - (receipt?.fee as bigint)));
      expect(await failureOf(BallotNotRelayed, taken(second.url, await part()))).to.include({ code: "voter_limit" });
    });

    it("remembers all that the transaction may cost on whose way it was stopped", async () => {
      const alice = await world.voter();
      const proposalId = await world.proposeAndOpen();
      const { privateKey: key } = await world.payer();
      const { state, url: rpc } = await proxied();
      const journal = path.join(folder, "flight.jsonl");
      const options = { rpc, key, journal, stopSeconds: 0, dailyBudget: 10n ** 18n };
      state.isSwallowing = true;
      const first = await world.relayer(options);
      const id = await taken(first.url, await alice.governance.signVote({ proposalId, support: "for" }));
      await settled(first.url, id, "sent");
      await first.stop();

      const second = await world.relayer({ ...options, batchSeconds: 600 });

      const { gasLimit, maxFeePerGas } = Transaction.from(state.swallowed[0]);
      const most = gasLimit * (maxFeePerGas as bigint);
      expect((await healthOf(second.url)).budgetLeft).to.equal(String(10n ** 18n - most));
    });
  });
});
