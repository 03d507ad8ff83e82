import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { expect } from "chai";
import hre, { network } from "hardhat";
import local from "../../scripts/parameters/local.json" with { type: "json" };
import {
  governorArguments,
  type Parameters,
  ParametersInvalid,
  requireFutureDates,
  requireValid,
  secondsOf,
} from "../../scripts/parameters.js";
import { deployProtocol } from "../../scripts/protocol.js";
import { DAY, deployTestProtocol, testParameters } from "../helpers/protocol.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const deploy = () => deployTestProtocol(connection);
const ANYBODY = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const NOBODY = ethers.ZeroAddress;
const NO_DIGEST = ethers.ZeroHash;

/** The test's parameters with a safety governor that takes so many seconds to decide. */
function deciding(seconds: number): Parameters {
  const parameters = testParameters(ANYBODY);
  const { votingDelay, votingPeriod, lateQuorumExtension } = parameters.safetyGovernor;
  const timelockDelay = seconds - votingDelay - votingPeriod - lateQuorumExtension;

  return {
    ...parameters,
    governor: { ...parameters.governor, timelockDelay: 30 * DAY },
    safetyGovernor: { ...parameters.safetyGovernor, timelockDelay },
  };
}

/** Each date that parameters have, and what the message calls it. */
const DATES: [string, (date: string) => Parameters][] = [
  [
    "genesis.community.until",
    (until) => {
      const { genesis, ...others } = testParameters(ANYBODY);

      return { ...others, genesis: { ...genesis, community: { ...genesis.community, until } } };
    },
  ],
  ...(["start", "end"] as const).map((which): [string, (date: string) => Parameters] => [
    `genesis.founders[0].${which}`,
    (date) => {
      const { genesis, ...others } = testParameters(ANYBODY);

      return { ...others, genesis: { ...genesis, founders: [{ ...genesis.founders[0], [which]: date }] } };
    },
  ]),
  ...(["governor", "safetyGovernor"] as const).map((which): [string, (date: string) => Parameters] => [
    `${which}.guardian.until`,
    (until) => {
      const parameters = testParameters(ANYBODY);

      return { ...parameters, [which]: { ...parameters[which], guardian: { account: ANYBODY, until } } };
    },
  ]),
];

