import { setImmediate } from "node:timers/promises";
import { expect } from "chai";
import { id, JsonRpcProvider, type JsonRpcPayload, makeError, ZeroAddress } from "ethers";
import hre from "hardhat";
import { startLocalChain } from "../../scripts/local.js";
import { type Commonweal, connect, type Deployment } from "../../sdk/src/index.js";
import { deploymentOf, expectRefusal, registerFor } from "./helpers.js";
import { oddly } from "./runners.js";

const MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11";

describe("SDK reads", () => {
  let chain: Awaited<ReturnType<typeof startLocalChain>>;
  let provider: JsonRpcProvider;
  let deployment: Deployment;
  let reader: Commonweal;
  let model: string;

  before(async () => {
    chain = await startLocalChain(0);
    provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
    provider.pollingInterval = 20;
    deployment = deploymentOf(chain.plan);
    const signer = await provider.getSigner(1);
    model = await registerFor(signer.address, await connect(signer, { deployment }));
  });

  after(async () => {
    provider.destroy();
    await chain.close();
  });

  /** Returns the calls of contracts and the HTTP requests that something makes. */
  async function traffic(work: () => Promise<unknown>): Promise<{ calls: string[]; requests: number }> {
    const payloads: JsonRpcPayload[][] = [];
    const watch = (event: { action: string; payload: JsonRpcPayload | JsonRpcPayload[] }) => {
      if (event.action === "sendRpcPayload") payloads.push([event.payload].flat());
    };
    await provider.on("debug", watch);
    await work();
    await provider.off("debug", watch);
    const ofCalls = payloads.filter((batch) => batch.some(({ method }) => method === "eth_call"));

    return {
      calls: ofCalls
        .flat()
        .flatMap(({ method, params }) => (method === "eth_call" ? [(params as { to: string }[])[0].to] : [])),
      requests: ofCalls.length,
    };
  }

  const holders = Array.from({ length: 20 }, (_, i) => `0x${String(i + 1).padStart(40, "0")}`);
  const readAll = () => Promise.all(holders.map((holder) => reader.royalties.sharesOf({ holder, model })));

  for (const [where, hasMulticall] of [
    ["where the chain has no Multicall3", false],
    ["where it has", true],
  ] as const) {
    describe(where, () => {
      before(async () => {
        if (hasMulticall) await placeMulticall();
        reader = await connect(provider, { deployment });
        await readAll();
      });

      it(hasMulticall ? "are one call" : "are one request", async () => {
        const { calls, requests } = await traffic(readAll);

        expect(requests).to.equal(1);
        expect(calls).to.have.lengthOf(hasMulticall ? 1 : holders.length);
        if (hasMulticall) expect(calls[0].toLowerCase()).to.equal(MULTICALL3.toLowerCase());
      });

      it("give what each by itself gives", async () => {
        const [shares, found, policy] = await Promise.all([
          reader.royalties.sharesOf({ holder: await (await provider.getSigner(1)).getAddress(), model }),
          reader.registry.get({ model }),
          reader.safety.policy(),
        ]);

        expect(shares).to.equal(1_000_000n);
        expect(found.newest.manifestDigest).to.equal(id("manifest"));
        expect(policy.version).to.equal(1);
      });

      it("fail each by itself", async () => {
        const [known, unknown, shares] = [
          reader.registry.get({ model }),
          reader.registry.get({ model: ZeroAddress }),
          reader.royalties.sharesOf({ holder: holders[0], model }),
        ];

        await expectRefusal(unknown, "ModelNotRegistered", { model: ZeroAddress });
        expect((await known).model).to.equal(model);
        expect(await shares).to.equal(0n);
      });
    });
  }

  describe("when the connection breaks while they look for Multicall3", () => {
    let isBroken: boolean;
    let probes: number;
    let broken: Commonweal;

    before(placeMulticall);

    beforeEach(async () => {
      isBroken = false;
      const getCode = async (address: string) => {
        probes += 1;
        if (isBroken) throw makeError("socket hang up", "SERVER_ERROR", {} as never);
        return provider.getCode(address);
      };
      broken = await connect(oddly(provider, { getCode }), { deployment });
      [isBroken, probes] = [true, 0];
    });

    const readAllOf = ({ royalties }: Commonweal) =>
      Promise.all(holders.map((holder) => royalties.sharesOf({ holder, model })));

    it("one alone does not look, and leaves no rejection behind", async () => {
      const rejections: unknown[] = [];
      const note = (reason: unknown) => rejections.push(reason);
      process.on("unhandledRejection", note);
      try {
        expect(await broken.royalties.sharesOf({ holder: holders[0], model })).to.equal(0n);
        await setImmediate();
      } finally {
        process.off("unhandledRejection", note);
      }

      expect(rejections).to.deep.equal([]);
      expect(probes).to.equal(0);
    });

    it("are made one by one, and the next ones look again", async () => {
      expect((await traffic(() => readAllOf(broken))).calls).to.have.lengthOf(holders.length);

      isBroken = false;
      expect((await traffic(() => readAllOf(broken))).calls).to.have.lengthOf(1);
      await readAllOf(broken);
      expect(probes).to.equal(2);
    });
  });

  /** Gives the chain the code that Multicall3 has on all public ones. */
  async function placeMulticall() {
    const { deployedBytecode } = await hre.artifacts.readArtifact("Multicall3");
    await provider.send("hardhat_setCode", [MULTICALL3, deployedBytecode]);
  }
});
