import { setImmediate } from "node:timers/promises";
import { amountOf } from "./amount.ts";
import { all, parseXmlInTurns, textAt, type XmlElement, XmlProblem } from "./xml.ts";

export interface StatementEntry {
  readonly entryRef: string;
  /** What names the pay-out: the end-to-end id that our file gave it, else the bank's own name of the transfer. */
  readonly reference: string | null;
  readonly direction: "out" | "in";
  readonly amountMinor: number;
  readonly currency: string;
  /** YYYY-MM-DD. */
  readonly bookedOn: string;
  readonly returnReason: string | null;
}

export interface BankStatement {
  readonly account: string;
  readonly statementId: string;
  readonly entries: readonly StatementEntry[];
}

export const maxStatementEntries = 20_000;

/** Reads a CAMT.053 (any version since .02): the booked entries, a batch by its parts. Throws XmlProblem. */
export async function readCamt(text: string): Promise<BankStatement[]> {
  const document = await parseXmlInTurns(text);
  const space = Object.entries(document.attributes).find(([name]) => name === "xmlns" || name.startsWith("xmlns:"))?.[1];
  if (document.name !== "Document" || !/camt\.053\.001\.\d\d$/.test(space ?? "")) throw new XmlProblem("is no CAMT.053 statement");
  const statements: BankStatement[] = [];
  for (const statement of all(document, "BkToCstmrStmt", "Stmt")) statements.push(await readStatement(statement));
  if (statements.length === 0) throw new XmlProblem("holds no statement");
  if (statements.reduce((sum, { entries }) => sum + entries.length, 0) > maxStatementEntries) throw tooMany();
  return statements;
}

const tooMany = () => new XmlProblem(`holds more than ${maxStatementEntries} entries: import it in parts`);

/** After so many entries, or parts of one, others have their turn. */
const entriesInARow = 500;

async function readStatement(statement: XmlElement): Promise<BankStatement> {
  const account = textAt(statement, "Acct", "Id", "IBAN") ?? textAt(statement, "Acct", "Id", "Othr", "Id");
  const statementId = textAt(statement, "Id");
  if (!account || account.length > 40 || !statementId || statementId.length > 70)
    throw new XmlProblem("holds a statement without its account or id");
  const booked = all(statement, "Ntry").filter((entry) => (textAt(entry, "Sts", "Cd") ?? textAt(entry, "Sts")) === "BOOK");
  if (booked.reduce((sum, entry) => sum + Math.max(1, partsOf(entry).length), 0) > maxStatementEntries) throw tooMany();
  const entries: StatementEntry[] = [];
  const giveWay = inTurns();
  for (const [place, entry] of booked.entries()) entries.push(...(await readEntry(entry, `${statementId}#${place + 1}`, giveWay)));
  return { account, statementId, entries };
}

function inTurns(): () => Promise<void> {
  let read = 0;
  return async () => {
    read += 1;
    if (read % entriesInARow === 0) await setImmediate();
  };
}

const partsOf = (entry: XmlElement) => all(entry, "NtryDtls", "TxDtls");

/** One for each transfer of a batch where the parts say their amounts and these add up; else the entry as a whole. */
async function readEntry(entry: XmlElement, unnamed: string, giveWay: () => Promise<void>): Promise<StatementEntry[]> {
  const own = fieldsOf(entry);
  const whole = readPart(own, entry, unnamed);
  await giveWay();
  const parts = partsOf(entry);
  const [only] = parts;
  const { entryRef, direction, amountMinor, currency } = whole;
  if (parts.length === 1 && only) return [{ ...readPart(own, only, unnamed), entryRef, direction, amountMinor, currency }];
  const read: StatementEntry[] = [];
  for (const [place, part] of parts.entries()) {
    if (amountIn(part)) read.push({ ...readPart(own, part, unnamed), entryRef: `${entryRef}/${place + 1}` });
    await giveWay();
  }
  const sum = read.reduce((total, each) => total + (each.direction === direction ? each.amountMinor : -each.amountMinor), 0);
  const addUp = sum === amountMinor && read.every((each) => each.currency === currency);
  return read.length > 1 && addUp ? read : [whole];
}

const amountIn = (part: XmlElement) => all(part, "Amt")[0] ?? all(part, "AmtDtls", "TxAmt", "Amt")[0];

/** What holds for each of its parts. Looked for once: with 19,000 parts, once for each held a process for 13 s. */
const fieldsOf = (entry: XmlElement) => ({
  amount: amountIn(entry),
  indicator: textAt(entry, "CdtDbtInd"),
  bookedOn: (textAt(entry, "BookgDt", "Dt") ?? textAt(entry, "BookgDt", "DtTm") ?? "").slice(0, 10),
  name: textAt(entry, "AcctSvcrRef") ?? textAt(entry, "NtryRef"),
  isReversal: ["true", "1"].includes(textAt(entry, "RvslInd") ?? ""),
});

function readPart(own: ReturnType<typeof fieldsOf>, part: XmlElement, unnamed: string): StatementEntry {
  const amount = amountIn(part) ?? own.amount;
  const currency = amount?.attributes.Ccy ?? "";
  const amountMinor = amountOf(amount?.text.trim() ?? "", currency);
  const indicator = textAt(part, "CdtDbtInd") ?? own.indicator;
  if (amountMinor === undefined || (indicator !== "DBIT" && indicator !== "CRDT") || !isDay(own.bookedOn))
    throw new XmlProblem(`holds an entry without a good amount, direction or day: ${unnamed}`);
  const endToEnd = textAt(part, "Refs", "EndToEndId");
  const given = endToEnd === "NOTPROVIDED" ? undefined : endToEnd;
  const named = given ?? textAt(part, "Refs", "AcctSvcrRef") ?? own.name;
  const reason = textAt(part, "RtrInf", "Rsn", "Cd") ?? (own.isReversal ? "reversal" : undefined);
  const direction = indicator === "DBIT" ? "out" : "in";
  return {
    entryRef: `${cut(own.name ?? unnamed, 100)}:${direction}`,
    reference: named === undefined ? null : cut(named, 140),
    direction,
    amountMinor,
    currency,
    bookedOn: own.bookedOn,
    returnReason: reason === undefined ? null : cut(reason, 35),
  };
}

/** By whole characters: half of one is no text that can be kept. */
const cut = (text: string, most: number): string => [...text].slice(0, most).join("");

/** A day of the calendar; which one it is, is the bank's to say. */
const isDay = (text: string): boolean =>
  /^[12]\d{3}-\d\d-\d\d$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.slice(0, 10) === text;
