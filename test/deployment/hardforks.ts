import { expect } from "chai";
import { parseUnits } from "ethers";
import { network } from "hardhat";
import { ETH, NO_REF, registerModel } from "../helpers/models.js";
import { deployTestProtocol } from "../helpers/protocol.js";

describe("Deployment", () => {
  for (const hardfork of ["cancun", "prague", "osaka"]) {
    it(`works on ${hardfork}: a model is paid, cascades, and its holders claim`, async () => {
      const connection = await network.create({ override: { hardfork } });
      expect(connection.networkConfig).to.have.property("hardfork", hardfork);
      const { ethers } = connection;
      const { signers, ledger, registry, usdc } = await deployTestProtocol(connection);
      const [, maker, ancestor, buyer] = signers;
      const parent = await registerModel({ registry }, ancestor);
      const child = await registerModel({ registry }, maker, { parents: [{ model: parent, rateBps: 2_000 }] });
      const dollar = await usdc.getAddress();
      const price = parseUnits("100", 6);
      await usdc.mint(buyer.address, price);
      await usdc.connect(buyer).approve(await ledger.getAddress(), price);

      await ledger.connect(buyer).pay(child, dollar, price, NO_REF);
      await ledger.connect(buyer).pay(child, ETH, price, NO_REF, { value: price });
      for (const currency of [dollar, ETH]) await ledger.cascade([child], currency);

      // A fifth goes to the parent; either keeps its part less 1 %.
      for (const [holder, model, amount] of [
        [maker, child, parseUnits("79.2", 6)],
        [ancestor, parent, parseUnits("19.8", 6)],
      ] as const) {
        await expect(ledger.connect(buyer).claimFor(holder.address, [model], ETH)).to.changeEtherBalance(
          ethers,
          holder,
          amount,
        );
        await ledger.connect(holder).claim([model], dollar, holder.address);
        expect(await usdc.balanceOf(holder.address)).to.equal(amount);
      }
      await connection.close();
    });
  }
});
