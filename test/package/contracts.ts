import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { Contract, ContractFactory, id, Interface, type InterfaceAbi } from "ethers";
import { network } from "hardhat";
import { createHardhatRuntimeEnvironment } from "hardhat/hre";
import { pack, ROOT } from "../../scripts/pack.js";
import { ETH } from "../helpers/models.js";
import { deployStore, MONTH, PRICE } from "../licensing/store.support.js";

const run = promisify(execFile);
const connection = await network.create();
const { networkHelpers } = connection;

const AMOUNT = 777n;
const QUESTION = id("what is it?");

interface Compiled {
  abi: InterfaceAbi;
  bytecode: string;
}

describe("@commonweal/contracts, in a project of somebody else", () => {
  let project: string;
  let compiled: Compiled;

  before(async function () {
    this.timeout(180_000);
    project = await realpath(await mkdtemp(path.join(tmpdir(), "commonweal-consumer-")));
    await cp(path.join(ROOT, "examples/solidity"), project, { recursive: true });
    await writeFile(path.join(project, "package.json"), JSON.stringify({ private: true, type: "module" }));

    // The ABIs are packed as they were built.
    await run(process.execPath, ["--import", "tsx", "scripts/abis.ts"], { cwd: ROOT });
    const tarball = await pack("contracts", project);
    // From here rather than the registry, so that the test needs no network.
    const openZeppelin = await realpath(path.join(ROOT, "node_modules/@openzeppelin/contracts"));
    const options = ["--offline", "--install-links", "--no-audit", "--no-fund", "--no-package-lock"];
    await run("npm", ["install", ...options, tarball, openZeppelin], { cwd: project });
    await symlink(path.join(ROOT, "node_modules/solc"), path.join(project, "node_modules/solc"));

    await run(process.execPath, ["compile.mjs"], { cwd: project });
    compiled = JSON.parse(await readFile(path.join(project, "dist/AnswerDesk.json"), "utf8")) as Compiled;
  });

  after(() => rm(project, { recursive: true, force: true }));

  /** The protocol, and the example's contract as solc-js compiled it, with an offer that it can buy. */
  async function deploy() {
    const context = await deployStore(connection);
    const { ledgerAddress, storeAddress, model, payer, usdc } = context;
    const offer = await context.post({ currency: ETH });
    const factory = new ContractFactory(compiled.abi, compiled.bytecode, payer);
    const desk = new Contract(
      await (await factory.deploy(ledgerAddress, storeAddress, model)).getAddress(),
      compiled.abi,
      payer,
    );
    const deskAddress = await desk.getAddress();
    await usdc.connect(payer).approve(deskAddress, AMOUNT);

    return { ...context, offer, desk, deskAddress };
  }

  const fixture = () => networkHelpers.loadFixture(deploy);

  /** As above, with the licence bought. */
  async function licensedFixture() {
    const context = await fixture();
    await context.desk.license(context.offer, 1, { value: PRICE });

    return context;
  }

  it("buys a licence, and has it until it ends", async () => {
    const { desk, deskAddress, store, offer, model, now, until } = await fixture();

    await expect(desk.ask(QUESTION, { value: AMOUNT }))
      .to.be.revertedWithCustomError(desk, "DeskNotLicensed")
      .withArgs(model);
    await desk.license(offer, 1, { value: PRICE });
    expect(await store.isLicensed(model, deskAddress)).to.equal(true);
    await until((await now()) + MONTH);
    expect(await store.isLicensed(model, deskAddress)).to.equal(false);
    await expect(desk.ask(QUESTION, { value: AMOUNT }))
      .to.be.revertedWithCustomError(desk, "DeskNotLicensed")
      .withArgs(model);
  });

  it("pays the model in ETH", async () => {
    const { desk, deskAddress, ledger, model, payer } = await licensedFixture();
    const asked = desk.ask(QUESTION, { value: AMOUNT });

    await expect(asked).to.emit(ledger, "Paid").withArgs(model, ETH, deskAddress, AMOUNT, QUESTION);
    await expect(asked).to.emit(desk, "Asked").withArgs(payer.address, QUESTION);
    // The licence was paid in ETH too.
    expect((await ledger.booksOf(model, ETH)).received).to.equal(PRICE + AMOUNT);
  });

  it("pays the model from the ledger's callback, with one transfer", async () => {
    const { desk, deskAddress, ledger, ledgerAddress, model, payer, usdc, usdcAddress, expectMoved } =
      await licensedFixture();
    const asked = desk.askFor(QUESTION, usdcAddress, AMOUNT);

    await expect(asked).to.emit(ledger, "Paid").withArgs(model, usdcAddress, deskAddress, AMOUNT, QUESTION);
    await expect(asked).to.emit(usdc, "Transfer").withArgs(payer.address, ledgerAddress, AMOUNT);
    await expectMoved(asked, usdcAddress, [
      [payer.address, -AMOUNT],
      [deskAddress, 0n],
      [ledgerAddress, AMOUNT],
    ]);
    expect((await ledger.booksOf(model, usdcAddress)).received).to.equal(AMOUNT);
  });

  it("delivers to nobody but the ledger", async () => {
    const { desk, payer, usdcAddress } = await licensedFixture();

    await expect(desk.deliver(usdcAddress, AMOUNT, `0x${payer.address.slice(2).padStart(64, "0")}`))
      .to.be.revertedWithCustomError(desk, "DeskCallerNotLedger")
      .withArgs(payer.address);
  });

  it("compiles in Hardhat as it is, with the contract of the readme", async function () {
    this.timeout(120_000);
    const readme = await readFile(path.join(project, "node_modules/@commonweal/contracts/README.md"), "utf8");
    const [, tip] = readme.match(/```solidity\n([^]*?)```/) ?? [];
    await writeFile(path.join(project, "contracts/Tip.sol"), `// SPDX-License-Identifier: MIT\n${tip}`);

    const compiler = { version: "0.8.34", path: path.join(ROOT, "node_modules/solc/soljson.js") };
    const hardhat = await createHardhatRuntimeEnvironment({ solidity: compiler }, {}, project);
    await hardhat.tasks.getTask("build").run({ quiet: true });
    const { abi } = await hardhat.artifacts.readArtifact("AnswerDesk");

    expect(abi).to.deep.equal(compiled.abi);
    expect((await hardhat.artifacts.readArtifact("Tip")).abi).to.have.length(2);
  });

  it("has ABIs as JSON", async () => {
    const { ledger } = await fixture();
    const file = path.join(project, "node_modules/@commonweal/contracts/abi/RoyaltyLedger.json");

    expect(Interface.from(await readFile(file, "utf8")).format()).to.deep.equal(ledger.interface.format());
  });
});
