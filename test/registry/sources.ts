import { expect } from "chai";
import canonicalize from "canonicalize";
import { AbiCoder, concat, type ErrorFragment, sha256, toBeHex, toUtf8Bytes, ZeroAddress } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import { ETH, registerModel, registrationOf, TOTAL_SHARES } from "../helpers/models.js";
import { DAY } from "../helpers/protocol.js";
import { deploySources, idOfSource, PLATFORMS } from "./sources.support.js";
import { terms } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deploySources(connection);
const fixture = () => networkHelpers.loadFixture(deploy);

/** Returns the bytes of a source's manifest, as RFC 8785 writes it. */
function manifestOf(slug: string, name: string): Uint8Array {
  const manifest = {
    name,
    source: `${slug}:${name}`,
    files: [],
    description: "A source: its author has not come yet.",
  };

  return toUtf8Bytes(canonicalize(manifest) as string);
}

describe("SourceRegistry", () => {
  describe("sourceIdOf", () => {
    it("is the id that a source gets, for each platform another one", async () => {
      const { sources, addresses, enter } = await fixture();
      const ids = new Set<string>();

      for (const platform of PLATFORMS.keys()) {
        const source = idOfSource(addresses, platform, "org/name");
        expect(await sources.sourceIdOf(platform, "org/name")).to.equal(source);
        expect(await sources.registerSource.staticCall(platform, "org/name")).to.equal(source);
        ids.add(await enter("org/name", platform));
      }

      expect(ids.size).to.equal(PLATFORMS.length);
    });

    it("is nobody else's: the id commits to the contract that registers it", async () => {
      const { registry, addresses, stranger } = await fixture();
      const salt = ethers.keccak256(AbiCoder.defaultAbiCoder().encode(["uint8", "string"], [0, "org/name"]));
      const squatted = await registerModel({ registry }, stranger, { salt });

      expect(squatted).to.not.equal(idOfSource(addresses, 0, "org/name"));
      expect(squatted).to.equal(idOfSource({ ...addresses, sources: stranger.address }, 0, "org/name"));
    });

    it("knows no platform beyond the last", async () => {
      const { sources } = await fixture();
      const call = (platform: number) =>
        ethers.provider.call({
          to: sources,
          data: concat([
            sources.interface.getFunction("sourceIdOf").selector,
            AbiCoder.defaultAbiCoder().encode(["uint8", "string"], [platform, "org/name"]),
          ]),
        });

      await call(PLATFORMS.length - 1);
      await expect(call(PLATFORMS.length)).to.be.revert(ethers);
    });
  });

  describe("registerSource", () => {
    for (const [platform, { slug, kind }] of PLATFORMS.entries()) {
      it(`enters ${slug} with its kind and a manifest whose bytes are in the mirror URI`, async () => {
        const { sources, registry, stranger, addresses } = await fixture();
        const name = "an-org.9/a_name";
        const source = idOfSource(addresses, platform, name);
        const manifest = manifestOf(slug, name);
        const mirrorURI = `data:application/json;base64,${Buffer.from(manifest).toString("base64")}`;

        const transaction = sources.connect(stranger).registerSource(platform, name);
        await expect(transaction).to.emit(sources, "SourceRegistered").withArgs(source, platform, name);
        await expect(transaction)
          .to.emit(registry, "VersionPublished")
          .withArgs(source, 1, addresses.sources, sha256(manifest), mirrorURI);

        expect((await registry.modelOf(source)).kind).to.equal(kind);
        expect(await registry.versionOf(source, 1)).to.deep.equal([sha256(manifest), false]);
        expect(new Uint8Array(await (await fetch(mirrorURI)).arrayBuffer())).to.deep.equal(new Uint8Array(manifest));
      });
    }

    it("makes it a model of this contract's, with terms open at 0 and no parents", async () => {
      const { registry, addresses, enter } = await fixture();
      const source = await enter();
      const [owner, number, , versionCount, derivatives] = await registry.modelOf(source);

      expect([owner, number, versionCount, derivatives]).to.deep.equal([addresses.sources, 1n, 1n, [0n, 0n, 0n]]);
      expect(await registry.ownerOf(source)).to.equal(addresses.sources);
      expect(await registry.parentsOf(source)).to.deep.equal([]);
    });

    it("sets all its shares aside, for this contract as steward and for no leaf", async () => {
      const { ledger, registry, sources, addresses, enter, stranger } = await fixture();
      await registerModel({ registry }, stranger, {
        allocations: [
          { root: ethers.id("root"), units: TOTAL_SHARES, uri: "", steward: ZeroAddress, reclaimableFrom: 0 },
        ],
        holdings: [],
      });
      const source = await sources.sourceIdOf(0, "org/name");

      await expect(sources.registerSource(0, "org/name"))
        .to.emit(ledger, "SharesAllocated")
        .withArgs(2, source, addresses.registry, ethers.ZeroHash, TOTAL_SHARES, "", addresses.sources, 0);
      expect(await ledger.allocationOf(2)).to.deep.equal([ethers.ZeroHash, addresses.sources, 0n]);
      expect(await ledger.balanceOf(toBeHex(2, 20), source)).to.equal(TOTAL_SHARES);

      const second = await enter("org/second");
      expect(await ledger.balanceOf(toBeHex(3, 20), second)).to.equal(TOTAL_SHARES);
    });

    it("gives its registration's fee as any other's, and leaves hosts no part", async () => {
      const { ledger, enter } = await fixture();
      const source = await enter();

      expect(await ledger.modelTermsOf(source)).to.deep.equal([1n, 0n, 100n, 0n, 0n, 0n]);
    });

    it("refuses a source that is entered, and one that was claimed since", async () => {
      const { sources, enter, hand } = await fixture();
      const source = await enter();
      const refusal = () =>
        expect(sources.registerSource(0, "org/name"))
          .to.be.revertedWithCustomError(sources, "SourceAlreadyRegistered")
          .withArgs(source);

      await refusal();
      await hand(source);
      await refusal();
    });
  });

  describe("names", () => {
    it("are of a-z 0-9 . _ / - and no other character of ASCII, and no slash at an end", async () => {
      const { sources } = await fixture();
      const allowed = new Set("abcdefghijklmnopqrstuvwxyz0123456789._/-");

      for (let code = 0; code < 128; ++code) {
        const char = String.fromCharCode(code);
        for (const name of [char, `${char}a`, `a${char}`, `a${char}a`]) {
          if (allowed.has(char) && !/^\/|\/$/.test(name)) await sources.registerSource.staticCall(0, name);
          else {
            await expect(sources.registerSource.staticCall(0, name), JSON.stringify(name))
              .to.be.revertedWithCustomError(sources, "SourceNameInvalid")
              .withArgs(name);
          }
        }
      }
    });

    it("have no byte above ASCII, be it valid UTF-8 or not", async () => {
      const { sources } = await fixture();
      const { selector } = sources.interface.getFunction("registerSource");
      const refusal = (sources.interface.getError("SourceNameInvalid") as ErrorFragment).selector;

      for (let byte = 128; byte < 256; ++byte) {
        // A string is encoded as bytes are.
        const data = concat([
          selector,
          AbiCoder.defaultAbiCoder().encode(["uint8", "bytes"], [0, new Uint8Array([0x61, byte])]),
        ]);
        const error = await ethers.provider.call({ to: sources, data }).catch((error: unknown) => error);
        expect(error, `byte ${byte}`)
          .to.have.property("data")
          .that.matches(new RegExp(`^${refusal}`));
      }
    });

    it("have 1 to 100 characters", async () => {
      const { sources } = await fixture();

      for (const name of ["a", "a".repeat(99), "a".repeat(100)]) await sources.registerSource.staticCall(0, name);
      for (const name of ["", "a".repeat(101), "a".repeat(1_000)]) {
        await expect(sources.registerSource.staticCall(0, name))
          .to.be.revertedWithCustomError(sources, "SourceNameInvalid")
          .withArgs(name);
      }
    });

    it("are in lower case, and hold no look-alikes", async () => {
      const { sources } = await fixture();

      for (const name of ["Org/name", "org/nаme", "org／name", "org/ñame", "org/name\u200b", "org/😀", " org/name"]) {
        await expect(sources.registerSource.staticCall(0, name), name)
          .to.be.revertedWithCustomError(sources, "SourceNameInvalid")
          .withArgs(name);
      }
    });

    it("are taken or refused by one rule, whatever they are", async function () {
      this.timeout(60_000);
      const { sources } = await fixture();
      const likely = fc.constantFrom(..."abyz0189._/-", "A", "@", "`", "{", ":", ",", "+", " ", "é");
      const name = fc.oneof(
        fc.string({ unit: likely, maxLength: 8 }),
        fc.string({ unit: fc.constantFrom(..."az09._/-"), minLength: 95, maxLength: 105 }),
        fc.string({ unit: "grapheme", maxLength: 20 }),
      );

      await fc.assert(
        fc.asyncProperty(name, async (name) => {
          const call = sources.registerSource.staticCall(0, name);
          if (/^[a-z0-9._/-]{1,100}$/.test(name) && name.split("/").every((part) => part !== "")) {
            expect(await call).to.equal(await sources.sourceIdOf(0, name));
          } else {
            await expect(call).to.be.revertedWithCustomError(sources, "SourceNameInvalid").withArgs(name);
          }
        }),
        { numRuns: 300 },
      );
    });
  });

  describe("a source as a parent", () => {
    it("takes children of anybody, at whatever rate they declare", async () => {
      const { registry, ledger, builder, enter, pay } = await fixture();
      const source = await enter();

      for (const [rateBps, passed] of [
        [0, 0n],
        [1, 1n],
        [5_000, 5_000n],
      ] as const) {
        const child = await registerModel({ registry }, builder, { parents: [{ model: source, rateBps }] });
        await pay(child, ETH, 10_000n);
        const before = (await ledger.booksOf(source, ETH)).received;
        await ledger.cascade([child], ETH);
        expect((await ledger.booksOf(source, ETH)).received - before).to.equal(passed);
      }
    });

    it("is linked to for ever, as terms without a duration ask", async () => {
      const { registry, builder, enter } = await fixture();
      const model = await enter();
      const until = (await networkHelpers.time.latest()) + 1_000 * DAY;

      await expect(
        registry
          .connect(builder)
          .register(await registrationOf(builder, { parents: [{ model, rateBps: 100, until }] })),
      )
        .to.be.revertedWithCustomError(registry, "EdgeEndTooEarly")
        .withArgs(model, until, 0);
    });

    it("asks what its author asks, once it is claimed", async () => {
      const { registry, author, builder, enter, hand } = await fixture();
      const model = await enter();
      await hand(model);
      await registry.connect(author).setDerivativeTerms(model, terms.open(500));

      await expect(
        registry.connect(builder).register(await registrationOf(builder, { parents: [{ model, rateBps: 499 }] })),
      )
        .to.be.revertedWithCustomError(registry, "RateTooLow")
        .withArgs(model, 499, 500);
    });
  });
});
