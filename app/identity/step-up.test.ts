import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { readMail } from "../testing/mails.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf } from "../testing/money.ts";
import { refused } from "../testing/refusal.ts";

let campus: Campus;
let money: Money;
beforeAll(async () => {
  campus = await startCampus({
    env: { CLOSE_OUT_WAIT_SECONDS: "3600", RECEIPT_MAIL_FROM: "receipts@campus.example", RATE_LIMIT_SCALE: "10" },
  });
  money = moneyOf(campus);
});
afterAll(() => campus.end());

const account = "SE45 5000 0000 0583 9825 7466";
const thiefs = "IT60 X054 2811 1010 0000 0123 456";

interface CloseOut {
  readonly id: string;
  readonly payable_at: string;
}

const closeOut = (student: MoneyStudent, body: Readonly<Record<string, unknown>>, key: string = randomUUID()) =>
  student.api<CloseOut>("POST", "/wallet/close-out", { headers: { "Idempotency-Key": key }, body: { pay_to: account, ...body } });
const wrong = (otp: string) => String((Number(otp) + 1) % 1_000_000).padStart(6, "0");

test("a stolen token alone sends no wallet away, raises no limit and thaws nothing", async () => {
  const student = await money.fundedStudent({ balanceMinor: 5_000, dailyLimitMinor: 1_000 });
  expect(await closeOut(student, {})).toMatchObject(refused(400, "INVALID_OTP"));
  for (const daily_limit_minor of [1_001, null])
    expect(await student.api("PUT", "/wallet/limits", { body: { daily_limit_minor, low_balance_alert_minor: null } })).toMatchObject(
      refused(400, "INVALID_OTP"),
    );
  expectOk(await student.api("PUT", "/wallet/limits", { body: { daily_limit_minor: 900, low_balance_alert_minor: 5 } }));
  expectOk(await student.api("POST", "/wallet/freeze"));
  expect(await student.api("POST", "/wallet/unfreeze", { body: {} })).toMatchObject(refused(400, "INVALID_OTP"));
  expectOk(await student.api("POST", `/cards/${student.cardId}/freeze`));
  expect(await student.api("POST", `/cards/${student.cardId}/unfreeze`, { body: {} })).toMatchObject(refused(400, "INVALID_OTP"));
  expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ status: "frozen", held_minor: 0, daily_limit_minor: 900 });
});

test("a code is good for what it was asked for: another account, amount, purpose or person is refused, and a log-in's code too", async () => {
  const student = await money.fundedStudent({ balanceMinor: 5_000 });
  const forThief = await student.proof({ purpose: "close_out", pay_to: thiefs });
  expect(await closeOut(student, forThief)).toMatchObject(refused(400, "INVALID_OTP"));
  const before = await student.proof({ purpose: "close_out", pay_to: account });
  await student.topUp(100);
  expect(await closeOut(student, before)).toMatchObject(refused(400, "INVALID_OTP"));
  expect(await closeOut(student, await student.proof({ purpose: "thaw_wallet" }))).toMatchObject(refused(400, "INVALID_OTP"));
  const other = await money.fundedStudent({ balanceMinor: 5_100 });
  expect(await closeOut(student, await other.proof({ purpose: "close_out", pay_to: account }))).toMatchObject(refused(400, "INVALID_OTP"));
  expect(await closeOut(student, { otp: await campus.requestOtp(student.phone) })).toMatchObject(refused(400, "INVALID_OTP"));
  const { otp } = await student.proof({ purpose: "close_out", pay_to: account });
  expect(await campus.api("POST", "/auth/verify-otp", { body: { phone: student.phone, otp } })).toMatchObject(refused(400, "INVALID_OTP"));
  const key = randomUUID();
  const asked = expectOk(await closeOut(student, { otp }, key));
  expect(await closeOut(student, { otp }, key)).toMatchObject({ status: 201, body: { id: asked.id } });
  expectOk(await student.api("DELETE", "/wallet/close-out"));
  expect(await closeOut(student, { otp })).toMatchObject(refused(400, "INVALID_OTP"));
});

test("five tries burn a code, also when twenty guess at once", async () => {
  const student = await money.fundedStudent({ balanceMinor: 5_000 });
  const { otp } = await student.proof({ purpose: "close_out", pay_to: account });
  await Promise.all(Array.from({ length: 20 }, () => closeOut(student, { otp: wrong(otp) })));
  expect(await closeOut(student, { otp })).toMatchObject(refused(400, "INVALID_OTP"));
});

test("once the phone has a key it must sign what is done: no signature, another deed's and another key's are refused", async () => {
  const student = await money.fundedStudent({ balanceMinor: 5_000 });
  const key = await student.registerKey();
  const wanted = { purpose: "close_out" as const, pay_to: account };
  const { otp } = await student.proof(wanted);
  expect(await closeOut(student, { otp })).toMatchObject(refused(401, "INVALID_SIGNATURE"));
  const { signature } = await student.proof({ purpose: "thaw_wallet" }, key);
  expect(await closeOut(student, { otp, signature })).toMatchObject(refused(401, "INVALID_SIGNATURE"));
  const other = await money.fundedStudent({ balanceMinor: 1 });
  const forged = await student.proof(wanted, await other.registerKey());
  expect(await closeOut(student, forged)).toMatchObject(refused(401, "INVALID_SIGNATURE"));
  expect((await closeOut(student, await student.proof(wanted, key))).status).toBe(201);
});

