import { expect } from "chai";
import { MaxUint256, parseEther } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { ETH, NO_REF, registerModel } from "../helpers/models.js";
import { DAY, deployTestProtocol } from "../helpers/protocol.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const SCALE = 10n ** 18n;
/** WEAL for the fees of one ETH, in units of 10⁻¹⁸. */
const RATE = 2_000n * SCALE;
const EPOCH = 30 * DAY;

/** An attacker with a lineage of models, all of whose shares are theirs: what they pay comes back, but for the fees. */
async function deploy() {
  const protocol = await deployTestProtocol(connection);
  const { ledger, stakeholding, timelock, weal, registry } = protocol;
  const [deployer, attacker] = protocol.signers;
  const root = await registerModel({ registry }, attacker);
  const middle = await registerModel({ registry }, attacker, {
    parents: [{ model: root, rateBps: 4_900 }],
    derivatives: { mode: 0, rateBps: 0, duration: DAY / 2 },
  });
  const leaf = await registerModel({ registry }, attacker, {
    parents: [
      { model: root, rateBps: 3_333 },
      { model: middle, rateBps: 1_111, until: (await networkHelpers.time.latest()) + DAY },
    ],
  });
  await weal.connect(deployer).transfer(attacker.address, parseEther("1000000"));
  await weal.connect(attacker).approve(ledger, MaxUint256);
  const treasury = await timelock.getAddress();
  await networkHelpers.impersonateAccount(treasury);
  await networkHelpers.setBalance(treasury, parseEther("1"));
  const governed = stakeholding.connect(await ethers.getSigner(treasury));
  await governed.setRate(ETH, RATE);

  return { ...protocol, attacker, models: [leaf, middle, root], governed, wealAddress: await weal.getAddress() };
}

const fixture = () => networkHelpers.loadFixture(deploy);

type Context = Awaited<ReturnType<typeof deploy>>;

/** Reads the fees in ETH that the ledger has been brought, collected or not: nothing is collected in these tests. */
const feesOf = ({ ledger }: Context) => ledger.collectableFees(ETH);

/** Reads the WEAL that was ever paid out: what the reserve lacks of genesis. */
async function paidOf({ weal, stakeholding }: Context): Promise<bigint> {
  return parseEther("100000000") - (await weal.balanceOf(stakeholding));
}

/** Pays oneself, and takes back what comes back. */
async function wash({ ledger, attacker, models }: Context, amount: bigint, model = models[2]) {
  const asAttacker = ledger.connect(attacker);
  await asAttacker.pay(model, ETH, amount, NO_REF, { value: amount });
  await asAttacker.cascade(models, ETH);
  await asAttacker.claim(
    [...models].sort((a, b) => (BigInt(a) < BigInt(b) ? -1 : 1)),
    ETH,
    attacker.address,
  );
}

