import { expect } from "chai";
import { Wallet } from "ethers";
import { readConfig, USAGE, WrongArguments } from "../../../gateway/src/service.js";

const MODEL = `0x${"12".repeat(20)}`;
const { privateKey: KEY } = Wallet.createRandom();
const ENVIRONMENT = { GATEWAY_KEY: KEY };
const GOOD = {
  ...{ rpc: "http://127.0.0.1:8545", upstream: "http://127.0.0.1:9000", model: MODEL, price: "0.001", currency: "ETH" },
  channels: "memory:",
};

const argumentsOf = (options: Readonly<Record<string, string | true | undefined>>) =>
  Object.entries(options).flatMap(([name, value]) =>
    value === undefined ? [] : value === true ? [`--${name}`] : [`--${name}`, value],
  );

describe("Gateway configuration", () => {
  it("has sensible values for what is left out", () => {
    expect(readConfig(argumentsOf(GOOD), ENVIRONMENT)).to.deep.equal({
      ...{ rpc: "http://127.0.0.1:8545/", upstream: new URL("http://127.0.0.1:9000"), files: undefined, key: KEY },
      ...{ model: MODEL, price: "0.001", currency: "ETH", unit: undefined, maxUnits: 1_000, hostAddress: undefined },
      ...{ hostBps: 0, facilitator: undefined, exact: true, channels: "memory:", redeemSeconds: 3_600, free: [] },
      ...{
        origin: undefined,
        name: undefined,
        host: "127.0.0.1",
        port: 8_402,
        adminHost: "127.0.0.1",
        adminPort: 8_403,
      },
      ...{ upstreamSeconds: 60, maxAnswerBytes: 10_485_760, factsSeconds: 30, factsStaleSeconds: 600, stopSeconds: 20 },
      ...{ secret: undefined, deployment: undefined },
    });
  });

  it("helps", () => {
    expect(readConfig(["--help"], {})).to.equal(undefined);
    expect(USAGE).to.match(
      /^Usage: commonweal-gateway --rpc URL .*GATEWAY_KEY.*--max-units N +the most units of a call \(1000\)/s,
    );
  });

  for (const [name, options, message] of [
    ["rpc", { rpc: undefined }, "--rpc is missing: give it URL."],
    ["rpc", { rpc: "localhost" }, "--rpc is localhost: give a URL, http://… or https://…."],
    ["upstream", { upstream: "ftp://x" }, "--upstream is ftp://x: give a URL, http://… or https://…."],
    [
      "upstream",
      { upstream: undefined },
      "Give either --upstream URL, the server to put a paywall before, or --files DIR.",
    ],
    ["files", { files: "." }, "Give either --upstream URL, the server to put a paywall before, or --files DIR."],
    ["model", { model: "0x12" }, "--model is 0x12: give an address, 0x… in hex."],
    ["price", { price: "cheap" }, "--price is cheap: give a decimal number such as 0.001."],
    ["currency", { currency: "USDC" }, "--currency is USDC: give an address, 0x… in hex."],
    ["host-bps", { "host-bps": "10001" }, "--host-bps is 10001: give a whole number from 0 to 10000."],
    ["port", { port: "70000" }, "--port is 70000: give a whole number from 0 to 65535."],
    ...["redeem-seconds", "upstream-seconds", "facts-seconds"].map(
      // What a timer takes: set for longer, it does not wait.
      (name) => [name, { [name]: "2147484" }, `--${name} is 2147484: give a whole number from 1 to 2147483.`] as const,
    ),
    ["free", { free: "health" }, "--free is health: give a path, such as /v1/models."],
    [
      "no-exact",
      { "no-exact": true, channels: undefined },
      "--no-exact leaves no way to pay: give --channels STORE too.",
    ],
    ["colour", { colour: "red" }, /^Unknown option '--colour'.* See commonweal-gateway --help\.$/],
  ] as const) {
    it(`says what is wrong with --${name} (${JSON.stringify(options)})`, () => {
      expect(() => readConfig(argumentsOf({ ...GOOD, ...options }), ENVIRONMENT)).to.throw(WrongArguments, message);
    });
  }

  it("takes no key but from the environment", () => {
    expect(() => readConfig(argumentsOf(GOOD), { GATEWAY_KEY: "0x12" })).to.throw(
      WrongArguments,
      "Set GATEWAY_KEY to the private key of the account that settles, 32 bytes, 0x… in hex.",
    );
  });
});
