import { expect } from "chai";
import fc from "fast-check";
import { network } from "hardhat";
import { DAY } from "../helpers/protocol.js";
import { SYMBOLS } from "../royalties/support.js";
import { deployChannels, hostPartOf } from "./channels.support.js";

const connection = await network.create();
const { networkHelpers } = connection;

const CHANNELS = 4;
const amount = fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 10n ** 9n));
/** One of them more often, so that much happens to it. */
const channel = fc.constantFrom(0, 0, 0, 0, 1, 2, 3);
const signedVoucher = fc.record({ channel, amount });

/** What may happen to four channels of one currency; vouchers that were signed before may be redeemed again. */
const plan = fc.record({
  symbol: fc.constantFrom(...SYMBOLS),
  hostBps: fc.array(fc.constantFrom(0, 1, 2_503, 3_333, 8_999, 9_000), { minLength: CHANNELS, maxLength: CHANNELS }),
  steps: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("deposit" as const), channel, amount }) },
      {
        weight: 4,
        arbitrary: fc.record({
          kind: fc.constant("redeem" as const),
          signed: fc.array(signedVoucher, { maxLength: 4 }),
          again: fc.array(fc.nat(), { maxLength: 3 }),
        }),
      },
      { weight: 3, arbitrary: fc.record({ kind: fc.constant("notice" as const), channel }) },
      { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), channel }) },
      { weight: 4, arbitrary: fc.record({ kind: fc.constant("withdraw" as const), channel, late: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant("payHost" as const), host: fc.nat(1) }) },
    ),
    { minLength: 4, maxLength: 40, size: "max" },
  ),
});

const deploy = () => deployChannels(connection);

