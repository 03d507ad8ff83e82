import { expect } from "chai";
import type { AstNode, Compiled } from "../../scripts/generate/compilation.js";
import { compiledOf, readCompiled } from "../../scripts/generate/compilation.js";
import { GenerationFailed } from "../../scripts/generate/failure.js";
import { type Described, erc20 } from "../../scripts/generate/abis.js";
import { errorSources, errorsOf } from "../../scripts/generate/errors.js";
import { comment, gapsOf, parse, readDocs } from "../../scripts/generate/natspec.js";
import { documentTypes } from "../../scripts/generate/types.js";

const LEDGER = "contracts/interfaces/IRoyaltyLedger.sol";

/** The docs of a member of an interface, in a copy of what the compiler said. */
async function edited(
  contract: string,
  where: { interface: string; member: string },
  edit: (text: string) => string,
): Promise<Compiled> {
  const { name, source, artifact, output } = await readCompiled(contract);
  const copy = structuredClone(output);
  const nodes = Object.values(copy.sources).flatMap(({ ast }) => ast.nodes ?? []);
  const members = nodes.find((node) => node.name === where.interface)?.nodes ?? [];
  const found = members.filter((node) => node.name === where.member && node.documentation !== undefined);
  expect(found, where.member).to.have.length(1);
  const documentation = found[0].documentation as { text: string };
  const before = documentation.text;
  documentation.text = edit(before);
  expect(documentation.text).not.to.equal(before);

  return compiledOf(name, source, artifact, copy);
}

const without = (line: RegExp) => (text: string) => text.replace(line, "");

/** A contract as the generator describes it. */
async function described(name: string): Promise<Described> {
  const compiled = await readCompiled(name);

  return { name, abi: compiled.artifact.abi, docs: readDocs(compiled) };
}

