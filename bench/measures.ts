import { AbiCoder, id, keccak256 } from "ethers";
import { ETH, freshSalt, gasOf, ref } from "../test/helpers/models.js";
import { ODD_AMOUNT, type Scenario, stranger } from "./scenario.js";

/** A figure: what was done, what it used, and what it must not pass. */
export interface Measure {
  operation: string;
  gas: bigint;
  bound?: number;
}

/** Payments. "First" writes a slot that was empty, "repeat" one that was not. */
export async function measurePayments({ ledger, payer, token, register, pay }: Scenario): Promise<Measure[]> {
  const model = await register();
  const models = [model, await register(), await register(), await register()];
  const payMany = (count: number) =>
    ledger.connect(payer).payMany(models.slice(0, count), token, new Array(count).fill(ODD_AMOUNT), ref("order"));

  const ethFirst = await gasOf(pay(model, ETH));
  const ethRepeat = await gasOf(pay(model, ETH));
  const tokenFirst = await gasOf(pay(model));
  const tokenRepeat = await gasOf(pay(model));
  await payMany(4);
  const one = await gasOf(payMany(1));
  const four = await gasOf(payMany(4));

  return [
    { operation: "pay ETH, first", gas: ethFirst },
    { operation: "pay ETH, repeat", gas: ethRepeat, bound: 30_500 },
    { operation: "pay ERC-20, first", gas: tokenFirst },
    { operation: "pay ERC-20, repeat", gas: tokenRepeat, bound: 52_500 },
    { operation: "payMany ERC-20, each further model, repeat", gas: (four - one) / 3n },
  ];
}

/** Claims by a holder who has claimed before, has income since, a remainder, and some of the token. */
export async function measureClaims({ register, pay, claim }: Scenario): Promise<Measure[]> {
  const models = [await register(), await register(), await register(), await register()];
  const gasOfClaim = async (count: number, currency?: string) => {
    for (const model of models) await pay(model, currency);
    const gas = await gasOf(claim(models.slice(0, count), currency));
    // Everybody is even again before the next measure.
    if (count < models.length) await claim(models.slice(count), currency);
    return gas;
  };

  const first = await gasOfClaim(1);
  await gasOfClaim(4);
  const one = await gasOfClaim(1);
  const four = await gasOfClaim(4);
  await gasOfClaim(1, ETH);
  const eth = await gasOfClaim(1, ETH);

  return [
    { operation: "claim one model, ERC-20, first", gas: first },
    { operation: "claim one model, ERC-20, repeat", gas: one, bound: 56_000 },
    { operation: "claim, each further model, repeat", gas: (four - one) / 3n, bound: 13_000 },
    { operation: "claim one model, ETH, repeat", gas: eth },
  ];
}

/** Cascades of a chain, in one batch, children first. */
export async function measureCascades({ roots, register, pay, cascade }: Scenario): Promise<Measure[]> {
  const depth = 8;
  const chain: string[] = [];
  for (let i = 0; i < depth; i++) {
    chain.unshift(await register({ parents: [{ model: chain[0] ?? roots[0], rateBps: 2_003 }] }));
  }
  const gasOfCascade = async (models: string[]) => {
    await pay(models[0], undefined, 1_000_000_007n);
    return gasOf(cascade(models));
  };
  const twoParents = await register();

  await gasOfCascade(chain);
  await gasOfCascade(chain);
  const one = await gasOfCascade(chain.slice(-1));
  const all = await gasOfCascade(chain);
  await gasOfCascade([twoParents]);

  return [
    { operation: "cascade one model with 1 parent, repeat", gas: one },
    { operation: "cascade one model with 2 parents, repeat", gas: await gasOfCascade([twoParents]) },
    {
      operation: "cascade, each edge of a chain in a batch, repeat",
      gas: (all - one) / BigInt(depth - 1),
      bound: 13_500,
    },
  ];
}

