import { expect } from "chai";
import { measureEconomics } from "../../bench/economics.js";
import { withFigures } from "../../bench/report.js";

describe("withFigures", () => {
  const figures = {
    measures: [{ operation: "pay ETH, repeat", gas: 30_492n }],
    peers: [],
    governance: [{ operation: "propose", ours: 305_987n, openZeppelin: 305_965n }],
    chains: [],
    curves: { "share holders": [], ancestors: [], parents: [] },
    economics: measureEconomics(),
  };

  it("writes figures where they are named, in place of what stood there", () => {
    const page = "<!-- gas: pay ETH, repeat -->1<!-- / --> and <!-- gas: propose --><!-- / -->.";

    expect(withFigures(page, figures)).to.equal(
      "<!-- gas: pay ETH, repeat -->30,492<!-- / --> and <!-- gas: propose -->305,987<!-- / -->.",
    );
  });

  it("writes tables as blocks of their own, the same when written again", () => {
    const page = withFigures("<!-- economics: contributors -->\nold\n<!-- / -->\n", figures);

    expect(page).to.match(/^<!-- economics: contributors -->\n\n\| .+ \|\n\n<!-- \/ -->\n$/s);
    expect(page).to.not.include("old");
    expect(withFigures(page, figures)).to.equal(page);
  });

  it("refuses a name that nothing has", () => {
    expect(() => withFigures("<!-- gas: pay ETH, twice --><!-- / -->", figures)).to.throw("gas: pay ETH, twice");
  });
});
