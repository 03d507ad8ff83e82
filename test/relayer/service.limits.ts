import { expect } from "chai";
import fc from "fast-check";
import { parseEther, parseUnits } from "ethers";
import { BallotNotRelayed, sendBallot } from "../../relayer/src/index.js";
import type { Ballot } from "../../sdk/src/index.js";
import { BallotRelay__factory, FickleWallet__factory } from "../../types/ethers-contracts/index.js";
import { DAY } from "../helpers/protocol.js";
import { failureOf } from "../sdk/helpers.js";
import { answerOf, healthOf, post, settled, startWorld, until, type World } from "./support.js";

describe("relayer limits over HTTP", function () {
  this.timeout(180_000);
  let world: World;
  let proposalId: string;

  before(async () => {
    world = await startWorld();
  });

  after(() => world.close());

  const send = (url: string, ballot: Ballot) => sendBallot(url, ballot, { governor: world.governorAddress });
  const refusal = async (url: string, ballot: Ballot) => failureOf(BallotNotRelayed, send(url, ballot));

  /** A relayer, and a ballot of somebody's for an open vote. */
  async function open(options: Parameters<World["relayer"]>[0], weal?: string) {
    const alice = await world.voter(weal);
    proposalId = await world.proposeAndOpen();
    const { url } = await world.relayer({ batchSeconds: 600, ...options });

    return { alice, url, ballot: await alice.governance.signVote({ proposalId, support: "for" }) };
  }

  /** A contract that votes with 500 WEAL and takes every signature. */
  async function fickleWallet() {
    const wallet = FickleWallet__factory.connect(await world.deploy("FickleWallet"), await world.payer());
    await (await world.weal.transfer(wallet.target, parseEther("500"))).wait();
    await (await wallet.delegate(world.weal.target)).wait();

    return { wallet, voter: String(wallet.target) };
  }

  describe("what is posted", () => {
    it("is JSON", async () => {
      const { url } = await world.relayer();

      for (const body of ["", "{", "proposalId=1", "\u0000"]) {
        expect(await post(url, body)).to.deep.include({
          status: 400,
          body: { error: "invalid_json", message: "The body is not JSON: send the ballot as JSON.stringify has it." },
        });
      }
    });

    it("is a ballot, or the relayer says what is wrong with it and goes on", async () => {
      const { url, ballot } = await open({});
      const body = { ...ballot, governor: world.governorAddress };

      await fc.assert(
        fc.asyncProperty(fc.constantFrom(...Object.keys(body)), fc.jsonValue(), async (field, value) => {
          fc.pre(field !== "reason" || typeof value !== "string");
          const answer = await post(url, { ...body, [field]: value });

          expect(answer.status).to.be.within(400, 422);
          expect(answer.body).to.have.all.keys("error", "message");
        }),
        { numRuns: 100 },
      );
      expect((await post(url, body)).status).to.equal(202);
    });

    it("has 64 KiB at most, whether it says so or not", async () => {
      const { url, ballot } = await open({});
      const body = JSON.stringify({ ...ballot, governor: world.governorAddress, more: "x".repeat(65_536) });
      const chunks = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode(body));
          controller.close();
        },
      });

      expect((await post(url, body)).body.error).to.equal("body_too_large");
      const chunked = await fetch(`${url}/ballots`, { method: "POST", body: chunks, duplex: "half" } as RequestInit);
      expect(chunked.status).to.equal(413);
    });

    it("has a short reason", async () => {
      const { url, alice } = await open({ maxReasonBytes: 10 });
      const ballot = await alice.governance.signVote({ proposalId, support: "for", reason: "12345678901" });

      expect(await refusal(url, ballot)).to.include({ code: "invalid_ballot" });
    });

    it("goes to the paths that there are", async () => {
      const { url } = await world.relayer();

      const answers = [
        await fetch(`${url}/ballots/0x00`),
        await fetch(`${url}/ballot`),
        await fetch(`${url}/ballots`, { method: "PUT" }),
      ];
      expect(answers.map(({ status }) => status)).to.deep.equal([404, 404, 404]);
      const bodies = await Promise.all(answers.map(answerOf));
      expect(bodies.map(({ error }) => error)).to.deep.equal(["unknown_ballot", "unknown_path", "unknown_path"]);
    });

    it("may come from a page elsewhere", async () => {
      const { url } = await world.relayer();
      const { status, headers } = await fetch(`${url}/ballots`, {
        method: "OPTIONS",
        headers: { origin: "https://vote.example", "access-control-request-method": "POST" },
      });

      expect([status, headers.get("access-control-allow-origin")]).to.deep.equal([204, "*"]);
      expect(headers.get("access-control-allow-methods")).to.include("POST");
    });
  });

  describe("how much is posted", () => {
    it("is limited for each client, who cannot pass for another", async () => {
      const { url } = await world.relayer({ requestsPerMinute: 2 });
      const headers = (i: number) => ({ "x-forwarded-for": `192.0.2.${i}` });

      expect([(await post(url, "", headers(1))).status, (await post(url, "", headers(2))).status]).to.deep.equal([
        400, 400,
      ]);
      const { status, body, headers: answered } = await post(url, "", headers(3));
      expect([status, body.error]).to.deep.equal([429, "rate_limited"]);
      expect(Number(answered.get("retry-after"))).to.be.within(1, 30);
    });

    it("is limited for each client of a proxy", async () => {
      const { url } = await world.relayer({ requestsPerMinute: 1, trustProxy: true });
      // Whatever stood in the header before the proxy is the client's own invention.
      const from = async (invented: number, address: string) =>
        (await post(url, "", { "x-forwarded-for": `192.0.2.${invented}, ${address}` })).status;

      expect([await from(1, "198.51.100.1"), await from(2, "198.51.100.2")]).to.deep.equal([400, 400]);
      expect(await from(3, "198.51.100.1")).to.equal(429);
    });

    it("is one ballot of a voter for a proposal at a time", async () => {
      const { url, alice, ballot } = await open({});
      const other = await alice.governance.signVote({ proposalId, support: "against" });

      const answers = await Promise.allSettled([send(url, ballot), send(url, other)]);
      expect(answers.map(({ status }) => status).sort()).to.deep.equal(["fulfilled", "rejected"]);
      const error = await refusal(url, answers[0].status === "rejected" ? ballot : other);
      expect(error.code).to.equal("another_ballot_waits");
      expect(error.message).to.include("governance.voteBySignature(ballot)");
    });

    it("cannot keep a voter out with ballots that are not the voter's", async () => {
      const { url, ballot } = await open({});
      const forged = Array.from({ length: 20 }, (_, i) => ({ ...ballot, reason: `Forged ${i}` }));

      const attempts = Promise.allSettled(forged.map((one) => send(url, one)));
      expect((await send(url, ballot)).by).to.equal("relayer");
      expect(new Set((await attempts).map(({ status }) => status))).to.deep.equal(new Set(["rejected"]));
    });

    it("is so many ballots of a voter a day", async () => {
      const { url, alice } = await open({ ballotsPerVoter: 1, batchSeconds: 0 });
      const part = () => alice.governance.signVote({ proposalId, support: { for: "10" } });
      const sent = await send(url, await part());
      if (sent.by === "relayer") await settled(url, sent.status.id, "cast");

      const { code, retryAfter } = await refusal(url, await part());
      expect(code).to.equal("voter_limit");
      expect(retryAfter).to.be.within(1, DAY);
    });

    it("is as much as fits in the queue", async () => {
      const { url, alice, ballot } = await open({ queueSize: 1 });
      const bob = await world.voter();
      const pending = await bob.governance.signVote({ proposalId: await world.propose(), support: "for" });

      await send(url, ballot);
      expect((await refusal(url, pending)).code).to.equal("queue_full");
      // The one that is there is known nevertheless.
      expect((await send(url, ballot)).by).to.equal("relayer");
      expect(alice.address).to.not.equal(bob.address);
    });
  });

  describe("weight", () => {
    it("is what the ballot casts, not what the voter has", async () => {
      const { url, alice } = await open({ minWeight: parseEther("100") }, "1000");
      const parts = (amount: string) => alice.governance.signVote({ proposalId, support: { for: amount } });
      const poor = await world.voter("99.9");
      const pending = await world.propose();

      const { code, message } = await refusal(url, await parts("99"));
      expect(code).to.equal("too_little_weight");
      expect(message).to.include("The ballot casts 99.0 WEAL, and this relayer pays for 100.0 and more");
      await send(url, await parts("100"));

      const later = await poor.governance.signVote({ proposalId: pending, support: "for" });
      expect((await refusal(url, later)).code).to.equal("too_little_weight");
      const laterPart = await alice.governance.signVote({ proposalId: pending, support: { against: "99" } });
      expect((await refusal(url, laterPart)).code).to.equal("too_little_weight");
    });

    it("is looked at again when the vote begins", async () => {
      const alice = await world.voter("1000");
      const pending = await world.propose();
      const { url } = await world.relayer({ minWeight: parseEther("100") });
      const sent = await send(url, await alice.governance.signVote({ proposalId: pending, support: "for" }));
      await (await alice.contracts.WealToken.transfer(world.relay, parseEther("950"))).wait();
      await world.pass(DAY + 1);

      if (sent.by !== "relayer") return expect.fail();
      expect(await settled(url, sent.status.id)).to.include({ status: "refused", error: "too_little_weight" });
    });
  });

  describe("gas", () => {
    it("is not given to a wallet that burns it, when its vote is open or to come", async () => {
      const { url, alice } = await open({});
      const { wallet, voter } = await fickleWallet();
      const [opened, pending] = [await world.proposeAndOpen(), await world.propose()];
      await (await wallet.setBurns(true)).wait();

      for (const id of [opened, pending]) {
        const { code } = await refusal(url, await world.signAs(voter, alice, { proposalId: id, support: "for" }));
        expect(code).to.be.oneOf(["too_much_gas", "refused_by_governor"]);
      }
    });

    it("is not given to a ballot that takes more than its part", async () => {
      const { url, ballot } = await open({ ballotGas: 70_000n });

      expect(await refusal(url, ballot)).to.include({ code: "too_much_gas" });
    });

    it("is lost for one ballot's part to a wallet that changes its mind, and the batch goes on", async () => {
      const { voter, wallet } = await fickleWallet();
      const { url, alice, ballot } = await open({ batchSize: 2 });
      await world.provider.send("evm_setAutomine", [false]);
      try {
        const ids = [];
        for (const one of [await world.signAs(voter, alice, { proposalId, support: "for" }), ballot]) {
          const sent = await send(url, one);
          if (sent.by === "relayer") ids.push(sent.status.id);
        }
        await settled(url, ids[1], "sent");
        // A better price comes first.
        await wallet.setBurns(true, { maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 12n });
        await world.provider.send("evm_mine", []);

        const [deceiver, honest] = await Promise.all(ids.map((id) => settled(url, id)));
        expect([deceiver.status, honest.status]).to.deep.equal(["refused", "cast"]);
        const receipt = await world.provider.getTransactionReceipt(String(honest.hash));
        expect(receipt?.gasUsed).to.be.within(300_000n, 300_000n + 200_000n);
        const relay = BallotRelay__factory.createInterface();
        const logs = receipt?.logs.filter(({ address }) => address === world.relay) ?? [];
        expect(logs.map((log) => relay.parseLog(log)?.args.voter)).to.deep.equal([voter]);
      } finally {
        await world.provider.send("evm_setAutomine", [true]);
      }
    });

    it("of a batch has a limit, so that a larger one goes in two", async () => {
      const [alice, bob] = [await world.voter(), await world.voter()];
      proposalId = await world.proposeAndOpen();
      const { url } = await world.relayer({ batchSize: 2, batchSeconds: 2, batchGas: 500_000n });
      const ids = [];
      for (const { governance } of [alice, bob]) {
        const sent = await send(url, await governance.signVote({ proposalId, support: "for" }));
        if (sent.by === "relayer") ids.push(sent.status.id);
      }

      const ends = await Promise.all(ids.map((id) => settled(url, id, "cast")));
      expect(new Set(ends.map(({ hash }) => hash)).size).to.equal(2);
    });
  });

  describe("money", () => {
    const problem = (url: string, text: RegExp) =>
      until(async () => {
        const health = await healthOf(url);

        return text.test(health.problem ?? "") && health;
      }, String(text));

    it("is spent up to a budget, and the ballot waits", async () => {
      const { url, ballot } = await open({ batchSeconds: 0, dailyBudget: 1n });
      const sent = await send(url, ballot);

      expect(await problem(url, /budget/)).to.include({ status: "degraded", waiting: 1, budgetLeft: "1" });
      expect(sent.by).to.equal("relayer");
    });

    it("that is spent is told to those who come after", async () => {
      const { url, ballot } = await open({ dailyBudget: 0n });

      const { code, retryAfter } = await refusal(url, ballot);
      expect(code).to.equal("budget_spent");
      expect(retryAfter).to.be.within(1, DAY);
    });

    it("is never more than the budget, whatever the ballots take", async () => {
      const voters = [await world.voter(), await world.voter(), await world.voter()];
      proposalId = await world.proposeAndOpen();
      const payer = await world.payer();
      const { maxFeePerGas } = await world.provider.getFeeData();
      // Enough for one ballot's whole part in a batch of its own, and then for no other.
      const dailyBudget = 450_000n * (maxFeePerGas as bigint);
      const { url } = await world.relayer({ key: payer.privateKey, batchSeconds: 0, dailyBudget });
      for (const { governance } of voters) {
        await send(url, await governance.signVote({ proposalId, support: "for" }));
      }

      const health = await problem(url, /budget/);
      const spent = parseEther("10") - (await world.provider.getBalance(payer.address));
      expect(spent).to.be.within(1n, dailyBudget);
      expect(health.budgetLeft).to.equal(String(dailyBudget - spent));
      expect(health.waiting).to.be.above(0);
    });

    it("is not spent while gas costs too much", async () => {
      const { url, ballot } = await open({ batchSeconds: 0, maxFeePerGas: 1n });
      await send(url, ballot);

      expect(await problem(url, /--max-fee/)).to.include({ waiting: 1 });
    });

    it("is missed when the account has none, and its coming suffices", async () => {
      const payer = await world.payer("0");
      const { url, ballot } = await open({ batchSeconds: 0, key: payer.privateKey });
      const sent = await send(url, ballot);
      await problem(url, new RegExp(`${payer.address} has too little ETH`));

      await world.provider.send("hardhat_setBalance", [payer.address, `0x${parseUnits("1").toString(16)}`]);
      if (sent.by === "relayer") await settled(url, sent.status.id, "cast");
    });
  });
});
