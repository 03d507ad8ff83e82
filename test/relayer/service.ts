import { expect } from "chai";
import { parseEther, type Wallet } from "ethers";
import { BallotNotRelayed, ballotStatus, sendBallot } from "../../relayer/src/index.js";
import { connect } from "../../sdk/src/index.js";
import { ERC1271Wallet__factory } from "../../types/ethers-contracts/index.js";
import { DAY } from "../helpers/protocol.js";
import { failureOf } from "../sdk/helpers.js";
import { healthOf, post, settled, startWorld, until, type World } from "./support.js";

describe("relayer", function () {
  this.timeout(180_000);
  let world: World;

  before(async () => {
    world = await startWorld();
  });

  after(() => world.close());

  /** Posts a ballot as the client does, and returns what the relayer says of it. */
  async function relayed(url: string, ballot: Parameters<typeof sendBallot>[1]) {
    const sent = await sendBallot(url, ballot, { governor: world.governorAddress });
    if (sent.by !== "relayer") return expect.fail("It was sent by the voter");

    return sent.status;
  }

  /** A contract wallet with 500 WEAL that obeys a person. */
  async function contractWallet(keeper: Wallet): Promise<string> {
    const address = await world.deploy("ERC1271Wallet", [keeper.address]);
    await (await world.weal.transfer(address, parseEther("500"))).wait();
    const wallet = ERC1271Wallet__factory.connect(address, keeper);
    const delegation = world.weal.interface.encodeFunctionData("delegate", [address]);
    await (await wallet.execute(world.weal.target, 0, delegation)).wait();

    return address;
  }

  describe("a batch", () => {
    it("casts the votes of several, of a contract, with reasons and in parts, in one transaction", async () => {
      const [alice, bob] = [await world.voter(), await world.voter()];
      const [carol, keeper] = [await world.voter(), await world.voter()];
      const wallet = await contractWallet(keeper.wallet);
      const proposalId = await world.proposeAndOpen();
      const { url } = await world.relayer({ batchSize: 4, batchSeconds: 600 });
      const balances = () => Promise.all([alice, bob, carol].map(({ address }) => world.provider.getBalance(address)));
      const before = await balances();

      const statuses = [];
      for (const ballot of [
        await alice.governance.signVote({ proposalId, support: "for" }),
        await bob.governance.signVote({ proposalId, support: "against", reason: "Zu früh 🐢" }),
        await carol.governance.signVote({ proposalId, support: { for: "600", against: "100", abstain: "50" } }),
        await world.signAs(wallet, keeper, { proposalId, support: "for" }),
      ]) {
        statuses.push(await relayed(url, ballot));
      }
      expect(statuses.map(({ status }) => status)).to.deep.equal(["waiting", "waiting", "waiting", "waiting"]);
      expect(statuses[0]).to.deep.include({ proposalId, voter: alice.address, governor: world.governorAddress });
      const ends = await Promise.all(statuses.map(({ id }) => settled(url, id)));

      expect(ends.map(({ status }) => status)).to.deep.equal(["cast", "cast", "cast", "cast"]);
      expect(new Set(ends.map(({ hash }) => hash)).size).to.equal(1);
      expect(await world.tally(proposalId)).to.deep.equal(["1100", "2100", "50"]);
      expect(await balances()).to.deep.equal(before);
    });

    it("leaves without the one that went bad on the way, and says why", async () => {
      const [alice, bob] = [await world.voter(), await world.voter()];
      const proposalId = await world.proposeAndOpen();
      const { url } = await world.relayer({ batchSize: 2, batchSeconds: 600 });
      const bad = await relayed(url, await bob.governance.signVote({ proposalId, support: "for" }));
      // Bob votes after all with a wallet, the other way: the nonce of the ballot is his still, the votes are used.
      await bob.governance.vote({ proposalId, support: "against" });
      const good = await relayed(url, await alice.governance.signVote({ proposalId, support: "for" }));

      const refused = await settled(url, bad.id);
      expect(refused).to.include({ status: "refused", error: "refused_by_governor" });
      expect(refused.message).to.match(/^GovernorAlreadyCastVote: .+\.$/);
      expect((await settled(url, good.id)).status).to.equal("cast");
    });

    it("casts the rest when one goes bad in the very block", async () => {
      const [alice, bob] = [await world.voter(), await world.voter()];
      const proposalId = await world.proposeAndOpen();
      const { url } = await world.relayer({ batchSize: 2, batchSeconds: 600 });
      await world.provider.send("evm_setAutomine", [false]);
      try {
        const bobs = await bob.governance.signVote({ proposalId, support: "for" });
        const [a, b] = [
          await relayed(url, await alice.governance.signVote({ proposalId, support: "for" })),
          await relayed(url, bobs),
        ];
        await settled(url, b.id, "sent");
        // A better price comes first.
        await bob.wallet.sendTransaction({
          to: world.governorAddress,
          data: world.governor.interface.encodeFunctionData("castVote", [proposalId, 0]),
          ...{ maxFeePerGas: 10n ** 12n, maxPriorityFeePerGas: 10n ** 12n, gasLimit: 300_000n },
        });
        await world.provider.send("evm_mine", []);

        expect(await settled(url, a.id)).to.include({ status: "cast" });
        expect(await settled(url, b.id)).to.include({ status: "refused", error: "refused_by_governor" });
        expect(await world.tally(proposalId)).to.deep.equal(["1000", "1000", "0"]);
      } finally {
        await world.provider.send("evm_setAutomine", [true]);
      }
    });

    it("knows a ballot that somebody else has sent as cast", async () => {
      const [alice, bob] = [await world.voter(), await world.voter()];
      const proposalId = await world.proposeAndOpen();
      const { url } = await world.relayer({ batchSize: 2, batchSeconds: 600 });
      const ballot = await alice.governance.signVote({ proposalId, support: { for: "10" }, reason: "Mine" });
      const { id } = await relayed(url, ballot);
      const { hash } = await bob.governance.voteBySignature(ballot);
      await relayed(url, await bob.governance.signVote({ proposalId, support: "for" }));

      expect(await settled(url, id)).to.include({ status: "cast", hash });
    });

    it("carries 200 voters in several", async () => {
      const voters = await world.crowd(200);
      const proposalId = await world.proposeAndOpen();
      const { url } = await world.relayer({ batchSize: 50, batchSeconds: 1 });

      const statuses = await Promise.all(
        voters.map(async ({ governance }, i) =>
          relayed(url, await governance.signVote({ proposalId, support: i % 4 === 0 ? "against" : "for" })),
        ),
      );
      await until(async () => {
        const { waiting, sent } = await healthOf(url);

        return waiting + sent === 0;
      }, "all of them to be sent");
      const ends = await Promise.all(statuses.map(({ id }) => ballotStatus(url, id)));

      expect(new Set(ends.map(({ status }) => status))).to.deep.equal(new Set(["cast"]));
      expect(await world.tally(proposalId)).to.deep.equal(["500", "1500", "0"]);
      const batches = new Set(ends.map(({ hash }) => hash)).size;
      expect(batches).to.be.within(4, 10);
    });
  });

  it("serves several governors, each with batches of its own", async () => {
    const { governor, governorAddress, voter, relay } = world;
    const alice = await voter();
    const settings = {
      ...{ votingDelay: DAY, votingPeriod: 2 * DAY, lateQuorumExtension: DAY, proposalThreshold: 0n, quorumPercent: 4 },
      guardianUntil: 0,
    };
    const timelock = await governor.timelock();
    const other = await world.deploy("WealGovernor", ["Other", world.weal.target, timelock, alice.address, settings]);
    const second = await connect(alice.wallet, {
      deployment: { ...world.deployment, WealGovernor: { address: other } },
    });
    const firstId = await world.propose();
    const { proposalId: secondId } = await second.governance.propose({
      ...{ actions: [{ target: relay, data: "0x" }], description: "In the other one" },
    });
    await world.pass(DAY + 1);
    const { url } = await world.relayer({ governors: [governorAddress, other], batchSize: 2, batchSeconds: 1 });

    const firsts = await alice.governance.signVote({ proposalId: firstId, support: "for" });
    const seconds = await second.governance.signVote({ proposalId: secondId, support: { against: "3" } });
    const misled = await failureOf(BallotNotRelayed, sendBallot(url, seconds, { governor: governorAddress }));
    expect(misled.code).to.equal("refused_by_governor");
    const sent = [
      await sendBallot(url, firsts, { governor: governorAddress }),
      await sendBallot(url, seconds, { governor: other.toLowerCase() }),
    ].map((one) => (one.by === "relayer" ? one.status.id : expect.fail()));
    const ends = await Promise.all(sent.map((id) => settled(url, id, "cast")));

    expect(ends.map((end) => end.governor)).to.deep.equal([governorAddress, other]);
    expect(ends[0].hash).to.not.equal(ends[1].hash);
    expect(await world.tally(firstId)).to.deep.equal(["0", "1000", "0"]);
    expect(await second.contracts.WealGovernor.proposalVotes(secondId)).to.deep.equal([parseEther("3"), 0n, 0n]);
  });

  describe("time", () => {
    it("keeps a ballot until its vote begins", async () => {
      const alice = await world.voter();
      const proposalId = await world.propose();
      const { url } = await world.relayer();
      const { id } = await relayed(url, await alice.governance.signVote({ proposalId, support: { for: "7" } }));

      await until(async () => (await fetch(`${url}/health`)).ok, "health");
      expect((await ballotStatus(url, id)).status).to.equal("waiting");
      await world.pass(DAY + 1);

      expect((await settled(url, id)).status).to.equal("cast");
      expect(await world.tally(proposalId)).to.deep.equal(["0", "7", "0"]);
    });

    it("waits for others, but not when the vote is about to close", async () => {
      const [alice, bob] = [await world.voter(), await world.voter()];
      const proposalId = await world.proposeAndOpen();
      const { url } = await world.relayer({ batchSeconds: 600, closingSeconds: 60 });
      const { id } = await relayed(url, await alice.governance.signVote({ proposalId, support: "for" }));
      expect((await ballotStatus(url, id)).status).to.equal("waiting");

      await world.passToEnd(proposalId, 1_000);
      expect((await settled(url, id)).status).to.equal("cast");

      await world.passToEnd(proposalId, 50);
      const late = await bob.governance.signVote({ proposalId, support: "for" });
      const error = await failureOf(BallotNotRelayed, relayed(url, late));
      expect(error.code).to.equal("closes_too_soon");
      await bob.governance.voteBySignature(late);
      expect(await world.tally(proposalId)).to.deep.equal(["0", "2000", "0"]);
    });

    it("refuses a ballot for a vote that is over, or that never was", async () => {
      const alice = await world.voter();
      const proposalId = await world.proposeAndOpen();
      await world.pass(8 * DAY);
      const { url } = await world.relayer();

      for (const [id, code] of [
        [proposalId, "vote_closed"],
        ["7", "refused_by_governor"],
      ]) {
        const ballot = await alice.governance.signVote({ proposalId: id, support: "for" });
        expect((await failureOf(BallotNotRelayed, relayed(url, ballot))).code).to.equal(code);
      }
    });

    it("gives up what could not be sent before its vote closed", async () => {
      const alice = await world.voter();
      const proposalId = await world.proposeAndOpen();
      const { url } = await world.relayer({ batchSeconds: 600 });
      const { id } = await relayed(url, await alice.governance.signVote({ proposalId, support: "for" }));
      await world.pass(8 * DAY);

      expect(await settled(url, id)).to.include({ status: "refused", error: "vote_closed" });
    });
  });

  describe("the same ballot again", () => {
    it("is the same one, while it waits and when it was cast", async () => {
      const alice = await world.voter();
      const proposalId = await world.proposeAndOpen();
      const { url } = await world.relayer({ batchSeconds: 2 });
      const ballot = await alice.governance.signVote({ proposalId, support: "for" });
      const body = { ...ballot, governor: world.governorAddress };

      const answers = await Promise.all([1, 2, 3].map(() => post(url, body)));
      expect(answers.map(({ status }) => status).sort()).to.deep.equal([200, 200, 202]);
      expect(new Set(answers.map((answer) => answer.body.id)).size).to.equal(1);
      const { id } = answers[0].body;
      const { hash } = await settled(url, id, "cast");

      expect(await post(url, body)).to.deep.include({ status: 200, body: await ballotStatus(url, id) });
      expect((await ballotStatus(url, id)).hash).to.equal(hash);
      expect(await world.tally(proposalId)).to.deep.equal(["0", "1000", "0"]);
    });

    it("is refused by a relayer that does not know it and finds it used", async () => {
      const alice = await world.voter();
      const proposalId = await world.proposeAndOpen();
      const ballot = await alice.governance.signVote({ proposalId, support: { for: "10" } });
      await alice.governance.voteBySignature(ballot);
      const { url } = await world.relayer();

      const error = await failureOf(BallotNotRelayed, relayed(url, ballot));
      expect(error.code).to.equal("refused_by_governor");
      expect(error.reason).to.match(/^GovernorInvalidSignature: .+\.$/);
    });
  });

  describe("health", () => {
    it("says what it serves, what waits, and what it may spend", async () => {
      const alice = await world.voter();
      const proposalId = await world.propose();
      const { privateKey: key, address: account } = await world.payer();
      const { url } = await world.relayer({ key, dailyBudget: 10n ** 18n });
      await relayed(url, await alice.governance.signVote({ proposalId, support: "for" }));

      const response = await fetch(`${url}/health`);
      expect(response.status).to.equal(200);
      expect(response.headers.get("access-control-allow-origin")).to.equal("*");
      expect(await response.json()).to.deep.equal({
        ...{ status: "ok", chainId: "31337", governors: [world.governorAddress], relay: world.relay, account },
        ...{ waiting: 1, sent: 0, budgetLeft: String(10n ** 18n) },
      });
    });
  });
});
