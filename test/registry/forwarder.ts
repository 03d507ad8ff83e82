import { expect } from "chai";
import { concat, dataLength, getBytes, getCreate2Address, id, keccak256, parseEther, solidityPacked } from "ethers";
import { network } from "hardhat";

const connection = await network.create();
const { ethers, networkHelpers, provider } = connection;

// The bytecode is part of every model's id: none of these literals may change.
const TAIL = "331836601c57005b6040575f5f604036038060405f375f6020355f355af13d5f5f3e5f3d91603e57fd5bf35b5f5ffd";
const INIT_CODE = `0x33607360a01b175f52602f60156020396044600bf3${TAIL}`;
const INIT_CODE_HASH = "0xf6cc970db303105448b97b161c4a792202bf0b076701469b8d749d880cac663d";

const SALT = id("a forwarder");
const ONE = parseEther("1");

/** The code of a forwarder that obeys `owner`. */
function runtimeOf(owner: string): string {
  return concat(["0x73", owner, `0x${TAIL}`]);
}

/** What an owner sends to its forwarder to make it call. */
function instruction(target: string, value = 0n, data = "0x"): string {
  return solidityPacked(["uint256", "uint256", "bytes"], [target, value, data]);
}

/** Where the instructions of some code begin. */
function instructionsOf(code: string): Set<number> {
  const bytes = getBytes(code);
  const starts = new Set<number>();
  for (let at = 0; at < bytes.length; ++at) {
    starts.add(at);
    // PUSH1 to PUSH32 are followed by their operand.
    if (bytes[at] >= 0x60 && bytes[at] <= 0x7f) at += bytes[at] - 0x5f;
  }

  return starts;
}

async function deploy() {
  const [, payer] = await ethers.getSigners();
  const owner = await ethers.deployContract("ForwarderOwner");
  const token = await ethers.deployContract("TestToken", ["Test USD Coin", "USDC", 6]);
  const sender = await ethers.deployContract("Transfer2300");
  const forwarder = await owner.addressOf(SALT);
  // An account that has never been seen, so that its balance is what it is sent.
  const receiver = ethers.getAddress(`0x${"a11ce".padEnd(40, "0")}`);

  return { owner, token, sender, forwarder, payer, receiver };
}

const fixture = () => networkHelpers.loadFixture(deploy);

async function deployForwarder() {
  const context = await fixture();
  await context.owner.deploy(SALT);

  return context;
}

const deployedFixture = () => networkHelpers.loadFixture(deployForwarder);

