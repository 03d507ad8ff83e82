const sdk = require("@commonweal/sdk");
const errors = require("@commonweal/sdk/errors");
const events = require("@commonweal/sdk/events");
const { JsonRpcProvider, Wallet } = require("ethers");

async function use({ url, key, ...place }) {
  const { useSdk } = await import("./useSdk.mjs");
  const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, polling: true });
  provider.pollingInterval = 20;
  console.log(JSON.stringify(await useSdk({ sdk, errors, events }, new Wallet(key, provider), place)));
  provider.destroy();
}

void use(JSON.parse(process.argv[2]));
