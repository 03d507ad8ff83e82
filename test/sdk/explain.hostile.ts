import { expect } from "chai";
import { concat, id, parseEther, Wallet } from "ethers";
import { call, deployForExplaining, ERC20 } from "./explain.support.js";

describe("SDK governance.explain is not misled", () => {
  let sdk: Awaited<ReturnType<typeof deployForExplaining>>;
  const someone = Wallet.createRandom().address;

  beforeEach(async () => {
    sdk = await deployForExplaining();
  });

  afterEach(() => sdk.connection.close());

  const deployToken = async (symbol: string, decimals = 6) =>
    (await sdk.connection.ethers.deployContract("TestToken", ["Token", symbol, decimals])).getAddress();
  const sentenceOf = async (token: string) =>
    (await sdk.explain(call(token, ERC20, "transfer", [someone, 1_500_000n]))).calls[0].sentence;

  it("by a description that is no UTF-8, of its own proposal or of an earlier one", async () => {
    const { ethers } = sdk.connection;
    const { governance } = sdk.deployer;
    const { target, data } = await governance.proposals.setProtocolFee({ feeBps: 50 });
    const arguments_ = [[target], [0n], [data], concat([ethers.toUtf8Bytes("Bad "), "0xff"])];
    const proposal = ethers.AbiCoder.defaultAbiCoder().encode(
      ["address[]", "uint256[]", "bytes[]", "bytes"],
      arguments_,
    );
    const selector = id("propose(address[],uint256[],bytes[],string)").slice(0, 10);
    const governor = await sdk.governor.getAddress();
    await (await sdk.accounts.deployer.sendTransaction({ to: governor, data: concat([selector, proposal]) })).wait();
    const badId = await sdk.governor.getProposalId([target], [0n], [data], ethers.keccak256(arguments_[3] as string));
    const { proposalId } = await governance.propose({ actions: [{ target, data }], description: "Good" });

    expect((await sdk.reader.governance.explain(proposalId)).description).to.match(/^Good\n/);
    const bad = await sdk.reader.governance.explain(badId);
    expect(bad.description).to.equal("Bad \ufffd");
    expect(bad.calls[0].sentence).to.equal("Set the protocol fee of future models to 0.5 %");
  });

  it("by a token with absurd decimals", async () => {
    const [absurd, most] = [await deployToken("ABS", 255), await deployToken("MOST", 37)];
    const rate = 10n ** 18n;
    const { calls } = await sdk.explain(
      call(absurd, ERC20, "transfer", [someone, 7n]),
      sdk.own("RoyaltyLedger", "addCurrency", [absurd]),
      sdk.own("Stakeholding", "setRate", [absurd, rate]),
      sdk.own("Stakeholding", "setRate", [most, rate]),
      sdk.own("Stakeholding", "setRate", [await deployToken("GOOD", 36), rate]),
      sdk.usdcCall("transfer", [someone, 7n]),
    );

    expect(calls.map(({ sentence }) => sentence)).to.deep.equal([
      `Send 7 units of ${absurd} to ${someone}`,
      `List ${absurd} as a currency, for ever`,
      `Pay ${rate} units of WEAL for each 10¹⁸ units of ${absurd} of protocol fees`,
      `Pay ${rate} units of WEAL for each 10¹⁸ units of ${most} of protocol fees`,
      `Pay ${rate} WEAL for each GOOD (${calls[4].args.currency}) of protocol fees`,
      `Send 0.000007 USDC to ${someone}`,
    ]);
  });

  it("by a symbol of a token that is not listed", async () => {
    const plain = ["USDC", "ETH", "USD.e", "$A-1_b"];
    for (const symbol of plain) {
      const token = await deployToken(symbol);
      expect(await sentenceOf(token)).to.equal(`Send 1.5 ${symbol} (${token}) to ${someone}`);
    }
    for (const symbol of ["", "0 USDC to you", "USD\u200bC", "USD\u0421", "A".repeat(13), "A\n"]) {
      const token = await deployToken(symbol);
      expect(await sentenceOf(token)).to.equal(`Send 1.5 of ${token} to ${someone}`);
    }
  });

  it("by a symbol of a listed token that another one has, or ETH, or WEAL", async () => {
    const treasury = await sdk.connection.ethers.getImpersonatedSigner(sdk.treasury);
    const listed = async (symbol: string) => {
      const token = await deployToken(symbol);
      await (await sdk.ledger.connect(treasury).addCurrency(token)).wait();

      return token;
    };
    const unique = await listed("OTHER");
    expect(await sentenceOf(unique)).to.equal(`Send 1.5 OTHER to ${someone}`);
    expect(await sentenceOf(sdk.usdcAddress)).to.equal(`Send 1.5 USDC to ${someone}`);

    for (const symbol of ["ETH", "weal", "usdc"]) {
      const token = await listed(symbol);
      expect(await sentenceOf(token)).to.equal(`Send 1.5 ${symbol} (${token}) to ${someone}`);
    }
    expect(await sentenceOf(sdk.usdcAddress)).to.equal(`Send 1.5 USDC (${sdk.usdcAddress}) to ${someone}`);
    const { calls } = await sdk.explain(
      { target: someone, value: parseEther("1"), data: "0x" },
      sdk.own("WealToken", "transfer", [someone, parseEther("1")]),
    );
    expect(calls.map(({ sentence }) => sentence)).to.deep.equal([
      `Send 1 ETH to ${someone}`,
      `Send 1 WEAL to ${someone}`,
    ]);
  });

  it("by characters that cannot be seen", async () => {
    const text = 'a"\u0000\u202e\u200b\u2028\u{e0041}é😀';
    const shown = String.raw`"a\"\u0000\u{202e}\u{200b}\u{2028}\u{e0041}é😀"`;
    const { calls } = await sdk.explain(
      sdk.own("UsePolicy", "publishPolicy", [id("policy"), 9, text]),
      sdk.own("WealGovernor", "castVoteWithReason", [5n, 1, text]),
      sdk.own("WealGovernor", "propose", [[], [], [], text]),
    );

    expect(calls.map(({ sentence }) => sentence)).to.deep.equal([
      `Publish the next use policy, of 9 clauses, with the sha-256 ${id("policy")}, at ${shown}`,
      `WealGovernor.castVoteWithReason(proposalId: 5, support: 1, reason: ${shown})`,
      `Propose to WealGovernor as ${shown}: nothing`,
    ]);
    // The data stays as it is.
    expect(calls[0].args.uri).to.equal(text);
  });
});
