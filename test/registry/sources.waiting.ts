import { expect } from "chai";
import { toBeHex, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { ETH, registerModel, TOTAL_SHARES } from "../helpers/models.js";
import { DAY, VERIFIERS } from "../helpers/protocol.js";
import { split } from "../helpers/reference.js";
import { deploySources, WAIT } from "./sources.support.js";
import { terms } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

const CHILD = { feeBps: 100n, edges: [{ parent: "source", rateBps: 1_250n }] };
const SOURCE = { feeBps: 100n, edges: [] };

/** A source with a child that passes 12.5 % on to it, and everybody who might like to have its money. */
async function deploy() {
  const context = await deploySources(connection);
  const { registry, ledger, enter, builder, stranger, deployer, governance, author } = context;
  const source = await enter();
  const child = await registerModel({ registry }, builder, { parents: [{ model: source, rateBps: 1_250 }] });
  const allocation = await ledger.allocationCount();

  const verifiers = [];
  for (const { address } of VERIFIERS) {
    await networkHelpers.impersonateAccount(address);
    await networkHelpers.setBalance(address, 10n ** 18n);
    verifiers.push(await ethers.getSigner(address));
  }
  const greedy = { stranger, builder, deployer, author, governance, verifier: verifiers[0] };

  return { ...context, source, child, allocation, holder: toBeHex(allocation, 20), greedy };
}

const fixture = () => networkHelpers.loadFixture(deploy);

describe("SourceRegistry", () => {
  describe("the money of a source that nobody has claimed", () => {
    for (const symbol of ["ETH", "USDC"] as const) {
      it(`gathers from children and from payments in ${symbol}, and waits for ten years`, async () => {
        const { ledger, addresses, source, child, holder, pay, hand, author } = await fixture();
        const currency = symbol === "ETH" ? ETH : addresses.usdc;
        let childReceived = 0n;
        let paid = 0n;
        const total = () => split(childReceived, CHILD).parents[0] + paid;

        for (const amount of [10_007n, 999_983n, 1n]) {
          await pay(child, currency, amount);
          await pay(source, currency, amount);
          await ledger.cascade([child, source], currency);
          childReceived += amount;
          paid += amount;
          const books = await ledger.booksOf(source, currency);
          expect([books.received, books.distributed]).to.deep.equal([total(), split(total(), SOURCE).holders]);
          await networkHelpers.time.increase(1_217 * DAY);
        }

        expect(await ledger.claimable(holder, source, currency)).to.equal(split(total(), SOURCE).holders);
        await hand(source);
        expect(await ledger.claimable(author.address, source, currency)).to.equal(split(total(), SOURCE).holders);
      });
    }

    it("may be sent to its address before it is entered", async () => {
      const { ledger, sources, registry, addresses, payer, hand, author, enter } = await fixture();
      const later = await sources.sourceIdOf(2, "org/later");
      await payer.sendTransaction({ to: later, value: 10_000n });
      const salt = (types: string[], values: unknown[]) =>
        ethers.keccak256(ethers.AbiCoder.defaultAbiCoder().encode(types, values));
      const publishers = salt(["address", "bytes32"], [addresses.sources, salt(["uint8", "string"], [2, "org/later"])]);
      const sweep = () => ledger.sweep([salt(["address", "bytes32"], [addresses.registry, publishers])], [ETH]);

      await sweep();
      expect(await ethers.provider.getBalance(later)).to.equal(10_000n);
      await enter("org/later", 2);
      await expect(sweep()).to.emit(ledger, "Swept").withArgs(later, ETH, later, 10_000, 0);
      await hand(later);

      expect(await registry.ownerOf(later)).to.equal(author.address);
      await expect(ledger.claimFor(author.address, [later], ETH)).to.changeEtherBalance(ethers, author, 9_900n);
    });

    it("is paid out to nobody: an allocation claims nothing", async () => {
      const { ledger, source, child, holder, pay, greedy } = await fixture();
      await pay(child, ETH, 10_000n);
      await ledger.cascade([child], ETH);

      for (const account of Object.values(greedy)) {
        await expect(ledger.connect(account).claimFor(holder, [source], ETH))
          .to.be.revertedWithCustomError(ledger, "InvalidClaimRecipient")
          .withArgs(holder);
        await expect(ledger.connect(account).claim([source], ETH, account.address))
          .to.be.revertedWithCustomError(ledger, "NothingToClaim")
          .withArgs(account.address, ETH);
      }
    });

    it("stays with its shares, which nobody can reclaim, claim as a leaf or send", async () => {
      const { ledger, source, allocation, holder, greedy } = await fixture();

      for (const account of Object.values(greedy)) {
        const as = ledger.connect(account);
        await expect(as.reclaimShares(source, allocation, account.address))
          .to.be.revertedWithCustomError(ledger, "NotAllocationSteward")
          .withArgs(allocation, account.address);
        await expect(as.claimShares(source, allocation, 0, account.address, TOTAL_SHARES, []))
          .to.be.revertedWithCustomError(ledger, "AllocationExpired")
          .withArgs(0);
        await expect(as.transfer(account.address, source, 1))
          .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientBalance")
          .withArgs(account.address, 0, 1, source);
        await expect(as.transferFrom(holder, account.address, source, 1))
          .to.be.revertedWithCustomError(ledger, "ERC6909InsufficientAllowance")
          .withArgs(account.address, 0, 1, source);
        await as.handOverPosition(source, ethers.Wallet.createRandom().address);
      }

      expect(await ledger.balanceOf(holder, source)).to.equal(TOTAL_SHARES);
    });

    it("stays with its ERC-721, which nobody can move or steer", async () => {
      const { registry, addresses, source, greedy } = await fixture();

      for (const account of Object.values(greedy)) {
        const as = registry.connect(account);
        await expect(as.transferFrom(addresses.sources, account.address, source))
          .to.be.revertedWithCustomError(registry, "ERC721InsufficientApproval")
          .withArgs(account.address, source);
        await expect(as.approve(account.address, source))
          .to.be.revertedWithCustomError(registry, "ERC721InvalidApprover")
          .withArgs(account.address);
        for (const call of [
          () => as.setDerivativeTerms(source, terms.closed()),
          () => as.setMaintainer(source, account.address, true),
        ]) {
          await expect(call())
            .to.be.revertedWithCustomError(registry, "NotModelOwner")
            .withArgs(source, account.address);
        }
        for (const call of [() => as.publish(source, ethers.id("manifest"), ""), () => as.withdrawVersion(source, 1)]) {
          await expect(call())
            .to.be.revertedWithCustomError(registry, "NotModelMaintainer")
            .withArgs(source, account.address);
        }
      }

      expect(await registry.ownerOf(source)).to.equal(addresses.sources);
      expect(await registry.getApproved(source)).to.equal(ZeroAddress);
    });

    it("stays while a claim waits, also past its time", async () => {
      const { ledger, registry, addresses, source, allocation, author, claim, greedy } = await fixture();
      await claim(source);
      await networkHelpers.time.increase(WAIT + 1);

      for (const account of Object.values(greedy)) {
        await expect(ledger.connect(account).reclaimShares(source, allocation, author.address))
          .to.be.revertedWithCustomError(ledger, "NotAllocationSteward")
          .withArgs(allocation, account.address);
      }
      expect(await registry.ownerOf(source)).to.equal(addresses.sources);
      expect(await ledger.balanceOf(author.address, source)).to.equal(0n);
    });

    it("is not mixed with an allocation that names this contract as steward", async () => {
      const { ledger, source, holder, child, addresses, builder, author, hand } = await fixture();
      await ledger
        .connect(builder)
        .allocate(child, { root: ZeroHash, units: 5, uri: "", steward: addresses.sources, reclaimableFrom: 0 });
      await hand(source);

      expect(await ledger.balanceOf(author.address, source)).to.equal(TOTAL_SHARES);
      expect(await ledger.balanceOf(holder, source)).to.equal(0n);
      expect(await ledger.balanceOf(author.address, child)).to.equal(0n);
      expect(await ledger.balanceOf(toBeHex(await ledger.allocationCount(), 20), child)).to.equal(5n);
    });
  });
});
