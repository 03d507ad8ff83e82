import { registerHooks } from "node:module";
import { expect } from "chai";
import { Aborted, InvalidAmount, InvalidArgument, NetworkFailure } from "../../sdk/src/index.js";
import type { ScanProgress } from "../../sdk/src/history/index.js";
import { loadedWhenCalled } from "../../sdk/src/lazy.js";
import type { Write } from "../../sdk/src/writes.js";
import { deploySdk, failureOf } from "./helpers.js";

interface Part {
  look(options: { at: string }): Promise<string>;
  readonly send: Write<{ amount: number }, object>;
}

/** Answers with the name of what was called, and its arguments. */
function part(): Part {
  const answer =
    (name: string) =>
    async (...args: unknown[]) =>
      [name, ...args] as never;

  return {
    look: answer("look"),
    send: Object.assign(answer("send"), {
      simulate: answer("simulate"),
      estimate: answer("estimate"),
      populate: answer("populate"),
    }) as Part["send"],
  };
}

describe("SDK parts that are loaded when they are called", () => {
  it("are loaded by the first call, once, and get every call with its arguments", async () => {
    let loads = 0;
    const lazy = loadedWhenCalled<Part>(
      async () => {
        loads++;
        return part();
      },
      { look: "read", send: "write" },
    );
    expect(loads).to.equal(0);

    const answers: unknown[] = await Promise.all([
      lazy.look({ at: "it" }),
      lazy.send({ amount: 1 }),
      lazy.send.simulate({ amount: 2 }),
      lazy.send.estimate({ amount: 3 }),
      lazy.send.populate({ amount: 4 }),
    ]);

    expect(answers).to.deep.equal([
      ["look", { at: "it" }],
      ["send", { amount: 1 }],
      ["simulate", { amount: 2 }],
      ["estimate", { amount: 3 }],
      ["populate", { amount: 4 }],
    ]);
    expect(loads).to.equal(1);
    expect("populate" in lazy.look).to.equal(false);
  });

  it("that cannot be loaded fail by a typed error, and are loaded by the next call", async () => {
    let isOnline = false;
    const lazy = loadedWhenCalled<Part>(
      async () => {
        // As a browser says it.
        if (!isOnline)
          throw new TypeError("Failed to fetch dynamically imported module: https://app.example/rounds.js");
        return part();
      },
      { look: "read", send: "write" },
    );

    await failureOf(NetworkFailure, lazy.look({ at: "it" }));
    await failureOf(NetworkFailure, lazy.send.simulate({ amount: 1 }));
    isOnline = true;
    expect(await lazy.look({ at: "it" })).to.deep.equal(["look", { at: "it" }]);
  });

  it("are history too", async () => {
    const { connection, deployment } = await deploySdk();
    const { provider } = connection.ethers;
    // A module of its own, which has not loaded anything yet.
    const fresh: string = "../../sdk/src/history/domain.js?fresh";
    const { historyOf } = (await import(fresh)) as typeof import("../../sdk/src/history/domain.js");
    const history = historyOf({ provider, deployment });
    const seen: ScanProgress[] = [];

    const hooks = registerHooks({
      resolve(specifier, context, next) {
        if (specifier === "./logHistory.js") throw new TypeError("Failed to fetch dynamically imported module");
        return next(specifier, context);
      },
    });
    try {
      await failureOf(NetworkFailure, history.listModels());
    } finally {
      hooks.deregister();
    }

    const { items } = await history.listModels({ onProgress: (progress) => seen.push(progress) });
    expect(items).to.deep.equal([]);
    expect(seen).not.to.deep.equal([]);
    await failureOf(Aborted, history.listModels({ signal: AbortSignal.abort() }));
  });

  it("refuse as they do once they are loaded", async () => {
    const { reader } = await deploySdk();

    await failureOf(InvalidArgument, reader.governance.proposals.setVerifierThreshold({ threshold: 0 }));
    await failureOf(InvalidArgument, reader.rounds.reveal.populate({ roundId: "0x", contentDigest: "0x" }));
  });

  it("leave no action alone that fails while they are loaded", async () => {
    const { reader, deployer } = await deploySdk();
    const { explain, simulate, proposals } = reader.governance;
    const unhandled: unknown[] = [];
    const listen = (reason: unknown) => unhandled.push(reason);
    process.on("unhandledRejection", listen);
    try {
      for (const call of [explain, simulate, deployer.governance.propose]) {
        const actions = [proposals.setProtocolFee({ feeBps: 9_999 }), Promise.reject(new InvalidAmount("x"))];
        await failureOf(InvalidAmount, call({ actions, description: "" }));
      }
    } finally {
      process.off("unhandledRejection", listen);
    }

    expect(unhandled).to.deep.equal([]);
  });
});
