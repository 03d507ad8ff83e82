import { expect } from "chai";
import { Wallet } from "ethers";
import hre from "hardhat";
import { connect, DeploymentNotFound, InvalidArgument, SignerRequired } from "../../sdk/src/index.js";
import { deployments } from "../../sdk/src/abi.js";
import { deploySdk, failureOf } from "./helpers.js";

describe("SDK connect", () => {
  it("finds the protocol by the chain's id", async () => {
    const { connection, plan } = await deploySdk();
    const { chainId, contracts } = await connect(connection.ethers.provider);

    // The deployer of the tests is the one of local chains, and addresses follow from the deployer alone.
    expect(chainId).to.equal(31_337n);
    for (const { name, address } of plan) {
      // Of founders' wallets there are as many as the deployer likes.
      if (name.startsWith("VestingWallet")) continue;

      expect(contracts[name as keyof typeof contracts].target, name).to.equal(address);
    }
  });

  it("says so when the chain is not known", async () => {
    const connection = await hre.network.create({ override: { chainId: 4_242 } });
    const error = await failureOf(DeploymentNotFound, connect(connection.ethers.provider));

    expect(error.chainId).to.equal(4_242n);
    expect(error.message).to.include("{ deployment }");
  });

  it("says so when the chain is known and the protocol is not there", async () => {
    const connection = await hre.network.create();
    const error = await failureOf(DeploymentNotFound, connect(connection.ethers.provider));

    expect(error.address).to.equal(deployments[31_337].ModelRegistry.address);
  });

  it("refuses a deployment without a contract, or with an address that is not one", async () => {
    const { connection, deployment } = await deploySdk();
    const { provider } = connection.ethers;

    for (const address of ["0x1234", undefined as unknown as string]) {
      const broken = { ...deployment, WealGovernor: { address } };
      const error = await failureOf(InvalidArgument, connect(provider, { deployment: broken }));
      expect(error).to.include({ argument: "deployment.WealGovernor", value: address });
    }
  });

  it("refuses a signer without a provider", async () => {
    const error = await failureOf(InvalidArgument, connect(Wallet.createRandom()));

    expect(error.argument).to.equal("runner");
  });

  it("lets a provider read, and asks for a signer to write or to sign", async () => {
    const { reader, alice, accounts } = await deploySdk();
    const { model } = await alice.registry.register({
      kind: "code",
      manifestDigest: `0x${"11".repeat(32)}`,
      derivatives: { mode: "closed" },
      holdings: [{ holder: accounts.alice.address, units: 1_000_000 }],
    });
    expect(await reader.registry.get({ model })).to.have.property("kind", "code");

    for (const call of [
      () => reader.royalties.pay({ model, currency: "ETH", amount: 1n }),
      () => reader.royalties.cascade({ models: [model], currency: "ETH" }),
      () => reader.royalties.claim({ models: [model], currency: "ETH" }),
      () => reader.registry.withdrawVersion({ model, version: 1 }),
      () => reader.registry.signGrant({ parent: model, child: model, rateBps: 0, deadline: 0 }),
      () => reader.governance.delegate(),
      () => reader.governance.signVote({ proposalId: 1n, support: "for" }),
    ]) {
      await failureOf(SignerRequired, call());
    }
  });
});
