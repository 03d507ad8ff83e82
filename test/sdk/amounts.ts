import { expect } from "chai";
import fc from "fast-check";
import { formatAmount, InvalidAmount, parseAmount, TooManyDecimals } from "../../sdk/src/index.js";

const decimals = fc.integer({ min: 0, max: 36 });
const units = fc.bigInt({ min: 0n, max: 2n ** 112n - 1n });

describe("SDK amounts", () => {
  describe("parseAmount", () => {
    it("reads decimal strings in the currency's decimals", () => {
      expect(parseAmount("12.5", 6)).to.equal(12_500_000n);
      expect(parseAmount("0.000001", 6)).to.equal(1n);
      expect(parseAmount("100", 0)).to.equal(100n);
      expect(parseAmount("007", 2)).to.equal(700n);
    });

    it("takes bigints as units", () => {
      fc.assert(fc.property(units, decimals, (amount, d) => parseAmount(amount, d) === amount));
    });

    it("reads what formatAmount writes", () => {
      fc.assert(fc.property(units, decimals, (amount, d) => parseAmount(formatAmount(amount, d), d) === amount));
    });

    it("refuses one decimal more than the currency has", () => {
      fc.assert(
        fc.property(fc.nat(), decimals, (whole, d) => {
          const amount = `${whole}.${"0".repeat(d)}1`;
          expect(() => parseAmount(amount, d))
            .to.throw(TooManyDecimals)
            .that.includes({ value: amount, decimals: d });
        }),
      );
    });

    it("refuses JavaScript numbers, whatever they are", () => {
      fc.assert(
        fc.property(fc.oneof(fc.integer(), fc.double()), (amount) => {
          // @ts-expect-error: the type refuses numbers too.
          expect(() => parseAmount(amount, 18)).to.throw(InvalidAmount, "JavaScript number");
        }),
      );
    });

    for (const amount of ["", " ", ".5", "5.", "-1", "+1", "1e18", "0x10", "1,5", "1_000", "1.2.3", "١", -1n]) {
      it(`refuses ${typeof amount} "${amount}"`, () => {
        expect(() => parseAmount(amount, 18))
          .to.throw(InvalidAmount)
          .that.has.property("value", amount);
      });
    }

    it("refuses what is nothing of the kind", () => {
      expect(() => parseAmount(undefined as unknown as string, 18)).to.throw(InvalidAmount, "undefined");
    });
  });

  describe("formatAmount", () => {
    it("leaves out what says nothing", () => {
      expect(formatAmount(12_500_000n, 6)).to.equal("12.5");
      expect(formatAmount(100_000_000n, 6)).to.equal("100");
      expect(formatAmount(0n, 18)).to.equal("0");
      expect(formatAmount(5n, 0)).to.equal("5");
    });
  });
});
