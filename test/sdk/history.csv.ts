import { expect } from "chai";
import { type Statement, type StatementEntry, historyJson, statementCsv } from "../../sdk/src/history/index.js";

const MODEL = "0x00000000000000000000000000000000000000A1";
const PAYER = "0x00000000000000000000000000000000000000b2";
const TOKEN = "0x00000000000000000000000000000000000000C3";

const place = (block: number) => ({
  block,
  time: 1_767_225_600 + block,
  transaction: `0x${block}`,
  logIndex: block + 1,
});

const entries: StatementEntry[] = [
  {
    ...place(1),
    ...{ kind: "income", model: MODEL, currency: "ETH", amount: 10n ** 18n + 1n, fee: 5n, source: "payment" },
    counterparty: PAYER,
  },
  { ...place(2), kind: "claim", model: MODEL, currency: TOKEN, amount: 1_234_567n, counterparty: PAYER },
  { ...place(3), kind: "sharesOut", model: MODEL, units: 250_000, counterparty: PAYER },
  { ...place(4), kind: "hostClaim", currency: TOKEN, amount: 10n, place: "channels", counterparty: PAYER },
];

function statementWith(symbol: string): Statement {
  return {
    ...{ account: PAYER, from: 1_767_225_600, to: 1_767_225_700, entries, balances: [], hostBalances: [] },
    currencies: [
      { currency: "ETH", symbol: "ETH", decimals: 18 },
      { currency: TOKEN, symbol, decimals: 6 },
    ],
    asOf: { block: 9, hash: "0x9", time: 1_767_225_609 },
  };
}

const HEADER =
  "time,kind,model,currency,symbol,amount,fee,amount units,fee units,shares,source,counterparty,block,log,transaction";

describe("SDK statements", () => {
  it("are written as CSV, amounts exact and in units", () => {
    expect(statementCsv(statementWith("USDC")).split("\r\n")).to.deep.equal([
      HEADER,
      `2026-01-01T00:00:01.000Z,income,${MODEL},ETH,ETH,1.000000000000000001,0.000000000000000005,1000000000000000001,5,,payment,${PAYER},1,2,0x1`,
      `2026-01-01T00:00:02.000Z,claim,${MODEL},${TOKEN},USDC,1.234567,,1234567,,,,${PAYER},2,3,0x2`,
      `2026-01-01T00:00:03.000Z,sharesOut,${MODEL},,,,,,,250000,,${PAYER},3,4,0x3`,
      `2026-01-01T00:00:04.000Z,hostClaim,,${TOKEN},USDC,0.00001,,10,,,channels,${PAYER},4,5,0x4`,
      "",
    ]);
  });

  it("are a header alone when nothing happened", () => {
    expect(statementCsv({ ...statementWith("USDC"), entries: [] })).to.equal(`${HEADER}\r\n`);
  });

  for (const [symbol, cell] of [
    ["=1+1", "'=1+1"],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    [" =1", "' =1"],
    ["\t=1", "'\t=1"],
    ["A,B", '"A,B"'],
    ['A"B', '"A""B"'],
    ["A\r\nB", '"A\r\nB"'],
    ['=HYPERLINK("x","y")', '"\'=HYPERLINK(""x"",""y"")"'],
  ]) {
    it(`are harmless and whole when a token calls itself ${JSON.stringify(symbol)}`, () => {
      expect(statementCsv(statementWith(symbol))).to.include(`,${TOKEN},${cell},1.234567,`);
    });
  }

  it("go through JSON and come back the same", () => {
    const statement = statementWith("USDC");
    const text = historyJson.stringify(statement);

    expect(JSON.parse(text).entries[0]).to.include({ amount: "1000000000000000001", fee: "5", block: 1 });
    expect(historyJson.parse(text)).to.deep.equal(statement);
  });
});
