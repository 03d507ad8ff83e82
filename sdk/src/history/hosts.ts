import { AbiCoder, getCreate2Address, keccak256 } from "ethers";
import type { Currency } from "../currencies.js";
import type { Hosting } from "../deposits.js";
import type { ProtocolEvent } from "./events.js";

const BPS = 10_000n;
const MAX_HOST_BPS = 9_000n;
/** So many rates are tried for an address that its host never claimed from: anybody can make such addresses. */
const MAX_RATES = 100n;
const PERCENT = 100n;

/** The code of every deposit forwarder, as `Forwarder.sol` has it: part of every model's id, and final. */
const FORWARDER_CODE =
  "0x33607360a01b175f52602f60156020396044600bf3" +
  "331836601c57005b6040575f5f604036038060405f375f6020355f355af13d5f5f3e5f3d91603e57fd5bf35b5f5ffd";

/** What was swept at one address in one currency. */
interface SweptTotal {
  model: string;
  deposit: string;
  amount: bigint;
  hostPart: bigint;
}

/**
 * Returns the addresses that a host shares with models, of those at which it earned something.
 *
 * No event names the host of an address before it claims. But the address is a hash of model, host and rate, and what it
 * earned leaves few rates to try: hostPart = ⌊amount · hostBps / 10⁴⌋. Where less than a hundred units came, which leaves
 * many, only whole percents are tried until the host claims.
 */
export function hostingsOf(events: readonly ProtocolEvent[], ledger: string, host: string): Map<string, Hosting> {
  const codeHash = keccak256(FORWARDER_CODE);
  const addressOf = (hosting: Hosting) => getCreate2Address(ledger, saltOf(hosting), codeHash);

  const claimed = new Set(
    events.flatMap((event) => (event.event === "hostClaimed" && event.host === host ? event.deposit : [])),
  );
  const hostings = new Map<string, Hosting>();
  for (const { model, deposit, amount, hostPart } of totalsOf(events)) {
    const least = (hostPart * BPS + amount - 1n) / amount;
    const most = min(((hostPart + 1n) * BPS - 1n) / amount, MAX_HOST_BPS);
    const step = most - least < MAX_RATES || claimed.has(deposit) ? 1n : PERCENT;
    for (let bps = ((least + step - 1n) / step) * step; bps <= most && !hostings.has(deposit); bps += step) {
      const hosting = { model, host, hostBps: Number(bps) };
      if (addressOf(hosting) === deposit) hostings.set(deposit, hosting);
    }
  }

  return hostings;
}

/** Returns for each address the currency in which most units came: it leaves the fewest rates. */
function totalsOf(events: readonly ProtocolEvent[]): SweptTotal[] {
  const totals = new Map<string, Map<Currency, SweptTotal>>();
  for (const event of events) {
    if (event.event !== "swept" || event.deposit === event.model) continue;
    const { model, deposit, currency } = event;
    const ofDeposit = totals.get(deposit) ?? new Map<Currency, SweptTotal>();
    totals.set(deposit, ofDeposit);
    const total = ofDeposit.get(currency) ?? { model, deposit, amount: 0n, hostPart: 0n };
    ofDeposit.set(currency, total);
    total.amount += event.amount;
    total.hostPart += event.hostPart;
  }

  return [...totals.values()]
    .map((ofDeposit) => [...ofDeposit.values()].reduce((most, total) => (total.amount > most.amount ? total : most)))
    .filter(({ hostPart }) => hostPart > 0n);
}

function saltOf({ model, host, hostBps }: Hosting): string {
  return keccak256(AbiCoder.defaultAbiCoder().encode(["address", "address", "uint16"], [model, host, hostBps]));
}

function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
