import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../campus.ts";
import { type MoneyStudent, moneyOf, type ScannedCharge } from "../money.ts";
import { contradictions, createClientLog, type Heard } from "./history.ts";

let campus: Campus;
let anna: MoneyStudent;
let paid: ScannedCharge;
let paidText: string;
let open: ScannedCharge;

beforeAll(async () => {
  campus = await startCampus();
  const money = moneyOf(campus);
  const till = await money.till();
  anna = await money.fundedStudent({ balanceMinor: 20_000 });
  paid = await anna.scannedOrder({ till, totalMinor: 5_900 });
  paidText = (await anna.confirm(paid)).text;
  open = await anna.scannedOrder({ till, totalMinor: 5_900 });
});

afterAll(() => campus.end());

const confirmed = (): Heard => ({
  verb: "confirm",
  key: paid.id,
  sent: paid.digest,
  sentAtMs: 1,
  heardAtMs: 2,
  status: 200,
  code: undefined,
  isRetryAsked: false,
  text: paidText,
});

const found = async (...entries: readonly Heard[]): Promise<string[]> => {
  const log = createClientLog();
  entries.forEach(log.record);
  return (await contradictions(campus.owner, log)).map(({ invariant, problem }) => `${invariant} ${problem}`);
};

test("a true log has no contradiction", async () => {
  expect(await found(confirmed(), confirmed(), { ...confirmed(), status: undefined, text: "" })).toEqual([]);
});

test("I9: a 200 for what is not in the books is found", async () => {
  expect(await found({ ...confirmed(), key: open.id, sent: open.digest })).toEqual([
    "I9 acknowledged, and not in the books",
    "I9 the acknowledged receipt is another one",
  ]);
});

test("I9: a refusal of what is in the books is found, and an unknown outcome of it is none", async () => {
  const refused = { ...confirmed(), status: 402, code: "INSUFFICIENT_FUNDS", text: "{}" };
  expect(await found(refused)).toEqual(["I9 refused (402 INSUFFICIENT_FUNDS), and in the books"]);
  expect(await found(refused, { ...confirmed(), status: 202, text: "{}" })).toEqual([]);
});

test("I9: a charge that was said to be over for good and is paid is found, also beside a 200", async () => {
  expect(await found(confirmed(), { ...confirmed(), status: 410, code: "CHARGE_EXPIRED", text: "{}" })).toEqual([
    "I9 said to be over, and in the books",
  ]);
});

test("I7: other bytes under one key are found", async () => {
  const other = JSON.stringify({ ...(JSON.parse(paidText) as object), balance_minor_after: 1 });
  expect(await found(confirmed(), { ...confirmed(), text: other })).toEqual(["I7 answered with different bytes"]);
});

test("I7: another body that was taken under a used key is found, and a 422 is none", async () => {
  const key = randomUUID();
  const placed: Heard = { ...confirmed(), verb: "order", key, sent: "one", text: "{}" };
  const other: Heard = { ...placed, sent: "other", sentAtMs: 3, heardAtMs: 4 };
  await campus.sql`update orders set special_instructions = ${key} where id = ${open.order_id}`;
  expect(await found(placed, other)).toEqual(["I7 another body was answered 200"]);
  expect(await found(placed, { ...other, status: 422, text: "" })).toEqual([]);
});

test("I16: a 200 for another digest than the student's is found", async () => {
  expect(await found({ ...confirmed(), sent: open.digest })).toEqual(["I16 paid under another digest than the student's"]);
});