/** Sweeps of what was sent to a model's id, and to the address that it shares with a host. */
export async function measureSweeps({
  ledger,
  registry,
  plain,
  alice,
  bob,
  payer,
  token,
  ...scenario
}: Scenario): Promise<Measure[]> {
  const salts = [freshSalt(), freshSalt()];
  const [model, fresh] = [await scenario.register({ salt: salts[0] }), await scenario.register({ salt: salts[1] })];
  const [modelSalt, freshModelSalt] = salts.map((salt) => forwarderSalt(registry.target, alice.address, salt));
  const hosting = { model, host: bob.address, hostBps: 2_503 };
  const deposit = await ledger.depositOf(hosting);
  const send = (to: string) => plain.connect(payer).transfer(to, ODD_AMOUNT);
  const gasOfSweep = async (to: string, salt: string) => {
    await send(to);
    return gasOf(ledger.sweep([salt], [token]));
  };
  const gasOfHosted = async () => {
    await send(deposit);
    return gasOf(ledger.sweepHosted([hosting], [token]));
  };
  const gasOfHostClaim = () => gasOf(ledger.connect(bob).claimHostPart([hosting], token, bob.address));

  await gasOfSweep(model, modelSalt);
  const repeat = await gasOfSweep(model, modelSalt);
  // Its books are open, so that what is left of the difference is the forwarder.
  await scenario.pay(fresh);
  const deployed = await gasOfSweep(fresh, freshModelSalt);
  await gasOfHosted();
  const hosted = await gasOfHosted();
  await gasOfHostClaim();
  await gasOfHosted();

  return [
    { operation: "sweep ERC-20, repeat", gas: repeat, bound: 55_000 },
    { operation: "sweep, deploying the forwarder more", gas: deployed - repeat, bound: 70_000 },
    { operation: "sweep ERC-20 of a host's address, repeat", gas: hosted },
    { operation: "claim as host, ERC-20, repeat", gas: await gasOfHostClaim() },
  ];
}

/** The CREATE2 salt of a model that `publisher` registers. */
function forwarderSalt(registry: unknown, publisher: string, salt: string): string {
  const hash = (account: unknown, value: string) =>
    keccak256(AbiCoder.defaultAbiCoder().encode(["address", "bytes32"], [account, value]));

  return hash(registry, hash(publisher, salt));
}

/** Share transfers between two accounts that both hold shares of the model. */
export async function measureTransfers({ ledger, alice, bob, register, pay }: Scenario): Promise<Measure[]> {
  const model = await register();
  const transfer = () => gasOf(ledger.connect(alice).transfer(bob.address, model, 101n));

  const before = await transfer();
  await pay(model);
  await transfer();
  await pay(model);
  const one = await transfer();
  await pay(model, ETH);
  await transfer();
  await pay(model);
  await pay(model, ETH);
  const two = await transfer();

  return [
    { operation: "share transfer before any revenue", gas: before, bound: 39_000 },
    { operation: "share transfer, first currency with income more", gas: one - before, bound: 20_000 },
    { operation: "share transfer, each further currency with income more", gas: two - one, bound: 20_000 },
  ];
}

/** Registration by a publisher who has registered before. */
export async function measureRegistrations({ registry, alice, parents, ...scenario }: Scenario): Promise<Measure[]> {
  const { holdings, register, registerGas } = scenario;
  const alone = await registerGas({ parents: [] });
  const oneParent = await registerGas({ parents: parents.slice(0, 1) });
  const twoParents = await registerGas({ parents });
  const twoHolders = await registerGas({ parents: [], holdings });
  const hundred = Array.from({ length: 100 }, (_, i) => ({ holder: stranger(i), units: 10_000 }));
  const hundredHolders = await registerGas({ parents: [], holdings: hundred });
  const model = await register();
  const publish = await gasOf(registry.connect(alice).publish(model, id("another manifest"), ""));

  return [
    { operation: "register with one holder and no parent", gas: alone, bound: 205_000 },
    { operation: "register with two holders and no parent", gas: twoHolders },
    { operation: "register with 100 holders and no parent", gas: hundredHolders },
    { operation: "register, first parent more", gas: oneParent - alone, bound: 39_000 },
    { operation: "register, second parent more", gas: twoParents - oneParent, bound: 36_500 },
    { operation: "register, second holder more", gas: twoHolders - alone },
    { operation: "publish a version", gas: publish },
  ];
}
