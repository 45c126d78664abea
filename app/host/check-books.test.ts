import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { moneyOf } from "../testing/money.ts";
import { checkBooks } from "./check-books.ts";

let campus: Campus;

beforeAll(async () => {
  campus = await startCampus();
});
afterAll(() => campus.end());

test("a restored database is asked every invariant as the app's role; broken books are named, and nothing is written", async () => {
  const student = await moneyOf(campus).fundedStudent({ balanceMinor: 5_000 });
  const { DATABASE_URL: url = "", DATABASE_PASSWORD: password = "" } = campus.env;
  const sound = await checkBooks({ url, password, ca: undefined });
  expect(sound).toMatchObject({
    ok: true,
    line: expect.stringMatching(/^the books are sound: \d{2,} invariants, [1-9]\d* transactions, the newest of 20/),
  });
  await campus.sql`update wallets set balance_minor = balance_minor + 1 where student_id = ${student.id}`;
  expect(await checkBooks({ url, password, ca: undefined })).toMatchObject({ ok: false, line: expect.stringMatching(/^BROKEN: I\d+/) });
}, 60_000);
