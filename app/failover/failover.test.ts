import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { sql } from "../platform/postgres.ts";
import { createReceiptSigner } from "../receipts/receipt-signer.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { testEnvironment } from "../testing/configure.ts";
import { addDish } from "../testing/menus.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type ScannedCharge, type Till } from "../testing/money.ts";
import { oneBehindTheOther } from "../testing/one-behind-the-other.ts";
import type { TestStaff } from "../testing/people.ts";

let campus: Campus;
let money: Money;
let till: Till;
let asks: TestStaff;
let approves: TestStaff;

beforeAll(async () => {
  campus = await startCampus({ env: { CAMPUS_EPOCH: "2", CHARGE_SECONDS: "300" } });
  money = moneyOf(campus);
  till = await money.till();
  [asks, approves] = [await campus.staff("finance"), await campus.staff("finance")];
});
afterAll(async () => {
  await campus.end();
});

interface Presented {
  readonly items: {
    readonly place: number;
    readonly receipt_id: string | null;
    readonly status: string;
    readonly because: string | null;
  }[];
}
interface Case {
  readonly id: string;
  readonly receipt_id: string;
  readonly transaction_id: string;
  readonly status: string;
  readonly proposal: string | null;
  readonly obstacle: string | null;
  readonly order: string;
  readonly owed_minor: number;
  readonly similar_order_ids: string[];
}

interface Bought {
  readonly student: MoneyStudent;
  readonly charge: ScannedCharge;
  readonly receipt: string;
  readonly receiptId: string;
}

async function buy(balanceMinor = 10_000): Promise<Bought> {
  const student = await money.fundedStudent({ balanceMinor });
  const charge = await student.scannedOrder({ till, totalMinor: 5_900 });
  const { receipt = "", receipt_id = "" } = expectOk(await student.confirm(charge));
  return { student, charge, receipt, receiptId: receipt_id };
}

/** What an asynchronous replica that missed the commit looks like: as if the debit had never been. */
async function lose({ charge, student }: Bought, how: "debit" | "order" = "debit"): Promise<void> {
  await campus.sql`delete from receipts where charge_id = ${charge.id}`;
  await campus.sql`delete from events where event in ('charge_ended', 'order_paid') and data ->> 'order_id' = ${charge.order_id}`;
  await campus.sql`delete from outbox where topic = 'order.paid' and payload ->> 'order_id' = ${charge.order_id}`;
  await campus.sql`update orders set payment_status = 'pending', paid_transaction_id = null, paid_at = null where id = ${charge.order_id}`;
  await campus.sql`update charges set state = 'open', ended_at = null, transaction_id = null where id = ${charge.id}`;
  await campus.sql`
    with gone as (delete from ledger_transactions where charge_id = ${charge.id} returning amount_minor)
    update wallets set balance_minor = balance_minor + (select amount_minor from gone), last_seq = last_seq - 1 where student_id = ${student.id}`;
  if (how === "debit") return;
  await campus.sql`delete from scans where charge_id = ${charge.id}`;
  await campus.sql`delete from charges where id = ${charge.id}`;
  await campus.sql`delete from order_items where order_id = ${charge.order_id}`;
  await campus.sql`delete from orders where id = ${charge.order_id}`;
}

const present = async (student: MoneyStudent, receipts: readonly string[], process: 0 | 1 = 0) =>
  expectOk(await student.api<Presented>("POST", "/receipts/present", { body: { receipts }, process })).items;

async function caseOf(receiptId: string): Promise<Case> {
  const { items } = expectOk(await asks.api<{ items: Case[] }>("GET", "/admin/failover/cases?limit=100"));
  const found = items.find((each) => each.receipt_id === receiptId);
  if (!found) throw new Error("There is no case of this receipt.");
  return found;
}

const agree = (staff: TestStaff, ...caseIds: string[]) =>
  staff.api<{ items: Case[] }>("POST", "/admin/failover/agree", { body: { case_ids: caseIds } });
const repost = async (staff: TestStaff) =>
  expectOk(await staff.api<{ reposted: number; refused: unknown[]; left: number }>("POST", "/admin/failover/repost"));

const soundBooks = async () => {
  const check = await checkLedger(campus.worker.db);
  return check.invariants.filter(({ ok }) => !ok);
};

