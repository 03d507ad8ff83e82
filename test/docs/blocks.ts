import { expect } from "chai";
import { BlockMalformed, blocksOf } from "../../scripts/docs/blocks.js";
import { moduleOf } from "../../scripts/docs/module.js";

const FENCE = "```";
const page = (...lines: string[]) => lines.join("\n");
const ts = (...code: string[]) => page(`${FENCE}ts`, ...code, FENCE);

/** What the page's module is without what surrounds it. */
const compiled = (markdown: string) => moduleOf("page.md", blocksOf("page.md", markdown), "./page.js").split("\n");

describe("Documentation", () => {
  describe("blocksOf", () => {
    it("finds what readers see and what they do not, with lines", () => {
      const markdown = page("# Title", "", "<!-- setup", "const a = 1;", "-->", "", ts("a;", "a;"));

      expect(blocksOf("page.md", markdown)).to.deep.equal([
        { language: "ts", code: "const a = 1;", line: 4, hidden: true },
        { language: "ts", code: "a;\na;", line: 8, hidden: false },
      ]);
    });

    it("leaves out what needs a public network, with the reason", () => {
      const [block] = blocksOf("page.md", page("<!-- skip: needs a public network -->", "", ts("a;")));

      expect(block).to.include({ skip: "needs a public network" });
    });

    for (const [what, markdown, message] of [
      ["a block without a language", page(FENCE, "a", FENCE), "page.md:1: name the block's language"],
      ["a language that it does not know", page(`${FENCE}rs`, "a", FENCE), `"rs" is not one`],
      ["a block that is not closed", page("text", `${FENCE}ts`, "a;"), "page.md:2: close the block"],
      ["another reason to leave a block out", page("<!-- skip: slow -->", ts("a;")), `"slow" names none`],
    ] as const) {
      it(`refuses ${what}`, () => {
        expect(() => blocksOf("page.md", markdown)).to.throw(BlockMalformed, message);
      });
    }
  });

  describe("moduleOf", () => {
    it("keeps each line where it is in the page", () => {
      const lines = compiled(page("# Title", "", ts("const a = 1;", "a;")));

      expect(lines.slice(3, 5)).to.deep.equal(["const a = 1;", "a;"]);
    });

    it("lets a block declare and import a name anew", () => {
      const lines = compiled(
        page(
          ts(`import { a } from "one";`, "a;"),
          ts(`import { a } from "one";`, `import { b as c } from "one";`),
          ts(`import { a } from "two";`),
        ),
      );

      expect(lines[0]).to.match(
        /import { a as a } from "one"; import { b as c } from "one"; import { a as a__\d } from "two";/,
      );
      expect(lines[9]).to.match(/^const a = a__\d;$/);
    });

    it("compares values, and what is printed, with what the page says", () => {
      const lines = compiled(
        page(ts("f(1); // → 2", "console.log(a); // → b", "console.log(c);"), `${FENCE}text`, "d", FENCE),
      );

      expect(lines.slice(1, 4)).to.deep.equal([
        `__page.shows(2, "2")(f(1)); // → 2`,
        `__page.shows(3, "b")(a); // → b`,
        "console.log(c);",
      ]);
      expect(lines[6]).to.equal(`__page.printed(7, "d", true);`);
    });

    it("refuses a value behind what is none", () => {
      expect(() => compiled(ts("const a = 1; // → 1"))).to.throw(BlockMalformed, "page.md:2:");
    });
  });
});
