import { Contract, ContractFactory, formatUnits, isAddress } from "ethers";
import type { ArtifactManager } from "hardhat/types/artifacts";
import { parseAmount } from "../../sdk/src/index.js";
import { WrongUse } from "./errors.js";
import type { Session } from "./session.js";

/** What a faucet's token is like. */
export interface FaucetOptions {
  name: string;
  symbol: string;
  decimals: number;
  /** What an account gets at once, in whole units: a decimal string. */
  drip: string;
  /** Seconds until it gets the next. */
  period: number;
}

type Artifacts = Pick<ArtifactManager, "readArtifact">;

/**
 * Deploys a token that anybody can get on a testnet; returns its address.
 *
 * @throws {WrongUse} when the drip is no amount of such a token.
 */
export async function deployFaucet(
  { signer, say }: Session,
  artifacts: Artifacts,
  options: FaucetOptions,
): Promise<string> {
  const { name, symbol, decimals, drip, period } = options;
  const units = unitsOf(drip, decimals);
  const { abi, bytecode } = await artifacts.readArtifact("FaucetToken");
  const token = await new ContractFactory([...abi], bytecode, signer).deploy(
    ...[name, symbol, decimals, units, period],
  );
  await token.waitForDeployment();
  const address = await token.getAddress();
  say(`${symbol} is at ${address}: ${drip} for an account every ${period} seconds.`);
  say(
    `Name it in the parameters' "currencies" before you deploy, or list it by vote: list-currency --currency ${address}`,
  );

  return address;
}

function unitsOf(drip: string, decimals: number): bigint {
  try {
    return parseAmount(drip, decimals);
  } catch {
    throw new WrongUse(`--drip takes an amount with up to ${decimals} decimals, such as 12.5, not "${drip}".`);
  }
}

/**
 * Has a faucet's token drip for an account; returns what the account has then.
 *
 * @throws {WrongUse} when the token is no faucet, the account is none, or had its drip.
 */
export async function fund(
  { signer, say }: Session,
  artifacts: Artifacts,
  tokenAddress: string,
  account: string,
): Promise<bigint> {
  for (const address of [tokenAddress, account]) {
    if (!isAddress(address)) throw new WrongUse(`"${address}" is no address: write 0x and 40 hex digits.`);
  }
  const { abi } = await artifacts.readArtifact("FaucetToken");
  const token = new Contract(tokenAddress, abi as never, signer);
  const [nextAt, symbol, decimals] = await Promise.all([
    token.nextDripAt(account),
    token.symbol(),
    token.decimals(),
  ]).catch((error: Error) => {
    throw new WrongUse(
      `${tokenAddress} is no FaucetToken (${error.message}): give the address that \`faucet\` printed.`,
    );
  });
  const now = (await signer.provider?.getBlock("latest"))?.timestamp ?? 0;
  if (nextAt > now) {
    throw new WrongUse(
      `${account} had its drip: it gets the next at ${new Date(Number(nextAt) * 1_000).toISOString()}.`,
    );
  }

  await (await token.drip(account)).wait();
  const balance = (await token.balanceOf(account)) as bigint;
  say(`${account} has ${formatUnits(balance, decimals)} ${symbol}.`);

  return balance;
}
