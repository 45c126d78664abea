import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { type Money, type MoneyStudent, moneyOf, newCardUid, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { codeOf } from "../testing/refusal.ts";
import { cardHash } from "./card-hash.ts";

let campus: Campus;
let money: Money;
let admin: TestStaff;
let till: Till;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  admin = await campus.staff("admin");
  till = await money.till();
});
afterAll(() => campus.end());

interface CardBody {
  readonly id: string;
  readonly issue_number: number;
  readonly status: string;
  readonly error?: { readonly code: string; readonly details: Record<string, unknown> };
}

const issue = (studentId: string, cardUid: string, as = admin) =>
  as.api<CardBody>("POST", `/admin/students/${studentId}/cards`, { body: { card_uid: cardUid } });
const shopper = () => money.fundedStudent({ balanceMinor: 20_000 });

describe("the hash of a card's number", () => {
  test("is the same for any case and separators, and another under another pepper", () => {
    const hash = cardHash("pepper", "04a22f1b");
    for (const uid of ["04A22F1B", "04:a2:2f:1b", "04-A2-2F-1B", "04 a2 2f 1b"]) expect(cardHash("pepper", uid)).toEqual(hash);
    expect(cardHash("salt", "04a22f1b")).not.toEqual(hash);
    expect(cardHash("pepper", "04a22f1c")).not.toEqual(hash);
  });
});

