import { expect } from "chai";
import { type AddressLike, concat, id, MaxUint256, randomBytes, Signature, Wallet, ZeroAddress } from "ethers";
import fc from "fast-check";
import { network } from "hardhat";
import type { ERC1271Wallet, FaucetToken } from "../../types/ethers-contracts/index.js";
import { signPermit, signTransfer, type Transfer } from "../royalties/payments.support.js";

const connection = await network.create();
const { ethers, networkHelpers } = connection;
const { time } = networkHelpers;

const DAY = 86_400;
const DRIP = 1_000_000_000n;
const DECIMALS = 6;

async function deploy() {
  const [sender, receiver, other] = await ethers.getSigners();
  const token = (await ethers.deployContract("FaucetToken", [
    "Faucet USD",
    "fUSD",
    DECIMALS,
    DRIP,
    DAY,
  ])) as unknown as FaucetToken;
  const holder = new Wallet(id("holder of faucet tokens"), ethers.provider);
  const wallet = (await ethers.deployContract("ERC1271Wallet", [holder.address])) as unknown as ERC1271Wallet;
  for (const account of [holder.address, await wallet.getAddress()]) await token.drip(account);
  const address = await token.getAddress();
  const domain = { name: "Faucet USD", version: "1", chainId: 31_337n, verifyingContract: address };
  const now = BigInt(await time.latest());

  /** 100 units for the receiver, within a day. */
  const transfer = (changes: Partial<Transfer> = {}): Transfer => ({
    ...{ from: holder.address, to: receiver.address, value: 100n, validAfter: now - 1n, validBefore: now + 86_400n },
    nonce: ethers.hexlify(randomBytes(32)),
    ...changes,
  });
  const cancellation = (authorizer: string, nonce: string) => {
    const types = [
      { name: "authorizer", type: "address" },
      { name: "nonce", type: "bytes32" },
    ];

    return holder.signTypedData(domain, { CancelAuthorization: types }, { authorizer, nonce });
  };

  return {
    token,
    address,
    domain,
    holder,
    wallet,
    walletAddress: await wallet.getAddress(),
    sender,
    receiver,
    other,
    transfer,
    cancellation,
    now,
  };
}

const fixture = () => networkHelpers.loadFixture(deploy);
type Context = Awaited<ReturnType<typeof deploy>>;

const TYPES = { transfer: "TransferWithAuthorization", receive: "ReceiveWithAuthorization" } as const;
type Kind = keyof typeof TYPES;

/** The two kinds of transfer, each in two forms, and how to send one. */
const DOORS = (["transfer", "receive"] as const).flatMap((kind) =>
  (["(v, r, s)", "bytes"] as const).map((form) => ({ kind, form })),
);

function send(
  { token, receiver }: Context,
  kind: Kind,
  form: string,
  transfer: Transfer,
  signature: string,
  as = receiver,
) {
  const { from, to, value, validAfter, validBefore, nonce } = transfer;
  const contract = token.connect(as);
  if (form === "bytes") {
    const name = `${kind}WithAuthorization(address,address,uint256,uint256,uint256,bytes32,bytes)` as const;

    return contract[name](from, to, value, validAfter, validBefore, nonce, signature);
  }
  const { v, r, s } = Signature.from(signature);
  const name =
    `${kind}WithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)` as const;

  return contract[name](from, to, value, validAfter, validBefore, nonce, v, r, s);
}

/** As a smart wallet with several kinds of signers has it signed. */
const prefixed = (signature: string) => concat(["0x01", signature]);

