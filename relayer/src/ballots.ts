import type { Ballot } from "@commonweal/sdk";
import { AbiCoder, dataLength, dataSlice, getAddress, getBytes, isHexString, keccak256, toUtf8Bytes } from "ethers";
import { Refusal } from "./refusals.js";

/** A ballot and the governor that it is for. */
export interface Posted {
  governor: string;
  ballot: Ballot;
}

const MAX_UINT256 = 2n ** 256n - 1n;
const FRACTIONAL_SUPPORT = 255;
/** Against, for and abstain, 16 bytes each. */
const PARTS_LENGTH = 48;
/** Many owners of one wallet can sign in it. */
const MAX_SIGNATURE_LENGTH = 2_048;

/**
 * Returns what a client posted as a ballot, each value in one form only.
 *
 * @throws {Refusal} that names the field and what belongs there.
 */
export function parseBallot(body: unknown, limits: { governors: readonly string[]; maxReasonBytes: number }): Posted {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw invalid("The body", 'a JSON object: the ballot of governance.signVote, and "governor", an address');
  }
  const { proposalId, support, reason, ...fields } = body as Record<string, unknown>;

  const governor = addressOf(fields.governor, "governor");
  if (!limits.governors.includes(governor)) {
    throw new Refusal(
      "unknown_governor",
      `This relayer does not serve the governor ${governor}, but ${limits.governors.join(" and ")}; ask another one.`,
    );
  }
  if (typeof proposalId !== "string" || !/^(0|[1-9]\d{0,77})$/.test(proposalId) || BigInt(proposalId) > MAX_UINT256) {
    throw invalid("proposalId", "the proposal's id as a string of decimal digits");
  }
  if (typeof support !== "number" || ![0, 1, 2, FRACTIONAL_SUPPORT].includes(support)) {
    throw invalid("support", "0 for against, 1 for for, 2 for abstain, or 255 for parts");
  }
  const voter = addressOf(fields.voter, "voter");
  if (typeof reason !== "string" || byteLength(reason) > limits.maxReasonBytes) {
    throw invalid("reason", `a text of at most ${limits.maxReasonBytes} bytes in UTF-8, or "" for none`);
  }
  const params = hexOf(fields.params, "params", PARTS_LENGTH);
  if (dataLength(params) !== (support === FRACTIONAL_SUPPORT ? PARTS_LENGTH : 0)) {
    throw invalid("params", `"0x", or ${PARTS_LENGTH} bytes in hex with a support of ${FRACTIONAL_SUPPORT}`);
  }
  const signature = hexOf(fields.signature, "signature", MAX_SIGNATURE_LENGTH);

  return { governor, ballot: { proposalId, support, voter, reason, params, signature } };
}

/** Returns a ballot's id: the same one has the same id with every relayer. */
export function ballotIdOf(chainId: bigint, { governor, ballot }: Posted): string {
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["uint256", "address", "uint256", "uint8", "address", "string", "bytes", "bytes"],
      [
        ...[chainId, governor, ballot.proposalId, ballot.support, ballot.voter],
        ...[ballot.reason, ballot.params, ballot.signature],
      ],
    ),
  );
}

/** Returns the votes that a fractional ballot casts; undefined for one that casts all that is left. */
export function partsOf({ support, params }: Ballot): bigint | undefined {
  if (support !== FRACTIONAL_SUPPORT) return undefined;

  return [0, 16, 32].reduce((sum, at) => sum + BigInt(dataSlice(params, at, at + 16)), 0n);
}

/** Whether the governor has the shorter form of ballot for it. */
export function isPlain({ reason, params }: Ballot): boolean {
  return reason === "" && params === "0x";
}

function invalid(field: string, expected: string): Refusal {
  return new Refusal("invalid_ballot", `${field} is not what a ballot has there; give ${expected}.`);
}

function addressOf(value: unknown, field: string): string {
  try {
    return getAddress(value as string);
  } catch {
    throw invalid(field, "an address of 20 bytes, 0x… in hex");
  }
}

function hexOf(value: unknown, field: string, maxLength: number): string {
  if (isHexString(value, true) && dataLength(value) <= maxLength) return value.toLowerCase();

  throw invalid(field, `at most ${maxLength} bytes in hex, "0x…"`);
}

/** Infinite for a text that UTF-8 has no form for, which nobody can have signed. */
function byteLength(text: string): number {
  try {
    return getBytes(toUtf8Bytes(text)).length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