test("a receipt whose debit is in the books is known, and nothing is listed", async () => {
  const bought = await buy();
  expect(await present(bought.student, [bought.receipt])).toEqual([
    { place: 0, receipt_id: bought.receiptId, status: "known", because: null },
  ]);
  await expect(caseOf(bought.receiptId)).rejects.toThrow("no case");
});

test("I18: a lost debit is listed once however often it is brought, and two people post it again under its own id, once", async () => {
  const bought = await buy();
  await lose(bought);
  expect(await bought.student.balanceMinor()).toBe(10_000);
  const twice = await Promise.all([
    present(bought.student, [bought.receipt, bought.receipt]),
    present(bought.student, [bought.receipt], 1),
  ]);
  expect(twice.flat().map(({ status }) => status)).toEqual(["listed", "listed", "listed"]);
  const listed = await caseOf(bought.receiptId);
  expect(listed).toMatchObject({ status: "open", proposal: "repost", order: "unpaid", owed_minor: 0 });

  const unasked = await campus.owner.row(sql`select repost_debit(${listed.id}, ${approves.id}) as said`);
  expect(unasked).toEqual({ said: "not_agreed" });
  expectOk(await agree(asks, listed.id));
  expect(await repost(asks)).toEqual({ reposted: 0, refused: [], left: 0 });
  const [first, second] = await Promise.all([repost(approves), repost(approves)]);
  expect(first.reposted + second.reposted).toBe(1);

  expect(await bought.student.balanceMinor()).toBe(4_100);
  expect((await bought.student.statement())[0]).toEqual({ kind: "repost", amountMinor: -5_900 });
  expect(await caseOf(bought.receiptId)).toMatchObject({ status: "reposted", proposal: null });
  expect(await present(bought.student, [bought.receipt])).toMatchObject([{ status: "known" }]);
  expect((await bought.student.readCharge(bought.charge.id)).receipt).toBe(bought.receipt);
  expect(await soundBooks()).toEqual([]);
});

test("an order that was lost with its debit comes back under its own id and number, which does not stop new orders", async () => {
  const gone = await addDish(campus, till.cafe);
  await campus.sql`update menu_items set deleted_at = now() where id = ${gone}`;
  const bought = await buy();
  const { order_number } = await bought.student.readOrder(bought.charge.order_id);
  const numbers = await campus.sql<{ lastNumber: number }>`select last_number from order_counters where cafe_id = ${till.cafe.id}`;
  await lose(bought, "order");
  await campus.sql`update order_counters set last_number = last_number - 1 where cafe_id = ${till.cafe.id}`;
  const [{ status } = { status: "" }] = await present(bought.student, [bought.receipt]);
  expect(status).toBe("listed");
  const listed = await caseOf(bought.receiptId);
  expect(listed).toMatchObject({ order: "missing", proposal: "repost" });
  expectOk(await agree(asks, listed.id));
  expect(await repost(approves)).toEqual({ reposted: 1, refused: [], left: 0 });
  const order = await bought.student.readOrder(bought.charge.order_id);
  expect(order).toMatchObject({ order_number, payment_status: "paid", total_minor: 5_900, status: "received" });
  expect(
    await campus.sql`select m.name from order_items i join menu_items m on m.id = i.menu_item_id where i.order_id = ${bought.charge.order_id}`,
  ).toEqual([{ name: "Order restored after a failover" }]);
  expect(await campus.sql`select last_number from order_counters where cafe_id = ${till.cafe.id}`).toEqual(numbers);
  await buy();
  expect(await soundBooks()).toEqual([]);
});

test("an order whose number was given away since comes back under a number of its own", async () => {
  const bought = await buy();
  const number = (await bought.student.readOrder(bought.charge.order_id)).order_number;
  await lose(bought, "order");
  await campus.sql`update order_counters set last_number = last_number - 1 where cafe_id = ${till.cafe.id}`;
  const other = await buy();
  expect((await other.student.readOrder(other.charge.order_id)).order_number).toBe(number);
  await present(bought.student, [bought.receipt]);
  expectOk(await agree(asks, (await caseOf(bought.receiptId)).id));
  expect(await repost(approves)).toMatchObject({ reposted: 1 });
  expect((await bought.student.readOrder(bought.charge.order_id)).order_number).toMatch(new RegExp(`^${number}-R[0-9a-f]{4}$`));
});

