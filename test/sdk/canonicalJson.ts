import canonicalize from "canonicalize";
import { expect } from "chai";
import fc from "fast-check";
import { canonicalJson, type Json } from "../../sdk/src/canonicalJson.js";
import { InvalidArgument } from "../../sdk/src/index.js";

describe("SDK canonical JSON", () => {
  it("is what the reference implementation of RFC 8785 writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(canonicalJson(value as Json)).to.equal(canonicalize(value));
      }),
    );
  });

  it("sorts by UTF-16 units, and leaves out what is undefined", () => {
    // U+1F600 begins with the unit D83D, which is less than FB33.
    expect(canonicalJson({ "\ufb33": 1, "\u{1f600}": 2, b: undefined, a: [] })).to.equal(
      '{"a":[],"\u{1f600}":2,"\ufb33":1}',
    );
  });

  it("refuses what JSON cannot say", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, "\ud83d", { "\udc00": 1 }]) {
      expect(() => canonicalJson(value)).to.throw(InvalidArgument);
    }
  });
});
