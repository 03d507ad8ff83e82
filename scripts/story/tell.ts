import { id, parseUnits, type TransactionReceipt, ZeroAddress } from "ethers";
import { type Commonweal, connect } from "../../sdk/src/index.js";
import type { ManifestFile } from "../../sdk/src/manifest/index.js";
import local from "../parameters/local.json" with { type: "json" };
import { holdersOf, PEOPLE, type Person, type Role, unitsLeft } from "./cast.js";
import { type Expectation, type ExpectedModel, expect } from "./expected.js";
import { claimShares, claimSource, passTime, type SetAside, treeOf } from "./latecomers.js";
import { type SealedManifest, unseal } from "./manifest.js";
import { type RoundOutcome, tellRound } from "./round.js";
import { expectedOfCalls, SERVED, serve } from "./serving.js";
import type { World } from "./world.js";

const DAY = 86_400;

/** What the story buys: each amount is paid to each model, in each currency. */
const BOUGHT = ["Iris classifier int8", "Silero VAD v6"];
const PRICES = { USDC: "100", ETH: "1" } as const;
const DECIMALS = { USDC: 6, ETH: 18 } as const;
/** What is sent to a model's id by plain transfer: odd, so that something is rounded. */
const SENT = { to: "Silero VAD v6", USDC: "7.654321", ETH: "0.123456789012345678" } as const;
const LOWERED_FEE_BPS = 50;

/** Contributors for whom shares are set aside and who have not come: what is theirs stays in the ledger. */
export const OTHERS = "others";

export type CurrencySymbol = keyof typeof PRICES;

/** What came of the story. */
export interface Outcome {
  /** Model ids by key. */
  models: Map<string, string>;
  /** For each currency: what each person and the treasury should have got, and what their wallets got. */
  earnings: Record<
    CurrencySymbol,
    {
      decimals: number;
      expected: Expectation;
      /** By person, and the treasury: what their wallets gained. */
      actual: Map<string, bigint>;
      /** What stayed in the ledger. */
      left: bigint;
      /** By model: what it received. */
      received: Map<string, bigint>;
      /** By `model/person`: what was claimed; of those who have not come, what waits. */
      claimed: Map<string, bigint>;
    }
  >;
  /** What an agent paid a host for calls, in units of USDC. */
  served: { calls: number; expected: bigint; actual: bigint };
  /** Protocol fees of a model registered before and after the vote, in basis points. */
  fees: { expected: Fees; actual: Fees };
  /** What a round, in which many make one model, brought to everybody. */
  round: RoundOutcome;
}

interface Fees {
  before: number;
  after: number;
}

/** Tells the story on a fresh chain: registers, sells, cascades, claims, votes; and measures what everybody got. */
export async function tell(world: World, roles: Role[]): Promise<Outcome> {
  const commonwealOf = await connectAll(world);
  const { models, setAside } = await registerAll(world, commonwealOf, roles);
  const feeBefore = await feeOf(commonwealOf.Buyer, models.get("Iris") as string);
  const inputs = inputsOf(roles, local.protocolFeeBps);
  const expected = { USDC: expectationOf("USDC", inputs), ETH: expectationOf("ETH", inputs) };

  const before = await measure(world, commonwealOf.Buyer);
  await buy(world, commonwealOf.Buyer, models);
  await sendAndSweep(world, commonwealOf.Relayer, models);
  // Before the clock is put forward: what pays a call is signed for some minutes, by the agent's own clock.
  const spentOnCalls = await serve(world, commonwealOf.Relayer, models.get(SERVED.model) as string);
  await passOn(world, commonwealOf.Relayer, roles, models);
  for (const role of roles.filter(({ source }) => source !== undefined)) await claimSource(world, commonwealOf, role);
  for (const role of roles.filter(({ key }) => setAside.has(key))) {
    const model = models.get(role.key) as string;
    await claimShares(world, commonwealOf.Relayer, role, model, setAside.get(role.key) as SetAside);
  }
  const spentOnGas = await claimAll(world, commonwealOf, roles, models);
  const after = await measure(world, commonwealOf.Buyer);

  const books = await readBooks(world, commonwealOf.Buyer, models, setAside);

  const earnings = Object.fromEntries(
    (Object.keys(PRICES) as CurrencySymbol[]).map((symbol) => {
      const { ledger, ...wallets } = after[symbol];
      const actual = new Map(
        Object.entries(wallets).map(([name, balance]) => {
          const gas = symbol === "ETH" ? (spentOnGas.get(name) ?? 0n) : 0n;
          return [name, balance - before[symbol][name] + gas];
        }),
      );
      const entry = { decimals: DECIMALS[symbol], expected: expected[symbol], actual };
      return [symbol, { ...entry, ...books[symbol], left: ledger - before[symbol].ledger }];
    }),
  ) as Outcome["earnings"];

  await decide(world, commonwealOf, roles[0]);
  const feeAfter = await feeOf(
    commonwealOf.Buyer,
    await registerAfterVote(commonwealOf.Amara, roles[0], world.wallets.Amara.address),
  );
  const earned = { models: inputs.models, payments: inputs.payments.USDC };
  const round = await tellRound(world, commonwealOf, { roles, models, earned, feeBps: LOWERED_FEE_BPS });

  return {
    models,
    earnings,
    served: { calls: SERVED.exactCalls + SERVED.channelCalls, expected: expectedOfCalls().paid, actual: spentOnCalls },
    fees: {
      expected: { before: local.protocolFeeBps, after: LOWERED_FEE_BPS },
      actual: { before: feeBefore, after: feeAfter },
    },
    round,
  };
}

