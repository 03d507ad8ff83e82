import { expect } from "chai";
import { getBytes, id } from "ethers";
import fc from "fast-check";
import { CID } from "multiformats/cid";
import * as raw from "multiformats/codecs/raw";
import { create } from "multiformats/hashes/digest";
import { manifestUri } from "../../sdk/src/index.js";

const SHA_256 = 0x12;

describe("SDK manifestUri", () => {
  it("is the CIDv1 that multiformats makes of the digest", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const digest = id(text);
        const cid = CID.createV1(raw.code, create(SHA_256, getBytes(digest)));

        expect(manifestUri(digest)).to.equal(`ipfs://${cid}`);
      }),
    );
  });
});
