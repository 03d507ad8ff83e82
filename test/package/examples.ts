import { cp } from "node:fs/promises";
import path from "node:path";
import { expect } from "chai";
import { HDNodeWallet, id, JsonRpcProvider, Mnemonic } from "ethers";
import { startLocalChain } from "../../scripts/local.js";
import { run } from "../../scripts/pack.js";
import { connect } from "../../sdk/src/index.js";
import { deploymentOf, registerFor } from "../sdk/helpers.js";
import { installedSdk, NODES, type Project } from "./install.js";

const MNEMONIC = Mnemonic.fromPhrase("test test test test test test test test test test test junk");

describe("Examples with the SDK as installed", function () {
  this.timeout(300_000);

  let project: Project;
  let chain: Awaited<ReturnType<typeof startLocalChain>>;
  let provider: JsonRpcProvider;
  let alice: HDNodeWallet;
  /** The account whose key the examples have. */
  const payer = HDNodeWallet.fromMnemonic(MNEMONIC, "m/44'/60'/0'/0/19").address;

  before(async () => {
    project = await installedSdk();
    chain = await startLocalChain(0);
    provider = new JsonRpcProvider(chain.url, undefined, { cacheTimeout: -1, polling: true });
    provider.pollingInterval = 20;
    alice = HDNodeWallet.fromMnemonic(MNEMONIC, "m/44'/60'/0'/0/1").connect(provider);
  });

  after(async () => {
    provider.destroy();
    await chain.close();
  });

  for (const library of ["ethers", "viem", "wagmi"]) {
    it(`pays with ${library}`, async () => {
      const commonweal = await connect(alice, { deployment: deploymentOf(chain.plan) });
      const model = await registerFor(alice.address, commonweal, { manifestDigest: id(library) });
      await commonweal.royalties.pay({ model, currency: "ETH", amount: "1" });
      await cp(path.join("examples", library), path.join(project.directory, library), { recursive: true });

      const { stdout } = await run(NODES["Node 24"], [`${library}/pay.ts`, model], {
        cwd: project.directory,
        env: { ...process.env, RPC_URL: chain.url },
      });

      const lines = stdout.split("\n").filter((line) => !/^Gas: \d+$/.test(line));
      expect(lines).to.deep.equal([
        "Received so far: 1 ETH",
        `Paid: 0.25 ETH by ${payer}`,
        "Received now: 1.25 ETH",
        "",
      ]);
    });
  }

  it("say what a contract refuses", async () => {
    await cp(path.join("examples", "ethers"), path.join(project.directory, "ethers"), { recursive: true });
    const unknown = "0x00000000000000000000000000000000000000aa";
    const failure = await run(NODES["Node 24"], ["ethers/pay.ts", unknown], {
      cwd: project.directory,
      env: { ...process.env, RPC_URL: chain.url },
    }).then(
      () => undefined,
      (error: { code: number; stderr: string }) => error,
    );

    expect(failure).to.have.property("code", 1);
    expect(failure?.stderr).to.match(/^ModelNotOpened: .+\.\n$/);
  });
});