type CommonwealOf = Record<Person, Commonweal>;

async function connectAll({ wallets }: World): Promise<CommonwealOf> {
  const entries = PEOPLE.map(async (person) => [person, await connect(wallets[person])] as const);

  return Object.fromEntries(await Promise.all(entries)) as CommonwealOf;
}

async function registerAll(world: World, commonwealOf: CommonwealOf, roles: Role[]) {
  const { wallets, say } = world;
  const models = new Map<string, string>();
  const setAside = new Map<string, SetAside>();
  for (const role of roles) {
    const { key, kind, asksBps, maxHostBps, parents, holdings, note, notSold, source, crowd } = role;
    if (source !== undefined) {
      models.set(key, (await commonwealOf.Relayer.sources.register({ source })).source);
      say(`  ${key}: registered as a source, since its author has not come`);
      continue;
    }
    const publisher = commonwealOf[holdings[0].holder];
    const { registry, contracts } = publisher;
    const sealed = role.sealed as SealedManifest;
    // Not random: the story has the same model ids every time.
    const salt = id(key);
    const tree = crowd && treeOf(world, publisher, await registry.modelIdOf({ salt }), crowd);
    const { model, receipt } = await registry.register({
      salt,
      kind,
      manifestDigest: sealed.digest,
      mirrorURI: sealed.mirrorURI,
      derivatives: { mode: "open", rateBps: asksBps },
      maxHostBps,
      parents: parents.map(({ key: parent, ...terms }) => ({ model: models.get(parent) as string, ...terms })),
      holdings: holdings.map(({ holder, units }) => ({ holder: wallets[holder].address, units })),
      allocations: tree && [{ root: tree.root, units: tree.units }],
    });
    models.set(key, model);
    if (tree) setAside.set(key, { allocation: await contracts.RoyaltyLedger.allocationCount(), tree });

    const { newest } = await registry.get({ model });
    const [version] = await contracts.ModelRegistry.queryFilter(
      contracts.ModelRegistry.filters.VersionPublished(model),
      receipt.blockNumber,
    );
    const manifest = await unseal(version.args.mirrorURI, newest.manifestDigest);

    const [file] = manifest.files as ManifestFile[];
    say(`  ${key}: ${file.path}, ${file.size.toLocaleString("en")} bytes, sha-256 ${file.sha256.slice(0, 16)}…`);
    if (tree) say(`    ${tree.units.toLocaleString("en")} shares are set aside for ${tree.count} contributors`);
    if (note) say(`    ${note}`);
    if (notSold) say(`    warning: its licence ${manifest.license} forbids selling, so it is registered and not sold`);
  }
  return { models, setAside };
}

async function buy({ usdc, wallets, say }: World, { royalties }: Commonweal, models: Map<string, string>) {
  const dollars = parseUnits(PRICES.USDC, DECIMALS.USDC) * BigInt(BOUGHT.length);
  await (await usdc.mint(wallets.Buyer.address, dollars)).wait();
  for (const key of BOUGHT) {
    const model = models.get(key) as string;
    await royalties.pay({ model, currency: await usdc.getAddress(), amount: PRICES.USDC });
    await royalties.pay({ model, currency: "ETH", amount: PRICES.ETH });
    say(`  ${key}: paid ${PRICES.USDC} USDC and ${PRICES.ETH} ETH`);
  }
}

