import { AbiCoder, getAddress, id, keccak256, parseEther, type Signer, toBeHex } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { ascending, ETH, NO_REF, registerModel } from "../helpers/models.js";
import { DAY, deployTestProtocol, VERIFIERS } from "../helpers/protocol.js";
import { holderOf, shareTree } from "../royalties/allocations.support.js";
import { signClaim, WAIT } from "../registry/sources.support.js";

const coder = AbiCoder.defaultAbiCoder();
const hash = (types: string[], values: unknown[]) => keccak256(coder.encode(types, values));

/** What an account has, by the symbol of the currency. */
export type Money = Record<"ETH" | "USDC" | "WEAL", bigint>;

/**
 * Deploys the protocol with people who earn in each way that there is: by shares in a lineage of four models, by leaves
 * of an allocation, as the author of a source who has not come, as a host; with deposits that nobody swept and an edge
 * that can be retired. Everything is paid in three currencies, and part of it was cascaded.
 */
export async function deployEconomy(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const protocol = await deployTestProtocol(connection);
  const { ledger, registry, sources, usdc, weal, timelock, safetyTimelock } = protocol;
  const [deployer, alice, bob, carol, dan, host, author, payer, attacker, stranger] = protocol.signers;
  const { chainId } = await ethers.provider.getNetwork();
  const addresses = {
    ledger: await ledger.getAddress(),
    registry: await registry.getAddress(),
    sources: await sources.getAddress(),
    usdc: await usdc.getAddress(),
    weal: await weal.getAddress(),
    timelock: await timelock.getAddress(),
    safetyTimelock: await safetyTimelock.getAddress(),
  };
  const currencies = { ETH, USDC: addresses.usdc, WEAL: addresses.weal };
  const deadline = (await networkHelpers.time.latest()) + 36_500 * DAY;

  await sources.connect(stranger).registerSource(0, "org/base");
  const source = await sources.sourceIdOf(0, "org/base");
  const sourceShares = await ledger.allocationCount();

  const modelIdOf = async (publisher: Signer, name: string) =>
    registry.modelIdOf(await publisher.getAddress(), id(name));
  const base = await registerModel(protocol, alice, {
    salt: id("base"),
    parents: [{ model: source, rateBps: 2_000 }],
    holdings: [
      { holder: alice.address, units: 600_001 },
      { holder: bob.address, units: 399_999 },
    ],
  });
  const lib = await registerModel(protocol, bob, {
    salt: id("lib"),
    derivatives: { mode: 0, rateBps: 0, duration: DAY },
  });
  const tree = shareTree({ chainId, ledger: addresses.ledger, model: await modelIdOf(carol, "tune") }, [
    [dan.address, 200_000n],
    [bob.address, 100_000n],
  ]);
  const tune = await registerModel(protocol, carol, {
    salt: id("tune"),
    parents: [
      { model: base, rateBps: 1_000 },
      { model: lib, rateBps: 555, until: (await networkHelpers.time.latest()) + 2 * DAY },
    ],
    holdings: [
      { holder: carol.address, units: 500_000 },
      { holder: alice.address, units: 200_000 },
    ],
    allocations: [{ root: tree.root, units: 300_000, uri: "", steward: carol.address, reclaimableFrom: deadline }],
  });
  const tuneShares = await ledger.allocationCount();
  const app = await registerModel(protocol, dan, { salt: id("app"), parents: [{ model: tune, rateBps: 3_000 }] });

  const models = ascending([source, base, lib, tune, app]);
  const hosting = { model: app, host: host.address, hostBps: 2_000 };
  const deposit = await ledger.depositOf(hosting);
  /** Of which the id of Alice's model is made. */
  const baseSalt = hash(
    ["address", "bytes32"],
    [addresses.registry, hash(["address", "bytes32"], [alice.address, id("base")])],
  );

  await usdc.mint(payer.address, 10n ** 15n);
  await weal.connect(deployer).transfer(payer.address, parseEther("1000000"));
  for (const token of [usdc, weal]) await token.connect(payer).approve(addresses.ledger, 2n ** 255n);

  const pay = (model: string, currency: string, amount: bigint) =>
    ledger.connect(payer).pay(model, currency, amount, NO_REF, { value: currency === ETH ? amount : 0n });
  /** Sends money to an address, as one who knows nothing of the protocol does. */
  const send = (to: string, currency: string, amount: bigint) =>
    currency === ETH
      ? payer.sendTransaction({ to, value: amount })
      : (currency === addresses.usdc ? usdc : weal).connect(payer).transfer(to, amount);

  for (const [i, currency] of Object.values(currencies).entries()) {
    const unit = 1_000_003n + BigInt(i) * 7n;
    await send(deposit, currency, unit * 9n);
    await ledger.sweepHosted([hosting], [currency]);
    for (const [j, model] of [app, tune, base, lib, source].entries()) await pay(model, currency, unit * BigInt(j + 3));
    await ledger.cascade([app, tune, base], currency);
    // Neither what comes now is cascaded, nor what is sent swept.
    for (const model of [app, tune, base]) await pay(model, currency, unit);
    await send(deposit, currency, unit * 5n);
    await send(base, currency, unit * 3n);
  }
  for (const address of [addresses.timelock, addresses.safetyTimelock]) {
    await networkHelpers.impersonateAccount(address);
    await networkHelpers.setBalance(address, parseEther("100"));
  }
  const timelocks = {
    main: await ethers.getSigner(addresses.timelock),
    safety: await ethers.getSigner(addresses.safetyTimelock),
  };

  const people = { alice, bob, carol, dan };
  const accounts = {
    ...Object.fromEntries(Object.entries(people).map(([name, { address }]) => [name, address])),
    source: holderOf(sourceShares),
    leaves: holderOf(tuneShares),
  };

  async function inEach(read: (currency: string) => Promise<bigint>): Promise<Money> {
    const [inEth, inUsdc, inWeal] = await Promise.all(Object.values(currencies).map(read));

    return { ETH: inEth, USDC: inUsdc, WEAL: inWeal };
  }

  /** Reads what everybody can claim now: holders and allocations from each model, the host, and what waits at deposits. */
  async function claimables(): Promise<Record<string, Money>> {
    const found: Record<string, Money> = {};
    for (const [name, account] of Object.entries(accounts)) {
      for (const model of models) {
        found[`${name} of ${model}`] = await inEach((currency) => ledger.claimable(account, model, currency));
      }
    }
    found.host = await inEach((currency) => ledger.claimableByHost(hosting, currency));
    found["deposit of the host"] = await inEach((currency) => balanceOf(deposit, currency));
    found["deposit of the model"] = await inEach((currency) => balanceOf(base, currency));

    return found;
  }

  async function balanceOf(account: string, currency: string): Promise<bigint> {
    if (currency === ETH) return ethers.provider.getBalance(account);

    return (currency === addresses.usdc ? usdc : weal).balanceOf(account);
  }

  /** Reads what is in everybody's purse. */
  async function purses(): Promise<Record<string, Money>> {
    const found: Record<string, Money> = {};
    for (const [name, { address }] of Object.entries({ ...people, host })) {
      found[name] = await inEach((currency) => balanceOf(address, currency));
    }

    return found;
  }

  /** Reads what everybody has: in their purse, and to be claimed. */
  async function worths(): Promise<Record<string, Money>> {
    const found = await purses();
    const byHost = await inEach((currency) => ledger.claimableByHost(hosting, currency));
    found.host = sumOf([found.host, byHost]);
    for (const [name, account] of Object.entries(accounts)) {
      const each = models.map((model) => inEach((currency) => ledger.claimable(account, model, currency)));
      found[name] = sumOf([...(name in found ? [found[name]] : []), ...(await Promise.all(each))]);
    }

    return found;
  }

  /** Reads every figure that money follows from: the books, who can claim what, what the ledger has, and fees. */
  async function figures() {
    const books: bigint[][] = [];
    for (const model of models) {
      for (const currency of Object.values(currencies)) {
        const { received, cascaded, distributed, closed } = await ledger.booksOf(model, currency);
        books.push([received, cascaded, distributed, closed]);
      }
    }

    return {
      claimables: await claimables(),
      books,
      held: await inEach((currency) => balanceOf(addresses.ledger, currency)),
      fees: await inEach((currency) => ledger.collectableFees(currency)),
    };
  }

  /** Everybody takes all that is theirs: leaves, swept deposits, cascaded income; returns what each of them got. */
  async function claimEverything(): Promise<Record<string, Money>> {
    const asStranger = ledger.connect(stranger);
    await networkHelpers.time.increase(3 * DAY);
    const all = Object.values(currencies);
    for (const [index, [account, units]] of tree.entries.entries()) {
      if (await ledger.isShareClaimed(tuneShares, index)) continue;
      await asStranger.claimShares(tune, tuneShares, index, account, units, tree.proofOf(index));
    }
    await asStranger.sweep([baseSalt], all);
    await asStranger.sweepHosted([hosting], all);
    for (const currency of all) await asStranger.cascade([app, tune, base], currency);
    // Ended in the meantime, unless somebody has done so already.
    await asStranger.retire(tune).catch(() => undefined);

    const taken: Record<string, Money> = {};
    for (const [name, person] of Object.entries(people)) {
      const to = freshAccount(name);
      for (const currency of all) await ledger.connect(person).claim(models, currency, to);
      taken[name] = await inEach((currency) => balanceOf(to, currency));
    }
    const to = freshAccount("host");
    for (const currency of all) {
      if ((await ledger.claimableByHost(hosting, currency)) === 0n) continue;
      await ledger.connect(host).claimHostPart([hosting], currency, to);
    }
    taken.host = await inEach((currency) => balanceOf(to, currency));
    taken.source = await inEach((currency) => ledger.claimable(accounts.source, source, currency));

    return taken;
  }

  /** The author comes, as verifiers attest, waits, and takes everything that the source ever earned. */
  async function claimSource(): Promise<Money> {
    const nonce = await sources.nonceOf(source);
    const terms = { source, recipient: author.address, model: ETH, nonce, deadline };
    const domain = { chainId, verifyingContract: addresses.sources };
    const attestations = await signClaim(VERIFIERS.slice(0, 2), domain, terms);
    await sources.connect(stranger).claimSource(source, author.address, ETH, deadline, attestations);
    await networkHelpers.time.increase(WAIT);
    await sources.connect(stranger).completeClaim(source);
    const to = freshAccount("author");
    for (const currency of Object.values(currencies)) await ledger.connect(author).claim([source], currency, to);

    return inEach((currency) => balanceOf(to, currency));
  }

  return {
    ...protocol,
    ...{ deployer, alice, bob, carol, dan, host, author, payer, attacker, stranger },
    ...{ addresses, currencies, deadline, chainId, timelocks },
    ...{ source, base, lib, tune, app, models, hosting, deposit, baseSalt, tree, tuneShares, sourceShares },
    ...{ people, accounts, pay, send, balanceOf, purses, worths, figures, claimEverything, claimSource },
  };
}

export type Economy = Awaited<ReturnType<typeof deployEconomy>>;

export function sumOf(parts: Money[]): Money {
  const sum = (symbol: keyof Money) => parts.reduce((total, part) => total + part[symbol], 0n);

  return { ETH: sum("ETH"), USDC: sum("USDC"), WEAL: sum("WEAL") };
}

/** Returns an account that nobody used before. */
function freshAccount(name: string): string {
  return getAddress(toBeHex(BigInt(keccak256(coder.encode(["string"], [`purse of ${name}`]))) >> 96n, 20));
}
