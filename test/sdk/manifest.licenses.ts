import { expect } from "chai";
import ids from "spdx-license-ids/index.json" with { type: "json" };
import {
  LICENSE_RULES,
  LicenseInvalid,
  licenseConflicts,
  parseLicense,
  type RuleName,
} from "../../sdk/src/manifest/index.js";
import { refusal } from "./manifest.support.js";

const LLAMA = "LicenseRef-llama3.1";
const OPENRAIL = "LicenseRef-creativeml-openrail-m";

const rulesOf = async (license: string, ...parents: string[]) =>
  (await licenseConflicts({ license, parents })).map(({ rule, parent }) => `${parent} ${rule}`);

describe("SDK licences", () => {
  describe("parseLicense", () => {
    it("knows every licence of SPDX", async () => {
      expect(ids).to.have.length.above(600);
      for (const id of ids) expect(await parseLicense(id)).to.deep.equal([[{ id, orLater: false }]]);
    });

    it("gives the ways in which an expression can be met", async () => {
      const term = (id: string) => ({ id, orLater: false });
      expect(await parseLicense("MIT AND (Apache-2.0 OR LicenseRef-mine)")).to.deep.equal([
        [term("MIT"), term("Apache-2.0")],
        [term("MIT"), term("LicenseRef-mine")],
      ]);
      expect(await parseLicense("GPL-2.0+ WITH Classpath-exception-2.0")).to.deep.equal([
        [{ id: "GPL-2.0", orLater: true, exception: "Classpath-exception-2.0" }],
      ]);
    });

    const bad = [
      ...["", "mit", "Apache 2.0", "MIT or Apache-2.0", "MIT ORApache-2.0", "MIT/Apache-2.0", "MIT OR", "(MIT", "MIT)"],
      ...[
        "LicenseRef-@a",
        "LicenseRef-",
        "MIT WITH MIT",
        "Unknown-1.0",
        "UNLICENSED",
        "SEE LICENSE IN LICENSE",
        "MIT\nOR MIT",
      ],
      ...[
        `${"(".repeat(300)}MIT${")".repeat(300)}`,
        new Array(40).fill("(MIT OR ISC)").join(" AND "),
        undefined as unknown as string,
      ],
    ];
    for (const license of bad) {
      it(`refuses ${JSON.stringify(license)?.slice(0, 40)}`, async () => {
        expect(await refusal(() => parseLicense(license), LicenseInvalid)).to.include({ license });
      });
    }
  });

  describe("licenseConflicts", () => {
    // What a model under the first licence is warned of that was built from one under the second.
    const table: [license: string, parent: string, ...rules: RuleName[]][] = [
      ["MIT", "MIT"],
      ["MIT", "Apache-2.0"],
      ["GPL-3.0-only", "Apache-2.0"],
      ["GPL-2.0-only", "Apache-2.0", "apacheWithGpl2"],
      ["GPL-2.0-or-later", "Apache-2.0"],
      ["GPL-2.0", "Apache-2.0", "apacheWithGpl2"],
      ["MIT", "", "missing"],
      ["MIT", "LicenseRef-mine", "unknown"],
      ["MIT", "CC0-1.0"],
      ["MIT", "CC-BY-4.0"],
      ["MIT", "CC-BY-NC-4.0", "nonCommercial"],
      ["CC-BY-NC-4.0", "CC-BY-NC-4.0"],
      ["CC-BY-NC-SA-4.0", "CC-BY-NC-4.0"],
      ["CC-BY-NC-4.0", "CC-BY-ND-4.0", "noDerivatives"],
      ["MIT", "CC-BY-NC-ND-4.0", "nonCommercial", "noDerivatives"],
      ["MIT", "CC-BY-SA-4.0", "shareAlike"],
      ["CC-BY-SA-4.0", "CC-BY-SA-4.0"],
      ["CC-BY-SA-4.0", "CC-BY-SA-3.0"],
      ["CC-BY-SA-3.0", "CC-BY-SA-4.0", "shareAlike"],
      ["GPL-3.0-only", "CC-BY-SA-4.0"],
      ["GPL-2.0-only", "CC-BY-SA-4.0", "shareAlike"],
      ["GPL-3.0-only", "CC-BY-SA-3.0", "shareAlike"],
      ["CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "nonCommercial", "shareAlike"],
      ["CC-BY-NC-SA-4.0", "CC-BY-SA-4.0", "shareAlike"],
      ["MIT", "GPL-3.0-only", "copyleft"],
      ["GPL-3.0-only", "GPL-3.0-only"],
      ["GPL-3.0-or-later", "GPL-3.0-only", "copyleft"],
      ["GPL-3.0-only", "GPL-2.0-or-later"],
      ["GPL-3.0-only", "GPL-2.0+"],
      ["GPL-3.0-only", "GPL-2.0-only", "copyleft"],
      ["GPL-2.0-only", "GPL-3.0-or-later", "copyleft"],
      ["AGPL-3.0-only", "GPL-3.0-only"],
      ["AGPL-3.0-only", "GPL-2.0-only", "copyleft"],
      ["GPL-3.0-only", "AGPL-3.0-only", "networkCopyleft"],
      ["MIT", "AGPL-3.0-or-later", "networkCopyleft"],
      ["MIT", "GPL-2.0-only WITH Classpath-exception-2.0"],
      ["MIT", OPENRAIL, "useRestrictions"],
      [OPENRAIL, OPENRAIL],
      ["LicenseRef-bigscience-openrail-m", OPENRAIL],
      ["MIT", LLAMA, "llamaNaming"],
      [LLAMA, LLAMA],
      ["MIT", "LicenseRef-llama2", "llama2Outputs", "llamaNaming"],
      ["Apache-2.0", "LicenseRef-llama3", "llama2Outputs", "llamaNaming"],
      ["Apache-2.0", "LicenseRef-gemma", "gemmaTerms"],
    ];
    for (const [license, parent, ...rules] of table) {
      it(`of ${license} from ${parent || "nothing said"}: ${rules.join(", ") || "none"}`, async () => {
        expect(await rulesOf(license, parent)).to.deep.equal(rules.map((rule) => `0 ${rule}`));
      });
    }

    it("says which parent, why and where it stands", async () => {
      const warnings = await licenseConflicts({ license: "MIT", parents: ["MIT", "CC-BY-NC-4.0"] });

      expect(warnings).to.deep.equal([
        {
          rule: "nonCommercial",
          parent: 1,
          parentLicense: "CC-BY-NC-4.0",
          license: "MIT",
          explanation: LICENSE_RULES.nonCommercial.explanation,
          source: "https://creativecommons.org/licenses/by-nc/4.0/legalcode.en#s2a1",
        },
      ]);
    });

    it("lets a model choose among a parent's licences, and looks at each that the model offers", async () => {
      expect(await rulesOf("MIT", "GPL-3.0-only OR Apache-2.0")).to.deep.equal([]);
      expect(await rulesOf("MIT", "GPL-3.0-only AND Apache-2.0")).to.deep.equal(["0 copyleft"]);
      expect(await rulesOf("GPL-3.0-only OR MIT", "GPL-3.0-only")).to.deep.equal(["0 copyleft"]);
      expect(await rulesOf(`MIT AND ${LLAMA}`, LLAMA)).to.deep.equal([]);
    });

    it("finds parents that go with nothing together", async () => {
      expect(await rulesOf("GPL-2.0-only", "GPL-2.0-only", "Apache-2.0")).to.deep.equal(["1 apacheWithGpl2"]);
      expect(await rulesOf("CC-BY-SA-4.0", "CC-BY-SA-4.0", "GPL-3.0-only")).to.deep.equal(["1 copyleft"]);
    });

    it("has a source for each rule", () => {
      for (const [name, rule] of Object.entries(LICENSE_RULES)) {
        expect(rule.name).to.equal(name);
        expect(new URL(rule.source).protocol).to.equal("https:");
        expect(rule.explanation).to.match(/\.$/);
      }
    });
  });
});
