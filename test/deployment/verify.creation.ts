import { expect } from "chai";
import { concat, dataLength, Interface, toBeHex } from "ethers";
import hre from "hardhat";
import { CREATEX, createXAbi, saltOf } from "../../scripts/create3.js";
import { planProtocol } from "../../scripts/plan.js";
import { sendPlan } from "../../scripts/protocol.js";
import { LogsMissing } from "../../scripts/verify/errors.js";
import { verifyDeployment } from "../../scripts/verify/verify.js";
import {
  connection,
  type Deployed,
  deploymentOf,
  expectFound,
  findingsOf,
  fixture,
  slotOf,
  STRANGER,
} from "./verify.support.js";

const { ethers, networkHelpers } = connection;
const createX = new Interface(createXAbi);

/** Init code that puts a word into storage and then returns code as it stands. */
function writingInitCode(slot: string, word: string, code: string): string {
  const size = toBeHex(dataLength(code), 3);
  // PUSH32 word, PUSH32 slot, SSTORE; PUSH3 size, PUSH2 offset, PUSH1 0, CODECOPY; PUSH3 size, PUSH1 0, RETURN.
  const head = (offset: number) =>
    concat([
      "0x7f",
      word,
      "0x7f",
      slot,
      "0x55",
      "0x62",
      size,
      "0x61",
      toBeHex(offset, 2),
      "0x600039",
      "0x62",
      size,
      "0x6000f3",
    ]);

  return concat([head(dataLength(head(0))), code]);
}

/** Deploys a plan of the fixture's parameters, changed, to a chain of its own, and verifies it as if it were the plan. */
async function verifyChanged(
  { parameters, signers }: Deployed,
  change: (plan: Awaited<ReturnType<typeof planProtocol>>) => void,
) {
  const fresh = await hre.network.create();
  try {
    const { provider } = fresh.ethers;
    const own = { ...parameters, currencies: [] };
    const plan = await planProtocol(hre.artifacts, signers[0].address, own, 31_337n);
    change(plan);
    await sendPlan(fresh, plan, own, {});
    const deployment = await deploymentOf(provider, plan.contracts);

    return await verifyDeployment({ provider, artifacts: hre.artifacts, deployment, parameters: own });
  } finally {
    await fresh.close();
  }
}

describe("Verification of a deployment", () => {
  describe("creation", () => {
    it("by other init code is found, though code, logs and views are right", async () => {
      const deployed = await fixture();
      const code = await ethers.provider.getCode(deployed.at.BallotRelay);
      const report = await verifyChanged(deployed, ({ contracts }) => {
        const relay = contracts.find(({ name }) => name === "BallotRelay");
        if (relay) relay.initCode = writingInitCode(slotOf(STRANGER, 0), toBeHex(1, 32), code);
      });

      expectFound(report, ["creation: BallotRelay.initCode"]);
      expect(report.checks.find(({ ok }) => !ok)?.actual).to.match(/^other init code, from byte 0 on: 0x7f000000…, /);
    });

    it("by init code with more at its end, or with next to nothing, is found", async () => {
      const deployed = await fixture();
      const { length } = deployed.plan.find(({ name }) => name === "BallotRelay")?.initCode ?? expect.fail("no relay");
      const reportOf = (change: (initCode: string) => string) =>
        verifyChanged(deployed, ({ contracts }) => {
          const relay = contracts.find(({ name }) => name === "BallotRelay");
          if (relay) relay.initCode = change(relay.initCode);
        });
      const longer = await reportOf((initCode) => `${initCode}00`);
      // CODESIZE, PUSH0, RETURN: three zero bytes.
      const shorter = await reportOf(() => "0x385ff3");

      expectFound(longer, ["creation: BallotRelay.initCode"]);
      expect(longer.checks.find(({ ok }) => !ok)?.actual).to.include(`from byte ${length / 2 - 1} on`);
      expectFound(shorter, ["creation: BallotRelay.initCode", "code: BallotRelay.code"]);
      expect(shorter.checks.find(({ ok }) => !ok)?.actual).to.equal(
        "other init code, from byte 0 on: 0x385ff3…, 3 bytes",
      );
    });

    it("by another account is found, also where the file names who should have", async () => {
      const { deployer, verify } = await fixture();

      expectFound(await verify({ deployer }), []);
      expectFound(await verify({ deployer: STRANGER }), ["creation: meta.deployer"]);
    });

    it("elsewhere is found: by another salt, and by another sender", async () => {
      const { deployment, plan, signers, verify } = await fixture();
      const { initCode } = plan.find(({ name }) => name === "RoyaltyLens") ?? expect.fail("no lens");
      const [deployer, other] = signers;
      const call = (account: string, name: string) =>
        createX.encodeFunctionData("deployCreate3", [saltOf(account, name), initCode]);
      const cases: [string[], () => Promise<{ hash: string }>][] = [
        [["address", "salt"], () => deployer.sendTransaction({ to: CREATEX, data: call(deployer.address, "Lens") })],
        [
          ["address", "salt", "sender"],
          () => other.sendTransaction({ to: CREATEX, data: call(other.address, "RoyaltyLens") }),
        ],
      ];
      for (const [found, send] of cases) {
        const { hash } = await send();
        const receipt = await ethers.provider.getTransactionReceipt(hash);
        const created = receipt?.logs.find(
          ({ topics: [topic] }) => topic === createX.getEvent("ContractCreation")?.topicHash,
        );
        const address = createX.parseLog(created ?? expect.fail("nothing created"))?.args.newContract as string;
        const block = receipt?.blockNumber as number;
        const report = await verify({ deployment: { ...deployment, RoyaltyLens: { address, block } } });

        expect(findingsOf(report).filter((each) => each.startsWith("creation"))).to.have.members(
          found.map((each) => `creation: RoyaltyLens.${each}`),
        );
      }
    });

    it("in another block than the file says ends verification: logs would be read from too late on", async () => {
      const { deployment, verify } = await fixture();
      for (const name of ["TimelockController", "SourceRegistry", "VestingWallet1"]) {
        const late = { ...deployment[name], block: deployment[name].block + 1 };
        const refusal = await verify({ deployment: { ...deployment, [name]: late } }).catch((error) => error);

        expect(refusal).to.be.instanceOf(LogsMissing);
        expect(refusal.message).to.contain(`the creation of ${name} through CreateX in that block`);
      }
    });

    it("by what is not CreateX is found", async () => {
      const { verify } = await fixture();
      const code = await ethers.provider.getCode(CREATEX);
      await networkHelpers.setCode(CREATEX, `${code.slice(0, -2)}00`);

      expectFound(await verify(), ["creation: CreateX.code"]);
    });
  });
});
