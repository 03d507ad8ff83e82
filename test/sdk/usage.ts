import { expect } from "chai";
import { id, parseEther, type Signer, TypedDataEncoder, Wallet } from "ethers";
import { hashTypedData, type Hex } from "viem";
import {
  type Channel,
  channelIdOf,
  connect,
  InvalidArgument,
  SignatureUnsupported,
  SignerRequired,
  voucherTypedData,
} from "../../sdk/src/index.js";
import { DAY } from "../helpers/protocol.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";

const USDC = 1_000_000n;

describe("SDK usage", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let model: string;
  let usdc: string;
  let host: string;

  beforeEach(async () => {
    sdk = await deploySdk();
    usdc = sdk.usdcAddress;
    host = sdk.accounts.bob.address;
    model = await registerFor(sdk.accounts.alice.address, sdk.alice, { maxHostBps: 5_000 });
    await sdk.usdc.mint(sdk.accounts.carol, 1_000n * USDC);
  });

  const terms = (changes: Partial<Channel> = {}) => ({
    ...{ model, host, hostBps: 2_500, currency: usdc, amount: "10", notice: DAY, ...changes },
  });
  const as = (runner: Signer) => connect(runner, { deployment: sdk.deployment });

  it("takes a channel from its opening to its end", async () => {
    const { carol, bob, reader, accounts, usageChannels } = sdk;
    const { channel, channelId, amount } = await carol.usage.open(terms());
    expect(amount).to.equal(10n * USDC);
    expect(channel).to.include({ payer: accounts.carol.address, signer: accounts.carol.address, model, notice: DAY });
    expect(await usageChannels.channelIdOf(channel)).to.equal(channelId);
    await carol.usage.topUp({ channel, amount: 5n });

    const voucher = await carol.usage.signVoucher({ channel, amount: "4", calls: 400 });
    const shipped = JSON.parse(JSON.stringify(voucher));
    expect(shipped).to.deep.equal(voucher);
    expect(await reader.usage.verifyVoucher(shipped)).to.equal(true);
    const { redeemed } = await bob.usage.redeem({ vouchers: [shipped] });
    expect(redeemed).to.deep.equal([{ channelId, currency: usdc, amount: 4n * USDC, hostPart: 1n * USDC }]);
    expect(await reader.usage.owedToHost({ host, currency: usdc })).to.equal(1n * USDC);
    expect((await bob.usage.payHost({ currency: usdc })).amount).to.equal(1n * USDC);

    const { withdrawableFrom } = await carol.usage.giveNotice({ channel });
    expect(await reader.usage.stateOf({ channel })).to.deep.equal({
      ...{ deposited: 10n * USDC + 5n, redeemed: 4n * USDC, left: 6n * USDC + 5n, calls: 400, withdrawableFrom },
    });
    await expectRefusal(carol.usage.withdraw({ channel }), "NoticeNotOver", {
      ...{ channelId, withdrawableFrom: BigInt(withdrawableFrom) },
    });
    await sdk.connection.networkHelpers.time.increaseTo(withdrawableFrom);
    expect((await carol.usage.withdraw({ channel })).amount).to.equal(6n * USDC + 5n);
    expect((await reader.usage.stateOf({ channel })).withdrawableFrom).to.equal(undefined);
    expect(await reader.usage.channelsOf({ host })).to.deep.equal([{ channelId, channel }]);
  });

  it("takes a notice back", async () => {
    const { carol, reader, usageChannels } = sdk;
    const { channel, channelId } = await carol.usage.open(terms());
    await expectRefusal(carol.usage.cancelNotice({ channel }), "NoticeMissing", { channelId });
    await carol.usage.giveNotice({ channel });

    const { receipt } = await carol.usage.cancelNotice({ channel: JSON.parse(JSON.stringify(channel)) });

    await expect(Promise.resolve(receipt)).to.emit(usageChannels, "NoticeCancelled").withArgs(channelId);
    expect((await reader.usage.stateOf({ channel })).withdrawableFrom).to.equal(undefined);
  });

  describe("deposits", () => {
    it("come by permit, in one transaction", async () => {
      const { carol, accounts } = sdk;
      const nonce = await accounts.carol.getNonce();
      const { channel } = await carol.usage.openWithPermit(terms());

      expect(await accounts.carol.getNonce()).to.equal(nonce + 1);
      expect((await carol.usage.stateOf({ channel })).left).to.equal(10n * USDC);
    });

    it("come by signature from somebody without ETH, through JSON, sent by anyone", async () => {
      const wallet = Wallet.createRandom(sdk.connection.ethers.provider);
      await sdk.usdc.mint(wallet.address, 10n * USDC);
      const payer = await as(wallet);
      const { amount: _, ...rest } = terms();
      const channel = { ...rest, payer: wallet.address, signer: wallet.address, salt: id("salt") };
      const signed = await payer.usage.signDeposit({ channel, amount: "7" });

      const { channelId, amount } = await sdk.bob.usage.depositSigned(JSON.parse(JSON.stringify(signed)));
      expect(amount).to.equal(7n * USDC);
      expect(await sdk.usageChannels.channelIdOf(channel)).to.equal(channelId);
      expect((await payer.usage.stateOf({ channel })).left).to.equal(7n * USDC);
      await failureOf(InvalidArgument, sdk.bob.usage.depositSigned({ ...signed, amount: "7.5" }));
    });

    it("are refused by the contracts, and before", async () => {
      const { carol, reader } = sdk;

      await expectRefusal(carol.usage.open(terms({ hostBps: 5_001 })), "ChannelHostPartTooHigh", {
        ...{ hostBps: 5_001n, maxHostBps: 5_000n },
      });
      await expectRefusal(carol.usage.open(terms({ notice: DAY - 1 })), "ChannelNoticeInvalid", {
        notice: BigInt(DAY - 1),
      });
      await failureOf(InvalidArgument, carol.usage.open(terms({ host: "bob.eth" })));
      await failureOf(InvalidArgument, carol.usage.open(terms({ notice: 1.5 })));
      await failureOf(InvalidArgument, carol.usage.openWithPermit(terms({ currency: "ETH" })));
      await failureOf(SignerRequired, reader.usage.open(terms()));
      const plain = await sdk.connection.ethers.deployContract("PlainToken");
      const unsupported = carol.usage.openWithPermit({ ...terms({ currency: await plain.getAddress() }), amount: 1n });
      await failureOf(SignatureUnsupported, unsupported);
    });
  });

  describe("vouchers", () => {
    it("hash as viem hashes them", async () => {
      const { channel, channelId } = await sdk.carol.usage.open(terms());
      const place = { chainId: 31_337, contract: await sdk.usageChannels.getAddress() };
      expect(channelIdOf(channel, place)).to.equal(channelId);

      const typed = voucherTypedData({ channelId, amount: 7n, calls: 2 }, place);
      const domain = { ...typed.domain, verifyingContract: typed.domain.verifyingContract as Hex };
      expect(hashTypedData({ ...typed, domain } as never)).to.equal(
        await sdk.usageChannels.voucherHashOf(channelId, 7n, 2),
      );
      for (const amount of [-1n, 2n ** 112n]) {
        expect(() => voucherTypedData({ channelId, amount, calls: 2 }, place)).to.throw(InvalidArgument);
      }
      expect(() => voucherTypedData({ channelId, amount: 1n, calls: -1 }, place)).to.throw(InvalidArgument);
    });

    it("are verified: a key by itself, a wallet by asking it, within its gas", async () => {
      const { carol, reader, accounts, connection } = sdk;
      const wallet = await connection.ethers.deployContract("ERC1271Wallet", [accounts.carol]);
      const fickle = await connection.ethers.deployContract("FickleWallet");
      const own = await carol.usage.open(terms());
      const walled = await carol.usage.open({ ...terms(), signer: await wallet.getAddress() });
      const burning = await carol.usage.open({ ...terms(), signer: await fickle.getAddress() });
      const sign = (channel: Channel) => carol.usage.signVoucher({ channel, amount: 5n, calls: 1 });
      const good = await sign(own.channel);

      expect(await reader.usage.verifyVoucher(good)).to.equal(true);
      expect(await reader.usage.verifyVoucher(await sign(walled.channel))).to.equal(true);
      for (const bad of [
        { ...good, amount: "6" },
        { ...good, calls: 2 },
        { ...good, channelId: walled.channelId },
        { ...good, channel: { ...good.channel, hostBps: 1 } },
        { ...good, signature: "0x" },
      ]) {
        expect(await reader.usage.verifyVoucher(bad)).to.equal(false);
      }
      for (const malformed of [
        { ...good, amount: "7.5" },
        { ...good, amount: String(2n ** 112n) },
        { ...good, calls: -1 },
        { ...good, signature: "signed" },
        { ...good, signature: "0x0" },
        { ...good, channel: { ...good.channel, signer: "carol" } },
        { ...good, channel: { ...good.channel, hostBps: 0.5 } },
      ]) {
        await failureOf(InvalidArgument, reader.usage.verifyVoucher(malformed));
      }
      await fickle.setBurns(true);
      expect(await reader.usage.verifyVoucher(await sign(burning.channel))).to.equal(false);
    });

    it("are refused of a wallet that needs more gas for its answer than a redemption gives it", async () => {
      const { carol, bob, reader, connection } = sdk;
      const fickle = await connection.ethers.deployContract("FickleWallet");
      const { channel, channelId } = await carol.usage.open({ ...terms(), signer: await fickle.getAddress() });
      const voucher = await carol.usage.signVoucher({ channel, amount: 5n, calls: 1 });
      // Of 400,000 a call passes on all but a 64th.
      await fickle.setNeeded(400_000n - 400_000n / 64n);
      expect(await reader.usage.verifyVoucher(voucher)).to.equal(false);
      const place = { chainId: 31_337, contract: await sdk.usageChannels.getAddress() };
      const { domain, types, message } = voucherTypedData(voucher, place);
      const hash = TypedDataEncoder.hash(domain, types, message);
      // It signed all the same, and the chain does not count it.
      expect(await sdk.usageChannels.isSignedByWallet(await fickle.getAddress(), hash, voucher.signature)).to.equal(
        true,
      );
      await sdk.usageChannels.redeem(usdc, [{ ...voucher, amount: 5n }]);
      expect((await reader.usage.stateOf({ channel })).redeemed).to.equal(0n);

      await fickle.setNeeded(370_000n);
      expect(await reader.usage.verifyVoucher(voucher)).to.equal(true);
      expect((await bob.usage.redeem({ vouchers: [voucher] })).redeemed).to.deep.equal([
        { channelId, currency: usdc, amount: 5n, hostPart: 1n },
      ]);
    });

    it("are redeemed by currency, the newest of each channel, also a wallet's, within gas", async () => {
      const { carol, bob, accounts, connection } = sdk;
      const wallet = await connection.ethers.deployContract("ERC1271Wallet", [accounts.carol]);
      const token = await carol.usage.open(terms());
      const walled = await carol.usage.open({ ...terms(), signer: await wallet.getAddress() });
      const eth = await carol.usage.open(terms({ currency: "ETH" }));
      const sign = (channel: Channel, amount: bigint) => carol.usage.signVoucher({ channel, amount, calls: 1 });
      const vouchers = [
        await sign(token.channel, 8n),
        await sign(token.channel, 12n),
        await sign(token.channel, 4n),
        await sign(eth.channel, parseEther("1")),
        await sign(walled.channel, 16n),
      ];

      const forged = [vouchers[1], vouchers[4]].map((voucher) => ({ ...voucher, amount: "1000" }));
      const { transactions, redeemed } = await bob.usage.redeem({ vouchers: [...vouchers, ...forged] });
      expect(transactions.length).to.equal(2);
      expect(redeemed).to.deep.equal([
        { channelId: token.channelId, currency: usdc, amount: 12n, hostPart: 3n },
        { channelId: walled.channelId, currency: usdc, amount: 16n, hostPart: 4n },
        { channelId: eth.channelId, currency: "ETH", amount: parseEther("1"), hostPart: parseEther("0.25") },
      ]);

      const more = [await sign(token.channel, 20n), await sign(walled.channel, 24n)];
      expect((await bob.usage.redeem({ vouchers: more, maxGas: 1n })).transactions.length).to.equal(2);
      expect(await bob.usage.redeem({ vouchers: [] })).to.deep.equal({ transactions: [], redeemed: [] });
      const elsewhere = { ...vouchers[0], channelId: id("other") };
      await failureOf(InvalidArgument, bob.usage.redeem({ vouchers: [elsewhere] }));
    });
  });

  describe("channelsOf", () => {
    it("finds them by host, by payer, and by both", async () => {
      const { carol, reader, accounts } = sdk;
      const one = await carol.usage.open(terms());
      const two = await carol.usage.open({
        ...terms(),
        host: accounts.alice.address,
        payer: accounts.deployer.address,
      });
      const idsOf = async (options: { host?: string; payer?: string }) =>
        (await reader.usage.channelsOf(options)).map(({ channelId }) => channelId);

      expect(await idsOf({ host })).to.deep.equal([one.channelId]);
      expect(await idsOf({ payer: accounts.deployer.address })).to.deep.equal([two.channelId]);
      expect(await idsOf({ payer: accounts.deployer.address, host })).to.deep.equal([]);
      await failureOf(InvalidArgument, reader.usage.channelsOf({}));
    });
  });
});
