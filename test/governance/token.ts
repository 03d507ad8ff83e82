import { expect } from "chai";
import { concat, Signature, type Signer, type TypedDataDomain, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { DAY } from "../helpers/protocol.js";
import { deployWithVoters, weal } from "./support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;

async function deploy() {
  const context = await deployWithVoters(connection);
  const domain = {
    name: "Commonweal",
    version: "1",
    chainId: (await ethers.provider.getNetwork()).chainId,
    verifyingContract: await context.weal.getAddress(),
  };
  const deadline = (await networkHelpers.time.latest()) + DAY;

  return { ...context, token: context.weal, domain, deadline };
}

const fixture = () => networkHelpers.loadFixture(deploy);
type Context = Awaited<ReturnType<typeof deploy>>;

/** Signs an ERC-2612 permit of 100 units for `spender`, and returns the arguments of `permit`. */
async function signPermit({ token, domain, deadline }: Context, signer: Signer, owner: string, spender: string) {
  const { v, r, s } = Signature.from(
    await signer.signTypedData(
      domain,
      {
        Permit: [
          { name: "owner", type: "address" },
          { name: "spender", type: "address" },
          { name: "value", type: "uint256" },
          { name: "nonce", type: "uint256" },
          { name: "deadline", type: "uint256" },
        ],
      },
      { owner, spender, value: 100n, nonce: await token.nonces(owner), deadline },
    ),
  );

  return [owner, spender, 100n, deadline, v, r, s] as const;
}

/** Signs a delegation of the signer's votes, and returns the arguments of `delegateBySig`. */
async function signDelegation({ domain, deadline }: Context, signer: Signer, delegatee: string, nonce = 0n) {
  const { v, r, s } = Signature.from(
    await signer.signTypedData(
      domain,
      {
        Delegation: [
          { name: "delegatee", type: "address" },
          { name: "nonce", type: "uint256" },
          { name: "expiry", type: "uint256" },
        ],
      },
      { delegatee, nonce, expiry: deadline },
    ),
  );

  return [delegatee, nonce, deadline, v, r, s] as const;
}

/** Signs the delegation of alice's votes to bob, or another, and returns the arguments of `delegateBySignature`. */
async function signWalletDelegation(
  { alice, bob, domain, deadline }: Context,
  signer: Signer,
  changes: { delegator?: string; delegatee?: string; nonce?: bigint; expiry?: number; domain?: TypedDataDomain } = {},
) {
  const { domain: another = domain, ...others } = changes;
  const signed = { delegator: alice.address, delegatee: bob.address, nonce: 0n, expiry: deadline, ...others };
  const signature = await signer.signTypedData(
    another,
    {
      WalletDelegation: [
        { name: "delegator", type: "address" },
        { name: "delegatee", type: "address" },
        { name: "nonce", type: "uint256" },
        { name: "expiry", type: "uint256" },
      ],
    },
    signed,
  );

  return [signed.delegator, signed.delegatee, signed.nonce, signed.expiry, signature] as const;
}

/** A contract wallet of `keeper` with 1,000 WEAL. */
async function deployWallet({ token }: Context, keeper: Signer) {
  const wallet = await ethers.deployContract("ERC1271Wallet", [await keeper.getAddress()]);
  await token.transfer(wallet, weal("1000"));

  return wallet.getAddress();
}

describe("WealToken", () => {
  describe("constructor", () => {
    it("mints the whole supply once, as the genesis says", async () => {
      const { token, timelock } = await fixture();
      const minted = await token.queryFilter(token.filters.Transfer(ZeroAddress));

      expect(await token.name()).to.equal("Commonweal");
      expect(await token.symbol()).to.equal("WEAL");
      expect(await token.decimals()).to.equal(18n);
      expect(await token.SUPPLY()).to.equal(weal("1000000000"));
      expect(await token.totalSupply()).to.equal(weal("1000000000"));
      expect(await token.balanceOf(timelock)).to.equal(weal("200000000"));
      // Treasury, Stakeholding, the community's claim, a founder, the deployer.
      expect(minted.map(({ args }) => args.value)).to.deep.equal(
        ["200000000", "100000000", "50000000", "50000000", "600000000"].map(weal),
      );
    });

    it("has no function that mints or burns later", async () => {
      const { token } = await fixture();
      const changing: string[] = [];
      token.interface.forEachFunction(({ name, constant }) => {
        if (!constant) changing.push(name);
      });

      expect(changing).to.have.members([
        "approve",
        "delegate",
        "delegateBySig",
        "delegateBySignature",
        "permit",
        "transfer",
        "transferFrom",
      ]);
    });

    for (const [what, amounts] of Object.entries({
      nothing: [],
      "a unit too little": [weal("600000000"), weal("400000000") - 1n],
      "a unit too much": [weal("1000000000"), 1n],
    })) {
      it(`refuses a genesis of ${what}`, async () => {
        const { token, stranger } = await fixture();
        const genesis = amounts.map((amount) => ({ account: stranger.address, amount }));
        const sum = amounts.reduce((total, amount) => total + amount, 0n);

        await expect(ethers.deployContract("WealToken", [genesis]))
          .to.be.revertedWithCustomError(token, "GenesisSumMismatch")
          .withArgs(sum, weal("1000000000"));
      });
    }
  });

  describe("clock", () => {
    it("is the block's timestamp, and says so as ERC-6372 asks", async () => {
      const { token } = await fixture();

      expect(await token.clock()).to.equal(BigInt(await networkHelpers.time.latest()));
      expect(await token.CLOCK_MODE()).to.equal("mode=timestamp");
    });
  });

  describe("permit", () => {
    it("approves by the owner's signature, once", async () => {
      const context = await fixture();
      const { token, alice, bob, stranger } = context;
      const permit = await signPermit(context, alice, alice.address, bob.address);

      await expect(token.connect(stranger).permit(...permit))
        .to.emit(token, "Approval")
        .withArgs(alice.address, bob.address, 100n);
      expect(await token.allowance(alice.address, bob.address)).to.equal(100n);
      expect(await token.nonces(alice.address)).to.equal(1n);
      await expect(token.permit(...permit)).to.be.revertedWithCustomError(token, "ERC2612InvalidSigner");
    });

    it("refuses a signature that has expired", async () => {
      const context = await fixture();
      const { token, alice, bob, deadline } = context;
      const permit = await signPermit(context, alice, alice.address, bob.address);
      await networkHelpers.time.increaseTo(deadline + 1);

      await expect(token.permit(...permit))
        .to.be.revertedWithCustomError(token, "ERC2612ExpiredSignature")
        .withArgs(deadline);
    });

    it("refuses another's signature", async () => {
      const context = await fixture();
      const { token, alice, bob } = context;

      await expect(token.permit(...(await signPermit(context, bob, alice.address, bob.address))))
        .to.be.revertedWithCustomError(token, "ERC2612InvalidSigner")
        .withArgs(bob.address, alice.address);
    });
  });

  describe("delegate", () => {
    it("makes a balance count as votes", async () => {
      const { token, deployer, stranger } = await fixture();
      const balance = await token.balanceOf(deployer.address);
      expect(await token.getVotes(deployer.address)).to.equal(0n);

      await expect(token.connect(deployer).delegate(stranger.address))
        .to.emit(token, "DelegateChanged")
        .withArgs(deployer.address, ZeroAddress, stranger.address)
        .and.to.emit(token, "DelegateVotesChanged")
        .withArgs(stranger.address, 0n, balance);

      expect(await token.delegates(deployer.address)).to.equal(stranger.address);
      expect(await token.getVotes(stranger.address)).to.equal(balance);
      expect(await token.getVotes(deployer.address)).to.equal(0n);
    });

    it("moves votes from one delegate to the next", async () => {
      const { token, alice, bob } = await fixture();

      await expect(token.connect(alice).delegate(bob.address))
        .to.emit(token, "DelegateVotesChanged")
        .withArgs(alice.address, weal("45000000"), 0n)
        .and.to.emit(token, "DelegateVotesChanged")
        .withArgs(bob.address, weal("30000000"), weal("75000000"));
    });

    it("lets votes follow the token", async () => {
      const { token, alice, bob } = await fixture();
      await token.connect(alice).transfer(bob.address, weal("5000000"));

      expect(await token.getVotes(alice.address)).to.equal(weal("40000000"));
      expect(await token.getVotes(bob.address)).to.equal(weal("35000000"));
    });
  });

  describe("delegateBySig", () => {
    it("delegates the signer's votes, once", async () => {
      const context = await fixture();
      const { token, alice, bob, stranger } = context;
      const delegation = await signDelegation(context, alice, bob.address);

      await expect(token.connect(stranger).delegateBySig(...delegation))
        .to.emit(token, "DelegateChanged")
        .withArgs(alice.address, alice.address, bob.address);
      expect(await token.getVotes(bob.address)).to.equal(weal("75000000"));
      await expect(token.delegateBySig(...delegation))
        .to.be.revertedWithCustomError(token, "InvalidAccountNonce")
        .withArgs(alice.address, 1n);
    });

    it("refuses a signature that has expired", async () => {
      const context = await fixture();
      const { token, alice, bob, deadline } = context;
      const delegation = await signDelegation(context, alice, bob.address);
      await networkHelpers.time.increaseTo(deadline + 1);

      await expect(token.delegateBySig(...delegation))
        .to.be.revertedWithCustomError(token, "VotesExpiredSignature")
        .withArgs(deadline);
    });
  });

  describe("delegateBySignature", () => {
    it("delegates the signer's votes, whoever sends it, once", async () => {
      const context = await fixture();
      const { token, alice, bob, stranger } = context;
      const delegation = await signWalletDelegation(context, alice);

      await expect(token.connect(stranger).delegateBySignature(...delegation))
        .to.emit(token, "DelegateChanged")
        .withArgs(alice.address, alice.address, bob.address)
        .and.to.emit(token, "DelegateVotesChanged")
        .withArgs(bob.address, weal("30000000"), weal("75000000"));

      expect(await token.delegates(alice.address)).to.equal(bob.address);
      expect(await token.getVotes(alice.address)).to.equal(0n);
      await expect(token.delegateBySignature(...delegation))
        .to.be.revertedWithCustomError(token, "InvalidAccountNonce")
        .withArgs(alice.address, 1n);
    });

    it("delegates the votes of a smart wallet as ERC-1271 says, also with a longer signature", async () => {
      const context = await fixture();
      const { token, alice, bob, stranger } = context;
      const delegator = await deployWallet(context, stranger);
      const byAnother = await signWalletDelegation(context, alice, { delegator });
      await expect(token.delegateBySignature(...byAnother))
        .to.be.revertedWithCustomError(token, "DelegationInvalid")
        .withArgs(delegator);

      const [, delegatee, nonce, expiry, signature] = await signWalletDelegation(context, stranger, { delegator });
      const prefixed = concat(["0x01", signature]);
      await expect(token.delegateBySignature(delegator, delegatee, nonce, expiry, prefixed))
        .to.emit(token, "DelegateChanged")
        .withArgs(delegator, ZeroAddress, bob.address);
      expect(await token.getVotes(bob.address)).to.equal(weal("30001000"));
      expect(await token.nonces(delegator)).to.equal(1n);
    });

    it("serves one of two wallets of one key: the delegator is signed", async () => {
      const context = await fixture();
      const { token, stranger, alice } = context;
      const [first, second] = [await deployWallet(context, stranger), await deployWallet(context, stranger)];
      const [, ...signed] = await signWalletDelegation(context, stranger, { delegator: first });

      for (const other of [second, stranger.address]) {
        await expect(token.delegateBySignature(other, ...signed))
          .to.be.revertedWithCustomError(token, "DelegationInvalid")
          .withArgs(other);
      }
      await token.delegateBySignature(first, ...signed);
      expect(await token.delegates(second)).to.equal(ZeroAddress);

      // Nor does the key's own delegation, as OpenZeppelin has it, serve its wallets.
      const [delegatee, nonce, expiry, v, r, s] = await signDelegation(context, stranger, alice.address);
      const { serialized } = Signature.from({ v, r, s });
      await expect(token.delegateBySignature(second, delegatee, nonce, expiry, serialized))
        .to.be.revertedWithCustomError(token, "DelegationInvalid")
        .withArgs(second);
    });

    it("refuses a signature by another, or of another delegation, chain, token or type", async () => {
      const context = await fixture();
      const { token, alice, bob, stranger, domain, deadline } = context;
      const signed = async (...options: [Signer, Parameters<typeof signWalletDelegation>[2]?]) =>
        (await signWalletDelegation(context, ...options))[4];
      const [, , , v, r, s] = await signDelegation(context, alice, bob.address);

      for (const signature of [
        await signed(bob),
        await signed(alice, { delegator: bob.address }),
        await signed(alice, { delegatee: stranger.address }),
        await signed(alice, { nonce: 1n }),
        await signed(alice, { expiry: deadline + 1 }),
        await signed(alice, { domain: { ...domain, chainId: domain.chainId + 1n } }),
        await signed(alice, { domain: { ...domain, verifyingContract: bob.address } }),
        await signed(alice, { domain: { ...domain, name: "Commonweal Governor" } }),
        Signature.from({ v, r, s }).serialized,
        "0x",
      ]) {
        await expect(token.delegateBySignature(alice.address, bob.address, 0n, deadline, signature))
          .to.be.revertedWithCustomError(token, "DelegationInvalid")
          .withArgs(alice.address);
      }
      expect(await token.delegates(alice.address)).to.equal(alice.address);
      expect(await token.nonces(alice.address)).to.equal(0n);
    });

    it("serves to the last second of its time, and not after", async () => {
      const context = await fixture();
      const { token, alice, bob, deadline } = context;
      const delegation = await signWalletDelegation(context, alice);
      const before = await networkHelpers.takeSnapshot();

      await networkHelpers.time.setNextBlockTimestamp(deadline + 1);
      await expect(token.delegateBySignature(...delegation))
        .to.be.revertedWithCustomError(token, "VotesExpiredSignature")
        .withArgs(deadline);
      await before.restore();
      await networkHelpers.time.setNextBlockTimestamp(deadline);
      await token.delegateBySignature(...delegation);
      expect(await token.delegates(alice.address)).to.equal(bob.address);
    });

    it("shares its nonce with permits and with delegateBySig: what is used makes what was signed before useless", async () => {
      const context = await fixture();
      const { token, alice, bob } = context;
      const delegation = await signWalletDelegation(context, alice);
      await token.permit(...(await signPermit(context, alice, alice.address, bob.address)));
      await expect(token.delegateBySignature(...delegation))
        .to.be.revertedWithCustomError(token, "InvalidAccountNonce")
        .withArgs(alice.address, 1n);

      const permit = await signPermit(context, alice, alice.address, bob.address);
      await token.delegateBySignature(...(await signWalletDelegation(context, alice, { nonce: 1n })));
      await expect(token.permit(...permit)).to.be.revertedWithCustomError(token, "ERC2612InvalidSigner");
      await token.delegateBySig(...(await signDelegation(context, alice, alice.address, 2n)));
      expect(await token.nonces(alice.address)).to.equal(3n);
    });
  });

  describe("getPastVotes", () => {
    it("tells the votes of a second that has passed", async () => {
      const { token, alice, bob } = await fixture();
      const before = await networkHelpers.time.latest();
      await token.connect(alice).transfer(bob.address, weal("5000000"));
      await networkHelpers.mine();

      expect(await token.getPastVotes(alice.address, before)).to.equal(weal("45000000"));
      expect(await token.getPastVotes(alice.address, before + 1)).to.equal(weal("40000000"));
      expect(await token.getPastTotalSupply(before)).to.equal(weal("1000000000"));
    });

    it("refuses a second that has not", async () => {
      const { token, alice } = await fixture();
      const now = await networkHelpers.time.latest();

      await expect(token.getPastVotes(alice.address, now))
        .to.be.revertedWithCustomError(token, "ERC5805FutureLookup")
        .withArgs(now, now);
    });
  });
});
