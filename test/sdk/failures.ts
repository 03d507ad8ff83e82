import { expect } from "chai";
import { AbiCoder, concat, ErrorFragment, Interface, makeError, type ParamType } from "ethers";
import {
  Aborted,
  CallFailed,
  CommonwealError,
  ContractError,
  type ContractErrors,
  GasPriceTooLow,
  InsufficientFunds,
  InvalidArgument,
  isContractError,
  NetworkFailure,
  RateLimited,
  SignerRequired,
  TransactionConflict,
  UserRejected,
  WrongChain,
} from "../../sdk/src/index.js";
import { typedError } from "../../sdk/src/failures.js";
import { errorIndex } from "../../sdk/src/errorIndex.js";
import * as classes from "../../sdk/src/generated/errors/classes.js";
import { instructions } from "../../sdk/src/instructions.js";

const ADDRESS = `0x${"11".repeat(20)}`;

/** Some value of a type, as ethers decodes it. */
function sampleOf({ type }: ParamType): string | bigint {
  if (type === "address") return ADDRESS;
  if (type === "string") return "some text";
  if (type === "bytes32") return `0x${"00".repeat(31)}11`;

  return 5n;
}

/** The bytes that a contract reverts with. */
function revertOf(error: string): { data: string; args: Record<string, unknown> } {
  const fragment = ErrorFragment.from(error);
  const values = fragment.inputs.map(sampleOf);

  return {
    data: concat([fragment.selector, AbiCoder.defaultAbiCoder().encode(fragment.inputs, values)]),
    args: Object.fromEntries(fragment.inputs.map(({ name }, i) => [name, values[i]])),
  };
}

const { data: RATE_TOO_LOW, args: RATE_TOO_LOW_ARGS } = revertOf(
  "error RateTooLow(address parent, uint256 rateBps, uint256 minRateBps)",
);