/** A model is an address: who knows nothing of the protocol pays it with a transfer, and anyone sweeps it. */
async function sendAndSweep({ usdc, wallets, say }: World, { deposits }: Commonweal, models: Map<string, string>) {
  const model = models.get(SENT.to) as string;
  const dollars = parseUnits(SENT.USDC, DECIMALS.USDC);
  await (await usdc.mint(wallets.Buyer.address, dollars)).wait();
  await (await usdc.transfer(model, dollars)).wait();
  await (await wallets.Buyer.sendTransaction({ to: model, value: parseUnits(SENT.ETH, DECIMALS.ETH) })).wait();
  say(`  ${SENT.to}: sent ${SENT.USDC} USDC and ${SENT.ETH} ETH by plain transfer to its address`);

  const { swept } = await deposits.sweep({ models: [model], currencies: [await usdc.getAddress(), "ETH"] });
  say(`  swept: ${swept.length} currencies that waited there are income of the model`);
}

async function passOn(
  { usdc, say }: World,
  { royalties }: Commonweal,
  roles: Role[],
  models: Map<string, string>,
): Promise<void> {
  const sold = roles.filter(({ notSold }) => !notSold);
  for (const currency of [await usdc.getAddress(), "ETH"]) {
    await royalties.cascade({ models: sold.map(({ key }) => models.get(key) as string), currency });
  }
  say("  cascaded: what belongs to parents is with them, in one transaction a currency");
}

/** Everybody claims; returns what each claimer paid for gas. */
async function claimAll(
  { usdc, wallets, say }: World,
  commonwealOf: CommonwealOf,
  roles: Role[],
  models: Map<string, string>,
): Promise<Map<string, bigint>> {
  const spent = new Map<string, bigint>();
  const sold = roles.filter(({ notSold }) => !notSold);
  const { contracts } = commonwealOf.Relayer;

  for (const person of holdersOfAll(sold)) {
    const held = sold.filter((role) => holdersOf(role).some(({ holder }) => holder === person));
    for (const currency of [await usdc.getAddress(), "ETH"]) {
      const { receipt } = await commonwealOf[person].royalties.claim({
        models: held.map(({ key }) => models.get(key) as string),
        currency,
        to: wallets[person].address,
      });
      spent.set(person, (spent.get(person) ?? 0n) + costOf(receipt));
    }
  }
  say(`  claimed: ${holdersOfAll(sold).length} people took what is theirs`);

  for (const currency of await contracts.RoyaltyLedger.currencies()) {
    if ((await contracts.RoyaltyLedger.collectableFees(currency)) === 0n) continue;
    await (await contracts.RoyaltyLedger.collectFees(currency)).wait();
  }
  say("  collected: protocol fees are in the treasury");

  return spent;
}

async function decide(world: World, commonwealOf: CommonwealOf, { key }: Role): Promise<void> {
  const { provider, wallets, say } = world;
  const { Amara, Bao, Chidi, Relayer } = commonwealOf;
  await Amara.governance.delegate({ to: wallets.Bao.address });
  await Bao.governance.delegate();
  await Chidi.governance.delegate();
  say("  Amara delegates her votes to Bao; Bao and Chidi vote for themselves");
  await passTime(provider, 1);

  const { proposalId } = await Bao.governance.propose({
    actions: [Bao.governance.proposals.setProtocolFee({ feeBps: LOWERED_FEE_BPS })],
    description: `Lower the fee of future models to ${LOWERED_FEE_BPS} basis points, since ${key} has shown that it works`,
  });
  say("  Bao proposes to halve the protocol fee of future models");
  await passTime(provider, DAY + 1);
  say("  (the chain's clock is put forward by a day, for the voting delay)");

  await Bao.governance.vote({ proposalId, support: "for", reason: "Openness should be cheap" });
  const ballot = await Chidi.governance.signVote({ proposalId, support: "for" });
  await Relayer.governance.voteBySignature(ballot);
  say("  Bao votes for; Chidi signs a vote, which the relayer sends: it costs Chidi nothing");
  await passTime(provider, 7 * DAY);
  say("  (the clock is put forward by seven days, for the vote)");

  await Relayer.governance.queue({ proposalId });
  await passTime(provider, 2 * DAY + 1);
  say("  (queued; the clock is put forward by two days, for the timelock)");
  await Relayer.governance.execute({ proposalId });
  say(`  executed: the proposal is ${await Relayer.governance.state({ proposalId })}`);
}

