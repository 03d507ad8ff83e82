import { expect } from "chai";
import { id, Signature, TypedDataEncoder, type Wallet, zeroPadValue } from "ethers";
import { hashTypedData } from "viem";
import { readCompiled } from "../../scripts/generate/compilation.js";
import { GenerationFailed } from "../../scripts/generate/failure.js";
import { domainOf, mergeStructs, signedStructs, structOf } from "../../scripts/generate/typedData.js";
import * as typedData from "../../sdk/src/generated/typedData.js";
import { deploySdk } from "./helpers.js";

const CHAIN_ID = 31_337;
const BYTES = zeroPadValue("0x07", 32);

/** The hash that a wallet signs. */
type Built = { domain: object; types: Record<string, { name: string; type: string }[]>; message: object };
const hashOf = ({ domain, types, message }: Built) => TypedDataEncoder.hash(domain, types, message);

describe("SDK typed data", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let wallet: Wallet;

  before(async () => {
    sdk = await deploySdk();
    wallet = sdk.connection.ethers.Wallet.createRandom() as unknown as Wallet;
    await sdk.usdc.mint(wallet.address, 100n);
  });

  const sign = ({ domain, types, message }: Built) => wallet.signTypedData(domain, types, message);

  it("have the domains that the contracts announce", async () => {
    type Place = { chainId: bigint; verifyingContract: string };
    const message = {} as never;
    for (const [contract, build] of [
      [sdk.registry, (place: Place) => typedData.derivativeGrant({ ...place, message })],
      [sdk.sources, (place: Place) => typedData.sourceClaim({ ...place, message })],
      [sdk.sources, (place: Place) => typedData.sourceClaimCancellation({ ...place, message })],
      [sdk.trainingRounds, (place: Place) => typedData.scores({ ...place, message })],
      [sdk.usageChannels, (place: Place) => typedData.voucher({ ...place, message })],
      [sdk.weal, (place: Place) => typedData.walletDelegation({ ...place, message })],
      [sdk.weal, (place: Place) => typedData.delegation({ ...place, message })],
    ] as const) {
      const { name, version, chainId, verifyingContract } = await contract.eip712Domain();
      const { domain } = build({ chainId, verifyingContract });

      expect(domain).to.deep.equal({ name, version, chainId: CHAIN_ID, verifyingContract });
    }
  });

  it("take the name that only the contract knows, and its version from the source", async () => {
    const { name, version, chainId, verifyingContract } = await sdk.governor.eip712Domain();
    const { domain } = typedData.ballot({ name, chainId, verifyingContract, message: {} as never });

    expect(domain).to.deep.equal({ name, version, chainId: CHAIN_ID, verifyingContract });
  });

  it("hash vouchers and scores as the contracts do, and as viem does", async () => {
    const voucher = typedData.voucher({
      chainId: CHAIN_ID,
      verifyingContract: (await sdk.usageChannels.getAddress()) as `0x${string}`,
      message: { channel: BYTES as `0x${string}`, amount: 7n, calls: 2 },
    });
    expect(hashOf(voucher)).to.equal(await sdk.usageChannels.voucherHashOf(BYTES, 7n, 2));
    expect(hashTypedData(voucher)).to.equal(hashOf(voucher));

    const score = { contributor: wallet.address as `0x${string}`, contentDigest: BYTES as `0x${string}`, score: 5 };
    const scores = typedData.scores({
      chainId: CHAIN_ID,
      verifyingContract: (await sdk.trainingRounds.getAddress()) as `0x${string}`,
      message: { round: BYTES as `0x${string}`, manifestDigest: BYTES as `0x${string}`, scores: [score] },
    });
    const { Score } = scores.types;
    const scoresHash = sdk.connection.ethers.keccak256(TypedDataEncoder.hashStruct("Score", { Score }, score));
    expect(hashOf(scores)).to.equal(await sdk.trainingRounds.reviewHashOf(BYTES, BYTES, scoresHash));
    expect(hashTypedData(scores)).to.equal(hashOf(scores));
  });

  it("let WEAL be delegated as OpenZeppelin has it", async () => {
    const message = { delegatee: sdk.accounts.bob.address, nonce: 0n, expiry: 2n ** 40n };
    const typed = typedData.delegation({ chainId: CHAIN_ID, verifyingContract: await sdk.weal.getAddress(), message });
    const { v, r, s } = Signature.from(await sign(typed));

    await expect(sdk.weal.delegateBySig(message.delegatee, 0n, message.expiry, v, r, s))
      .to.emit(sdk.weal, "DelegateChanged")
      .withArgs(wallet.address, sdk.connection.ethers.ZeroAddress, message.delegatee);
  });

  describe("of any token", () => {
    const token = async () => {
      const { name, version, chainId, verifyingContract } = await sdk.usdc.eip712Domain();
      return { name, version, chainId, verifyingContract };
    };

    it("let it be spent (ERC-2612)", async () => {
      const message = {
        owner: wallet.address,
        spender: sdk.accounts.bob.address,
        value: 5n,
        nonce: 0n,
        deadline: 2n ** 40n,
      };
      const { v, r, s } = Signature.from(await sign(typedData.permit({ ...(await token()), message })));

      await sdk.usdc.permit(message.owner, message.spender, 5n, message.deadline, v, r, s);
      expect(await sdk.usdc.allowance(message.owner, message.spender)).to.equal(5n);
    });

    it("let it be sent by anyone, and let that be cancelled (ERC-3009)", async () => {
      const to = sdk.accounts.bob.address;
      const message = {
        ...{ from: wallet.address, to, value: 3n, validAfter: 0n, validBefore: 2n ** 40n, nonce: id("transfer") },
      };
      const sent = Signature.from(await sign(typedData.transferWithAuthorization({ ...(await token()), message })));
      await expect(
        sdk.usdc["transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)"](
          ...([message.from, to, 3n, 0n, message.validBefore, message.nonce, sent.v, sent.r, sent.s] as const),
        ),
      ).to.changeTokenBalances(sdk.connection.ethers, sdk.usdc, [wallet, to], [-3n, 3n]);

      const cancelled = { authorizer: wallet.address, nonce: id("another") };
      const typed = typedData.cancelAuthorization({ ...(await token()), message: cancelled });
      const { v, r, s } = Signature.from(await sign(typed));
      await expect(
        sdk.usdc["cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)"](
          wallet.address,
          cancelled.nonce,
          ...([v, r, s] as const),
        ),
      )
        .to.emit(sdk.usdc, "AuthorizationCanceled")
        .withArgs(wallet.address, cancelled.nonce);
    });
  });

  describe("in the contracts' sources", () => {
    it("are found with their domains", async () => {
      const channels = await readCompiled("UsageChannels");
      const governor = await readCompiled("WealGovernor");

      expect(domainOf(channels)).to.deep.equal({ name: "Commonweal UsageChannels", version: "1" });
      expect(domainOf(governor)).to.deep.equal({ version: "1" });
      expect(signedStructs(channels).map(({ encodedType }) => encodedType)).to.deep.equal([
        "Voucher(bytes32 channel,uint112 amount,uint32 calls)",
      ]);
      expect(signedStructs(await readCompiled("RoyaltyLens"))).to.deep.equal([]);
    });

    it("must say what they have within", () => {
      expect(() => structOf("Scores(bytes32 round,Score[] scores)", {}, [])).to.throw(
        GenerationFailed,
        "Scores(bytes32 round,Score[] scores) does not say what a Score is: write its type behind it.",
      );
      expect(structOf("A(B[] list)B(uint256 x)", {}, []).types).to.deep.equal({
        A: [{ name: "list", type: "B[]" }],
        B: [{ name: "x", type: "uint256" }],
      });
    });

    it("may be of several contracts in one domain, and not in two", () => {
      const domain = { name: "One", version: "1" };
      const struct = structOf("A(uint256 x)", domain, ["First"]);

      expect(mergeStructs([struct, { ...struct, contracts: ["Second"] }])).to.deep.equal([
        { ...struct, contracts: ["First", "Second"] },
      ]);
      for (const other of [structOf("A(uint256 y)", domain, ["Second"]), structOf("A(uint256 x)", {}, ["Second"])]) {
        expect(() => mergeStructs([struct, other])).to.throw(
          GenerationFailed,
          "Two structs to sign are named A: rename one.",
        );
      }
    });
  });
});
