import { expect } from "chai";
import { getAddress } from "ethers";
import fc from "fast-check";
import { ascending } from "../../sdk/src/arguments.js";

const addresses = fc
  .uint8Array({ minLength: 20, maxLength: 20 })
  .map((bytes) => `0x${Buffer.from(bytes).toString("hex")}`);

describe("SDK ascending", () => {
  it("orders addresses by their number, each once, however they are written", () => {
    fc.assert(
      fc.property(fc.array(addresses, { minLength: 1 }), (models) => {
        const numbers = [...new Set(models.map(BigInt))].sort((a, b) => (a < b ? -1 : 1));

        expect(ascending([...models, ...models.map(getAddress)]).map(BigInt)).to.deep.equal(numbers);
      }),
    );
  });
});
