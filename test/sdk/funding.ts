import { expect } from "chai";
import { getAddress } from "ethers";
import fc from "fast-check";
import {
  CommonwealError,
  FundingEntryInvalid,
  FundingEntryMissing,
  FundingRecipientMismatch,
  InvalidArgument,
} from "../../sdk/src/index.js";
import { checkFunding, formatFunding, readFunding } from "../../sdk/src/fundingEntries.js";
import { failureOf } from "./helpers.js";

const registry = getAddress("0xabcdef0000000000000000000000000000000001");
const recipient = getAddress("0xabcdef0000000000000000000000000000000002");
const other = getAddress("0xabcdef0000000000000000000000000000000003");
const entry = { chainId: 8453n, registry, recipient };

const LINES = `funding:
  commonweal:
    - chain: 8453
      registry: "${registry}"
      recipient: "${recipient}"
`;

/** A model card as Hugging Face has them. */
const CARD = `---
language:
- en
- de
license: apache-2.0
base_model: org/base
tags:
- text-generation
- commonweal
widget:
- text: "Is this review: good?"
${LINES}model-index:
- name: name
  results:
  - task: {type: text-generation}
    metrics: [{type: accuracy, value: 0.71}]
---

# Name

Text with --- dashes.
`;

const card = (yaml: string) => `---\n${yaml}\n---\n# Name\n`;
const comment = (yaml: string) => `# Name\n\n<!-- commonweal\n${yaml}\n-->\n\nText.\n`;
const single = (chain: string, to: string, by = registry) =>
  `funding: {commonweal: {chain: ${chain}, registry: ${by}, recipient: ${to}}}`;

