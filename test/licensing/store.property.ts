import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { ETH } from "../helpers/models.js";
import { deployStore, FOREVER, type Offer, offerIdOf, tokenIdOf } from "./store.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

/* What may happen. */

/** Offers of one model, in a world in which days pass: two short ones, a long one, one for ever, one that is free. */
const TERMS = [
  { price: 3n, duration: 5n, supply: 0n, isEth: false },
  { price: 7n, duration: 11n, supply: 2n, isEth: true },
  { price: 5n, duration: 60n, supply: 1n, isEth: false },
  { price: 11n, duration: 0n, supply: 2n, isEth: true },
  { price: 0n, duration: 4n, supply: 3n, isEth: false },
];

const offer = fc.nat(TERMS.length - 1);
const account = fc.nat(2);
const action = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      ...{ kind: fc.constant("buy" as const), offer, by: account, recipient: account },
      periods: fc.constantFrom(1, 1, 1, 2, 3, 0),
      seen: fc.constantFrom(0, 0, 0, 0, 0, 1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("wait" as const), seconds: fc.constantFrom(1, 3, 5, 11, 60) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("close" as const), offer }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("post" as const), offer }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("publish" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("decide" as const), level: fc.constantFrom(1, 1, 2, 3) }) },
);

type Action = typeof action extends fc.Arbitrary<infer Value> ? Value : never;
type Buying = Extract<Action, { kind: "buy" }>;

/* What the docs say that there is to know. */

interface State {
  policy: bigint;
  restricted: boolean;
  /** By offer: posted or not, closed or not. */
  states: ("none" | "open" | "closed")[];
  /** By offer and account. */
  licenses: Map<string, { end: bigint; policy: bigint }>;
  /** What the model's books received. */
  eth: bigint;
  token: bigint;
}

/** Says why a purchase is refused, or makes it. */
function purchase(state: State, { offer, by, recipient, periods, seen }: Buying, now: bigint): string | undefined {
  const { price, duration, supply, isEth } = TERMS[offer];
  if (state.states[offer] !== "open") return "OfferNotOpen";
  if (state.restricted) return "LicensedModelRestricted";
  if (seen !== 0) return "PolicyVersionChanged";
  if (duration === 0n ? periods !== 1 : periods === 0) return "PeriodsInvalid";
  const key = `${offer} ${recipient}`;
  const held = state.licenses.get(key);
  if (held?.end === FOREVER) return "LicensePerpetual";
  const sold = [...state.licenses.keys()].filter((each) => each.startsWith(`${offer} `)).length;
  if (held === undefined && supply > 0n && BigInt(sold) === supply) return "OfferSoldOut";

  const from = held !== undefined && held.end > now ? held.end : now;
  const end = duration === 0n ? FOREVER : from + duration * BigInt(periods);
  // A gift leaves a licence that runs its version of the use policy.
  const policy = held !== undefined && held.end > now && by !== recipient ? held.policy : state.policy;
  state.licenses.set(key, { end, policy });
  state[isEth ? "eth" : "token"] += price * BigInt(periods);

  return undefined;
}