/** Registers the data set once more, for the fee that a model gets now. */
async function registerAfterVote({ registry }: Commonweal, { kind, sealed }: Role, owner: string): Promise<string> {
  const { model } = await registry.register({
    salt: id("after the vote"),
    kind,
    manifestDigest: (sealed as SealedManifest).digest,
    mirrorURI: (sealed as SealedManifest).mirrorURI,
    derivatives: { mode: "closed" },
    holdings: [{ holder: owner, units: 1_000_000 }],
  });

  return model;
}

async function feeOf({ contracts }: Commonweal, model: string): Promise<number> {
  return Number((await contracts.RoyaltyLedger.modelTermsOf(model)).feeBps);
}

/** What everybody's earnings follow from: models, and what is paid to each in each currency. */
function inputsOf(roles: Role[], feeBps: number) {
  const models: ExpectedModel[] = roles.map((role) => ({
    key: role.key,
    feeBps: BigInt(feeBps),
    parents: role.parents.map(({ key, rateBps }) => ({ key, rateBps: BigInt(rateBps) })),
    holdings: [...holdersOf(role), ...(role.crowd ? [{ holder: OTHERS, units: unitsLeft(role) }] : [])],
  }));
  const of = (symbol: CurrencySymbol) => {
    const units = (amount: string) => parseUnits(amount, DECIMALS[symbol]);
    const payments = new Map<string, bigint>(BOUGHT.map((key) => [key, units(PRICES[symbol])]));
    const add = (key: string, amount: bigint) => payments.set(key, (payments.get(key) ?? 0n) + amount);
    add(SENT.to, units(SENT[symbol]));
    if (symbol === SERVED.currency) add(SERVED.model, expectedOfCalls().paid - expectedOfCalls().hostPart);

    return payments;
  };

  return { models, payments: { USDC: of("USDC"), ETH: of("ETH") } };
}

function expectationOf(symbol: CurrencySymbol, { models, payments }: ReturnType<typeof inputsOf>): Expectation {
  const expectation = expect(models, payments[symbol]);
  if (symbol === SERVED.currency) expectation.earned.set("Host", expectedOfCalls().hostPart);

  return expectation;
}

/** What each model received, by the ledger's books, and what each holder claimed from it, by the ledger's events. */
async function readBooks(
  { usdc, wallets }: World,
  { allocations, royalties, contracts: { RoyaltyLedger: ledger } }: Commonweal,
  models: Map<string, string>,
  setAside: Map<string, SetAside>,
) {
  const keyOf = new Map([...models].map(([key, model]) => [model, key]));
  const personOf = new Map(PEOPLE.map((person) => [wallets[person].address, person]));
  const events = await ledger.queryFilter(ledger.filters.Claimed());
  const of = async (currency: string, address: string) => {
    const claims = events.map(({ args }) => args).filter((claim) => claim.currency === address);
    const received = [...models].map(
      async ([key, model]) => [key, (await royalties.booksOf({ model, currency })).received] as const,
    );

    const waiting = [...setAside].map(async ([key, { allocation }]) => {
      const model = models.get(key) as string;

      return [`${key}/${OTHERS}`, await allocations.earned({ allocation, model, currency })] as const;
    });

    return {
      received: new Map(await Promise.all(received)),
      claimed: new Map([
        ...claims.map(({ model, holder, amount }) => [`${keyOf.get(model)}/${personOf.get(holder)}`, amount] as const),
        ...(await Promise.all(waiting)),
      ]),
    };
  };
  const usdcAddress = await usdc.getAddress();

  return { USDC: await of(usdcAddress, usdcAddress), ETH: await of("ETH", ZeroAddress) };
}

/** Balances of every holder, of the treasury and of the ledger, by the chain's own books. */
async function measure({ provider, usdc, wallets }: World, { contracts }: Commonweal) {
  const accounts: Record<string, string> = {
    ...Object.fromEntries(PEOPLE.map((person) => [person, wallets[person].address])),
    treasury: String(contracts.TimelockController.target),
    ledger: String(contracts.RoyaltyLedger.target),
  };
  const balances = async (balanceOf: (account: string) => Promise<bigint>) =>
    Object.fromEntries(
      await Promise.all(
        Object.entries(accounts).map(async ([name, account]) => [name, await balanceOf(account)] as const),
      ),
    );

  return {
    USDC: await balances((account) => usdc.balanceOf(account)),
    ETH: await balances((account) => provider.getBalance(account)),
  };
}

function holdersOfAll(roles: Role[]): Person[] {
  return PEOPLE.filter((person) => roles.some((role) => holdersOf(role).some(({ holder }) => holder === person)));
}

function costOf({ gasUsed, gasPrice }: TransactionReceipt): bigint {
  return gasUsed * gasPrice;
}
