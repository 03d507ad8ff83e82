import * as sdk from "@commonweal/sdk";
import * as errors from "@commonweal/sdk/errors";
import * as events from "@commonweal/sdk/events";
import { JsonRpcProvider, Wallet } from "ethers";
import { useSdk } from "./useSdk.mjs";

const { url, key, ...place } = JSON.parse(process.argv[2]);
const provider = new JsonRpcProvider(url, undefined, { cacheTimeout: -1, polling: true });
provider.pollingInterval = 20;
console.log(JSON.stringify(await useSdk({ sdk, errors, events }, new Wallet(key, provider), place)));
provider.destroy();
