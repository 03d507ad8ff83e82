import { expect } from "chai";
import { Transaction } from "ethers";
import { create3Address } from "../../scripts/create3.js";
import { CONTRACT_NAMES } from "../../scripts/plan.js";
import { CUT, DEPLOYER, removeJournals, TestNode } from "./deploy.support.js";

const NAMES = [...CONTRACT_NAMES, "VestingWallet0"];

/** How many of the protocol's contracts are on the chain. */
async function deployedOn({ provider }: TestNode): Promise<number> {
  const codes = await Promise.all(NAMES.map((name) => provider.getCode(create3Address(DEPLOYER.address, name))));

  return codes.filter((code) => code !== "0x").length;
}

/** Requires that a run ended well, with everything where it belongs. */
async function expectFinished(node: TestNode, { code, output }: { code: number | null; output: string }) {
  expect(code, output).to.equal(0);
  expect(await deployedOn(node)).to.equal(NAMES.length);
}

const isSend = ({ method }: { method: string }) => method === "eth_sendRawTransaction";
const nonceOf = (raw: string) => Transaction.from(raw).nonce;

describe("Deploy script, interrupted", function () {
  this.timeout(400_000);
  let node: TestNode;
  let args: string[];

  beforeEach(async () => {
    node = await TestNode.start("sepolia");
    args = ["--parameters", await node.parametersFile(), "--yes", "--patience", "2"];
  });
  afterEach(() => node.stop());

  /** Has the node make a block every so many milliseconds, whatever comes. */
  async function mineEvery(milliseconds: number): Promise<void> {
    await node.provider.send("evm_setAutomine", [false]);
    await node.provider.send("evm_setIntervalMining", [milliseconds]);
  }

  it("finishes wherever it breaks off: before a transaction goes out and after, each of them", async () => {
    let kills = 0;
    for (let deployed = 0; deployed < NAMES.length;) {
      const first = node.sent.length + 1;
      // In turn: right after the first transaction, whose hash the script never hears; or right before the second.
      const after = kills % 2 === 0;
      node.meddler = async (request, pass) => {
        if (!isSend(request) || node.sent.length < first + (after ? 0 : 1)) return pass();
        if (after) await pass();
        node.cut();

        return "";
      };
      const { code, output } = await node.deploy(...args);
      if (code === 0) break;
      expect(output).to.contain(CUT);
      ++kills;
      deployed = await deployedOn(node);
      expect(deployed, output).to.equal(kills);
      // Half of the times what Ignition remembers is gone too.
      if (kills % 4 === 0) await removeJournals("sepolia");
    }
    node.meddler = (_, pass) => pass();

    await expectFinished(node, await node.deploy(...args));
    expect(kills).to.equal(NAMES.length);
    // One transaction a contract, and none for nothing.
    expect(await node.provider.getTransactionCount(DEPLOYER.address)).to.equal(NAMES.length);
  });

  it("finishes when killed with transactions in the air, on a chain that takes its time", async () => {
    await mineEvery(700);
    for (const count of [1, 6]) {
      const first = node.sent.length;
      node.meddler = async (request, pass) => {
        const answer = await pass();
        if (isSend(request) && node.sent.length === first + count) node.kill();

        return answer;
      };
      const { code, output } = await node.deployAlone(...args, "--confirmations", "2");
      expect(code, output).to.equal(null);
    }
    node.meddler = (_, pass) => pass();

    await expectFinished(node, await node.deploy(...args, "--confirmations", "2"));
    expect(await node.provider.getTransactionCount(DEPLOYER.address)).to.equal(NAMES.length);
  });

  it("sends again at a higher fee when the base fee jumps while transactions wait", async () => {
    await mineEvery(300);
    node.meddler = async (request, pass) => {
      const answer = await pass();
      if (isSend(request) && node.sent.length === 3)
        await node.provider.send("hardhat_setNextBlockBaseFeePerGas", [jump]);

      return answer;
    };
    const jump = `0x${(20n * 10n ** 9n).toString(16)}`;

    await expectFinished(node, await node.deploy(...args, "--confirmations", "1"));
    const nonces = node.sent.map(nonceOf);
    expect(new Set(nonces).size, "none was sent again").to.be.lessThan(nonces.length);
  });

  it("replaces what a killed run left stuck below the base fee", async () => {
    await mineEvery(300);
    node.meddler = async (request, pass) => {
      if (!isSend(request)) return pass();
      await node.provider.send("evm_setIntervalMining", [0]);
      const answer = await pass();
      node.cut();

      return answer;
    };
    expect((await node.deploy(...args, "--confirmations", "1")).output).to.contain(CUT);
    node.meddler = (_, pass) => pass();
    await node.provider.send("hardhat_setNextBlockBaseFeePerGas", [`0x${(10n ** 12n).toString(16)}`]);
    await node.provider.send("evm_setIntervalMining", [300]);

    const finished = await node.deploy(...args, "--confirmations", "1");
    await expectFinished(node, finished);
    expect(finished.output).to.contain("Transaction 0 of the deployer is stuck: replacing it by an empty one");
    const replacements = node.sent.map((raw) => Transaction.from(raw)).filter(({ to }) => to === DEPLOYER.address);
    expect(replacements).to.not.have.length(0);
    for (const { nonce, value, data } of replacements) {
      expect({ nonce, value, data }).to.deep.equal({ nonce: 0, value: 0n, data: "0x" });
    }
  });

  it("sends again what the node dropped", async () => {
    await mineEvery(500);
    let dropped: string | undefined;
    node.meddler = async (request, pass) => {
      const answer = await pass();
      if (isSend(request) && node.sent.length === 2 && dropped === undefined) {
        dropped = (JSON.parse(answer) as { result: string }).result;
        expect(await node.provider.send("hardhat_dropTransaction", [dropped])).to.equal(true);
      }

      return answer;
    };

    const finished = await node.deploy(...args, "--confirmations", "1");
    await expectFinished(node, finished);
    expect(finished.output).to.contain("Interrupted, looking again");
    expect(await node.provider.getTransactionReceipt(dropped as string)).to.equal(null);
  });

  it("sends again what was in a block that the chain took back", async () => {
    await node.provider.send("evm_setAutomine", [false]);
    const { provider } = node;
    let gone: string[] = [];
    let mining = true;
    const miner = (async () => {
      while (mining) {
        const pending = (await provider.send("eth_getBlockByNumber", ["pending", false])) as { transactions: string[] };
        const snapshot = await provider.send("evm_snapshot", []);
        await provider.send("evm_mine", []);
        await new Promise((resolve) => setTimeout(resolve, 700));
        if (gone.length === 0 && pending.transactions.length > 0) {
          // The script has seen the block, with one confirmation. Another takes its place, without them.
          gone = pending.transactions;
          await provider.send("evm_revert", [snapshot]);
          for (const hash of gone) await provider.send("hardhat_dropTransaction", [hash]).catch(() => {});
        }
      }
    })();
    try {
      await expectFinished(node, await node.deploy(...args, "--confirmations", "2"));
    } finally {
      mining = false;
      await miner;
    }
    expect(gone).to.not.have.length(0);
    for (const hash of gone) expect(await provider.getTransactionReceipt(hash)).to.equal(null);
  });
});