describe("Forwarder", () => {
  describe("code", () => {
    it("is what it was when the first id was given", async () => {
      const { owner } = await fixture();

      expect(keccak256(INIT_CODE)).to.equal(INIT_CODE_HASH);
      expect(await owner.initCode()).to.equal(INIT_CODE);
      expect(await owner.initCodeHash()).to.equal(INIT_CODE_HASH);
    });

    it("is deployed where CREATE2 says, with its owner in it", async () => {
      const { owner, forwarder } = await deployedFixture();
      const ownerAddress = await owner.getAddress();
      const runtime = runtimeOf(ownerAddress);

      expect(forwarder).to.equal(getCreate2Address(ownerAddress, SALT, INIT_CODE_HASH));
      expect(await ethers.provider.getCode(forwarder)).to.equal(runtime);
      expect(dataLength(runtime)).to.equal(68);
    });

    it("has room for an owner whose address begins with zeros, or is all ones", async () => {
      const { owner } = await fixture();
      const code = await ethers.provider.getCode(owner);

      for (const address of [`0x${"c0de".padStart(40, "0")}`, `0x${"ff".repeat(20)}`]) {
        await networkHelpers.setCode(address, code);
        const other = await ethers.getContractAt("ForwarderOwner", address);
        await other.deploy(SALT);
        expect(await ethers.provider.getCode(await other.addressOf(SALT))).to.equal(runtimeOf(address));
      }
    });
  });

  describe("called without data", () => {
    it("takes ETH with 2,300 gas before it is deployed", async () => {
      const { sender, forwarder } = await fixture();

      await expect(sender.send(forwarder, { value: ONE })).to.changeEtherBalance(ethers, forwarder, ONE);
    });

    it("takes ETH with 2,300 gas after it is deployed", async () => {
      const { sender, forwarder } = await deployedFixture();

      await expect(sender.send(forwarder, { value: ONE })).to.changeEtherBalance(ethers, forwarder, ONE);
    });

    it("does what an EIP-1167 clone cannot do with 2,300 gas", async () => {
      const { sender, payer } = await fixture();
      const wallet = await ethers.deployContract("ERC1271Wallet", [payer.address]);
      const cloneCode = concat([
        "0x3d602d80600a3d3981f3363d3d373d3d3d363d73",
        await wallet.getAddress(),
        "0x5af43d82803e903d91602b57fd5bf3",
      ]);
      const clone = await (await new ethers.ContractFactory([], cloneCode, payer).deploy()).getAddress();

      await expect(sender.send(clone, { value: ONE }))
        .to.be.revertedWithCustomError(sender, "FailedCall")
        .withArgs();
      await expect(payer.sendTransaction({ to: clone, value: ONE })).to.changeEtherBalance(ethers, clone, ONE);
    });

    it("takes ETH from its owner too", async () => {
      const { owner, forwarder } = await deployedFixture();

      await expect(owner.callForwarder(forwarder, "0x", { value: ONE })).to.changeEtherBalance(ethers, forwarder, ONE);
    });

    it("keeps what came before it was deployed", async () => {
      const { owner, payer, forwarder, receiver } = await fixture();
      await payer.sendTransaction({ to: forwarder, value: ONE });
      await owner.deploy(SALT);

      await expect(owner.callForwarder(forwarder, instruction(receiver, ONE))).to.changeEtherBalances(
        ethers,
        [forwarder, receiver],
        [-ONE, ONE],
      );
    });
  });

  describe("called by its owner with an instruction", () => {
    it("sends ETH", async () => {
      const { owner, payer, forwarder, receiver } = await deployedFixture();
      await payer.sendTransaction({ to: forwarder, value: ONE });

      await expect(owner.callForwarder(forwarder, instruction(receiver, 400n))).to.changeEtherBalances(
        ethers,
        [forwarder, receiver],
        [-400n, 400n],
      );
    });

    it("passes on ETH that came with the call", async () => {
      const { owner, forwarder, receiver } = await deployedFixture();

      await expect(owner.callForwarder(forwarder, instruction(receiver, ONE), { value: ONE })).to.changeEtherBalances(
        ethers,
        [forwarder, receiver],
        [0n, ONE],
      );
    });

    it("calls with data, as itself: sends an ERC-20", async () => {
      const { owner, token, forwarder, receiver } = await deployedFixture();
      await token.mint(forwarder, 1_000n);
      const transfer = token.interface.encodeFunctionData("transfer", [receiver, 400n]);

      await expect(owner.callForwarder(forwarder, instruction(await token.getAddress(), 0n, transfer)))
        .to.emit(token, "Transfer")
        .withArgs(forwarder, receiver, 400n);
      expect(await token.balanceOf(receiver)).to.equal(400n);
      expect(await token.balanceOf(forwarder)).to.equal(600n);
    });

    it("returns what came back, of any length", async () => {
      const { owner, token, forwarder, receiver } = await deployedFixture();
      const target = await token.getAddress();

      const name = token.interface.encodeFunctionData("name");
      const returned = await owner.callForwarder.staticCall(forwarder, instruction(target, 0n, name));
      expect(token.interface.decodeFunctionResult("name", returned)).to.deep.equal(["Test USD Coin"]);
      expect(await owner.callForwarder.staticCall(forwarder, instruction(receiver))).to.equal("0x");
    });

    it("reverts with what came back", async () => {
      const { owner, token, forwarder, receiver } = await deployedFixture();
      const transfer = token.interface.encodeFunctionData("transfer", [receiver, 1n]);

      await expect(owner.callForwarder(forwarder, instruction(await token.getAddress(), 0n, transfer)))
        .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
        .withArgs(forwarder, 0n, 1n);
    });

    it("reverts when it has less ETH than it is to send", async () => {
      const { owner, forwarder, receiver } = await deployedFixture();

      await expect(owner.callForwarder(forwarder, instruction(receiver, 1n)))
        .to.be.revertedWithCustomError(owner, "FailedCall")
        .withArgs();
    });

    it("reverts when the instruction is cut short", async () => {
      const { owner, forwarder, receiver } = await deployedFixture();
      const cut = instruction(receiver).slice(0, -2);

      // The size of its data is then negative: the forwarder burns the gas it is given.
      await expect(owner.callForwarder(forwarder, cut, { gasLimit: 200_000n }))
        .to.be.revertedWithCustomError(owner, "FailedCall")
        .withArgs();
    });
  });

  describe("called by anyone else with data", () => {
    it("reverts, whatever the data and with or without ETH", async () => {
      const { owner, payer, forwarder, receiver } = await deployedFixture();
      await payer.sendTransaction({ to: forwarder, value: ONE });
      const other = await ethers.deployContract("ForwarderOwner");

      for (const data of ["0x00", instruction(receiver, ONE), instruction(await owner.getAddress(), ONE)]) {
        for (const value of [0n, 1n]) {
          await expect(payer.sendTransaction({ to: forwarder, data, value })).to.be.revertedWithoutReason(ethers);
          await expect(other.callForwarder(forwarder, data, { value }))
            .to.be.revertedWithCustomError(other, "FailedCall")
            .withArgs();
        }
      }
      expect(await ethers.provider.getBalance(forwarder)).to.equal(ONE);
    });
  });

  it("has no instruction that these calls do not execute", async () => {
    const { owner, payer, token, forwarder, receiver } = await deployedFixture();
    const from = await owner.getAddress();
    const executed = new Set<number>();
    const calls = [
      { from: payer.address, data: "0x" },
      { from: payer.address, data: "0x00" },
      { from, data: instruction(receiver) },
      { from, data: instruction(await token.getAddress(), 0n, "0x00") },
    ];

    for (const call of calls) {
      const { structLogs } = (await provider.request({
        method: "debug_traceCall",
        params: [{ ...call, to: forwarder }, "latest"],
      })) as { structLogs: { pc: number; depth: number }[] };
      for (const { pc, depth } of structLogs) if (depth === 1) executed.add(pc);
    }

    expect(executed).to.deep.equal(instructionsOf(runtimeOf(from)));
  });
});
