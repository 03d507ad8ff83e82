import { expect } from "chai";
import { type BytesLike, hexlify, type Signer, type TypedDataDomain, type TypedDataField, ZeroAddress } from "ethers";
import { network } from "hardhat";
import type { BallotRelay, ERC1271Wallet, FickleWallet } from "../../types/ethers-contracts/index.js";
import { deployWithVoters, fractions, proposalOf, State, bitmap, Vote, weal } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const BALLOT_GAS = 300_000n;

const FIELDS = [
  { name: "proposalId", type: "uint256" },
  { name: "support", type: "uint8" },
  { name: "voter", type: "address" },
  { name: "nonce", type: "uint256" },
];
const EXTENDED_FIELDS = [...FIELDS, { name: "reason", type: "string" }, { name: "params", type: "bytes" }];

interface Ballot {
  proposalId: bigint;
  support: number;
  voter: string;
  reason: string;
  params: BytesLike;
  signature: BytesLike;
}

/** Signs a vote as a wallet would: the short form when it has neither reason nor params. */
async function signBallot(
  signer: Signer,
  domain: TypedDataDomain,
  vote: Partial<Ballot> & Pick<Ballot, "proposalId">,
): Promise<Ballot> {
  const ballot = { support: Vote.For, voter: await signer.getAddress(), reason: "", params: "0x", ...vote };
  const types: Record<string, TypedDataField[]> =
    ballot.reason === "" && ballot.params === "0x" ? { Ballot: FIELDS } : { ExtendedBallot: EXTENDED_FIELDS };

  return { ...ballot, signature: await signer.signTypedData(domain, types, { ...ballot, nonce: 0n }) };
}