describe("SDK failures", () => {
  describe("errors of the contracts", () => {
    for (const { error, contracts, errorClass } of errorIndex().values()) {
      const name = ErrorFragment.from(error).name as keyof ContractErrors;

      it(`${name} says what to do`, async () => {
        const { data, args } = revertOf(error);
        const failure = (await typedError(makeError("reverted", "CALL_EXCEPTION", { data } as never))) as ContractError;

        expect(failure)
          .to.be.instanceOf(ContractError)
          .and.instanceOf(errorClass ?? ContractError);
        expect(failure).to.include({ errorName: name, name: "ContractError" });
        expect(failure.args).to.deep.equal(args);
        expect(failure.contract).to.equal(contracts.length === 1 ? contracts[0] : undefined);
        // A sentence without a hole.
        expect(failure.message).to.match(new RegExp(`^${name}: .{15,}\\.$`));
        expect(failure.message).not.to.match(/undefined|NaN|\[object/);
        expect(isContractError(failure, name)).to.equal(true);
      });
    }

    it("have no instruction without an error", () => {
      expect(Object.keys(instructions)).to.have.members([...errorIndex().values()].map(({ name }) => name));
    });

    it("have a class each, but for Solidity's own", () => {
      const known = [...errorIndex().values()].filter(({ errorClass }) => errorClass !== undefined);

      expect(known.length).to.equal(errorIndex().size - 2);
      expect(Object.fromEntries(known.map(({ name, errorClass }) => [name, errorClass]))).to.deep.equal({ ...classes });
    });

    it("name their contract, unless several declare them", async () => {
      expect(errorIndex().get(String(new Interface(["error ZeroPayment(address)"]).getError("ZeroPayment")?.selector)))
        .to.have.property("contracts")
        .that.deep.equals(["RoyaltyLedger"]);
      expect(await typedError({ data: revertOf("error ERC20InvalidSender(address sender)").data })).to.include({
        errorName: "ERC20InvalidSender",
        contract: undefined,
      });
    });

    it("read texts and assertions", async () => {
      expect((await typedError({ data: revertOf("error Error(string reason)").data })).message).to.include(
        '"some text"',
      );
      expect((await typedError({ data: revertOf("error Panic(uint256 code)").data })).message).to.include("code 5");
    });

    for (const [what, data] of [
      ["an unknown error", "0xdeadbeef"],
      ["an error cut short", RATE_TOO_LOW.slice(0, 20)],
      ["a text that is none", `0x08c379a0${"ff".repeat(32)}`],
    ] as const) {
      it(`give ${what} as it came`, async () => {
        const failure = (await typedError({ data })) as ContractError;

        expect(failure).to.be.instanceOf(ContractError);
        expect(failure).to.include({ errorName: "Unknown", contract: undefined });
        expect(failure.args).to.deep.equal({ data });
        expect(failure.message).to.include(data);
      });
    }

    it("say so when there is no reason", async () => {
      for (const data of [null, "0x"]) {
        const failure = (await typedError(makeError("reverted", "CALL_EXCEPTION", { data } as never))) as ContractError;
        expect(failure).to.include({ errorName: "Unknown" });
        expect(failure.message).to.include("no reason");
      }
    });

    for (const [where, error] of [
      ["ethers' error", makeError("reverted", "CALL_EXCEPTION", { data: RATE_TOO_LOW } as never)],
      ["a node's error inside ethers'", makeError("?", "UNKNOWN_ERROR", { error: { code: 3, data: RATE_TOO_LOW } })],
      ["a node's nested data", makeError("?", "UNKNOWN_ERROR", { error: { data: { data: RATE_TOO_LOW } } })],
      ["ethers' info", makeError("?", "CALL_EXCEPTION", { info: { error: { data: RATE_TOO_LOW } } } as never)],
      ["a wallet's original error", { code: -32_603, data: { originalError: { data: RATE_TOO_LOW } } }],
      ["a cause", new Error("?", { cause: { data: RATE_TOO_LOW } })],
    ] as const) {
      it(`are found in ${where}`, async () => {
        const failure = (await typedError(error)) as ContractError;

        expect(failure).to.include({ errorName: "RateTooLow", contract: "ModelRegistry", cause: error });
        expect(failure.args).to.deep.equal(RATE_TOO_LOW_ARGS);
      });
    }

    it("are told apart by isContractError", async () => {
      const failure: unknown = await typedError({ data: RATE_TOO_LOW });

      expect(isContractError(failure, "RateTooLow") && failure.args.minRateBps).to.equal(5n);
      expect(isContractError(failure, "ZeroPayment")).to.equal(false);
      expect(isContractError(new Error("RateTooLow"), "RateTooLow")).to.equal(false);
    });
  });

  describe("other errors", () => {
    for (const [type, what, error] of [
      [
        UserRejected,
        "a rejection",
        makeError("no", "ACTION_REJECTED", { action: "signTypedData", reason: "rejected" }),
      ],
      [UserRejected, "a rejection by a wallet far away", { code: 5_000, message: "User rejected." }],
      [
        SignerRequired,
        "a provider asked to send",
        makeError("no", "UNSUPPORTED_OPERATION", { operation: "sendTransaction" }),
      ],
      [
        SignerRequired,
        "a signer without a key",
        makeError("no", "UNSUPPORTED_OPERATION", { operation: "signTransaction" }),
      ],
      [InsufficientFunds, "ethers' lack of funds", makeError("insufficient funds", "INSUFFICIENT_FUNDS", {} as never)],
      [
        InsufficientFunds,
        "Hardhat's lack of funds",
        makeError("could not coalesce error", "UNKNOWN_ERROR", {
          error: { code: -32_000, message: "Sender doesn't have enough funds to send tx." },
        }),
      ],
      [
        InsufficientFunds,
        "a node's lack of funds with empty data",
        makeError("could not coalesce error", "UNKNOWN_ERROR", {
          error: { code: -32_000, message: "insufficient funds for gas * price + value", data: "0x" },
        }),
      ],
      [TransactionConflict, "a nonce that was used", makeError("nonce", "NONCE_EXPIRED", {} as never)],
      [TransactionConflict, "a fee too low to replace", makeError("fee", "REPLACEMENT_UNDERPRICED", {} as never)],
      [NetworkFailure, "no network", makeError("no network", "NETWORK_ERROR", { event: "initial-network-discovery" })],
      [NetworkFailure, "a server's error", makeError("500", "SERVER_ERROR", {} as never)],
      [NetworkFailure, "a timeout", makeError("late", "TIMEOUT", {} as never)],
      [NetworkFailure, "a refused connection", Object.assign(new Error("refused"), { code: "ECONNREFUSED" })],
      [NetworkFailure, "a failed fetch", new TypeError("Failed to fetch")],
      [
        InvalidArgument,
        "a value that ethers refuses",
        makeError("no", "INVALID_ARGUMENT", { argument: "units", value: 0.5 }),
      ],
      [
        GasPriceTooLow,
        "Geth's low fee",
        new Error("max fee per gas less than block base fee: address 0x, maxFeePerGas: 1, baseFee: 7"),
      ],
      [
        GasPriceTooLow,
        "Hardhat's low fee",
        new Error("Transaction maxFeePerGas (1) is too low for the next block, which has a baseFeePerGas of 7"),
      ],
      [GasPriceTooLow, "Geth's low tip", new Error("transaction underpriced: tip needed 1, tip permitted 0")],
      [TransactionConflict, "a nonce ahead", new Error("Nonce too high. Expected nonce to be 1 but got 5.")],
      [TransactionConflict, "a replacement at a low fee", new Error("replacement transaction underpriced")],
      [
        RateLimited,
        "a limit in words",
        { code: -32_005, message: "daily request count exceeded, request rate limited" },
      ],
      [RateLimited, "HTTP 429", makeError("exceeded maximum retry limit", "SERVER_ERROR", { request: "" as never })],
      [WrongChain, "another network", makeError("network changed: 1 => 5", "NETWORK_ERROR", { event: "changed" })],
      [WrongChain, "a wallet on another chain", new Error("Invalid chainId 5 provided, expected 31337 instead.")],
      [Aborted, "an aborted signal", new DOMException("Aborted", "AbortError")],
      [Aborted, "a signal that timed out", new DOMException("Timed out", "TimeoutError")],
      [CallFailed, "an answer that cannot be read", makeError("odd", "BAD_DATA", { value: "0x" })],
      [CallFailed, "a plain error", new Error("Something else")],
      [CallFailed, "something that is no error", "Something else"],
      [CallFailed, "nothing at all", undefined],
    ] as const) {
      it(`make ${what} a ${type.name}`, async () => {
        const failure = await typedError(error);

        expect(failure).to.be.instanceOf(type).and.instanceOf(CommonwealError);
        expect(failure.name).to.equal(type.name);
        expect(failure.cause).to.equal(error);
        expect(failure.message).to.match(/\.$/);
      });
    }

    it("keep what an argument was", async () => {
      const error = makeError("underflow", "INVALID_ARGUMENT", { argument: "units", value: 0.5 });

      expect(await typedError(error)).to.include({ argument: "units", value: 0.5 });
    });

    it("leave the SDK's own errors as they are", async () => {
      const error = new SignerRequired();

      expect(await typedError(error)).to.equal(error);
    });
  });
});
