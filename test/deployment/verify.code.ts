import { expect } from "chai";
import { ZeroHash } from "ethers";
import hre from "hardhat";
import { buildOf } from "../../scripts/verify/code.js";
import { artifactOf, childrenOf } from "../../scripts/verify/subject.js";
import {
  connection,
  type Deployed,
  expectFound,
  findingsOf,
  fixture,
  replaceInStorage,
  seen,
  STRANGER,
} from "./verify.support.js";

const { ethers, networkHelpers } = connection;

/** Every contract of the deployment and of its making, with its build. */
async function everyContract({ plan, at }: Deployed) {
  const contracts = [
    ...plan.map(({ name, address }) => ({ name: name as string, artifact: artifactOf(name), address })),
    ...Object.entries(childrenOf((name) => at[name])).map(([name, address]) => ({ name, artifact: name, address })),
  ];

  return Promise.all(
    contracts.map(async (contract) => ({
      ...contract,
      build: await buildOf(hre.artifacts, contract.artifact),
      code: await ethers.provider.getCode(contract.address),
    })),
  );
}

/** Changes a byte of hex. */
function flipped(code: string, byte: number): string {
  const place = 2 + 2 * byte;
  const other = (255 - Number.parseInt(code.slice(place, place + 2), 16)).toString(16).padStart(2, "0");

  return code.slice(0, place) + other + code.slice(place + 2);
}

describe("Verification of a deployment", () => {
  describe("code", () => {
    it("that differs in a byte is found in every contract, and what there is none of", async () => {
      const deployed = await fixture();
      const contracts = await everyContract(deployed);
      for (const { address, code } of contracts) await networkHelpers.setCode(address, flipped(code, 2));
      const report = await deployed.verify();

      const found = findingsOf(report);
      expect(found).to.include.members(contracts.map(({ name }) => `code: ${name}.code`));
      expect(report.checks.find(({ subject }) => subject === "TrainingRounds.code")?.actual).to.equal(
        "other code, from byte 2 on",
      );
      for (const { address } of contracts) await networkHelpers.setCode(address, "0x00");
      const shorter = (await deployed.verify()).checks.filter(({ area }) => area === "code");
      expect(shorter).to.have.length(contracts.length);
      for (const { actual, ok } of shorter) expect([actual.slice(0, 14), ok]).to.deep.equal(["code of 1 byte", false]);
    });

    it("that differs in the hash of its metadata alone is found, and told from other code", async () => {
      const deployed = await fixture();
      const contracts = await everyContract(deployed);
      for (const { address, code } of contracts) {
        await networkHelpers.setCode(address, flipped(code, (code.length - 2) / 2 - 20));
      }
      const report = await deployed.verify();

      expectFound(
        report,
        contracts.map(({ name }) => `code: ${name}.code`),
      );
      for (const { actual } of report.checks.filter(({ ok }) => !ok)) {
        expect(actual).to.match(/^the build but for the metadata's hash/);
      }
    });

    it("has each immutable compared, in each place where it stands", async () => {
      const deployed = await fixture();
      const contracts = await everyContract(deployed);
      const subjects = contracts.flatMap(({ name, build }) =>
        build.immutables.map((each) => `code: ${name}.${each.name}`),
      );
      expect(subjects.length).to.be.greaterThan(80);

      // First in the first place alone, so that places differ where there are several, then in the last as well.
      for (const place of [0, -1]) {
        for (const { address, build } of contracts) {
          let code = await ethers.provider.getCode(address);
          for (const { places } of build.immutables) {
            if (place === 0 || places.length > 1) code = flipped(code, (places.at(place)?.start ?? 0) + 31);
          }
          await networkHelpers.setCode(address, code);
        }
        const { checks } = await deployed.verify();
        const failed = checks.filter(({ area, ok }) => area === "code" && !ok);

        expect(failed.map(({ subject }) => `code: ${subject}`).sort()).to.deep.equal([...subjects].sort());
        const several = contracts.flatMap(({ name, build }) =>
          build.immutables
            .filter(({ places }) => places.length > (place === 0 ? 1 : 2))
            .map((each) => `${name}.${each.name}`),
        );
        for (const subject of several) {
          expect(failed.find((each) => each.subject === subject)?.actual, subject).to.include(" and ");
        }
        for (const subject of subjects) seen.add(subject);
      }
    });

    it("is compared with the deployment file's hash", async () => {
      const { deployment, verify } = await fixture();
      const entry = deployment.RoyaltyLedger;
      const withHash = (bytecodeHash: string) => ({ ...deployment, RoyaltyLedger: { ...entry, bytecodeHash } });

      expectFound(
        await verify({ deployment: withHash(ethers.keccak256(await ethers.provider.getCode(entry.address))) }),
        [],
      );
      expectFound(await verify({ deployment: withHash(ZeroHash) }), ["code: RoyaltyLedger.bytecodeHash"]);
    });

    it("is looked for at the addresses of the file", async () => {
      const { deployment, verify } = await fixture();
      const swapped = { ...deployment, RoyaltyLens: deployment.SafetyLens, SafetyLens: deployment.RoyaltyLens };

      expect(findingsOf(await verify({ deployment: swapped }))).to.include.members([
        "code: RoyaltyLens.code",
        "code: SafetyLens.code",
        "wiring: RoyaltyLens.ledger",
        "wiring: SafetyLens.board",
        "wiring: SafetyLens.royaltyLens",
      ]);
    });
  });

  describe("wiring", () => {
    it("to other addresses is found, whether code or storage has them", async () => {
      const deployed = await fixture();
      const { at, verify } = deployed;
      for (const { address, build, code } of await everyContract(deployed)) {
        let changed = code;
        for (const { type, places } of build.immutables) {
          if (!/^(address|contract)/.test(type)) continue;
          for (const { start } of places) changed = flipped(changed, start + 31);
        }
        await networkHelpers.setCode(address, changed);
      }
      await replaceInStorage(at.WealGovernor, at.TimelockController, STRANGER);
      await replaceInStorage(at.SafetyGovernor, at.SafetyTimelock, STRANGER);
      await replaceInStorage(at.SafetyBoard, at.SafetyTimelock, STRANGER);
      const { checks } = await verify();

      const wiring = checks.filter(({ area }) => area === "wiring");
      expect(wiring.filter(({ ok }) => ok)).to.deep.equal([]);
      expect(wiring.length).to.equal(26);
      for (const { subject } of wiring) seen.add(`wiring: ${subject}`);
    });
  });

  describe("this file", () => {
    it("has seen every check of code and wiring fail", async () => {
      const { checks } = await (await fixture()).verify();
      const subjects = checks
        .filter(({ area }) => area === "code" || area === "wiring")
        .map(({ area, subject }) => `${area}: ${subject}`);

      expect(subjects.length).to.be.greaterThan(80);
      expect(subjects.filter((subject) => !seen.has(subject))).to.deep.equal([]);
    });
  });
});