describe("SDK funding", () => {
  describe("readFunding", () => {
    for (const [what, readme] of [
      ["the front matter of a model card", CARD],
      ["lines that end as on Windows", CARD.replaceAll("\n", "\r\n")],
      ["lines that end as on old Macs", CARD.replaceAll("\n", "\r")],
      ["a text with a byte order mark", `\uFEFF${CARD}`],
      ["front matter that ends with the text", `---\n${LINES}---`],
      ["front matter with blanks after its dashes", `--- \n${LINES}---\t\n`],
      ["a comment", comment(LINES)],
      ["a comment at the very end", `# Name\n<!-- commonweal\n${LINES}-->`],
      ["a comment in Windows' lines", comment(LINES).replaceAll("\n", "\r\n")],
      ["a comment in one line", `# Name\n<!--commonweal ${single("8453", recipient)} -->`],
      ["a comment after front matter of others", `${card("license: mit")}\n<!-- commonweal\n${LINES}-->\n`],
      ["a comment after front matter that is no YAML", `${card("a: b: c")}\n<!-- commonweal\n${LINES}-->\n`],
      ["a comment after fenced code", `\`\`\`sh\nls\n\`\`\`\n${comment(LINES)}`],
      ["a comment after code in a line of its own", `\`\`\`ls\`\`\`\n${comment(LINES)}`],
      ["a single mapping", card(single("8453", recipient))],
      [
        "addresses in lower case, without quotes",
        card(single("8453", recipient.toLowerCase(), registry.toLowerCase())),
      ],
      ["a chain in quotes", card(single('"8453"', recipient))],
      ["a funding key of several platforms", card(LINES.replace("funding:\n", "funding:\n  github: [someone]\n"))],
      ["aliases elsewhere", card(`a: &a [x]\nb: *a\n${LINES}`)],
    ] as const) {
      it(`reads ${what}`, async () => {
        expect(await readFunding(readme)).to.deep.equal([entry]);
      });
    }

    it("reads all entries in order, from the front matter and from comments", async () => {
      const list = `${LINES}    - {chain: 10, registry: "${registry}", recipient: "${other}"}`;
      const readme = `${card(list)}<!-- commonweal\n${single("1", other)}\n-->\n<!-- commonweal\n${single("2", other)}\n-->`;

      expect((await readFunding(readme)).map(({ chainId, recipient }) => [chainId, recipient])).to.deep.equal([
        [8453n, recipient],
        [10n, other],
        [1n, other],
        [2n, other],
      ]);
    });

    it("tells registries on one chain apart", async () => {
      const readme = card(LINES) + comment(single("8453", other, other));

      expect(await readFunding(readme)).to.deep.equal([entry, { chainId: 8453n, registry: other, recipient: other }]);
    });

    it("reads what formatFunding writes", async () => {
      const addresses = fc
        .bigInt({ min: 1n, max: 2n ** 160n - 1n })
        .map((n) => getAddress(`0x${n.toString(16).padStart(40, "0")}`));
      const entries = fc.record({
        chainId: fc.bigInt({ min: 1n, max: 2n ** 64n - 1n }),
        registry: addresses,
        recipient: addresses,
      });

      await fc.assert(
        fc.asyncProperty(entries, async (each) => {
          expect(await readFunding(card(formatFunding(each)))).to.deep.equal([each]);
          expect(await readFunding(comment(formatFunding(each)))).to.deep.equal([each]);
        }),
      );
    });

    for (const [what, readme] of [
      ["nothing", ""],
      ["a text without front matter", "# Name\n\ncommonweal: funding\n"],
      ["front matter without an entry", card("license: mit\ntags: [commonweal]")],
      ["front matter of others that is no YAML", card("title: Name: a subtitle\n\tx")],
      ["funding of others", card("funding: https://example.com/commonweal")],
      ["an entry that is commented out", card(LINES.replace(/^/gm, "#"))],
      ["commonweal somewhere else", card("x:\n  commonweal:\n    - chain: 1")],
      ["an empty list", card("funding:\n  commonweal: []")],
      ["front matter after a blank line", `\n${CARD}`],
      ["front matter after a blank", ` ${CARD}`],
      ["front matter after a title", `# Name\n${CARD}`],
      ["front matter without an end", CARD.slice(0, CARD.indexOf("\n---\n"))],
      ["four dashes", `-${CARD}`],
      ["another comment", comment(LINES).replace("commonweal\n", "funding\n")],
      ["another word that begins alike", comment(LINES).replace("commonweal\n", "commonwealth\n")],
      ["a comment within a line", `See <!-- commonweal\n${LINES}-->`],
      ["a comment in fenced code", `\`\`\`\`html\n\`\`\`\n${comment(LINES)}\n\`\`\`\``],
      ["a comment in code fenced by tildes", `~~~\n\`\`\`\n${comment(LINES)}\n~~~`],
      ["a comment in code without an end", `\`\`\`\n${comment(LINES)}`],
      ["a comment in indented code", comment(LINES).replace(/^/gm, "    ")],
      ["an alias instead of funding", card(`x: &x {commonweal: {chain: 1}}\nfunding: *x`)],
      ["a poisoned prototype", card(`__proto__:\n  ${LINES.replaceAll("\n", "\n  ")}`)],
    ] as const) {
      it(`finds no entry in ${what}`, async () => {
        expect(await readFunding(readme)).to.deep.equal([]);
      });
    }

    const wrong: [what: string, readme: string, line: number, problem: string, expected: string][] = [
      [
        "a wrong checksum",
        card(single("1", recipient.replace("a", "A").replace("B", "b"))),
        2,
        "recipient",
        "checksum",
      ],
      [
        "a registry with a wrong checksum",
        card(single("1", other, registry.toUpperCase().replace("0X", "0x").replace("A", "a"))),
        2,
        "registry",
        "checksum",
      ],
      ["the zero address", card(single("1", `0x${"0".repeat(40)}`)), 2, "the recipient is", "somebody's"],
      ["a short address", card(single("1", "0x12")), 2, 'the recipient is "0x12"', "40 digits in hex"],
      ["a name", card(single("1", "someone.eth")), 2, '"someone.eth"', "40 digits in hex"],
      ["an address without 0x", card(single("1", recipient.slice(2))), 2, "the recipient is", "40 digits in hex"],
      ["a recipient that is a list", card(single("1", `[${recipient}]`)), 2, "the recipient is no text", "hex"],
      ["a recipient that is an alias", card(`x: &x ${recipient}\n${single("1", "*x")}`), 3, "no text", "hex"],
      ["an empty recipient", card(single("1", "")), 2, 'the recipient is ""', "40 digits in hex"],
      ["a chain in words", card(single("base", recipient)), 2, 'the chain is "base"', "such as 8453"],
      ["a chain in hex", card(single("0x2105", recipient)), 2, 'the chain is "0x2105"', "such as 8453"],
      ["chain zero", card(single("0", recipient)), 2, 'the chain is "0"', "such as 8453"],
      ["a negative chain", card(single("-1", recipient)), 2, 'the chain is "-1"', "such as 8453"],
      ["an endless chain", card(single("9".repeat(500), recipient)), 2, `"${"9".repeat(100)}…"`, "such as 8453"],
      ["a missing key", card(LINES.replace(/ +recipient.*\n/, "")), 4, "other keys", "once each"],
      ["a mistyped key", card(LINES.replace("recipient", "recepient")), 4, "other keys", "once each"],
      ["a key too many", card(`${LINES}      note: x`), 4, "other keys", "once each"],
      [
        "a key twice",
        card(`${LINES.replace("      registry", "      chain: 1\n      registry").replace(/ +recipient.*\n/, "")}`),
        5,
        '"chain" is there twice',
        "it once",
      ],
      ["a poisoned prototype in an entry", card(`${LINES}      __proto__: {}`), 4, "other keys", "once each"],
      ["an entry that is an address", card(`funding:\n  commonweal: ${recipient}`), 3, "no mapping", "once each"],
      ["an entry that is empty", card("license: mit\nfunding:\n  commonweal:"), 4, "no mapping", "once each"],
      ["an entry that is an alias", card(`x: &x {}\nfunding:\n  commonweal: [*x]`), 4, "no mapping", "once each"],
      ["two keys of ours", card(`${LINES}  commonweal: []`), 7, '"commonweal" is there twice', "it once"],
      ["two keys of funding", card(`${LINES}funding: {}`), 7, '"funding" is there twice', "it once"],
      ["one registry twice", card(LINES) + comment(single("8453", other)), 13, "has an entry already", "one entry"],
      [
        "one registry twice, in another case",
        card(`${LINES}    - {chain: 8453, registry: "${registry.toLowerCase()}", recipient: "${recipient}"}`),
        7,
        "has an entry already",
        "one entry",
      ],
      ["YAML that is none, with our name in it", card(`a: b: c\n${LINES}`), 2, "no YAML", "docs/sources.md"],
      ["tabs instead of blanks", card(LINES.replaceAll("  ", "\t")), 3, "no YAML", "docs/sources.md"],
      ["a comment that is no YAML", comment("]"), 4, "no YAML", "docs/sources.md"],
      ["a comment without funding", comment("commonweal: x"), 3, "the comment has no entry", '"funding:"'],
      ["a comment that is empty", "<!-- commonweal -->", 1, "the comment has no entry", '"funding:"'],
      ["a comment without an end", `# Name\n<!-- commonweal\n${LINES}`, 2, "the comment has no end", '"-->"'],
      ["thousands of brackets", comment("[".repeat(200_000)), 4, "YAML", "docs/sources.md"],
    ];
    for (const [what, readme, line, problem, expected] of wrong) {
      it(`refuses ${what}`, async () => {
        const error = await failureOf(FundingEntryInvalid, readFunding(readme));

        expect(error.line, error.message).to.equal(line);
        expect(error.problem).to.include(problem);
        expect(error.expected).to.include(expected);
        expect(error.message).to.equal(`Line ${line} of the README: ${error.problem}; write ${error.expected}.`);
      });
    }

    it("refuses a text of more than a million characters, or none", async () => {
      const long = "x".repeat(1_000_001);

      expect(await readFunding("x".repeat(1_000_000))).to.deep.equal([]);
      expect(await failureOf(InvalidArgument, readFunding(long))).to.include({ argument: "readme", value: long });
      await failureOf(InvalidArgument, readFunding(undefined as unknown as string));
    });

    describe("in a time that grows with the length alone", () => {
      const bomb = Array.from({ length: 30 }, (_, n) => `x${n + 1}: &x${n + 1} [${`*x${n}, `.repeat(9)}]`).join("\n");
      const many = Array.from({ length: 80_000 }, (_, n) => `k${n}: v`).join("\n");

      for (const [what, readme] of [
        ["an alias bomb", card(`x0: &x0 [lol]\n${bomb}\n${LINES}`)],
        ["a mapping of 80,000 keys", card(`${many}\n${LINES}`)],
        ["a million dashes", `---\n${"-".repeat(900_000)}\n---\n<!-- commonweal\n${LINES}-->`],
        ["300,000 comments of others", `${card(LINES)}${"<!--\n".repeat(190_000)}`],
        ["a line of blanks", `${card(LINES)}${" ".repeat(900_000)}<!-- commonweal`],
      ] as const) {
        it(`reads past ${what}`, async function () {
          // A second at most on a machine that has nothing else to do; minutes if it took the square.
          this.timeout(20_000);

          expect(await readFunding(readme)).to.deep.equal([entry]);
        });
      }
    });

    it("throws nothing but typed errors, whatever it is", async () => {
      const pieces = fc.constantFrom(
        "---",
        "<!-- commonweal",
        "-->",
        "funding:",
        "commonweal:",
        "chain: 1",
        "- ",
        "  ",
        "\n",
        "\t",
        "&a ",
        "*a",
        "[",
        "{",
        "}",
        "<<: ",
        "!!x ",
        "? ",
        '"',
        "|",
        "%YAML 9\n",
      );

      await fc.assert(
        fc.asyncProperty(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 30 }), async (parts) => {
          for (const readme of [
            parts.join(""),
            `---\ncommonweal: ${parts.join("\n")}\n---`,
            comment(parts.join(" ")),
          ]) {
            await readFunding(readme).catch((error: unknown) => expect(error).to.be.instanceOf(CommonwealError));
          }
        }),
      );
    });
  });

  describe("checkFunding", () => {
    it("returns the entry for the chain and registry", async () => {
      const readme = `${card(LINES)}${comment(single("10", other))}`;

      expect(await checkFunding(readme, { chainId: 8453n, registry: registry.toLowerCase() })).to.deep.equal(entry);
      expect(await checkFunding(readme, { ...entry, recipient: recipient.toLowerCase() })).to.deep.equal(entry);
      expect(await checkFunding(readme, { chainId: 10n, registry })).to.include({ recipient: other });
    });

    it("says which lines to add if there is none", async () => {
      for (const missing of [{ chainId: 1n }, { registry: other }]) {
        const expected = { ...entry, ...missing };
        const error = await failureOf(FundingEntryMissing, checkFunding(card(LINES), expected));

        expect(error).to.include({ chainId: expected.chainId, registry: expected.registry });
        expect(error.message).to.include(error.lines).and.to.include(`on chain ${expected.chainId}: add this`);
        expect(await checkFunding(card(error.lines), expected)).to.deep.equal(expected);
      }
    });

    it("leaves a place for the recipient if it does not know it", async () => {
      const error = await failureOf(FundingEntryMissing, checkFunding("# Name", { chainId: 8453n, registry }));

      expect(error.lines).to.equal(LINES.replace(recipient, "0x… (your address)"));
      await failureOf(FundingEntryInvalid, readFunding(card(error.lines)));
    });

    it("refuses another recipient", async () => {
      const error = await failureOf(
        FundingRecipientMismatch,
        checkFunding(card(LINES), { ...entry, recipient: other }),
      );

      expect(error).to.include({ recipient, expected: other });
      expect(error.message).to.include(`names ${recipient} and not ${other}: pass ${recipient}`);
    });

    it("refuses what is no address, and an entry that is malformed", async () => {
      const call = (expected: object) => checkFunding(card(LINES), { ...entry, ...expected });

      expect(await failureOf(InvalidArgument, call({ registry: "0x1" }))).to.include({ argument: "registry" });
      expect(await failureOf(InvalidArgument, call({ recipient: "0x1" }))).to.include({ argument: "recipient" });
      await failureOf(FundingEntryInvalid, checkFunding(card(LINES.replace("8453", "base")), entry));
    });
  });

  describe("formatFunding", () => {
    it("writes what an author copies", () => {
      expect(formatFunding(entry)).to.equal(LINES);
    });
  });
});