describe("UsageChannels", () => {
  describe("any order of deposits, vouchers, notices, withdrawals and payouts", () => {
    it("gives each what the newest voucher says, and keeps every unit", async function () {
      this.timeout(240_000);
      const met = new Set<string>();

      await fc.assert(
        fc.asyncProperty(plan, async ({ symbol, hostBps, steps }) => {
          const context = await networkHelpers.loadFixture(deploy);
          const { channels, channelsAddress, alice, bob, carol, model, other, stateOf, receivedBy } = context;
          const currency = context.currencyOf(symbol);
          const hosts = [bob, carol];
          const models = [model, other];
          // The test's own books.
          const books = hostBps.map((bps, index) => ({
            terms: context.channelOf({
              ...{ currency, hostBps: bps, model: models[index % 2], host: hosts[index >> 1].address },
            }),
            deposited: 0n,
            redeemed: 0n,
            withdrawn: 0n,
            noticeUntil: 0,
          }));
          const paidTo = [0n, 0n];
          const seen: { channel: number; amount: bigint }[] = [];

          for (const step of steps) {
            if (step.kind === "deposit") {
              await context.deposit(books[step.channel].terms, step.amount);
              books[step.channel].deposited += step.amount;
            } else if (step.kind === "redeem") {
              seen.push(...step.signed);
              const again = seen.length === 0 ? [] : step.again.map((index) => seen[index % seen.length]);
              const batch = [...step.signed, ...again];
              await context.redeem(
                await Promise.all(batch.map((signed) => context.voucher(books[signed.channel].terms, signed.amount))),
                currency,
              );
              for (const signed of batch) {
                const book = books[signed.channel];
                let worth = signed.amount;
                // One for more than was deposited is worth what is there.
                if (worth > book.deposited) worth = book.deposited;
                if (worth <= book.redeemed) continue;
                if (book.withdrawn > 0n) met.add("redeemed after a withdrawal");
                if (book.noticeUntil > 0) met.add("redeemed under notice");
                book.redeemed = worth;
              }
            } else if (step.kind === "notice") {
              const book = books[step.channel];
              const call = channels.connect(alice).giveNotice(book.terms);
              const id = context.idFor(book.terms);
              if (book.deposited === 0n) {
                await expect(call).to.be.revertedWithCustomError(channels, "ChannelNotOpened").withArgs(id);
              } else if (book.noticeUntil > 0) {
                await expect(call)
                  .to.be.revertedWithCustomError(channels, "NoticeAlreadyGiven")
                  .withArgs(id, book.noticeUntil);
                met.add("NoticeAlreadyGiven");
              } else {
                await call;
                book.noticeUntil = (await networkHelpers.time.latest()) + DAY;
              }
            } else if (step.kind === "cancel") {
              const book = books[step.channel];
              const call = channels.connect(alice).cancelNotice(book.terms);
              if (book.noticeUntil === 0) {
                await expect(call)
                  .to.be.revertedWithCustomError(channels, "NoticeMissing")
                  .withArgs(context.idFor(book.terms));
              } else {
                await call;
                met.add("cancelled");
                book.noticeUntil = 0;
              }
            } else if (step.kind === "withdraw") {
              const book = books[step.channel];
              const id = context.idFor(book.terms);
              if (step.late && book.noticeUntil > (await networkHelpers.time.latest())) {
                await networkHelpers.time.increaseTo(book.noticeUntil);
              }
              const at = (await networkHelpers.time.latest()) + 1;
              await networkHelpers.time.setNextBlockTimestamp(at);
              const call = channels.connect(alice).withdraw(book.terms, alice);
              const left = book.deposited - book.redeemed;
              if (book.noticeUntil === 0) {
                await expect(call).to.be.revertedWithCustomError(channels, "NoticeMissing").withArgs(id);
              } else if (at < book.noticeUntil) {
                await expect(call)
                  .to.be.revertedWithCustomError(channels, "NoticeNotOver")
                  .withArgs(id, book.noticeUntil);
                met.add("NoticeNotOver");
              } else if (left === 0n) {
                await expect(call).to.be.revertedWithCustomError(channels, "NothingToWithdraw").withArgs(id);
                met.add("NothingToWithdraw");
              } else {
                await call;
                met.add("withdrawn");
                Object.assign(book, { deposited: book.redeemed, withdrawn: book.withdrawn + left, noticeUntil: 0 });
              }
            } else {
              const host = hosts[step.host];
              const owed = await channels.owedToHost(host, currency);
              if (owed > 0n) await channels.payHost(host, currency, host);
              paidTo[step.host] += owed;
            }
          }

          let left = 0n;
          const [hostParts, modelParts] = [
            [0n, 0n],
            [0n, 0n],
          ];
          for (const [index, book] of books.entries()) {
            const state = await stateOf(book.terms);
            expect([state.deposited, state.redeemed]).to.deep.equal([book.deposited, book.redeemed]);
            expect(state.withdrawableFrom).to.equal(book.noticeUntil);
            const hostPart = hostPartOf(book.redeemed, hostBps[index]);
            hostParts[index >> 1] += hostPart;
            modelParts[index % 2] += book.redeemed - hostPart;
            left += book.deposited - book.redeemed;
          }
          let held = left;
          for (const [index, host] of hosts.entries()) {
            const owed = await channels.owedToHost(host, currency);
            expect(owed + paidTo[index]).to.equal(hostParts[index]);
            expect(await receivedBy(models[index], currency)).to.equal(modelParts[index]);
            held += owed;
          }
          const balance =
            symbol === "ETH"
              ? await connection.ethers.provider.getBalance(channelsAddress)
              : await context.usdc.balanceOf(channelsAddress);
          expect(balance).to.equal(held);
        }),
        { numRuns: 60, seed: 5 },
      );

      expect([...met]).to.have.members([
        ...["cancelled", "withdrawn", "redeemed under notice", "redeemed after a withdrawal"],
        ...["NoticeAlreadyGiven", "NoticeNotOver", "NothingToWithdraw"],
      ]);
    });
  });
});
