import { expect } from "chai";
import { id } from "ethers";
import {
  type Attestation,
  type Commonweal,
  connect,
  FundingEntryInvalid,
  FundingEntryMissing,
  FundingRecipientMismatch,
  ReadmeUnavailable,
} from "../../sdk/src/index.js";
import { startHub } from "../helpers/hub.js";
import { DAY, VERIFIERS } from "../helpers/protocol.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "../sdk/helpers.js";

const SOURCE = "huggingface:org/name";
const README = "/org/name/raw/main/README.md";
const CARD = "---\nlicense: apache-2.0\n---\n\n# Name\n\nA model.\n";

/** Bob's child passes a tenth on; the protocol takes a hundredth of what stays. */
const RATE = 1_000;

describe("A source, from the first link to its author's royalties", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;
  let hub: Awaited<ReturnType<typeof startHub>>;
  let verifiers: Commonweal[];
  let author: string;
  let usdc: string;

  before(async () => {
    hub = await startHub();
    sdk = await deploySdk();
    const { provider } = sdk.connection.ethers;
    verifiers = await Promise.all(
      VERIFIERS.map((wallet) => connect(wallet.connect(provider), { deployment: sdk.deployment })),
    );
    author = sdk.accounts.alice.address;
    usdc = sdk.usdcAddress;
    await sdk.usdc.mint(sdk.accounts.carol, 10n ** 12n);
  });

  after(() => hub.close());

  let restore: () => Promise<void>;
  beforeEach(async () => {
    hub.files.clear();
    hub.files.set(README, CARD);
    ({ restore } = await sdk.connection.networkHelpers.takeSnapshot());
  });
  afterEach(() => restore());

  const now = () => sdk.connection.networkHelpers.time.latest();
  const wait = (days: number) => sdk.connection.networkHelpers.time.increase(days * DAY);
  const lookup = () => sdk.reader.sources.lookup({ source: SOURCE });

  /** What a verifier does: looks into the README, and signs whom it names. */
  async function verify({ sources }: Commonweal, deadline: number, model?: string) {
    const { recipient } = await sources.fundingOf({ source: SOURCE, base: hub.base });

    return sources.attest({ source: SOURCE, recipient, deadline, model });
  }

  /** Has all verifiers look and sign, and starts the claim, as anybody can. */
  async function claim(model?: string) {
    const deadline = (await now()) + 7 * DAY;
    const signed = await Promise.all(verifiers.map((verifier) => verify(verifier, deadline, model)));
    const attestations: Attestation[] = JSON.parse(JSON.stringify(signed.map(({ attestation }) => attestation)));

    return sdk.carol.sources.claim({ claim: signed[0].claim, attestations });
  }

  /** Adds an entry to the README: the lines that the SDK says are missing. */
  async function addEntry(recipient: string) {
    const missing = await failureOf(
      FundingEntryMissing,
      sdk.alice.sources.fundingOf({ source: SOURCE, recipient, base: hub.base }),
    );
    hub.files.set(README, CARD.replace("license:", `${missing.lines}license:`));
  }

  /** Bob builds on the source; his model is paid and passes its part on. */
  async function earn() {
    const { source } = await sdk.bob.sources.register({ source: `https://huggingface.co/org/name` });
    const child = await registerFor(sdk.accounts.bob.address, sdk.bob, {
      parents: [{ model: (await lookup()).model, rateBps: RATE, relation: "fineTune" }],
    });
    await sdk.carol.royalties.pay({ model: child, currency: "ETH", amount: 1_000_007n });
    await sdk.carol.royalties.pay({ model: child, currency: usdc, amount: "12.345678" });
    for (const currency of ["ETH", usdc]) await sdk.carol.royalties.cascade({ models: [child], currency });

    return { source, child };
  }

  it("pays the author everything since the first day, to the unit", async () => {
    expect(await lookup()).to.deep.include({ registered: false, claimed: false, waiting: [] });
    const { source, child } = await earn();
    // A tenth of 1,000,007 wei and of 12.345678 USDC, rounded down, and of that all but a hundredth, rounded down.
    const waiting = [
      { currency: "ETH", amount: 100_000n - 1_000n },
      { currency: usdc, amount: 1_234_567n - 12_345n },
    ];
    expect(await lookup()).to.deep.include({ source, model: source, registered: true, claimed: false, waiting });

    await addEntry(author);
    await wait(400);
    hub.requests.length = 0;
    const { readyAt } = await claim();
    expect(hub.requests).to.deep.equal([README, README, README]);
    expect(await lookup()).to.deep.include({ claim: { recipient: author, readyAt, model: undefined }, waiting });
    // What comes while the claim waits is the author's too.
    await sdk.carol.royalties.pay({ model: child, currency: "ETH", amount: 1_000_003n });
    await wait(30);
    const { recipient } = await sdk.carol.sources.complete({ source: SOURCE });
    expect(recipient).to.equal(author);
    expect(await lookup()).to.deep.include({ claimed: true, claim: undefined, waiting: [] });

    // 200,001 of 2,000,010 wei, less 2,000: as if all had come at once.
    const to = `0x${"a1".repeat(20)}`;
    const { totals } = await sdk.alice.royalties.claimAll({ to, gasPrice: 0n });
    expect(totals).to.deep.equal([
      { currency: "ETH", amount: 198_001n },
      { currency: usdc, amount: 1_222_222n },
    ]);
    expect(await sdk.connection.ethers.provider.getBalance(to)).to.equal(198_001n);
    expect(await sdk.usdc.balanceOf(to)).to.equal(1_222_222n);
    expect(await sdk.registry.ownerOf(source)).to.equal(author);

    // From now on the source is a model as any other.
    await sdk.carol.royalties.pay({ model: source, currency: usdc, amount: 1_000n });
    const { total } = await sdk.reader.royalties.claimable({ holder: author, models: [source], currency: usdc });
    expect(total).to.equal(990n);
  });

  it("tells an author whose README has no entry which lines to add, and then finds them", async () => {
    const { chainId } = sdk.reader;
    const registry = await sdk.sources.getAddress();
    const missing = await failureOf(FundingEntryMissing, verify(verifiers[0], (await now()) + DAY));
    expect(missing).to.deep.include({ chainId, registry });
    expect(missing.message).to.include("add this to its front matter").and.to.include(`registry: "${registry}"`);

    await addEntry(author);

    expect(hub.files.get(README)).to.include(`    - chain: 31337\n`).and.to.include(`recipient: "${author}"`);
    for (const { sources } of verifiers) {
      expect(await sources.fundingOf({ source: SOURCE, recipient: author, base: hub.base })).to.deep.equal({
        ...{ chainId, registry, recipient: author },
      });
    }
  });

  it("does not start for a README that names somebody else, is wrong, or is not there", async () => {
    await earn();
    const bob = sdk.accounts.bob.address;
    const fundingOf = () => verifiers[0].sources.fundingOf({ source: SOURCE, recipient: author, base: hub.base });
    await addEntry(bob);
    const mismatch = await failureOf(FundingRecipientMismatch, fundingOf());
    expect(mismatch).to.include({ recipient: bob, expected: author });

    // The same with a digit too few.
    hub.files.set(README, (hub.files.get(README) as string).replace(bob, bob.slice(0, -1)));
    const invalid = await failureOf(FundingEntryInvalid, fundingOf());
    expect(invalid.line).to.equal(6);

    hub.files.delete(README);
    const unavailable = await failureOf(ReadmeUnavailable, fundingOf());
    expect(unavailable).to.include({ url: `${hub.base}${README}`, status: 404 });
    expect(await lookup()).to.have.property("claim", undefined);
  });

  it("cannot be turned to somebody else by who sends what verifiers signed", async () => {
    await earn();
    await addEntry(author);
    const deadline = (await now()) + DAY;
    const signed = await Promise.all(verifiers.map((verifier) => verify(verifier, deadline)));
    const attestations = signed.map(({ attestation }) => attestation);

    const stolen = { ...signed[0].claim, recipient: sdk.accounts.carol.address };
    await expectRefusal(sdk.carol.sources.claim({ claim: stolen, attestations }), "AttestationInvalid", {
      verifier: VERIFIERS[0].address,
    });
  });

  it("goes to the right author when a wrong claim was cancelled and another one made", async () => {
    const { source } = await earn();
    // The account was taken over, and the README with it.
    await addEntry(sdk.accounts.carol.address);
    await claim();
    await wait(29);
    const deadline = (await now()) + DAY;
    const attestations = await Promise.all(
      verifiers.slice(0, 2).map(({ sources }) => sources.attestCancellation({ source: SOURCE, deadline })),
    );
    await sdk.bob.sources.cancel({ source: SOURCE, deadline, attestations });
    expect((await lookup()).claim).to.equal(undefined);
    await wait(2);
    await expectRefusal(sdk.carol.sources.complete({ source: SOURCE }), "SourceClaimNotFound", { source });

    hub.files.set(README, CARD);
    await addEntry(author);
    const { readyAt } = await claim();
    await wait(29);
    await expectRefusal(sdk.alice.sources.complete({ source: SOURCE }), "SourceClaimNotReady", {
      ...{ source, readyAt: BigInt(readyAt) },
    });
    await wait(1);
    await sdk.alice.sources.complete({ source: SOURCE });

    const { totals } = await sdk.alice.royalties.plan({ gasPrice: 0n });
    expect(totals).to.deep.equal([
      { currency: "ETH", amount: 99_000n },
      { currency: usdc, amount: 1_222_222n },
    ]);
  });

  it("can stand for a model of the author's, to which children link from then on", async () => {
    const { source } = await earn();
    const model = await registerFor(author, sdk.alice, { manifestDigest: id("the author's own") });
    await addEntry(author);
    const { readyAt } = await claim(model);
    expect(await lookup()).to.deep.include({ model: source, claim: { recipient: author, readyAt, model } });
    await wait(30);
    await sdk.carol.sources.complete({ source: SOURCE });

    const found = await lookup();
    expect(found).to.deep.include({ source, model, registered: true, claimed: true, waiting: [] });
    const later = await registerFor(sdk.accounts.bob.address, sdk.bob, {
      parents: [{ model: found.model, rateBps: RATE, relation: "fineTune" }],
    });
    await sdk.carol.royalties.pay({ model: later, currency: "ETH", amount: 50_000n });

    // What the source has earned is the author's as well: 99,000 of before, and 99 % of a tenth of 50,000.
    const { totals } = await sdk.alice.royalties.claimAll({ currencies: ["ETH"], gasPrice: 0n });
    expect(totals).to.deep.equal([{ currency: "ETH", amount: 99_000n + 4_950n }]);
  });
});
