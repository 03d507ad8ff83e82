import { x402Facilitator } from "@x402/core/facilitator";
import type { FacilitatorClient } from "@x402/core/server";
import type { SupportedResponse } from "@x402/core/types";
import type { Channels } from "../../../gateway/src/channels/index.js";

/** Facilitates a gateway's channels in this process. */
export function facilitatorOf({ network, facilitator }: Pick<Channels, "network" | "facilitator">): FacilitatorClient {
  const x402 = new x402Facilitator().register(network, facilitator);

  return {
    verify: x402.verify.bind(x402),
    settle: x402.settle.bind(x402),
    getSupported: async () => x402.getSupported() as SupportedResponse,
  };
}
