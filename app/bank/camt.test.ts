import { expect, test } from "vitest";
import { maxStatementEntries, readCamt } from "./camt.ts";

const part = '<NtryDtls><TxDtls><Amt Ccy="SEK">1</Amt></TxDtls></NtryDtls>';

/** One entry of so many parts, with what they share behind them all. */
const batchOf = (parts: number) => `<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><Stmt><Id>S-1</Id>
  <Acct><Id><IBAN>SE4550000000058398257466</IBAN></Id></Acct>
  <Ntry>${part.repeat(parts)}<Amt Ccy="SEK">${parts}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>2026-11-30</Dt></BookgDt></Ntry>
  </Stmt></BkToCstmrStmt></Document>`;

/** How many elements were looked at, whatever for. */
async function looksAt(parts: number): Promise<number> {
  const { filter } = Array.prototype;
  let looks = 0;
  Array.prototype.filter = function (this: unknown[], ...given: [() => boolean]) {
    looks += this.length;
    return filter.apply(this, given);
  } as typeof filter;
  try {
    const [statement] = await readCamt(batchOf(parts));
    expect(statement?.entries.length).toBe(parts);
  } finally {
    Array.prototype.filter = filter;
  }
  return looks;
}

test("an entry of twice as many parts takes twice the work, not four times", async () => {
  expect(await looksAt(4_000)).toBeLessThan(2.5 * (await looksAt(2_000)));
});

test("the parts of an entry count as entries do, and others have their turn while they are read", async () => {
  await expect(readCamt(batchOf(maxStatementEntries + 1))).rejects.toThrow(`more than ${maxStatementEntries}`);
  let turns = 0;
  const others = setInterval(() => (turns += 1), 0);
  await readCamt(batchOf(maxStatementEntries));
  clearInterval(others);
  expect(turns).toBeGreaterThan(0);
});

test("parts add up by their direction and currency: what looks like the sum and is not is one entry", async () => {
  const shown = async (parts: string) => {
    const [statement] = await readCamt(batchOf(2).replace(part.repeat(2), parts));
    return statement?.entries.map(({ direction, amountMinor, currency }) => [direction, amountMinor, currency]);
  };
  const one = (amount: string, currency: string, way: string) =>
    `<NtryDtls><TxDtls><Amt Ccy="${currency}">${amount}</Amt><CdtDbtInd>${way}</CdtDbtInd></TxDtls></NtryDtls>`;
  const whole = [["out", 200, "SEK"]];
  expect(await shown(one("1", "SEK", "DBIT") + one("1", "SEK", "CRDT"))).toEqual(whole);
  expect(await shown(one("1", "SEK", "DBIT") + one("1", "EUR", "DBIT"))).toEqual(whole);
  expect(await shown(one("9", "EUR", "CRDT"))).toEqual(whole);
  expect(await shown(one("3", "SEK", "DBIT") + one("1", "SEK", "CRDT"))).toEqual([
    ["out", 300, "SEK"],
    ["in", 100, "SEK"],
  ]);
});

test("a long reference is cut between characters", async () => {
  const named = `<NtryDtls><TxDtls><Refs><EndToEndId>${"x".repeat(139)}😀😀</EndToEndId></Refs></TxDtls></NtryDtls>`;
  const [statement] = await readCamt(batchOf(2).replace(part.repeat(2), named));
  expect(statement?.entries[0]?.reference).toBe(`${"x".repeat(139)}😀`);
});
