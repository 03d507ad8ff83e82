import { gasOf } from "../test/helpers/models.js";
import type { Measure } from "./measures.js";
import type { Scenario } from "./scenario.js";

/** What it takes until everybody along a chain of models has the money of one payment. */
export interface Chain extends Measure {
  ancestors: number;
  /** One payment to the youngest model. */
  pay: bigint;
  /** One transaction for all models, the oldest too: the fees of all are settled. */
  cascade: bigint;
  /** One transaction a model, by the holder of all its shares. */
  claims: bigint;
  bound: number;
}

const ANCESTORS = [1, 2, 4, 8];
const AMOUNT = 1_000_000_007n;

/** A chain that grows; each model passes on 20.03 % and has a holder of its own. Everybody was paid before. */
export async function measureChains({ signers, register, pay, cascade, claim }: Scenario): Promise<Chain[]> {
  // The youngest first.
  const links: { model: string; holder: Scenario["alice"] }[] = [];
  const grow = async () => {
    const holder = signers[4 + links.length];
    const parents = links.slice(0, 1).map(({ model }) => ({ model, rateBps: 2_003 }));
    const holdings = [{ holder: holder.address, units: 1_000_000 }];
    links.unshift({ model: await register({ parents, holdings }), holder });
  };
  const settle = async () => {
    const paid = await gasOf(pay(links[0].model, undefined, AMOUNT));
    const cascaded = await gasOf(cascade(links.map(({ model }) => model)));
    let claims = 0n;
    for (const { model, holder } of links) claims += await gasOf(claim([model], undefined, holder));

    return { pay: paid, cascade: cascaded, claims, gas: paid + cascaded + claims };
  };

  const chains: Chain[] = [];
  for (const ancestors of ANCESTORS) {
    while (links.length <= ancestors) await grow();
    await settle();
    chains.push({
      operation: `pay, cascade and claim for all, ${ancestors} ${ancestors === 1 ? "ancestor" : "ancestors"}, repeat`,
      ancestors,
      ...(await settle()),
      bound: 140_000 + 70_000 * ancestors,
    });
  }
  return chains;
}
