import { id, parseEther, ZeroHash } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { BOARD_MEMBER, DAY, deployTestProtocol } from "../helpers/protocol.js";

/** The contract's enums, in its order. */
export const Level = { None: 0, Notice: 1, Restricted: 2, Recalled: 3 } as const;
export const Ground = { UsePolicy: 0, Lineage: 1 } as const;

/** For how long the board's own restriction holds. */
export const RESTRICTION = 14 * DAY;

export interface Reason {
  ground: number;
  clause: number;
  policyVersion: number;
  evidenceDigest: string;
}

/** An advisory as the tests write it; what is left out is zero, or what {@link REASON} says. */
export interface AdvisoryTerms {
  level: number;
  reason?: Reason;
  issuedAt: number;
  expiresAt?: number;
}

/** A reason that the first policy has a clause for. */
export const REASON: Reason = { ground: Ground.UsePolicy, clause: 3, policyVersion: 1, evidenceDigest: id("evidence") };
export const LINEAGE: Reason = {
  ground: Ground.Lineage,
  clause: 0,
  policyVersion: 0,
  evidenceDigest: id("undeclared parent"),
};

/** What views return where nothing stands. */
export const NO_ADVISORY = [0n, 0n, 0n, 0n, 0n, 0n, ZeroHash];

/** An advisory as views and events have it. */
export function advisoryOf({ level, reason = REASON, issuedAt, expiresAt = 0 }: AdvisoryTerms) {
  const { ground, clause, policyVersion, evidenceDigest } = reason;

  return [...[level, ground, clause, policyVersion, issuedAt, expiresAt].map(BigInt), evidenceDigest];
}

/** Deploys the protocol, with a member of the board and both timelocks as signers. */
export async function deploySafety(connection: NetworkConnection) {
  const { ethers, networkHelpers } = connection;
  const protocol = await deployTestProtocol(connection);
  const { safetyBoard, timelock, safetyTimelock, signers } = protocol;
  const [deployer, publisher, stranger, other] = signers;

  async function signerOf(address: string) {
    await networkHelpers.impersonateAccount(address);
    await networkHelpers.setBalance(address, parseEther("1"));

    return ethers.getSigner(address);
  }
  const main = await signerOf(await timelock.getAddress());
  const safety = await signerOf(await safetyTimelock.getAddress());
  const member = await signerOf(BOARD_MEMBER);

  return {
    ...protocol,
    deployer,
    publisher,
    stranger,
    other,
    main,
    safety,
    member,
    /** The board, to call as its member and as the vote. */
    board: safetyBoard.connect(member),
    vote: safetyBoard.connect(safety),
    /** Something to have advisories on: the board does not ask whether there is such a model. */
    model: new ethers.Wallet(id("a model")).address,
    signerOf,
  };
}

export type SafetyContext = Awaited<ReturnType<typeof deploySafety>>;
