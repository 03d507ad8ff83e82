import { expect } from "chai";
import { sha256, toUtf8Bytes, ZeroAddress } from "ethers";
import {
  type Attestation,
  type Commonweal,
  connect,
  InvalidArgument,
  type SourceClaim,
  SignerRequired,
} from "../../sdk/src/index.js";
import { PLATFORMS } from "../../sdk/src/sourceNames.js";
import { DAY, VERIFIERS } from "../helpers/protocol.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";

const SOURCE = "huggingface:org/name";

/** A name that is one on every platform. */
const NAMES = {
  huggingface: "org/name",
  "huggingface-dataset": "org/name",
  github: "org/name",
  gitlab: "group/name",
  npm: "name",
  pypi: "name",
  doi: "10.5281/zenodo.1",
} as const;

describe("SDK sources", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  /** In an order that is not that of their addresses. */
  let verifiers: Commonweal[];
  let source: string;
  let author: string;
  let deadline: number;

  before(async () => {
    sdk = await deploySdk();
    author = sdk.accounts.alice.address;
    const { provider } = sdk.connection.ethers;
    verifiers = await Promise.all(
      [...VERIFIERS].reverse().map((wallet) => connect(wallet.connect(provider), { deployment: sdk.deployment })),
    );
    source = await sdk.sources.sourceIdOf(0, "org/name");
    deadline = (await sdk.connection.networkHelpers.time.latest()) + 365 * DAY;
  });

  let restore: () => Promise<void>;
  beforeEach(async () => {
    ({ restore } = await sdk.connection.networkHelpers.takeSnapshot());
  });
  afterEach(() => restore());

  const pass = (seconds: number) => sdk.connection.networkHelpers.time.increase(seconds);

  /** Has the first verifiers attest; through JSON, as it comes to whoever sends it. */
  async function attested(count = 2, options: { recipient?: string; model?: string; deadline?: number } = {}) {
    const signed = await Promise.all(
      verifiers
        .slice(0, count)
        .map(({ sources }) => sources.attest({ source: SOURCE, recipient: author, deadline, ...options })),
    );
    const given = { claim: signed[0].claim, attestations: signed.map(({ attestation }) => attestation) };

    return JSON.parse(JSON.stringify(given)) as { claim: SourceClaim; attestations: Attestation[] };
  }

  const cancellations = () =>
    Promise.all(verifiers.slice(1).map(({ sources }) => sources.attestCancellation({ source: SOURCE, deadline })));

  describe("register", () => {
    it("enters a source by its page, for anyone", async () => {
      const page = "https://huggingface.co/Org/Name/tree/main";
      const { source: registered, receipt } = await sdk.carol.sources.register({ source: page });

      expect(registered).to.equal(source);
      await expect(Promise.resolve(receipt)).to.emit(sdk.sources, "SourceRegistered").withArgs(source, 0n, "org/name");
      expect(await sdk.registry.ownerOf(source)).to.equal(await sdk.sources.getAddress());
    });

    for (const [number, platform] of PLATFORMS.entries()) {
      it(`knows ${platform} under the contract's number, and the manifest names it`, async () => {
        const name = NAMES[platform];
        const { receipt } = await sdk.carol.sources.register({ source: { platform, name } });

        await expect(Promise.resolve(receipt))
          .to.emit(sdk.sources, "SourceRegistered")
          .withArgs(await sdk.sources.sourceIdOf(number, name), BigInt(number), name);
        const [{ args }] = await sdk.registry.queryFilter(
          sdk.registry.filters.VersionPublished(),
          receipt.blockNumber,
          receipt.blockNumber,
        );
        const [, base64] = args.mirrorURI.match(/^data:application\/json;base64,(.+)$/) ?? [];
        const text = Buffer.from(base64, "base64").toString();
        expect(JSON.parse(text)).to.deep.equal({
          ...{ description: "A source: its author has not come yet.", files: [] },
          ...{ name, source: `${platform}:${name}` },
        });
        expect(args.manifestDigest).to.equal(sha256(toUtf8Bytes(text)));
      });
    }

    it("knows as many platforms as the contract", async () => {
      const { length } = PLATFORMS;
      expect(await sdk.sources.sourceIdOf(length - 1, "name")).to.match(/^0x/);
      await expect(sdk.sources.sourceIdOf(length, "name")).to.be.revert(sdk.connection.ethers);
    });

    it("refuses what is no source, and what is there", async () => {
      await failureOf(InvalidArgument, sdk.carol.sources.register({ source: "https://example.org/org/name" }));
      await failureOf(InvalidArgument, sdk.carol.sources.register({ source: { platform: "github", name: "name" } }));
      await failureOf(SignerRequired, sdk.reader.sources.register({ source: SOURCE }));
      await sdk.carol.sources.register({ source: SOURCE });
      await expectRefusal(
        sdk.carol.sources.register({ source: { platform: "huggingface", name: "ORG/name" } }),
        "SourceAlreadyRegistered",
        { source },
      );
    });
  });

  describe("lookup", () => {
    const known = () => ({ platform: "huggingface", name: "org/name", source, model: source });
    const lookup = () => sdk.reader.sources.lookup({ source: SOURCE });

    it("tells what is known at each stage", async () => {
      const stranger = { ...known(), registered: false, claimed: false, claim: undefined, waiting: [] };
      expect(await lookup()).to.deep.equal(stranger);

      await sdk.carol.sources.register({ source: SOURCE });
      expect(await lookup()).to.deep.equal({ ...stranger, registered: true });

      const usdc = sdk.usdcAddress;
      await sdk.usdc.mint(sdk.accounts.carol, 100n);
      await sdk.carol.royalties.pay({ model: source, currency: "ETH", amount: 1_000n });
      await sdk.carol.royalties.pay({ model: source, currency: usdc, amount: 100n });
      const waiting = [
        { currency: "ETH", amount: 990n },
        { currency: usdc, amount: 99n },
      ];
      expect(await lookup()).to.deep.equal({ ...stranger, registered: true, waiting });

      const { readyAt } = await sdk.carol.sources.claim(await attested());
      const claim = { recipient: author, readyAt, model: undefined };
      expect(await lookup()).to.deep.equal({ ...stranger, registered: true, claim, waiting });

      await pass(30 * DAY);
      await sdk.carol.sources.complete({ source: SOURCE });
      expect(await lookup()).to.deep.equal({ ...stranger, registered: true, claimed: true });

      // Also when the author gave it to somebody else.
      await sdk.registry.connect(sdk.accounts.alice).transferFrom(author, sdk.accounts.bob, source);
      expect(await lookup()).to.deep.equal({ ...stranger, registered: true, claimed: true });
    });

    it("tells the model that a name stands for", async () => {
      const model = await registerFor(author, sdk.alice);
      await sdk.carol.sources.register({ source: SOURCE });
      const { claim, attestations } = await attested(2, { model });
      const { readyAt } = await sdk.carol.sources.claim({ claim, attestations });
      expect(await lookup()).to.deep.include({ claim: { recipient: author, readyAt, model }, claimed: false });

      await pass(30 * DAY);
      await sdk.carol.sources.complete({ source: SOURCE });

      expect(await lookup()).to.deep.equal({
        ...{ ...known(), model, registered: true, claimed: true, claim: undefined, waiting: [] },
      });
      await expectRefusal(sdk.carol.sources.register({ source: SOURCE }), "SourceAlreadyRegistered", { source });
    });
  });

  describe("attest and claim", () => {
    beforeEach(() => sdk.carol.sources.register({ source: SOURCE }));

    it("begin a claim by the signatures of enough verifiers, in any order", async () => {
      const { claim, attestations } = await attested(3);
      expect(claim).to.deep.equal({ source, recipient: author, model: ZeroAddress, nonce: "0", deadline });
      expect(attestations.map(({ verifier }) => verifier)).to.deep.equal(
        VERIFIERS.map(({ address }) => address).reverse(),
      );

      const { readyAt, receipt } = await sdk.carol.sources.claim({ claim, attestations });

      const now = await sdk.connection.networkHelpers.time.latest();
      expect(readyAt).to.equal(now + 30 * DAY);
      await expect(Promise.resolve(receipt))
        .to.emit(sdk.sources, "SourceClaimStarted")
        .withArgs(source, author, ZeroAddress, readyAt);
    });

    it("refuse too few, strangers, and what was signed for something else", async () => {
      const { sources } = sdk.carol;
      const { claim, attestations } = await attested();
      const [first, second] = attestations;

      await expectRefusal(sources.claim({ claim, attestations: [first] }), "AttestationsMissing", {
        ...{ given: 1n, threshold: 2n },
      });
      await expectRefusal(sources.claim({ claim, attestations: [first, first] }), "VerifiersNotAscending", {
        ...{ previous: first.verifier, verifier: first.verifier },
      });
      const stranger = await sdk.bob.sources.attest({ source: SOURCE, recipient: author, deadline });
      const strangers = [stranger.attestation, { ...first, verifier: stranger.attestation.verifier }];
      await expectRefusal(sources.claim({ claim, attestations: strangers }), "NotVerifier", {
        verifier: sdk.accounts.bob.address,
      });
      for (const change of [{ recipient: sdk.accounts.bob.address }, { deadline: deadline - 1 }]) {
        await expectRefusal(sources.claim({ claim: { ...claim, ...change }, attestations }), "AttestationInvalid", {
          verifier: second.verifier,
        });
      }
      const bobs = await registerFor(sdk.accounts.bob.address, sdk.bob);
      const { claim: other, attestations: others } = await attested(2, { model: bobs });
      await expectRefusal(sources.claim({ claim: other, attestations: others }), "SourceModelNotOwned", {
        ...{ model: bobs, recipient: author },
      });
    });

    it("refuse a claim while another one waits, and what has expired", async () => {
      const { sources } = sdk.carol;
      const expired = await attested(2, { deadline: deadline - 365 * DAY });
      await expectRefusal(sources.claim(expired), "AttestationExpired", { deadline: BigInt(deadline - 365 * DAY) });

      await sources.claim(await attested());
      await expectRefusal(sources.claim(await attested()), "SourceClaimPending", { source, recipient: author });
    });

    it("refuse addresses that are none, and who cannot sign", async () => {
      const { claim, attestations } = await attested();
      for (const [argument, change] of [
        ["claim.source", { source: SOURCE }],
        ["claim.recipient", { recipient: "alice" }],
        ["claim.model", { model: "" }],
      ] as const) {
        const error = await failureOf(
          InvalidArgument,
          sdk.carol.sources.claim({ claim: { ...claim, ...change }, attestations }),
        );
        expect(error.argument).to.equal(argument);
      }
      const unsigned = [{ verifier: "somebody", signature: "0x" }];
      const error = await failureOf(InvalidArgument, sdk.carol.sources.claim({ claim, attestations: unsigned }));
      expect(error.argument).to.equal("attestations.verifier");
      await failureOf(SignerRequired, sdk.reader.sources.attest({ source: SOURCE, recipient: author, deadline }));
      await failureOf(SignerRequired, sdk.reader.sources.attestCancellation({ source: SOURCE, deadline }));
    });
  });

  describe("cancel and complete", () => {
    beforeEach(async () => {
      await sdk.carol.sources.register({ source: SOURCE });
      await sdk.carol.sources.claim(await attested());
    });

    it("give the author the source after its time, and not before", async () => {
      const { readyAt } = (await sdk.reader.sources.lookup({ source: SOURCE })).claim ?? { readyAt: 0 };
      await expectRefusal(sdk.carol.sources.complete({ source: SOURCE }), "SourceClaimNotReady", {
        ...{ source, readyAt: BigInt(readyAt) },
      });

      await pass(30 * DAY);
      const { recipient } = await sdk.carol.sources.complete({ source: SOURCE });

      expect(recipient).to.equal(author);
      expect(await sdk.registry.ownerOf(source)).to.equal(author);
      expect(await sdk.reader.royalties.sharesOf({ holder: author, model: source })).to.equal(1_000_000n);
      await expectRefusal(sdk.carol.sources.complete({ source: SOURCE }), "SourceClaimNotFound", { source });
      await expectRefusal(sdk.carol.sources.claim(await attested()), "SourceAlreadyClaimed", { source });
    });

    it("cancel a claim that waits, after which the old signatures serve no more", async () => {
      const old = await attested();
      const { receipt } = await sdk.carol.sources.cancel({
        ...{ source: SOURCE, deadline, attestations: await cancellations() },
      });

      await expect(Promise.resolve(receipt)).to.emit(sdk.sources, "SourceClaimCancelled").withArgs(source, author);
      expect(old.claim.nonce).to.equal("1");
      await expectRefusal(sdk.carol.sources.claim(old), "AttestationInvalid", {
        verifier: old.attestations[1].verifier,
      });
      const anew = await attested();
      expect(anew.claim.nonce).to.equal("2");
      await sdk.carol.sources.claim(anew);
    });

    it("refuse to cancel without enough signatures, or when nothing waits", async () => {
      const attestations = await cancellations();
      const options = { source: SOURCE, deadline, attestations };
      await expectRefusal(
        sdk.carol.sources.cancel({ ...options, attestations: attestations.slice(1) }),
        "AttestationsMissing",
        { given: 1n, threshold: 2n },
      );
      await sdk.carol.sources.cancel(options);
      await expectRefusal(sdk.carol.sources.cancel(options), "SourceClaimNotFound", { source });
    });
  });

  it("say what to do", async () => {
    const { sources } = sdk.carol;
    const message = (call: Promise<unknown>) =>
      call.then(
        () => "nothing",
        (error: Error) => error.message,
      );
    const readyAt = async () => (await sdk.reader.sources.lookup({ source: SOURCE })).claim?.readyAt;

    expect(await message(sources.claim(await attested()))).to.equal(
      `SourceNotRegistered: ${source} is not registered; register it first (sources.register).`,
    );
    await sources.register({ source: SOURCE });
    expect(await message(sources.register({ source: SOURCE }))).to.equal(
      `SourceAlreadyRegistered: The source is registered already, as ${source}; link to that.`,
    );
    const { claim, attestations } = await attested();
    expect(await message(sources.claim({ claim, attestations: attestations.slice(1) }))).to.equal(
      "AttestationsMissing: 1 attestations were given and 2 are needed; ask more verifiers.",
    );
    await sources.claim({ claim, attestations });
    expect(await message(sources.complete({ source: SOURCE }))).to.equal(
      `SourceClaimNotReady: The claim of ${source} waits until ${await readyAt()} (Unix time); complete it then.`,
    );
    expect(await message(sdk.alice.allocations.reclaim({ allocation: 7, model: source }))).to.equal(
      `NotAllocationSteward: ${author} is not the steward of allocation 7; call as the steward.`,
    );
  });
});
