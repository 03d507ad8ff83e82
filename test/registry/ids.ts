import { expect } from "chai";
import { AbiCoder, getCreate2Address, id, keccak256, ZeroAddress, ZeroHash } from "ethers";
import { network } from "hardhat";
import { registerModel } from "../helpers/models.js";
import { deployTestProtocol } from "../helpers/protocol.js";

const connection = await network.create();
const { networkHelpers } = connection;

const fixture = () => networkHelpers.loadFixture(deploy);
const deploy = () => deployTestProtocol(connection);

// A model's id is for ever, and the same on every chain: none of these literals may change.
const FORWARDER_INIT_CODE_HASH = "0xf6cc970db303105448b97b161c4a792202bf0b076701469b8d749d880cac663d";
const LEDGER = "0xd1c2f78ab3209A105fc9669fb0f41FC8aC4c4DFe";
const REGISTRY = "0xD790B0b98886d4A1a239F3b2F8938Ee9662F4155";
const VECTORS = [
  {
    publisher: "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266",
    salt: ZeroHash,
    model: "0xd05C2B39566F01d08e0bbcB63bFC246A4ba499C5",
  },
  {
    publisher: "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
    salt: id("silero-vad"),
    model: "0x591BFF63bCFee71187083015AC1AD1400074b5C8",
  },
  {
    publisher: ZeroAddress,
    salt: `0x${"ff".repeat(32)}`,
    model: "0xe729Cb7174632Ba978731F67ecB682f87AF46a72",
  },
];

/** The derivation of an id as the design has it, written again from its words. */
function derive(publisher: string, salt: string): string {
  const hash = (address: string, word: string) =>
    keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [address, word]));

  return getCreate2Address(LEDGER, hash(REGISTRY, hash(publisher, salt)), FORWARDER_INIT_CODE_HASH);
}

describe("ModelRegistry", () => {
  describe("modelIdOf", () => {
    it("stands on the addresses that the test deployer always gets", async () => {
      const { registry, ledger } = await fixture();

      expect(await registry.getAddress()).to.equal(REGISTRY);
      expect(await ledger.getAddress()).to.equal(LEDGER);
    });

    for (const { publisher, salt, model } of VECTORS) {
      it(`gives ${model} to ${publisher}`, async () => {
        const { registry } = await fixture();

        expect(derive(publisher, salt)).to.equal(model);
        expect(await registry.modelIdOf(publisher, salt)).to.equal(model);
      });
    }

    it("is the id that a registration gets", async () => {
      const { registry, signers } = await fixture();
      const { publisher, salt, model } = VECTORS[1];
      expect(signers[1].address).to.equal(publisher);

      await registerModel({ registry }, signers[1], { salt });

      expect((await registry.modelOf(model)).number).to.equal(1n);
    });

    it("is the CREATE2 address of the forwarder that the ledger will deploy", async () => {
      const { registry, ledger } = await fixture();
      const { publisher, salt, model } = VECTORS[0];
      const hash = keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [publisher, salt]));

      expect(await ledger.modelIdOf(await registry.getAddress(), hash)).to.equal(model);
    });
  });
});
