import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { confirmKeyChallenge } from "../identity/confirm-key.ts";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { expectOk, type Money, moneyOf, newCardUid, signDigest } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { refused, unknownId } from "../testing/refusal.ts";

let campus: Campus;
let money: Money;
let admin: TestStaff;
beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  admin = await campus.staff("admin");
});
afterAll(() => campus.end());

interface StudentBody {
  readonly id: string;
  readonly phone: string;
  readonly version: number;
  readonly is_active: boolean;
}

const fields = () => ({
  phone: campus.newPhone(),
  name: "Alva Ek",
  email: "alva@example.org",
  address: "Storgatan 1, Umeå",
  student_number: crypto.randomUUID().slice(0, 13),
});
const add = async () => (await admin.api<StudentBody>("POST", "/admin/students", { body: fields() })).body;
const actions = (objectId: string) =>
  campus.sql<{ action: string; actorId: string }>`select action, actor_id from audit_log where object_id = ${objectId} order by id`;

test("an admin enters a student, who logs in with the phone as that same student", async () => {
  const body = fields();
  const added = await admin.api<StudentBody>("POST", "/admin/students", { body });
  expect(added).toMatchObject({ status: 201, body: { ...body, is_active: true, language: "en", version: expect.any(Number) } });
  expect(await admin.api("GET", `/admin/students/${added.body.id}`, { process: 1 })).toMatchObject({ status: 200, body: added.body });
  const otp = await campus.requestOtp(body.phone);
  expect(await campus.api("POST", "/auth/verify-otp", { body: { phone: body.phone, otp } })).toMatchObject({
    status: 200,
    body: { user: { id: added.body.id, name: "Alva Ek" } },
  });
  expect(await actions(added.body.id)).toEqual([{ action: "student.added", actorId: admin.id }]);
});

test("the same Idempotency-Key enters a student once", async () => {
  const [body, headers] = [fields(), { "Idempotency-Key": crypto.randomUUID() }];
  const [first, again] = [
    await admin.api("POST", "/admin/students", { body, headers }),
    await admin.api("POST", "/admin/students", { body, headers, process: 1 }),
  ];
  expect(again.text).toBe(first.text);
  expect(await admin.api("POST", "/admin/students", { body: fields(), headers })).toMatchObject(refused(422, "IDEMPOTENCY_MISMATCH"));
});

test("another student's phone or number is refused and named", async () => {
  const known = fields();
  await admin.api("POST", "/admin/students", { body: known });
  for (const field of ["phone", "student_number"] as const) {
    const answer = await admin.api("POST", "/admin/students", { body: { ...fields(), [field]: known[field] } });
    expect(answer).toMatchObject({ status: 409, body: { error: { code: "CONFLICT", details: { field } } } });
  }
});

test.each([
  ["no phone", { name: "Alva" }],
  ["a phone without its country's code", { phone: "701234567" }],
  ["a 0 behind the country's code", { phone: "+46 (0)70 123 45 67" }],
  ["an e-mail without a domain", { phone: "+46700000001", email: "alva" }],
  ["a name of 101 characters", { phone: "+46700000001", name: "x".repeat(101) }],
  ["an unknown field", { phone: "+46700000001", is_active: true }],
])("a student with %s is refused", async (_, body) => {
  expect(await admin.api("POST", "/admin/students", { body })).toMatchObject(refused(400, "VALIDATION_ERROR"));
});

test("the list is searched by name, phone, e-mail and number, and read page by page without a student twice", async () => {
  const word = crypto.randomUUID().slice(0, 8);
  const made: StudentBody[] = [];
  for (const body of [{ name: `Åsa ${word}` }, { email: `${word}@example.org` }, { student_number: `S-${word}` }])
    made.push((await admin.api<StudentBody>("POST", "/admin/students", { body: { phone: campus.newPhone(), ...body } })).body);
  const read = async (query: string) =>
    (await admin.api<{ items: StudentBody[]; next_cursor: string | null }>("GET", `/admin/students?${query}`)).body;
  const ids = (page: { items: StudentBody[] }) => page.items.map(({ id }) => id);
  const newestFirst = made.map(({ id }) => id).toReversed();
  expect(ids(await read(`search=${word.toUpperCase()}`))).toEqual(newestFirst);
  const first = await read(`search=${word}&limit=2`);
  const second = await read(`search=${word}&limit=2&cursor=${first.next_cursor}`);
  expect([...ids(first), ...ids(second)]).toEqual(newestFirst);
  expect(second.next_cursor).toBeNull();
  expect(ids(await read(`search=${encodeURIComponent(made[0]?.phone ?? "")}`))).toEqual([made[0]?.id]);
  await admin.api("PATCH", `/admin/students/${made[0]?.id}`, { body: { is_active: false } });
  expect(ids(await read(`search=${word}&active=false`))).toEqual([made[0]?.id]);
  expect(ids(await read(`search=${word}&active=true`))).toEqual(newestFirst.slice(0, 2));
});

