import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { network } from "hardhat";
import { ETH, registerModel, TOTAL_SHARES } from "../helpers/models.js";
import { VERIFIERS } from "../helpers/protocol.js";
import { split } from "../helpers/reference.js";
import { deploySources, idOfSource, WAIT } from "./sources.support.js";
import { terms } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const CHILD = { feeBps: 100n, edges: [{ parent: "source", rateBps: 777n }] };
const holdersOf = (received: bigint) => split(received, { feeBps: 100n, edges: [] }).holders;

async function deploy() {
  const context = await deploySources(connection);

  return { ...context, source: await context.enter(), absent: idOfSource(context.addresses, 0, "org/absent") };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("SourceRegistry", () => {
  describe("completeClaim", () => {
    it("is for anyone, from the very second at which the wait is over", async () => {
      const { sources, source, claim, author, builder } = await fixture();
      await claim(source);
      const { readyAt } = await sources.claimOf(source);

      await networkHelpers.time.setNextBlockTimestamp(readyAt - 1n);
      await expect(sources.connect(author).completeClaim(source))
        .to.be.revertedWithCustomError(sources, "SourceClaimNotReady")
        .withArgs(source, readyAt);
      await networkHelpers.time.setNextBlockTimestamp(readyAt);
      await expect(sources.connect(builder).completeClaim(source))
        .to.emit(sources, "SourceClaimed")
        .withArgs(source, author.address, ZeroAddress);
    });

    it("gives the author the ERC-721, all shares and nothing to anybody else", async () => {
      const { ledger, registry, sources, addresses, source, claim, author } = await fixture();
      const allocation = await ledger.allocationCount();
      await claim(source);
      await networkHelpers.time.increase(WAIT);

      const transaction = sources.completeClaim(source);
      await expect(transaction)
        .to.emit(ledger, "SharesReclaimed")
        .withArgs(allocation, source, author.address, TOTAL_SHARES);
      await expect(transaction).to.emit(registry, "Transfer").withArgs(addresses.sources, author.address, source);

      expect(await registry.ownerOf(source)).to.equal(author.address);
      expect(await ledger.balanceOf(author.address, source)).to.equal(TOTAL_SHARES);
      expect(await sources.claimOf(source)).to.deep.equal([ZeroAddress, 0n, ZeroAddress]);
      expect(await sources.modelOf(source)).to.equal(source);
      await registry.connect(author).setDerivativeTerms(source, terms.closed());
      await registry.connect(author).publish(source, ethers.id("second version"), "");
    });

    it("brings everything earned since the first day in every currency, to the unit, and what comes later", async () => {
      const { ledger, registry, source, addresses, builder, payer, author, pay, hand } = await fixture();
      const child = await registerModel({ registry }, builder, { parents: [{ model: source, rateBps: 777 }] });
      // By turns a child's income and the source's own; what is paid last still waits in the child at the end.
      const early = { [ETH]: [10n ** 18n + 1n, 7n, 999_983n], [addresses.usdc]: [12_345_679n, 3n, 1_000_003n] };
      const late = { [ETH]: [31n, 10n ** 17n + 9n], [addresses.usdc]: [1n, 7_654_321n] };
      for (const [currency, [first, direct, waiting]] of Object.entries(early)) {
        await pay(child, currency, first);
        await ledger.cascade([child], currency);
        await pay(source, currency, direct);
        await pay(child, currency, waiting);
      }
      await hand(source);

      for (const [currency, [first, direct, waiting]] of Object.entries(early)) {
        const claim = () => ledger.connect(payer).claimFor(author.address, [source], currency);
        const expectPaid = async (amount: bigint) => {
          if (currency === ETH) await expect(claim()).to.changeEtherBalance(ethers, author, amount);
          else {
            const token = await ethers.getContractAt("TestToken", currency);
            await expect(claim()).to.changeTokenBalance(ethers, token, author, amount);
          }
        };

        const atHandOver = split(first, CHILD).parents[0] + direct;
        await expectPaid(holdersOf(atHandOver));
        await expect(claim())
          .to.be.revertedWithCustomError(ledger, "NothingToClaim")
          .withArgs(author.address, currency);

        const [directLater, paidLater] = late[currency];
        await pay(source, currency, directLater);
        await pay(child, currency, paidLater);
        await ledger.cascade([child], currency);
        const atEnd = split(first + waiting + paidLater, CHILD).parents[0] + direct + directLater;
        await expectPaid(holdersOf(atEnd) - holdersOf(atHandOver));
        expect((await ledger.booksOf(source, currency)).received).to.equal(atEnd);
      }
    });

    it("happens once", async () => {
      const { sources, source, hand, claim, governed } = await fixture();
      const missing = () =>
        expect(sources.completeClaim(source))
          .to.be.revertedWithCustomError(sources, "SourceClaimNotFound")
          .withArgs(source);

      await missing();
      await claim(source);
      await governed.cancelClaim(source, 0, []);
      await networkHelpers.time.increase(WAIT);
      await missing();
      await hand(source);
      await missing();
    });

    it("serves a recipient that is a contract without an answer to ERC-721s, and one that takes no ETH", async () => {
      const { ledger, registry, source, addresses, author, pay, hand } = await fixture();
      const recipient = await ethers.deployContract("RefusingHolder");
      await pay(source, addresses.usdc, 10_000n);
      await pay(source, ETH, 20_000n);
      await hand(source, { recipient: await recipient.getAddress() });

      expect(await registry.ownerOf(source)).to.equal(await recipient.getAddress());
      const usdc = await ethers.getContractAt("TestToken", addresses.usdc);
      await expect(ledger.claimFor(recipient, [source], addresses.usdc)).to.changeTokenBalance(
        ethers,
        usdc,
        recipient,
        9_900n,
      );
      const claim = ledger.interface.encodeFunctionData("claim", [[source], ETH, author.address]);
      await expect(recipient.execute(ledger, claim)).to.changeEtherBalance(ethers, author, 19_800n);
    });

    it("needs neither verifiers nor governance to stay as they were", async () => {
      const { sources, registry, governed, source, claim, author } = await fixture();
      await claim(source);
      for (const { address } of VERIFIERS) await governed.setVerifier(address, false);
      await governed.setThreshold(255);
      await networkHelpers.time.increase(WAIT);
      await sources.completeClaim(source);

      expect(await registry.ownerOf(source)).to.equal(author.address);
    });

    it("binds the name to the author's own model, beside handing over the source", async () => {
      const { sources, registry, ledger, source, claim, author } = await fixture();
      const model = await registerModel({ registry }, author);
      await claim(source, { model });
      expect(await sources.modelOf(source)).to.equal(source);
      await networkHelpers.time.increase(WAIT);

      await expect(sources.completeClaim(source))
        .to.emit(sources, "SourceClaimed")
        .withArgs(source, author.address, model);
      expect(await sources.modelOf(source)).to.equal(model);
      expect(await registry.ownerOf(source)).to.equal(author.address);
      expect(await ledger.balanceOf(author.address, source)).to.equal(TOTAL_SHARES);
    });

    it("binds two names to one model, one of them a source's that was claimed", async () => {
      const { sources, source, enter, hand } = await fixture();
      const other = await enter("org/other");
      await hand(source);
      await hand(other, { model: source });

      expect(await sources.modelOf(other)).to.equal(source);
    });

    it("does not stop because the model has changed hands meanwhile", async () => {
      const { sources, registry, source, claim, author, stranger } = await fixture();
      const model = await registerModel({ registry }, author);
      await claim(source, { model });
      await registry.connect(author).transferFrom(author.address, stranger.address, model);
      await networkHelpers.time.increase(WAIT);
      await sources.completeClaim(source);

      expect(await registry.ownerOf(source)).to.equal(author.address);
      expect(await sources.modelOf(source)).to.equal(model);
    });
  });
});