test("an order that was paid again since is never debited a second time: the case says so and is dismissed", async () => {
  const bought = await buy(20_000);
  await lose(bought);
  const again = await bought.student.readCharge(bought.charge.id);
  expectOk(await bought.student.confirm({ ...again, match_code: bought.charge.match_code }));
  expect(await present(bought.student, [bought.receipt])).toMatchObject([{ status: "listed" }]);
  const listed = await caseOf(bought.receiptId);
  expect(listed).toMatchObject({ obstacle: "paid_again", proposal: "dismiss", order: "paid" });
  expect(expectOk(await agree(asks, listed.id)).items).toMatchObject([{ status: "open" }]);
  expect((await repost(approves)).reposted).toBe(0);
  const dismiss = () =>
    asks.api<Case>("POST", `/admin/failover/cases/${listed.id}/dismiss`, { body: { reason: "Paid again at the counter." } });
  expect(expectOk(await dismiss()).status).toBe("dismissed");
  expect((await dismiss()).body).toMatchObject({ error: { code: "INVALID_TRANSITION" } });
  expect(await bought.student.balanceMinor()).toBe(14_100);
  expect(await soundBooks()).toEqual([]);
});

test("one person alone dismisses lost debits up to an amount: the one that goes above it takes a second person, also if the code forgets", async () => {
  const [one, other] = [await campus.staff("finance"), await campus.staff("admin")];
  const lost = await Promise.all(
    [1, 2, 3].map(async () => {
      const bought = await buy();
      await lose(bought);
      await present(bought.student, [bought.receipt]);
      return caseOf(bought.receiptId);
    }),
  );
  const [first, large, small] = lost.map(({ id }) => id) as [string, string, string];
  await campus.sql`update failover_cases set amount_minor = 600000 where id in (${first}, ${large})`;
  const dismiss = (id: string, as: TestStaff) =>
    as.api<Case & { dismiss_asked_by: string | null }>("POST", `/admin/failover/cases/${id}/dismiss`, {
      body: { reason: "A friend of mine." },
    });
  for (const id of [first, small]) expect(expectOk(await dismiss(id, one))).toMatchObject({ status: "dismissed", dismiss_asked_by: null });
  expect(expectOk(await dismiss(large, one))).toMatchObject({ status: "open", dismiss_asked_by: one.id });
  expect((await dismiss(large, one)).body).toMatchObject({ error: { code: "INSUFFICIENT_ROLE" } });
  await expect(
    campus.sql`update failover_cases set status = 'dismissed', decided_by = ${one.id}, decided_at = now(), dismissed_because = 'alone', dismiss_takes_two = true where id = ${large}`.then(
      (rows) => rows[0],
    ),
  ).rejects.toThrow("failover_cases_two_people_dismiss");
  expect(expectOk(await dismiss(large, other))).toMatchObject({ status: "dismissed", dismiss_asked_by: one.id });
  expect(await soundBooks()).toEqual([]);
});

test("an order paid between the first person's yes and the second's goes back to be looked at", async () => {
  const bought = await buy(20_000);
  await lose(bought);
  await present(bought.student, [bought.receipt]);
  const listed = await caseOf(bought.receiptId);
  expectOk(await agree(asks, listed.id));
  const again = await bought.student.readCharge(bought.charge.id);
  expectOk(await bought.student.confirm({ ...again, match_code: bought.charge.match_code }));
  expect(await repost(approves)).toEqual({ reposted: 0, refused: [{ case_id: listed.id, because: "paid_again" }], left: 0 });
  expect(await caseOf(bought.receiptId)).toMatchObject({ status: "open", obstacle: "paid_again" });
  expect(await bought.student.balanceMinor()).toBe(14_100);
});

test("an order that nobody paid was cancelled meanwhile: it is posted as paid and can be given back from there", async () => {
  const bought = await buy();
  await lose(bought);
  expectOk(await bought.student.cancel(bought.charge.order_id));
  await present(bought.student, [bought.receipt]);
  const listed = await caseOf(bought.receiptId);
  expect(listed).toMatchObject({ order: "cancelled", proposal: "repost" });
  expectOk(await agree(asks, listed.id));
  expect(await repost(approves)).toMatchObject({ reposted: 1 });
  expect(await bought.student.readOrder(bought.charge.order_id)).toMatchObject({ status: "cancelled", payment_status: "paid" });
  const owner = await campus.staff("owner", till.cafe);
  const headers = { "Idempotency-Key": randomUUID() };
  expectOk(await owner.api("POST", `/admin/orders/${bought.charge.order_id}/refund`, { headers, body: { reason: "never made" } }));
  expect(await bought.student.balanceMinor()).toBe(10_000);
  expect(await soundBooks()).toEqual([]);
});

