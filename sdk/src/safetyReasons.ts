import { bytes32Of, numberOf } from "./arguments.js";
import type { Digest, ModelId } from "./brands.js";
import { Ground } from "./generated/enums.js";

/** Why an advisory is asked for: a clause of the use policy, or a lineage that was not declared rightly. */
export type SafetyReason = (
  | {
      ground: "usePolicy";
      /** Its number, from 1. */
      clause: number;
      /** The version of the policy that has it, from 1: see {@link Safety.policy}. */
      policyVersion: number;
    }
  | { ground: "lineage" }
) & {
  /** The sha-256 of what shows it, 32 bytes in hex. */
  evidenceDigest: Digest;
};

/** What a report or an advisory is about. */
export interface SafetySubject {
  model: ModelId;
  /** One version of it; all of the model by default. */
  version?: number;
}

/** Returns a reason as the board takes it. */
export function solidityReason(reason: SafetyReason) {
  const { ground, evidenceDigest } = reason;

  return {
    ground: numberOf(Ground, ground, "reason.ground"),
    ...(reason.ground === "usePolicy"
      ? { clause: reason.clause, policyVersion: reason.policyVersion }
      : { clause: 0, policyVersion: 0 }),
    evidenceDigest: bytes32Of(evidenceDigest, "reason.evidenceDigest"),
  };
}
