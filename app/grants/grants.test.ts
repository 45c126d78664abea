import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Job } from "../platform/jobs.ts";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { until } from "../testing/platform.ts";
import { violations } from "../testing/proof/books.ts";
import { refused } from "../testing/refusal.ts";
import { startWorkerProcess } from "../testing/worker-process.ts";
import { grantJobs } from "./background.ts";
import { checkBulkCredit } from "./check-bulk-credit.ts";

const alone = 5_000;

let campus: Campus;
let money: Money;
let till: Till;
let finance: TestStaff;
let second: TestStaff;
beforeAll(async () => {
  campus = await startCampus({ env: () => ({ BULK_CREDIT_TWO_PEOPLE_ABOVE_MINOR: String(alone) }) });
  money = moneyOf(campus);
  till = await money.till();
  [finance, second] = [await campus.staff("finance"), await campus.staff("admin")];
});
afterAll(async () => {
  expect(await violations(campus.owner)).toEqual({});
  await campus.end();
});

interface BulkCredit {
  readonly id: string;
  readonly status: string;
  readonly total_minor: number;
  readonly lines: number;
  readonly credited_lines: number;
  readonly no_wallet_lines: number;
  readonly problems: readonly { line: number; column: string | null; problem: string }[];
}
interface OwnGrant {
  readonly reference: string;
  readonly rest_minor: number | null;
  readonly status: string;
  readonly taken_back_minor: number | null;
}

const keyed = (key: string = randomUUID()) => ({ "Idempotency-Key": key });
const send = (file: string, staff = finance, headers: Record<string, string> = {}) =>
  staff.api<BulkCredit>("POST", "/admin/bulk-credits?title=Meal%20plan", {
    body: file,
    headers: { "Content-Type": "text/csv", ...keyed(), ...headers },
  });
const read = async (id: string) => expectOk(await finance.api<BulkCredit>("GET", `/admin/bulk-credits/${id}`));
const decide = (id: string, how: "approve" | "reject", staff = second, process: 0 | 1 = 0) =>
  staff.api<BulkCredit>("POST", `/admin/bulk-credits/${id}/${how}`, { process, headers: keyed() });
/** Sent and read by the worker. */
const checked = async (file: string) => {
  const { id } = expectOk(await send(file));
  await campus.drainOutbox();
  return read(id);
};
const [creditJob, expireJob] = grantJobs as readonly [Job, Job];
async function run(job: Job): Promise<void> {
  for (let outcome: unknown = "more"; outcome === "more"; ) outcome = await campus.worker.db.transaction((tx) => job.run(tx));
}
/** Sent, agreed to and credited. */
async function given(file: string): Promise<BulkCredit> {
  const { id, status } = await checked(file);
  if (status === "pending") expectOk(await decide(id, "approve"));
  await run(creditJob);
  return read(id);
}
const grantsOf = async (student: MoneyStudent) => expectOk(await student.api<{ items: OwnGrant[] }>("GET", "/wallet/grants")).items;
const pay = async (student: MoneyStudent, totalMinor: number): Promise<string> => {
  const charge = await student.scannedOrder({ till, totalMinor });
  expectOk(await student.confirm(charge));
  return charge.order_id;
};
/** The grants of a student with these references have had their day. */
const itIsOver = (student: MoneyStudent, reference: string) =>
  campus.owner.run(
    sql`update grants set expires_at = now() - interval '1 second' where student_id = ${student.id} and reference = ${reference}`,
  );
const students = (count: number, balanceMinor = 0) =>
  Promise.all(Array.from({ length: count }, () => money.fundedStudent({ balanceMinor })));
const some = async () => (await students(1))[0] as MoneyStudent;

