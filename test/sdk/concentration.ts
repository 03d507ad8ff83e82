import { expect } from "chai";
import fc from "fast-check";
import {
  type Filter,
  getAddress,
  type Log,
  parseEther,
  type Provider,
  toBeHex,
  zeroPadValue,
  ZeroAddress,
} from "ethers";
import { type Concentration, connect, LogsIncomplete, NetworkFailure } from "../../sdk/src/index.js";
import { deploySdk, failureOf } from "./helpers.js";
import { oddly } from "./runners.js";

const SUPPLY = parseEther("1000000000");

/** The same figures from what every account has, computed in another way. */
function expectedOf(held: Map<string, bigint>, votes: Map<string, bigint>, quorum: bigint) {
  const ranked = (stakes: Map<string, bigint>) =>
    [...stakes]
      .filter(([, units]) => units > 0n)
      .sort(
        ([a, x], [b, y]) =>
          Number(y > x) - Number(y < x) || Number(BigInt(a) > BigInt(b)) - Number(BigInt(a) < BigInt(b)),
      );
  const top = (stakes: Map<string, bigint>) => ranked(stakes).slice(0, 10);
  const bpsOf = (entries: [string, bigint][]) => {
    let sum = 0n;
    for (const [, units] of entries) sum += units;
    return Number((sum * 10_000n) / SUPPLY);
  };
  let [left, count] = [quorum, 0];
  for (const [, units] of ranked(votes)) {
    if (left <= 0n) break;
    left -= units;
    count += 1;
  }

  return {
    supply: SUPPLY,
    quorum,
    delegated: [...votes.values()].reduce((sum, units) => sum + units, 0n),
    holders: ranked(held).length,
    delegates: ranked(votes).length,
    topHolders: top(held),
    topHoldersBps: bpsOf(top(held)),
    topDelegates: top(votes),
    topDelegatesBps: bpsOf(top(votes)),
    quorumDelegates: left > 0n ? null : count,
  };
}

/** What was computed, without what a test does not know. */
function plain({ block: _, topHolders, topDelegates, ...figures }: Concentration) {
  const pairs = (stakes: Concentration["topHolders"]) => stakes.map(({ account, units }) => [account, units]);

  return { ...figures, topHolders: pairs(topHolders), topDelegates: pairs(topDelegates) };
}

