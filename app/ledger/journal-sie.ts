import { plainAmount } from "../platform/money-text.ts";
import { type Database, sql } from "../platform/postgres.ts";
import { accountPlan } from "./account-plan.ts";
import { type DaySum, type Period, readDaySums } from "./journal.ts";

interface Sie {
  readonly period: Period;
  readonly currency: string;
  /** Whose books these are. */
  readonly company: string;
  readonly version: string;
  readonly today: string;
}

/** The first number that SIE leaves to whoever writes the file. */
const cafeDimension = 20;

/**
 * SIE 4I, as bookkeeping systems import it: a voucher for each day and kind of transaction, a line for each account and café in it. Every
 * voucher is balanced, since each sum stands in it once as a debit and once as a credit.
 */
export async function* journalAsSie(db: Database, sie: Sie): AsyncGenerator<string, void, void> {
  yield await headOf(db, sie);
  let number = 0;
  for await (const day of readDaySums(db, sie.period, sie.currency)) {
    const kinds = Map.groupBy(day, ({ kind }) => kind);
    for (const [kind, sums] of kinds) {
      number += 1;
      yield voucher(number, kind, sums, sie.currency);
    }
  }
}

async function headOf(db: Database, { currency, company, version, today }: Sie): Promise<string> {
  const cafes = await db.rows<{ code: string; name: string }>(sql`select code, name from cafes order by code`);
  return lines([
    "#FLAGGA 0",
    `#PROGRAM ${text("Campus Pay")} ${text(version)}`,
    "#FORMAT PC8",
    `#GEN ${dayOf(today)}`,
    "#SIETYP 4",
    `#FNAMN ${text(company)}`,
    `#VALUTA ${currency}`,
    ...Object.values(accountPlan)
      .toSorted((one, other) => one.number - other.number)
      .map(({ number, name }) => `#KONTO ${number} ${text(name)}`),
    `#DIM ${cafeDimension} ${text("Kafé")}`,
    ...cafes.map(({ code, name }) => `#OBJEKT ${cafeDimension} ${text(code)} ${text(name)}`),
  ]);
}

function voucher(number: number, kind: string, sums: readonly DaySum[], currency: string): string {
  const day = dayOf(sums[0]?.day ?? "");
  const count = sums.reduce((sum, { transactions }) => sum + transactions, 0);
  return lines([
    `#VER ${text("A")} ${text(String(number))} ${day} ${text(`${kind} (${count})`)}`,
    "{",
    ...sums.flatMap(({ fromKind, toKind, fromCafe, toCafe, amountMinor }) => [
      `   #TRANS ${accountPlan[fromKind].number} ${objectsOf(fromCafe)} ${plainAmount(amountMinor, currency)}`,
      `   #TRANS ${accountPlan[toKind].number} ${objectsOf(toCafe)} ${plainAmount(-amountMinor, currency)}`,
    ]),
    "}",
  ]);
}

const lines = (all: readonly string[]): string => all.map((line) => `${line}\r\n`).join("");

const dayOf = (day: string): string => day.replaceAll("-", "");

const objectsOf = (cafe: string | null): string => (cafe === null ? "{}" : `{${cafeDimension} ${text(cafe)}}`);

/** In quotes, those in it with a backslash before them; control characters have no place in the file, nor has a backslash of its own: at the end it would open the quotes again. */
const text = (words: string): string =>
  `"${words
    .replaceAll(/\p{Cc}/gu, " ")
    .replaceAll("\\", "/")
    .replaceAll('"', '\\"')}"`;
