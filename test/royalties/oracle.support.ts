import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { expect } from "chai";
import { dataSlice, getAddress, id as hash, toQuantity, ZeroAddress, ZeroHash } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import type { RoyaltyLedger, TestToken } from "../../types/ethers-contracts/index.js";
import { ascending, ETH, NO_REF, TOTAL_SHARES } from "../helpers/models.js";
import { createOracle, type Oracle, type OracleModel, RECEIVED_CAP } from "../helpers/oracle.js";
import { type AllocationPlan, CURRENCIES, type CurrencyName, HOLDERS, type ModelPlan } from "./oracle.plan.js";

const GAS = toQuantity(16_000_000);
const NEVER = Number.MAX_SAFE_INTEGER;
const LEAF = ["uint256", "address", "address", "uint256", "address", "uint256"];

type Moment = "now" | "before" | "first";

/** An allocation as the ledger took it; in an oracle it goes by `key`. */
interface Allocation {
  number: bigint;
  key: string;
  model: string;
  steward: string;
  reclaimableFrom: number;
  leaves: { account: string; units: bigint }[];
  tree: StandardMerkleTree<unknown[]> | undefined;
  claimed: Set<number>;
}

/** A ledger with ETH and tokens of every kind, of which the payer has more than all books can hold. */
export async function deploy(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const [governance, registrar, payer, stranger, ...others] = await ethers.getSigners();
  const people = others.slice(0, HOLDERS - 1).map(({ address }) => address);

  const tokens: TestToken[] = [];
  for (const decimals of CURRENCIES.slice(1)) {
    tokens.push((await ethers.deployContract("TestToken", ["Test", "TEST", decimals])) as unknown as TestToken);
  }
  const addresses = await Promise.all(tokens.map((token) => token.getAddress()));
  const contract = await ethers.deployContract("RoyaltyLedger", [governance.address, 0, addresses]);
  const ledger = contract as unknown as RoyaltyLedger;
  const address = await ledger.getAddress();
  for (const token of tokens) {
    await token.mint(payer.address, 2n ** 120n);
    await token.connect(payer).approve(address, 2n ** 120n);
  }
  await networkHelpers.setBalance(payer.address, 2n ** 120n);

  const silent = addressOf("silent");

  return {
    connection,
    ledger,
    address,
    governance: governance.address,
    registrar: registrar.address,
    payer: payer.address,
    stranger: stranger.address,
    currencies: new Map<CurrencyName, string>(CURRENCIES.map((name, i) => [name, i === 0 ? ETH : addresses[i - 1]])),
    // Nobody has the key of the last one.
    holders: [...people, silent],
    /** Where each claims to: an address of its own, where no gas is paid. */
    wallets: [...people.map((_, i) => addressOf(`wallet ${i}`)), silent],
  };
}

export type Deployment = Awaited<ReturnType<typeof deploy>>;
export type World = Awaited<ReturnType<typeof createWorld>>;

