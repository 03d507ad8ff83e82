import { AbiCoder, getCreate2Address, keccak256, MaxUint256, parseEther, type Signer, ZeroAddress } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { ETH, NO_REF } from "../helpers/models.js";
import { DAY, deployTestProtocol, VERIFIERS } from "../helpers/protocol.js";

/** The contract's enum in its order, with the names in manifests and the kinds of {@link KINDS}. */
export const PLATFORMS = [
  { slug: "huggingface", kind: 0 },
  { slug: "huggingface-dataset", kind: 2 },
  { slug: "github", kind: 3 },
  { slug: "gitlab", kind: 3 },
  { slug: "npm", kind: 3 },
  { slug: "pypi", kind: 3 },
  { slug: "doi", kind: 2 },
] as const;

/** How long claims, new verifiers and new thresholds wait. */
export const WAIT = 30 * DAY;

/** What a forwarder is deployed with, of which every model's id is made. */
const FORWARDER =
  "0x33607360a01b175f52602f60156020396044600bf3" +
  "331836601c57005b6040575f5f604036038060405f375f6020355f355af13d5f5f3e5f3d91603e57fd5bf35b5f5ffd";

const coder = AbiCoder.defaultAbiCoder();

interface Domain {
  chainId: bigint;
  verifyingContract: string;
}

export interface ClaimTerms {
  source: string;
  recipient: string;
  model: string;
  nonce: bigint;
  deadline: number;
}

export interface Attestation {
  verifier: string;
  signature: string;
}

/** Returns a source's id as the docs derive it, with nothing asked of any contract. */
export function idOfSource(
  { ledger, registry, sources }: Record<"ledger" | "registry" | "sources", string>,
  platform: number,
  name: string,
): string {
  const salted = (types: string[], values: unknown[]) => keccak256(coder.encode(types, values));
  const publishersSalt = salted(["address", "bytes32"], [sources, salted(["uint8", "string"], [platform, name])]);

  return getCreate2Address(ledger, salted(["address", "bytes32"], [registry, publishersSalt]), keccak256(FORWARDER));
}

/** Has each verifier sign a claim; in their order. */
export function signClaim(verifiers: Signer[], domain: Domain, claim: ClaimTerms): Promise<Attestation[]> {
  const fields = { source: "address", recipient: "address", model: "address", nonce: "uint256", deadline: "uint40" };

  return sign(verifiers, domain, "SourceClaim", fields, { ...claim });
}

/** Has each verifier sign the cancellation of a claim; in their order. */
export function signCancellation(
  verifiers: Signer[],
  domain: Domain,
  cancellation: Pick<ClaimTerms, "source" | "nonce" | "deadline">,
): Promise<Attestation[]> {
  const fields = { source: "address", nonce: "uint256", deadline: "uint40" };

  return sign(verifiers, domain, "SourceClaimCancellation", fields, { ...cancellation });
}

function sign(
  verifiers: Signer[],
  domain: Domain,
  type: string,
  fields: Record<string, string>,
  value: Record<string, unknown>,
): Promise<Attestation[]> {
  const types = { [type]: Object.entries(fields).map(([name, type]) => ({ name, type })) };

  return Promise.all(
    verifiers.map(async (verifier) => ({
      verifier: await verifier.getAddress(),
      signature: await verifier.signTypedData(
        { name: "Commonweal SourceRegistry", version: "1", ...domain },
        types,
        value,
      ),
    })),
  );
}

/** Deploys the protocol and returns it with what tests of sources do again and again. Two of three verifiers suffice. */
export async function deploySources(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const protocol = await deployTestProtocol(connection);
  const { ledger, registry, sources, timelock, usdc } = protocol;
  const [deployer, author, payer, stranger, builder, other] = protocol.signers;

  const addresses = {
    ledger: await ledger.getAddress(),
    registry: await registry.getAddress(),
    sources: await sources.getAddress(),
    usdc: await usdc.getAddress(),
    timelock: await timelock.getAddress(),
  };
  const domain = { chainId: (await ethers.provider.getNetwork()).chainId, verifyingContract: addresses.sources };
  const deadline = (await networkHelpers.time.latest()) + 36_500 * DAY;

  await usdc.mint(payer.address, 10n ** 15n);
  await usdc.connect(payer).approve(addresses.ledger, MaxUint256);
  await networkHelpers.impersonateAccount(addresses.timelock);
  await networkHelpers.setBalance(addresses.timelock, parseEther("1"));
  const governance = await ethers.getSigner(addresses.timelock);

  /** Enters a source as a stranger would; returns its id. */
  async function enter(name = "org/name", platform = 0): Promise<string> {
    await sources.connect(stranger).registerSource(platform, name);

    return idOfSource(addresses, platform, name);
  }

  /** Fills in what a test does not care about: a claim by the author, for nothing but the source. */
  async function claimOf(source: string, changes: Partial<ClaimTerms> = {}): Promise<ClaimTerms> {
    const nonce = await sources.nonceOf(source);

    return { source, recipient: author.address, model: ZeroAddress, nonce, deadline, ...changes };
  }

  /** Sends a claim with attestations of it, by the first two verifiers unless others are given. */
  async function claim(source: string, changes: Partial<ClaimTerms> = {}, by: Signer[] = VERIFIERS.slice(0, 2)) {
    const claim = await claimOf(source, changes);

    return send(claim, await signClaim(by, domain, claim));
  }

  /** Sends a claim with whatever attestations. */
  function send({ source, recipient, model, deadline }: ClaimTerms, attestations: Attestation[]) {
    return sources.connect(stranger).claimSource(source, recipient, model, deadline, attestations);
  }

  /** Has a claim that waits cancelled by verifiers. */
  async function cancel(
    source: string,
    changes: Partial<Pick<ClaimTerms, "source" | "nonce" | "deadline">> = {},
    by: Signer[] = VERIFIERS.slice(0, 2),
  ) {
    const cancellation = { source, nonce: await sources.nonceOf(source), deadline, ...changes };
    const attestations = await signCancellation(by, domain, cancellation);

    return sources.connect(stranger).cancelClaim(source, cancellation.deadline, attestations);
  }

  /** Lets a claim begin, wait and be completed. */
  async function hand(source: string, changes: Partial<ClaimTerms> = {}): Promise<void> {
    await claim(source, changes);
    await networkHelpers.time.increase(WAIT);
    await sources.connect(stranger).completeClaim(source);
  }

  function pay(model: string, currency: string, amount: bigint) {
    return ledger.connect(payer).pay(model, currency, amount, NO_REF, { value: currency === ETH ? amount : 0n });
  }

  return {
    ...protocol,
    deployer,
    author,
    payer,
    stranger,
    builder,
    other,
    addresses,
    domain,
    deadline,
    governance,
    governed: sources.connect(governance),
    enter,
    claimOf,
    claim,
    send,
    cancel,
    hand,
    pay,
  };
}

export type SourcesContext = Awaited<ReturnType<typeof deploySources>>;
