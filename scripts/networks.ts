/** A public test network that the protocol can be deployed to. */
export interface TestNetwork {
  chainId: number;
  /** Chains of the OP stack charge for the data that they post to Ethereum besides gas. */
  chainType: "l1" | "op" | "generic";
  /** What gas is paid in; ETH by default. */
  coin?: string;
}

/** The configuration variable, in Hardhat's keystore or the environment, that holds the deployer's private key. */
export const DEPLOYER_KEY = "DEPLOYER_KEY";

/** The networks by the name that `--network` takes. */
export const TEST_NETWORKS = {
  sepolia: { chainId: 11_155_111, chainType: "l1" },
  hoodi: { chainId: 560_048, chainType: "l1" },
  baseSepolia: { chainId: 84_532, chainType: "op" },
  optimismSepolia: { chainId: 11_155_420, chainType: "op" },
  arbitrumSepolia: { chainId: 421_614, chainType: "generic" },
  polygonAmoy: { chainId: 80_002, chainType: "generic", coin: "POL" },
} as const satisfies Record<string, TestNetwork>;

export type TestNetworkName = keyof typeof TEST_NETWORKS;

/** Returns what gas is paid in on a network. */
export function coinOf(network: string): string {
  const known: Readonly<Record<string, TestNetwork>> = TEST_NETWORKS;

  return known[network]?.coin ?? "ETH";
}

/** Returns the committed file of a network's parameters, from the repository's root. */
export function parametersFileOf(network: string): string {
  return `scripts/parameters/${network === "localhost" ? "local" : network}.json`;
}

/** Returns the configuration variable that holds a network's RPC URL: `BASE_SEPOLIA_RPC_URL` for `baseSepolia`. */
export function rpcUrlVariable(network: string): string {
  return `${network.replace(/[A-Z]/g, "_$&").toUpperCase()}_RPC_URL`;
}
