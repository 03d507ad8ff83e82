import { expect } from "chai";
import {
  AbiCoder,
  BrowserProvider,
  type Contract,
  type Eip1193Provider,
  id,
  keccak256,
  makeError,
  Wallet,
  ZeroAddress,
  ZeroHash,
} from "ethers";
import {
  type Commonweal,
  connect,
  ContractError,
  InvalidArgument,
  NetworkFailure,
  SignatureUnsupported,
  type SignedPayment,
  SignerRequired,
  TooManyDecimals,
  UserRejected,
} from "../../sdk/src/index.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";
import { oddly } from "./runners.js";

const USDC = 1_000_000n;
const LATER = 4_102_444_800;

describe("SDK payments by signature", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let model: string;
  let usdc: string;
  let ledger: string;

  before(async () => {
    sdk = await deploySdk();
    usdc = sdk.usdcAddress;
    ledger = await sdk.ledger.getAddress();
    model = await registerFor(sdk.accounts.alice.address, sdk.alice);
    await sdk.usdc.mint(sdk.accounts.carol, 1_000n * USDC);
  });

  const as = (runner: Parameters<typeof connect>[0]) => connect(runner, { deployment: sdk.deployment });
  const deploy = (name: string, ...args: string[]) =>
    sdk.connection.ethers.deployContract(name, args) as unknown as Promise<Contract>;

  /** Somebody with 100 USDC and no ETH. */
  async function poorPayer(): Promise<{ account: string; payer: Commonweal }> {
    const wallet = Wallet.createRandom(sdk.connection.ethers.provider);
    await sdk.usdc.mint(wallet.address, 100n * USDC);

    return { account: wallet.address, payer: await as(wallet) };
  }

  /** Lists a token as governance does. */
  async function list(token: Contract): Promise<string> {
    const { connection, timelock } = sdk;
    const governance = await timelock.getAddress();
    await connection.networkHelpers.impersonateAccount(governance);
    await connection.networkHelpers.setBalance(governance, 10n ** 18n);
    await sdk.ledger.connect(await connection.ethers.getSigner(governance)).addCurrency(await token.getAddress());

    return token.getAddress();
  }

  /** Somebody whose wallet asks, and who says no to whatever is to be signed. */
  async function refuser(): Promise<Commonweal> {
    const wallet: Eip1193Provider = {
      async request({ method, params }) {
        if (method === "eth_signTypedData_v4") throw { code: 4_001, message: "No." };
        return sdk.connection.provider.request({ method, params: params as unknown[] });
      },
    };

    return as(await new BrowserProvider(wallet).getSigner(3));
  }

  describe("payWithPermit", () => {
    it("pays with one transaction, and leaves no allowance", async () => {
      const { carol, accounts } = sdk;
      const nonce = await accounts.carol.getNonce();

      const { amount, receipt } = await carol.royalties.payWithPermit({
        ...{ model: model.toLowerCase(), currency: usdc, amount: "12.5", ref: id("invoice 8") },
      });

      expect(amount).to.equal(12_500_000n);
      await expect(Promise.resolve(receipt))
        .to.emit(sdk.ledger, "Paid")
        .withArgs(model, usdc, accounts.carol.address, 12_500_000n, id("invoice 8"));
      expect(await accounts.carol.getNonce()).to.equal(nonce + 1);
      expect(await sdk.usdc.allowance(accounts.carol, ledger)).to.equal(0n);
      expect(await sdk.usdc.nonces(accounts.carol)).to.be.above(0n);
    });

    it("serves until its deadline", async () => {
      const { carol, connection } = sdk;
      const now = await connection.networkHelpers.time.latest();
      const payment = { model, currency: usdc, amount: "3" };

      await connection.networkHelpers.time.setNextBlockTimestamp(now + 100);
      await carol.royalties.payWithPermit({ ...payment, deadline: now + 100 });
      await connection.networkHelpers.time.setNextBlockTimestamp(now + 202);
      await expectRefusal(
        carol.royalties.payWithPermit({ ...payment, deadline: now + 200 }),
        "ERC20InsufficientAllowance",
        { spender: ledger, allowance: 0n, needed: 3n * USDC },
      );
    });

    it("refuses ETH, and tokens without permits", async () => {
      const { royalties } = sdk.carol;
      for (const currency of ["ETH", ZeroAddress]) {
        const error = await failureOf(InvalidArgument, royalties.payWithPermit({ model, currency, amount: 1n }));
        expect(error).to.include({ argument: "currency", value: currency });
        expect(error.message).to.include("give the address of an ERC-20");
      }
      // Nothing but an ERC-20, one without even a name, one with a domain and authorizations, and no contract at all.
      const tokens = [await deploy("PlainToken"), await deploy("NoReturnToken"), await deploy("VersionedToken", "2")];
      for (const currency of [...(await Promise.all(tokens.map((token) => token.getAddress()))), model]) {
        const error = await failureOf(SignatureUnsupported, royalties.payWithPermit({ model, currency, amount: 1n }));
        expect(error).to.include({ token: currency, kind: "permit" });
        expect(error.message).to.equal(
          `The token ${currency} takes no permits (ERC-2612), or not as others do; let it be spent by an approval instead (royalties.pay, licensing.buy, usage.open).`,
        );
      }
    });

    it("does not take a node that is down for a token without permits", async () => {
      const { carol } = sdk.accounts;
      const call = () => Promise.reject(makeError("no answer", "SERVER_ERROR", {} as never));
      const down = oddly(carol, { provider: oddly(sdk.connection.ethers.provider, { call }) });

      await failureOf(NetworkFailure, (await as(down)).royalties.payWithPermit({ model, currency: usdc, amount: 1n }));
    });

    it("says so when the user says no, or cannot sign", async () => {
      const payment = { model, currency: usdc, amount: 1n };

      await failureOf(UserRejected, (await refuser()).royalties.payWithPermit(payment));
      await failureOf(SignerRequired, sdk.reader.royalties.payWithPermit(payment));
    });
  });

  describe("signPayment and paySigned", () => {
    it("pay for somebody without ETH, through JSON, sent by anyone", async () => {
      const { account, payer } = await poorPayer();
      const signed = await payer.royalties.signPayment({ model, currency: usdc, amount: "12.5", ref: id("invoice 9") });

      const { amount, receipt } = await sdk.bob.royalties.paySigned(JSON.parse(JSON.stringify(signed)));

      expect(amount).to.equal(12_500_000n);
      expect(receipt.from).to.equal(sdk.accounts.bob.address);
      await expect(Promise.resolve(receipt))
        .to.emit(sdk.ledger, "Paid")
        .withArgs(model, usdc, account, 12_500_000n, id("invoice 9"));
      expect(await sdk.usdc.balanceOf(account)).to.equal(87_500_000n);
      expect(await sdk.connection.ethers.provider.getBalance(account)).to.equal(0n);
    });

    it("sign plain JSON that says all of it, for an hour", async () => {
      const { account, payer } = await poorPayer();
      const { signature, salt, ...signed } = await payer.royalties.signPayment({
        ...{ model: model.toLowerCase(), currency: usdc.toLowerCase(), amount: 7n },
      });

      expect(signed).to.deep.equal({
        model,
        currency: usdc,
        amount: "7",
        ref: ZeroHash,
        from: account,
        validAfter: 0,
        validBefore: (await sdk.connection.networkHelpers.time.latest()) + 3_600,
      });
      expect(signature).to.match(/^0x[0-9a-f]{130}$/);
      expect(salt).to.match(/^0x[0-9a-f]{64}$/);
    });

    it("sign a nonce that commits to every argument", async () => {
      const { account, payer } = await poorPayer();
      const signed = await payer.royalties.signPayment({
        ...{ model, currency: usdc, amount: 5n, ref: id("ref"), salt: id("salt") },
        ...{ validAfter: 1, validBefore: LATER },
      });
      await sdk.bob.royalties.paySigned(signed);

      const selector = "payWithAuthorization(address,address,uint256,bytes32,(address,uint256,uint256,bytes32,bytes))";
      const nonce = keccak256(
        AbiCoder.defaultAbiCoder().encode(
          [
            ...["uint256", "address", "bytes4", "address", "address", "uint256", "bytes32"],
            ...["address", "uint256", "uint256", "bytes32"],
          ],
          [
            ...[31_337, ledger, id(selector).slice(0, 10), model, usdc, 5, id("ref")],
            ...[account, 1, LATER, id("salt")],
          ],
        ),
      );
      expect(await sdk.usdc.authorizationState(account, nonce)).to.equal(true);
    });

    it("serve once, and the same can be paid again", async () => {
      const { payer } = await poorPayer();
      const payment = { model, currency: usdc, amount: 5n };
      const signed = await payer.royalties.signPayment(payment);
      await sdk.bob.royalties.paySigned(signed);

      expect((await failureOf(ContractError, sdk.bob.royalties.paySigned(signed))).args.data)
        .to.be.a("string")
        .that.matches(new RegExp(`^${id("ERC3009UsedAuthorization(address,bytes32)").slice(0, 10)}`));
      await sdk.bob.royalties.paySigned(await payer.royalties.signPayment(payment));
    });

    it("serve between their times", async () => {
      const { payer } = await poorPayer();
      const { time } = sdk.connection.networkHelpers;
      const now = await time.latest();
      const signed = await payer.royalties.signPayment({
        ...{ model, currency: usdc, amount: 5n, validAfter: now + 100, validBefore: now + 200 },
      });
      const invalidTime = id("ERC3009InvalidAuthorizationTime(uint256,uint256)").slice(0, 10);
      const refusedAt = async (timestamp: number) => {
        await time.setNextBlockTimestamp(timestamp);
        const error = await failureOf(ContractError, sdk.bob.royalties.paySigned(signed));
        expect(String(error.args.data).slice(0, 10)).to.equal(invalidTime);
      };

      await refusedAt(now + 100);
      await refusedAt(now + 200);
    });

    describe("a field that somebody changed", () => {
      let signed: SignedPayment;
      let changes: SignedPayment;

      before(async () => {
        const { payer } = await poorPayer();
        const other = await poorPayer();
        const payment = { model, currency: usdc, amount: 5n, ref: id("ref"), salt: id("salt"), validBefore: LATER };
        signed = await payer.royalties.signPayment(payment);
        changes = {
          ...{ model: await registerFor(sdk.accounts.bob.address, sdk.bob), amount: "6", ref: id("other") },
          ...{ from: other.account, validAfter: 1, validBefore: LATER + 1, salt: id("other") },
          currency: await list(await deploy("TestToken", "Other", "OTHER", "6")),
          signature: (await other.payer.royalties.signPayment(payment)).signature,
        };
      });

      for (const field of [
        "model",
        "currency",
        "amount",
        "ref",
        "from",
        "validAfter",
        "validBefore",
        "salt",
        "signature",
      ] as const) {
        it(`is refused: ${field}`, async () => {
          expect(changes[field]).to.not.equal(signed[field]);
          const error = await failureOf(
            ContractError,
            sdk.bob.royalties.paySigned({ ...signed, [field]: changes[field] }),
          );

          expect(error.args).to.deep.equal({ data: id("ERC3009InvalidSignature()").slice(0, 10) });
        });
      }

      it("and the original still serves", async () => {
        await sdk.bob.royalties.paySigned(signed);
      });
    });

    it("use the version of the token's domain", async () => {
      const token = await deploy("VersionedToken", "2");
      const currency = await list(token);
      await token.mint(sdk.accounts.carol.address, 9n);

      const signed = await sdk.carol.royalties.signPayment({ model, currency, amount: 9n });
      await sdk.bob.royalties.paySigned(signed);

      expect(await token.balanceOf(ledger)).to.equal(9n);
    });

    it("refuse ETH, and tokens without authorizations", async () => {
      const { royalties } = sdk.carol;
      const error = await failureOf(InvalidArgument, royalties.signPayment({ model, currency: "ETH", amount: 1n }));
      expect(error).to.include({ argument: "currency", value: "ETH" });

      // WEAL takes permits only; the last one says that its domain's version is another than it is.
      const tokens = [sdk.weal, await deploy("NoReturnToken"), await deploy("VersionedToken", "1")];
      for (const token of tokens) {
        const currency = await token.getAddress();
        const unsupported = await failureOf(
          SignatureUnsupported,
          royalties.signPayment({ model, currency, amount: 1n }),
        );
        expect(unsupported).to.include({ token: currency, kind: "authorization" });
        expect(unsupported.message).to.include("takes no authorizations (ERC-3009)");
      }
    });

    it("refuse what cannot be meant", async () => {
      const { royalties } = sdk.carol;
      const payment = { model, currency: usdc, amount: "1" };

      await failureOf(TooManyDecimals, royalties.signPayment({ ...payment, amount: "0.0000001" }));
      for (const [argument, options] of [
        ["model", { model: "model" }],
        ["ref", { ref: "0x01" }],
        ["salt", { salt: "salt" }],
      ] as const) {
        const error = await failureOf(InvalidArgument, royalties.signPayment({ ...payment, ...options }));
        expect(error.argument).to.equal(argument);
      }
      const signed = await royalties.signPayment(payment);
      for (const [argument, options] of [
        ["amount", { amount: "12.5" }],
        ["model", { model: "model" }],
        ["currency", { currency: "USDC" }],
        ["ref", { ref: "0x01" }],
      ] as const) {
        const error = await failureOf(InvalidArgument, royalties.paySigned({ ...signed, ...options }));
        expect(error.argument).to.equal(argument);
      }
      await expectRefusal(royalties.paySigned({ ...signed, currency: ZeroAddress }), "TokenRequired", {});
    });

    it("say so when the user says no, or cannot sign", async () => {
      const payment = { model, currency: usdc, amount: 1n };

      await failureOf(UserRejected, (await refuser()).royalties.signPayment(payment));
      await failureOf(SignerRequired, sdk.reader.royalties.signPayment(payment));
    });
  });
});
