import { expect } from "chai";
import { parseUnits } from "ethers";
import { claimTree } from "../../scripts/genesis.js";
import { InvalidArgument } from "../../sdk/src/index.js";
import { deploySdk, expectRefusal, failureOf } from "./helpers.js";

describe("SDK genesis", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;

  before(async () => {
    sdk = await deploySdk();
  });

  let restore: () => Promise<void>;
  beforeEach(async () => {
    ({ restore } = await sdk.connection.networkHelpers.takeSnapshot());
  });
  afterEach(() => restore());

  it("finds an account's part and claims it, whoever sends it, once", async () => {
    const account = sdk.accounts.deployer.address;
    const amount = parseUnits("50000000", 18);
    const part = { index: 0, account, amount };
    const before = await sdk.weal.balanceOf(account);
    expect(await sdk.reader.genesis.partsOf({ tree: sdk.claims, account })).to.deep.equal([
      { ...part, claimed: false },
    ]);

    // Through JSON, as it comes from a deployment's file.
    const [claim] = await sdk.carol.genesis.claim({ tree: JSON.stringify(sdk.claims), account });

    expect(claim.amount).to.equal(amount);
    expect((await sdk.weal.balanceOf(account)) - before).to.equal(amount);
    expect(await sdk.deployer.genesis.partsOf({ tree: sdk.claims })).to.deep.equal([{ ...part, claimed: true }]);
    expect(await sdk.deployer.genesis.claim({ tree: sdk.claims })).to.deep.equal([]);
  });

  it("finds nothing for others", async () => {
    expect(await sdk.alice.genesis.partsOf({ tree: sdk.claims })).to.deep.equal([]);
    expect(await sdk.alice.genesis.claim({ tree: sdk.claims })).to.deep.equal([]);
  });

  it("refuses what is no tree, and the tree of another deployment", async () => {
    const { genesis } = sdk.parameters;
    const other = claimTree(genesis, 1n, String(sdk.genesisClaim.target));

    for (const tree of [other, {}, "no JSON", undefined, { ...sdk.claims, tree: [] }]) {
      const { argument } = await failureOf(InvalidArgument, sdk.alice.genesis.claim({ tree }));
      expect(argument).to.equal("tree");
    }
  });

  it("says so when claims are over", async () => {
    const until = await sdk.genesisClaim.claimUntil();
    await sdk.connection.networkHelpers.time.increaseTo(until + 1n);

    await expectRefusal(sdk.deployer.genesis.claim({ tree: sdk.claims }), "GenesisClaimOver", { until });
  });
});
