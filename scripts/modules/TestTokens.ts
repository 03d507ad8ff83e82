import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/** For local chains: a dollar with six decimals that anyone can mint. */
export default buildModule("TestTokens", (m) => ({
  usdc: m.contract("TestToken", ["Test USD Coin", "USDC", 6], { id: "USDC" }),
}));
