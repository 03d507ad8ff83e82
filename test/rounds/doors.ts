import { expect } from "chai";
import { AbiCoder, id, keccak256, Signature, type Signer, Wallet } from "ethers";
import { network } from "hardhat";
import { ETH, freshSalt } from "../helpers/models.js";
import { domainOf, signPermit, signTransfer } from "../royalties/payments.support.js";
import { deployRounds } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const SELECTOR = id("fundWithAuthorization(bytes32,uint256,(address,uint256,uint256,bytes32,bytes))").slice(0, 10);

/** What one signature is for. */
interface Agreed {
  roundId: string;
  amount: bigint;
  from: string;
  validAfter: bigint;
  validBefore: bigint;
  salt: string;
}

/** A round, somebody who has USDC and lets rounds spend nothing, and a payer without ETH who signs. */
async function deploy() {
  const context = await deployRounds(connection);
  const { rounds, roundsAddress, usdc, stranger } = context;
  const round = await context.opened();
  const signer = new Wallet(id("funder without ETH"), ethers.provider);
  for (const account of [stranger.address, signer.address]) await usdc.mint(account, 10_000n);
  const domain = await domainOf(usdc);
  const now = BigInt(await networkHelpers.time.latest());
  const deadline = now + 3_600n;

  /** The stranger's permit for the rounds. */
  async function permit({ by = stranger as Signer, value = 500n, spender = roundsAddress } = {}) {
    const signed = { owner: stranger.address, spender, value, nonce: await usdc.nonces(stranger), deadline };

    return Signature.from(await signPermit(by, domain, signed));
  }

  const fundWithPermit = ({ v, r, s }: Signature, amount = 500n, roundId = round.roundId) =>
    rounds.connect(stranger).fundWithPermit(roundId, amount, deadline, v, r, s);

  /** 500 units for the round, within a day. */
  const agreedOf = (changes: Partial<Agreed> = {}): Agreed => ({
    ...{ roundId: round.roundId, amount: 500n, from: signer.address },
    ...{ validAfter: now - 1n, validBefore: now + 86_400n, salt: freshSalt() },
    ...changes,
  });

  /** The nonce that commits to everything, encoded word by word. */
  function nonceOf({ roundId, amount, from, validAfter, validBefore, salt }: Agreed, chainId = context.chainId) {
    return keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["uint256", "address", "bytes4", "bytes32", "uint256", "address", "uint256", "uint256", "bytes32"],
        [chainId, roundsAddress, SELECTOR, roundId, amount, from, validAfter, validBefore, salt],
      ),
    );
  }

  function sign(agreed: Agreed, { by = signer as Signer, nonce = nonceOf(agreed) } = {}) {
    const { from, amount: value, validAfter, validBefore } = agreed;

    return signTransfer(by, domain, { from, to: roundsAddress, value, validAfter, validBefore, nonce });
  }

  /** Has Erin, who is nobody here, send it. */
  const send = ({ roundId, amount, ...authorization }: Agreed, signature: string) =>
    rounds.connect(context.erin).fundWithAuthorization(roundId, amount, { ...authorization, signature });

  return { ...context, ...round, signer, deadline, permit, fundWithPermit, agreedOf, nonceOf, sign, send };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("TrainingRounds", () => {
  describe("fundWithPermit", () => {
    it("funds with a permit, and without an approval", async () => {
      const { rounds, roundsAddress, usdc, stranger, roundId, permit, fundWithPermit } = await fixture();

      const funding = fundWithPermit(await permit());
      await expect(funding).to.emit(rounds, "RoundFunded").withArgs(roundId, stranger.address, 0, 500);
      await expect(funding).to.changeTokenBalances(ethers, usdc, [stranger, roundsAddress], [-500n, 500n]);
      expect(await usdc.allowance(stranger, roundsAddress)).to.equal(0n);
    });

    it("does not mind that somebody used the permit before", async () => {
      const { rounds, roundsAddress, usdc, erin, stranger, roundId, deadline, ...context } = await fixture();
      const signature = await context.permit();
      const { v, r, s } = signature;
      await usdc.connect(erin).permit(stranger, roundsAddress, 500n, deadline, v, r, s);

      await expect(context.fundWithPermit(signature))
        .to.emit(rounds, "RoundFunded")
        .withArgs(roundId, stranger.address, 0, 500);
    });

    it("takes no more than was allowed, and of nobody who did not sign", async () => {
      const { roundsAddress, usdc, erin, permit, fundWithPermit } = await fixture();

      await expect(fundWithPermit(await permit({ by: erin })))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(roundsAddress, 0, 500);
      await expect(fundWithPermit(await permit({ value: 499n })))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientAllowance")
        .withArgs(roundsAddress, 0, 500);
    });

    it("takes an ERC-20", async () => {
      const { rounds, opened, permit, fundWithPermit } = await fixture();
      const inEth = await opened({ currency: ETH });

      await expect(fundWithPermit(await permit(), 500n, inEth.roundId)).to.be.revertedWithCustomError(
        rounds,
        "FundingTokenRequired",
      );
    });

    it("keeps to the cap", async () => {
      const { rounds, permit, fundWithPermit } = await fixture();

      await expect(fundWithPermit(await permit({ value: 3_001n }), 3_001n))
        .to.be.revertedWithCustomError(rounds, "FundingInvalid")
        .withArgs(3_001, 3_000);
    });
  });

  describe("fundWithAuthorization", () => {
    it("funds for whoever signed, who needs no ETH", async () => {
      const { rounds, roundsAddress, usdc, signer, roundId, agreedOf, sign, send } = await fixture();
      const agreed = agreedOf();

      const funding = send(agreed, await sign(agreed));
      await expect(funding).to.emit(rounds, "RoundFunded").withArgs(roundId, signer.address, 0, 500);
      await expect(funding).to.changeTokenBalances(ethers, usdc, [signer, roundsAddress], [-500n, 500n]);
      expect(await rounds.fundingOf(roundId, 0)).to.deep.equal([signer.address, 500n]);
    });

    it("serves once", async () => {
      const { usdc, signer, agreedOf, nonceOf, sign, send } = await fixture();
      const agreed = agreedOf();
      const signature = await sign(agreed);
      await send(agreed, signature);

      await expect(send(agreed, signature))
        .to.be.revertedWithCustomError(usdc, "ERC3009UsedAuthorization")
        .withArgs(signer.address, nonceOf(agreed));
    });

    it("serves for nothing else than what was agreed", async () => {
      const { usdc, opened, agreedOf, nonceOf, sign, send } = await fixture();
      const agreed = agreedOf();
      const signature = await sign(agreed);
      const other = await opened();

      for (const change of [
        { roundId: other.roundId },
        { amount: 501n },
        { validBefore: agreed.validBefore + 1n },
        { validAfter: agreed.validAfter - 1n },
        { salt: id("other") },
      ]) {
        await expect(send({ ...agreed, ...change }, signature)).to.be.revertedWithCustomError(
          usdc,
          "ERC3009InvalidSignature",
        );
      }
      await expect(send(agreed, await sign(agreed, { nonce: nonceOf(agreed, 1n) }))).to.be.revertedWithCustomError(
        usdc,
        "ERC3009InvalidSignature",
      );
    });

    it("takes a smart wallet's, whose funding it is", async () => {
      const { rounds, usdc, stranger, roundId, agreedOf, sign, send } = await fixture();
      const wallet = await ethers.deployContract("ERC1271Wallet", [stranger.address]);
      const from = await wallet.getAddress();
      await usdc.mint(from, 500n);
      const agreed = agreedOf({ from });

      // As wallets with several kinds of signers do, with a prefix.
      const signature = await sign(agreed, { by: stranger });
      await send(agreed, `0x01${signature.slice(2)}`);
      expect((await rounds.fundingOf(roundId, 0)).funder).to.equal(from);
    });

    it("takes an ERC-20", async () => {
      const { rounds, opened, agreedOf, sign, send } = await fixture();
      const agreed = agreedOf({ roundId: (await opened({ currency: ETH })).roundId });

      await expect(send(agreed, await sign(agreed))).to.be.revertedWithCustomError(rounds, "FundingTokenRequired");
    });
  });
});
