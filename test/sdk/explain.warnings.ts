import { expect } from "chai";
import { id, MaxUint256, parseEther, type Provider, Wallet, ZeroAddress, ZeroHash } from "ethers";
import { connect, type Warning } from "../../sdk/src/index.js";
import { call, codesOf, deployForExplaining, ERC20, send } from "./explain.support.js";
import { oddly } from "./runners.js";

describe("SDK governance.explain warns", () => {
  let sdk: Awaited<ReturnType<typeof deployForExplaining>>;
  const [someone, another] = [Wallet.createRandom().address, Wallet.createRandom().address];

  beforeEach(async () => {
    sdk = await deployForExplaining();
  });

  afterEach(() => sdk.connection.close());

  it("name calls that are not known", async () => {
    const { warnings, calls } = await sdk.explain(
      { target: sdk.usdcAddress, data: "0x12345678" },
      // The first bytes are a function's, the rest is not its arguments.
      {
        target: await sdk.ledger.getAddress(),
        data: sdk.own("RoyaltyLedger", "setProtocolFee", [50]).data.slice(0, 20),
      },
      { target: sdk.accounts.alice.address, data: "0x1234" },
      sdk.own("RoyaltyLedger", "setProtocolFee", [50]),
    );

    expect(codesOf(warnings)).to.deep.equal([
      ["UnknownFunction", 0],
      ["UnknownFunction", 1],
      ["UnknownTarget", 2],
      ["TargetWithoutCode", 2],
    ]);
    for (const { message } of warnings) expect(message).to.match(/0x[\da-fA-F]{40}.*\.$/);
    expect(calls.map(({ sentence }) => sentence).slice(0, 3)).to.deep.equal([
      `Make a call that is not known here to ${sdk.usdcAddress} (0x12345678)`,
      `Make a call that is not known here to RoyaltyLedger (${sdk.own("RoyaltyLedger", "setProtocolFee", [50]).data.slice(0, 10)})`,
      `Make a call that is not known here to ${sdk.accounts.alice.address} (0x1234)`,
    ]);
  });

  it("do not take a plain transfer for a call, whoever gets it", async () => {
    const { warnings } = await sdk.explain(
      send(someone, 1n),
      send(sdk.usdcAddress, 1n),
      send(sdk.treasury, 10n ** 30n),
    );

    expect(warnings).to.deep.equal([]);
  });

  it("name tokens that are not listed", async () => {
    const token = await (await sdk.connection.ethers.deployContract("TestToken", ["USD Coin", "USDC", 6])).getAddress();
    const { calls, warnings } = await sdk.explain(call(token, ERC20, "transfer", [someone, 0n]));

    expect(calls[0]).to.deep.include({ contract: "ERC20", sentence: `Send 0 USDC (${token}) to ${someone}` });
    expect(codesOf(warnings)).to.deep.equal([["UnknownTarget", 0]]);
  });

  it("name targets whose code changed since the proposal", async () => {
    const { networkHelpers, ethers } = sdk.connection;
    const deploy = async () => (await ethers.deployContract("TestToken", ["T", "T", 6])).getAddress();
    const [changed, same] = [await deploy(), await deploy()];
    const actions = [changed, same, changed, someone].map((target) =>
      target === someone ? send(someone, 1n) : call(target, ERC20, "transfer", [another, 0n]),
    );
    const { proposalId } = await sdk.deployer.governance.propose({ actions, description: "Trust me" });
    const changes = async () =>
      codesOf((await sdk.reader.governance.explain(proposalId)).warnings).filter(([code]) => code !== "UnknownTarget");
    expect(await changes()).to.deep.equal([]);

    await networkHelpers.mine();
    await networkHelpers.setCode(changed, "0x00");
    await networkHelpers.setCode(someone, "0x60006000fd");

    expect(await changes()).to.deep.equal([
      ["CodeChanged", 0, 2],
      ["CodeChanged", 3],
    ]);
  });

  // By ERC-1967, and as OpenZeppelin's first proxies had it, of which USDC is one.
  for (const [kind, slot] of [
    ["a proxy", BigInt(id("eip1967.proxy.implementation")) - 1n],
    ["a proxy with a beacon", BigInt(id("eip1967.proxy.beacon")) - 1n],
    ["a proxy of the first kind", BigInt(id("org.zeppelinos.proxy.implementation"))],
  ] as const) {
    it(`name ${kind}, and a change of its code's address`, async () => {
      const { networkHelpers } = sdk.connection;
      const setImplementation = (address: string) => networkHelpers.setStorageAt(sdk.usdcAddress, slot, address);
      const actions = [sdk.usdcCall("transfer", [someone, 1n])];
      expect((await sdk.explain(...actions)).warnings).to.deep.equal([]);

      await setImplementation(someone);
      const { proposalId } = await sdk.deployer.governance.propose({ actions, description: "Trust me" });
      const { warnings } = await sdk.reader.governance.explain(proposalId);
      expect(codesOf(warnings)).to.deep.equal([["Proxy", 0]]);
      expect(warnings[0]).to.have.property("target", sdk.usdcAddress);

      await networkHelpers.mine();
      await setImplementation(another);
      expect(codesOf((await sdk.reader.governance.explain(proposalId)).warnings)).to.deep.equal([
        ["Proxy", 0],
        ["CodeChanged", 0],
      ]);
    });
  }

  it("say so when the node has no state so old", async () => {
    const actions = [sdk.own("RoyaltyLedger", "setProtocolFee", [50]), send(someone, 1n)];
    const { proposalId } = await sdk.deployer.governance.propose({ actions, description: "Old" });
    const { provider } = sdk.connection.ethers;
    const getCode = async (address: string, block?: number) => {
      if (block !== undefined) throw new Error("missing trie node");
      return provider.getCode(address);
    };
    const pruned = await connect(oddly<Provider>(provider, { getCode }), { deployment: sdk.deployment });

    expect(codesOf((await pruned.governance.explain(proposalId)).warnings)).to.deep.equal([
      ["CodeNotCompared", 0],
      ["CodeNotCompared", 1],
    ]);
    // Of what is not proposed there is no earlier state.
    expect((await pruned.governance.explain({ actions })).warnings).to.deep.equal([]);
  });

  it("say so when the node has no log of the proposal", async () => {
    const actions = [sdk.own("RoyaltyLedger", "setProtocolFee", [50])];
    const { proposalId } = await sdk.deployer.governance.propose({ actions, description: "Lost" });
    const forgetful = oddly<Provider>(sdk.connection.ethers.provider, { getLogs: async () => [] });
    const { governance } = await connect(forgetful, { deployment: sdk.deployment });

    const { description, warnings } = await governance.explain(proposalId);
    expect(description).to.equal(undefined);
    expect(codesOf(warnings)).to.deep.equal([["CodeNotCompared", 0]]);
  });

  it("name accounts that follow another one's code", async () => {
    const delegate = await sdk.usdc.getAddress();
    // EIP-7702: 0xef0100 and the address of the code.
    await sdk.connection.networkHelpers.setCode(someone, `0xef0100${delegate.slice(2)}`);
    const { warnings } = await sdk.explain(send(someone, 1n), { target: someone, data: "0x12345678" });

    expect(codesOf(warnings)).to.deep.equal([
      ["UnknownTarget", 1],
      ["DelegatedAccount", 0, 1],
    ]);
    expect(warnings[1].message).to.include(delegate.toLowerCase());
  });

  describe("of transfers", () => {
    const only = (warnings: Warning[]) => warnings.filter(({ code }) => code === "LargeTransfer");

    it("begin above a tenth of what the treasury holds", async () => {
      const tenth = [send(someone, parseEther("11")), sdk.usdcCall("transfer", [someone, 100_000_000n])];
      expect((await sdk.explain(...tenth)).warnings).to.deep.equal([]);

      const above = [send(someone, parseEther("11") + 1n), sdk.usdcCall("transfer", [someone, 100_000_001n])];
      expect((await sdk.explain(...above)).warnings).to.deep.equal([
        {
          code: "LargeTransfer",
          currency: "ETH",
          amount: parseEther("11") + 1n,
          held: parseEther("110"),
          calls: [0],
          message:
            "This moves 11.000000000000000001 ETH of the treasury's 110 ETH, above a tenth of it; make sure that it is meant.",
        },
        {
          code: "LargeTransfer",
          currency: sdk.usdcAddress,
          amount: 100_000_001n,
          held: 1_000_000_000n,
          calls: [1],
          message:
            "This moves 100.000001 USDC of the treasury's 1000 USDC, above a tenth of it; make sure that it is meant.",
        },
      ]);
    });

    it("see through parts, approvals and values of calls", async () => {
      const parts = Array.from({ length: 11 }, () => send(Wallet.createRandom().address, parseEther("1")));
      expect((await sdk.explain(...parts)).warnings).to.deep.equal([]);

      const { target } = sdk.reader.contracts.RoyaltyLedger;
      const payment = sdk.own("RoyaltyLedger", "pay", [someone, ZeroAddress, 1n, ZeroHash], 1n);
      expect(target).to.equal(payment.target);
      const [eth] = only((await sdk.explain(...parts, payment)).warnings);
      expect(eth).to.deep.include({ currency: "ETH", amount: parseEther("11") + 1n, calls: [...parts.keys(), 11] });

      const tokens = [
        sdk.usdcCall("transfer", [someone, 40_000_000n]),
        sdk.usdcCall("approve", [another, 40_000_000n]),
        sdk.usdcCall("transferFrom", [sdk.treasury, someone, 20_000_000n]),
      ];
      expect((await sdk.explain(...tokens)).warnings).to.deep.equal([]);
      const [dollars] = only((await sdk.explain(...tokens, sdk.usdcCall("approve", [someone, 1n]))).warnings);
      expect(dollars).to.deep.include({ amount: 100_000_001n, calls: [0, 1, 2, 3] });
    });

    it("count what the ledger takes, once with its approval", async () => {
      const ledger = await sdk.ledger.getAddress();
      const pay = (units: bigint) => sdk.own("RoyaltyLedger", "pay", [someone, sdk.usdcAddress, units, ZeroHash]);
      const permitted = [someone, sdk.usdcAddress, 10_000_000n, ZeroHash, 0, 27, ZeroHash, ZeroHash];
      const parts = [
        pay(40_000_000n),
        sdk.own("RoyaltyLedger", "payMany", [
          [someone, another],
          sdk.usdcAddress,
          [20_000_000n, 30_000_000n],
          ZeroHash,
        ]),
        sdk.own("RoyaltyLedger", "payWithPermit", permitted),
      ];
      const tenth = [sdk.usdcCall("approve", [ledger, 100_000_000n]), ...parts];
      expect((await sdk.explain(...tenth)).warnings).to.deep.equal([]);

      expect(only((await sdk.explain(...tenth, pay(1n))).warnings)[0]).to.deep.include({
        ...{ currency: sdk.usdcAddress, amount: 100_000_001n, calls: [0, 1, 2, 3, 4] },
      });
      // What was approved and is not taken can be taken later.
      const approved = [sdk.usdcCall("approve", [ledger, 100_000_001n]), ...parts];
      expect(only((await sdk.explain(...approved)).warnings)[0]).to.deep.include({ amount: 100_000_001n });
    });

    it("count WEAL as any currency", async () => {
      const held = await sdk.weal.balanceOf(sdk.treasury);
      const weal = await sdk.weal.getAddress();
      const send = (units: bigint) => sdk.own("WealToken", "transfer", [someone, units]);

      expect((await sdk.explain(send(held / 10n))).warnings).to.deep.equal([]);
      expect(only((await sdk.explain(send(held / 10n), send(1n))).warnings)[0]).to.deep.include({
        ...{ currency: weal, amount: held / 10n + 1n, held },
      });
    });

    it("count nothing that stays, or that is not the treasury's", async () => {
      const { warnings } = await sdk.explain(
        send(sdk.treasury, parseEther("100")),
        sdk.usdcCall("transfer", [sdk.treasury, 900_000_000n]),
        sdk.usdcCall("transferFrom", [someone, another, 900_000_000n]),
        sdk.usdcCall("approve", [sdk.treasury, MaxUint256]),
      );

      expect(warnings).to.deep.equal([]);
    });

    it("take anything for large where there is nothing, or no token", async () => {
      const registry = await sdk.registry.getAddress();
      const transfer = call(sdk.accounts.alice.address, ERC20, "transfer", [someone, 1n]);
      expect(codesOf((await sdk.explain(transfer)).warnings)).to.deep.equal([
        ["UnknownTarget", 0],
        ["TargetWithoutCode", 0],
        ["LargeTransfer", 0],
      ]);
      expect(codesOf((await sdk.explain(call(registry, ERC20, "transfer", [someone, 1n]))).warnings)).to.deep.equal([
        ["UnknownFunction", 0],
      ]);
    });
  });
});
