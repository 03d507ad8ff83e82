import { expect } from "chai";
import { AbiCoder, id, keccak256, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH, freshSalt, registerModel } from "../helpers/models.js";
import { deployTestProtocol } from "../helpers/protocol.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const coder = AbiCoder.defaultAbiCoder();
const hash = (types: string[], values: unknown[]) => keccak256(coder.encode(types, values));
const MAX_RECEIVED = 2n ** 112n - 1n;

async function deploy() {
  const protocol = await deployTestProtocol(connection);
  const [, publisher, host, payer, stranger] = protocol.signers;
  const { ledger, registry, usdc } = protocol;
  const token = await usdc.getAddress();
  const salt = freshSalt();
  const model = await registry.modelIdOf(publisher.address, salt);
  /** Of which the model's id is made: the registry is the registrar, and hashes the publisher into the salt. */
  const fullSalt = (ofSalt: string) =>
    hash(["address", "bytes32"], [registry.target, hash(["address", "bytes32"], [publisher.address, ofSalt])]);
  await usdc.mint(payer.address, 10n ** 12n);

  return {
    ...protocol,
    publisher,
    host,
    payer,
    stranger,
    token,
    model,
    salt,
    fullSalt,
    register: (maxHostBps = 9_000) => registerModel(protocol, publisher, { salt, maxHostBps }),
    sendToken: (to: string, amount: bigint) => usdc.connect(payer).transfer(to, amount),
    sendEth: (to: string, value: bigint) => payer.sendTransaction({ to, value }),
    received: async (currency: string) => (await ledger.booksOf(model, currency)).received,
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);

async function deployRegistered() {
  const context = await fixture();
  await context.register();
  const hosting = { model: context.model, host: context.host.address, hostBps: 2_500 };

  return { ...context, hosting, deposit: await context.ledger.depositOf(hosting) };
}

const registeredFixture = () => networkHelpers.loadFixture(deployRegistered);

describe("Deposits", () => {
  describe("sweep", () => {
    it("credits a model with ETH and ERC-20s that were sent to its id, and deploys its forwarder", async () => {
      const { ledger, token, model, salt, fullSalt, sendToken, sendEth, stranger } = await registeredFixture();
      await sendToken(model, 1_001n);
      await sendEth(model, 2_002n);

      await expect(ledger.connect(stranger).sweep([fullSalt(salt)], [token, ETH]))
        .to.emit(ledger, "Swept")
        .withArgs(model, token, model, 1_001n, 0n)
        .and.to.emit(ledger, "Swept")
        .withArgs(model, ETH, model, 2_002n, 0n);
      expect((await ledger.booksOf(model, token)).received).to.equal(1_001n);
      expect((await ledger.booksOf(model, ETH)).received).to.equal(2_002n);
      expect(await ethers.provider.getCode(model)).to.equal(
        `0x73${String(ledger.target).slice(2).toLowerCase()}331836601c57005b6040575f5f604036038060405f375f6020355f355af13d5f5f3e5f3d91603e57fd5bf35b5f5ffd`,
      );
    });

    it("moves what was there into the ledger, to the unit", async () => {
      const { ledger, usdc, token, model, salt, fullSalt, sendToken, sendEth } = await registeredFixture();
      await sendToken(model, 1_001n);
      await sendEth(model, 2_002n);

      const swept = ledger.sweep([fullSalt(salt)], [token, ETH]);

      await expect(swept).to.changeTokenBalances(connection.ethers, usdc, [model, ledger], [-1_001n, 1_001n]);
      await expect(swept).to.changeEtherBalances(connection.ethers, [model, ledger], [-2_002n, 2_002n]);
    });

    it("credits what came before registration once the model is registered, and leaves it until then", async () => {
      const { ledger, usdc, token, model, salt, fullSalt, sendToken, register } = await fixture();
      await sendToken(model, 77n);

      await expect(ledger.sweep([fullSalt(salt)], [token])).to.not.emit(ledger, "Swept");
      expect(await usdc.balanceOf(model)).to.equal(77n);
      await register();
      await ledger.sweep([fullSalt(salt)], [token]);

      expect((await ledger.booksOf(model, token)).received).to.equal(77n);
    });

    it("credits again what comes after the forwarder was deployed, also by 2,300 gas", async () => {
      const { ledger, model, salt, fullSalt, sendEth, received, payer } = await registeredFixture();
      await sendEth(model, 1n);
      await ledger.sweep([fullSalt(salt)], [ETH]);
      const sender = await ethers.deployContract("Transfer2300", payer);
      await sender.send(model, { value: 5n });

      await ledger.sweep([fullSalt(salt)], [ETH]);

      expect(await received(ETH)).to.equal(6n);
    });

    it("is idempotent: a second sweep finds nothing and changes nothing", async () => {
      const { ledger, token, model, salt, fullSalt, sendToken, received } = await registeredFixture();
      await sendToken(model, 1_001n);
      await ledger.sweep([fullSalt(salt)], [token, ETH]);

      await expect(ledger.sweep([fullSalt(salt)], [token, ETH])).to.not.emit(ledger, "Swept");
      expect(await received(token)).to.equal(1_001n);
    });

    it("takes many models and currencies, and skips those that have nothing or are not registered", async () => {
      const context = await registeredFixture();
      const { ledger, token, model, salt, fullSalt, sendToken, sendEth, publisher } = context;
      const otherSalt = freshSalt();
      const other = await registerModel(context, publisher, { salt: otherSalt });
      await sendToken(model, 3n);
      await sendEth(other, 4n);
      const salts = [fullSalt(salt), fullSalt(id("never registered")), fullSalt(otherSalt)];

      await ledger.sweep(salts, [ETH, token]);

      expect((await ledger.booksOf(model, token)).received).to.equal(3n);
      expect((await ledger.booksOf(model, ETH)).received).to.equal(0n);
      expect((await ledger.booksOf(other, ETH)).received).to.equal(4n);
    });

    it("sweeps a model once when its salt is named twice", async () => {
      const { ledger, token, model, salt, fullSalt, sendToken, received } = await registeredFixture();
      await sendToken(model, 9n);

      await ledger.sweep([fullSalt(salt), fullSalt(salt)], [token, token]);

      expect(await received(token)).to.equal(9n);
    });

    it("refuses a currency that is not listed, whose money waits until it is", async () => {
      const { ledger, timelock, model, salt, fullSalt, received } = await registeredFixture();
      const late = await ethers.deployContract("TestToken", ["Late", "LATE", 2]);
      await late.mint(model, 50n);

      await expect(ledger.sweep([fullSalt(salt)], [late]))
        .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
        .withArgs(late.target);
      await networkHelpers.impersonateAccount(String(timelock.target));
      await networkHelpers.setBalance(String(timelock.target), 10n ** 18n);
      await ledger.connect(await ethers.getSigner(String(timelock.target))).addCurrency(late);
      await ledger.sweep([fullSalt(salt)], [late]);

      expect(await received(String(late.target))).to.equal(50n);
    });

    it("leaves what would take the books past their cap", async () => {
      const { ledger, usdc, token, model, salt, fullSalt, payer, received } = await registeredFixture();
      await usdc.mint(payer.address, MAX_RECEIVED);
      await usdc.connect(payer).approve(ledger, MAX_RECEIVED);
      await ledger.connect(payer).pay(model, token, MAX_RECEIVED - 5n, id("order"));
      await usdc.connect(payer).transfer(model, 6n);

      await expect(ledger.sweep([fullSalt(salt)], [token])).to.not.emit(ledger, "Swept");
      expect(await received(token)).to.equal(MAX_RECEIVED - 5n);
      expect(await usdc.balanceOf(model)).to.equal(6n);
    });

    it("pays the model's holders and parents as any income does", async () => {
      const context = await registeredFixture();
      const { ledger, token, model, publisher, sendToken, fullSalt, usdc } = context;
      const childSalt = freshSalt();
      const child = await registerModel(context, publisher, { salt: childSalt, parents: [{ model, rateBps: 1_000 }] });
      await sendToken(child, 10_000n);

      await ledger.sweep([fullSalt(childSalt)], [token]);
      await ledger.cascade([child], token);

      // 1,000 go up; the fee of 1 % is charged on what stays.
      expect(await ledger.claimable(publisher.address, child, token)).to.equal(8_910n);
      await expect(ledger.connect(publisher).claim([model], token, publisher.address)).to.changeTokenBalance(
        connection.ethers,
        usdc,
        publisher,
        990n,
      );
    });

    it("takes ETH that a model was given as a holder of another model's shares", async () => {
      const context = await registeredFixture();
      const { ledger, model, salt, fullSalt, publisher, payer, received } = context;
      const other = await registerModel(context, publisher, { holdings: [{ holder: model, units: 1_000_000 }] });
      await ledger.connect(payer).pay(other, ETH, 1_000n, id("order"), { value: 1_000n });
      await ledger.claimFor(model, [other], ETH);

      await ledger.sweep([fullSalt(salt)], [ETH]);

      expect(await received(ETH)).to.equal(990n);
    });
  });

  describe("receive", () => {
    it("refuses plain ETH from anyone", async () => {
      const { ledger, payer } = await fixture();

      await expect(payer.sendTransaction({ to: ledger, value: 1n }))
        .to.be.revertedWithCustomError(ledger, "PlainTransferRefused")
        .withArgs(payer.address);
    });
  });

  describe("depositOf", () => {
    it("is the CREATE2 address of a forwarder with the hash of model, host and part as salt", async () => {
      const { ledger, hosting, deposit } = await registeredFixture();
      const salt = hash(["address", "address", "uint16"], [hosting.model, hosting.host, hosting.hostBps]);
      const initCodeHash = "0xf6cc970db303105448b97b161c4a792202bf0b076701469b8d749d880cac663d";

      expect(deposit).to.equal(ethers.getCreate2Address(String(ledger.target), salt, initCodeHash));
    });

    it("is another for another model, host or part", async () => {
      const { ledger, hosting, stranger } = await registeredFixture();
      const hostings = [
        hosting,
        { ...hosting, model: ZeroAddress },
        { ...hosting, host: stranger.address },
        { ...hosting, hostBps: 2_501 },
      ];

      expect(new Set(await Promise.all(hostings.map((one) => ledger.depositOf(one)))).size).to.equal(4);
    });
  });
});

describe("Hosted deposits", () => {
  describe("sweepHosted", () => {
    it("splits between host and model, and reports it", async () => {
      const { ledger, token, model, hosting, deposit, sendToken, received } = await registeredFixture();
      await sendToken(deposit, 1_003n);

      // ⌊1,003 · 25 %⌋
      await expect(ledger.sweepHosted([hosting], [token]))
        .to.emit(ledger, "Swept")
        .withArgs(model, token, deposit, 1_003n, 250n);
      expect(await received(token)).to.equal(753n);
      expect(await ledger.claimableByHost(hosting, token)).to.equal(250n);
    });

    it("gives the same for many sweeps of one unit as for one sweep of all", async () => {
      const context = await registeredFixture();
      const { ledger, hosting, deposit, sendEth, stranger, received } = context;
      const pieces = 200;
      for (let i = 0; i < pieces; i++) {
        await sendEth(deposit, 1n);
        await ledger.sweepHosted([hosting], [ETH]);
      }
      const inPieces = [await ledger.claimableByHost(hosting, ETH), await received(ETH)];
      const whole = { ...hosting, host: stranger.address };
      await sendEth(await ledger.depositOf(whole), BigInt(pieces));
      await ledger.sweepHosted([whole], [ETH]);

      expect(inPieces).to.deep.equal([50n, 150n]);
      expect([await ledger.claimableByHost(whole, ETH), (await received(ETH)) - 150n]).to.deep.equal([50n, 150n]);
    });

    it("gives all to the model above its largest host part, and the host its part exactly at it", async () => {
      const { ledger, token, model, host, register, sendToken, received } = await fixture();
      await register(3_000);
      const [at, above] = [3_000, 3_001].map((hostBps) => ({ model, host: host.address, hostBps }));
      await sendToken(await ledger.depositOf(at), 10n);
      await sendToken(await ledger.depositOf(above), 100n);

      await ledger.sweepHosted([at, above], [token]);

      expect(await ledger.claimableByHost(at, token)).to.equal(3n);
      expect(await ledger.claimableByHost(above, token)).to.equal(0n);
      expect(await received(token)).to.equal(107n);
    });

    it("charges no protocol fee on the host's part", async () => {
      const { ledger, token, model, hosting, deposit, sendToken } = await registeredFixture();
      await sendToken(deposit, 10_000n);
      await ledger.sweepHosted([hosting], [token]);
      await ledger.cascade([model], token);

      expect(await ledger.claimableByHost(hosting, token)).to.equal(2_500n);
      expect(await ledger.collectableFees(token)).to.equal(75n);
    });

    it("leaves the money of a model that is not registered, and counts it once the model is", async () => {
      const { ledger, token, model, host, register, sendToken } = await fixture();
      const hosting = { model, host: host.address, hostBps: 5_000 };
      await sendToken(await ledger.depositOf(hosting), 8n);

      await ledger.sweepHosted([hosting], [token]);
      expect(await ledger.claimableByHost(hosting, token)).to.equal(0n);
      await register();
      await ledger.sweepHosted([hosting], [token]);

      expect(await ledger.claimableByHost(hosting, token)).to.equal(4n);
    });

    it("refuses a currency that is not listed", async () => {
      const { ledger, hosting, stranger } = await registeredFixture();

      await expect(ledger.sweepHosted([hosting], [stranger.address]))
        .to.be.revertedWithCustomError(ledger, "CurrencyNotListed")
        .withArgs(stranger.address);
    });
  });

  describe("claimHostPart", () => {
    it("sends a host its parts of several addresses in one transfer, anywhere it says", async () => {
      const context = await registeredFixture();
      const { ledger, usdc, token, hosting, deposit, host, stranger, publisher, sendToken } = context;
      const other = { ...hosting, model: await registerModel(context, publisher), hostBps: 1_000 };
      const otherDeposit = await ledger.depositOf(other);
      await sendToken(deposit, 1_000n);
      await sendToken(otherDeposit, 1_000n);
      await ledger.sweepHosted([hosting, other], [token]);

      const claim = ledger.connect(host).claimHostPart([hosting, other], token, stranger.address);

      await expect(claim).to.changeTokenBalances(connection.ethers, usdc, [ledger, stranger], [-350n, 350n]);
      await expect(claim)
        .to.emit(ledger, "HostClaimed")
        .withArgs(deposit, host.address, token, stranger.address, 250n)
        .and.to.emit(ledger, "HostClaimed")
        .withArgs(otherDeposit, host.address, token, stranger.address, 100n);
    });

    it("lets anyone have a host's part sent to the host, and to nobody else", async () => {
      const { ledger, hosting, deposit, host, stranger, sendEth } = await registeredFixture();
      await sendEth(deposit, 1_000n);
      await ledger.sweepHosted([hosting], [ETH]);

      await expect(ledger.connect(stranger).claimHostPart([hosting], ETH, stranger.address))
        .to.be.revertedWithCustomError(ledger, "NotHost")
        .withArgs(host.address, stranger.address);
      await expect(ledger.connect(stranger).claimHostPart([hosting], ETH, host.address)).to.changeEtherBalance(
        connection.ethers,
        host,
        250n,
      );
    });

    it("pays a part once, and the part of what comes later", async () => {
      const { ledger, token, hosting, deposit, host, sendToken } = await registeredFixture();
      const claim = () => ledger.connect(host).claimHostPart([hosting, hosting], token, host.address);
      await sendToken(deposit, 1_003n);
      await ledger.sweepHosted([hosting], [token]);
      await claim();

      await expect(claim()).to.be.revertedWithCustomError(ledger, "NothingToClaimAsHost").withArgs(token);
      await sendToken(deposit, 1n);
      await ledger.sweepHosted([hosting], [token]);

      // ⌊1,004 · 25 %⌋ − 250
      expect(await ledger.claimableByHost(hosting, token)).to.equal(1n);
    });

    it("lets a host that refuses ETH hold up nobody but itself", async () => {
      const { ledger, model, hosting, deposit, publisher, sendEth } = await registeredFixture();
      // The token takes no ETH.
      const { usdc } = await registeredFixture();
      const refusing = { ...hosting, host: String(usdc.target) };
      await sendEth(deposit, 1_000n);
      await sendEth(await ledger.depositOf(refusing), 1_000n);
      await ledger.sweepHosted([refusing, hosting], [ETH]);

      await expect(ledger.claimHostPart([refusing], ETH, refusing.host)).to.be.revertedWithCustomError(
        ledger,
        "FailedCall",
      );
      await expect(ledger.claimHostPart([hosting], ETH, hosting.host)).to.changeEtherBalance(
        connection.ethers,
        hosting.host,
        250n,
      );
      expect(await ledger.claimable(publisher.address, model, ETH)).to.equal(1_485n);
    });
  });
});
