import { expect } from "chai";
import { concat, getBytes, id, keccak256, Signature, toBeHex, zeroPadBytes, zeroPadValue } from "ethers";
import { network } from "hardhat";
import type { RoyaltyLedger } from "../../types/ethers-contracts/index.js";
import { ETH, freshSalt, NO_REF, ref } from "../helpers/models.js";
import { deployAuthorized, nonceOf, type Payment } from "./payments.support.js";
import { MAX_RECEIVED } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const SELECTOR = id(
  "payWithAuthorization(address,address,uint256,bytes32,(address,uint256,uint256,bytes32,bytes))",
).slice(0, 10);

const deploy = () => deployAuthorized(connection);
const fixture = () => networkHelpers.loadFixture(deploy);
type Context = Awaited<ReturnType<typeof deploy>>;

describe("RoyaltyLedger", () => {
  describe("payWithAuthorization", () => {
    it("takes a token in from a payer without ETH, whoever sends it, and names the signer as payer", async () => {
      const { ledger, ledgerAddress, usdcAddress, model, signer, payment, sign, send, expectMoved } = await fixture();
      const agreed = payment();
      expect(await ethers.provider.getBalance(signer.address)).to.equal(0n);

      const transaction = send(agreed, await sign(agreed));

      await expect(transaction)
        .to.emit(ledger, "Paid")
        .withArgs(model, usdcAddress, signer.address, 1_000, ref("order"));
      await expectMoved(transaction, usdcAddress, [
        [signer.address, -1_000n],
        [ledgerAddress, 1_000n],
      ]);
      // U = 250 goes up; of the rest, F = ⌊7.5⌋.
      expect(await ledger.booksOf(model, usdcAddress)).to.deep.equal([1_000n, 0n, 743n, 0n]);
      expect((await ledger.modelTermsOf(model)).currencies).to.equal(0b100n);
    });

    it("uses a nonce that commits to all that was agreed, on this chain and in this ledger", async () => {
      const { usdc, ledgerAddress, usdcAddress, model, signer, domain, payment, sign, send } = await fixture();
      const agreed = payment({ validAfter: 7n, validBefore: 2n ** 40n, ref: ref("a"), salt: ref("b") });
      // Word by word: numbers and addresses on the right, the selector on the left.
      const number = (value: bigint) => toBeHex(value, 32);
      const nonce = keccak256(
        concat([
          number(31_337n),
          zeroPadValue(ledgerAddress, 32),
          zeroPadBytes(SELECTOR, 32),
          zeroPadValue(model, 32),
          zeroPadValue(usdcAddress, 32),
          number(1_000n),
          ref("a"),
          zeroPadValue(signer.address, 32),
          number(7n),
          number(2n ** 40n),
          ref("b"),
        ]),
      );
      expect(nonceOf(domain.chainId, ledgerAddress, agreed)).to.equal(nonce);

      await expect(send(agreed, await sign(agreed, { nonce })))
        .to.emit(usdc, "AuthorizationUsed")
        .withArgs(signer.address, nonce);
      expect(await usdc.authorizationState(signer.address, nonce)).to.equal(true);
    });

    it("takes the same payment again under another salt", async () => {
      const { ledger, usdcAddress, model, payment, sign, send } = await fixture();
      for (const agreed of [payment(), payment()]) await send(agreed, await sign(agreed));

      expect((await ledger.booksOf(model, usdcAddress)).received).to.equal(2_000n);
    });

    it("serves from the second after the first limit to the second before the other", async () => {
      const { ledger, usdcAddress, model, now, payment, sign, send } = await fixture();
      const agreed = payment({ validAfter: now + 100n, validBefore: now + 200n });
      const signature = await sign(agreed);
      const beginning = await networkHelpers.takeSnapshot();

      for (const time of [now + 101n, now + 199n]) {
        await beginning.restore();
        await networkHelpers.time.setNextBlockTimestamp(time);
        await send(agreed, signature);
        expect((await ledger.booksOf(model, usdcAddress)).received).to.equal(1_000n);
      }
    });

    it("takes a compact signature of 64 bytes", async () => {
      const { ledger, usdcAddress, model, payment, sign, send } = await fixture();
      const agreed = payment();

      await send(agreed, Signature.from(await sign(agreed)).compactSerialized);

      expect((await ledger.booksOf(model, usdcAddress)).received).to.equal(1_000n);
    });

    it("takes a smart wallet's signature, of a form of its own", async () => {
      const { ledger, ledgerAddress, usdc, usdcAddress, alice, bob, model, payment, sign, send, ...context } =
        await fixture();
      const wallet = await (await ethers.deployContract("ERC1271Wallet", [alice.address])).getAddress();
      await usdc.mint(wallet, 1_000n);
      const agreed = payment({ from: wallet });
      const validator = "0x01020304";

      await expect(send(agreed, concat([validator, await sign(agreed, { by: bob })])))
        .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
        .withArgs();
      const transaction = send(agreed, concat([validator, await sign(agreed, { by: alice })]));

      await expect(transaction).to.emit(ledger, "Paid").withArgs(model, usdcAddress, wallet, 1_000, ref("order"));
      await context.expectMoved(transaction, usdcAddress, [
        [wallet, -1_000n],
        [ledgerAddress, 1_000n],
      ]);
    });
  });

  describe("payWithAuthorization refuses", () => {
    const changes: Record<string, (context: Context, other: string) => Partial<Payment>> = {
      model: ({ parent }) => ({ model: parent }),
      currency: (_, other) => ({ currency: other }),
      "smaller amount": () => ({ amount: 999n }),
      "larger amount": () => ({ amount: 1_001n }),
      reference: () => ({ ref: NO_REF }),
      payer: ({ payer }) => ({ from: payer.address }),
      beginning: ({ now }) => ({ validAfter: now - 2n }),
      end: ({ now }) => ({ validBefore: now + 86_401n }),
      salt: () => ({ salt: freshSalt() }),
    };
    for (const [what, change] of Object.entries(changes)) {
      it(`a sender who puts in another ${what}`, async () => {
        const context = await fixture();
        const { ledger, usdc, signer, model, parent, payment, sign, send, list } = context;
        // Of the same name, so that its domain is another by its address alone.
        const other = await ethers.deployContract("TestToken", ["Test USD Coin", "USDC", 6]);
        const listed = await list(other);
        await other.mint(signer.address, 10_000n);
        const agreed = payment();
        const signature = await sign(agreed);

        await expect(send({ ...agreed, ...change(context, listed) }, signature))
          .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
          .withArgs();

        for (const paid of [model, parent]) expect((await ledger.booksOf(paid, listed)).received).to.equal(0n);
        await send(agreed, signature);
      });
    }

    it("what was signed for another ledger", async () => {
      const { ledger, ledgerAddress, usdc, usdcAddress, deployer, alice, payment, nonceFor, sign, ...context } =
        await fixture();
      const other = (await ethers.deployContract("RoyaltyLedger", [
        deployer.address,
        0,
        [usdcAddress],
      ])) as unknown as RoyaltyLedger;
      const otherAddress = await other.getAddress();
      const salt = freshSalt();
      await other.open(salt, [], 0, [{ holder: alice.address, units: 1_000_000n }], []);
      const agreed = payment({ model: await other.modelIdOf(deployer.address, salt) });
      const { model, currency, amount, ref: reference, ...authorization } = agreed;
      const inOther = (signature: string) =>
        other.payWithAuthorization(model, currency, amount, reference, { ...authorization, signature });
      const nonce = nonceOf(context.domain.chainId, otherAddress, agreed);

      // To this one, by the nonce of this one, and by the nonce of the other; to the other by the nonce of this one.
      for (const signature of [
        await sign(agreed),
        await sign(agreed, { nonce }),
        await sign(agreed, { to: otherAddress }),
      ]) {
        await expect(inOther(signature)).to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature").withArgs();
      }
      await inOther(await sign(agreed, { to: otherAddress, nonce }));

      const here = payment();
      for (const options of [{ to: otherAddress }, { nonce: nonceOf(context.domain.chainId, otherAddress, here) }]) {
        await expect(context.send(here, await sign(here, options)))
          .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
          .withArgs();
      }
      expect((await ledger.booksOf(context.model, usdcAddress)).received).to.equal(0n);
      expect(await usdc.balanceOf(ledgerAddress)).to.equal(0n);
      expect(nonceFor(here)).to.not.equal(nonce);
    });

    it("what was signed for another chain, in the token's domain or in the nonce", async () => {
      const { ledgerAddress, usdc, domain, payment, sign, send } = await fixture();
      const agreed = payment();

      for (const options of [
        { nonce: nonceOf(domain.chainId + 1n, ledgerAddress, agreed) },
        { of: { ...domain, chainId: domain.chainId + 1n } },
      ]) {
        await expect(send(agreed, await sign(agreed, options)))
          .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
          .withArgs();
      }
    });

    it("a payment that has been sent", async () => {
      const { usdc, signer, payment, nonceFor, sign, send } = await fixture();
      const agreed = payment();
      const signature = await sign(agreed);
      await send(agreed, signature);

      await expect(send(agreed, signature))
        .to.be.revertedWithCustomError(usdc, "ERC3009UsedAuthorization")
        .withArgs(signer.address, nonceFor(agreed));
    });

    it("a payment that the payer has cancelled", async () => {
      const { usdc, signer, domain, payment, nonceFor, sign, send } = await fixture();
      const agreed = payment();
      const nonce = nonceFor(agreed);
      const { v, r, s } = Signature.from(
        await signer.signTypedData(
          domain,
          {
            CancelAuthorization: [
              { name: "authorizer", type: "address" },
              { name: "nonce", type: "bytes32" },
            ],
          },
          { authorizer: signer.address, nonce },
        ),
      );
      await usdc["cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)"](signer.address, nonce, v, r, s);

      await expect(send(agreed, await sign(agreed)))
        .to.be.revertedWithCustomError(usdc, "ERC3009UsedAuthorization")
        .withArgs(signer.address, nonce);
    });

    it("a payment too early, and too late", async () => {
      const { usdc, now, payment, sign, send } = await fixture();
      const agreed = payment({ validAfter: now + 100n, validBefore: now + 200n });
      const signature = await sign(agreed);

      for (const time of [now + 100n, now + 200n]) {
        await networkHelpers.time.setNextBlockTimestamp(time);
        await expect(send(agreed, signature))
          .to.be.revertedWithCustomError(usdc, "ERC3009InvalidAuthorizationTime")
          .withArgs(agreed.validAfter, agreed.validBefore);
      }
    });

    it("to let anybody take the transfer by itself, so that its payment would be lost", async () => {
      const { usdc, ledgerAddress, stranger, payment, nonceFor, sign } = await fixture();
      const agreed = payment();
      const { from, amount, validAfter, validBefore } = agreed;
      const { v, r, s } = Signature.from(await sign(agreed));
      const receive = usdc
        .connect(stranger)
        .getFunction("receiveWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)");

      await expect(receive(from, ledgerAddress, amount, validAfter, validBefore, nonceFor(agreed), v, r, s))
        .to.be.revertedWithCustomError(usdc, "ERC20InvalidReceiver")
        .withArgs(ledgerAddress);
    });

    it("signatures that are none", async () => {
      const { usdc, payment, sign, send } = await fixture();
      const agreed = payment();
      const signature = await sign(agreed);
      const { r, s, v } = Signature.from(signature);
      const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
      const highS = toBeHex(order - BigInt(s), 32);
      const bytes = getBytes(signature);

      // By the token's overload for signatures of any form.
      for (const none of ["0x", bytes.slice(0, 63), concat([bytes, "0x00"]), concat([r, s, "0x00"])]) {
        await expect(send(agreed, ethers.hexlify(none)))
          .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
          .withArgs();
      }
      // As ECDSA; the second is the same signature in another form.
      for (const byte of [1, 29, 255]) {
        await expect(send(agreed, concat([r, s, new Uint8Array([byte])])))
          .to.be.revertedWithCustomError(usdc, "ECDSAInvalidSignature")
          .withArgs();
      }
      await expect(send(agreed, concat([r, highS, new Uint8Array([v === 27 ? 28 : 27])])))
        .to.be.revertedWithCustomError(usdc, "ECDSAInvalidSignatureS")
        .withArgs(highS);
      await expect(send(agreed, concat([r, s, new Uint8Array([v === 27 ? 28 : 27])])))
        .to.be.revertedWithCustomError(usdc, "ERC3009InvalidSignature")
        .withArgs();
    });

    it("a payer who has too little", async () => {
      const { usdc, signer, payment, sign, send } = await fixture();
      const agreed = payment({ amount: 10_001n });

      await expect(send(agreed, await sign(agreed)))
        .to.be.revertedWithCustomError(usdc, "ERC20InsufficientBalance")
        .withArgs(signer.address, 10_000, 10_001);
    });

    it("ETH, a currency that is not listed, a model that is not open, and nothing", async () => {
      const { ledger, model, stranger, unlisted, payment, sign, send } = await fixture();
      const [eth, alien, nowhere, nothing] = [
        payment({ currency: ETH }),
        payment({ currency: unlisted }),
        payment({ model: stranger.address }),
        payment({ amount: 0n }),
      ];

      await expect(send(eth, await sign(eth)))
        .to.be.revertedWithCustomError(ledger, "TokenRequired")
        .withArgs();
      await expect(send(alien, await sign(alien)))
        .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
        .withArgs(unlisted);
      await expect(send(nowhere, await sign(nowhere)))
        .to.be.revertedWithCustomError(ledger, "ModelNotOpened")
        .withArgs(stranger.address);
      await expect(send(nothing, await sign(nothing)))
        .to.be.revertedWithCustomError(ledger, "ZeroPayment")
        .withArgs(model);
    });

    it("what the books have no room for, and leaves the authorization unused", async () => {
      const { ledger, usdc, usdcAddress, payer, signer, model, payment, nonceFor, sign, send } = await fixture();
      await usdc.mint(payer.address, MAX_RECEIVED);
      await ledger.connect(payer).pay(model, usdcAddress, MAX_RECEIVED - 999n, NO_REF);
      const agreed = payment();

      await expect(send(agreed, await sign(agreed)))
        .to.be.revertedWithCustomError(ledger, "BooksFull")
        .withArgs(model, usdcAddress, MAX_RECEIVED - 999n, 1_000);
      expect(await usdc.authorizationState(signer.address, nonceFor(agreed))).to.equal(false);
    });
  });
});