/** What nobody should deploy, what the message begins with, and how to come to it. */
const INVALID: [what: string, message: string, change: (parameters: Parameters) => Parameters][] = [
  ["a fee above its cap", "protocolFeeBps: ", (all) => ({ ...all, protocolFeeBps: 251 })],
  ["a fee of half a point", "protocolFeeBps: ", (all) => ({ ...all, protocolFeeBps: 0.5 })],
  [
    "what is no address",
    'currencies[0].address: "USDC" is no address',
    (all) => ({ ...all, currencies: [{ symbol: "USDC", address: "USDC", decimals: 6 }] }),
  ],
  [
    "a currency without decimals",
    "currencies[0].decimals: ",
    (all) => ({ ...all, currencies: [{ symbol: "USDC", address: ANYBODY }] }) as unknown as Parameters,
  ],
  ["nobody on the board", "safetyBoard[0]: the zero address", (all) => ({ ...all, safetyBoard: [NOBODY] })],
  ["a wrong checksum", 'safetyBoard[0]: "0x709', (all) => ({ ...all, safetyBoard: [ANYBODY.replace("c", "C")] })],
  ["no timelock", "governor.timelockDelay: ", (all) => ({ ...all, governor: { ...all.governor, timelockDelay: 0 } })],
  ["no quorum", "governor.quorumPercent: ", (all) => ({ ...all, governor: { ...all.governor, quorumPercent: 0 } })],
  [
    "more than everybody as quorum",
    "safetyGovernor.quorumPercent: ",
    (all) => ({ ...all, safetyGovernor: { ...all.safetyGovernor, quorumPercent: 101 } }),
  ],
  [
    "an extension beyond the vote",
    "governor.lateQuorumExtension: it is longer than the voting period",
    (all) => ({ ...all, governor: { ...all.governor, lateQuorumExtension: all.governor.votingPeriod + 1 } }),
  ],
  [
    "a policy without clauses",
    "usePolicy.clauseCount: ",
    (all) => ({ ...all, usePolicy: { ...all.usePolicy, clauseCount: 0 } }),
  ],
  ["what is no digest", "usePolicy.digest: ", (all) => ({ ...all, usePolicy: { ...all.usePolicy, digest: "0x12" } })],
  [
    "a currency twice",
    "currencies: a currency is named twice",
    (all) => ({
      ...all,
      currencies: [ANYBODY, ANYBODY.toLowerCase()].map((address) => ({ symbol: "USDC", address, decimals: 6 })),
    }),
  ],
  [
    "a date that is another elsewhere",
    'genesis.community.until: "2030-01-01" is no date',
    (all) => ({ ...all, genesis: { ...all.genesis, community: { until: "2030-01-01", claims: [] } } }),
  ],
  [
    "more verifiers to ask than there are",
    "sources.threshold: it is above the number of verifiers",
    (all) => ({ ...all, sources: { threshold: 2, verifiers: [ANYBODY] } }),
  ],
  [
    "a safety governor as slow as the main one",
    "safetyGovernor: it takes as long to decide",
    (all) => ({ ...all, safetyGovernor: all.governor }),
  ],
  ["a digest of zero", "usePolicy.digest: ", (all) => ({ ...all, usePolicy: { ...all.usePolicy, digest: NO_DIGEST } })],
  ["no verifiers to ask", "sources.threshold: ", (all) => ({ ...all, sources: { threshold: 0, verifiers: [] } })],
  ...["-1", "200_000_000", "1.0000000000000000001", "1e9", ""].map(
    (treasury): [string, string, (parameters: Parameters) => Parameters] => [
      `"${treasury}" as an amount`,
      `genesis.treasury: "${treasury}" is no amount of WEAL`,
      (all) => ({ ...all, genesis: { ...all.genesis, treasury } }),
    ],
  ),
  [
    "nobody as a holder",
    "genesis.holders[0].account: the zero address",
    (all) => ({ ...all, genesis: { ...all.genesis, holders: [{ account: NOBODY, weal: "1" }] } }),
  ],
  ["what it does not know", 'parameters: Unrecognized key: "fee"', (all) => ({ ...all, fee: 1 }) as Parameters],
];

/** Returns why a deployment with these parameters fails, and requires that it sent nothing. */
async function refusalOf(parameters: Parameters, on = connection): Promise<Error> {
  const { ethers } = on;
  const [deployer] = await ethers.getSigners();
  const before = [await ethers.provider.getTransactionCount(deployer.address), await ethers.provider.getBlockNumber()];
  const error = await deployProtocol(on, hre.artifacts, parameters).then(
    () => new Error("It was not refused."),
    (error: Error) => error,
  );
  const after = [await ethers.provider.getTransactionCount(deployer.address), await ethers.provider.getBlockNumber()];
  expect(after).to.deep.equal(before);

  return error;
}

