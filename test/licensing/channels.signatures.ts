import { expect } from "chai";
import { concat, getBytes, id, Signature, toBeHex, Wallet } from "ethers";
import { network } from "hardhat";
import { encodeAbiParameters, hashTypedData, type Hex, keccak256 as viemKeccak256, parseAbiParameters } from "viem";
import type { ERC1271Wallet } from "../../types/ethers-contracts/index.js";
import { deployChannels, wordsOf } from "./channels.support.js";

// The first fork on which an account can have code and a key.
const connection = await network.create({ override: { hardfork: process.env.HARDFORK ?? "prague" } });
const { ethers, networkHelpers } = connection;

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

const deploy = () => deployChannels(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

describe("UsageChannels", () => {
  describe("hashes, as viem computes them", () => {
    it("has the channel's id", async () => {
      const { channels, chainId, channelsAddress, channelOf } = await fixture();
      const channel = channelOf();

      const words = "uint256, address, address, address, address, address, uint16, address, uint32, bytes32";
      const encoded = encodeAbiParameters(parseAbiParameters(words), [
        chainId,
        channelsAddress as Hex,
        ...(wordsOf(channel) as unknown as [Hex, Hex, Hex, Hex, number, Hex, number, Hex]),
      ]);
      expect(await channels.channelIdOf(channel)).to.equal(viemKeccak256(encoded));
    });

    it("has the domain, and the voucher's hash for the smallest and largest amounts", async () => {
      const { channels, channelsAddress, chainId, channelOf, idFor } = await fixture();
      const channel = idFor(channelOf()) as Hex;
      const domain = {
        name: "Commonweal UsageChannels",
        version: "1",
        chainId: Number(chainId),
        verifyingContract: channelsAddress as Hex,
      };
      expect(await channels.eip712Domain()).to.deep.equal([
        ...["0x0f", domain.name, domain.version, chainId, channelsAddress, `0x${"00".repeat(32)}`, []],
      ]);

      for (const [amount, calls] of [
        [0n, 0],
        [1n, 2],
        [2n ** 112n - 1n, 2 ** 32 - 1],
      ] as const) {
        const hash = hashTypedData({
          domain,
          types: {
            Voucher: [
              { name: "channel", type: "bytes32" },
              { name: "amount", type: "uint112" },
              { name: "calls", type: "uint32" },
            ],
          },
          primaryType: "Voucher",
          message: { channel, amount, calls },
        });
        expect(await channels.voucherHashOf(channel, amount, calls)).to.equal(hash);
      }
    });
  });

  describe("redeem passes over", () => {
    it("a voucher of another chain, contract, version or channel, and what somebody changed", async () => {
      const { channels, domain, opened, voucher, redeem, stranger, stateOf, idFor } = await fixture();
      const [channel, twin] = [await opened(100n), await opened(100n)];
      const signed = await voucher(channel, 10n, { calls: 2 });

      for (const redemption of [
        await voucher(channel, 10n, { of: { ...domain, chainId: domain.chainId + 1n } }),
        await voucher(channel, 10n, { of: { ...domain, verifyingContract: stranger.address } }),
        await voucher(channel, 10n, { of: { ...domain, version: "2" } }),
        await voucher(channel, 10n, { of: { ...domain, name: "Commonweal" } }),
        await voucher(channel, 10n, { id: idFor(twin) }),
        { ...signed, channel: twin },
        { ...signed, amount: 11n },
        { ...signed, calls: 3 },
      ]) {
        await expect(redeem([redemption])).to.not.emit(channels, "VoucherRedeemed");
      }
      await redeem([signed]);
      expect((await stateOf(channel)).redeemed).to.equal(10n);
    });

    it("another signer's voucher, the payer's too if it named another", async () => {
      const { channels, alice, carol, stranger, opened, voucher, redeem, stateOf } = await fixture();
      const channel = await opened(100n, { signer: carol.address });

      for (const by of [alice, stranger]) {
        await expect(redeem([await voucher(channel, 10n, { by })])).to.not.emit(channels, "VoucherRedeemed");
      }
      await redeem([await voucher(channel, 10n, { by: carol })]);
      expect((await stateOf(channel)).redeemed).to.equal(10n);
    });

    it("malleable, short and broken signatures", async () => {
      const { channels, opened, voucher, redeem, stateOf } = await fixture();
      const channel = await opened(100n);
      const signed = await voucher(channel, 10n);
      const { r, s, v, compactSerialized } = Signature.from(signed.signature);
      const high = concat([r, toBeHex(ORDER - BigInt(s), 32), toBeHex(v === 27 ? 28 : 27)]);

      for (const signature of [
        ...[high, compactSerialized, "0x", concat([signed.signature, "0x00"])],
        ...[toBeHex(v - 27), toBeHex(v === 27 ? 28 : 27), "0x1d"].map((last) => concat([r, s, last])),
        concat([getBytes(signed.signature).slice(0, 64)]),
        `0x${"00".repeat(65)}`,
      ]) {
        await expect(redeem([{ ...signed, signature }])).to.not.emit(channels, "VoucherRedeemed");
      }
      await redeem([signed]);
      expect((await stateOf(channel)).redeemed).to.equal(10n);
    });
  });

  describe("redeem asks a smart wallet that signs", () => {
    it("and counts what it says then: it may change its mind before, not after", async () => {
      const { channels, alice, carol, opened, voucher, redeem, stateOf } = await fixture();
      const wallet = (await ethers.deployContract("ERC1271Wallet", [alice])) as unknown as ERC1271Wallet;
      const signer = await wallet.getAddress();
      const channel = await opened(100n, { signer });
      const [first, second] = [await voucher(channel, 10n), await voucher(channel, 20n)];
      const hash = await channels.voucherHashOf(await channels.channelIdOf(channel), 20n, 1);
      await redeem([first]);
      expect(await channels.isSignedByWallet(signer, hash, second.signature)).to.equal(true);

      await wallet.connect(alice).transferOwnership(carol.address);
      expect(await channels.isSignedByWallet(signer, hash, second.signature)).to.equal(false);
      await expect(redeem([second])).to.not.emit(channels, "VoucherRedeemed");
      await redeem([await voucher(channel, 30n, { by: carol })]);
      // Its owner again: too late for 20, and what was redeemed stays so.
      await wallet.connect(carol).transferOwnership(alice.address);
      await expect(redeem([first, second])).to.not.emit(channels, "VoucherRedeemed");
      expect((await stateOf(channel)).redeemed).to.equal(30n);
    });

    it("within 400,000 gas: one that burns it spoils no batch", async () => {
      const { channels, opened, voucher, usdcAddress, stateOf } = await fixture();
      const wallet = await ethers.deployContract("FickleWallet");
      const fickle = await opened(100n, { signer: await wallet.getAddress() });
      const [before, after] = [await opened(100n), await opened(100n)];
      const batch = [await voucher(before, 1n), { ...(await voucher(fickle, 2n)), signature: "0x" }];
      batch.push(await voucher(after, 3n));
      await wallet.setBurns(true);

      const receipt = await (await channels.redeem(usdcAddress, batch, { gasLimit: 1_000_000n })).wait();
      expect(receipt?.gasUsed).to.be.within(400_000n, 700_000n);
      expect((await stateOf(before)).redeemed).to.equal(1n);
      expect((await stateOf(fickle)).redeemed).to.equal(0n);
      expect((await stateOf(after)).redeemed).to.equal(3n);

      await wallet.setBurns(false);
      await channels.redeem(usdcAddress, batch);
      expect((await stateOf(fickle)).redeemed).to.equal(2n);
    });

    it("and takes a contract that is no wallet for none", async () => {
      const { channels, model, usdcAddress, opened, voucher, redeem } = await fixture();

      for (const signer of [usdcAddress, model]) {
        const channel = await opened(100n, { signer });
        await expect(redeem([await voucher(channel, 10n)])).to.not.emit(channels, "VoucherRedeemed");
      }
    });

    it("and takes an account's key that got code by EIP-7702, and what its code says", async () => {
      const { channels, alice, carol, opened, voucher, redeem, stateOf, chainId } = await fixture();
      const key = new Wallet(id("key with code"), ethers.provider);
      const sponsor = new Wallet(id("sponsor"), ethers.provider);
      await alice.sendTransaction({ to: sponsor.address, value: 10n ** 18n });
      const channel = await opened(100n, { signer: key.address });
      const delegate = await ethers.deployContract("FickleWallet");
      const byKey = await voucher(channel, 10n, { by: key });
      const byNobody = await voucher(channel, 20n, { by: carol });
      await expect(redeem([byNobody])).to.not.emit(channels, "VoucherRedeemed");

      const authorization = await key.authorize({ address: await delegate.getAddress(), nonce: 0n, chainId });
      await (await sponsor.sendTransaction({ type: 4, to: carol.address, authorizationList: [authorization] })).wait();
      expect(await ethers.provider.getCode(key.address)).to.match(/^0xef0100/);

      await redeem([byKey]);
      expect((await stateOf(channel)).redeemed).to.equal(10n);
      // This code takes every signature: whom an account gives code, it trusts.
      await redeem([byNobody]);
      expect((await stateOf(channel)).redeemed).to.equal(20n);
    });
  });
});