describe("NatSpec in the SDK", () => {
  describe("gaps", () => {
    it("are none", async () => {
      for (const contract of ["RoyaltyLedger", "WealGovernor", "TimelockController", "FunderPool"]) {
        expect(gapsOf(await readCompiled(contract)), contract).to.deep.equal([]);
      }
    });

    for (const [what, member, edit, gap] of [
      [
        "a parameter of a function",
        "claim",
        without(/@param to .*/),
        `Function IRoyaltyLedger.claim (${LEDGER}) says nothing of to: add "@param to".`,
      ],
      [
        "what a function returns by name",
        "claim",
        without(/@return amount .*/),
        `Function IRoyaltyLedger.claim (${LEDGER}) says nothing of what it returns as amount: add "@return amount".`,
      ],
      [
        "a function",
        "modelCount",
        without(/@notice .*/s),
        `Function IRoyaltyLedger.modelCount (${LEDGER}) has no docs: add a @notice.`,
      ],
      [
        "an argument of an event",
        "Claimed",
        without(/@param holder .*/),
        `Event IRoyaltyLedger.Claimed (${LEDGER}) says nothing of holder: add "@param holder".`,
      ],
      [
        "an argument of an error",
        "NothingToClaim",
        without(/@param currency .*/),
        `Error IRoyaltyLedger.NothingToClaim (${LEDGER}) says nothing of currency: add "@param currency".`,
      ],
      [
        "a member of a struct",
        "Edge",
        without(/@param until .*(\n(?! @).*)*/),
        `Struct IRoyaltyLedger.Edge (${LEDGER}) says nothing of until: add "@param until".`,
      ],
    ] as const) {
      it(`of ${what} are told`, async () => {
        expect(gapsOf(await edited("RoyaltyLedger", { interface: "IRoyaltyLedger", member }, edit))).to.deep.equal([
          gap,
        ]);
      });
    }

    it("of a dependency are its authors' to fill", async () => {
      const compiled = await edited("WealGovernor", { interface: "IGovernor", member: "cancel" }, () => "");

      expect(gapsOf(compiled)).to.deep.equal([]);
    });
  });

  describe("docs", () => {
    it("are the interface's, where the implementation inherits them", async () => {
      const { functions, events, errors, structs, text } = readDocs(await readCompiled("RoyaltyLedger"));
      const claim = functions.get("claim(address[],address,address)");

      expect(text).to.match(/^Holds the royalties and the shares of all models\./);
      expect(claim?.text).to.match(/^Sends to `to` everything/);
      expect(claim?.params.get("to")).to.equal("Who gets the money.");
      expect(claim?.returns.get("amount")).to.equal("Units sent.");
      expect(claim?.declaration).to.include({ source: LEDGER, isOurs: true });
      expect(events.get("Claimed(address,address,address,address,uint256)")?.params.get("amount")).to.equal(
        "Units sent.",
      );
      expect(errors.get("NothingToRetire(address)")?.text).to.equal(
        "None of the model's edges has an end that has passed.",
      );
      expect(structs.get("IRoyaltyLedger.Edge")?.params.get("parent")).to.equal("The parent's id.");
    });

    it("are OpenZeppelin's interface's, where its implementation only refers to that", async () => {
      const docs = readDocs(await readCompiled("WealGovernor")).functions.get("castVote(uint256,uint8)");

      expect(docs?.text).to.match(/^Cast a vote/);
      expect(docs?.declaration.isOurs).to.equal(false);
    });

    it("name parameters as the ABI does", async () => {
      const docs = readDocs(await readCompiled("SourceRegistry")).functions.get("setThreshold(uint8)");

      expect([...(docs?.params.keys() ?? [])]).to.deep.equal(["threshold_"]);
    });

    it("keep paragraphs and lists, and write references as code", () => {
      const node = {
        documentation: {
          text: [
            "@notice Opens {RoyaltyMath} books,",
            " and more.",
            " @dev Anyone may.",
            " Emits {ModelOpened}.",
            " Requirements:",
            " - one, as {IAllocations-allocate}",
            " requires;",
            " - two.",
            " @param salt A choice,",
            " of the caller.",
            " @return model Its id.",
          ].join("\n"),
        },
        returnParameters: { parameters: [{ name: "model" }] },
      } as AstNode;

      expect(comment(parse(node))).to.equal(
        [
          "/**",
          " * Opens `RoyaltyMath` books, and more.",
          " *",
          " * Anyone may.",
          " *",
          " * Emits `ModelOpened`.",
          " *",
          " * Requirements:",
          " *",
          " * - one, as `IAllocations.allocate` requires;",
          " * - two.",
          " *",
          " * @param salt A choice, of the caller.",
          " * @returns Its id.",
          " */",
          "",
        ].join("\n"),
      );
    });

    it("cannot end a comment", () => {
      const node = { documentation: { text: "@notice Takes **/ and more." } } as AstNode;

      expect(comment(parse(node))).to.equal("/** Takes **\\/ and more. */\n");
    });

    it("must find every function in TypeChain's text", async () => {
      const usePolicy = await described("UsePolicy");

      expect(() => documentTypes("", usePolicy)).to.throw(
        GenerationFailed,
        /TypeChain has written no \w+\(.*\) of UsePolicy/,
      );
    });
  });

  describe("errors", () => {
    it("of one name must be the same", async () => {
      const [ledger, lens] = await Promise.all(["RoyaltyLedger", "RoyaltyLens"].map(described));
      const abi = lens.abi.map((fragment) =>
        fragment.name === "BooksFull" ? { ...fragment, inputs: fragment.inputs?.slice(1) } : fragment,
      );

      expect(errorsOf([ledger, lens]).find(({ fragment }) => fragment.name === "BooksFull")?.contracts).to.deep.equal([
        ...["RoyaltyLedger", "RoyaltyLens"],
      ]);
      expect(() => errorsOf([ledger, { ...lens, abi }])).to.throw(
        GenerationFailed,
        "Two custom errors are named BooksFull: rename one.",
      );
    });

    for (const [taken, whose] of [
      ["SignerRequired", "an error of the SDK"],
      ["connect", "a function"],
      ["Voucher", "a type"],
      ["Error", "JavaScript's own"],
    ]) {
      it(`cannot be named ${taken}, which is ${whose}`, async () => {
        const ledger = await described("RoyaltyLedger");
        const abi = ledger.abi.map((fragment) =>
          fragment.name === "NothingToRetire" ? { ...fragment, name: taken } : fragment,
        );
        const docs = {
          ...ledger.docs,
          errors: new Map([[`${taken}(address)`, { ...[...ledger.docs.errors.values()][0] }]]),
        };
        const failure = await errorSources([{ ...ledger, abi, docs }]).catch((error: unknown) => error);

        expect(failure).to.be.instanceOf(GenerationFailed);
        expect((failure as Error).message).to.equal(
          `The SDK has a ${taken} of its own: rename that, or the contracts' error.`,
        );
      });
    }

    it("of any ERC-20 are those of the standard", async () => {
      const { abi, docs } = erc20([await described("WealToken")]);

      expect(abi.map(({ name }) => name)).to.include.members(["transfer", "Transfer", "ERC20InsufficientBalance"]);
      expect(abi.map(({ name }) => name)).not.to.include.members(["delegate"]);
      expect(docs.text).to.match(/^Any ERC-20/);
    });
  });
});