test("without a search the students stand by name, those without one last, and no page repeats or leaves out one", async () => {
  for (const name of ["östen Ek", "Alva Ek", "alva ek", "Zoe Ek", null])
    await admin.api("POST", "/admin/students", { body: { phone: campus.newPhone(), name } });
  const read: { id: string; name: string | null }[] = [];
  for (let cursor = ""; ; ) {
    const page = (await admin.api<{ items: typeof read; next_cursor: string | null }>("GET", `/admin/students?limit=2${cursor}`)).body;
    read.push(...page.items);
    if (page.next_cursor === null) break;
    cursor = `&cursor=${page.next_cursor}`;
  }
  const all = await campus.sql<{ id: string }>`select id from students where erased_at is null order by name is null, lower(name), id`;
  expect(read.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
  expect(read.at(-1)?.name).toBeNull();
});

test("a phone is taken and found as people write it: with blanks, hyphens and brackets, with 00 or the campus's own 0", async () => {
  const phone = campus.newPhone();
  const rest = phone.slice(3);
  const [spaced, dashed] = [
    `+46 ${rest.slice(0, 2)} ${rest.slice(2, 5)} ${rest.slice(5)}`,
    `(0${rest.slice(0, 2)}) ${rest.slice(2, 5)}-${rest.slice(5)}`,
  ];
  const added = await admin.api<StudentBody>("POST", "/admin/students", { body: { ...fields(), phone: spaced } });
  expect(added).toMatchObject({ status: 201, body: { phone } });
  for (const written of [spaced, dashed, `00${phone.slice(1)}`, rest]) {
    const found = await admin.api<{ items: StudentBody[] }>("GET", `/admin/students?search=${encodeURIComponent(written)}`);
    expect(found.body.items.map(({ id }) => id)).toEqual([added.body.id]);
  }
  const other = campus.newPhone();
  const body = { ...fields(), phone: `0${other.slice(3)}`, version: added.body.version };
  expect(await admin.api("PUT", `/admin/students/${added.body.id}`, { body })).toMatchObject({ status: 200, body: { phone: other } });
  expect(await admin.api("POST", "/admin/students", { body: { ...fields(), phone: dashed.replace("(0", "(") } })).toMatchObject({
    status: 400,
    body: { error: { details: { fields: [{ field: "phone", problem: expect.stringContaining("E.164") }] } } },
  });
});

test("a card's whole number finds its student, written as readers and people write it, also once the card is lost", async () => {
  const student = await campus.student();
  const uid = newCardUid();
  const { body: card } = await admin.api<{ id: string }>("POST", `/admin/students/${student.id}/cards`, { body: { card_uid: uid } });
  const found = async (search: string) =>
    (await admin.api<{ items: StudentBody[] }>("GET", `/admin/students?search=${encodeURIComponent(search)}`)).body.items.map(
      ({ id }) => id,
    );
  const inPairs = uid.replaceAll(/[^0-9a-f]/gi, "").replaceAll(/(..)(?=.)/g, "$1:");
  expect([await found(uid), await found(inPairs.toUpperCase())]).toEqual([[student.id], [student.id]]);
  expect(await found(inPairs.slice(0, -3))).toEqual([]);
  await admin.api("POST", `/admin/students/${student.id}/cards/${card.id}/report-lost`);
  expect(await found(uid)).toEqual([student.id]);
});

test("finance finds whom a whole phone, student number or card means, with no more than name, number and phone; a part finds nobody, and a café may not ask", async () => {
  const finance = await campus.staff("finance");
  const body = fields();
  const { id } = (await admin.api<StudentBody>("POST", "/admin/students", { body })).body;
  const uid = newCardUid();
  await admin.api("POST", `/admin/students/${id}/cards`, { body: { card_uid: uid } });
  const found = async (said: string, as = finance) =>
    (await as.api<{ items: unknown[] }>("GET", `/admin/student-search?said=${encodeURIComponent(said)}`)).body.items;
  const one = [{ id, name: body.name, student_number: body.student_number, phone: body.phone }];
  for (const said of [body.phone, body.phone.replace("+", "00"), body.student_number.toUpperCase(), uid, id])
    expect(await found(said)).toEqual(one);
  expect(await found(uid, admin)).toEqual(one);
  for (const said of [body.phone.slice(0, -1), body.student_number.slice(1), body.name, "%"]) expect(await found(said)).toEqual([]);
  for (const caller of [await campus.staff("owner", await campus.cafe()), await campus.student()])
    expect(await caller.api("GET", `/admin/student-search?said=${uid}`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  expect((await admin.api("DELETE", `/admin/students/${id}`)).status).toBe(204);
  expect(await found(id)).toEqual([]);
});

test("a change replaces all fields, and is refused to whoever read an older state", async () => {
  const before = await add();
  const body = { ...fields(), email: null, version: before.version };
  const changed = await admin.api<StudentBody>("PUT", `/admin/students/${before.id}`, { body });
  expect(changed).toMatchObject({ status: 200, body: { id: before.id, phone: body.phone, email: null } });
  expect(await admin.api("PUT", `/admin/students/${before.id}`, { body, process: 1 })).toMatchObject({
    status: 409,
    body: { error: { code: "CONFLICT", details: { version: changed.body.version } } },
  });
  expect((await admin.api("GET", `/admin/students/${before.id}`)).body).toEqual(changed.body);
});

test("of two changes at once one holds", async () => {
  const before = await add();
  const answers = await Promise.all(
    ([0, 1] as const).map((process) => {
      const body = { ...fields(), version: before.version };
      return admin.api("PUT", `/admin/students/${before.id}`, { process, body });
    }),
  );
  expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
});

test("another phone ends the sessions of the old one on every process", async () => {
  const student = await campus.student({ name: "Nils" });
  await student.api("POST", "/users/device-token", { body: { token: "token-of-the-old-phone", platform: "web" } });
  const { body: known } = await admin.api<StudentBody>("GET", `/admin/students/${student.id}`);
  const body = { phone: campus.newPhone(), name: "Nils", version: known.version };
  expect((await admin.api("PUT", `/admin/students/${student.id}`, { body })).status).toBe(200);
  expect(await student.api("GET", "/users/me")).toMatchObject(refused(401, "INVALID_TOKEN"));
  await expect.poll(async () => (await student.api("GET", "/users/me", { process: 1 })).status).toBe(401);
  expect(await campus.sql`select token from push_tokens where student_id = ${student.id}`).toEqual([]);
});

test("no other phone is entered for three days after a card was given, unless that card is reported lost: the other order is refused too", async () => {
  const student = await campus.student({ name: "Nils" });
  const { id: cardId } = expectOk(
    await admin.api<{ id: string }>("POST", `/admin/students/${student.id}/cards`, { body: { card_uid: newCardUid() } }),
  );
  const change = async (phone = campus.newPhone()) => {
    const { body: known } = await admin.api<StudentBody>("GET", `/admin/students/${student.id}`);
    return admin.api("PUT", `/admin/students/${student.id}`, { body: { phone, name: "Nisse", version: known.version } });
  };
  const waits = { status: 409, body: { error: { code: "CONFLICT", details: { because: "card_given", until: expect.any(String) } } } };
  expect(await change()).toMatchObject(waits);
  expect((await change(student.phone)).status).toBe(200);
  expectOk(await admin.api("POST", `/admin/students/${student.id}/cards/${cardId}/freeze`));
  expect(await change()).toMatchObject(waits);
  await campus.sql`update cards set created_at = created_at - interval '3 days' where id = ${cardId}`;
  expect((await change()).status).toBe(200);

  await campus.sql`update students set phone_changed_at = null where id = ${student.id}`;
  const { id: second } = expectOk(
    await admin.api<{ id: string }>("POST", `/admin/students/${student.id}/cards`, { body: { card_uid: newCardUid() } }),
  );
  expect(await change()).toMatchObject(waits);
  expectOk(await admin.api("POST", `/admin/students/${student.id}/cards/${second}/report-lost`));
  expect((await change()).status).toBe(200);
});

test("another phone that waits for a card that is being given is refused", async () => {
  const student = await campus.student({ name: "Nils" });
  const { body: known } = await admin.api<StudentBody>("GET", `/admin/students/${student.id}`);
  const body = { phone: campus.newPhone(), name: "Nils", version: known.version };
  const { changed } = await campus.owner.transaction(async (tx) => {
    await tx.run(sql`select 1 from students where id = ${student.id} for no key update`);
    const asked = admin.api("PUT", `/admin/students/${student.id}`, { body });
    await expect
      .poll(() => campus.sql`select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like '%for no key update%'`)
      .toEqual([{ count: 1 }]);
    await tx.run(sql`insert into cards (student_id, uid_hash) values (${student.id}, ${Buffer.from(newCardUid(), "hex")})`);
    return { changed: asked };
  });
  expect(await changed).toMatchObject({ status: 409, body: { error: { details: { because: "card_given" } } } });
});

test("whoever enters another phone for a student is told of on the old one, and gets no code for money, guards or keys for three days", async () => {
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  await campus.sql`update cards set created_at = created_at - interval '3 days' where student_id = ${student.id}`;
  await campus.sql`update students set email = 'nils@student.example', language = 'sv' where id = ${student.id}`;
  const { body: known } = await admin.api<StudentBody>("GET", `/admin/students/${student.id}`);
  const phone = campus.newPhone();
  expectOk(await admin.api("PUT", `/admin/students/${student.id}`, { body: { phone, name: "Nils", version: known.version } }));
  const otp = await campus.requestOtp(phone);
  const { access_token: token } = expectOk(
    await campus.api<{ access_token: string }>("POST", "/auth/verify-otp", { body: { phone, otp } }),
  );
  const waits = { status: 409, body: { error: { code: "CONFLICT", details: { because: "phone_changed", until: expect.any(String) } } } };
  for (const body of [{ purpose: "close_out", pay_to: "SE45 5000 0000 0583 9825 7466" }, { purpose: "thaw_wallet" }])
    expect(await campus.api("POST", "/users/me/step-up", { token, body })).toMatchObject(waits);
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const public_key = publicKey.export({ type: "spki", format: "der" }).toString("base64url");
  const key = { public_key, proof: signDigest(privateKey, confirmKeyChallenge(student.id, public_key)) };
  expect(await campus.api("POST", "/users/confirm-keys", { token, body: key })).toMatchObject(waits);
  const issue = () => admin.api("POST", `/admin/students/${student.id}/cards`, { body: { card_uid: newCardUid() } });
  expect(await issue()).toMatchObject(waits);
  expect((await campus.messages(student.phone))[0]?.text).toContain("bytt telefonnumret");
  const told = await campus.sql<{ topic: string; payload: object }>`
    select distinct topic, payload from outbox where topic like '%.phone_changed' and done_at is not null order by topic`;
  expect(told).toEqual([
    { topic: "mail.phone_changed", payload: {} },
    { topic: "sms.phone_changed", payload: {} },
  ]);
  await campus.sql`update students set phone_changed_at = phone_changed_at - interval '3 days' where id = ${student.id}`;
  expect((await campus.api("POST", "/users/confirm-keys", { token, body: key })).status).toBe(201);
  expect((await issue()).status).toBe(201);
});

test("a deactivated student is logged out everywhere at once, pays nothing more and cannot come back until reactivated", async () => {
  const till = await money.till();
  const student = await money.fundedStudent({ balanceMinor: 10_000 });
  const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
  await student.api("GET", "/users/me", { process: 1 });
  const answer = await admin.api("PATCH", `/admin/students/${student.id}`, { body: { is_active: false } });
  expect(answer).toMatchObject({ status: 200, body: { id: student.id, is_active: false } });
  expect(await student.confirm(charge)).toMatchObject({ status: 401 });
  await expect.poll(async () => (await student.api("GET", "/users/me", { process: 1 })).status).toBe(401);
  expect(await till.device.api("GET", `/pos/charges/${charge.id}`)).toMatchObject({ body: { state: "voided" } });
  expect(await student.scan(till)).toMatchObject(refused(403, "CARD_NOT_ACCEPTED"));
  await campus.api("POST", "/auth/request-otp", { body: { phone: student.phone } });
  await campus.drainOutbox();
  expect(await campus.messages(student.phone)).toEqual([]);

  expect(await admin.api("PATCH", `/admin/students/${student.id}`, { body: { is_active: true } })).toMatchObject({
    body: { is_active: true },
  });
  expect((await admin.api("PATCH", `/admin/students/${student.id}`, { body: { is_active: true } })).status).toBe(200);
  const otp = await campus.requestOtp(student.phone);
  expect((await campus.api("POST", "/auth/verify-otp", { body: { phone: student.phone, otp } })).status).toBe(200);
  expect((await actions(student.id)).map(({ action }) => action)).toEqual(["student.deactivated", "student.reactivated"]);
});

test("what is written of a change in the trail names the fields and never what stood in them", async () => {
  const before = await add();
  await admin.api("PUT", `/admin/students/${before.id}`, { body: { ...fields(), address: "Nygatan 7", version: before.version } });
  const lines = await campus.sql<{ details: unknown }>`select details from audit_log where object_id = ${before.id} order by id`;
  expect(lines.map(({ details }) => details)).toEqual([{}, { fields: ["phone", "address", "student_number"] }]);
});

test("a card is frozen and reported lost at the desk, and the next one has the next issue number", async () => {
  const student = await campus.student();
  const issue = () => admin.api<{ id: string }>("POST", `/admin/students/${student.id}/cards`, { body: { card_uid: newCardUid() } });
  const { body: first } = await issue();
  const stop = (cardId: string, how: string, studentId = student.id) =>
    admin.api("POST", `/admin/students/${studentId}/cards/${cardId}/${how}`);
  expect(await stop(first.id, "freeze")).toMatchObject({ status: 200, body: { id: first.id, status: "frozen" } });
  expect(await student.api("POST", `/cards/${first.id}/unfreeze`, { body: {} })).toMatchObject(refused(409, "INVALID_TRANSITION"));
  const { body: second } = await issue();
  expect(second).toMatchObject({ issue_number: 2, status: "active" });
  expect(await stop(first.id, "freeze")).toMatchObject(refused(409, "INVALID_TRANSITION"));
  for (const _ of [1, 2]) expect(await stop(second.id, "report-lost")).toMatchObject({ status: 200, body: { status: "lost" } });
  expect(await stop(second.id, "report-lost", (await campus.student()).id)).toMatchObject(refused(404, "NOT_FOUND"));
  expect((await issue()).body).toMatchObject({ issue_number: 3, status: "active" });
  expect((await actions(second.id)).map(({ action }) => action)).toEqual(["card.issued", "card.lost"]);
});

test("a student that nobody is, is not found", async () => {
  const body = { ...fields(), version: 1 };
  expect(await admin.api("GET", `/admin/students/${unknownId}`)).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await admin.api("PUT", `/admin/students/${unknownId}`, { body })).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await admin.api("PATCH", `/admin/students/${unknownId}`, { body: { is_active: false } })).toMatchObject(refused(404, "NOT_FOUND"));
  expect(await admin.api("DELETE", `/admin/students/${unknownId}`)).toMatchObject(refused(404, "NOT_FOUND"));
});

test("nobody but an admin sees or changes students", async () => {
  const cafe = await campus.cafe();
  const known = await add();
  const callers = [
    await campus.staff("owner", cafe),
    await campus.staff("cashier", cafe),
    await campus.staff("finance"),
    await campus.student(),
  ];
  const path = `/admin/students/${known.id}`;
  for (const { api } of callers) {
    expect(await api("GET", "/admin/students")).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("GET", path)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("POST", "/admin/students", { body: fields() })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("PUT", path, { body: { ...fields(), version: known.version } })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("PATCH", path, { body: { is_active: false } })).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("DELETE", path)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
    expect(await api("POST", `${path}/cards/${unknownId}/freeze`)).toMatchObject(refused(403, "INSUFFICIENT_ROLE"));
  }
  expect((await admin.api("GET", path)).body).toEqual(known);
});
