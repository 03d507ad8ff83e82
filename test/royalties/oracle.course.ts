import type { Action } from "./oracle.plan.js";
import type { World } from "./oracle.support.js";

/** Does on ledger and oracles what an action of a course says. */
export async function act(world: World, action: Action): Promise<void> {
  const { modelAt, holderAt, personAt, allocations, ids } = world;
  const idAt = (index: number) => modelAt(index).id;

  switch (action.kind) {
    case "pay":
      return world.pay(action.currency, [[idAt(action.model), action.amount]], false);
    case "payMany":
      return world.pay(
        action.currency,
        action.payments.map(({ model, amount }) => [idAt(model), amount]),
        true,
      );
    case "fill": {
      const amount = world.roomIn(action.currency, idAt(action.model)) - action.less;
      if (amount > 0n) await world.pay(action.currency, [[idAt(action.model), amount]], false);
      return;
    }
    case "cascade":
      return world.cascade(action.currency, action.models.map(idAt));
    case "cascadeAll":
      return world.cascade(action.currency, action.childrenFirst ? ids.toReversed() : ids);
    case "claim":
      return world.claim(action.currency, holderAt(action.holder), action.models.map(idAt));
    case "transfer":
      return world.transfer(idAt(action.model), personAt(action.from), holderAt(action.to), action.percent);
    case "handOver":
      return world.handOver(idAt(action.model), personAt(action.from), holderAt(action.to));
    case "allocate":
      return world.allocate(idAt(action.model), personAt(action.from), action.percent, action.allocation);
    case "claimShares":
      if (allocations.length === 0) return;
      return world.claimShares(allocations[action.allocation % allocations.length], action.leaf, action.moment);
    case "reclaimShares":
      if (allocations.length === 0) return;
      return world.reclaimShares(
        allocations[action.allocation % allocations.length],
        holderAt(action.to),
        action.moment,
      );
    case "retire":
      return world.retire(modelAt(action.model), action.moment);
    case "retireNext":
      return world.retireNext();
    case "wait":
      return world.wait(action.seconds);
  }
}