test("each student of a file is found by what names one, and credited once a second person agreed", async () => {
  const [byId, byNumber, byMail, byPhone, byCard] = (await students(5)) as [
    MoneyStudent,
    MoneyStudent,
    MoneyStudent,
    MoneyStudent,
    MoneyStudent,
  ];
  await campus.owner.run(sql`update students set student_number = 'G-1' where id = ${byNumber.id}`);
  await campus.owner.run(sql`update students set email = 'Given@Example.org' where id = ${byMail.id}`);
  const file =
    "Student ID;Student number;E-mail;phone;card uid;amount_minor;reference;expires_on\n".replace("E-mail", "email") +
    `${byId.id};;;;;10000;B-1;\n;G-1;;;;20000;B-1;2099-06-30\n;;given@example.org;;;30000;B-1;\n;;;${byPhone.phone};;40000;B-1;\n;;;;${byCard.cardUid};50000;B-1;`;
  const waiting = await checked(file);
  expect(waiting).toMatchObject({ status: "pending", lines: 5, total_minor: 150_000, credited_lines: 0, problems: [], two_people: true });
  expect(waiting).toMatchObject({ requested_by_name: "The finance", decided_by_name: null });
  await run(creditJob);
  expect(await byId.balanceMinor()).toBe(0);
  expect(await decide(waiting.id, "approve", finance)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect(expectOk(await decide(waiting.id, "approve")).status).toBe("approved");
  await run(creditJob);
  expect(await read(waiting.id)).toMatchObject({ status: "done", credited_lines: 5, credited_minor: 150_000, no_wallet_lines: 0 });
  expect(await read(waiting.id)).toMatchObject({ requested_by_name: "The finance", decided_by_name: "The admin" });
  expect(await Promise.all([byId, byNumber, byMail, byPhone, byCard].map((each) => each.balanceMinor()))).toEqual([
    10_000, 20_000, 30_000, 40_000, 50_000,
  ]);
  expect(await byNumber.statement()).toEqual([{ kind: "grant", amountMinor: 20_000 }]);
  const shown = expectOk(await byNumber.api<{ items: { kind: string }[] }>("GET", "/wallet/statement"));
  expect(shown.items).toMatchObject([{ kind: "grant", amount_minor: 20_000 }]);
  // The day's end in Stockholm, where it is summer.
  expect(await grantsOf(byNumber)).toMatchObject([
    { title: "Meal plan", reference: "B-1", amount_minor: 20_000, rest_minor: 20_000, expires_at: "2099-06-30T22:00:00.000Z" },
  ]);
  expect(await grantsOf(byId)).toMatchObject([{ rest_minor: null, expires_at: null }]);
  const lines = expectOk(await finance.api<{ items: object[] }>("GET", `/admin/bulk-credits/${waiting.id}/grants`)).items;
  expect(lines).toHaveLength(5);
  expect(lines[0]).toMatchObject({ line: 2, student_id: byId.id, status: "credited", amount_minor: 10_000 });
  expect(await decide(waiting.id, "approve")).toMatchObject(refused(409, "INVALID_TRANSITION"));

  const again = await checked(file);
  expect(again.status).toBe("refused");
  expect(again.problems).toEqual(
    [2, 3, 4, 5, 6].map((line) => ({ line, column: "reference", problem: "was given to this student before" })),
  );
});

test("every bad line is named with its column, and one bad line keeps the others from being credited", async () => {
  const [good, closed, twin] = (await students(3)) as [MoneyStudent, MoneyStudent, MoneyStudent];
  await campus.owner.run(sql`update wallets set status = 'closed' where student_id = ${closed.id}`);
  await campus.owner.run(sql`update students set email = 'twins@example.org' where id in (${good.id}, ${twin.id})`);
  const head = "student_id,email,phone,card_uid,amount_minor,reference,expires_on";
  const made = await checked(
    [
      head,
      `${good.id},,,,100,OK,`,
      `${good.id},,,,100,OK,`,
      `,,,,100,R,`,
      `${good.id},,,,12.50,R,`,
      `${good.id},,,,0,R,`,
      `${good.id},,,,-5,,`,
      `${randomUUID()},,,,100,R,`,
      `,twins@example.org,,,100,R,`,
      `${good.id},,${twin.phone},,100,R,`,
      `,,,04A2FFEE,100,R,`,
      `${good.id},,,,100,R,2020-01-01`,
      `${good.id},,,,100,R,31/12/2099`,
      `${closed.id},,,,100,R,`,
    ].join("\n"),
  );
  expect(made).toMatchObject({ status: "refused", credited_lines: 0 });
  expect(made.problems).toEqual([
    { line: 3, column: "reference", problem: "is the same student and reference as in line 2" },
    { line: 4, column: null, problem: expect.stringContaining("names no student") },
    { line: 5, column: "amount_minor", problem: expect.stringContaining("whole number of minor units") },
    { line: 6, column: "amount_minor", problem: "must be from 1 to 1000000000" },
    { line: 7, column: "amount_minor", problem: expect.stringContaining("whole number of minor units") },
    { line: 7, column: "reference", problem: "is missing" },
    { line: 8, column: "student_id", problem: "is no student's" },
    { line: 9, column: "email", problem: "is several students'" },
    { line: 10, column: "phone", problem: "is another student's" },
    { line: 11, column: "card_uid", problem: "is no student's" },
    { line: 12, column: "expires_on", problem: "is over" },
    { line: 13, column: "expires_on", problem: "must be a day as 2027-01-31" },
    { line: 14, column: null, problem: "the student has no open wallet in SEK" },
  ]);
  expect(await campus.sql`select id from grants where bulk_credit_id = ${made.id}`).toEqual([]);
  const [row] = await campus.sql<{ all: string }>`select to_jsonb(b)::text as all from bulk_credits b where id = ${made.id}`;
  expect(row?.all).not.toContain("twins@");
  expect(await checked(`${head}\n`)).toMatchObject({ status: "refused", problems: [{ problem: "the file has no line below its head" }] });
  expect(await checked("amount_minor\n5\n")).toMatchObject({
    status: "refused",
    problems: [{ column: "reference", problem: "the column is missing" }],
  });
});

test("a file of 20,000 lines is taken, and one line more is refused", async () => {
  const student = await some();
  const lines = (count: number) => Array.from({ length: count }, (_, index) => `${student.id},100,LONG-${index}`).join("\n");
  const head = "student_id,amount_minor,reference\n";
  const { id, ...made } = await checked(head + lines(20_000));
  expect(made).toMatchObject({ status: "pending", lines: 20_000, total_minor: 2_000_000, problems: [] });
  expectOk(await decide(id, "reject", finance));
  const longer = await checked(head + lines(20_001));
  expect(longer).toMatchObject({ status: "refused", problems: [{ line: 20_002, problem: expect.stringContaining("20000 lines") }] });
}, 60_000);

test("of a file of bad lines a thousand problems are kept and the rest is counted, and the list says how many", async () => {
  const bad = Array.from({ length: 1_500 }, (_, index) => `${randomUUID()},100,BAD-${index}`).join("\n");
  const { id, problems } = await checked(`student_id,amount_minor,reference\n${bad}\n`);
  expect(problems.length).toBe(1_000);
  expect(problems.at(-1)).toEqual({ line: 1_001, column: null, problem: "501 problems more, from this line on" });
  const { items } = expectOk(await finance.api<{ items: { id: string }[] }>("GET", "/admin/bulk-credits"));
  expect(items.find((each) => each.id === id)).toMatchObject({ problems: [], problem_count: 1_000 });
});

test("a small sum is credited on one person's word, a larger one never", async () => {
  const student = await some();
  const small = await given(`student_id,amount_minor,reference\n${student.id},${alone},S-1\n`);
  expect(small).toMatchObject({ status: "done", two_people: false, decided_by: null });
  expect(await student.balanceMinor()).toBe(alone);
  const large = await checked(`student_id,amount_minor,reference\n${student.id},${alone + 1},S-2\n`);
  await run(creditJob);
  expect(await read(large.id)).toMatchObject({ status: "pending", two_people: true });
  expect(await student.balanceMinor()).toBe(alone);
});

test("a rejected file credits nobody, and its references may be used again", async () => {
  const student = await some();
  const file = `student_id,amount_minor,reference\n${student.id},9000,X\n`;
  const { id } = await checked(file);
  expect(expectOk(await decide(id, "reject", finance)).status).toBe("rejected");
  await run(creditJob);
  expect(await student.balanceMinor()).toBe(0);
  expect(await decide(id, "approve")).toMatchObject(refused(409, "INVALID_TRANSITION"));
  expect(await given(file)).toMatchObject({ status: "done", credited_lines: 1 });
});

test("sent twice, read by two workers, agreed to by two people and credited by two workers at once, a line is credited once", async () => {
  const students = await Promise.all(Array.from({ length: 8 }, some));
  const file = `student_id,amount_minor,reference\n${students.map(({ id }) => `${id},1000,T`).join("\n")}\n`;
  const key = keyed();
  const [one, same, other] = await Promise.all([send(file, finance, key), send(file, finance, key), send(file)]);
  const sent = [one, same, other].filter(({ status }) => status === 202).map(({ body }) => body.id);
  const ids = [...new Set(sent)];
  expect(ids).toHaveLength(2);
  await campus.sql`update outbox set done_at = now() where payload ->> 'bulk_credit_id' = any(${ids}::text[])`;
  const signal = AbortSignal.timeout(30_000);
  await Promise.allSettled([...ids, ...ids].map((id) => checkBulkCredit(campus.worker, id, signal)));
  const made = await Promise.all(ids.map(read));
  expect(made.map(({ status }) => status).toSorted()).toEqual(["pending", "refused"]);
  const { id } = made.find(({ status }) => status === "pending") as BulkCredit;
  const third = await campus.staff("finance");
  const answers = await Promise.all([decide(id, "approve", second, 0), decide(id, "approve", third, 1), decide(id, "approve", third, 0)]);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  await Promise.all([run(creditJob), run(creditJob), run(creditJob)]);
  expect(await read(id)).toMatchObject({ status: "done", credited_lines: 8 });
  for (const student of students) expect(await student.statement()).toEqual([{ kind: "grant", amountMinor: 1_000 }]);
});

test("a worker that is killed in the middle leaves each line credited or waiting, and the next one credits the rest once", async () => {
  const count = 3_000;
  await campus.owner.run(sql`
    insert into students (phone, student_number) select '+46731' || lpad(i::text, 6, '0'), 'KILL-' || i from generate_series(1, ${count}) i`);
  const lines = Array.from({ length: count }, (_, index) => `KILL-${index + 1},${index + 1},K`);
  const { id, total_minor } = await checked(`student_number,amount_minor,reference\n${lines.join("\n")}\n`);
  expectOk(await decide(id, "approve"));
  const credited = async () => (await read(id)).credited_lines;
  const worker = startWorkerProcess(campus.env);
  try {
    await until("some lines to be credited", async () => (await credited()) > 0, 60_000);
  } finally {
    await worker.kill();
  }
  // What the killed worker sent last may still be running on the server.
  await until("its transactions to end", async () => {
    const [row] = await campus.database.query<{ open: number }>(
      "select count(*)::integer as open from pg_stat_activity where datname = current_database() and application_name = 'campus-worker' and state <> 'idle'",
    );
    return row?.open === 0;
  });
  await run(creditJob);
  expect(await read(id)).toMatchObject({ status: "done", credited_lines: count, credited_minor: total_minor });
  const [wrong] = await campus.sql<{ count: number }>`
    select count(*) from students s left join wallets w on w.student_id = s.id where s.student_number like 'KILL-%'
      and (w.balance_minor is distinct from substr(s.student_number, 6)::bigint or w.last_seq <> 1)`;
  expect(wrong?.count).toBe(0);
}, 120_000);

test("a file that ends each worker that reads it is failed once it is given up, and is not kept", async () => {
  const { id } = expectOk(await send(`student_id,amount_minor,reference\n${(await some()).id},100,K-1`));
  // As the last of them leaves it, killed in the middle.
  await campus.sql`update outbox set tries = 3, due_at = now() where payload ->> 'bulk_credit_id' = ${id}`;
  await campus.drainOutbox();
  expect(await read(id)).toMatchObject({ status: "failed" });
  expect(await campus.sql`select content from bulk_credits where id = ${id}`).toEqual([{ content: null }]);
});

test("a wallet that closed before its turn gets nothing, and the others do", async () => {
  const [leaver, stayer] = [await some(), await some()];
  const { id } = await checked(`student_id,amount_minor,reference\n${leaver.id},6000,L\n${stayer.id},6000,L\n`);
  expectOk(await decide(id, "approve"));
  await campus.owner.run(sql`update wallets set status = 'closed' where student_id = ${leaver.id}`);
  await run(creditJob);
  expect(await read(id)).toMatchObject({ status: "done", credited_lines: 1, no_wallet_lines: 1 });
  expect([await leaver.balanceMinor(), await stayer.balanceMinor()]).toEqual([0, 6_000]);
});

test("money with a day is spent before the student's own, what ends first before the rest, and what is left goes back", async () => {
  const [student] = (await students(1, 10_000)) as [MoneyStudent];
  await given(
    `student_id,amount_minor,reference,expires_on\n${student.id},4000,LATE,2099-12-31\n${student.id},3000,EARLY,2099-06-30\n${student.id},500,EVER,\n`,
  );
  await pay(student, 2_000);
  expect(await grantsOf(student)).toMatchObject([
    { reference: "EVER", rest_minor: null },
    { reference: "EARLY", rest_minor: 1_000 },
    { reference: "LATE", rest_minor: 4_000 },
  ]);
  const order = await pay(student, 1_500);
  expect(await grantsOf(student)).toMatchObject([{}, { rest_minor: 0 }, { rest_minor: 3_500 }]);
  // What is given back was never spent.
  const owner = await campus.staff("owner", till.cafe);
  expectOk(await owner.api("POST", `/admin/orders/${order}/refund`, { body: { reason: "cold" }, headers: keyed() }));
  expect(await grantsOf(student)).toMatchObject([{}, { rest_minor: 1_000 }, { rest_minor: 4_000 }]);

  await itIsOver(student, "EARLY");
  await Promise.all([run(expireJob), run(expireJob)]);
  expect((await student.statement())[0]).toEqual({ kind: "grant_expired", amountMinor: -1_000 });
  expect(await student.balanceMinor()).toBe(10_000 + 7_500 - 2_000 - 1_000);
  expect(await grantsOf(student)).toMatchObject([
    {},
    { status: "expired", rest_minor: null, taken_back_minor: 1_000 },
    { rest_minor: 4_000 },
  ]);

  await pay(student, 5_000);
  await itIsOver(student, "LATE");
  await run(expireJob);
  expect(await grantsOf(student)).toMatchObject([{}, {}, { status: "expired", taken_back_minor: 0 }]);
  expect(await student.balanceMinor()).toBe(9_500);
});

test("nobody keeps a grant by asking for the rest of the wallet: its day is over once nothing is held", async () => {
  const student = await some();
  await given(`student_id,amount_minor,reference,expires_on\n${student.id},4000,HELD,2099-12-31\n`);
  const pay_to = "SE45 5000 0000 0583 9825 7466";
  const proof = await student.proof({ purpose: "close_out", pay_to });
  expectOk(await student.api("POST", "/wallet/close-out", { headers: keyed(), body: { pay_to, ...proof } }));
  await itIsOver(student, "HELD");
  await run(expireJob);
  expect(await student.balanceMinor()).toBe(4_000);
  expectOk(await student.api("DELETE", "/wallet/close-out"));
  await run(expireJob);
  expect(await student.balanceMinor()).toBe(0);
});

const askForTheRest = async (student: MoneyStudent) => {
  const pay_to = "SE45 5000 0000 0583 9825 7466";
  const proof = await student.proof({ purpose: "close_out", pay_to });
  return expectOk(await student.api<{ id: string }>("POST", "/wallet/close-out", { headers: keyed(), body: { pay_to, ...proof } })).id;
};

test("a close-out that is paid after a grant's day pays the student's own money, and one that is taken back frees no more", async () => {
  const [student, other] = (await students(2, 1_000)) as [MoneyStudent, MoneyStudent];
  await given(`student_id,amount_minor,reference,expires_on\n${student.id},2000,PAID,2099-12-31\n${other.id},2000,TAKEN,2099-12-31\n`);
  const [id] = [await askForTheRest(student), await askForTheRest(other)];
  await itIsOver(student, "PAID");
  await itIsOver(other, "TAKEN");
  const approve = (staff: TestStaff, expected_amount_minor: number) =>
    staff.api<{ status: string; error?: { details: object } }>("POST", `/admin/close-outs/${id}/approve`, {
      headers: keyed(),
      body: { bank_reference: "SEB-9", expected_amount_minor },
    });
  const third = await campus.staff("finance");
  expect((await approve(finance, 3_000)).body.error?.details).toMatchObject({ amount_minor: 1_000 });
  expect(expectOk(await approve(finance, 1_000))).toMatchObject({ status: "agreed" });
  expect(expectOk(await approve(third, 1_000))).toMatchObject({ status: "paid", amount_minor: 1_000 });
  expectOk(await other.api("DELETE", "/wallet/close-out"));
  expect(await other.balanceMinor()).toBe(1_000);
  expect(await grantsOf(other)).toMatchObject([{ status: "expired", taken_back_minor: 2_000 }]);
});

test("a grant whose day passes in a closed wallet ends when the bank sends the close-out back, as it would have", async () => {
  const [student] = (await students(1, 1_000)) as [MoneyStudent];
  await given(`student_id,amount_minor,reference,expires_on\n${student.id},2000,BACK,2099-12-31\n`);
  const id = await askForTheRest(student);
  const third = await campus.staff("finance");
  const say = (staff: TestStaff, what: "approve" | "return", body: object) =>
    staff.api("POST", `/admin/close-outs/${id}/${what}`, { headers: keyed(), body });
  for (const staff of [finance, third]) expectOk(await say(staff, "approve", { bank_reference: "SEB-10", expected_amount_minor: 3_000 }));
  await itIsOver(student, "BACK");
  await run(expireJob);
  for (const staff of [finance, third]) expectOk(await say(staff, "return", { reason: "AC04" }));
  expect(await student.balanceMinor()).toBe(1_000);
  expect(await grantsOf(student)).toMatchObject([{ status: "expired", taken_back_minor: 2_000 }]);
  await run(expireJob);
  expect(await student.balanceMinor()).toBe(1_000);
});

test("a close-out that comes back says nothing of a grant that was spent and ended before it", async () => {
  const [student] = (await students(1, 1_000)) as [MoneyStudent];
  await given(`student_id,amount_minor,reference,expires_on\n${student.id},2000,SPENT,2099-12-31\n`);
  const orderId = await pay(student, 2_000);
  for (const status of ["preparing", "ready", "completed"]) await campus.sql`update orders set status = ${status} where id = ${orderId}`;
  await itIsOver(student, "SPENT");
  await run(expireJob);
  const id = await askForTheRest(student);
  const third = await campus.staff("finance");
  for (const [what, body] of [
    ["approve", { bank_reference: "SEB-11", expected_amount_minor: 1_000 }],
    ["return", { reason: "AC04" }],
  ] as const)
    for (const staff of [finance, third]) expectOk(await staff.api("POST", `/admin/close-outs/${id}/${what}`, { headers: keyed(), body }));
  expect(await student.balanceMinor()).toBe(1_000);
  expect(await violations(campus.owner)).toEqual({});
});

test("what a debt takes is not spent of a grant", async () => {
  const [student] = (await students(1, 1_000)) as [MoneyStudent];
  await given(`student_id,amount_minor,reference,expires_on\n${student.id},4000,OWED,2099-12-31\n`);
  const gateway = gatewayOf(campus);
  const { payment_id } = await gateway.topUp(student, 1_000);
  await campus.sql`
    select close_dispute(open_dispute(gateway, 'dispute_' || payment_id, payment_id, 1000, 'SEK', 'not mine', now() + interval '7 days'), false)
    from gateway_payments where payment_id = ${payment_id}`;
  expect(await student.balanceMinor()).toBe(5_000);
  await itIsOver(student, "OWED");
  await run(expireJob);
  expect(await student.balanceMinor()).toBe(1_000);
});

test("the same key for a file of another title is another request", async () => {
  const student = await money.fundedStudent({ balanceMinor: 0 });
  const body = `amount_minor,reference,student_id\n100,twice,${student.id}\n`;
  const headers = { "Content-Type": "text/csv", ...keyed() };
  const asked = (title: string) => finance.api<BulkCredit>("POST", `/admin/bulk-credits?title=${title}`, { body, headers });
  const first = expectOk(await asked("Spring"));
  expect(expectOk(await asked("Spring"))).toEqual(first);
  expect(await asked("Autumn")).toMatchObject(refused(422, "IDEMPOTENCY_MISMATCH"));
});

test("a file of another kind, without a key or too large is refused, and so is everybody but finance and admins", async () => {
  const file = "student_id,amount_minor,reference\n";
  expect(await finance.api("POST", "/admin/bulk-credits?title=Plan", { body: {}, headers: keyed() })).toMatchObject(
    refused(415, "UNSUPPORTED_MEDIA_TYPE"),
  );
  expect(
    await finance.api("POST", "/admin/bulk-credits?title=Plan", { body: file, headers: { "Content-Type": "text/csv" } }),
  ).toMatchObject(refused(400, "VALIDATION_ERROR"));
  expect(await send("x".repeat(8 * 1024 * 1024 + 1))).toMatchObject(refused(413, "PAYLOAD_TOO_LARGE"));
  const unknown = "/admin/bulk-credits/0192f0c1-0000-7000-8000-000000000000";
  expect(await finance.api("GET", unknown)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await finance.api("GET", `${unknown}/grants`)).toMatchObject(refused(404, "NOT_FOUND"));
  for (const { api } of [await campus.staff("owner", till.cafe), await campus.staff("cashier", till.cafe), await some()]) {
    const headers = { "Content-Type": "text/csv", ...keyed() };
    expect(await api("POST", "/admin/bulk-credits?title=Plan", { body: file, headers })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    for (const at of ["/admin/bulk-credits", unknown, `${unknown}/grants`])
      expect(await api("GET", at)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    for (const how of ["approve", "reject"])
      expect(await api("POST", `${unknown}/${how}`, { headers: keyed() })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
  expect(await finance.api("GET", "/wallet/grants")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
});