async function deploy() {
  const context = await deployStore(connection);
  const { usdc, usdcAddress, payer, alice, bob, storeAddress, offerOf } = context;
  for (const each of [alice, bob]) {
    await usdc.mint(each.address, 10_000n);
    await usdc.connect(each).approve(storeAddress, 10_000n);
  }
  const offers: Offer[] = TERMS.map(({ isEth, ...terms }) =>
    offerOf({ ...terms, currency: isEth ? ETH : usdcAddress }),
  );

  return { ...context, offers, accounts: [payer, alice, bob] };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("LicenseStore", () => {
  describe("offers, purchases and time, in any order", () => {
    it("are as a model of them, written from the docs, says", async () => {
      const met = new Map<string, number>();

      await fc.assert(
        fc.asyncProperty(fc.array(action, { minLength: 5, maxLength: 30 }), async (actions) => {
          const { store, storeAddress, ledger, owner, model, usdc, usdcAddress, offers, accounts, ...context } =
            await fixture();
          const state: State = {
            ...{ policy: 1n, restricted: false, eth: 0n, token: 0n, licenses: new Map() },
            states: TERMS.map(() => "none" as const),
          };
          let time = await context.now();
          const count = (what: string) => met.set(what, (met.get(what) ?? 0) + 1);
          const expectOutcome = async (sent: Promise<unknown>, refusal: string | undefined) => {
            count(refusal ?? "done");
            if (refusal === undefined) await sent;
            else await expect(sent).to.be.revertedWithCustomError(store, refusal);
          };

          // All but the last are there to begin with; that one may be posted on the way.
          for (const at of [0, 1, 2, 3]) {
            await store.connect(owner).postOffer(offers[at], "");
            state.states[at] = "open";
          }
          for (const act of actions) {
            time = (await context.now()) + 1n;
            if (act.kind === "wait") time += BigInt(act.seconds);
            await context.at(time);
            if (act.kind === "wait") await networkHelpers.mine();
            if (act.kind === "decide") {
              await context.decide(act.level);
              state.restricted = act.level >= 2;
            }
            if (act.kind === "publish") {
              await context.publishPolicy();
              state.policy += 1n;
            }
            if (act.kind === "post") {
              const refusal = state.restricted
                ? "LicensedModelRestricted"
                : state.states[act.offer] === "none"
                  ? undefined
                  : "OfferAlreadyPosted";
              await expectOutcome(store.connect(owner).postOffer(offers[act.offer], ""), refusal);
              if (refusal === undefined) state.states[act.offer] = "open";
            }
            if (act.kind === "close") {
              const refusal = state.states[act.offer] === "open" ? undefined : "OfferNotOpen";
              await expectOutcome(store.connect(owner).closeOffer(offers[act.offer]), refusal);
              if (refusal === undefined) state.states[act.offer] = "closed";
            }
            if (act.kind === "buy") {
              const { price, isEth } = TERMS[act.offer];
              const policyVersion = state.policy + BigInt(act.seen);
              const held = state.licenses.get(`${act.offer} ${act.recipient}`);
              const refusal = purchase(state, act, time);
              if (refusal === undefined && held !== undefined && held.policy !== state.policy) {
                count(state.licenses.get(`${act.offer} ${act.recipient}`)?.policy === held.policy ? "kept" : "renewed");
              }
              const sent = store
                .connect(accounts[act.by])
                .buy(
                  offers[act.offer],
                  { recipient: accounts[act.recipient].address, periods: act.periods, policyVersion },
                  { value: isEth ? price * BigInt(act.periods) : 0n },
                );
              await expectOutcome(sent, refusal);
            }

            // One account each time, all of its licences; all of the money.
            const looked = act.kind === "buy" ? act.recipient : 0;
            const { address } = accounts[looked];
            const ends = TERMS.map((_, at) => state.licenses.get(`${at} ${looked}`)?.end ?? 0n);
            const [longest] = ends.toSorted((a, b) => (a < b ? 1 : -1));
            expect(await store.licensedUntil(model, address)).to.equal(longest);
            expect(await store.isLicensed(model, address)).to.equal(longest > (await context.now()));
            expect((await ledger.booksOf(model, ETH)).received).to.equal(state.eth);
            expect((await ledger.booksOf(model, usdcAddress)).received).to.equal(state.token);
          }

          for (const [at, terms] of offers.entries()) {
            const holders = accounts.filter((_, who) => state.licenses.has(`${at} ${who}`));
            expect(await store.offerStateOf(offerIdOf(terms))).to.deep.equal([
              ...[BigInt(["none", "open", "closed"].indexOf(state.states[at])), BigInt(holders.length)],
            ]);
            for (const [who, { address }] of accounts.entries()) {
              const { end, policy } = state.licenses.get(`${at} ${who}`) ?? { end: 0n, policy: 0n };
              expect(await store.licenseOf(offerIdOf(terms), address)).to.deep.equal([end, policy]);
              if (end > 0n) expect(await store.ownerOf(tokenIdOf(terms, address))).to.equal(address);
            }
          }
          expect(await usdc.balanceOf(storeAddress)).to.equal(0n);
          expect(await connection.ethers.provider.getBalance(storeAddress)).to.equal(0n);
        }),
        { numRuns: 40, seed: 5 },
      );

      // Every way out was taken.
      expect([...met.keys()]).to.include.members([
        ...["done", "OfferNotOpen", "LicensedModelRestricted", "PolicyVersionChanged", "PeriodsInvalid"],
        ...["LicensePerpetual", "OfferSoldOut", "OfferAlreadyPosted", "kept", "renewed"],
      ]);
    }).timeout(120_000);
  });
});
