import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { adjust, expectOk, type Money, type MoneyStudent, moneyOf } from "../testing/money.ts";
import { textsOf } from "../testing/pdf-text.ts";
import { mostLines } from "./print-month.ts";
import { statementPdf } from "./statement-pdf.ts";
import { statementWords } from "./statement-words.ts";

let campus: Campus;
let money: Money;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
});
afterAll(() => campus.end());

async function printed(student: MoneyStudent, month: string): Promise<string[]> {
  const answer = await fetch(`${campus.processes[0].url}/api/v1/wallet/statement.pdf?month=${month}`, {
    headers: { Authorization: `Bearer ${student.token}` },
  });
  expect([answer.status, answer.headers.get("content-type"), answer.headers.get("content-disposition")]).toEqual([
    200,
    "application/pdf",
    `attachment; filename="statement-${month}.pdf"`,
  ]);
  return textsOf(Buffer.from(await answer.arrayBuffer()));
}

/** Of a student's wallet, the entry of this number. */
const move = (student: MoneyStudent, walletSeq: number, at: string) =>
  campus.sql`update ledger_transactions set at = ${at}::timestamptz where wallet_student_id = ${student.id} and wallet_seq = ${walletSeq}`;

/** 100.00 in February 2025, half an hour before April a payment of 15.00, half an hour after it two more by transactions that overtook each other. */
async function studentOfSpring(language: "sv" | "it" | "en"): Promise<{ student: MoneyStudent; orderNumber: string }> {
  const student = await money.fundedStudent({ balanceMinor: 10_000, name: "Åsa Ek", language });
  const charge = await student.scannedOrder({ till: await money.till(), totalMinor: 1_500 });
  expectOk(await student.confirm(charge));
  await student.topUp(200);
  await student.topUp(300);
  await move(student, 1, "2025-02-10T12:00:00Z");
  await move(student, 2, "2025-03-31T21:30:00Z");
  await move(student, 3, "2025-03-31T22:30:00Z");
  await move(student, 4, "2025-03-31T21:59:00Z");
  return { student, orderNumber: (await student.readOrder(charge.order_id)).order_number };
}

test.each([
  ["sv", "Kontoutdrag mars 2025", (amount: string) => `${amount.replace(".", ",")}\u00a0kr`],
  ["it", "Estratto conto marzo 2025", (amount: string) => `${amount.replace(".", ",")}\u00a0SEK`],
  ["en", "Statement March 2025", (amount: string) => amount.replace(/^(-?)/, "$1SEK\u00a0")],
] as const)(
  "a month is printed in the student's language (%s), with the balances between which its entries lie",
  async (language, title, say) => {
    const { student, orderNumber } = await studentOfSpring(language);
    const words = statementWords[language];
    const { debit = "", adjustment = "" } = words.kinds;
    const begin = [title, "Åsa Ek", words.date, words.what, words.amount, words.balance, words.opening];
    const written = (await printed(student, "2025-03")).filter((text) => text !== "");
    // The last entry that began before midnight ends the month, and what has a smaller number is in it: nothing falls between two months.
    expect(written).toEqual([
      ...begin,
      say("100.00"),
      ...["2025-03-31", `${debit} ${orderNumber}`, say("-15.00"), say("85.00")],
      ...["2025-04-01", adjustment, say("2.00"), say("87.00")],
      ...["2025-03-31", adjustment, say("3.00"), say("90.00")],
      ...[words.closing, say("90.00")],
    ]);
    const april = (await printed(student, "2025-04")).filter((text) => text !== "");
    expect(april.slice(6)).toEqual([words.opening, say("90.00"), words.none, words.closing, say("90.00")]);
    const january = (await printed(student, "2025-01")).filter((text) => text !== "");
    expect(january.slice(6)).toEqual([words.opening, say("0.00"), words.none, words.closing, say("0.00")]);
  },
);

test("a long month goes over many pages and adds up line by line; a longer one is there as CSV only", async () => {
  const student = await money.fundedStudent({ balanceMinor: 5_000, language: "en" });
  const [asks, approves] = [await campus.staff("finance"), await campus.staff("finance")];
  const people = { requestedBy: asks.id, decidedBy: approves.id };
  await campus.owner.transaction(async (tx) => {
    for (let entry = 0; entry < mostLines; entry += 1) await adjust(tx, { studentId: student.id, amountMinor: 100 + entry, ...people });
  });
  await campus.sql`
    update ledger_transactions set at = case when wallet_seq = 1 then '2025-04-10'::timestamptz else '2025-05-10'::timestamptz end
    where wallet_student_id = ${student.id}`;
  const texts = await printed(student, "2025-05");
  expect(texts.filter((text) => text === "Balance").length).toBeGreaterThan(10);
  const minors = texts.filter((text) => /^-?SEK\u00a0[\d,.]+$/.test(text)).map((text) => Number(text.replaceAll(/[^\d-]/g, "")));
  const [opening = 0, ...rest] = minors;
  const closing = rest.pop();
  expect([opening, rest.length, closing]).toEqual([5_000, 2 * mostLines, await student.balanceMinor()]);
  let balance = opening;
  for (let entry = 0; entry < mostLines; entry += 1) {
    balance += rest[2 * entry] ?? 0;
    expect([entry, rest[2 * entry + 1]]).toEqual([entry, balance]);
  }
  expect(balance).toBe(closing);

  await campus.sql`update ledger_transactions set at = '2025-05-01' where wallet_student_id = ${student.id} and wallet_seq = 1`;
  const refused = await student.api<{ error: { code: string } }>("GET", "/wallet/statement.pdf?month=2025-05");
  expect([refused.status, refused.body.error.code]).toEqual([409, "CONFLICT"]);
});

test("letters of western Europe and the euro are printed as they are, a sign that no reader has becomes the currency's code", async () => {
  const month = {
    from: "2025-03-01",
    timeZone: "Europe/Rome",
    openingMinor: 5_900,
    closingMinor: 5_900,
    lines: [],
    language: "it" as const,
  };
  const euro = textsOf(await statementPdf({ ...month, currency: "EUR", name: "Åsa Žukauskas 食" }));
  expect(euro).toEqual(expect.arrayContaining(["Åsa Žukauskas ?", "59,00\u00a0€"]));
  expect(textsOf(await statementPdf({ ...month, language: "en", currency: "INR", name: null }))).toContain("59.00 INR");
});

test("it is for students alone, of a month that has begun", async () => {
  const [student, finance] = [await money.fundedStudent({ balanceMinor: 100 }), await campus.staff("finance")];
  const path = "/wallet/statement.pdf?month=2025-03";
  expect([(await finance.api("GET", path)).status, (await campus.api("GET", path)).status]).toEqual([403, 401]);
  for (const query of ["", "?month=", "?month=2025-13", "?month=2025-3", "?month=1999-12", "?month=2099-01", "?month=2025-03&student_id=1"])
    expect([query, (await student.api("GET", `/wallet/statement.pdf${query}`)).status]).toEqual([query, 400]);
});
