import { expect } from "chai";
import { id } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { ETH, registerModel, registrationOf } from "../helpers/models.js";
import { BOARD_MEMBER, DAY } from "../helpers/protocol.js";
import { deployEconomy, type Economy } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const PERIOD = 14 * DAY;
const REASON = { ground: 1, clause: 0, policyVersion: 0, evidenceDigest: id("a pretext") };

async function deploy() {
  const economy = await deployEconomy(connection);
  await networkHelpers.impersonateAccount(BOARD_MEMBER);
  await networkHelpers.setBalance(BOARD_MEMBER, 10n ** 21n);
  const board = economy.safetyBoard.connect(await ethers.getSigner(BOARD_MEMBER));

  return { ...economy, board };
}

type Context = Economy & Pick<Awaited<ReturnType<typeof deploy>>, "board">;

const fixture = () => networkHelpers.loadFixture(deploy);

/** Does all that a member can to every model: restricts, warns, withdraws and warns again. */
async function strike({ board, models }: Context) {
  for (const model of models) {
    if (await board.canRestrict(model)) await board.restrict(model, REASON, "");
    for (const version of [0, 1]) {
      if ((await board.advisoriesOf(model, version))[1].level === 0n) await board.warn(model, version, REASON, "");
    }
    if ((await board.levelOf(model, 1)) !== 0n) await board.withdraw(model, 1);
  }
}

/** What people do with models in half a year, step by step; registrations have a time of their own. */
function courseOf(economy: Context): (() => Promise<unknown>)[] {
  const { ledger, registry, usdc, stranger, alice, bob, carol, host, attacker, pay, models, source } = economy;
  const { base, tune, app, tree, tuneShares, baseSalt, hosting, currencies, stakeholding, timelocks } = economy;
  const all = Object.values(currencies);

  return [
    () => stakeholding.connect(timelocks.main).setRate(ETH, 2_000n * 10n ** 18n),
    () => pay(app, ETH, 7_777_777n),
    () => ledger.connect(stranger).cascade([app, tune, base], ETH),
    () => ledger.connect(bob).claim(models, ETH, bob.address),
    () => ledger.connect(stranger).claimFor(alice.address, [base], currencies.USDC),
    () => ledger.connect(stranger).sweep([baseSalt], all),
    () => ledger.connect(stranger).sweepHosted([hosting], all),
    () => ledger.connect(host).claimHostPart([hosting], ETH, host.address),
    () => ledger.connect(carol).transfer(attacker.address, tune, 1_000n),
    () => ledger.connect(stranger).claimShares(tune, tuneShares, 0, ...tree.entries[0], tree.proofOf(0)),
    () => registry.connect(alice).publish(base, id("the second version"), ""),
    () => registry.connect(alice).setDerivativeTerms(base, { mode: 0, rateBps: 1_500, duration: 0 }),
    () => registry.connect(alice).transferFrom(alice.address, bob.address, base),
    () => ledger.connect(stranger).retire(tune),
    () => stakeholding.connect(stranger).award([app, tune, base], ETH),
    () => ledger.connect(stranger).collectFees(usdc),
    () => pay(source, currencies.WEAL, 3_333_333n),
    () => economy.claimSource(),
  ];
}

/** Lets all that happen, with a hostile board before and after each step or without; returns where money is then. */
async function live(isHostile: boolean) {
  const context = await fixture();
  const { models } = context;
  await networkHelpers.time.increase(3 * DAY);
  const seen = new Set<string>();
  for (const step of courseOf(context)) {
    if (isHostile) {
      await strike(context);
      for (const model of models) if (await context.board.isRestricted(model)) seen.add(model);
    }
    await step();
    await networkHelpers.time.increase(DAY);
  }
  if (isHostile) expect(seen.size).to.equal(models.length);
  const { ETH: _, ...held } = context.currencies;

  return {
    figures: await context.figures(),
    purses: Object.fromEntries(
      Object.entries(await context.purses()).map(([name, { USDC, WEAL }]) => [name, { USDC, WEAL }]),
    ),
    treasury: await Promise.all(
      Object.values(held).map((token) => context.balanceOf(context.addresses.timelock, token)),
    ),
    taken: await context.claimEverything(),
  };
}

