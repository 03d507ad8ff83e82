import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { deployLens } from "./quote.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const deploy = () => deployLens(connection);

/* Any lineage, and what has happened in it. Indices are any numbers: they count round. */

const index = fc.nat();
const amount = fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 10n ** 12n));

const course = fc.record({
  models: fc.array(
    fc.record({
      feeBps: fc.integer({ min: 0, max: 250 }),
      edges: fc.array(fc.record({ parent: index, rateBps: fc.nat(2_500), ends: fc.boolean() }), { maxLength: 5 }),
    }),
    { minLength: 2, maxLength: 10 },
  ),
  actions: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("pay" as const), model: index, amount }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("cascade" as const), model: index }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("retire" as const), model: index }) },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant("fill" as const), model: index, room: fc.bigInt(0n, 100n) }),
      },
    ),
    { maxLength: 16 },
  ),
  inEth: fc.boolean(),
  /** Whether the edges that end have ended when the quotes are made. */
  late: fc.boolean(),
  quotes: fc.array(fc.record({ model: index, amount: fc.oneof(fc.constant(0n), amount) }), {
    minLength: 1,
    maxLength: 3,
  }),
});

type Course = typeof course extends fc.Arbitrary<infer Value> ? Value : never;

describe("RoyaltyLens", () => {
  describe("any lineage and course of events", () => {
    it("is quoted to the unit", async function () {
      this.timeout(180_000);

      await fc.assert(
        fc.asyncProperty(course, async (course) => {
          const context = await networkHelpers.loadFixture(deploy);
          const models = await openModels(context, course.models);
          const currency = course.inEth ? ETH : context.usdcAddress;
          if (course.late) await networkHelpers.time.increase(2 * DAY);

          for (const action of course.actions) {
            const model = models[action.model % models.length];
            if (action.kind === "pay") await payIfRoom(context, model, currency, action.amount);
            else if (action.kind === "cascade") await context.ledger.cascade([model], currency);
            else if (action.kind === "fill") await context.fill(model, currency, action.room);
            else await retireIfEnded(context, model);
          }

          for (const { model, amount } of course.quotes) {
            const quotedModel = models[model % models.length];
            const { received } = await context.ledger.booksOf(quotedModel, currency);
            expect((await context.lens.lineageOf(quotedModel)).map(([id]) => id)).to.deep.equal(
              await context.ancestryOf(quotedModel),
            );
            const room = 2n ** 112n - 1n - received;
            await context.expectQuoted(quotedModel, currency, amount < room ? amount : room);
          }
        }),
        { numRuns: 100 },
      );
    });
  });
});

type Context = Awaited<ReturnType<typeof deploy>>;

async function openModels({ open, governed }: Context, plans: Course["models"]): Promise<string[]> {
  const until = (await networkHelpers.time.latest()) + DAY;
  const models: string[] = [];
  for (const { feeBps, edges } of plans) {
    const parents = new Map<string, [string, number, number]>();
    let left = 5_000;
    for (const { parent, rateBps, ends } of models.length > 0 ? edges : []) {
      const id = models[parent % models.length];
      if (parents.has(id)) continue;
      const rate = Math.min(rateBps, left);
      left -= rate;
      parents.set(id, [id, rate, ends ? until : 0]);
    }
    await governed.setProtocolFee(feeBps);
    models.push(await open({ parents: [...parents.values()] }));
  }

  return models;
}

async function payIfRoom({ ledger, pay }: Context, model: string, currency: string, amount: bigint): Promise<void> {
  const { received } = await ledger.booksOf(model, currency);
  if (received + amount < 2n ** 112n) await pay(model, currency, amount);
}

async function retireIfEnded({ ledger }: Context, model: string): Promise<void> {
  const now = BigInt(await networkHelpers.time.latest());
  const edges = await ledger.edgesOf(model);
  const hasEnded = edges.some(({ rateBps, until }) => rateBps > 0n && until !== 0n && until < now);
  if (hasEnded) await ledger.retire(model);
}
