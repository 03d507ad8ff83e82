import type { Signer } from "ethers";
import type { NetworkConnection } from "hardhat/types/network";
import { registerModel } from "../helpers/models.js";
import { deployTestProtocol } from "../helpers/protocol.js";

// The contract's enums, in its order.
export const KINDS = ["Model", "Adapter", "Dataset", "Code"] as const;
export const RELATIONS = [
  "FineTune",
  "Adapter",
  "Merge",
  "Quantization",
  "Distillation",
  "Conversion",
  "TrainedOn",
  "Uses",
] as const;

/** Terms for derivatives, as `register` and `setDerivativeTerms` take them. */
export const terms = {
  open: (rateBps: number, duration = 0) => ({ mode: 0, rateBps, duration }),
  granted: (rateBps = 0) => ({ mode: 1, rateBps, duration: 0 }),
  closed: () => ({ mode: 2, rateBps: 0, duration: 0 }),
};

/** What a parent's owner signs. */
export interface GrantTerms {
  parent: string;
  child: string;
  rateBps: number;
  until?: number;
  deadline: number;
}

/** A grant as `register` takes it. */
export interface Grant {
  rateBps: number;
  until: number;
  deadline: number;
  signature: string;
}

/** Signs a grant as `signer`, for the registry at `verifyingContract` on the chain `chainId`. */
export async function signGrant(
  signer: Signer,
  domain: { chainId: bigint; verifyingContract: string },
  grant: GrantTerms,
): Promise<Grant> {
  const signature = await signer.signTypedData(
    { name: "Commonweal ModelRegistry", version: "1", ...domain },
    {
      DerivativeGrant: [
        { name: "parent", type: "address" },
        { name: "child", type: "address" },
        { name: "rateBps", type: "uint16" },
        { name: "until", type: "uint40" },
        { name: "deadline", type: "uint40" },
      ],
    },
    { until: 0, ...grant },
  );

  return { rateBps: grant.rateBps, until: grant.until ?? 0, deadline: grant.deadline, signature };
}

/** A model whose owner is not its publisher, with a maintainer. */
export async function deployMaintained(connection: NetworkConnection) {
  const protocol = await deployTestProtocol(connection);
  const [, publisher, owner, maintainer, stranger] = protocol.signers;
  const { registry } = protocol;

  const model = await registerModel(protocol, publisher, { owner: owner.address });
  await registry.connect(owner).setMaintainer(model, maintainer.address, true);

  return { ...protocol, model, publisher, owner, maintainer, stranger };
}
