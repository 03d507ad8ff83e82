import { expect } from "chai";
import { id, Signature, type Signer, Wallet } from "ethers";
import { network } from "hardhat";
import { encodeAbiParameters, type Hex, keccak256, parseAbiParameters, toFunctionSelector } from "viem";
import type { ReentrantToken, TestToken } from "../../types/ethers-contracts/index.js";
import { ETH } from "../helpers/models.js";
import { domainOf, signPermit, signTransfer } from "../royalties/payments.support.js";
import { type Channel, deployChannels } from "./channels.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const SELECTOR = toFunctionSelector(
  "depositWithAuthorization((address,address,address,address,uint16,address,uint32,bytes32),uint256,(address,uint256,uint256,bytes32,bytes))",
);

/** What of a deposit by authorization its nonce commits to. */
interface Agreed {
  channel: Channel;
  amount: bigint;
  from: string;
  validAfter: bigint;
  validBefore: bigint;
  salt: string;
}

/** Dora has USDC and no ETH; Erin has USDC and has allowed nothing. */
async function deploy() {
  const context = await deployChannels(connection);
  const { channels, channelsAddress, chainId, usdc, stranger, carol: erin, idFor, channelOf } = context;
  const dora = new Wallet(id("depositor without ETH"), ethers.provider);
  for (const account of [dora, erin]) await usdc.mint(account.address, 10_000n);
  const token = await domainOf(usdc);
  const deadline = BigInt(await networkHelpers.time.latest()) + 3_600n;

  /** 1,000 units into a channel of Dora's, within an hour. */
  function agree(changes: Partial<Agreed> = {}): Agreed {
    const channel = channelOf({ payer: dora.address, signer: dora.address });

    return {
      channel,
      amount: 1_000n,
      from: dora.address,
      validAfter: 0n,
      validBefore: deadline,
      salt: id("a"),
      ...changes,
    };
  }

  /** The nonce, as viem computes it. */
  function nonceOf({ channel, amount, from, validAfter, validBefore, salt }: Agreed): Hex {
    return keccak256(
      encodeAbiParameters(
        parseAbiParameters("uint256, address, bytes4, bytes32, uint256, address, uint256, uint256, bytes32"),
        [
          ...([chainId, channelsAddress as Hex, SELECTOR, idFor(channel) as Hex, amount] as const),
          ...([from as Hex, validAfter, validBefore, salt as Hex] as const),
        ],
      ),
    );
  }

  /** Signs a deposit into the channels on this chain. */
  function sign(agreed: Agreed, { by = dora as Signer, of = token, nonce = nonceOf(agreed) as string } = {}) {
    const { from, amount: value, validAfter, validBefore } = agreed;

    return signTransfer(by, of, { from, to: channelsAddress, value, validAfter, validBefore, nonce });
  }

  /** Has a stranger send a deposit with a signature. */
  function send({ channel, amount, ...authorization }: Agreed, signature: string) {
    return channels.connect(stranger).depositWithAuthorization(channel, amount, { ...authorization, signature });
  }

  /** Erin's permit for the channels. */
  async function permit(value: bigint) {
    const signed = { owner: erin.address, spender: channelsAddress, value, nonce: await usdc.nonces(erin), deadline };

    return Signature.from(await signPermit(erin, token, signed));
  }

  /** Deposits as Erin with a permit. */
  function depositPermitted(channel: Channel, amount: bigint, { v, r, s }: Signature, by: Signer = erin) {
    return channels.connect(by).depositWithPermit(channel, amount, deadline, v, r, s);
  }

  return { ...context, dora, erin, deadline, agree, nonceOf, sign, send, permit, depositPermitted };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("UsageChannels", () => {
  describe("depositWithPermit", () => {
    it("takes a token in without an approval, opens, tops up, and leaves no allowance", async () => {
      const { channels, channelsAddress, usdc, usdcAddress, erin, bob, channelOf, idFor, ...context } = await fixture();
      const channel = channelOf();

      const opening = context.depositPermitted(channel, 900n, await context.permit(900n));
      await expect(opening)
        .to.emit(channels, "ChannelOpened")
        .withArgs(idFor(channel), channel.payer, bob.address, Object.values(channel));
      await expect(opening).to.emit(channels, "ChannelDeposited").withArgs(idFor(channel), erin.address, 900, 900);
      await context.expectMoved(opening, usdcAddress, [
        [erin.address, -900n],
        [channelsAddress, 900n],
      ]);
      await expect(context.depositPermitted(channel, 1n, await context.permit(1n)))
        .to.emit(channels, "ChannelDeposited")
        .withArgs(idFor(channel), erin.address, 1, 901);
      expect(await usdc.allowance(erin, channelsAddress)).to.equal(0n);
    });

    it("does not mind that somebody has used the permit already", async () => {
      const { channelsAddress, usdc, erin, deadline, channelOf, permit, depositPermitted, stateOf } = await fixture();
      const channel = channelOf();
      const signature = await permit(5n);
      await usdc.permit(erin, channelsAddress, 5n, deadline, signature.v, signature.r, signature.s);

      await depositPermitted(channel, 5n, signature);
      expect((await stateOf(channel)).deposited).to.equal(5n);
    });

    it("refuses ETH, bad terms, and somebody else's permit", async () => {
      const { channels, channelsAddress, usdc, unlisted, stranger, channelOf, permit, depositPermitted } =
        await fixture();
      const signature = await permit(5n);

      await expect(depositPermitted(channelOf({ currency: ETH }), 5n, signature))
        .to.be.revertedWithCustomError(channels, "DepositTokenRequired")
        .withArgs();
      await expect(depositPermitted(channelOf({ currency: unlisted }), 5n, signature))
        .to.be.revertedWithCustomError(channels, "ChannelCurrencyNotListed")
        .withArgs(unlisted);
      await expect(depositPermitted(channelOf(), 5n, signature, stranger))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(channelsAddress, 0, 5);
    });
  });

  describe("depositWithAuthorization", () => {
    it("takes a token in from somebody without ETH, whoever sends it, once", async () => {
      const { channels, channelsAddress, usdc, usdcAddress, dora, bob, agree, sign, send, idFor, ...context } =
        await fixture();
      const agreed = agree();
      const { channel } = agreed;
      const signature = await sign(agreed);

      const transaction = send(agreed, signature);
      await expect(transaction)
        .to.emit(channels, "ChannelOpened")
        .withArgs(idFor(channel), dora.address, bob.address, Object.values(channel));
      await expect(transaction)
        .to.emit(channels, "ChannelDeposited")
        .withArgs(idFor(channel), dora.address, 1_000, 1_000);
      await context.expectMoved(transaction, usdcAddress, [
        [dora.address, -1_000n],
        [channelsAddress, 1_000n],
      ]);
      await expect(send(agreed, signature))
        .to.be.revertedWithCustomError(usdc, "ERC3009UsedAuthorization")
        .withArgs(dora.address, context.nonceOf(agreed));
      const again = agree({ channel, salt: id("b"), amount: 2n });
      await expect(send(again, await sign(again)))
        .to.emit(channels, "ChannelDeposited")
        .withArgs(idFor(channel), dora.address, 2, 1_002);
    });

    it("takes a smart wallet's signature of any form", async () => {
      const { usdc, dora, agree, sign, send, stateOf } = await fixture();
      const wallet = await ethers.deployContract("ERC1271Wallet", [dora]);
      await usdc.mint(wallet, 1_000n);
      const agreed = agree({ from: await wallet.getAddress() });

      await send(agreed, ethers.concat(["0x0102", await sign(agreed)]));
      expect((await stateOf(agreed.channel)).deposited).to.equal(1_000n);
    });

    it("refuses an argument that somebody changed, each of them", async () => {
      const { usdc, erin, stranger, other, deadline, agree, sign, send } = await fixture();
      const agreed = agree();
      const signature = await sign(agreed);
      const { channel } = agreed;
      const channelChanges: Partial<Channel>[] = [
        { payer: stranger.address },
        { signer: stranger.address },
        { model: other },
        { host: stranger.address },
        { hostBps: 2_504 },
        { notice: 86_401 },
        { salt: id("other") },
      ];

      for (const change of [
        ...channelChanges.map((changed) => ({ channel: { ...channel, ...changed } })),
        { amount: 999n },
        { from: erin.address },
        { validAfter: 1n },
        { validBefore: deadline + 1n },
        { salt: id("other") },
      ]) {
        await expect(send({ ...agreed, ...change }, signature))
          .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
          .withArgs();
      }
      await send(agreed, signature);
    });

    it("refuses a payer's signature with a nonce of its own, ETH, and bad terms", async () => {
      const { channels, usdc, stranger, channelOf, agree, sign, send } = await fixture();
      const [agreed, eth, alien] = [
        agree(),
        agree({ channel: channelOf({ currency: ETH }) }),
        agree({ channel: channelOf({ model: stranger.address }) }),
      ];

      await expect(send(agreed, await sign(agreed, { nonce: id("random") })))
        .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
        .withArgs();
      await expect(send(eth, await sign(eth)))
        .to.be.revertedWithCustomError(channels, "DepositTokenRequired")
        .withArgs();
      await expect(send(alien, await sign(alien)))
        .to.be.revertedWithCustomError(channels, "ChannelModelNotOpened")
        .withArgs(stranger.address);
    });
  });

  describe("tokens that are not as others", () => {
    it("refuses one that takes a fee, by every door", async () => {
      const { channels, channelsAddress, alice, dora, list, channelOf, deposit, agree, sign, send } = await fixture();
      const token = await ethers.deployContract("FeeOnTransferToken", [100], alice);
      const currency = await list(token);
      for (const account of [alice.address, dora.address]) await token.mint(account, 1_000n);
      await token.approve(channelsAddress, 1_000n);
      const agreed = agree({ channel: channelOf({ currency }) });

      await expect(deposit(channelOf({ currency }), 1_000n))
        .to.be.revertedWithCustomError(channels, "DepositShort")
        .withArgs(1_000, 990);
      await expect(send(agreed, await sign(agreed, { of: await domainOf(token as unknown as TestToken) })))
        .to.be.revertedWithCustomError(channels, "DepositShort")
        .withArgs(1_000, 990);
    });

    it("takes one that returns nothing, and refuses one that returns false", async () => {
      const { channels, channelsAddress, alice, bob, list, channelOf, deposit, voucher, redeem } = await fixture();
      const silent = await ethers.deployContract("NoReturnToken", alice);
      await silent.mint(alice.address, 100n);
      const channel = channelOf({ currency: await list(silent), hostBps: 9_000 });
      await deposit(channel, 100n);
      // It knows no allowances; the ledger could not be allowed anything.
      await expect(redeem([await voucher(channel, 100n)], channel.currency)).to.be.revertedWithoutReason(ethers);

      const lying = await ethers.deployContract("FalseReturningToken", alice);
      const currency = await list(lying);
      await lying.mint(alice.address, 100n);
      await lying.approve(channelsAddress, 100n);
      const frozen = channelOf({ currency, hostBps: 9_000 });
      await deposit(frozen, 50n);
      await redeem([await voucher(frozen, 10n)], currency);
      await lying.setFrozen(true);
      for (const call of [deposit(frozen, 1n), channels.payHost(bob, currency, bob)]) {
        await expect(call).to.be.revertedWithCustomError(channels, "SafeERC20FailedOperation").withArgs(currency);
      }
      expect(await channels.owedToHost(bob, currency)).to.equal(9n);
    });

    it("lets one that calls back neither redeem, nor withdraw, nor be paid, nor deposit in the middle", async () => {
      const { channels, channelsAddress, alice, bob, list, channelOf, deposit, voucher, redeem } = await fixture();
      const token = (await ethers.deployContract("ReentrantToken", alice)) as unknown as ReentrantToken;
      const currency = await list(token);
      await token.mint(alice.address, 1_000n);
      await token.approve(channelsAddress, 1_000n);
      const channel = channelOf({ currency });
      await deposit(channel, 100n);
      const redemption = await voucher(channel, 10n);
      await redeem([redemption], currency);
      const encode = channels.interface.encodeFunctionData.bind(channels.interface);

      for (const data of [
        encode("deposit", [channel, 1n]),
        encode("depositWithPermit", [channel, 1n, 0n, 0, id("r"), id("s")]),
        encode("redeem", [currency, [redemption]]),
        encode("payHost", [bob.address, currency, bob.address]),
      ]) {
        for (const call of [
          () => deposit(channel, 1n),
          async () => redeem([await voucher(channel, 20n)], currency),
          () => channels.payHost(bob, currency, bob),
        ]) {
          await token.prepare(channelsAddress, data);
          await expect(call()).to.be.revertedWithCustomError(channels, "ReentrancyGuardReentrantCall").withArgs();
        }
      }
    });

    it("credits what was deposited, and leaves to nobody what a token adds", async () => {
      const { channelsAddress, alice, list, channelOf, deposit, stateOf } = await fixture();
      const token = (await ethers.deployContract("ReentrantToken", alice)) as unknown as ReentrantToken;
      const channel = channelOf({ currency: await list(token) });
      await token.mint(alice.address, 100n);
      await token.approve(channelsAddress, 100n);
      await token.prepare(token, token.interface.encodeFunctionData("mint", [channelsAddress, 7n]));

      await deposit(channel, 100n);
      expect((await stateOf(channel)).deposited).to.equal(100n);
      expect(await token.balanceOf(channelsAddress)).to.equal(107n);
    });
  });
});
