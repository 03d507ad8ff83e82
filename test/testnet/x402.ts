import { ExactEvmScheme } from "@x402/evm/exact/client";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { expect } from "chai";
import { concat, Contract, id, Wallet } from "ethers";
import hre from "hardhat";
import { privateKeyToAccount } from "viem/accounts";
import { CENT, receiptOf, startPaywallWorld, type World } from "../gateway/support/paywallWorld.js";
import { startUpstream, type Upstream } from "../gateway/support/paywallUpstream.js";

const NETWORK = "eip155:31337";

// The local chain's test dollar is a FaucetToken, and the payers here have what dripped.
describe("FaucetToken", () => {
  describe("x402", () => {
    let world: World;
    let upstream: Upstream;
    let token: Contract;
    let url: string;
    let model: string;

    before(async () => {
      world = await startPaywallWorld();
      upstream = await startUpstream();
      model = await world.register();
      ({ url } = await world.gateway({ model }, upstream));
      const { abi } = await hre.artifacts.readArtifact("FaucetToken");
      token = new Contract(world.chain.usdc, abi as never, await world.account());
    });

    after(async () => {
      upstream.close();
      await world.close();
    });

    function fetchOf(signer: ConstructorParameters<typeof ExactEvmScheme>[0]): typeof fetch {
      const client = new x402Client().register(NETWORK, new ExactEvmScheme(signer));
      client.setSpendControls({ allowedAssets: [{ network: NETWORK, asset: world.chain.usdc }] });

      return wrapFetchWithPayment(fetch, client) as typeof fetch;
    }

    /** Pays for a call, and returns what it cost. */
    async function pay(payer: string, fetchPaid: typeof fetch): Promise<bigint> {
      await (await token.drip(payer)).wait();
      const before = await world.balanceOf(payer);
      const response = await fetchPaid(`${url}/v1/chat`);

      expect(response.status).to.equal(200);
      expect(receiptOf(response)).to.deep.include({ success: true, payer, network: NETWORK });

      return before - (await world.balanceOf(payer));
    }

    it("is paid by a stock client whose account has no ETH", async () => {
      const key = Wallet.createRandom().privateKey as `0x${string}`;
      const account = privateKeyToAccount(key);
      const before = await world.balanceOf(model);

      expect(await pay(account.address, fetchOf(account))).to.equal(CENT);
      expect((await world.balanceOf(model)) - before).to.equal(CENT);
    });

    it("is paid by a stock client for a smart wallet, whose signature is checked by ERC-1271", async () => {
      const account = privateKeyToAccount(id("owner of a paying wallet") as `0x${string}`);
      const address = (await world.deploy("ERC1271Wallet", [account.address])) as `0x${string}`;
      const before = await world.balanceOf(model);
      // As wallets with several kinds of signers do: the first byte says which.
      const signTypedData: typeof account.signTypedData = async (data) =>
        concat(["0x01", await account.signTypedData(data)]) as `0x${string}`;

      expect(await pay(address, fetchOf({ address, signTypedData } as typeof account))).to.equal(CENT);
      expect((await world.balanceOf(model)) - before).to.equal(CENT);
    });
  });
});