describe("SDK governance.concentration", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;

  before(async () => {
    sdk = await deploySdk();
  });

  after(() => sdk.connection.close());

  it("names the protocol's contracts among the holders, and counts none as a delegate at first", async () => {
    const { topHolders, delegates, delegated, quorumDelegates, holders, block } =
      await sdk.reader.governance.concentration();
    const { genesis } = sdk.parameters;

    expect(topHolders.slice(0, 3)).to.deep.equal([
      { account: sdk.accounts.deployer.address, name: undefined, units: parseEther(genesis.holders[0].weal) },
      { account: await sdk.timelock.getAddress(), name: "TimelockController", units: parseEther(genesis.treasury) },
      { account: await sdk.stakeholding.getAddress(), name: "Stakeholding", units: parseEther(genesis.stakeholding) },
    ]);
    // The deployer, the treasury, the reserve, the community's claim, and a founder's wallet.
    expect({ holders, delegates, delegated, quorumDelegates }).to.deep.equal({
      ...{ holders: 5, delegates: 0, delegated: 0n, quorumDelegates: null },
    });
    expect(block).to.equal(await sdk.connection.ethers.provider.getBlockNumber());
  });

  it("is what transfers and delegations come to", async function () {
    this.timeout(120_000);
    const { connection, weal, signers, reader } = sdk;
    const people = signers.slice(0, 16);
    await weal.transfer(people[1], parseEther("300000000"));
    const person = fc.nat(people.length - 1);
    const move = fc.record({ from: person, to: person, part: fc.nat(1_000), delegate: fc.option(person) });

    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 1, maxLength: 25 }), async (moves) => {
        for (const { from, to, part, delegate } of moves) {
          const [sender, token] = [people[from], weal.connect(people[from])];
          await token.transfer(people[to], ((await weal.balanceOf(sender)) * BigInt(part)) / 1_000n);
          if (delegate !== null) await token.delegate(people[delegate]);
        }

        const others = await Promise.all(
          (await weal.queryFilter(weal.filters.Transfer(ZeroAddress))).map(({ args }) => args.to),
        );
        const accounts = [...new Set([...people.map(({ address }) => address), ...others])];
        const read = async (view: (account: string) => Promise<bigint>) =>
          new Map(await Promise.all(accounts.map(async (account) => [account, await view(account)] as const)));
        const quorum = (SUPPLY * (await sdk.governor["quorumNumerator()"]())) / 100n;
        const expected = expectedOf(
          await read((account) => weal.balanceOf(account)),
          await read((account) => weal.getVotes(account)),
          quorum,
        );

        expect(plain(await reader.governance.concentration())).to.deep.equal(expected);
      }),
      { numRuns: 25 },
    );

    const { networkHelpers } = connection;
    const before = await reader.governance.concentration();
    expect(await reader.governance.concentration()).to.deep.equal(before);
    // A reorganisation: what came after is gone.
    const { restore } = await networkHelpers.takeSnapshot();
    await weal.connect(people[1]).delegate(people[2]);
    await weal.connect(people[0]).transfer(people[3], 1n);
    await restore();
    expect(await reader.governance.concentration()).to.deep.equal(before);
  });

  describe("of many", () => {
    /** Reads through a node that gives these logs and refuses more than 2,000 blocks at once. */
    async function readerWith(logs: Log[], requests: [number, number][] = [], block?: number) {
      const provider = oddly<Provider>(sdk.connection.ethers.provider, {
        getLogs: async ({ fromBlock, toBlock }: Filter & { fromBlock: number; toBlock: number }) => {
          requests.push([fromBlock, toBlock]);
          return logs.filter(({ blockNumber }) => blockNumber >= fromBlock && blockNumber <= toBlock);
        },
      });
      const { WealToken, ...others } = sdk.deployment;

      return connect(provider, { deployment: { ...others, WealToken: { ...WealToken, block } } });
    }

    const word = (value: bigint | string) => zeroPadValue(toBeHex(value), 32);
    const topic = (name: "Transfer" | "DelegateVotesChanged") =>
      sdk.weal.interface.getEvent(name as "Transfer").topicHash;
    const transfer = (from: bigint, to: bigint, units: bigint) =>
      ({ blockNumber: 1, topics: [topic("Transfer"), word(from), word(to)], data: word(units) }) as unknown as Log;
    const votes = (delegate: bigint, before: bigint, after: bigint) =>
      ({
        blockNumber: 1,
        topics: [topic("DelegateVotesChanged"), word(delegate)],
        data: `${word(before)}${word(after).slice(2)}`,
      }) as unknown as Log;

    it("takes little time for 10,000 holders, and counts each", async function () {
      this.timeout(20_000);
      const count = 10_000n;
      const share = SUPPLY / count;
      const logs = [transfer(0n, 1n, SUPPLY)];
      for (let i = 2n; i <= count; ++i) logs.push(transfer(1n, i, share), votes(i, 0n, 1n), votes(i, 1n, share));
      const { governance } = await readerWith(logs);

      const start = performance.now();
      const { holders, delegates, topHoldersBps, topDelegatesBps, quorumDelegates, delegated, topHolders } =
        await governance.concentration();
      expect(performance.now() - start).to.be.below(2_000);

      expect({ holders, delegates, topHoldersBps, topDelegatesBps, quorumDelegates, delegated }).to.deep.equal({
        ...{ holders: 10_000, delegates: 9_999, topHoldersBps: 10, topDelegatesBps: 10 },
        // Four percent of the supply, and each has a ten-thousandth.
        ...{ quorumDelegates: 400, delegated: share * 9_999n },
      });
      // Of equals the lowest addresses come first.
      expect(topHolders.map(({ account }) => account)).to.deep.equal(
        Array.from({ length: 10 }, (_, i) => getAddress(toBeHex(i + 1, 20))),
      );
    });

    it("reaches the quorum exactly, or not at all", async () => {
      const quorum = (SUPPLY * 4n) / 100n;
      const mint = transfer(0n, 1n, SUPPLY);
      const reachedBy = async (...units: bigint[]) => {
        const logs = [mint, ...units.map((amount, i) => votes(BigInt(i + 1), 0n, amount))];
        return (await (await readerWith(logs)).governance.concentration()).quorumDelegates;
      };

      expect(await reachedBy(quorum)).to.equal(1);
      expect(await reachedBy(quorum - 1n)).to.equal(null);
      expect(await reachedBy(1n, quorum - 2n, 1n)).to.equal(3);
      expect(await reachedBy(1n, quorum - 1n, 1n)).to.equal(2);
    });

    it("leaves out who has nothing any more", async () => {
      const logs = [transfer(0n, 1n, SUPPLY), transfer(1n, 2n, SUPPLY), votes(1n, 0n, 5n), votes(1n, 5n, 0n)];
      const { holders, delegates, topHolders } = await (await readerWith(logs)).governance.concentration();

      expect({ holders, delegates }).to.deep.equal({ holders: 1, delegates: 0 });
      expect(topHolders).to.have.length(1);
    });

    it("begins at the token's first block", async () => {
      const requests: [number, number][] = [];
      const logs = [{ ...transfer(0n, 1n, SUPPLY), blockNumber: 3 } as Log];
      await (await readerWith(logs, requests, 3)).governance.concentration();

      expect(requests).to.deep.equal([[3, await sdk.connection.ethers.provider.getBlockNumber()]]);
    });

    it("says so when the node lacks logs, or does not answer", async () => {
      const { governance } = await readerWith([transfer(0n, 1n, SUPPLY - 1n)], [], 1);
      const failure = await failureOf(LogsIncomplete, governance.concentration());
      expect(failure).to.include({ address: await sdk.weal.getAddress(), fromBlock: 1 });

      const getLogs = () => Promise.reject(Object.assign(new Error("gone"), { code: "ECONNRESET" }));
      const gone = oddly<Provider>(sdk.connection.ethers.provider, { getLogs });
      const reader = await connect(gone, { deployment: sdk.deployment });
      await failureOf(NetworkFailure, reader.governance.concentration());
    });
  });
});
