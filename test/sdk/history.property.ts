import { expect } from "chai";
import { id } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { type HistoryDeployment, logHistory, type Statement } from "../../sdk/src/history/index.js";
import { act } from "../royalties/oracle.course.js";
import { CURRENCIES, course } from "../royalties/oracle.plan.js";
import { createWorld, deploy, type World } from "../royalties/oracle.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/** More runs than usual take longer than usual: ORACLE_RUNS=500 for a change of the arithmetic. */
const RUNS = Number(process.env.ORACLE_RUNS ?? 15);

/** A fixture is known by its function. */
const deployFixture = () => deploy(connection);

/** What each account can claim of each model in each currency, and has claimed so far, by the oracles. */
type Reckoning = Map<string, { claimable: bigint; claimed: bigint }>;

function reckon({ ids, holders, claimed, oracleOf, currencyOf }: World): Reckoning {
  const reckoning: Reckoning = new Map();
  for (const name of CURRENCIES) {
    for (const model of ids) {
      for (const holder of holders) {
        reckoning.set(keyOf(holder, model, name === "ETH" ? name : currencyOf(name)), {
          claimable: oracleOf(name).claimable(model, holder),
          claimed: claimed.get(name)?.get(`${model} ${holder}`) ?? 0n,
        });
      }
    }
  }

  return reckoning;
}

function keyOf(...parts: string[]): string {
  return parts.join(" ");
}

/** The ledger alone stands for the protocol: the other contracts are addresses at which there is nothing. */
function readerOf({ address }: World) {
  const nothing = { address: `0x${id("nothing").slice(2, 42)}` };
  const deployment: HistoryDeployment = {
    ...{ ModelRegistry: nothing, LicenseStore: nothing, UsageChannels: nothing, SafetyBoard: nothing },
    ...{ Stakeholding: nothing, RoyaltyLedger: { address } },
  };

  return logHistory({ provider: connection.ethers.provider, deployment });
}

/** Holds a statement against what the oracles said when it begins and when it ends. */
function compareStatement(statement: Statement, world: World, before: Reckoning, after: Reckoning): void {
  const { account, entries, balances } = statement;
  const found = new Map(balances.map((balance) => [keyOf(account, balance.model, balance.currency), balance]));
  for (const model of world.ids) {
    for (const name of CURRENCIES) {
      const currency = name === "ETH" ? name : world.currencyOf(name);
      const key = keyOf(account, model, currency);
      const [opening, closing] = [before.get(key), after.get(key)];
      const balance = found.get(key) ?? { opening: 0n, closing: 0n, claimed: 0n, income: 0n };
      expect(balance.opening, `opening of ${key}`).to.equal(opening?.claimable ?? 0n);
      expect(balance.closing, `closing of ${key}`).to.equal(closing?.claimable);
      expect(balance.claimed, `claims of ${key}`).to.equal((closing?.claimed ?? 0n) - (opening?.claimed ?? 0n));
    }
  }

  for (const { model, currency, opening, income, fee, claimed, carriedIn, carriedOut, closing } of balances) {
    expect(opening + income + carriedIn - claimed - carriedOut).to.equal(closing);
    const sumOf = (kind: string, field: "amount" | "fee" = "amount") =>
      entries
        .filter((entry) => entry.kind === kind && "model" in entry && entry.model === model)
        .map((entry) => ("currency" in entry && entry.currency === currency ? Reflect.get(entry, field) : 0n))
        .reduce((total: bigint, amount: bigint) => total + amount, 0n);
    expect({ income, fee, claimed, carriedIn, carriedOut }).to.deep.equal({
      income: sumOf("income"),
      fee: sumOf("income", "fee"),
      claimed: sumOf("claim"),
      carriedIn: sumOf("carriedIn"),
      carriedOut: sumOf("carriedOut"),
    });
  }
}

describe("SDK history: any lineage, holdings and course of calls", () => {
  it("is told by statements that say what the oracle and the ledger say, at both ends", async function () {
    this.timeout(20_000 + RUNS * 20_000);

    await fc.assert(
      fc.asyncProperty(course, fc.nat(100), async ({ models, actions }, percent) => {
        const world = await createWorld(await networkHelpers.loadFixture(deployFixture), models);
        const history = readerOf(world);
        const middle = Math.floor((actions.length * percent) / 100);
        for (const action of actions.slice(0, middle)) await act(world, action);
        const before = reckon(world);
        const from = (await networkHelpers.time.latest()) + 1;
        // A reader that goes on says the same as one that begins later.
        if (percent % 2 === 0) await history.lineageOf({ model: world.ids[0] });
        for (const action of actions.slice(middle)) await act(world, action);
        const after = reckon(world);

        for (const account of world.holders) {
          const [all, early, late] = [
            await history.statementOf({ account }),
            await history.statementOf({ account, to: from }),
            await history.statementOf({ account, from }),
          ];
          compareStatement(all, world, new Map(), after);
          compareStatement(early, world, new Map(), before);
          compareStatement(late, world, before, after);
          expect([...early.entries, ...late.entries]).to.deep.equal(all.entries);
        }
        await compareShares(world, history);
      }),
      { numRuns: RUNS },
    );
  });
});

/** Shares are those of the oracle, allocations among them. */
async function compareShares(world: World, history: ReturnType<typeof readerOf>): Promise<void> {
  const oracle = world.oracleOf("ETH");
  for (const model of world.ids) {
    const { items } = await history.sharesOf({ model });
    const expected = oracle
      .holdersOf(model)
      .map((holder) => [holder, oracle.sharesOf(model, holder)] as const)
      .filter(([, units]) => units > 0n)
      .map(([holder, units]) => `${holder} ${units}`);
    expect(
      items.map(
        ({ holder, allocation, units }) => `${allocation === undefined ? holder : `allocation ${allocation}`} ${units}`,
      ),
    ).to.have.members(expected);
  }
}