test("an order that was changed since, and a student who is gone, are for people and not posted", async () => {
  const [changed, gone] = [await buy(20_000), await buy()];
  await lose(changed);
  await lose(gone);
  await campus.sql`update charges set state = 'voided', ended_at = now(), ended_because = 'test' where id = ${changed.charge.id}`;
  await changed.student.amend(changed.charge.order_id, 6_500);
  await present(gone.student, [gone.receipt]);
  await campus.sql`update wallets set status = 'closed' where student_id = ${gone.student.id}`;
  await present(changed.student, [changed.receipt]);
  expect(await caseOf(changed.receiptId)).toMatchObject({ obstacle: "order_changed", proposal: "by_hand" });
  const closed = await caseOf(gone.receiptId);
  expect(closed).toMatchObject({ obstacle: "no_wallet", proposal: "by_hand" });
  expect(expectOk(await agree(asks, closed.id)).items).toMatchObject([{ status: "open" }]);
});

test("one case that fails for a reason nobody thought of moves nothing and does not hold up the others", async () => {
  const [bad, good] = [await buy(), await buy()];
  for (const each of [bad, good]) {
    await lose(each);
    await present(each.student, [each.receipt]);
  }
  await campus.sql`insert into receipts (id, transaction_id, charge_id, order_id, student_id, payload, key_id)
    values (${randomUUID()}, ${randomUUID()}, ${bad.charge.id}, ${bad.charge.order_id}, ${bad.student.id}, '{}', 'receipt-1')`;
  const [badCase, goodCase] = [await caseOf(bad.receiptId), await caseOf(good.receiptId)];
  expectOk(await agree(asks, badCase.id, goodCase.id));
  expect(await repost(approves)).toEqual({ reposted: 1, refused: [{ case_id: badCase.id, because: "failed" }], left: 0 });
  expect([await bad.student.balanceMinor(), await good.student.balanceMinor()]).toEqual([10_000, 4_100]);
  expect(await caseOf(bad.receiptId)).toMatchObject({ status: "open" });
  await campus.sql`delete from receipts where charge_id = ${bad.charge.id}`;
  expect(await soundBooks()).toEqual([]);
});

test("a lost debit that is posted while its order is paid anew waits for it, and leaves it", async () => {
  const bought = await buy(20_000);
  await lose(bought);
  await present(bought.student, [bought.receipt]);
  const { id } = await caseOf(bought.receiptId);
  expectOk(await agree(asks, id));
  const orderId = bought.charge.order_id;
  const said = await oneBehindTheOther(
    campus.owner,
    (tx) => tx.run(sql`update orders set payment_status = 'paid', paid_transaction_id = uuidv7(), paid_at = now() where id = ${orderId}`),
    (tx) => tx.row<{ said: string }>(sql`select repost_debit(${id}, ${approves.id}) as said`),
  );
  expect(said).toEqual({ said: "paid_again" });
  await campus.sql`update orders set payment_status = 'pending', paid_transaction_id = null, paid_at = null where id = ${orderId}`;
  expect(await repost(approves)).toMatchObject({ reposted: 1 });
  expect(await soundBooks()).toEqual([]);
});

test("a charge is confirmed by what was debited where it asked for just that, before its time was over", async () => {
  const bought = await Promise.all([buy(), buy(), buy(), buy()]);
  const [within, past, dearer, inEuro] = bought.map(({ charge }) => charge.id) as [string, string, string, string];
  for (const each of bought) {
    await lose(each);
    await present(each.student, [each.receipt]);
  }
  await campus.sql`update charges c set expires_at = f.paid_at + case c.id when ${past} then interval '0' else interval '1 millisecond' end
    from failover_cases f where f.charge_id = c.id and c.id in (${within}, ${past}, ${dearer}, ${inEuro})`;
  await campus.sql`update charges set amount_minor = 5800 where id = ${dearer}`;
  await campus.sql`update charges set currency = 'EUR' where id = ${inEuro}`;
  await campus.sql`update charges c set digest = digest_of(c) where id in (${within}, ${past}, ${dearer}, ${inEuro})`;
  expectOk(await agree(asks, ...(await Promise.all(bought.map(async ({ receiptId }) => (await caseOf(receiptId)).id)))));
  expect(await repost(approves)).toMatchObject({ reposted: 4 });
  const stateOf = async (id: string) => (await campus.sql<{ state: string }>`select state from charges where id = ${id}`)[0]?.state;
  expect(await Promise.all([within, past, dearer, inEuro].map(stateOf))).toEqual(["confirmed", "voided", "voided", "voided"]);
  expect(await soundBooks()).toEqual([]);
});

