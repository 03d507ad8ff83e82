import { rm } from "node:fs/promises";
import net from "node:net";
import path from "node:path";
import hre from "hardhat";
import local from "./parameters/local.json" with { type: "json" };
import { deployProtocol } from "./protocol.js";

const HOST = "127.0.0.1";

/** Thrown when the chain's port is in use. */
export class PortTaken extends Error {
  override readonly name = "PortTaken";

  constructor(port: number) {
    super(
      `Port ${port} of ${HOST} is taken, perhaps by another \`start\`. ` +
        `End that program, or choose another port: npx pnpm@12 start --port ${port + 1}`,
    );
  }
}

/**
 * Starts a chain of its own on 127.0.0.1 and deploys the protocol and a test dollar to it.
 *
 * @param port Where the chain listens; 0 for any free port.
 * @throws {PortTaken} when something else listens there.
 */
export async function startLocalChain(port: number) {
  if (port !== 0) await requireFree(port);
  const server = await hre.network.createServer("node", HOST, port);
  const { port: actualPort } = await server.listen();
  const url = `http://${HOST}:${actualPort}`;

  try {
    const deployed = await deployLocally(url, `local-${actualPort}`);

    return { url, ...deployed, close: () => server.close() };
  } catch (error) {
    await server.close();
    throw error;
  }
}

async function deployLocally(url: string, deploymentId: string) {
  // By HTTP as everybody else, so that what works here works for them.
  const connection = await hre.network.create({ network: "localhost", override: { url } });
  const signers = await connection.ethers.getSigners();
  const token = await connection.ethers.deployContract("TestToken", ["Test USD Coin", "USDC", 6], signers.at(-1));
  await token.waitForDeployment();
  const usdc = await token.getAddress();

  // Ignition's journal serves to resume a deployment. This chain is new and ends with its process: no journal outlives it.
  const journal = path.join(hre.config.paths.ignition, "deployments", deploymentId);
  const removeJournal = () => rm(journal, { recursive: true, force: true });
  await removeJournal();
  try {
    const { plan, claims } = await deployProtocol(
      connection,
      hre.artifacts,
      { ...local, currencies: [{ symbol: "USDC", address: usdc, decimals: 6 }] },
      { deploymentId },
    );

    return { plan, claims, usdc };
  } finally {
    await removeJournal();
    await connection.close();
  }
}

async function requireFree(port: number): Promise<void> {
  const probe = net.createServer();
  await new Promise<void>((resolve, reject) => {
    probe.once("error", (error: NodeJS.ErrnoException) =>
      reject(error.code === "EADDRINUSE" ? new PortTaken(port) : error),
    );
    probe.listen(port, HOST, () => probe.close(() => resolve()));
  });
}
