import { expect } from "chai";
import { dearerThanPeers } from "../../bench/governance.js";

describe("dearerThanPeers", () => {
  it("lets pass what is cheaper, equal or 5 % above", () => {
    expect(
      dearerThanPeers([
        { operation: "delegate, first", ours: 90_000n, openZeppelin: 100_000n },
        { operation: "propose", ours: 100_000n, openZeppelin: 100_000n },
        { operation: "queue", ours: 105_000n, openZeppelin: 100_000n },
      ]),
    ).to.deep.equal([]);
  });

  it("names what is more than 5 % above, and by which figures", () => {
    const failures = dearerThanPeers([
      { operation: "queue", ours: 105_000n, openZeppelin: 100_000n },
      { operation: "execute", ours: 105_001n, openZeppelin: 100_000n },
    ]);

    expect(failures).to.have.lengthOf(1);
    expect(failures[0]).to.include("execute").and.include("105001").and.include("100000");
  });
});
