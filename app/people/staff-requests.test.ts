import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, moneyOf } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { refused } from "../testing/refusal.ts";

let campus: Campus;
let admin: TestStaff;
let other: TestStaff;
let finance: TestStaff;
beforeAll(async () => {
  campus = await startCampus();
  [admin, other, finance] = [await campus.staff("admin"), await campus.staff("admin"), await campus.staff("finance")];
});
afterAll(() => campus.end());

interface Asked {
  readonly id: string;
}
interface Approved {
  readonly member: { readonly id: string; readonly username: string; readonly role: string };
  readonly one_time_password: string | null;
}

const ask = (role: string, by = admin) =>
  by.api<Asked>("POST", "/admin/staff", { body: { username: `u-${randomUUID().slice(0, 8)}`, name: "New One", role } });
const approve = (by: TestStaff, id: string) => by.api<Approved>("POST", `/admin/staff-requests/${id}/approve`);

/** Whoever approves reads the one-time password, and could be the new person. */
async function newFinance(readBy = finance, askedBy = admin): Promise<TestStaff> {
  const { member, one_time_password } = expectOk(await approve(readBy, expectOk(await ask("finance", askedBy)).id));
  const password = "wobbling-otter-79-lamp";
  const body = { username: member.username, password: one_time_password, new_password: password };
  expect((await campus.api("POST", "/admin/auth/password", { body })).status).toBe(204);
  const { access_token: token } = expectOk(
    await campus.api<{ access_token: string }>("POST", "/admin/auth/login", { body: { username: member.username, password } }),
  );
  return {
    ...finance,
    id: member.id,
    username: member.username,
    password,
    token,
    api: (m, p, o = {}) => campus.api(m, p, { token, ...o }),
  };
}

const adjustmentOf = async (by: TestStaff): Promise<string> => {
  const student = await moneyOf(campus).fundedStudent({ balanceMinor: 0 });
  const body = { student_id: student.id, amount_minor: 100, currency: "SEK", reason: "a test of eyes" };
  return expectOk(await by.api<Asked>("POST", "/admin/adjustments", { body, headers: { "Idempotency-Key": randomUUID() } })).id;
};
const agreeTo = (by: TestStaff, id: string) =>
  by.api("POST", `/admin/adjustments/${id}/approve`, { headers: { "Idempotency-Key": randomUUID() } });
const oneBehindTwo = { status: 403, body: { error: { code: "INSUFFICIENT_ROLE", details: { because: "account_opened" } } } };

test("one admin alone makes nobody finance or admin, resets no such account and brings none back", async () => {
  const gone = await campus.staff("finance");
  expectOk(await admin.api("PATCH", `/admin/staff/${gone.id}`, { body: { is_active: false } }));
  const before = await campus.sql`select count(*) from staff`;
  const asked = [
    await ask("finance"),
    await ask("admin"),
    await admin.api<Asked>("POST", `/admin/staff/${finance.id}/reset-password`),
    await admin.api<Asked>("PATCH", `/admin/staff/${gone.id}`, { body: { is_active: true } }),
    await admin.api<Asked>("PATCH", `/admin/staff/${finance.id}`, { body: { role: "admin" } }),
  ];
  for (const answer of asked) {
    expect(answer).toMatchObject({ status: 202, body: { status: "pending" } });
    expect(answer.text).not.toContain("one_time_password");
    expect(await approve(admin, answer.body.id)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
  expect(await campus.sql`select count(*) from staff`).toEqual(before);
  expect((await finance.api("GET", "/admin/auth/session")).status).toBe(200);
  const owner = await campus.staff("owner", await campus.cafe());
  expect(await approve(owner, asked[0]?.body.id ?? "")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
});

test("a request names who asks and for whom, a new person or one who is there", async () => {
  const added = expectOk(await ask("finance"));
  const reset = expectOk(await admin.api<Asked>("POST", `/admin/staff/${finance.id}/reset-password`));
  const { items } = expectOk(await other.api<{ items: Asked[] }>("GET", "/admin/staff-requests?status=pending&limit=100"));
  const named = await campus.sql<{ id: string; name: string }>`select id, name from staff`;
  const nameOf = ({ id }: TestStaff) => named.find((each) => each.id === id)?.name;
  expect(items.find(({ id }) => id === added.id)).toMatchObject({
    name: "New One",
    role: "finance",
    staff_name: null,
    requested_by_name: nameOf(admin),
  });
  expect(items.find(({ id }) => id === reset.id)).toMatchObject({
    name: null,
    staff_name: nameOf(finance),
    requested_by_name: nameOf(admin),
  });
});

test("the second person does it and reads the one-time password; a no, and a second yes, do nothing", async () => {
  const { id } = expectOk(await ask("finance"));
  expect(expectOk(await approve(other, id))).toMatchObject({ member: { role: "finance" }, one_time_password: expect.any(String) });
  expect(await approve(finance, id)).toMatchObject(refused(409, "INVALID_TRANSITION"));
  const taken = expectOk(await ask("admin"));
  expect(expectOk(await admin.api("POST", `/admin/staff-requests/${taken.id}/reject`))).toMatchObject({ status: "rejected" });
  expect(await approve(other, taken.id)).toMatchObject(refused(409, "INVALID_TRANSITION"));
});

test("whoever asked for an account or made it is no second person for it, until some days have gone", async () => {
  const made = await newFinance();
  const asked = await adjustmentOf(made);
  expect(await agreeTo(finance, asked)).toMatchObject(oneBehindTwo);
  await campus.sql`update staff_openings set at = at - interval '8 days' where staff_id = ${made.id}`;
  expect((await agreeTo(finance, asked)).status).toBe(200);
});

test("two accounts whose passwords one person read are that person, also through a third account", async () => {
  const [left, right] = [await newFinance(), await newFinance()];
  expect(await agreeTo(right, await adjustmentOf(left))).toMatchObject(oneBehindTwo);
  const through = await newFinance(left, other);
  expect(await agreeTo(through, await adjustmentOf(finance))).toMatchObject(oneBehindTwo);
  expect(await agreeTo(right, await adjustmentOf(through))).toMatchObject(oneBehindTwo);
});

test("two accounts that two people handed over agree with each other at once", async () => {
  const [left, right] = [await newFinance(), await newFinance(other)];
  expectOk(await agreeTo(right, await adjustmentOf(left)));
});
