import { expect } from "chai";
import { id, parseEther, parseUnits } from "ethers";
import { type ActionLike, type Commonweal, connect, InvalidAmount, InvalidArgument } from "../../sdk/src/index.js";
import { BOARD_MEMBER, DAY, VERIFIERS } from "../helpers/protocol.js";
import { carry, deploySdk, failureOf, registerFor } from "./helpers.js";

const EVIDENCE = id("evidence");

describe("SDK governance.proposals", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let treasury: string;
  let model: string;
  let newToken: string;

  before(async () => {
    sdk = await deploySdk();
    treasury = String(sdk.timelock.target);
    await sdk.accounts.bob.sendTransaction({ to: treasury, value: parseEther("100") });
    await sdk.usdc.mint(treasury, parseUnits("1000", 6));
    await sdk.deployer.governance.delegate();
    model = await registerFor(sdk.accounts.alice.address, sdk.alice);
    newToken = await (await sdk.connection.ethers.deployContract("TestToken", ["Other", "OTHER", 8])).getAddress();
  });

  let restore: () => Promise<void>;
  beforeEach(async () => {
    ({ restore } = await sdk.connection.networkHelpers.takeSnapshot());
  });
  afterEach(() => restore());

  /** Explains and simulates actions, has them decided and executed, and compares what was shown with what came. */
  async function decide(
    governance: Commonweal["governance"]["safety"] | Commonweal["governance"],
    actions: ActionLike[],
  ) {
    const explained = await governance.explain({ actions });
    const simulated = await governance.simulate({ actions });
    expect(simulated.error).to.equal(undefined);
    const { execute } = await carry({ governance }, sdk.connection.networkHelpers.time.increase, actions, "Decide");
    await execute();

    return { sentences: explained.calls.map(({ sentence }) => sentence), warnings: explained.warnings };
  }

  describe("development and use", () => {
    it("are decided by the main governor, as explained, and do what they say", async () => {
      const { governance } = sdk.deployer;
      const { proposals } = governance;
      const [lab, verifier] = [sdk.accounts.carol.address, sdk.accounts.bob.address];

      const { sentences, warnings } = await decide(governance, [
        proposals.grant({ to: lab, currency: "ETH", amount: "2.5" }),
        await proposals.grant({ to: lab, currency: sdk.usdcAddress, amount: "12.34" }),
        proposals.setProtocolFee({ feeBps: 50 }),
        proposals.addCurrency({ currency: newToken }),
        await proposals.setStakeholdingRate({ currency: "ETH", weal: "2000" }),
        proposals.setStakeholdingRate({ currency: sdk.usdcAddress, weal: "0.5" }),
        proposals.setStakeholdingCap({ weal: "250000" }),
        proposals.publishPolicy({ digest: id("second policy"), clauseCount: 12, uri: "ipfs://second" }),
        proposals.setVerifier({ verifier, allowed: true }),
        proposals.setVerifierThreshold({ threshold: 3 }),
        proposals.setSafetyGovernance({ timelock: verifier }),
      ]);

      expect(sentences).to.deep.equal([
        `Send 2.5 ETH to ${lab}`,
        `Send 12.34 USDC to ${lab}`,
        "Set the protocol fee of future models to 0.5 %",
        `List OTHER (${newToken}) as a currency, for ever`,
        "Pay 2000 WEAL for each ETH of protocol fees",
        "Pay 0.5 WEAL for each USDC of protocol fees",
        "Let an epoch pay 250000 WEAL for protocol fees at most",
        `Publish the next use policy, of 12 clauses, with the sha-256 ${id("second policy")}, at "ipfs://second"`,
        `Name ${verifier} a verifier, who counts once the waiting period is over`,
        "Ask for 3 verifiers to attest an author, once the waiting period is over",
        `Put ${verifier} in charge of safety`,
      ]);
      // Of all these only the last gives somebody power.
      expect(warnings.map(({ code, calls }) => [code, calls])).to.deep.equal([["PowerGiven", [10]]]);
      expect(await sdk.usdc.balanceOf(lab)).to.equal(12_340_000n);
      expect(await sdk.ledger.protocolFeeBps()).to.equal(50n);
      expect(await sdk.ledger.isListed(newToken)).to.equal(true);
      // Units of 10⁻¹⁸ WEAL for 10¹⁸ of the currency's units, of which one USDC has 10⁶.
      expect(await sdk.stakeholding.rateOf(sdk.connection.ethers.ZeroAddress)).to.equal(2_000n * 10n ** 18n);
      expect(await sdk.stakeholding.rateOf(sdk.usdcAddress)).to.equal(5n * 10n ** 29n);
      expect(await sdk.stakeholding.epochCap()).to.equal(parseEther("250000"));
      expect(await sdk.reader.safety.policy()).to.deep.include({ version: 2, clauseCount: 12 });
      expect(await sdk.safetyBoard.safetyGovernance()).to.equal(verifier);
      await sdk.connection.networkHelpers.time.increase(30 * DAY);
      expect(await sdk.sources.isVerifier(verifier)).to.equal(true);
      expect(await sdk.sources.threshold()).to.equal(3n);
    });

    it("cancel a claim of a source", async () => {
      const [first, second] = await Promise.all(
        VERIFIERS.slice(0, 2).map((wallet) =>
          connect(wallet.connect(sdk.connection.ethers.provider), { deployment: sdk.deployment }),
        ),
      );
      const { source } = await sdk.alice.sources.register({ source: "npm:left-pad" });
      const options = {
        source: "npm:left-pad",
        recipient: sdk.accounts.bob.address,
        deadline: (await sdk.connection.networkHelpers.time.latest()) + DAY,
      };
      const { claim, attestation } = await first.sources.attest(options);
      const attestations = [attestation, (await second.sources.attest(options)).attestation];
      await sdk.alice.sources.claim({ claim, attestations });

      await decide(sdk.deployer.governance, [sdk.deployer.governance.proposals.cancelSourceClaim({ source })]);

      expect((await sdk.reader.sources.lookup({ source: "npm:left-pad" })).claim).to.equal(undefined);
    });

    it("refuse what a contract would refuse only after vote and delay", async () => {
      const { proposals } = sdk.reader.governance;
      const weal = String(sdk.weal.target);

      for (const make of [
        () => proposals.setProtocolFee({ feeBps: 251 }),
        () => proposals.setProtocolFee({ feeBps: 0.5 }),
        () => proposals.addCurrency({ currency: "USDC" }),
        () => proposals.addCurrency({ currency: sdk.connection.ethers.ZeroAddress }),
        () => proposals.publishPolicy({ digest: sdk.connection.ethers.ZeroHash, clauseCount: 1 }),
        () => proposals.setStakeholdingCap({ weal: (2n ** 128n).toString() }),
        () => proposals.publishPolicy({ digest: "0x12", clauseCount: 1 }),
        () => proposals.publishPolicy({ digest: EVIDENCE, clauseCount: 0 }),
        () => proposals.setVerifier({ verifier: "bob", allowed: true }),
        () => proposals.setVerifierThreshold({ threshold: 0 }),
        () => proposals.setVerifierThreshold({ threshold: 256 }),
        () => proposals.cancelSourceClaim({ source: "npm:left-pad" }),
        () => proposals.setSafetyGovernance({ timelock: treasury }),
        () => proposals.setSafetyGovernance({ timelock: sdk.connection.ethers.ZeroAddress }),
      ]) {
        await failureOf(InvalidArgument, make());
      }
      await failureOf(InvalidArgument, proposals.setStakeholdingRate({ currency: weal, weal: "1" }));
      await failureOf(InvalidAmount, proposals.setStakeholdingRate({ currency: "ETH", weal: "1e3" }));
      await failureOf(
        InvalidArgument,
        proposals.setStakeholdingRate({ currency: sdk.usdcAddress, weal: "1000000000" }),
      );
      for (const to of ["lab", sdk.connection.ethers.ZeroAddress]) {
        await failureOf(InvalidArgument, proposals.grant({ to, currency: "ETH", amount: "1" }));
      }
      await failureOf(
        InvalidAmount,
        proposals.grant({ to: treasury, currency: "ETH", amount: 1 as unknown as string }),
      );
    });
  });

  describe("safety", () => {
    it("is decided by the safety governor, as explained, and does what it says", async () => {
      const { safety } = sdk.deployer.governance;
      const { proposals } = safety;
      const account = sdk.accounts.bob.address;
      const reason = { ground: "usePolicy", clause: 5, policyVersion: 1, evidenceDigest: EVIDENCE } as const;
      const lineage = { ground: "lineage", evidenceDigest: EVIDENCE } as const;

      const { sentences, warnings } = await decide(safety, [
        proposals.setMember({ account, allowed: true }),
        proposals.setMember({ account: BOARD_MEMBER, allowed: false }),
        proposals.decideAdvisory({ model, level: "recalled", reason, evidenceUri: "ipfs://x" }),
        proposals.decideAdvisory({ model, version: 1, level: "notice", reason: lineage }),
        proposals.rearm({ model }),
      ]);

      expect(sentences).to.deep.equal([
        `Name ${account} a member of the safety board`,
        `Dismiss ${BOARD_MEMBER} from the safety board`,
        `Issue an advisory on the model ${model} that lasts: recalled, by clause 5 of the use policy`,
        `Issue an advisory on version 1 of the model ${model} that lasts: notice, for its lineage`,
        `Let the board restrict the model ${model} once more`,
      ]);
      expect(warnings).to.deep.equal([]);
      expect(await sdk.reader.safety.members()).to.deep.equal([account]);
      const status = await sdk.reader.safety.statusOf({ model });
      expect(status.level).to.equal("recalled");
      expect(status.versions).to.have.length(1);

      await decide(safety, [proposals.liftAdvisory({ model }), proposals.liftAdvisory({ model, version: 1 })]);
      expect(await sdk.reader.safety.statusOf({ model })).to.deep.include({ level: "none", versions: [] });
    });

    it("refuses what the board would refuse only after vote and delay", async () => {
      const { proposals } = sdk.reader.governance.safety;
      const reason = { ground: "lineage", evidenceDigest: EVIDENCE } as const;
      const cited = { ground: "usePolicy", clause: 5, policyVersion: 1, evidenceDigest: EVIDENCE } as const;

      for (const make of [
        () => proposals.setMember({ account: sdk.connection.ethers.ZeroAddress, allowed: true }),
        () => proposals.decideAdvisory({ model, level: "none" as never, reason }),
        () => proposals.decideAdvisory({ model, level: "grave" as never, reason }),
        () => proposals.decideAdvisory({ model, level: "notice", reason: { ...reason, evidenceDigest: "0x" } }),
        () =>
          proposals.decideAdvisory({
            ...{ model, level: "notice", reason: { ...reason, evidenceDigest: sdk.connection.ethers.ZeroHash } },
          }),
        () => proposals.decideAdvisory({ model, level: "notice", reason: { ...cited, clause: 0 } }),
        () => proposals.decideAdvisory({ model, level: "notice", reason: { ...cited, policyVersion: 0 } }),
        () => proposals.liftAdvisory({ model: "it" }),
        () => proposals.rearm({ model: "it" }),
      ]) {
        await failureOf(InvalidArgument, make());
      }
    });
  });
});
