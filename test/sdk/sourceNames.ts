import { expect } from "chai";
import fc from "fast-check";
import { InvalidArgument, parseSource, type Platform, sourceName } from "../../sdk/src/index.js";
import { readmeUrl } from "../../sdk/src/fundingEntries.js";

const PLATFORMS: Platform[] = ["huggingface", "huggingface-dataset", "github", "gitlab", "npm", "pypi", "doi"];

describe("SDK sources", () => {
  describe("sourceName", () => {
    const names: [Platform, given: string, name: string][] = [
      ["huggingface", "meta-llama/Llama-3.1-8B", "meta-llama/llama-3.1-8b"],
      ["huggingface", "gpt2", "gpt2"],
      ["huggingface", "datasets-org/spaces", "datasets-org/spaces"],
      ["huggingface-dataset", "HuggingFaceFW/fineweb", "huggingfacefw/fineweb"],
      ["huggingface-dataset", "squad", "squad"],
      ["github", "pytorch/PyTorch", "pytorch/pytorch"],
      ["github", "org/.github", "org/.github"],
      ["github", "org/name.git", "org/name"],
      ["github", "org/name.git.git", "org/name"],
      ["gitlab", "group/project", "group/project"],
      ["gitlab", "Group/sub/sub-2/project.git", "group/sub/sub-2/project"],
      ["npm", "left-pad", "left-pad"],
      ["npm", "@scope/name", "scope/name"],
      ["npm", "scope/name", "scope/name"],
      ["npm", "name.git", "name.git"],
      ["pypi", "Flask_SQLAlchemy", "flask-sqlalchemy"],
      ["pypi", "zope.interface", "zope-interface"],
      ["pypi", "a-_.-b", "a-b"],
      ["doi", "10.5281/zenodo.1234567", "10.5281/zenodo.1234567"],
      ["doi", "10.1000.10/ABC/d", "10.1000.10/abc/d"],
      ["huggingface", `o/${"n".repeat(98)}`, `o/${"n".repeat(98)}`],
    ];
    for (const [platform, given, name] of names) {
      it(`calls ${platform}'s ${given} ${name}`, () => {
        expect(sourceName(platform, given)).to.equal(name);
      });
    }

    const refused: [Platform, given: string, expected: string][] = [
      ...PLATFORMS.flatMap((platform) =>
        [
          "",
          " ",
          "/",
          "a//b",
          "/a/b",
          "a/b/",
          "../b",
          "a/..",
          "./b",
          "a/.",
          "a b/c",
          "a/b\n",
          "a/b?c",
          "é/b",
          "а/b",
        ].map((given): [Platform, string, string] => [platform, given, "give "]),
      ),
      ["huggingface", `o/${"n".repeat(99)}`, "1 to 100 characters"],
      ["huggingface", "a/b/c", "org/name, or the name of a model that has no org"],
      // Another name for a dataset.
      ["huggingface", "datasets/squad", "org/name"],
      ["huggingface", "spaces/app", "org/name"],
      ["huggingface-dataset", "datasets/squad", "org/name"],
      ["github", "name", "owner/repository"],
      ["github", "a/b/c", "owner/repository"],
      ["github", "a/.git", "owner/repository"],
      // The Kelvin sign, which is "k" in lower case.
      ["github", "\u212Aevin/x", "1 to 100 characters of a-z"],
      ["github", "@org/name", "1 to 100 characters"],
      ["gitlab", "project", "group/project"],
      ["npm", "JSONStream", "in lower case"],
      ["npm", "a/b/c", "the package's name or @scope/name"],
      ["npm", "@scope", "the package's name or @scope/name"],
      ["npm", "@@a/b", "the package's name or @scope/name"],
      ["pypi", "a/b", "the project's name"],
      ["pypi", "_a", "the project's name"],
      ["pypi", "a.", "the project's name"],
      ["doi", "zenodo.1234567", "10.<registrant>/<suffix>"],
      ["doi", "10.12/x", "10.<registrant>/<suffix>"],
      ["doi", "10.1234/", "10.<registrant>/<suffix>"],
      ["doi", "10.1234/a(b)", "1 to 100 characters"],
    ];
    for (const [platform, given, expected] of refused) {
      it(`refuses ${platform}'s ${JSON.stringify(given)}`, () => {
        expect(() => sourceName(platform, given))
          .to.throw(InvalidArgument, expected)
          .that.includes({ argument: `the name on ${platform}`, value: given });
      });
    }

    it("refuses platforms that it does not know, and names that are no text", () => {
      for (const platform of ["HuggingFace", "bitbucket", "__proto__", undefined]) {
        expect(() => sourceName(platform as Platform, "a/b"))
          .to.throw(InvalidArgument, `one of ${PLATFORMS.join(", ")}`)
          .that.includes({ argument: "platform", value: platform });
      }
      for (const name of [undefined, 7, ["a/b"]]) {
        expect(() => sourceName("github", name as unknown as string)).to.throw(InvalidArgument, "owner/repository");
      }
    });

    it("takes its own names for what they are, and they are what the contract allows", () => {
      fc.assert(
        fc.property(
          fc.constantFrom(...PLATFORMS),
          fc.stringMatching(/^(10\.\d{4}\/)?[a-zA-Z0-9@._/-]{1,12}$/),
          (platform, given) => {
            let name: string;
            try {
              name = sourceName(platform, given);
            } catch (error) {
              expect(error).to.be.instanceOf(InvalidArgument);
              return;
            }
            expect(name).to.match(/^[a-z0-9._-]+(\/[a-z0-9._-]+)*$/);
            expect(sourceName(platform, name)).to.equal(name);
          },
        ),
      );
    });
  });

  describe("parseSource", () => {
    const sources: [text: string, Platform, name: string][] = [
      ["huggingface:Org/Name", "huggingface", "org/name"],
      ["huggingface-dataset:squad", "huggingface-dataset", "squad"],
      ["GitHub:org/name", "github", "org/name"],
      ["npm:@scope/name", "npm", "scope/name"],
      ["doi:10.5281/zenodo.1", "doi", "10.5281/zenodo.1"],
      ["https://huggingface.co/org/name", "huggingface", "org/name"],
      ["https://hf.co/org/name/", "huggingface", "org/name"],
      ["https://huggingface.co/org/name/tree/main/sub", "huggingface", "org/name"],
      ["https://huggingface.co/gpt2", "huggingface", "gpt2"],
      ["https://huggingface.co/gpt2/blob/main/README.md", "huggingface", "gpt2"],
      ["https://huggingface.co/datasets/org/name?x=1#y", "huggingface-dataset", "org/name"],
      ["https://huggingface.co/datasets/squad/viewer", "huggingface-dataset", "squad"],
      ["https://github.com/Org/Name", "github", "org/name"],
      ["https://github.com/org/name.git", "github", "org/name"],
      ["http://www.github.com/org/name/issues/7", "github", "org/name"],
      ["https://gitlab.com/group/sub/project/-/tree/main", "gitlab", "group/sub/project"],
      ["https://www.npmjs.com/package/left-pad/v/1.3.0", "npm", "left-pad"],
      ["https://www.npmjs.com/package/@scope/name", "npm", "scope/name"],
      ["https://www.npmjs.com/package/%40scope/name?activeTab=code", "npm", "scope/name"],
      ["https://pypi.org/project/Flask_SQLAlchemy/3.0/", "pypi", "flask-sqlalchemy"],
      ["https://doi.org/10.5281/zenodo.1234567", "doi", "10.5281/zenodo.1234567"],
      ["https://doi.org/10.5281%2Fzenodo.1234567", "doi", "10.5281/zenodo.1234567"],
      ["https://dx.doi.org/10.1000.10/a/b", "doi", "10.1000.10/a/b"],
      ["  https://github.com/org/name \n", "github", "org/name"],
    ];
    for (const [text, platform, name] of sources) {
      it(`reads ${JSON.stringify(text)}`, () => {
        expect(parseSource(text)).to.deep.equal({ platform, name });
      });
    }

    for (const text of [
      "",
      "org/name",
      "bitbucket:org/name",
      "https://",
      "https://example.com/org/name",
      "https://github.com.evil.example/org/name",
      "https://github.com@evil.example/org/name",
      "https://npmjs.com/~user",
      "https://pypi.org/user/name",
      "https://github.com/org/%ff",
      "https://github.com/a%2fb%2f..%2f..%2fc/d",
      "javascript:alert(1)",
      { toString: 1 } as unknown as string,
      "file:///etc/passwd",
    ]) {
      it(`refuses ${JSON.stringify(text)}`, () => {
        expect(() => parseSource(text))
          .to.throw(InvalidArgument, "the URL of a page on huggingface")
          .that.includes({ argument: "source", value: text });
      });
    }

    for (const text of [
      "https://huggingface.co/",
      "https://huggingface.co/spaces/org/app",
      "https://huggingface.co/datasets",
      "https://github.com/org",
      "https://github.com/org/%2e%2e",
      "https://doi.org/10.1/x",
      "github:name",
    ]) {
      it(`refuses the name in ${text}`, () => {
        expect(() => parseSource(text))
          .to.throw(InvalidArgument)
          .that.has.property("argument")
          .which.matches(/^the name on /);
      });
    }

    it("reads what it writes", () => {
      for (const [, platform, name] of sources) {
        expect(parseSource(`${platform}:${name}`)).to.deep.equal({ platform, name });
      }
    });
  });

  describe("readmeUrl", () => {
    const urls: [Platform, name: string, url: string][] = [
      ["huggingface", "Org/Name", "https://huggingface.co/org/name/raw/main/README.md"],
      ["huggingface", "gpt2", "https://huggingface.co/gpt2/raw/main/README.md"],
      ["huggingface-dataset", "org/name", "https://huggingface.co/datasets/org/name/raw/main/README.md"],
      ["github", "org/name", "https://raw.githubusercontent.com/org/name/HEAD/README.md"],
      ["gitlab", "group/sub/project", "https://gitlab.com/group/sub/project/-/raw/HEAD/README.md"],
      ["npm", "left-pad", "https://registry.npmjs.org/left-pad"],
      ["npm", "@scope/name", "https://registry.npmjs.org/@scope%2fname"],
      ["pypi", "Some.Name", "https://pypi.org/pypi/some-name/json"],
    ];
    for (const [platform, name, url] of urls) {
      it(`finds the README of ${platform}'s ${name}`, () => {
        expect(readmeUrl({ platform, name })).to.equal(url);
        expect(readmeUrl({ platform, name }, "http://127.0.0.1:8080/")).to.equal(
          url.replace(/^https:\/\/[^/]+/, "http://127.0.0.1:8080"),
        );
      });
    }

    it("knows none of a DOI", () => {
      expect(readmeUrl({ platform: "doi", name: "10.5281/zenodo.1" })).to.equal(undefined);
    });

    it("refuses names that would lead elsewhere", () => {
      for (const name of ["../../etc", "org/name?x", "org/..", "org/name#x"]) {
        expect(() => readmeUrl({ platform: "huggingface", name })).to.throw(InvalidArgument);
      }
    });
  });
});