test("a meal that was ordered anew shows beside the case", async () => {
  const bought = await buy(20_000);
  await lose(bought, "order");
  const anew = await bought.student.scannedOrder({ till, totalMinor: 5_900 });
  expectOk(await bought.student.confirm(anew));
  await present(bought.student, [bought.receipt]);
  expect((await caseOf(bought.receiptId)).similar_order_ids).toEqual([anew.order_id]);
});

test("money that was spent since is owed: the café is paid and no wallet falls below zero", async () => {
  const bought = await buy(6_000);
  await lose(bought);
  const other = await money.till();
  expectOk(await bought.student.confirm(await bought.student.scannedOrder({ till: other, totalMinor: 4_000 })));
  await present(bought.student, [bought.receipt]);
  const listed = await caseOf(bought.receiptId);
  expect(listed.owed_minor).toBe(3_900);
  expectOk(await agree(asks, listed.id));
  expect((await repost(approves)).reposted).toBe(1);
  expect(await bought.student.balanceMinor()).toBe(0);
  const debts = await campus.sql`select amount_minor from ledger_entries e join accounts a on a.id = e.account_id
    where a.kind = 'receivables' and a.student_id = ${bought.student.id}`;
  expect(debts).toEqual([{ amountMinor: -3_900 }]);
  expect(await soundBooks()).toEqual([]);
});

test("a terminal brings back receipts of its café, and of no other", async () => {
  const bought = await buy();
  await lose(bought);
  const other = await money.till();
  const ask = (device: Till["device"]) => device.api<Presented>("POST", "/pos/receipts/present", { body: { receipts: [bought.receipt] } });
  expect(expectOk(await ask(other.device)).items).toEqual([{ place: 0, receipt_id: null, status: "refused", because: "not_yours" }]);
  expect(expectOk(await ask(till.device)).items).toMatchObject([{ receipt_id: bought.receiptId, status: "listed" }]);
  expect((await bought.student.api("POST", "/pos/receipts/present", { body: { receipts: [bought.receipt] } })).status).toBe(401);
});

test("row 8: receipts that staff find on the old primary's disk become cases too, and forged ones do not", async () => {
  const [lost, kept] = [await buy(), await buy()];
  await lose(lost);
  const ask = (staff: Pick<TestStaff, "api">) =>
    staff.api<Presented>("POST", "/admin/failover/present", { body: { receipts: [lost.receipt, kept.receipt, "forged"] } });
  expect(expectOk(await ask(approves)).items).toEqual([
    { place: 0, receipt_id: lost.receiptId, status: "listed", because: null },
    { place: 1, receipt_id: kept.receiptId, status: "known", because: null },
    { place: 2, receipt_id: null, status: "refused", because: "signature" },
  ]);
  expect(await caseOf(lost.receiptId)).toMatchObject({ presented_by: "staff", proposal: "repost" });
  for (const staff of [lost.student, await campus.staff("owner", till.cafe)]) expect((await ask(staff)).status).toBe(403);
  const lines = await campus.sql`select details from audit_log where action = 'failover.presented'`;
  expect(lines).toEqual([{ details: { receipts: 3, listed: 1 } }]);
});

test("a receipt that is forged, tampered with, somebody else's or of a later epoch is refused, and nothing is listed", async () => {
  const [bought, other] = [await buy(), await buy()];
  const [{ cases: before } = { cases: 0 }] = await campus.sql<{ cases: number }>`select count(*) as cases from failover_cases`;
  const payload = JSON.parse(Buffer.from(bought.receipt.split(".")[1] ?? "", "base64url").toString()) as Record<string, unknown>;
  const signed = (body: object) => createReceiptSigner(campus.processes[0].platform).sign(JSON.stringify(body), "receipt-1");
  const stranger = { secrets: { ...campus.processes[0].platform.secrets, get: async () => forgedKeys } };
  const [header = "", , signature = ""] = bought.receipt.split(".");
  const dearer = Buffer.from(JSON.stringify({ ...payload, amount_minor: 1 })).toString("base64url");
  const answers = await present(bought.student, [
    await createReceiptSigner(stranger).sign(JSON.stringify(payload), "receipt-2"),
    `${header}.${dearer}.${signature}`,
    other.receipt,
    await signed({ ...payload, receipt_id: randomUUID(), transaction_id: randomUUID(), epoch: 3 }),
    "not a receipt",
    await signed({ ...payload, amount_minor: "5900" }),
  ]);
  expect(answers.map(({ status, because }) => [status, because])).toEqual([
    ["refused", "signature"],
    ["refused", "signature"],
    ["refused", "not_yours"],
    ["refused", "epoch"],
    ["refused", "signature"],
    ["refused", "signature"],
  ]);
  expect(await campus.sql`select count(*) as cases from failover_cases`).toEqual([{ cases: before }]);
});

