import { expect } from "chai";
import { type CallExceptionError, id, type Provider, type TransactionRequest, VoidSigner } from "ethers";
import { CallFailed, connect, ContractError, RateLimited } from "../../sdk/src/index.js";
import { isRevert, typedError } from "../../sdk/src/failures.js";
import { DAY } from "../helpers/protocol.js";
import { deploySdk, failureOf, registerFor } from "./helpers.js";
import { refusedCall } from "./refusals.support.js";
import { oddly } from "./runners.js";

const REFUSALS = [
  [RateLimited, refusedCall("limit exceeded", -32_005)],
  [RateLimited, refusedCall("Request exceeds defined limit", -32_005)],
  [RateLimited, refusedCall("Your app has exceeded its compute units per second capacity", 429)],
  [RateLimited, refusedCall("project ID request rate exceeded", -32_005)],
  [CallFailed, refusedCall("header not found")],
  [CallFailed, refusedCall("missing trie node 0xab (path ) state 0xcd is not available")],
] as const;

/** What the node said. */
const saidIn = (error: Error): string => (error as CallExceptionError).info?.error.message;

describe("SDK calls that a node does not run", () => {
  for (const [type, error] of REFUSALS) {
    const message = saidIn(error);

    it(`are no contract's answer: "${message}"`, async () => {
      const failure = await typedError(error);

      expect(failure).to.be.instanceOf(type);
      expect(failure.message).to.include(message);
      expect(await isRevert(error)).to.equal(false);
    });
  }

  for (const [error, type] of [
    [refusedCall("execution reverted"), ContractError],
    [refusedCall("execution reverted", 3, "0x"), ContractError],
    [refusedCall("VM execution error.", -32_015), ContractError],
    [refusedCall("EVM error: InvalidFEOpcode"), ContractError],
    [refusedCall("invalid opcode: INVALID"), ContractError],
    [refusedCall("Internal JSON-RPC error.", -32_603, { code: 3, message: "execution reverted" }), ContractError],
    [refusedCall("out of gas"), CallFailed],
  ] as const) {
    it(`are others than one that failed: "${saidIn(error)}"`, async () => {
      expect(await typedError(error)).to.be.instanceOf(type);
      expect(await isRevert(error)).to.equal(true);
    });
  }

  describe("tell nothing", () => {
    let sdk: Awaited<ReturnType<typeof deploySdk>>;
    let model: string;
    let wallet: string;

    before(async () => {
      sdk = await deploySdk();
      model = await registerFor(sdk.accounts.alice.address, sdk.alice, { maxHostBps: 5_000 });
      await sdk.usdc.mint(sdk.accounts.carol, 1_000_000_000n);
      const contract = await sdk.connection.ethers.deployContract("ERC1271Wallet", [sdk.accounts.carol]);
      wallet = await contract.getAddress();
    });

    /** The chain's provider, which does not run calls of one contract. */
    function refusing(target: string, error: Error): Provider {
      const { provider } = sdk.connection.ethers;
      const isRefused = ({ to }: TransactionRequest) => String(to).toLowerCase() === target.toLowerCase();

      return oddly<Provider>(provider, {
        call: (request: TransactionRequest) => (isRefused(request) ? Promise.reject(error) : provider.call(request)),
        send: (method: string, params: TransactionRequest[]) =>
          method === "eth_call" && isRefused(params[0]) ? Promise.reject(error) : provider.send(method, params),
      });
    }

    for (const [type, error] of REFUSALS) {
      describe(`when it says "${saidIn(error)}"`, () => {
        it("of a wallet's voucher, which is not passed over", async () => {
          const terms = { model, host: sdk.accounts.bob.address, hostBps: 2_500, notice: DAY, signer: wallet };
          const { channel } = await sdk.carol.usage.open({ ...terms, currency: sdk.usdcAddress, amount: 10n });
          const voucher = await sdk.carol.usage.signVoucher({ channel, amount: 5n, calls: 1 });
          const provider = refusing(sdk.deployment.UsageChannels.address, error);
          const { usage } = await connect(oddly(sdk.accounts.bob, { provider }), { deployment: sdk.deployment });

          await failureOf(type, usage.redeem({ vouchers: [voucher] }));
          await failureOf(type, usage.verifyVoucher(voucher));
        });

        it("of a wallet's scores", async () => {
          const { rounds } = await connect(refusing(wallet, error), { deployment: sdk.deployment });
          const signed = { roundId: id("round"), manifestDigest: id("manifest"), reviewer: wallet, scores: [] };

          await failureOf(type, rounds.verifyScores({ ...signed, signature: "0x" }));
        });

        it("of a token's signatures", async () => {
          const provider = refusing(sdk.usdcAddress, error);
          const { royalties } = await connect(oddly(sdk.accounts.carol, { provider }), { deployment: sdk.deployment });

          await failureOf(type, royalties.payWithPermit({ model, currency: sdk.usdcAddress, amount: 1n }));
        });
      });
    }

    it("of state overrides", async () => {
      const [, error] = REFUSALS[0];
      const { address } = sdk.accounts.carol;
      const { royalties } = await connect(new VoidSigner(address, refusing(address, error)), {
        deployment: sdk.deployment,
      });

      await failureOf(RateLimited, royalties.pay.simulate({ model, currency: sdk.usdcAddress, amount: 1n }));
    });
  });
});
