import { expect } from "chai";
import { assertionsIn } from "../../scripts/checks/assertions.js";

describe("assertionsIn", () => {
  it("finds errors and events with their arguments, over several lines and in one chain", () => {
    const source = `
      await expect(ledger.pay())
        .to.emit(ledger, "Paid")
        .withArgs(model, anyValue)
        .and.to.emit(ledger, \`Cascaded\`);
      it("reverts", () => expect(ledger.pay()).to.be.revertedWithCustomError(ledger, "ZeroPayment").withArgs(model));
    `;

    expect(assertionsIn(source)).to.have.deep.members([
      { kind: "event", name: "Paid", withArguments: true },
      { kind: "event", name: "Cascaded", withArguments: false },
      { kind: "error", name: "ZeroPayment", withArguments: true },
    ]);
  });

  it("does not take arguments that accept anything", () => {
    expect(assertionsIn(`expect(call).to.emit(ledger, "Paid").withArgs(anyValue, anyValue)`)).to.deep.equal([
      { kind: "event", name: "Paid", withArguments: false },
    ]);
  });

  it("does not count what is negated, commented out, quoted or another matcher", () => {
    const source = `
      expect(call).to.not.emit(ledger, "Paid");
      expect(call).not.to.be.revertedWithCustomError(ledger, "ZeroPayment");
      // expect(call).to.emit(ledger, "Paid");
      const text = 'expect(call).to.emit(ledger, "Paid")';
      expect(call).to.be.revertedWith("ZeroPayment");
      emit(ledger, "Paid");
    `;

    expect(assertionsIn(source)).to.deep.equal([]);
  });
});
