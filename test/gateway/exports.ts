import { expect } from "chai";
import manifest from "../../gateway/package.json" with { type: "json" };
import * as client from "../../gateway/src/client.js";
import * as file from "../../gateway/src/client/fileStorage.js";
import * as gateway from "../../gateway/src/index.js";
import * as node from "../../gateway/src/node.js";

describe("Gateway exports", () => {
  it("has these entry points", () => {
    expect(Object.keys(manifest.exports)).to.deep.equal([
      ...[".", "./node", "./client", "./client/file", "./package.json"],
    ]);
  });

  it("exports these values from @commonweal/gateway", () => {
    expect(gateway).to.have.all.keys("PASS_HEADER", "PaywallMisconfigured", "Refusal", "UNITS_HEADER", "paywall");
  });

  it("exports these values from @commonweal/gateway/node", () => {
    expect(node).to.have.all.keys("paywall");
  });

  it("exports these values from @commonweal/gateway/client", () => {
    expect(client).to.have.all.keys(
      ...["CHANNEL_SCHEME", "ChannelRefusal", "LimitReached", "PaymentNotTaken", "StateUnproven", "TermsRefused"],
      ...["channelFetch", "channelScheme", "memoryStorage"],
    );
  });

  it("exports these values from @commonweal/gateway/client/file, which a browser cannot load", () => {
    expect(file).to.have.all.keys("fileStorage");
  });
});