describe("issuing a card", () => {
  test("gives a card that is accepted at the counter, and its number is nowhere in the database, the answers or the log", async () => {
    const student = await campus.student();
    const uid = newCardUid();
    const issued = await issue(student.id, uid.toUpperCase());
    expect(issued).toMatchObject({ status: 201, body: { issue_number: 1, status: "active" } });
    expect(issued.text.toLowerCase()).not.toContain(uid);
    const listed = await student.api<{ items: CardBody[] }>("GET", "/cards");
    expect(listed.body.items).toEqual([issued.body]);
    const scan = await till.device.api<CardBody>("POST", "/pos/scans", {
      body: { scan_id: "0192f0c1-9b1e-7c3a-8f00-5a1d2c3b4e5f", card_uid: uid },
    });
    expect(codeOf(scan)).toBe("NO_PENDING_ORDER");
    expect(campus.logLines.join("").toLowerCase()).not.toContain(uid);
    const dump = await campus.database.query<{ row: string }>(
      "select c::text as row from cards c union all select a::text from audit_log a union all select i::text from idempotency_answers i",
    );
    expect(dump.map(({ row }) => row).join("")).not.toContain(uid);
  });

  test("again with the same number is the same card, and its owner is told of it once, by push and mail", async () => {
    const student = await campus.student();
    const uid = newCardUid();
    const [first, again] = [await issue(student.id, uid), await issue(student.id, uid)];
    expect(again).toMatchObject({ status: 201, text: first.text });
    const told = await campus.sql`
      select topic from outbox where payload ->> 'kind' = 'card_issued' and payload ->> 'student_id' = ${student.id} order by topic`;
    expect(told).toEqual([{ topic: "mail.notice" }, { topic: "push.notice" }]);
  });

  test("replaces the card in use, which is revoked and refused at the counter", async () => {
    const student = await shopper();
    const order = await student.placeOrder({ till, totalMinor: 1_000 });
    const open = await student.scan(till, { orderId: order.id });
    const reissued = await issue(student.id, newCardUid());
    expect(reissued).toMatchObject({ status: 201, body: { issue_number: 2, status: "active" } });
    const listed = await campus.api<{ items: CardBody[] }>("GET", `/admin/students/${student.id}/cards`, { token: admin.token });
    expect(listed.body.items.map(({ issue_number, status }) => ({ issue_number, status }))).toEqual([
      { issue_number: 2, status: "active" },
      { issue_number: 1, status: "revoked" },
    ]);
    expect((await student.readCharge(open.body.charge.id)).state).toBe("voided");
    expect(await student.scan(till, { orderId: order.id })).toMatchObject({ status: 403, body: { error: { code: "CARD_NOT_ACCEPTED" } } });
  });

  test("refuses a number that was issued to somebody else, also when that card is revoked", async () => {
    const [one, other] = [await campus.student(), await campus.student()];
    const uid = newCardUid();
    await issue(one.id, uid);
    expect(await issue(other.id, uid)).toMatchObject({ status: 409, body: { error: { code: "CONFLICT" } } });
    await issue(one.id, newCardUid());
    expect(codeOf(await issue(other.id, uid))).toBe("CONFLICT");
    expect(codeOf(await issue(one.id, uid))).toBe("CONFLICT");
  });

  test("of many cards to one student at once leaves exactly one in use", async () => {
    const student = await campus.student();
    const answers = await Promise.all(Array.from({ length: 8 }, () => issue(student.id, newCardUid())));
    expect(answers.every((answer) => answer.status === 201)).toBe(true);
    const cards = await campus.sql`select issue_number, status from cards where student_id = ${student.id} order by issue_number`;
    expect(cards.map(({ issueNumber }) => issueNumber)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(cards.filter(({ status }) => status === "active")).toHaveLength(1);
  });

  test("of one number to two students at once gives it to one of them", async () => {
    const students = await Promise.all(Array.from({ length: 6 }, () => campus.student()));
    const uid = newCardUid();
    const answers = await Promise.all(students.map((student) => issue(student.id, uid)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409]);
  });

  test("is for the admin alone, for students that exist and numbers that are card numbers", async () => {
    const student = await campus.student();
    for (const role of ["finance", "owner"] as const) {
      const staff = await campus.staff(role, role === "owner" ? till.cafe : undefined);
      expect(codeOf(await issue(student.id, newCardUid(), staff))).toBe("INSUFFICIENT_ROLE");
      expect(await staff.api("GET", `/admin/students/${student.id}/cards`)).toMatchObject({ status: 403 });
    }
    expect(codeOf(await issue(crypto.randomUUID(), newCardUid()))).toBe("NOT_FOUND");
    expect((await admin.api("GET", `/admin/students/${crypto.randomUUID()}/cards`)).status).toBe(404);
    for (const uid of ["", "1234567", "123456789012345678901", "xyzxyzxyz"])
      expect(codeOf(await issue(student.id, uid))).toBe("VALIDATION_ERROR");
    await campus.sql`update students set is_active = false where id = ${student.id}`;
    expect(codeOf(await issue(student.id, newCardUid()))).toBe("CONFLICT");
  });
});

describe("freezing a card", () => {
  const thaw = async (student: MoneyStudent) => {
    const body = await student.proof({ purpose: "thaw_card", card_id: student.cardId });
    return student.api<CardBody>("POST", `/cards/${student.cardId}/unfreeze`, { body });
  };

  test("ends its open request and refuses it at the counter, and unfreezing gives it back", async () => {
    const student = await shopper();
    const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
    const frozen = await student.api<CardBody>("POST", `/cards/${student.cardId}/freeze`);
    expect(frozen).toMatchObject({ status: 200, body: { id: student.cardId, status: "frozen" } });
    expect((await student.readCharge(charge.id)).state).toBe("voided");
    expect(await student.confirm(charge)).toMatchObject({ status: 409, body: { error: { code: "CHARGE_CLOSED" } } });
    expect(await student.scan(till, { orderId: charge.order_id })).toMatchObject({ status: 403 });
    expect((await student.api("POST", `/cards/${student.cardId}/freeze`)).status).toBe(200);
    expect((await thaw(student)).body.status).toBe("active");
    expect((await student.api("POST", `/cards/${student.cardId}/unfreeze`, { body: {} })).status).toBe(200);
    expect((await student.scan(till, { orderId: charge.order_id })).status).toBe(201);
    expect(await student.balanceMinor()).toBe(20_000);
  });

  test("is written in the audit trail once each time, with who did it", async () => {
    const student = await shopper();
    for (const verb of ["freeze", "freeze", "unfreeze", "unfreeze", "report-lost", "report-lost"])
      await (verb === "unfreeze" ? thaw(student) : student.api("POST", `/cards/${student.cardId}/${verb}`));
    const lines = await campus.sql`select action, actor_kind, actor_id from audit_log where object_id = ${student.cardId} order by id`;
    expect(lines).toEqual(
      ["card.frozen", "card.unfrozen", "card.lost"].map((action) => ({ action, actorKind: "student", actorId: student.id })),
    );
  });

  test('after "not me" is not undone by the student, and a later freeze does not soften it', async () => {
    const student = await shopper();
    const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
    await student.decline(charge.id, { notMe: true });
    expect((await student.api<CardBody>("POST", `/cards/${student.cardId}/freeze`)).body.status).toBe("frozen");
    expect(await student.api("POST", `/cards/${student.cardId}/unfreeze`, { body: {} })).toMatchObject({
      status: 409,
      body: { error: { code: "INVALID_TRANSITION", details: { status: "frozen", because: "not me" } } },
    });
  });

  test('said of a card that the student had frozen, "not me" is what counts from then on', async () => {
    const student = await shopper();
    const charge = await student.scannedOrder({ till, totalMinor: 1_000 });
    await campus.sql`update cards set status = 'frozen', status_because = 'frozen by the student' where id = ${student.cardId}`;
    await student.decline(charge.id, { notMe: true });
    expect((await student.api("POST", `/cards/${student.cardId}/unfreeze`, { body: {} })).status).toBe(409);
  });

  test("is for the card's own student: another one's card is not there", async () => {
    const [student, other] = [await shopper(), await campus.student()];
    for (const verb of ["freeze", "unfreeze", "report-lost"]) {
      expect(await other.api("POST", `/cards/${student.cardId}/${verb}`, verb === "unfreeze" ? { body: {} } : {})).toMatchObject({
        status: 404,
        body: { error: { code: "NOT_FOUND" } },
      });
      expect(await admin.api("POST", `/cards/${student.cardId}/${verb}`, verb === "unfreeze" ? { body: {} } : {})).toMatchObject({
        status: 403,
      });
    }
    expect(await campus.sql`select status from cards where id = ${student.cardId}`).toEqual([{ status: "active" }]);
  });
});

describe("a lost card", () => {
  test("stays lost: neither freezing nor unfreezing brings it back, and the counter refuses it", async () => {
    const student = await shopper();
    const order = await student.placeOrder({ till, totalMinor: 1_000 });
    expect((await student.api<CardBody>("POST", `/cards/${student.cardId}/report-lost`)).body.status).toBe("lost");
    for (const verb of ["freeze", "unfreeze"]) {
      expect(await student.api("POST", `/cards/${student.cardId}/${verb}`, verb === "unfreeze" ? { body: {} } : {})).toMatchObject({
        status: 409,
        body: { error: { code: "INVALID_TRANSITION", details: { status: "lost" } } },
      });
    }
    expect(await student.scan(till, { orderId: order.id })).toMatchObject({ status: 403, body: { error: { code: "CARD_NOT_ACCEPTED" } } });
    await issue(student.id, newCardUid());
    expect((await student.api<{ items: CardBody[] }>("GET", "/cards")).body.items.map(({ status }) => status)).toEqual(["active", "lost"]);
  });

  test("that was replaced before cannot be reported lost any more", async () => {
    const student = await shopper();
    await issue(student.id, newCardUid());
    expect(await student.api("POST", `/cards/${student.cardId}/report-lost`)).toMatchObject({
      status: 409,
      body: { error: { code: "INVALID_TRANSITION", details: { status: "revoked" } } },
    });
  });
});

describe("forbidding while a debit is decided", () => {
  test("a freeze that races confirms leaves no debit after it and no deadlock, whatever is frozen", async () => {
    const owner = await campus.staff("owner", till.cafe);
    for (let round = 0; round < 12; round += 1) {
      const [student, ownTill] = [await shopper(), await money.secondTill(till)];
      const charge = await student.scannedOrder({ till: ownTill, totalMinor: 1_000 });
      const forbid = [
        () => student.api("POST", `/cards/${student.cardId}/freeze`, { process: 1 }),
        () => student.api("POST", "/wallet/freeze", { process: 1 }),
        () => owner.api("DELETE", `/admin/devices/${ownTill.device.id}`, { process: 1 }),
        () => student.decline(charge.id, { process: 1, notMe: true }),
      ][round % 4];
      const [confirmed, forbidden] = await Promise.all([student.confirm(charge), forbid?.()]);
      expect([200, 409, 423]).toContain(confirmed.status);
      expect([200, 204, 409]).toContain(forbidden?.status);
      expect(await student.balanceMinor()).toBe(confirmed.status === 200 ? 19_000 : 20_000);
    }
    expect((await checkLedger(campus.worker.db)).invariants.filter((invariant) => !invariant.ok)).toEqual([]);
  });

  test.each(["card", "device", "cafe"] as const)(
    "a %s that is forbidden by any statement waits for the debits that share its guard, and is noted",
    async (kind) => {
      const [student, cafe] = [await shopper(), await campus.cafe()];
      const device = await campus.device(cafe);
      const id = { card: student.cardId, device: device.id, cafe: cafe.id }[kind];
      const forbid = {
        card: () => campus.sql`update cards set status = 'frozen' where id = ${id}`,
        device: () => campus.sql`update devices set revoked_at = now() where id = ${id}`,
        cafe: () => campus.sql`update cafes set status = 'suspended' where id = ${id}`,
      }[kind];
      const debit = await campus.worker.db.connect();
      await debit.query("begin");
      await debit.query("select pg_advisory_xact_lock_shared(guard_key($1, $2))", [kind, id]);
      const forbidding = forbid();
      await expect
        .poll(
          () => campus.sql`select 1 from pg_locks l join pg_database d on d.oid = l.database
          where d.datname = current_database() and l.locktype = 'advisory' and not l.granted`,
        )
        .toHaveLength(1);
      await debit.query("commit");
      debit.release();
      await forbidding;
      expect(await campus.sql`select object_kind, allowed from status_changes where object_id = ${id}`).toEqual([
        { objectKind: kind, allowed: false },
      ]);
    },
  );
});
