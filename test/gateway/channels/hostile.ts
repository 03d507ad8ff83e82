import { expect } from "chai";
import { memoryStore } from "../../../gateway/src/channels/stores/memory.js";
import { type ChannelWorld, deployChannelWorld, HOST_BPS, PRICE } from "../support/channel.world.js";

describe("Gateway channels: against who wants more than is due", () => {
  let world: ChannelWorld;

  before(async () => {
    world = await deployChannelWorld();
  });

  it("takes no channel of the store that is not what the gateway asks for now", async () => {
    const store = memoryStore();
    const channel = await world.opened(1_000n);
    const first = await world.gateway({ store });
    await first.call(await world.paid(channel, PRICE, 1));
    await first.stop();
    const next = await world.paid(channel, 2n * PRICE, 2);

    const dearer = await world.gateway({ store, hostBps: HOST_BPS + 1 });
    await dearer.refused(next, "host_part_too_low", /gives the host 2000 basis points/);
    await dearer.stop();
    const other = await world.gateway({ store, model: world.other });
    await other.refused(next, "model_mismatch", /is for the model/);
    await other.stop();
  });
});