describe("Who pays themselves for votes", function () {
  this.timeout(60_000);

  it("gets no more than the rate for the fees that they lost, however they pay, in whatever lineage, whoever asks", async () => {
    const pay = fc.record({
      kind: fc.constant("pay" as const),
      amount: fc.oneof(fc.bigInt({ min: 1n, max: 1_000n }), fc.bigInt({ min: 1n, max: parseEther("100") })),
      model: fc.nat(2),
    });
    const other = fc.record({
      kind: fc.constantFrom("award", "award", "twice", "retire", "wait", "cascade" as const),
      model: fc.nat(2),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(pay, other), { minLength: 15, maxLength: 30, size: "max" }), async (steps) => {
        const context = await fixture();
        const { ledger, stakeholding, attacker, models, signers } = context;
        const stranger = signers[3];
        for (const step of steps) {
          const model = models[step.model];
          if (step.kind === "pay") {
            await ledger.connect(attacker).pay(model, ETH, step.amount, NO_REF, { value: step.amount });
          } else if (step.kind === "award") await stakeholding.connect(stranger).award(models, ETH);
          else if (step.kind === "twice") await stakeholding.connect(attacker).award([model, model, model], ETH);
          else if (step.kind === "cascade") await ledger.cascade([model], ETH);
          else if (step.kind === "wait") await networkHelpers.time.increase(2 * DAY);
          else await ledger.retire(models[0]).catch(() => undefined);

          expect((await paidOf(context)) * SCALE).to.be.at.most(RATE * (await feesOf(context)));
        }
        await stakeholding.award(models, ETH);

        // And not much less: nobody is cheated by it. Up to 24 units of fees a model are lost when an edge ends.
        const owed = (RATE * (await feesOf(context))) / SCALE;
        expect(await paidOf(context)).to.be.at.least(owed - 75n * (RATE / SCALE) - 3n);
      }),
      { numRuns: 20, endOnFailure: true },
    );
  });

  it("pays the price that governance set: twenty rounds cost their fees, and all else comes back", async () => {
    const context = await fixture();
    const { attacker, stakeholding, models, ledger, wealAddress, weal } = context;
    const before = await ethers.provider.getBalance(attacker.address);
    const votesBefore = await weal.balanceOf(attacker.address);
    for (let round = 0; round < 20; ++round) await wash(context, parseEther("5"));
    await stakeholding.award(models, ETH);
    await ledger.connect(attacker).claim([models[2]], wealAddress, attacker.address);

    // A hundredth of a hundred ETH, and of the WEAL that it earns a hundredth again.
    const fees = parseEther("1");
    expect(await feesOf(context)).to.equal(fees);
    expect(before - (await ethers.provider.getBalance(attacker.address))).to.be.at.least(fees);
    expect((await weal.balanceOf(attacker.address)) - votesBefore).to.equal(((fees * RATE) / SCALE / 100n) * 99n);
  });

  it("gets no more in thirty days than the cap, and waits for the rest; nothing of the reserve is out of turn", async () => {
    const context = await fixture();
    const { governed, stakeholding, models } = context;
    const cap = parseEther("1500");
    await governed.setEpochCap(cap);
    // At the beginning of an epoch, so that none ends meanwhile.
    await networkHelpers.time.increaseTo((Math.floor((await networkHelpers.time.latest()) / EPOCH) + 1) * EPOCH);
    await wash(context, parseEther("200"));

    // 2 ETH of fees are worth 4,000 WEAL.
    for (const total of [cap, 2n * cap, parseEther("4000"), parseEther("4000")]) {
      for (let i = 0; i < 3; ++i) await stakeholding.award(models, ETH);
      expect(await paidOf(context)).to.equal(total);
      await networkHelpers.time.increase(EPOCH);
    }
  });

  it("earns nothing by fees in WEAL, and no vote can change that", async () => {
    const context = await fixture();
    const { governed, stakeholding, ledger, attacker, models, wealAddress } = context;
    await ledger.connect(attacker).pay(models[0], wealAddress, parseEther("100000"), NO_REF);
    await ledger.cascade(models, wealAddress);

    await expect(stakeholding.award(models, wealAddress))
      .to.be.revertedWithCustomError(stakeholding, "RateZero")
      .withArgs(wealAddress);
    await expect(governed.setRate(wealAddress, 1)).to.be.revertedWithCustomError(stakeholding, "RateOfWeal").withArgs();
    expect(await paidOf(context)).to.equal(0n);
  });

  it("cannot use up the reserve with what earns fees of its own: WEAL that was paid out brings no more of it", async () => {
    const context = await fixture();
    const { stakeholding, ledger, models, attacker, wealAddress } = context;
    await wash(context, parseEther("100"));
    await stakeholding.award(models, ETH);
    const paid = await paidOf(context);
    await ledger.cascade(models, wealAddress);
    await ledger.connect(attacker).claim([models[2]], wealAddress, attacker.address);
    await ledger.connect(attacker).pay(models[2], wealAddress, parseEther("1900"), NO_REF);
    await ledger.cascade(models, wealAddress);

    for (let i = 0; i < 3; ++i) await stakeholding.award(models, ETH);
    expect(await paidOf(context)).to.equal(paid);
  });

  it("is held by the cap alone if the rate was set too high: that is what the cap is for", async () => {
    const context = await fixture();
    const { governed, stakeholding, models, ledger, attacker } = context;
    const [rate, cap] = [2n ** 128n - 1n, parseEther("1000000")];
    await governed.setRate(ETH, rate);
    await ledger.connect(attacker).pay(models[2], ETH, 1_000_000n, NO_REF, { value: 1_000_000n });
    for (let i = 0; i < 3; ++i) await stakeholding.award(models, ETH);

    // As many whole units of fees as the cap can pay; each is worth 340 WEAL.
    const counted = (cap * SCALE) / rate;
    expect(await paidOf(context)).to.equal((counted * rate) / SCALE);
    expect(await stakeholding.countedFeesOf(models[2], ETH)).to.equal(counted);
    expect(counted).to.be.lessThan(await feesOf(context));
  });
});
