import { expect } from "chai";
import fc from "fast-check";
import { FilePathInvalid, manifest } from "../../sdk/src/manifest/index.js";
import { byCodePoint } from "../../sdk/src/manifest/paths.js";
import { entryOf, refusal } from "./manifest.support.js";

/** Makes a manifest of empty files with these paths. */
function create(...paths: unknown[]) {
  const files = paths.map((path) => ({ ...entryOf("x", ""), path: path as string }));

  return manifest.create({ name: "Paths", description: "", license: "MIT", files });
}

describe("SDK paths of a manifest", () => {
  it("takes names of all scripts, spaces, dots and emoji of several code points", async () => {
    const paths = [
      "a b.txt",
      ".gitignore",
      "...",
      "a/..b",
      "é",
      "日本語/かな",
      "\u{1f468}\u200d\u{1f4bb}.md",
      "x".repeat(255),
      "c:d/e".slice(1),
    ];

    expect((await create(...paths)).manifest.files).to.have.length(paths.length);
  });

  const bad: [title: string, path: unknown, problem: string][] = [
    ["none", undefined, "is no text"],
    ["an empty one", "", "is empty"],
    ["one from the root", "/etc/passwd", "begins with a slash"],
    ["one upwards", "a/../../b", 'has ".." as a name'],
    ["one that goes nowhere", "./a", 'has "." as a name'],
    ["one with an empty name", "a//b", "has an empty name between its slashes"],
    ["a folder", "a/", "has an empty name between its slashes"],
    ["one of Windows", "..\\a", "has a backslash, which parts folders on Windows"],
    ["a drive of Windows", "C:a", "begins like a drive of Windows"],
    ["a null", "a\0b", "has a control character"],
    ["a line's end", "a\nb", "has a control character"],
    ["a control of C1", "a\u0085b", "has a control character"],
    ["a line separator", "a\u2028b", "has a control character"],
    ["text that runs the other way", "gpj.\u202eexe", "has a control character"],
    ["what is composed in another way", "e\u0301", "is not in Unicode's normal form C"],
    ["half of a surrogate pair", "a\ud83d", "has half of a surrogate pair"],
    ["a long name", "é".repeat(128), "has a name longer than 255 bytes"],
    ["a long path", `${"a/".repeat(512)}a`, "is longer than 1024 bytes"],
  ];
  for (const [title, path, problem] of bad) {
    it(`refuses ${title}`, async () => {
      const error = await refusal(() => create("good", path), FilePathInvalid);

      expect(error).to.include({ path, problem });
      expect(error.message).to.include("rename the file");
    });
  }

  it("refuses two that are one where case does not count, or in another form", async () => {
    for (const [one, other] of [
      ["a", "a"],
      ["README", "readme"],
      ["É", "é"],
      ["straße", "STRASSE"],
      ["ſ", "S"],
      ["a/B", "A/b"],
    ]) {
      expect((await refusal(() => create(one, other), FilePathInvalid)).problem).to.include(
        "where case does not count",
      );
    }
  });

  it("refuses a file that is a folder of another", async () => {
    for (const [file, other] of [
      ["a", "a/b"],
      ["A/b", "a/B/c/d"],
    ]) {
      expect(await refusal(() => create(file, other), FilePathInvalid)).to.include({
        path: other,
        problem: `is in the folder "${file}", which is a file too`,
      });
    }
    await create("a-b", "a/b", "ab");
  });

  it("orders as bytes of UTF-8 do", () => {
    const text = fc.string({ unit: "grapheme" });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(byCodePoint(a, b))).to.equal(Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
      { numRuns: 500 },
    );
  });
});