/** Opens the models of a plan in a ledger and in an oracle for each currency; does on both whatever is asked for. */
export async function createWorld(deployment: Deployment, plans: ModelPlan[]) {
  const { connection, ledger, address, governance, registrar, payer, stranger, holders, wallets } = deployment;
  const { provider, networkHelpers } = connection;
  const { interface: abi } = ledger;
  const models: OracleModel[] = [];
  const allocations: Allocation[] = [];
  const paid = new Map(CURRENCIES.map((name) => [name, new Map<string, bigint>()]));
  const claimed = new Map(CURRENCIES.map((name) => [name, new Map<string, bigint>()]));
  const collected = new Map(CURRENCIES.map((name) => [name, 0n]));
  /** The time of the last block; the next one is a second later. */
  let clock = await networkHelpers.time.latest();

  /* CHAIN */

  async function send(from: string, name: string, args: unknown[], value = 0n) {
    clock += 1;
    await provider.request({ method: "evm_setNextBlockTimestamp", params: [clock] });
    const data = abi.encodeFunctionData(name as never, args as never);
    const transaction = { from, to: address, data, value: toQuantity(value), gas: GAS };
    await provider.request({ method: "eth_sendTransaction", params: [transaction] });
  }

  /** Sends what the ledger must refuse with this error. */
  async function refuse(error: string, from: string, name: string, args: unknown[], value = 0n) {
    let reason: string | undefined = "nothing: it went through";
    try {
      await send(from, name, args, value);
    } catch (failure) {
      reason = abi.parseError(dataOf(failure))?.name;
    }
    expect(reason, `why ${name} was refused`).to.equal(error);
  }

  /** Moves the clock so that what is sent next comes in the first second of something, or in the last one before. */
  function tune(first: number, moment: Moment): void {
    const next = moment === "before" ? first - 1 : first;
    if (moment !== "now" && next > clock) clock = next - 1;
  }

  function currencyOf(name: CurrencyName): string {
    return deployment.currencies.get(name) as string;
  }

  /* MODELS */

  const modelAt = (index: number): OracleModel => models[index % models.length];
  const holderAt = (index: number): string => holders[index % holders.length];
  const personAt = (index: number): string => holders[index % (holders.length - 1)];

  /** Prepares an allocation of `units` that is made next. */
  function planAllocation(model: string, units: bigint, plan: AllocationPlan): Allocation {
    const number = BigInt(allocations.length + 1);
    const leaves = plan.leaves.map(({ account, percent }) => ({
      account: holderAt(account),
      units: (units * BigInt(percent)) / 100n + 1n,
    }));
    const chainId = connection.networkConfig.chainId ?? 31_337;
    const rows = leaves.map(({ account, units }, index) => [chainId, address, model, index, account, units]);

    return {
      number,
      key: `allocation ${number}`,
      model,
      steward: plan.takers === "leaves" ? ZeroAddress : personAt(plan.steward),
      reclaimableFrom: clock + 1 + plan.lasts,
      leaves,
      tree: plan.takers === "steward" ? undefined : StandardMerkleTree.of<unknown[]>(rows, LEAF),
      claimed: new Set(),
    };
  }

  function argumentOf({ tree, steward, reclaimableFrom }: Allocation, units: bigint) {
    return { root: tree?.root ?? ZeroHash, units, uri: "", steward, reclaimableFrom };
  }

  async function open(plan: ModelPlan): Promise<void> {
    const index = models.length;
    const salt = hash(`model ${index}`);
    const model = await ledger.modelIdOf(registrar, salt);
    await send(governance, "setProtocolFee", [plan.feeBps]);

    const edges = edgesOf(plan, models, clock + 1);
    const cuts = [0, ...plan.cuts.toSorted((a, b) => a - b), Number(TOTAL_SHARES)];
    const shares = new Map<string, bigint>();
    const set = new Map<string, bigint>();
    const holdings: { holder: string; units: bigint }[] = [];
    const made: ReturnType<typeof argumentOf>[] = [];
    for (const [i, cut] of cuts.slice(1).entries()) {
      const units = BigInt(cut - cuts[i]);
      const piece = plan.pieces[i];
      if (typeof piece === "number") {
        holdings.push({ holder: holderAt(piece), units });
        add(shares, holderAt(piece), units);
      } else {
        const allocation = planAllocation(model, units, piece);
        allocations.push(allocation);
        made.push(argumentOf(allocation, units));
        set.set(allocation.key, units);
      }
    }

    await send(registrar, "open", [salt, edges, 0, holdings, made]);
    models.push({
      id: model,
      feeBps: BigInt(plan.feeBps),
      // An edge that earns nothing has nothing to end.
      edges: edges.map(({ parent, rateBps, until }) => ({
        parent,
        rateBps: BigInt(rateBps),
        ...(until > 0 && rateBps > 0 ? { until: BigInt(until) } : {}),
      })),
      shares,
      allocations: set,
    });
  }

  for (const plan of plans) await open(plan);
  const oracles = new Map(CURRENCIES.map((name) => [name, createOracle(models)]));
  const oracleOf = (name: CurrencyName): Oracle => oracles.get(name) as Oracle;
  const anyOracle = oracleOf("ETH");

  function onEach(change: (oracle: Oracle) => void): void {
    for (const oracle of oracles.values()) change(oracle);
  }

  /* MONEY */

  async function pay(name: CurrencyName, payments: [model: string, amount: bigint][], many: boolean): Promise<void> {
    const totals = new Map<string, bigint>();
    for (const [model, amount] of payments) add(totals, model, amount);
    const isTooMuch = [...totals].some(([model, amount]) => amount > roomIn(name, model));
    const sum = sumOf(totals.values());
    const value = name === "ETH" ? sum : 0n;
    const [ids, amounts] = [payments.map(([model]) => model), payments.map(([, amount]) => amount)];
    const currency = currencyOf(name);
    const call = many
      ? (["payMany", [ids, currency, amounts, NO_REF]] as const)
      : (["pay", [ids[0], currency, amounts[0], NO_REF]] as const);
    if (isTooMuch) return refuse("BooksFull", payer, call[0], [...call[1]], value);

    await send(payer, call[0], [...call[1]], value);
    for (const [model, amount] of payments) {
      expect(oracleOf(name).pay(model, amount)).to.equal(true);
      add(paid.get(name) as Map<string, bigint>, model, amount);
    }
  }

  function roomIn(name: CurrencyName, model: string): bigint {
    return RECEIVED_CAP - oracleOf(name).receivedOf(model);
  }

  async function cascade(name: CurrencyName, ids: string[]): Promise<void> {
    await send(stranger, "cascade", [ids, currencyOf(name)]);
    for (const id of ids) oracleOf(name).cascade(id);
  }

  /** Claims for an account, which does it itself if it can; a model counts once. */
  async function claim(name: CurrencyName, holder: string, ids: string[]): Promise<void> {
    const index = holders.indexOf(holder);
    const [from, method, recipient] =
      index === holders.length - 1
        ? ([stranger, "claimFor", []] as const)
        : ([holder, "claim", [wallets[index]]] as const);
    const sorted = ascending([...new Set(ids)]);
    const currency = currencyOf(name);
    const args = method === "claim" ? [sorted, currency, ...recipient] : [holder, sorted, currency];
    const earned = claimed.get(name) as Map<string, bigint>;
    for (const id of sorted) add(earned, `${id} ${holder}`, oracleOf(name).claimable(id, holder));
    const owed = oracleOf(name).claim(sorted, holder);

    if (owed === 0n) return refuse("NothingToClaim", from, method, args);
    await send(from, method, args);
    add(earned, holder, owed);
  }

  async function collectFees(name: CurrencyName): Promise<void> {
    const due = oracleOf(name).fees() - (collected.get(name) ?? 0n);
    const args = [currencyOf(name)];
    if (due === 0n) return refuse("NothingToCollect", stranger, "collectFees", args);
    await send(stranger, "collectFees", args);
    add(collected, name, due);
  }

  /* SHARES */

  async function transfer(model: string, from: string, to: string, percent: number): Promise<void> {
    const units = (anyOracle.sharesOf(model, from) * BigInt(percent)) / 100n;
    await send(from, "transfer", [to, model, units]);
    onEach((oracle) => oracle.transfer(model, from, to, units));
  }

  async function handOver(model: string, from: string, to: string): Promise<void> {
    if (from === to) return refuse("ERC6909InvalidReceiver", from, "handOverPosition", [model, to]);
    await send(from, "handOverPosition", [model, to]);
    onEach((oracle) => oracle.handOver(model, from, to));
  }

  async function allocate(model: string, from: string, percent: number, plan: AllocationPlan): Promise<void> {
    const units = (anyOracle.sharesOf(model, from) * BigInt(percent)) / 100n;
    const allocation = planAllocation(model, units, plan);
    const args = [model, argumentOf(allocation, units)];
    if (units === 0n) return refuse("ZeroShares", from, "allocate", args);
    await send(from, "allocate", args);
    allocations.push(allocation);
    onEach((oracle) => oracle.allocate(model, from, allocation.key, units));
  }

  async function claimShares(allocation: Allocation, leaf: number, moment: Moment): Promise<void> {
    const { number, key, model, steward, reclaimableFrom, leaves, tree } = allocation;
    if (tree === undefined) return;
    const index = leaf % leaves.length;
    const { account, units } = leaves[index];
    const args = [model, number, index, account, units, tree.getProof(index)];
    if (steward !== ZeroAddress) tune(reclaimableFrom, moment);

    if (steward !== ZeroAddress && clock + 1 >= reclaimableFrom) {
      return refuse("AllocationExpired", stranger, "claimShares", args);
    }
    if (allocation.claimed.has(index)) return refuse("SharesAlreadyClaimed", stranger, "claimShares", args);
    if (units > anyOracle.sharesOf(model, key)) {
      return refuse("ERC6909InsufficientBalance", stranger, "claimShares", args);
    }
    await send(stranger, "claimShares", args);
    allocation.claimed.add(index);
    onEach((oracle) => oracle.claimShares(model, key, account, units));
  }

  async function reclaimShares(allocation: Allocation, to: string, moment: Moment): Promise<void> {
    const { number, key, model, steward, reclaimableFrom } = allocation;
    const args = [model, number, to];
    if (steward === ZeroAddress) return refuse("NotAllocationSteward", stranger, "reclaimShares", args);
    tune(reclaimableFrom, moment);

    if (clock + 1 < reclaimableFrom) return refuse("AllocationNotExpired", steward, "reclaimShares", args);
    if (anyOracle.sharesOf(model, key) === 0n) return refuse("NothingToReclaim", steward, "reclaimShares", args);
    await send(steward, "reclaimShares", args);
    onEach((oracle) => oracle.takeBack(model, key, to));
  }

  /* TIME */

  async function retire({ id, edges }: OracleModel, moment: Moment): Promise<void> {
    const next = nextEndOf(edges);
    if (next !== undefined) tune(next + 1, moment);
    const ended = new Set([...oracles.values()].map((oracle) => oracle.retire(id, BigInt(clock + 1))));
    expect(ended.size).to.equal(1);

    if (ended.has(0)) return refuse("NothingToRetire", stranger, "retire", [id]);
    await send(stranger, "retire", [id]);
  }

  async function retireNext(): Promise<void> {
    const [soonest] = models.toSorted((a, b) => (nextEndOf(a.edges) ?? NEVER) - (nextEndOf(b.edges) ?? NEVER));
    if (nextEndOf(soonest.edges) !== undefined) await retire(soonest, "first");
  }

  /** Returns the last second of whichever edge ends next. */
  function nextEndOf(edges: OracleModel["edges"]): number | undefined {
    const ends = edges.map(({ until }) => Number(until ?? 0n)).filter((until) => until > clock);

    return ends.length > 0 ? Math.min(...ends) : undefined;
  }

  function wait(seconds: number): void {
    clock += seconds;
  }

  return {
    ...deployment,
    ids: models.map(({ id }) => id),
    models,
    allocations,
    paid,
    claimed,
    collected,
    currencyOf,
    oracleOf,
    modelAt,
    holderAt,
    personAt,
    roomIn,
    pay,
    cascade,
    claim,
    collectFees,
    transfer,
    handOver,
    allocate,
    claimShares,
    reclaimShares,
    retire,
    retireNext,
    wait,
  };
}

