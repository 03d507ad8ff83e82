import { expect } from "chai";
import fc from "fast-check";
import { hexlify } from "ethers";
import { ballotIdOf, parseBallot, partsOf } from "../../relayer/src/ballots.js";
import { Refusal } from "../../relayer/src/refusals.js";
import type { Ballot } from "../../sdk/src/index.js";

const GOVERNOR = "0x5FbDB2315678afecb367f032d93F642f64180aa3";
const OTHER = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512";
const LIMITS = { governors: [GOVERNOR], maxReasonBytes: 100 };

const BALLOT: Ballot = {
  ...{ proposalId: "7", support: 1, voter: OTHER, reason: "", params: "0x", signature: `0x${"ab".repeat(65)}` },
};
const BODY = { ...BALLOT, governor: GOVERNOR };

const refusalOf = (body: unknown): Refusal => {
  try {
    parseBallot(body, LIMITS);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  return expect.fail(`It took ${JSON.stringify(body)}`);
};

describe("relayer ballots", () => {
  describe("parseBallot", () => {
    it("takes what the SDK signs", () => {
      expect(parseBallot(BODY, LIMITS)).to.deep.equal({ governor: GOVERNOR, ballot: BALLOT });
    });

    it("has one form for each value, and leaves out what is no part of a ballot", () => {
      const posted = {
        ...BODY,
        ...{ voter: OTHER.toLowerCase(), governor: GOVERNOR.toLowerCase(), nonce: 4 },
        signature: `0x${"AB".repeat(65)}`,
      };

      expect(parseBallot(posted, LIMITS)).to.deep.equal({ governor: GOVERNOR, ballot: BALLOT });
    });

    it("measures a reason in bytes of UTF-8", () => {
      expect(parseBallot({ ...BODY, reason: "é".repeat(50) }, LIMITS).ballot.reason).to.have.length(50);
      expect(refusalOf({ ...BODY, reason: "é".repeat(51) }).message).to.equal(
        'reason is not what a ballot has there; give a text of at most 100 bytes in UTF-8, or "" for none.',
      );
    });

    for (const [field, values] of [
      ["proposalId", [7, "", "07", "-1", "0x7", "1e3", String(2n ** 256n), null, undefined]],
      ["support", ["1", -1, 3, 256, 1.5, null, undefined]],
      ["voter", ["", "0x", OTHER.slice(2, 10), OTHER.replace("e7", "E7"), 1, null, undefined]],
      ["governor", ["", 1, null, undefined]],
      ["reason", [1, null, undefined, "x".repeat(101), "\ud800"]],
      ["params", ["", "0x0", "0xgg", `0x${"00".repeat(48)}`, `0x${"00".repeat(49)}`, null, undefined]],
      ["signature", ["", "0x0", "ab", `0x${"00".repeat(2_049)}`, 1, null, undefined]],
    ] as const) {
      it(`names ${field}, and what belongs there`, () => {
        for (const value of values) {
          const { code, status, message } = refusalOf({ ...BODY, [field]: value });
          expect([code, status]).to.deep.equal(["invalid_ballot", 400]);
          expect(message).to.match(new RegExp(`^${field} is not what a ballot has there; give .+\\.$`));
        }
      });
    }

    it("asks for the parts of a fractional vote, and for them alone", () => {
      const params = `0x${"00".repeat(48)}`;

      expect(parseBallot({ ...BODY, support: 255, params }, LIMITS).ballot.params).to.equal(params);
      for (const wrong of ["0x", "0x00", `0x${"00".repeat(47)}`]) {
        expect(refusalOf({ ...BODY, support: 255, params: wrong }).code).to.equal("invalid_ballot");
      }
    });

    it("refuses a governor that it does not serve, and names those that it does", () => {
      const { code, message } = refusalOf({ ...BODY, governor: OTHER });

      expect(code).to.equal("unknown_governor");
      expect(message).to.include(OTHER).and.include(GOVERNOR);
    });

    it("refuses whatever else comes with a refusal", () => {
      const field = fc.constantFrom(...Object.keys(BODY));
      const value = fc.oneof(fc.anything(), fc.string({ unit: "binary" }), fc.bigInt().map(String));
      fc.assert(
        fc.property(fc.oneof(fc.anything(), fc.record({ field, value })), (given) => {
          const { field: name, value: put } = Object(given) as { field?: string; value?: unknown };
          const body = name === undefined ? given : { ...BODY, [name]: put };
          try {
            const { governor, ballot } = parseBallot(body, LIMITS);
            // What is taken is taken again as the same.
            expect(parseBallot({ ...ballot, governor }, LIMITS)).to.deep.equal({ governor, ballot });
          } catch (error) {
            expect(error).to.be.instanceOf(Refusal);
          }
        }),
        { numRuns: 500 },
      );
    });
  });

  describe("ballotIdOf", () => {
    it("is the same for the same ballot only", () => {
      const posted = { governor: GOVERNOR, ballot: BALLOT };
      const ids = new Set([
        ballotIdOf(1n, posted),
        ballotIdOf(2n, posted),
        ballotIdOf(1n, { ...posted, governor: OTHER }),
        ...Object.entries({
          proposalId: "8",
          support: 0,
          voter: GOVERNOR,
          reason: "x",
          params: "0x00",
          signature: "0x",
        }).map(([field, value]) => ballotIdOf(1n, { ...posted, ballot: { ...BALLOT, [field]: value } })),
      ]);

      expect(ids.size).to.equal(9);
      expect(ids).to.include(ballotIdOf(1n, { governor: GOVERNOR, ballot: { ...BALLOT } }));
    });
  });

  describe("partsOf", () => {
    it("sums the parts of a fractional vote", () => {
      const parts = [1n, 2n ** 100n, 2n ** 128n - 1n];
      const params = hexlify(`0x${parts.map((part) => part.toString(16).padStart(32, "0")).join("")}`);

      expect(partsOf({ ...BALLOT, support: 255, params })).to.equal(2n ** 128n + 2n ** 100n);
      expect(partsOf(BALLOT)).to.equal(undefined);
    });
  });
});
