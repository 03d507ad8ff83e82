import { expect } from "chai";
import { id, TypedDataEncoder, ZeroAddress, ZeroHash } from "ethers";
import { InvalidArgument, type Kind, type Registration, type Relation } from "../../sdk/src/index.js";
import { ascending } from "../helpers/models.js";
import { deploySdk, expectRefusal, failureOf, registerFor } from "./helpers.js";

const KINDS: Kind[] = ["model", "adapter", "dataset", "code"];
const RELATIONS: Relation[] = [
  "fineTune",
  "adapter",
  "merge",
  "quantization",
  "distillation",
  "conversion",
  "trainedOn",
  "uses",
];

describe("SDK registry", () => {
  let sdk: Awaited<ReturnType<typeof deploySdk>>;

  before(async () => {
    sdk = await deploySdk();
  });

  const aliceModel = (options: Partial<Registration> = {}) =>
    registerFor(sdk.accounts.alice.address, sdk.alice, options);
  const deadline = async () => (await sdk.connection.networkHelpers.time.latest()) + 3_600;

  describe("register", () => {
    it("registers a model, and get returns what was registered", async () => {
      const { alice, bob, accounts } = sdk;
      const derivatives = { mode: "open", duration: 3_600 } as const;
      const [first, second] = [await aliceModel({ derivatives }), await aliceModel({ derivatives })];
      // Descending, as the registry does not take them.
      const parents = ascending([first, second]).reverse();
      const until = 2 ** 40 - 1;

      const registered = await bob.registry.register({
        kind: "adapter",
        owner: accounts.carol.address,
        manifestDigest: id("adapter"),
        mirrorURI: "https://example.org/manifest.json",
        derivatives: { mode: "granted", rateBps: 250, duration: 86_400 },
        maxHostBps: 3_000,
        parents: [
          { model: parents[0], rateBps: 700, relation: "fineTune" },
          { model: parents[1].toLowerCase(), rateBps: 300, until, relation: "trainedOn" },
        ],
        holdings: [
          { holder: accounts.bob.address, units: 600_000 },
          { holder: accounts.carol.address, units: 400_000n },
        ],
      });

      expect(registered.hash).to.equal(registered.receipt.hash);
      expect(await alice.registry.get({ model: registered.model })).to.deep.equal({
        model: registered.model,
        owner: accounts.carol.address,
        number: registered.number,
        kind: "adapter",
        derivatives: { mode: "granted", rateBps: 250, duration: 86_400 },
        parents: [
          { model: parents[1], rateBps: 300, until, relation: "trainedOn" },
          { model: parents[0], rateBps: 700, until: 0, relation: "fineTune" },
        ],
        newest: {
          version: 1,
          manifestDigest: id("adapter"),
          uri: await sdk.registry.tokenURI(registered.model),
          withdrawn: false,
        },
      });
      await expect(Promise.resolve(registered.receipt))
        .to.emit(sdk.registry, "VersionPublished")
        .withArgs(registered.model, 1n, accounts.bob.address, id("adapter"), "https://example.org/manifest.json");
      expect((await sdk.ledger.modelTermsOf(registered.model)).maxHostBps).to.equal(3_000n);
      expect(await sdk.ledger.balanceOf(accounts.carol, registered.model)).to.equal(400_000n);
      expect(registered.shares).to.deep.equal([
        { holder: accounts.bob.address, units: 600_000n },
        { holder: accounts.carol.address, units: 400_000n },
      ]);
      expect(registered.allocations).to.deep.equal([]);
    });

    it("tells who has shares, and under which numbers others are set aside", async () => {
      const { alice, accounts, ledger } = sdk;
      const before = await ledger.allocationCount();

      const { shares, allocations } = await alice.registry.register({
        kind: "dataset",
        manifestDigest: id("dataset"),
        derivatives: { mode: "open" },
        holdings: [{ holder: accounts.alice.address, units: 500_000 }],
        allocations: [
          { root: id("first"), units: 300_000 },
          { root: id("second"), units: 200_000 },
        ],
      });

      expect(shares).to.deep.equal([{ holder: accounts.alice.address, units: 500_000n }]);
      expect(allocations).to.deep.equal([before + 1n, before + 2n]);
      const roots = await Promise.all(allocations.map(async (number) => (await ledger.allocationOf(number)).root));
      expect(roots).to.deep.equal([id("first"), id("second")]);
    });

    it("takes salts at random, so that the same registration serves twice", async () => {
      expect(await aliceModel()).not.to.equal(await aliceModel());
    });

    it("leaves nothing to hosts and gives the model to the signer, unless told otherwise", async () => {
      const model = await aliceModel();

      expect((await sdk.ledger.modelTermsOf(model)).maxHostBps).to.equal(0n);
      expect(await sdk.registry.ownerOf(model)).to.equal(sdk.accounts.alice.address);
    });

    for (const kind of KINDS) {
      it(`knows the kind ${kind}`, async () => {
        const model = await aliceModel({ kind });

        expect(await sdk.alice.registry.get({ model })).to.have.property("kind", kind);
        expect((await sdk.registry.modelOf(model)).kind).to.equal(BigInt(KINDS.indexOf(kind)));
      });
    }

    it("knows the relations", async () => {
      const origin = await aliceModel();
      for (const relation of RELATIONS) {
        const child = await aliceModel({ parents: [{ model: origin, rateBps: 1, relation }] });

        expect((await sdk.alice.registry.get({ model: child })).parents[0].relation).to.equal(relation);
        expect((await sdk.registry.parentsOf(child))[0].relation).to.equal(BigInt(RELATIONS.indexOf(relation)));
      }
    });

    it("refuses words, addresses and digests that are none, before it sends anything", async () => {
      for (const [argument, options] of [
        ["kind", { kind: "film" }],
        ["derivatives.mode", { derivatives: { mode: "ajar" } }],
        ["manifestDigest", { manifestDigest: "0x12" }],
        ["salt", { salt: "salt" }],
        ["owner", { owner: "alice" }],
        ["holdings.holder", { holdings: [{ holder: "0x1", units: 1 }] }],
        ["parents.model", { parents: [{ model: "0x1", rateBps: 1, relation: "uses" }] }],
        ["parents.relation", { parents: [{ model: ZeroAddress, rateBps: 1, relation: "cousin" }] }],
      ] as const) {
        const error = await failureOf(InvalidArgument, aliceModel(options as Partial<Registration>));
        expect(error.argument).to.equal(argument);
      }
    });

    it("refuses numbers that Solidity's types cannot take", async () => {
      await failureOf(InvalidArgument, aliceModel({ maxHostBps: 65_536 }));
      await failureOf(InvalidArgument, aliceModel({ holdings: [{ holder: ZeroAddress, units: 0.5 }] }));
    });

    it("passes on the contracts' refusals, also those of the ledger behind the registry", async () => {
      const { alice, accounts } = sdk;
      const parent = await aliceModel({ derivatives: { mode: "open", rateBps: 500 } });
      const closed = await aliceModel({ derivatives: { mode: "closed" } });

      await expectRefusal(aliceModel({ manifestDigest: ZeroHash }), "ManifestDigestZero", {});
      await expectRefusal(aliceModel({ parents: [{ model: parent, rateBps: 499, relation: "uses" }] }), "RateTooLow", {
        parent,
        rateBps: 499n,
        minRateBps: 500n,
      });
      await expectRefusal(
        aliceModel({ parents: [{ model: closed, rateBps: 1, relation: "uses" }] }),
        "DerivativesClosed",
        { parent: closed },
      );
      await expectRefusal(
        alice.registry.register({
          kind: "model",
          manifestDigest: id("manifest"),
          derivatives: { mode: "open" },
          holdings: [{ holder: accounts.alice.address, units: 999_999 }],
        }),
        "SharesSumMismatch",
        { sum: 999_999n, expected: 1_000_000n },
      );
    });
  });

  describe("modelIdOf", () => {
    it("tells the id before the model is registered, for the signer or for another publisher", async () => {
      const { alice, bob, accounts } = sdk;
      const salt = id("known beforehand");
      const expected = await alice.registry.modelIdOf({ salt });

      expect(await bob.registry.modelIdOf({ salt, publisher: accounts.alice.address })).to.equal(expected);
      expect(await aliceModel({ salt })).to.equal(expected);
    });
  });

  describe("signGrant", () => {
    it("signs what the registry checks, and register puts grants in their parents' order", async () => {
      const { alice, bob, accounts } = sdk;
      const granted = { derivatives: { mode: "granted" } } as const;
      const models = ascending([await aliceModel(granted), await aliceModel(), await aliceModel(granted)]).reverse();
      const salt = id("granted child");
      const child = await bob.registry.modelIdOf({ salt });

      const parents = [];
      for (const [place, model] of models.entries()) {
        const rateBps = 100 * (place + 1);
        const { derivatives } = await alice.registry.get({ model });
        const grant = await alice.registry.signGrant({ parent: model, child, rateBps, deadline: await deadline() });
        parents.push({
          model,
          rateBps,
          relation: "merge" as const,
          // As it comes by mail.
          grant: derivatives.mode === "granted" ? JSON.parse(JSON.stringify(grant)) : undefined,
        });
      }

      expect(await registerFor(accounts.bob.address, bob, { salt, parents })).to.equal(child);
    });

    it("signs for the domain that the registry announces", async () => {
      const { name, version, chainId, verifyingContract } = await sdk.registry.eip712Domain();
      const child = sdk.accounts.bob.address;
      const grant = await sdk.alice.registry.signGrant({ parent: child, child, rateBps: 1, until: 3, deadline: 2 });
      const types = {
        DerivativeGrant: ["address parent", "address child", "uint16 rateBps", "uint40 until", "uint40 deadline"].map(
          (field) => {
            const [type, name] = field.split(" ");
            return { type, name };
          },
        ),
      };

      const digest = TypedDataEncoder.hash({ name, version, chainId, verifyingContract }, types, grant);
      expect(sdk.connection.ethers.recoverAddress(digest, grant.signature)).to.equal(sdk.accounts.alice.address);
    });

    it("cannot be used for another child, or after its deadline", async () => {
      const { alice, bob, accounts } = sdk;
      const parent = await aliceModel({ derivatives: { mode: "granted" } });
      const salt = id("the child that was meant");
      const child = await bob.registry.modelIdOf({ salt });
      const other = await bob.registry.modelIdOf({ salt: id("another child") });
      const register = (salt: string, deadline: number) =>
        alice.registry.signGrant({ parent, child, rateBps: 100, deadline }).then((grant) =>
          registerFor(accounts.bob.address, bob, {
            salt,
            parents: [{ model: parent, rateBps: 100, relation: "uses", grant }],
          }),
        );

      await expectRefusal(register(id("another child"), await deadline()), "GrantInvalid", {
        parent,
        child: other,
        owner: accounts.alice.address,
      });
      await expectRefusal(register(salt, 1), "GrantExpired", { parent, deadline: 1n });
    });
  });

  describe("publish", () => {
    it("appends a version, which get then returns", async () => {
      const { alice } = sdk;
      const model = await aliceModel();

      const { version, receipt } = await alice.registry.publish({
        model,
        manifestDigest: id("second"),
        mirrorURI: "https://example.org/second.json",
      });

      expect(version).to.equal(2);
      await expect(Promise.resolve(receipt))
        .to.emit(sdk.registry, "VersionPublished")
        .withArgs(model, 2n, sdk.accounts.alice.address, id("second"), "https://example.org/second.json");
      expect((await alice.registry.get({ model })).newest).to.deep.equal({
        version: 2,
        manifestDigest: id("second"),
        uri: await sdk.registry.tokenURI(model),
        withdrawn: false,
      });
    });

    it("is for the owner and maintainers", async () => {
      const { bob, accounts } = sdk;
      const model = await aliceModel();

      await expectRefusal(bob.registry.publish({ model, manifestDigest: id("third") }), "NotModelMaintainer", {
        model,
        caller: accounts.bob.address,
      });
    });
  });

  describe("setMaintainer", () => {
    it("names and dismisses a maintainer", async () => {
      const { alice, bob, accounts } = sdk;
      const model = await aliceModel();
      const maintainer = accounts.bob.address;

      await alice.registry.setMaintainer({ model, maintainer, allowed: true });
      expect((await bob.registry.publish({ model, manifestDigest: id("by bob") })).version).to.equal(2);

      await alice.registry.setMaintainer({ model, maintainer, allowed: false });
      expect(await sdk.registry.isMaintainer(model, maintainer)).to.equal(false);
    });

    it("is for the owner", async () => {
      const { bob, accounts } = sdk;
      const model = await aliceModel();

      await expectRefusal(
        bob.registry.setMaintainer({ model, maintainer: accounts.bob.address, allowed: true }),
        "NotModelOwner",
        { model, caller: accounts.bob.address },
      );
    });
  });

  describe("withdrawVersion", () => {
    it("marks a version", async () => {
      const { alice } = sdk;
      const model = await aliceModel();

      await alice.registry.withdrawVersion({ model, version: 1 });

      expect((await alice.registry.get({ model })).newest.withdrawn).to.equal(true);
      await expectRefusal(alice.registry.withdrawVersion({ model, version: 2 }), "VersionNotFound", {
        model,
        version: 2n,
      });
    });
  });

  describe("setDerivativeTerms", () => {
    it("changes the terms for future children", async () => {
      const { alice } = sdk;
      const model = await aliceModel();

      for (const derivatives of [
        { mode: "granted", rateBps: 0, duration: 0 },
        { mode: "closed", rateBps: 0, duration: 0 },
        { mode: "open", rateBps: 5_000, duration: 86_400 },
      ] as const) {
        await alice.registry.setDerivativeTerms({ model, derivatives });
        expect((await alice.registry.get({ model })).derivatives).to.deep.equal(derivatives);
      }

      const tooHigh = { mode: "open", rateBps: 5_001 } as const;
      await expectRefusal(alice.registry.setDerivativeTerms({ model, derivatives: tooHigh }), "DerivativeRateTooHigh", {
        rateBps: 5_001n,
        maxBps: 5_000n,
      });
    });
  });

  describe("get", () => {
    it("says so when there is no such model", async () => {
      const model = sdk.accounts.bob.address;

      await expectRefusal(sdk.reader.registry.get({ model }), "ModelNotRegistered", { model });
      expect((await failureOf(InvalidArgument, sdk.reader.registry.get({ model: "model" }))).argument).to.equal(
        "model",
      );
    });
  });
});
