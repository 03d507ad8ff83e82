import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { paywall, type PaywallOptions } from "@commonweal/gateway";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { fromPcm } from "./pcm.js";
import { FRAME, loadSpeechDetector } from "./speechDetector.js";

/** About half a minute of audio. */
const MAX_BYTES = 1024 * 1024;

/** A speech detector on 127.0.0.1 that is paid per call. */
export type SpeechServer = Awaited<ReturnType<typeof startSpeechServer>>;

/**
 * Serves a speech detector: `POST /v1/speech` takes 16 kHz PCM and answers, frame by frame, how likely it is that somebody
 * speaks.
 *
 * @param file The model's ONNX file.
 * @param terms Whom calls pay, how, and how much.
 */
export async function startSpeechServer(file: string, terms: PaywallOptions) {
  const [wall, detect] = await Promise.all([paywall(terms), loadSpeechDetector(file)]);

  const app = new Hono();
  app.use("/v1/*", wall);
  app.post("/v1/speech", bodyLimit({ maxSize: MAX_BYTES }), async (context) => {
    const samples = fromPcm(await context.req.arrayBuffer());
    // An answer that is an error is not paid.
    if (samples.length < FRAME) return context.json({ error: `Send at least ${FRAME} samples.` }, 400);

    return context.json({ speech: await detect(samples) });
  });

  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  await once(server, "listening");

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Takes no more calls, redeems what channels owe, and ends. */
    async stop(): Promise<void> {
      await wall.stop();
      server.close();
      if ("closeAllConnections" in server) server.closeAllConnections();
    },
  };
}
