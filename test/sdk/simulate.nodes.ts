import { expect } from "chai";
import { connect, NetworkFailure, type Runner, StateOverridesUnsupported } from "../../sdk/src/index.js";
import { failureOf } from "./helpers.js";
import { oddly } from "./runners.js";
import { type World, WORLDS } from "./simulate.support.js";

for (const [where, open] of WORLDS) {
  describe(`SDK governance.simulate ${where} needs a node that overrides state, and says so`, () => {
    let world: World;

    before(async () => {
      world = await open();
    });

    after(() => world.close());

    const simulateWith = async (own: Record<string, unknown>) => {
      const { governance } = await connect(oddly<Runner>(world.provider, own), { deployment: world.deployment });

      return governance.simulate({ actions: [governance.proposals.setProtocolFee({ feeBps: 10 })] });
    };
    /** A node that does to the overrides of a call what it is told. */
    const nodeThat = (answer: (params: unknown[]) => Promise<unknown>) => ({
      send: (method: string, params: unknown[]) =>
        method === "eth_call" ? answer(params) : world.provider.send(method, params),
    });

    it("when the node ignores them", async () => {
      const ignoring = nodeThat(([call, block]) => world.provider.send("eth_call", [call, block]));

      await failureOf(StateOverridesUnsupported, simulateWith(ignoring));
    });

    it("when the node takes code but ignores storage", async () => {
      const ignoring = nodeThat(([call, block, overrides]) => {
        const codes = Object.entries(overrides as object).filter(([, { code }]) => code !== undefined);
        return world.provider.send("eth_call", [call, block, Object.fromEntries(codes)]);
      });

      await failureOf(StateOverridesUnsupported, simulateWith(ignoring));
    });

    for (const error of [
      Object.assign(new Error("too many arguments, want at most 2"), { code: -32_602 }),
      Object.assign(new Error("State override is not supported"), { code: -32_000 }),
    ]) {
      it(`when the node says ${error.message}`, async () => {
        const failure = await failureOf(StateOverridesUnsupported, simulateWith(nodeThat(() => Promise.reject(error))));
        expect(failure.cause).to.equal(error);
      });
    }

    it("and stands where no contract can know it", async () => {
      const asked: { from: string; to: string }[] = [];
      const watching = nodeThat((params) => {
        asked.push(params[0] as { from: string; to: string });
        return world.provider.send("eth_call", params);
      });
      await simulateWith(watching);
      await simulateWith(watching);

      expect(asked).to.have.length(2);
      expect(new Set(asked.flatMap(({ from, to }) => [from, to]))).to.have.property("size", 4);
    });

    it("when the provider has no way to ask", async () => {
      await failureOf(StateOverridesUnsupported, simulateWith({ send: undefined }));
    });

    it("but not when the node takes them and fails, or does not answer", async () => {
      const busy = nodeThat((params) =>
        (params[0] as { data: string }).data.length > 200
          ? Promise.reject(Object.assign(new Error("execution aborted (timeout = 5s)"), { code: -32_000 }))
          : world.provider.send("eth_call", params),
      );
      const failure = await simulateWith(busy).catch((error: unknown) => error);
      expect(failure).not.to.be.instanceOf(StateOverridesUnsupported);
      expect(failure)
        .to.have.property("message")
        .that.matches(/execution aborted/);

      const gone = nodeThat(() => Promise.reject(Object.assign(new Error("gone"), { code: "ECONNREFUSED" })));
      await failureOf(NetworkFailure, simulateWith(gone));
    });
  });
}