describe("FaucetToken", () => {
  describe("constructor", () => {
    it("has the name, symbol, decimals and drip that were asked for, no supply, and no owner", async () => {
      const token = (await ethers.deployContract("FaucetToken", ["A", "B", 18, 7, 9])) as unknown as FaucetToken;

      expect([await token.name(), await token.symbol(), await token.decimals()]).to.deep.equal(["A", "B", 18n]);
      expect([await token.dripAmount(), await token.dripPeriod(), await token.totalSupply()]).to.deep.equal([
        7n,
        9n,
        0n,
      ]);
      const writes = token.interface.fragments.flatMap((fragment) =>
        "stateMutability" in fragment && "name" in fragment && fragment.stateMutability === "nonpayable"
          ? [String(fragment.name)]
          : [],
      );
      expect([...new Set(writes)].sort()).to.deep.equal([
        "approve",
        "cancelAuthorization",
        "drip",
        "permit",
        "receiveWithAuthorization",
        "transfer",
        "transferFrom",
        "transferWithAuthorization",
      ]);
    });
  });

  describe("drip", () => {
    it("creates its amount for whoever is named, whoever asks", async () => {
      const { token, other, sender } = await fixture();
      const at = (await time.latest()) + 10;
      await time.setNextBlockTimestamp(at);
      const transaction = token.connect(sender).drip(other.address);

      await expect(transaction)
        .to.emit(token, "Dripped")
        .withArgs(other.address, DRIP, at + DAY);
      await expect(transaction).to.emit(token, "Transfer").withArgs(ZeroAddress, other.address, DRIP);
      await expect(transaction).to.changeTokenBalances(ethers, token, [other, sender], [DRIP, 0n]);
      expect(await token.nextDripAt(other.address)).to.equal(at + DAY);
      expect(await token.nextDripAt(sender.address)).to.equal(0n);
    });

    it("comes once in a period to an account, and to others meanwhile", async () => {
      const { token, other, sender } = await fixture();
      await token.drip(other.address);
      const next = await token.nextDripAt(other.address);

      await time.setNextBlockTimestamp(next - 1n);
      await expect(token.drip(other.address))
        .to.be.revertedWithCustomError(token, "DripTooEarly")
        .withArgs(other.address, next);
      await token.drip(sender.address);
      await time.setNextBlockTimestamp(next);
      await token.drip(other.address);
      expect(await token.balanceOf(other.address)).to.equal(2n * DRIP);
      expect(await token.totalSupply()).to.equal(5n * DRIP);
    });

    it("refuses nobody's account", async () => {
      const { token } = await fixture();

      await expect(token.drip(ZeroAddress))
        .to.be.revertedWithCustomError(token, "ERC20InvalidReceiver")
        .withArgs(ZeroAddress);
    });
  });

  describe("permit", () => {
    it("lets a spender spend by the holder's signature, once", async () => {
      const { token, domain, holder, other, now } = await fixture();
      const permit = { owner: holder.address, spender: other.address, value: 5n, nonce: 0n, deadline: now + 1_000n };
      const { v, r, s } = Signature.from(await signPermit(holder, domain, permit));
      const use = () => token.permit(permit.owner, permit.spender, permit.value, permit.deadline, v, r, s);

      await expect(use()).to.emit(token, "Approval").withArgs(holder.address, other.address, 5n);
      await token.connect(other).transferFrom(holder.address, other.address, 5n);
      expect(await token.balanceOf(other.address)).to.equal(5n);
      // With the next nonce, the signature is somebody else's.
      await expect(use()).to.be.revertedWithCustomError(token, "ERC2612InvalidSigner");
    });
  });

  for (const { kind, form } of DOORS) {
    describe(`${kind}WithAuthorization ${form}`, () => {
      it("moves what the holder signed, under a random nonce, once", async () => {
        const context = await fixture();
        const { token, domain, holder, receiver, transfer } = context;
        const signed = transfer();
        const signature = await signTransfer(holder, domain, signed, TYPES[kind]);
        const use = () => send(context, kind, form, signed, signature);
        expect(await token.authorizationState(holder.address, signed.nonce)).to.equal(false);

        const transaction = use();
        await expect(transaction).to.emit(token, "AuthorizationUsed").withArgs(holder.address, signed.nonce);
        await expect(transaction).to.changeTokenBalances(ethers, token, [holder, receiver], [-100n, 100n]);
        expect(await token.authorizationState(holder.address, signed.nonce)).to.equal(true);
        await expect(use())
          .to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization")
          .withArgs(holder.address, signed.nonce);
      });

      it("refuses what somebody else signed, or what was signed of anything else", async () => {
        const context = await fixture();
        const { token, domain, holder, other, transfer } = context;
        const signed = transfer();
        const otherKind = TYPES[kind === "transfer" ? "receive" : "transfer"];
        const signatures = [
          await signTransfer(new Wallet(id("thief")), domain, signed, TYPES[kind]),
          await signTransfer(holder, domain, signed, otherKind),
          await signTransfer(holder, { ...domain, chainId: 1n }, signed, TYPES[kind]),
          await signTransfer(holder, { ...domain, verifyingContract: other.address }, signed, TYPES[kind]),
        ];
        for (const changes of [{ value: 101n }, { validBefore: signed.validBefore + 1n }, { nonce: id("other") }]) {
          signatures.push(await signTransfer(holder, domain, { ...signed, ...changes }, TYPES[kind]));
        }
        for (const signature of signatures) {
          await expect(send(context, kind, form, signed, signature)).to.be.revertedWithCustomError(
            token,
            "ERC3009InvalidSignature",
          );
        }
      });

      it("serves after its first time and before its last", async () => {
        const context = await fixture();
        const { token, domain, holder, transfer, now } = context;
        const limits = { validAfter: now + 1_000n, validBefore: now + 2_000n };
        const attempt = async (at: bigint) => {
          const signed = transfer(limits);
          const signature = await signTransfer(holder, domain, signed, TYPES[kind]);
          await time.setNextBlockTimestamp(at);

          return send(context, kind, form, signed, signature);
        };

        await expect(attempt(limits.validAfter))
          .to.be.revertedWithCustomError(token, "ERC3009InvalidAuthorizationTime")
          .withArgs(limits.validAfter, limits.validBefore);
        await attempt(limits.validAfter + 1n);
        await attempt(limits.validBefore - 1n);
        await expect(attempt(limits.validBefore))
          .to.be.revertedWithCustomError(token, "ERC3009InvalidAuthorizationTime")
          .withArgs(limits.validAfter, limits.validBefore);
      });

      it(kind === "receive" ? "is for the receiver alone to send" : "is for anybody to send", async () => {
        const context = await fixture();
        const { token, domain, holder, receiver, other, transfer } = context;
        const signed = transfer();
        const use = send(context, kind, form, signed, await signTransfer(holder, domain, signed, TYPES[kind]), other);

        if (kind === "receive") {
          await expect(use).to.be.revertedWithCustomError(token, "ERC20InvalidReceiver").withArgs(receiver.address);
        } else {
          await expect(use).to.changeTokenBalances(ethers, token, [holder, receiver], [-100n, 100n]);
        }
      });

      it("fails when the holder has too little, and the nonce stays", async () => {
        const context = await fixture();
        const { token, domain, holder, transfer } = context;
        const signed = transfer({ value: DRIP + 1n });
        const signature = await signTransfer(holder, domain, signed, TYPES[kind]);

        await expect(send(context, kind, form, signed, signature))
          .to.be.revertedWithCustomError(token, "ERC20InsufficientBalance")
          .withArgs(holder.address, DRIP, DRIP + 1n);
        expect(await token.authorizationState(holder.address, signed.nonce)).to.equal(false);
      });
    });
  }

  describe("signatures of smart wallets", () => {
    for (const kind of ["transfer", "receive"] as const) {
      it(`move a wallet's tokens by ${kind}WithAuthorization in bytes, and not by (v, r, s)`, async () => {
        const context = await fixture();
        const { token, domain, holder, walletAddress, receiver, transfer } = context;
        const signed = transfer({ from: walletAddress });
        const signature = await signTransfer(holder, domain, signed, TYPES[kind]);

        await expect(send(context, kind, "(v, r, s)", signed, signature)).to.be.revertedWithCustomError(
          token,
          "ERC3009InvalidSignature",
        );
        const changes = async (form: string, signed: Transfer) =>
          expect(send(context, kind, "bytes", signed, form)).to.changeTokenBalances(
            ethers,
            token,
            [walletAddress as AddressLike as string, receiver],
            [-100n, 100n],
          );
        await changes(signature, signed);
        const second = transfer({ from: walletAddress });
        await changes(prefixed(await signTransfer(holder, domain, second, TYPES[kind])), second);
        expect(await token.authorizationState(walletAddress, second.nonce)).to.equal(true);
      });
    }
  });

  describe("cancelAuthorization", () => {
    for (const form of ["(v, r, s)", "bytes"] as const) {
      it(`ends an authorization that was not used, by the holder's signature as ${form}`, async () => {
        const context = await fixture();
        const { token, domain, holder, walletAddress, transfer, cancellation } = context;
        const from = form === "bytes" ? walletAddress : holder.address;
        const signed = transfer({ from });
        const cancel = async (signature: string) => {
          if (form === "bytes")
            return token["cancelAuthorization(address,bytes32,bytes)"](from, signed.nonce, signature);
          const { v, r, s } = Signature.from(signature);

          return token["cancelAuthorization(address,bytes32,uint8,bytes32,bytes32)"](from, signed.nonce, v, r, s);
        };

        await expect(cancel(await cancellation(from, id("other")))).to.be.revertedWithCustomError(
          token,
          "ERC3009InvalidSignature",
        );
        const signature = await cancellation(from, signed.nonce);
        await expect(cancel(signature)).to.emit(token, "AuthorizationCanceled").withArgs(from, signed.nonce);
        expect(await token.authorizationState(from, signed.nonce)).to.equal(true);
        for (const use of [
          () => cancel(signature),
          async () =>
            send(context, "transfer", "bytes", signed, await signTransfer(holder, domain, signed, TYPES.transfer)),
        ]) {
          await expect(use())
            .to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization")
            .withArgs(from, signed.nonce);
        }
      });
    }
  });

  describe("nonces", () => {
    it("are any 32 bytes, in any order, each once for each account and in whatever form it comes", async () => {
      const context = await fixture();
      const { token, domain, holder, walletAddress, transfer } = context;
      const nonces = fc.oneof(
        fc.bigInt({ min: 0n, max: MaxUint256 }),
        fc.constantFrom(0n, 1n, 2n ** 64n - 1n, 2n ** 64n, 2n ** 255n, MaxUint256),
      );
      const uses = fc.record({
        nonce: nonces,
        byWallet: fc.boolean(),
        door: fc.constantFrom(...DOORS),
      });
      const used = new Set<string>();

      await fc.assert(
        fc.asyncProperty(fc.array(uses, { minLength: 1, maxLength: 6 }), async (all) => {
          for (const { nonce, byWallet, door } of all) {
            const from = byWallet ? walletAddress : holder.address;
            const form = byWallet ? "bytes" : door.form;
            const signed = transfer({ from, nonce: ethers.toBeHex(nonce, 32), value: 1n });
            const key = `${from} ${signed.nonce}`;
            expect(await token.authorizationState(from, signed.nonce)).to.equal(used.has(key));
            const signature = await signTransfer(holder, domain, signed, TYPES[door.kind]);
            const use = send(context, door.kind, form, signed, signature);

            if (used.has(key)) {
              await expect(use)
                .to.be.revertedWithCustomError(token, "ERC3009UsedAuthorization")
                .withArgs(from, signed.nonce);
            } else {
              await expect(use).to.emit(token, "AuthorizationUsed").withArgs(from, signed.nonce);
              used.add(key);
            }
          }
        }),
        { numRuns: 40 },
      );
      const moved = 2n * DRIP - (await token.balanceOf(holder.address)) - (await token.balanceOf(walletAddress));
      expect(moved).to.equal(BigInt(used.size));
    });
  });
});