/** The relay, and a proposal whose vote has begun; voters are alice, bob, and contracts with 1,000 WEAL each. */
async function deploy() {
  const context = await deployWithVoters(connection);
  const { governor, signers, weal: token, proposeAndOpen } = context;
  const relay = (await ethers.deployContract("BallotRelay")) as unknown as BallotRelay;
  const keeper = signers[6];

  const wallet = (await ethers.deployContract("ERC1271Wallet", [keeper])) as unknown as ERC1271Wallet;
  const fickle = (await ethers.deployContract("FickleWallet")) as unknown as FickleWallet;
  for (const voter of [wallet, fickle]) await token.transfer(voter, weal("1000"));
  const delegation = token.interface.encodeFunctionData("delegate", [await wallet.getAddress()]);
  await wallet.connect(keeper).execute(token, 0, delegation);
  await fickle.delegate(token);
  await networkHelpers.mine();

  const proposalId = await proposeAndOpen(proposalOf([{ target: signers[7].address, data: "0x" }], "A call"));
  const domain = {
    name: "Commonweal Governor",
    version: "1",
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await governor.getAddress(),
  };
  const sign = (signer: Signer, vote: Partial<Ballot> = {}) => signBallot(signer, domain, { proposalId, ...vote });

  return { ...context, relay, keeper, wallet, fickle, proposalId, sign };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("BallotRelay", () => {
  describe("castBallots", () => {
    it("casts ballots of every kind, whoever sends them, and returns how many", async () => {
      const { governor, relay, alice, bob, keeper, wallet, stranger, proposalId, sign } = await fixture();
      const params = hexlify(fractions(weal("10000000"), weal("20000000"), 0n));
      const ballots = [
        await sign(alice, { reason: "It is time" }),
        await sign(bob, { support: Vote.Fractional, params }),
        await sign(keeper, { support: Vote.Against, voter: await wallet.getAddress() }),
      ];
      const sent = relay.connect(stranger);

      expect(await sent.castBallots.staticCall(governor, ballots, BALLOT_GAS)).to.equal(3n);
      const batch = sent.castBallots(governor, ballots, BALLOT_GAS);
      await expect(batch)
        .to.emit(governor, "VoteCast")
        .withArgs(alice.address, proposalId, Vote.For, weal("45000000"), "It is time");
      await expect(batch)
        .to.emit(governor, "VoteCastWithParams")
        .withArgs(bob.address, proposalId, Vote.Fractional, weal("30000000"), "", params);
      await expect(batch)
        .to.emit(governor, "VoteCast")
        .withArgs(await wallet.getAddress(), proposalId, Vote.Against, weal("1000"), "");
      await expect(batch).to.not.emit(relay, "BallotRefused");

      expect(await governor.proposalVotes(proposalId)).to.deep.equal([weal("10001000"), weal("65000000"), 0n]);
    });

    it("takes the short form of ballot for a plain vote alone", async () => {
      const { governor, relay, alice, proposalId, sign } = await fixture();
      const plain = await sign(alice);

      expect(
        await relay.castBallots.staticCall(governor, [{ ...plain, reason: "Words put into a mouth" }], BALLOT_GAS),
      ).to.equal(0n);
      await expect(relay.castBallots(governor, [plain], BALLOT_GAS))
        .to.emit(governor, "VoteCast")
        .withArgs(alice.address, proposalId, Vote.For, weal("45000000"), "");
    });

    it("passes over what the governor refuses, says why, and casts the rest", async () => {
      const { governor, relay, alice, bob, stranger, wallet, proposalId, propose, sign } = await fixture();
      const pending = await propose(proposalOf([{ target: stranger.address, data: "0x" }], "Another"));
      const ballots = [
        await sign(alice, { voter: await wallet.getAddress() }),
        await sign(stranger),
        await sign(alice, { proposalId: pending }),
        await sign(alice),
        await sign(bob, { reason: "After all of these" }),
      ];
      const errorData = (name: "GovernorInvalidSignature" | "GovernorAlreadyCastVote", voter: string) =>
        governor.interface.encodeErrorResult(name, [voter]);

      expect(await relay.castBallots.staticCall(governor, ballots, BALLOT_GAS)).to.equal(2n);
      const batch = relay.castBallots(governor, ballots, BALLOT_GAS);
      const walletAddress = await wallet.getAddress();
      await expect(batch)
        .to.emit(relay, "BallotRefused")
        .withArgs(governor, walletAddress, proposalId, errorData("GovernorInvalidSignature", walletAddress));
      // Without votes, nothing is left to be cast.
      await expect(batch)
        .to.emit(relay, "BallotRefused")
        .withArgs(governor, stranger.address, proposalId, errorData("GovernorAlreadyCastVote", stranger.address));
      await expect(batch)
        .to.emit(relay, "BallotRefused")
        .withArgs(
          governor,
          alice.address,
          pending,
          governor.interface.encodeErrorResult("GovernorUnexpectedProposalState", [
            pending,
            State.Pending,
            bitmap(State.Active),
          ]),
        );

      expect((await governor.proposalVotes(proposalId)).forVotes).to.equal(weal("75000000"));
    });

    it("passes over a ballot that was cast before, and leaves one that was passed over as it was", async () => {
      const { governor, relay, alice, proposalId, sign } = await fixture();
      const ballot = await sign(alice);
      const forged = { ...ballot, support: Vote.Against };

      expect(await relay.castBallots.staticCall(governor, [forged, ballot, ballot], BALLOT_GAS)).to.equal(1n);
      await relay.castBallots(governor, [forged], BALLOT_GAS);
      expect(await governor.hasVoted(proposalId, alice)).to.equal(false);
      await relay.castBallots(governor, [ballot], BALLOT_GAS);
      await relay.castBallots(governor, [ballot], BALLOT_GAS);

      expect(await governor.proposalVotes(proposalId)).to.deep.equal([0n, weal("45000000"), 0n]);
    });

    it("lets a wallet that burns gas burn its own part alone", async () => {
      const { governor, relay, fickle, alice, bob, proposalId, sign } = await fixture();
      const voter = await fickle.getAddress();
      await fickle.setBurns(true);
      const ballots = [await sign(alice, { voter }), await sign(alice), await sign(bob)];
      const gasLimit = 3n * (BALLOT_GAS + 12_000n) + 60_000n;

      // The governor has a 64th of the ballot's gas left when the wallet's call ends: for its own error, or for none.
      const batch = await relay.castBallots(governor, ballots, BALLOT_GAS, { gasLimit });
      const receipt = await batch.wait();
      const [refusal] = await relay.queryFilter(relay.filters.BallotRefused, receipt?.blockNumber);

      expect([refusal.args.governor, refusal.args.voter, refusal.args.proposalId]).to.deep.equal([
        await governor.getAddress(),
        voter,
        proposalId,
      ]);
      expect((await governor.proposalVotes(proposalId)).forVotes).to.equal(weal("75000000"));
    });

    it("goes through with gas for every ballot's part, although all burn it", async () => {
      const { governor, relay, fickle, alice, sign } = await fixture();
      await fickle.setBurns(true);
      const ballot = await sign(alice, { voter: await fickle.getAddress() });
      const ballots = Array.from({ length: 50 }, () => ballot);
      const { length } = relay.interface.encodeFunctionData("castBallots", [governor.target, ballots, BALLOT_GAS]);
      const gasLimit = 21_000n + 8n * BigInt(length) + 50n * (BALLOT_GAS + 12_000n) + BALLOT_GAS / 63n;

      const { gasUsed } = (await (await relay.castBallots(governor, ballots, BALLOT_GAS, { gasLimit })).wait()) as {
        gasUsed: bigint;
      };
      expect(gasUsed > 50n * BALLOT_GAS).to.equal(true);
    });

    it("refuses to give a ballot less gas than it was told", async () => {
      const { governor, relay, alice, bob, sign } = await fixture();
      const ballots = [await sign(alice), await sign(bob)];
      const required = (BALLOT_GAS * 64n) / 63n + (await relay.OVERHEAD_GAS());

      // Enough for what the ballots take, and for the first one's part, but not for the second's.
      await expect(relay.castBallots(governor, ballots, BALLOT_GAS, { gasLimit: 400_000n }))
        .to.be.revertedWithCustomError(relay, "BallotGasTooLow")
        .withArgs((available: bigint) => available > 200_000n && available < required, required);
      // So an estimate holds whatever the ballots take.
      expect((await relay.castBallots.estimateGas(governor, ballots, BALLOT_GAS)) > 400_000n).to.equal(true);
      await expect(relay.castBallots(governor, ballots, 2n ** 64n - 1n)).to.be.revertedWithCustomError(
        relay,
        "BallotGasTooLow",
      );
    });

    it("copies a reason of 256 bytes at most", async () => {
      const { relay, alice } = await fixture();
      const hostile = await ethers.deployContract("HostileGovernor");
      const sized = (size: bigint) => ({
        ...{ proposalId: size, support: Vote.For, voter: alice.address },
        ...{ reason: "", params: "0x", signature: "0x" },
      });

      for (const [size, copied] of [
        [0n, 0],
        [256n, 256],
        [257n, 0],
        // Copying so much would take six times the gas that is left then.
        [200_000n, 0],
      ] as const) {
        await expect(relay.castBallots(hostile, [sized(size)], BALLOT_GAS, { gasLimit: 400_000n }))
          .to.emit(relay, "BallotRefused")
          .withArgs(hostile, alice.address, size, hexlify(new Uint8Array(copied)));
      }
    });

    it("may be called again by a governor, which gets it nothing", async () => {
      const { governor, relay, alice, bob, proposalId, sign } = await fixture();
      const hostile = await ethers.deployContract("HostileGovernor");
      const inner = relay.interface.encodeFunctionData("castBallots", [
        await governor.getAddress(),
        [await sign(alice)],
        200_000n,
      ]);
      const outer = { ...(await sign(bob)), params: inner };

      expect(await relay.castBallots.staticCall(hostile, [outer], 600_000n)).to.equal(1n);
      await relay.castBallots(hostile, [outer], 600_000n);

      expect(await governor.hasVoted(proposalId, alice)).to.equal(true);
      expect(await governor.hasVoted(proposalId, bob)).to.equal(false);
    });

    it("refuses a governor that is not there", async () => {
      const { relay } = await fixture();

      await expect(relay.castBallots(ZeroAddress, [], BALLOT_GAS))
        .to.be.revertedWithCustomError(relay, "GovernorNotDeployed")
        .withArgs(ZeroAddress);
    });

    it("costs less a vote for 50 than for one", async () => {
      const { governor, relay, weal: token, alice, propose, sign } = await fixture();
      const wallets = Array.from({ length: 51 }, (_, i) => new ethers.Wallet(ethers.id(`voter ${i}`), ethers.provider));
      for (const wallet of wallets) {
        await networkHelpers.setBalance(wallet.address, 10n ** 18n);
        await token.transfer(wallet, weal("10"));
        await token.connect(wallet).delegate(wallet);
      }
      const proposalId = await propose(proposalOf([{ target: alice.address, data: "0x" }], "For many"));
      await networkHelpers.time.increaseTo((await governor.proposalSnapshot(proposalId)) + 1n);
      const ballots = await Promise.all(wallets.map((wallet) => sign(wallet, { proposalId })));
      // The first vote on a proposal pays for its tally.
      await governor.connect(alice).castVote(proposalId, Vote.For);

      const [{ support, voter, signature }, ...others] = ballots;
      const alone = await (await governor.castVoteBySig(proposalId, support, voter, signature)).wait();
      const batch = await (await relay.castBallots(governor, others, BALLOT_GAS, { gasLimit: 16_700_000n })).wait();
      const [one, each] = [Number(alone?.gasUsed), Number(batch?.gasUsed) / 50];

      expect((await governor.proposalVotes(proposalId)).forVotes).to.equal(weal("45000510"));
      console.log(`        ${one} gas alone, ${Math.round(each)} in a batch of 50`);
      // A transaction's own 21,000, and what is looked up again.
      expect(one - each).to.be.above(25_000);
    });

    it("casts nothing when there is nothing to cast", async () => {
      const { governor, relay } = await fixture();

      expect(await relay.castBallots.staticCall(governor, [], BALLOT_GAS)).to.equal(0n);
    });
  });
});
