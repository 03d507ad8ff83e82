import { expect } from "chai";
import { AbiCoder, id, keccak256, Wallet, ZeroAddress } from "ethers";
import {
  type Commonweal,
  connect,
  ContractError,
  InvalidAmount,
  InvalidArgument,
  type LicenseOffer,
  SignatureUnsupported,
  SignerRequired,
  type SignedPurchase,
  TooManyDecimals,
} from "../../sdk/src/index.js";
import { DAY } from "../helpers/protocol.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";

const USDC = 1_000_000n;
const MONTH = 30 * DAY;
const LATER = 4_102_444_800;

/** The id of an offer, encoded word by word. */
function idOf({ model, currency, price, duration, supply, textDigest, salt }: LicenseOffer): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["address", "address", "uint112", "uint40", "uint32", "bytes32", "bytes32"],
      [model, currency, price, duration, supply, textDigest, salt],
    ),
  );
}

describe("SDK licensing", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let model: string;
  let usdc: string;
  let store: string;
  let monthly: LicenseOffer;
  const textDigest = id("the licence's text");

  before(async () => {
    sdk = await deploySdk();
    usdc = sdk.usdcAddress;
    store = await sdk.licenseStore.getAddress();
    model = await registerFor(sdk.accounts.alice.address, sdk.alice);
    await sdk.usdc.mint(sdk.accounts.carol, 1_000n * USDC);
    ({ offer: monthly } = await post({ duration: MONTH }));
  });

  const as = (runner: Parameters<typeof connect>[0]) => connect(runner, { deployment: sdk.deployment });
  const now = () => sdk.connection.networkHelpers.time.latest();

  /** Posts an offer of Alice's, in USDC at 20 unless told otherwise. */
  function post(changes: Partial<Parameters<Commonweal["licensing"]["offer"]>[0]> = {}) {
    return sdk.alice.licensing.offer({ model, currency: usdc, price: "20", textDigest, ...changes });
  }

  /** Somebody with 100 USDC and no ETH. */
  async function poorBuyer(): Promise<{ account: string; buyer: Commonweal }> {
    const wallet = Wallet.createRandom(sdk.connection.ethers.provider);
    await sdk.usdc.mint(wallet.address, 100n * USDC);

    return { account: wallet.address, buyer: await as(wallet) };
  }

  describe("offer and closeOffer", () => {
    it("post terms that are plain JSON, with their id, and close them", async () => {
      const { offerId, offer, receipt } = await post({
        ...{ model: model.toLowerCase(), currency: "ETH", price: "0.5", duration: 7 * DAY, supply: 3 },
        ...{ textUri: "ipfs://text", salt: id("salt") },
      });

      const terms = { model, currency: ZeroAddress, price: String(5n * 10n ** 17n), duration: 7 * DAY, supply: 3 };
      expect(offer).to.deep.equal({ ...terms, textDigest, salt: id("salt") });
      expect(offerId).to.equal(idOf(offer));
      await expect(Promise.resolve(receipt))
        .to.emit(sdk.licenseStore, "OfferPosted")
        .withArgs(model, offerId, Object.values(offer), "ipfs://text");

      const closed = await sdk.alice.licensing.closeOffer({ offer: JSON.parse(JSON.stringify(offer)) });
      await expect(Promise.resolve(closed.receipt)).to.emit(sdk.licenseStore, "OfferClosed").withArgs(model, offerId);
    });

    it("are for ever, and for any number, by default; each with a salt of its own", async () => {
      const [one, other] = [await post(), await post()];

      expect(one.offer).to.include({ duration: 0, supply: 0, price: String(20n * USDC) });
      expect(one.offerId).to.not.equal(other.offerId);
    });

    it("refuse what cannot be meant, before anything is sent", async () => {
      for (const [argument, changes] of [
        ["model", { model: "model" }],
        ["currency", { currency: "USDC" }],
        ["duration", { duration: 1.5 }],
        ["duration", { duration: 2 ** 40 }],
        ["supply", { supply: -1 }],
        ["textDigest", { textDigest: "0x01" }],
        ["salt", { salt: "salt" }],
      ] as const) {
        expect((await failureOf(InvalidArgument, post(changes))).argument).to.equal(argument);
      }
      await failureOf(TooManyDecimals, post({ price: "0.0000001" }));
      await failureOf(InvalidAmount, post({ price: 20 as unknown as string }));
      await failureOf(SignerRequired, sdk.reader.licensing.offer({ model, currency: usdc, price: 1n, textDigest }));
    });

    it("say what the contract refuses", async () => {
      const { bob, alice, accounts } = sdk;
      const offer = { model, currency: usdc, price: 1n, textDigest };
      const refused = { model, caller: accounts.bob.address };

      await expectRefusal(bob.licensing.offer(offer), "NotOfferOwner", refused);
      await expectRefusal(bob.licensing.closeOffer({ offer: monthly }), "NotOfferOwner", refused);
      const salt = id("twice");
      const { offerId } = await alice.licensing.offer({ ...offer, salt });
      await expectRefusal(alice.licensing.offer({ ...offer, salt }), "OfferAlreadyPosted", { offerId });
    });
  });

  describe("buy", () => {
    it("approves the store for the price, pays, and says what was bought", async () => {
      const { carol, accounts, ledger } = sdk;
      const before = await sdk.usdc.balanceOf(accounts.carol);

      const { tokenId, price, expiresAt, policyVersion, receipt } = await carol.licensing.buy({
        ...{ offer: monthly, periods: 2 },
      });

      expect({ price, expiresAt, policyVersion }).to.deep.equal({
        ...{ price: 40n * USDC, expiresAt: (await now()) + 2 * MONTH, policyVersion: 1 },
      });
      expect(await sdk.licenseStore.ownerOf(tokenId)).to.equal(accounts.carol.address);
      await expect(Promise.resolve(receipt))
        .to.emit(ledger, "Paid")
        .withArgs(model, usdc, store, 40n * USDC, idOf(monthly));
      expect(await sdk.usdc.balanceOf(accounts.carol)).to.equal(before - 40n * USDC);
      expect(await sdk.usdc.allowance(accounts.carol, store)).to.equal(0n);
    });

    it("extends what there is, for somebody else too", async () => {
      const { bob, carol, accounts } = sdk;
      const { expiresAt: first } = await carol.licensing.buy({ offer: monthly, recipient: accounts.bob.address });
      const { expiresAt } = await carol.licensing.buy({ offer: monthly, recipient: accounts.bob.address });

      expect(expiresAt).to.equal((first as number) + MONTH);
      expect(await bob.licensing.isLicensed({ model, account: accounts.bob.address })).to.equal(true);
    });

    it("sends exactly the ETH, and buys for ever", async () => {
      const { offer } = await post({ currency: "ETH", price: "0.25" });
      const { price, expiresAt, receipt } = await sdk.bob.licensing.buy({ offer });

      expect({ price, expiresAt }).to.deep.equal({ price: 25n * 10n ** 16n, expiresAt: "never" });
      await expect(Promise.resolve(receipt))
        .to.emit(sdk.ledger, "Paid")
        .withArgs(model, ZeroAddress, store, 25n * 10n ** 16n, idOf(offer));
    });

    it("takes what is free without an approval, by one transaction", async () => {
      const { bob, accounts } = sdk;
      const { offer } = await post({ price: 0n });
      const nonce = await accounts.bob.getNonce();

      expect((await bob.licensing.buy({ offer })).price).to.equal(0n);
      expect(await accounts.bob.getNonce()).to.equal(nonce + 1);
    });

    it("does not approve if it is told so", async () => {
      await expectRefusal(sdk.carol.licensing.buy({ offer: monthly, approve: false }), "ERC20InsufficientAllowance", {
        ...{ spender: store, allowance: 0n, needed: 20n * USDC },
      });
    });

    it("refuses another version of the use policy than the one that was read", async () => {
      await expectRefusal(sdk.carol.licensing.buy({ offer: monthly, policyVersion: 7 }), "PolicyVersionChanged", {
        ...{ seen: 7n, current: 1n },
      });
    });

    it("refuses terms that were changed, and what cannot be meant", async () => {
      const { licensing } = sdk.carol;
      const cheaper = { ...monthly, price: "1" };
      await expectRefusal(licensing.buy({ offer: cheaper }), "OfferNotOpen", { offerId: idOf(cheaper) });

      for (const [argument, options] of [
        ["offer.price", { offer: { ...monthly, price: "20.0" } }],
        ["offer.model", { offer: { ...monthly, model: "model" } }],
        ["offer.textDigest", { offer: { ...monthly, textDigest: "0x" } }],
        ["offer.salt", { offer: { ...monthly, salt: "0x" } }],
        ["recipient", { offer: monthly, recipient: "carol" }],
        ["periods", { offer: monthly, periods: 0.5 }],
        ["periods", { offer: monthly, periods: 65_536 }],
        ["policyVersion", { offer: monthly, policyVersion: -1 }],
      ] as const) {
        expect((await failureOf(InvalidArgument, licensing.buy(options))).argument).to.equal(argument);
      }
      await failureOf(SignerRequired, sdk.reader.licensing.buy({ offer: monthly }));
    });
  });

  describe("buyWithPermit", () => {
    it("buys with one transaction, and leaves no allowance", async () => {
      const { carol, accounts } = sdk;
      const nonce = await accounts.carol.getNonce();

      const { price } = await carol.licensing.buyWithPermit({ offer: monthly, periods: 3 });

      expect(price).to.equal(60n * USDC);
      expect(await accounts.carol.getNonce()).to.equal(nonce + 1);
      expect(await sdk.usdc.allowance(accounts.carol, store)).to.equal(0n);
    });

    it("refuses ETH, and tokens without permits", async () => {
      const { offer } = await post({ currency: "ETH" });
      const error = await failureOf(InvalidArgument, sdk.carol.licensing.buyWithPermit({ offer }));
      expect(error.argument).to.equal("currency");

      const plain = await (await sdk.connection.ethers.deployContract("PlainToken")).getAddress();
      const unsupported = sdk.carol.licensing.buyWithPermit({ offer: { ...monthly, currency: plain } });
      expect(await failureOf(SignatureUnsupported, unsupported)).to.include({ token: plain, kind: "permit" });
    });
  });

  describe("signPurchase and buySigned", () => {
    it("buy for somebody without ETH, through JSON, sent by anyone", async () => {
      const { account, buyer } = await poorBuyer();
      const signed = await buyer.licensing.signPurchase({ offer: monthly, periods: 2 });

      const { price, receipt } = await sdk.bob.licensing.buySigned(JSON.parse(JSON.stringify(signed)));

      expect(price).to.equal(40n * USDC);
      expect(receipt.from).to.equal(sdk.accounts.bob.address);
      expect(await sdk.usdc.balanceOf(account)).to.equal(60n * USDC);
      expect(await sdk.reader.licensing.isLicensed({ model, account })).to.equal(true);
    });

    it("sign plain JSON that says all of it, for an hour", async () => {
      const { account, buyer } = await poorBuyer();
      const { signature, salt, ...signed } = await buyer.licensing.signPurchase({ offer: monthly });

      expect(signed).to.deep.equal({
        ...{ offer: monthly, recipient: account, periods: 1, policyVersion: 1, from: account },
        ...{ validAfter: 0, validBefore: (await now()) + 3_600 },
      });
      expect(signature).to.match(/^0x[0-9a-f]{130}$/);
      expect(salt).to.match(/^0x[0-9a-f]{64}$/);
    });

    describe("a field that somebody changed", () => {
      let signed: SignedPurchase;
      let changes: SignedPurchase;

      before(async () => {
        const [{ buyer }, other] = [await poorBuyer(), await poorBuyer()];
        const purchase = { offer: monthly, salt: id("salt"), validBefore: LATER };
        signed = await buyer.licensing.signPurchase(purchase);
        changes = {
          ...{ offer: (await post({ duration: MONTH })).offer, recipient: other.account, periods: 2, policyVersion: 2 },
          ...{ from: other.account, validAfter: 1, validBefore: LATER + 1, salt: id("other") },
          signature: (await other.buyer.licensing.signPurchase(purchase)).signature,
        };
      });

      for (const field of [
        ...(["offer", "recipient", "periods", "from", "validAfter", "validBefore", "salt", "signature"] as const),
      ]) {
        it(`is refused: ${field}`, async () => {
          const changed = { ...signed, [field]: changes[field] };
          const error = await failureOf(ContractError, sdk.bob.licensing.buySigned(changed));

          expect(error.args).to.deep.equal({ data: id("ERC3009InvalidSignature()").slice(0, 10) });
        });
      }

      it("is refused: policyVersion", async () => {
        await expectRefusal(sdk.bob.licensing.buySigned({ ...signed, policyVersion: 2 }), "PolicyVersionChanged", {
          ...{ seen: 2n, current: 1n },
        });
      });

      it("and the original still serves, once", async () => {
        await sdk.bob.licensing.buySigned(signed);
        expect((await failureOf(ContractError, sdk.bob.licensing.buySigned(signed))).args.data)
          .to.be.a("string")
          .that.matches(new RegExp(`^${id("ERC3009UsedAuthorization(address,bytes32)").slice(0, 10)}`));
      });
    });

    it("refuse ETH", async () => {
      const { offer } = await post({ currency: "ETH" });
      const error = await failureOf(InvalidArgument, sdk.carol.licensing.signPurchase({ offer }));
      expect(error.argument).to.equal("currency");
    });
  });

  describe("isLicensed, licensedUntil and licenseOf", () => {
    it("know of nothing where nothing was bought", async () => {
      const { licensing } = sdk.reader;
      const account = Wallet.createRandom().address;

      expect(await licensing.isLicensed({ model, account })).to.equal(false);
      expect(await licensing.licensedUntil({ model, account })).to.equal(undefined);
      expect(await licensing.licenseOf({ offer: monthly, account })).to.equal(undefined);
    });

    it("say when what was bought ends, and honour the longest", async () => {
      const { licensing } = sdk.reader;
      const account = Wallet.createRandom().address;
      const { offer: forever } = await post({ price: 0n });
      const { tokenId, expiresAt } = await sdk.carol.licensing.buy({ offer: monthly, recipient: account });
      expect(await licensing.licensedUntil({ model, account })).to.equal(expiresAt);

      await sdk.carol.licensing.buy({ offer: forever, recipient: account });

      expect(await licensing.isLicensed({ model, account })).to.equal(true);
      expect(await licensing.licensedUntil({ model, account })).to.equal("never");
      expect(await licensing.licenseOf({ offer: monthly, account })).to.deep.equal({
        ...{ tokenId, expiresAt, policyVersion: 1 },
      });
    });
  });

  describe("offersOf", () => {
    it("lists a model's offers, the oldest first, with what became of them", async () => {
      const { alice, reader, carol, accounts } = sdk;
      const other = await registerFor(accounts.alice.address, alice);
      expect(await reader.licensing.offersOf({ model: other })).to.deep.equal([]);
      const first = await post({ model: other, price: 0n, textUri: "ipfs://one" });
      const second = await post({ model: other, currency: "ETH", supply: 9 });
      for (const { address } of [accounts.bob, accounts.carol]) {
        await carol.licensing.buy({ offer: first.offer, recipient: address });
      }
      await alice.licensing.closeOffer({ offer: first.offer });

      expect(await reader.licensing.offersOf({ model: other.toLowerCase() })).to.deep.equal([
        { offerId: first.offerId, offer: first.offer, textUri: "ipfs://one", state: "closed", sold: 2 },
        { offerId: second.offerId, offer: second.offer, textUri: "", state: "open", sold: 0 },
      ]);
    });

    it("gives terms that can be bought as they are", async () => {
      const [{ offer }] = await sdk.carol.licensing.offersOf({ model });

      expect(offer).to.deep.equal(monthly);
      await sdk.carol.licensing.buy({ offer });
    });
  });
});