describe("Parameters", () => {
  describe("of a local chain", () => {
    it("pin the use policy of the docs: its sha-256 and its numbered clauses", async () => {
      const bytes = await readFile(new URL("../../docs/use-policy.md", import.meta.url));
      const numbers = [...bytes.toString("utf8").matchAll(/^(\d+)\. /gm)].map(([, number]) => Number(number));

      expect(local.usePolicy.digest).to.equal(`0x${createHash("sha256").update(bytes).digest("hex")}`);
      expect(numbers).to.deep.equal(Array.from({ length: local.usePolicy.clauseCount }, (_, i) => i + 1));
    });

    it("let the safety governor decide while the board's restriction holds, with time to spare", () => {
      const { votingDelay, votingPeriod, lateQuorumExtension, timelockDelay } = local.safetyGovernor;

      expect(votingDelay + votingPeriod + lateQuorumExtension + timelockDelay).to.be.at.most(10 * DAY);
      expect(() => requireValid(local)).to.not.throw();
    });
  });

  describe("requireValid", () => {
    it("counts every period of a decision that comes late, and what the board's contract allows", async () => {
      const { safetyBoard } = await networkHelpers.loadFixture(deploy);
      const period = Number(await safetyBoard.restrictionPeriod());
      expect(period).to.equal(14 * DAY);

      expect(() => requireValid(deciding(period - 1))).to.not.throw();
      for (const seconds of [period, period + 1]) {
        expect(() => requireValid(deciding(seconds))).to.throw(
          ParametersInvalid,
          `safetyGovernor: it takes ${seconds} seconds to decide, and the board's restriction ends after ${period}; ` +
            "shorten its times. Nothing was deployed.",
        );
      }
    });

    for (const [what, message, change] of INVALID) {
      it(`refuses ${what}`, () => {
        expect(() => requireValid(change(testParameters(ANYBODY)))).to.throw(ParametersInvalid, message);
      });
    }

    it("is asked before anything is sent", async () => {
      const error = await refusalOf(deciding(14 * DAY));

      expect(error).to.be.instanceOf(ParametersInvalid);
      expect(error.message).to.match(/^safetyGovernor: .* Nothing was deployed\.$/);
    });
  });

  describe("dates", () => {
    it("are seconds in Unix time, with whatever offset they are written", () => {
      for (const [date, seconds] of [
        ["1970-01-01T00:00:00Z", 0],
        ["2030-01-01T00:00:00Z", 1_893_456_000],
        ["2030-01-01T01:00:00+01:00", 1_893_456_000],
        ["2030-01-01", 1_893_456_000],
        ["2030-01-01T00:00:00.999Z", 1_893_456_000],
      ] as const) {
        expect(secondsOf(date)).to.equal(seconds);
      }
    });

    for (const [parameter, withDate] of DATES) {
      it(`${parameter}: what is no date is refused before anything is sent`, async () => {
        for (const date of ["tomorrow", "", "2030-13-01T00:00:00Z"]) {
          const error = await refusalOf(withDate(date));

          expect(error).to.be.instanceOf(ParametersInvalid);
          expect(error.message).to.equal(
            `${parameter}: "${date}" is no date; write it as 2030-01-01T00:00:00Z. Nothing was deployed.`,
          );
        }
      });
    }

    it("that have passed are refused when a deployment begins", async () => {
      const fresh = await network.create();
      const now = await fresh.networkHelpers.time.latest();
      const [past, present] = [now - 1, now].map((time) => new Date(time * 1_000).toISOString());
      const future = new Date((now + 1) * 1_000).toISOString();

      for (const [parameter, withDate] of DATES.filter(([name]) => name.endsWith("until"))) {
        for (const date of [past, present]) {
          expect(() => requireFutureDates(withDate(date), now)).to.throw(
            ParametersInvalid,
            `${parameter}: ${date} has passed; write a date to come. Nothing was deployed.`,
          );
        }
        expect(() => requireFutureDates(withDate(future), now)).to.not.throw();
        expect((await refusalOf(withDate(past), fresh)).message).to.include(`${parameter}: ${past} has passed`);
      }
    });

    for (const [end, what] of [
      ["2030-01-01T00:00:00Z", "at"],
      ["2029-12-31T23:59:59Z", "before"],
    ]) {
      it(`a founder's end ${what} its start is refused before anything is sent`, async () => {
        const { genesis, ...others } = testParameters(ANYBODY);
        const founder = { ...genesis.founders[0], start: "2030-01-01T00:00:00Z", end };
        const error = await refusalOf({ ...others, genesis: { ...genesis, founders: [founder] } });

        expect(error).to.be.instanceOf(ParametersInvalid);
        expect(error.message).to.equal(
          "genesis.founders[0].end: it is not after the start; move it back. Nothing was deployed.",
        );
      });
    }
  });

  describe("governorArguments", () => {
    const governor = testParameters(ANYBODY).governor;

    it("are the constructor's, with the threshold in units", () => {
      expect(governorArguments("Name", "token", "timelock", governor)).to.deep.equal([
        ...["Name", "token", "timelock", ethers.ZeroAddress],
        {
          ...{ votingDelay: DAY, votingPeriod: 7 * DAY, lateQuorumExtension: 2 * DAY, quorumPercent: 4 },
          ...{ proposalThreshold: 100_000n * 10n ** 18n, guardianUntil: Date.UTC(2100, 0) / 1_000 },
        },
      ]);
    });

    it("have nobody as guardian, until never, where there is none", () => {
      const [, , , guardian, settings] = governorArguments("Name", "token", "timelock", {
        ...governor,
        guardian: undefined,
      });

      expect(guardian).to.equal(ethers.ZeroAddress);
      expect(settings).to.have.property("guardianUntil", 0);
    });
  });
});
