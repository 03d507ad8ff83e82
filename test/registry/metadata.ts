import { expect } from "chai";
import { getBytes, id, toBeHex, ZeroAddress } from "ethers";
import { network } from "hardhat";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { create as createDigest } from "multiformats/hashes/digest";
import { sha256 } from "multiformats/hashes/sha2";
import { registerModel } from "../helpers/models.js";
import { deployTestProtocol } from "../helpers/protocol.js";

const connection = await network.create();
const { networkHelpers } = connection;

async function deploy() {
  const protocol = await deployTestProtocol(connection);
  const [, owner, stranger] = protocol.signers;
  const model = await registerModel(protocol, owner);

  return { ...protocol, registry: protocol.registry.connect(owner), model, owner, stranger };
}

const fixture = () => networkHelpers.loadFixture(deploy);

/** The URI of a digest as IPFS' own library writes it. */
function ipfsUri(digest: string): string {
  return `ipfs://${CID.createV1(raw.code, createDigest(sha256.code, getBytes(digest)))}`;
}

/** Token ids of no model: unknown addresses, and the model's number with a bit above the 160 of an address. */
function aliens(model: string): bigint[] {
  return [BigInt(ZeroAddress), BigInt(model) + 1n, BigInt(model) + (1n << 160n)];
}

describe("ModelRegistry", () => {
  describe("tokenURI", () => {
    it("is the CIDv1 of the manifest, byte for byte as multiformats writes it", async () => {
      const { registry, model } = await fixture();
      const digests = [
        toBeHex(1, 32),
        `0x${"ff".repeat(32)}`,
        `0x80${"00".repeat(31)}`,
        `0x${"00".repeat(31)}80`,
        `0x${"00".repeat(16)}${"ff".repeat(16)}`,
        `0x0000${id("two leading zeros").slice(6)}`,
        `0x${"a5".repeat(32)}`,
        ...Array.from({ length: 100 }, (_, i) => id(`manifest ${i}`)),
      ];

      for (const digest of digests) {
        await registry.publish(model, digest, "");
        expect(await registry.tokenURI(model)).to.equal(ipfsUri(digest));
      }
    });

    it("leads to the bytes of the manifest", async () => {
      const { registry, model } = await fixture();
      // The block `hello` under its well-known CID.
      const bytes = new TextEncoder().encode("hello");
      await registry.publish(model, (await sha256.digest(bytes)).digest, "");

      expect(await registry.tokenURI(model)).to.equal(
        "ipfs://bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq",
      );
    });

    it("stays the newest version's when it is withdrawn", async () => {
      const { registry, model } = await fixture();
      await registry.publish(model, id("second"), "");
      await registry.withdrawVersion(model, 2);

      expect(await registry.tokenURI(model)).to.equal(ipfsUri(id("second")));
    });

    it("refuses a token that does not exist", async () => {
      const { registry, model } = await fixture();

      for (const tokenId of aliens(model)) {
        await expect(registry.tokenURI(tokenId))
          .to.be.revertedWithCustomError(registry, "ERC721NonexistentToken")
          .withArgs(tokenId);
      }
    });
  });

  describe("contractURI", () => {
    it("is announced at deployment", async () => {
      const { ledger, safetyBoard } = await fixture();
      const registry = await connection.ethers.deployContract("ModelRegistry", [ledger.target, safetyBoard.target]);

      await expect(registry.deploymentTransaction()).to.emit(registry, "ContractURIUpdated");
    });

    it("is a data URI whose JSON names the collection as the token does", async () => {
      const { registry } = await fixture();
      const response = await fetch(await registry.contractURI());
      const metadata = (await response.json()) as Record<string, string>;

      expect(response.headers.get("content-type")).to.match(/^application\/json/);
      expect(metadata).to.have.all.keys("name", "symbol", "description");
      expect(metadata.name).to.equal(await registry.name());
      expect(metadata.symbol).to.equal(await registry.symbol());
    });
  });

  describe("royaltyInfo", () => {
    it("asks 5 % of the price, rounded down, for the model's own address", async () => {
      const { registry, model } = await fixture();

      for (const [price, royalty] of [
        [0n, 0n],
        [19n, 0n],
        [20n, 1n],
        [999n, 49n],
        [10n ** 18n, 5n * 10n ** 16n],
      ]) {
        expect(await registry.royaltyInfo(model, price)).to.deep.equal([model, royalty]);
      }
    });

    it("refuses a token that does not exist", async () => {
      const { registry, model } = await fixture();

      for (const tokenId of aliens(model)) {
        await expect(registry.royaltyInfo(tokenId, 1))
          .to.be.revertedWithCustomError(registry, "ERC721NonexistentToken")
          .withArgs(tokenId);
      }
    });
  });

  describe("supportsInterface", () => {
    const standards = {
      "ERC-165": "0x01ffc9a7",
      "ERC-721": "0x80ac58cd",
      "ERC-721 metadata": "0x5b5e139f",
      "ERC-2981": "0x2a55205a",
      "ERC-4906": "0x49064906",
    };
    for (const [name, interfaceId] of Object.entries(standards)) {
      it(`knows ${name}`, async () => {
        const { registry } = await fixture();

        expect(await registry.supportsInterface(interfaceId)).to.equal(true);
      });
    }

    it("knows its own", async () => {
      const { registry } = await fixture();
      // ERC-165: the exclusive or of the selectors of what IModelRegistry itself declares.
      const functions = [
        "register",
        "modelIdOf",
        "publish",
        "withdrawVersion",
        "setDerivativeTerms",
        "setMaintainer",
        "modelOf",
        "parentsOf",
        "versionOf",
        "isMaintainer",
        "ledger",
        "safetyBoard",
      ] as const;
      const interfaceId = functions.reduce(
        (sum, name) => sum ^ BigInt(registry.interface.getFunction(name).selector),
        0n,
      );

      expect(await registry.supportsInterface(toBeHex(interfaceId, 4))).to.equal(true);
    });

    it("knows neither 0xffffffff, as ERC-165 asks, nor any other", async () => {
      const { registry } = await fixture();

      for (const interfaceId of ["0xffffffff", "0x00000000", "0xd9b67a26"]) {
        expect(await registry.supportsInterface(interfaceId)).to.equal(false);
      }
    });
  });
});