test.each([["hello"], ["SE46 5000 0000 0583 9825 7466"], ["DE89 3704 0044 0532 0130 00"]])(
  "%s is no account that is paid to",
  async (pay_to) => {
    const student = await money.fundedStudent({ balanceMinor: 5_000 });
    expect(await student.api("POST", "/users/me/step-up", { body: { purpose: "close_out", pay_to } })).toMatchObject(
      refused(400, "VALIDATION_ERROR"),
    );
  },
);

test("the message says what the code is for, and every channel tells of the request and of the approval", async () => {
  const student = await money.fundedStudent({ balanceMinor: 5_000, language: "sv" });
  await campus.sql`update students set email = 'astrid@student.example' where id = ${student.id}`;
  const pushToken = `phone-of-${student.id}`;
  expectOk(await student.api("POST", "/users/device-token", { body: { token: pushToken, platform: "android" } }));
  const proof = await student.proof({ purpose: "close_out", pay_to: account });
  await campus.drainOutbox();
  const [code] = await campus.messages(student.phone);
  expect(code).toMatchObject({ data: { otp: proof.otp }, text: expect.stringContaining("50.00 SEK") });
  expect(code?.text).toContain("slutar på 7466");
  const { id } = expectOk(await closeOut(student, proof));
  const tell = async () => {
    await campus.drainOutbox();
    const mails = await campus.sql<{ id: string }>`
      select id from outbox where topic = 'mail.notice' and payload ->> 'student_id' = ${student.id} and done_at is not null order by id`;
    return {
      sms: (await campus.messages(student.phone)).map(({ text }) => text),
      push: (await campus.messages(pushToken, "push")).filter(({ data }) => data.type === "notice").map(({ data }) => data.kind),
      mails: mails.length,
    };
  };
  expect(await tell()).toMatchObject({ push: ["close_out_requested"], mails: 1 });
  const approve = async () =>
    (await campus.staff("finance")).api("POST", `/admin/close-outs/${id}/approve`, {
      headers: { "Idempotency-Key": randomUUID() },
      body: { bank_reference: "SEB-77", expected_amount_minor: 5_000 },
    });
  expectOk(await approve());
  const told = await tell();
  expect(told.push).toEqual(["close_out_agreed", "close_out_requested"]);
  expect(told.sms.slice(0, 2)).toEqual([expect.stringContaining("godkänt utbetalningen"), expect.stringContaining("betala ut pengarna")]);

  expect(await approve()).toMatchObject({ status: 409, body: { error: { details: { because: "waiting" } } } });
  await campus.sql`update close_outs set payable_at = now() - interval '1 second' where id = ${id}`;
  expect((await approve()).status).toBe(200);
});

test("a notice is a mail of text alone, in the student's language", async () => {
  const { writeMail } = await import("../notifications/mail/mime.ts");
  const mail = {
    eventId: randomUUID(),
    from: "a@campus.example",
    to: "b@campus.example",
    subject: "Campus Pay",
    text: "Hej\n",
    sentAt: new Date(),
  };
  const read = readMail(writeMail(mail).toString("latin1"));
  expect(read.parts).toHaveLength(1);
});

test("no more than three codes in ten minutes, and what is told of a stolen log-in stops the pay-out it asked for", async () => {
  const student = await money.fundedStudent({ balanceMinor: 5_000 });
  const thief = await student.otherSession();
  expectOk(await closeOut(student, await student.proof({ purpose: "close_out", pay_to: account })));
  const { items } = expectOk(await student.api<{ items: { id: string; is_this: boolean }[] }>("GET", "/users/me/sessions"));
  const strange = items.find(({ is_this }) => !is_this);
  expect((await student.api("POST", `/users/me/sessions/${strange?.id}/not-me`)).status).toBe(204);
  expect(await campus.api("GET", "/users/me", { token: thief })).toMatchObject(refused(401, "INVALID_TOKEN"));
  expect(expectOk(await student.api("GET", "/wallet/close-out"))).toMatchObject({ status: "withdrawn" });
  expect(expectOk(await student.api("GET", "/wallet"))).toMatchObject({ status: "frozen", held_minor: 0 });
  await campus.sql`
    insert into step_ups (student_id, purpose, deed, code_hash, expires_at)
    select ${student.id}, 'thaw_wallet', 'thaw_wallet', '', now() from generate_series(1, 30)`;
  expect(await student.api("POST", "/users/me/step-up", { body: { purpose: "thaw_wallet" } })).toMatchObject(refused(429, "RATE_LIMITED"));
});