/** Chooses 16 different parents at most for a model that comes next, with rates that fit; as the ledger takes them. */
function edgesOf({ totalBps, edges }: ModelPlan, before: OracleModel[], now: number) {
  const chosen = [...new Map(edges.map((edge) => [edge.parent % Math.max(before.length, 1), edge]))].slice(
    0,
    Math.min(before.length, 16),
  );
  const weights = Math.max(
    1,
    chosen.reduce((sum, [, { weight }]) => sum + weight, 0),
  );

  return chosen
    .map(([index, { weight, lasts }]) => ({
      parent: before[index].id,
      rateBps: Math.floor((totalBps * weight) / weights),
      until: lasts === null ? 0 : now + lasts,
    }))
    .sort((a, b) => (BigInt(a.parent) < BigInt(b.parent) ? -1 : 1));
}

function addressOf(name: string): string {
  return getAddress(dataSlice(hash(name), 12));
}

/** Returns the revert data of a transaction that failed. */
function dataOf(failure: unknown): string {
  const { data } = failure as { data?: string | { data?: string } };

  return (typeof data === "string" ? data : data?.data) ?? "0x";
}

export function add(map: Map<string, bigint>, key: string, amount: bigint): void {
  map.set(key, (map.get(key) ?? 0n) + amount);
}

export function sumOf(amounts: Iterable<bigint>): bigint {
  return [...amounts].reduce((sum, amount) => sum + amount, 0n);
}