const forgedKeys = testEnvironment({}).RECEIPT_KEYS?.replaceAll("receipt-1", "receipt-2") ?? "";

test("another student's and an unknown case, and every wrong role, are refused", async () => {
  const { student } = await buy();
  const owner = await campus.staff("owner", till.cafe);
  for (const [method, at] of [
    ["GET", "/admin/failover"],
    ["GET", "/admin/failover/cases"],
    ["POST", "/admin/failover/repost"],
    ["POST", "/admin/failover/end"],
  ] as const)
    for (const { api } of [student, owner]) expect((await api(method, at)).body).toMatchObject({ error: { code: "INSUFFICIENT_ROLE" } });
  expect((await owner.api("POST", "/receipts/present", { body: { receipts: ["a"] } })).status).toBe(403);
  expect((await agree(asks, randomUUID())).body).toMatchObject({ error: { code: "NOT_FOUND" } });
  const nobodys = await asks.api("POST", `/admin/failover/cases/${randomUUID()}/dismiss`, { body: { reason: "none" } });
  expect(nobodys.body).toMatchObject({ error: { code: "NOT_FOUND" } });
  expect((await student.api("POST", "/receipts/present", { body: { receipts: [] } })).body).toMatchObject({
    error: { code: "VALIDATION_ERROR" },
  });
});

test("after a failover students pay as ever, and it ends when every case is decided and a person says so", async () => {
  const bought = await buy();
  await lose(bought);
  await present(bought.student, [bought.receipt]);
  const books = async () => (await campus.api<{ books: string }>("GET", "root:/health")).body.books;
  expect(await books()).toBe("reconciling");
  expect(expectOk(await asks.api("GET", "/admin/failover"))).toMatchObject({ epoch: 2, region: "local", reconciling: true });
  const headers = () => ({ "Idempotency-Key": randomUUID() });
  const body = { bank_reference: "SEB-1" };
  for (const [at, more] of [
    [`/admin/settlements/${randomUUID()}/pay`, {}],
    [`/admin/close-outs/${randomUUID()}/approve`, { expected_amount_minor: 1 }],
  ] as const) {
    const refused = await asks.api("POST", at, { headers: headers(), body: { ...body, ...more } });
    expect(refused.body).toMatchObject({ error: { code: "TEMPORARILY_UNAVAILABLE" } });
    expect(refused.headers.get("retry-after")).toBe("60");
  }
  const end = () => asks.api("POST", "/admin/failover/end");
  expect((await end()).body).toMatchObject({ error: { code: "CONFLICT" } });
  const { items } = expectOk(await asks.api<{ items: Case[] }>("GET", "/admin/failover/cases?status=open&limit=100"));
  expectOk(await agree(asks, ...items.map(({ id }) => id)));
  await repost(approves);
  const rest = expectOk(await asks.api<{ items: Case[] }>("GET", "/admin/failover/cases?status=open&limit=100")).items;
  for (const { id } of rest)
    expectOk(await asks.api("POST", `/admin/failover/cases/${id}/dismiss`, { body: { reason: "Looked at by two." } }));
  expect(expectOk(await end())).toMatchObject({ reconciling: false });
  expect(expectOk(await end())).toMatchObject({ reconciling: false });
  expect(await books()).toBe("normal");
  expect((await asks.api("POST", `/admin/settlements/${randomUUID()}/pay`, { headers: headers(), body })).status).toBe(404);
  const lines = await campus.sql<{ action: string }>`
    select distinct action from audit_log where action like 'failover.%' order by action`;
  expect(lines.map(({ action }) => action)).toEqual([
    "failover.agreed",
    "failover.dismissal_asked",
    "failover.dismissed",
    "failover.ended",
    "failover.presented",
    "failover.reposted",
  ]);
  expect(await soundBooks()).toEqual([]);
});