describe("A hostile board", function () {
  this.timeout(120_000);

  it("restricts everything at every step, and no payment, cascade, claim, sweep, end or source stops or changes", async () => {
    expect(await live(true)).to.deep.equal(await live(false));
  });

  it("stops new derivatives for fourteen days to the second, once", async () => {
    const { board, safetyBoard, registry, base, bob } = await fixture();
    const start = (await networkHelpers.time.latest()) + 10;
    await networkHelpers.time.setNextBlockTimestamp(start);
    await board.restrict(base, REASON, "");
    const child = await registrationOf(bob, { parents: [{ model: base, rateBps: 100 }] });

    for (const moment of [start + 1, start + PERIOD - 1]) {
      await networkHelpers.time.setNextBlockTimestamp(moment);
      await expect(registry.connect(bob).register(child))
        .to.be.revertedWithCustomError(registry, "ParentRestricted")
        .withArgs(base);
    }
    await networkHelpers.time.setNextBlockTimestamp(start + PERIOD);
    await registry.connect(bob).register(child);

    await expect(board.restrict(base, REASON, ""))
      .to.be.revertedWithCustomError(safetyBoard, "RestrictionUsed")
      .withArgs(base);
  });

  it("blocks no model for more than fourteen days in all, whatever it does when", async () => {
    const member = fc.record({
      deed: fc.constantFrom("restrict", "warn", "withdraw" as const),
      model: fc.nat(1),
      seconds: fc.constantFrom(0, 1, DAY, 6 * DAY, PERIOD - 2, PERIOD - 1, PERIOD),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(member, { minLength: 10, maxLength: 25, size: "max" }), async (deeds) => {
        const { board, base, app } = await fixture();
        const models = [base, app];
        const blocked = [0, 0];
        let now = await networkHelpers.time.latest();
        for (const { deed, model, seconds } of deeds) {
          const call = {
            restrict: () => board.restrict(models[model], REASON, "", { gasLimit: 500_000 }),
            warn: () => board.warn(models[model], 0, REASON, "", { gasLimit: 500_000 }),
            withdraw: () => board.withdraw(models[model], 0, { gasLimit: 500_000 }),
          }[deed];
          await call().catch(() => undefined);
          if (seconds > 0) await networkHelpers.time.increase(seconds);

          // From step to step, each that begins and ends with a restriction counts in full.
          const [before, expiries] = [now, await Promise.all(models.map((each) => board.advisoriesOf(each, 0)))];
          now = await networkHelpers.time.latest();
          for (const [i, [, { level, expiresAt, issuedAt }]] of expiries.entries()) {
            const isRestricted = await board.isRestricted(models[i]);
            expect(isRestricted).to.equal(level === 2n && now < Number(expiresAt));
            if (isRestricted) blocked[i] += now - Math.max(before, Number(issuedAt));
          }
        }
        for (const seconds of blocked) expect(seconds).to.be.at.most(PERIOD);
      }),
      { numRuns: 25, endOnFailure: true },
    );
  });

  it("can keep a merge of several parents waiting for fourteen days for each of them, until a vote dismisses it", async () => {
    const { board, safetyBoard, registry, timelocks, base, lib, alice } = await fixture();
    const merge = await registrationOf(alice, {
      parents: [
        { model: base, rateBps: 100 },
        { model: lib, rateBps: 100 },
      ],
    });
    const register = () => registry.connect(alice).register(merge);
    await board.restrict(base, REASON, "");
    await networkHelpers.time.increase(PERIOD - 1);
    await board.restrict(lib, REASON, "");
    await networkHelpers.time.increase(PERIOD - 2);
    await expect(register()).to.be.revertedWithCustomError(registry, "ParentRestricted").withArgs(lib);

    await safetyBoard.connect(timelocks.safety).setMember(BOARD_MEMBER, false);
    await safetyBoard.connect(timelocks.safety).lift(lib, 0);

    await register();
    await expect(board.warn(base, 0, REASON, ""))
      .to.be.revertedWithCustomError(safetyBoard, "NotBoardMember")
      .withArgs(BOARD_MEMBER);
  });

  it("stops neither models without parents nor derivatives of others, nor a new source", async () => {
    const context = await fixture();
    const { sources, stranger, bob, alice, lib } = context;
    const other = await registerModel(context, bob);
    await strike(context);
    expect(await context.board.isRestricted(lib)).to.equal(true);

    await registerModel(context, alice);
    await registerModel(context, alice, { parents: [{ model: other, rateBps: 100 }] });
    await sources.connect(stranger).registerSource(0, "org/another");
  });
});
