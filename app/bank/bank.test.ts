import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkLedger } from "../ledger/check-ledger.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { adjust, expectOk, type Money, moneyOf, type Till } from "../testing/money.ts";
import type { TestStaff } from "../testing/people.ts";
import { codeOf } from "../testing/refusal.ts";
import { all, parseXml, textAt } from "./xml.ts";

const own = "SE4550000000058398257466";
const cafeIban = "SE35 5000 0000 0549 1000 0003";
let campus: Campus;
let money: Money;
let first: TestStaff;
let second: TestStaff;
beforeAll(async () => {
  campus = await startCampus({
    env: {
      BANK_HOLDER: "Universitetet i Åmål & Søn",
      BANK_IBAN: own,
      PAY_OUT_TWO_PEOPLE_ABOVE_MINOR: "50000",
      CLOSE_OUT_WAIT_SECONDS: "0",
    },
  });
  money = moneyOf(campus);
  [first, second] = [await campus.staff("finance"), await campus.staff("finance")];
});
afterAll(async () => {
  expect((await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok)).toEqual([]);
  await campus.end();
});

const keyed = () => ({ "Idempotency-Key": randomUUID() });
interface Made {
  readonly id: string;
  readonly total_minor: number;
  readonly payments_count: number;
  readonly error?: { readonly code: string; readonly details: Readonly<Record<string, unknown>> };
}
const today = () => new Intl.DateTimeFormat("sv-SE", { timeZone: "Europe/Stockholm" }).format();

/** A café with an account, and one settlement of it that is due. */
async function due(totalMinor: number, hasAccount = true): Promise<{ till: Till; settlementId: string }> {
  const till = await money.till();
  const buyer = await money.fundedStudent({ balanceMinor: totalMinor });
  expectOk(await buyer.confirm(await buyer.scannedOrder({ till, totalMinor })));
  const [made] = await campus.sql<{ id: string }>`
    select settle_cafe_day(${till.cafe.id}, day, now() + interval '9 days') as id from day_to_settle(${till.cafe.id})`;
  if (hasAccount) {
    const body = { cafe_id: till.cafe.id, holder: "Kafé Källan", iban: cafeIban };
    const { id } = expectOk(await first.api<Made>("POST", "/admin/cafe-bank-accounts", { body }));
    expectOk(await second.api("POST", `/admin/cafe-bank-accounts/${id}/approve`));
  }
  return { till, settlementId: made?.id ?? "" };
}

const makeFile = (body: object, staff = first, key = randomUUID()) =>
  staff.api<Made>("POST", "/admin/payment-files", { headers: { "Idempotency-Key": key }, body: { execution_day: today(), ...body } });
const statusOf = async (settlementId: string) =>
  expectOk(await first.api<{ status: string; bank_reference: string | null }>("GET", `/admin/settlements/${settlementId}`));

async function pendingCloseOut(balanceMinor: number): Promise<{ id: string; studentId: string }> {
  const student = await money.fundedStudent({ balanceMinor, name: "Zoë Østergård" });
  const body = { pay_to: cafeIban, ...(await student.proof({ purpose: "close_out", pay_to: cafeIban })) };
  const { id } = expectOk(await student.api<Made>("POST", "/wallet/close-out", { headers: keyed(), body }));
  return { id, studentId: student.id };
}

async function agreedCloseOut(balanceMinor: number): Promise<{ id: string; studentId: string }> {
  const asked = await pendingCloseOut(balanceMinor);
  const agreed = { expected_amount_minor: balanceMinor };
  expectOk(await second.api("POST", `/admin/close-outs/${asked.id}/approve`, { headers: keyed(), body: agreed }));
  return asked;
}

test("settlements and close-outs are paid by one file whose sums add up, which names each transfer, and none is in a second one", async () => {
  const [a, b, closeOut] = [await due(12_345), await due(700), await agreedCloseOut(4_321)];
  const wanted = { settlement_ids: [a.settlementId, b.settlementId], close_outs: [{ id: closeOut.id, expected_amount_minor: 4_321 }] };
  const key = randomUUID();
  const file = expectOk(await makeFile(wanted, first, key));
  expect(file).toMatchObject({ payments_count: 3, total_minor: 17_366, currency: "SEK", made_by: first.id });
  expect(expectOk(await makeFile(wanted, first, key))).toEqual(file);
  expect((await makeFile(wanted)).body.error).toMatchObject({ code: "INVALID_TRANSITION", details: { settlement_id: a.settlementId } });
  expect((await makeFile({ close_outs: wanted.close_outs }, second)).body.error).toMatchObject({ details: { close_out_id: closeOut.id } });

  const [text, again] = [
    await first.api("GET", `/admin/payment-files/${file.id}/file`),
    await second.api("GET", `/admin/payment-files/${file.id}/file`, { process: 1 }),
  ];
  expect([text.status, text.headers.get("content-type"), text.text]).toEqual([200, "application/xml; charset=utf-8", again.text]);
  const order = all(parseXml(text.text), "CstmrCdtTrfInitn")[0] ?? expect.fail("no order");
  const info = all(order, "PmtInf")[0] ?? expect.fail("no payments");
  for (const head of [all(order, "GrpHdr")[0] ?? order, info])
    expect([textAt(head, "NbOfTxs"), textAt(head, "CtrlSum")]).toEqual(["3", "173.66"]);
  expect([textAt(info, "Dbtr", "Nm"), textAt(info, "DbtrAcct", "Id", "IBAN"), textAt(info, "ReqdExctnDt", "Dt")]).toEqual([
    "Universitetet i Amal . Son",
    own,
    today(),
  ]);
  const transfers = all(info, "CdtTrfTxInf").map((one) => [
    textAt(one, "Amt", "InstdAmt"),
    textAt(one, "Cdtr", "Nm"),
    textAt(one, "CdtrAcct", "Id", "IBAN"),
  ]);
  const iban = cafeIban.replaceAll(" ", "");
  expect(transfers).toEqual([
    ["123.45", "Kafe Kallan", iban],
    ["7.00", "Kafe Kallan", iban],
    ["43.21", "Zoe Ostergard", iban],
  ]);
  const { status, bank_reference } = await statusOf(a.settlementId);
  expect([status, bank_reference]).toEqual(["paid", textAt(all(info, "CdtTrfTxInf")[0] ?? info, "PmtId", "EndToEndId")]);
  const { items } = expectOk(await first.api<{ items: Made[] }>("GET", "/admin/payment-files"));
  expect(items.map(({ id }) => id)).toContain(file.id);
});

test("a file is made whole or not at all: of what cannot be paid it says which and why, and nothing is paid", async () => {
  const [good, homeless, large, closeOut] = [await due(500), await due(600, false), await due(50_001), await agreedCloseOut(900)];
  const refused = async (body: object, code: string, details: object) => {
    const named = [good.settlementId, ...((body as { settlement_ids?: string[] }).settlement_ids ?? [])];
    expect((await makeFile({ ...body, settlement_ids: named })).body.error).toMatchObject({ code, details });
    expect((await statusOf(good.settlementId)).status).toBe("due");
  };
  await refused({ settlement_ids: [homeless.settlementId] }, "CONFLICT", { settlement_id: homeless.settlementId });
  await refused({ settlement_ids: [large.settlementId] }, "CONFLICT", { settlement_id: large.settlementId });
  await refused({ settlement_ids: [randomUUID()] }, "NOT_FOUND", {});
  const alone = await makeFile({ close_outs: [{ id: (await pendingCloseOut(950)).id, expected_amount_minor: 950 }] });
  expect(alone.body.error).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("It takes two people") });
  const nothing = await makeFile({ close_outs: [{ id: (await agreedCloseOut(0)).id, expected_amount_minor: 0 }] });
  expect(nothing.body.error).toMatchObject({ code: "CONFLICT", message: expect.stringContaining("nothing to transfer") });
  await refused({ close_outs: [{ id: closeOut.id, expected_amount_minor: 901 }] }, "CONFLICT", { close_out_id: closeOut.id });
  const grown = await agreedCloseOut(800);
  await campus.owner.transaction((tx) =>
    adjust(tx, { studentId: grown.studentId, amountMinor: 5, requestedBy: first.id, decidedBy: second.id }),
  );
  await refused({ close_outs: [{ id: grown.id, expected_amount_minor: 805 }] }, "CONFLICT", { close_out_id: grown.id });
  await refused({ execution_day: "2026-01-01" }, "VALIDATION_ERROR", { fields: [{ field: "execution_day" }] });
  expect(codeOf(await makeFile({}))).toBe("VALIDATION_ERROR");
  // The first of two people agrees by the single verb; then the second one's file may hold it.
  expectOk(
    await second.api("POST", `/admin/settlements/${large.settlementId}/pay`, { headers: keyed(), body: { bank_reference: "agreed" } }),
  );
  expect(expectOk(await makeFile({ settlement_ids: [large.settlementId] }))).toMatchObject({ total_minor: 50_001 });
});

test("a student in a file is not erased before the bank has booked the transfer, so that the file is there for everybody in it", async () => {
  const [cafe, closeOut, other] = [await due(150), await agreedCloseOut(250), await agreedCloseOut(260)];
  const close_outs = [
    { id: closeOut.id, expected_amount_minor: 250 },
    { id: other.id, expected_amount_minor: 260 },
  ];
  const file = expectOk(await makeFile({ settlement_ids: [cafe.settlementId], close_outs }));
  const admin = await campus.staff("admin");
  const erase = ({ studentId }: { studentId: string }) =>
    admin.api<{ error: { details: object } }>("DELETE", `/admin/students/${studentId}`);
  const read = () => first.api("GET", `/admin/payment-files/${file.id}/file`);
  for (const each of [closeOut, other])
    expect((await erase(each)).body.error.details).toMatchObject({ because: "pay_out_on_its_way", obstacles: ["pay_out_on_its_way"] });
  expect((await read()).status).toBe(200);

  const [named] = await campus.sql<{ name: string }>`select bank_reference as name from close_outs where id = ${closeOut.id}`;
  const booked = (ref: string, minor: number) => send(statement(ref, [entry({ ref, minor, way: "DBIT", named: named?.name ?? "" })]));
  expectOk(await booked("another-amount", 249));
  expect((await erase(closeOut)).status).toBe(409);
  expectOk(await booked("booked", 250));
  expect((await erase(closeOut)).status).toBe(204);
  expect(codeOf(await read())).toBe("CONFLICT");

  // Where nobody imports statements, a month after the file's day.
  await campus.sql`update payment_files set execution_day = current_date - 31 where id = ${file.id}`;
  expect((await erase(other)).status).toBe(204);
});

test("a student whose transfer came back is kept by the money alone, and not by the file", async () => {
  const closeOut = await agreedCloseOut(270);
  expectOk(await makeFile({ close_outs: [{ id: closeOut.id, expected_amount_minor: 270 }] }));
  for (const staff of [first, second])
    expectOk(await staff.api("POST", `/admin/close-outs/${closeOut.id}/return`, { headers: keyed(), body: { reason: "AC04" } }));
  const admin = await campus.staff("admin");
  const refused = await admin.api<{ error: { details: object } }>("DELETE", `/admin/students/${closeOut.studentId}`);
  expect(refused.body.error.details).toMatchObject({ obstacles: ["balance"] });
});

test("a café's account takes two people of finance, is an IBAN without a wrong character, and the last one that was approved holds", async () => {
  const till = await money.till();
  const ask = (iban: string, staff = first) =>
    staff.api<Made>("POST", "/admin/cafe-bank-accounts", { body: { cafe_id: till.cafe.id, holder: "Kafé", iban } });
  expect((await ask("SE35 5000 0000 0549 1000 0004")).body.error).toMatchObject({
    code: "VALIDATION_ERROR",
    details: { fields: [{ field: "iban" }] },
  });
  const { id } = expectOk(await ask(cafeIban));
  expect(codeOf(await ask(cafeIban))).toBe("CONFLICT");
  expect(codeOf(await first.api("POST", `/admin/cafe-bank-accounts/${id}/approve`))).toBe("INSUFFICIENT_ROLE");
  for (const staff of [await campus.staff("admin"), await campus.staff("owner", till.cafe)]) {
    expect(codeOf(await staff.api("POST", `/admin/cafe-bank-accounts/${id}/approve`))).toBe("INSUFFICIENT_ROLE");
    expect(codeOf(await makeFile({ settlement_ids: [id] }, staff))).toBe("INSUFFICIENT_ROLE");
    expect(codeOf(await staff.api("GET", `/admin/payment-files/${id}/file`))).toBe("INSUFFICIENT_ROLE");
  }
  expect(expectOk(await second.api("POST", `/admin/cafe-bank-accounts/${id}/reject`))).toMatchObject({ status: "rejected" });
  expect(codeOf(await second.api("POST", `/admin/cafe-bank-accounts/${id}/approve`))).toBe("INVALID_TRANSITION");
});

const entry = (parts: {
  ref: string;
  minor: number;
  way: "DBIT" | "CRDT";
  named?: string;
  why?: string;
  status?: string;
  ccy?: string;
}) => `
  <Ntry><NtryRef>${parts.ref}</NtryRef><Amt Ccy="${parts.ccy ?? "SEK"}">${(parts.minor / 100).toFixed(2)}</Amt><CdtDbtInd>${parts.way}</CdtDbtInd><Sts><Cd>${parts.status ?? "BOOK"}</Cd></Sts>
    <BookgDt><Dt>2026-11-28</Dt></BookgDt><AcctSvcrRef>${parts.ref}</AcctSvcrRef>
    <NtryDtls><TxDtls><Refs><EndToEndId>${parts.named ?? "NOTPROVIDED"}</EndToEndId></Refs>${parts.why ? `<RtrInf><Rsn><Cd>${parts.why}</Cd></Rsn></RtrInf>` : ""}</TxDtls></NtryDtls></Ntry>`;
const statement = (id: string, entries: readonly string[], account = own) => `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>m</MsgId></GrpHdr>
  <Stmt><Id>${id}</Id><Acct><Id><IBAN>${account}</IBAN></Id></Acct>${entries.join("")}</Stmt></BkToCstmrStmt></Document>`;

interface Imported {
  readonly statements: readonly { readonly entries: number; readonly new_entries: number }[];
  readonly error?: { readonly code: string; readonly message: string };
}
const send = (body: string, staff = first, type = "application/xml") =>
  staff.api<Imported>("POST", "/admin/bank-statements", { body, headers: { "Content-Type": type } });
interface Entry {
  readonly entry_ref: string;
  readonly state: string;
  readonly pay_out_id: string | null;
}
async function states(refs: readonly string[]): Promise<Record<string, [string, string | null]>> {
  const { items } = expectOk(await first.api<{ items: Entry[] }>("GET", "/admin/bank-entries?limit=100"));
  return Object.fromEntries(
    items
      .filter(({ entry_ref }) => refs.some((ref) => entry_ref.startsWith(`${ref}:`)))
      .map((each) => [each.entry_ref, [each.state, each.pay_out_id]]),
  );
}

test("an entry in another money meets no pay-out, and money that goes out is none of the gateway's", async () => {
  const { settlementId } = await due(2_000);
  expectOk(await makeFile({ settlement_ids: [settlementId] }));
  const named = (await statusOf(settlementId)).bank_reference ?? "";
  const [payOut] = await campus.sql<{ id: string }>`
    insert into gateway_pay_outs (gateway, pay_out_id, amount_minor, fee_minor, currency, bank_reference, at) values ('test', ${randomUUID()}, 1234, 0, 'SEK', 'UTR-9', now()) returning id`;
  const text = statement("S-10", [
    entry({ ref: "G1", minor: 2_000, way: "DBIT", named, ccy: "EUR" }),
    entry({ ref: "G2", minor: 1_234, way: "DBIT", named: "UTR-9" }),
    entry({ ref: "G3", minor: 1_234, way: "CRDT", named: "UTR-9" }),
  ]);
  expectOk(await send(text));
  expect(await states(["G1", "G2", "G3"])).toEqual({
    "G1:out": ["another_amount", null],
    "G2:out": ["paid_twice", null],
    "G3:in": ["matched", payOut?.id],
  });
  await campus.sql`delete from gateway_pay_outs where id = ${payOut?.id}`;
});

test("a statement is held against the pay-outs: met, paid twice, of another amount, sent back, unknown; the same file again changes nothing", async () => {
  const [a, b, c] = [await due(1_000), await due(2_000), await due(3_000)];
  expectOk(await makeFile({ settlement_ids: [a.settlementId, b.settlementId] }));
  expectOk(
    await first.api("POST", `/admin/settlements/${c.settlementId}/pay`, { headers: keyed(), body: { bank_reference: "BY-HAND-7" } }),
  );
  const [nameA, nameB] = [(await statusOf(a.settlementId)).bank_reference ?? "", (await statusOf(b.settlementId)).bank_reference ?? ""];
  const refs = ["E1", "E2", "E3", "E4", "BY-HAND-7", "E6", "E7"];
  const text = statement("S-1", [
    entry({ ref: "E1", minor: 1_000, way: "DBIT", named: nameA }),
    entry({ ref: "E2", minor: 1_000, way: "DBIT", named: nameA }),
    entry({ ref: "E3", minor: 1_999, way: "DBIT", named: nameB }),
    entry({ ref: "E4", minor: 1_000, way: "CRDT", named: nameA, why: "AC04" }),
    entry({ ref: "BY-HAND-7", minor: 3_000, way: "DBIT" }),
    entry({ ref: "E6", minor: 77, way: "DBIT" }),
    entry({ ref: "E7", minor: 5, way: "DBIT", status: "PDNG" }),
  ]);
  expect(expectOk(await send(text)).statements).toMatchObject([{ entries: 6, new_entries: 6 }]);
  expect(expectOk(await send(text)).statements).toMatchObject([{ entries: 6, new_entries: 0 }]);
  // Tomorrow's statement has one of today's once more.
  const next = statement("S-2", [entry({ ref: "E6", minor: 77, way: "DBIT" })]);
  expect(expectOk(await send(next)).statements).toMatchObject([{ entries: 1, new_entries: 0 }]);
  const found = {
    "E1:out": ["matched", a.settlementId],
    "E2:out": ["paid_twice", null],
    "E3:out": ["another_amount", null],
    "E4:in": ["to_return", a.settlementId],
    "BY-HAND-7:out": ["matched", c.settlementId],
    "E6:out": ["unmatched", null],
  };
  expect(await states(refs)).toEqual(found);
  // No money moved by the file: two people say that it came back.
  expect((await statusOf(a.settlementId)).status).toBe("paid");
  const back = { headers: keyed(), body: { reason: "AC04, account closed" } };
  const other = { ...back, headers: keyed() };
  expectOk(await first.api("POST", `/admin/settlements/${a.settlementId}/return`, back));
  expect((await states(refs))["E4:in"]).toEqual(["to_return", a.settlementId]);
  const toReturn = () => second.api<{ items: object[] }>("GET", "/admin/bank-entries?state=to_return");
  expect(expectOk(await toReturn()).items).toMatchObject([{ pay_out_id: a.settlementId, return_asked_by: first.id }]);
  expectOk(await second.api("POST", `/admin/settlements/${a.settlementId}/return`, other));
  expect(await states(refs)).toEqual({ ...found, "E4:in": ["returned", a.settlementId] });
  const only = expectOk(await first.api<{ items: Entry[] }>("GET", "/admin/bank-entries?state=paid_twice")).items;
  expect(only.map(({ entry_ref }) => entry_ref)).toEqual(["E2:out"]);
  // It is due again, and another file pays it under another name.
  expectOk(await makeFile({ settlement_ids: [a.settlementId] }));
  expect((await statusOf(a.settlementId)).bank_reference).not.toBe(nameA);
  expect((await states(refs))["E1:out"]).toEqual(["matched", a.settlementId]);
});

test("an entry that is known with another amount refuses the file that has it, and what a later file adds to a statement is in the trail", async () => {
  expectOk(await send(statement("S-4", [entry({ ref: "F1", minor: 1, way: "DBIT" })])));
  const differs = await send(
    statement("S-5", [entry({ ref: "F2", minor: 9, way: "DBIT" }), entry({ ref: "F1", minor: 500, way: "DBIT" })]),
  );
  expect(differs).toMatchObject({ status: 400, body: { error: { message: expect.stringContaining("F1:out") } } });
  expect(await campus.sql`select id from bank_entries where entry_ref = 'F2:out'`).toEqual([]);
  const more = statement("S-4", [entry({ ref: "F1", minor: 1, way: "DBIT" }), entry({ ref: "F3", minor: 3, way: "DBIT" })]);
  for (const added of [1, 0]) expect(expectOk(await send(more)).statements).toMatchObject([{ new_entries: added }]);
  expect(await campus.sql`select details from audit_log where action = 'bank_statement.entries_added'`).toEqual([
    { details: { statement_id: "S-4", entries: 2, new_entries: 1 } },
  ]);
});

test("a batch is told by its parts where they add up, else as a whole", async () => {
  const part = (minor: number, named: string) =>
    `<TxDtls><Refs><EndToEndId>${named}</EndToEndId></Refs><Amt Ccy="SEK">${(minor / 100).toFixed(2)}</Amt></TxDtls>`;
  const batch = (
    ref: string,
    sum: string,
  ) => `<Ntry><Amt Ccy="SEK">${sum}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><BookgDt><DtTm>2026-11-28T10:00:00</DtTm></BookgDt>
    <AcctSvcrRef>${ref}</AcctSvcrRef><NtryDtls>${part(100, "x-1")}${part(250, "x-2")}</NtryDtls></Ntry>`;
  expect(expectOk(await send(statement("S-3", [batch("B1", "3.50"), batch("B2", "9.99")]))).statements).toMatchObject([{ entries: 3 }]);
  expect(Object.keys(await states(["B1/1", "B1/2", "B2", "B1:out/1"]))).toEqual(["B2:out"]);
  const kept =
    await campus.sql`select entry_ref, amount_minor, reference from bank_entries where entry_ref like 'B%' and entry_ref not like 'BY%' order by 1`;
  expect(kept.map(({ amountMinor, reference }) => [amountMinor, reference])).toEqual([
    [100, "x-1"],
    [250, "x-2"],
    [999, "B2"],
  ]);
});

test("what is no plain statement of the own account is refused, and nothing of it is kept", async () => {
  const bomb = `<?xml version="1.0"?><!DOCTYPE d [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>${statement("S-9", []).split("?>")[1]?.replace("S-9", "&b;")}`;
  const good = entry({ ref: "Z1", minor: 5, way: "DBIT" });
  for (const text of [
    bomb,
    bomb.replace(/ENTITY a "aaaa"/, 'ENTITY a SYSTEM "file:///etc/passwd"'),
    statement("S-9", [good]).replace("S-9", "&xxe;"),
    statement("S-9", [good], "SE3550000000054910000003"),
    statement("S-9", [good]).replace("camt.053", "camt.054"),
    statement("S-9", [good]).replace("</Stmt>", ""),
    statement("S-9", [good]).replace('<Amt Ccy="SEK">0.05', '<Amt Ccy="SEK">0.055'),
    statement("S-9", [good]).replace("DBIT", "BOTH"),
    statement("S-9", ["<a>".repeat(60) + "</a>".repeat(60)]),
    statement("S-9", [`<a${' b=""'.repeat(1_000_000)}></a>`]),
    statement("S-9", [`<a>${"&amp;".repeat(3_000)}</a>`]),
    statement("S-9", Array<string>(20_001).fill(entry({ ref: "Z2", minor: 5, way: "DBIT" }).replaceAll(/\s+</g, "<"))),
    ...["2026-02-30", "2026-13-01", "0000-01-01", "9999-99-99"].map((day) => statement("S-9", [good]).replace("2026-11-28", day)),
    ...["\u0000", "\u0001", "&#0;", "&#1;", "&#xD800;", "&#xFFFF;"].map((sign) => statement("S-9", [good]).replace("NOTPROVIDED", sign)),
    "nothing",
    "",
  ])
    expect([text.slice(0, 60), codeOf(await send(text))]).toEqual([text.slice(0, 60), "VALIDATION_ERROR"]);
  expect(codeOf(await send(statement("S-9", [good]), first, "text/csv"))).toBe("UNSUPPORTED_MEDIA_TYPE");
  expect(codeOf(await send(statement("S-9", [good]), await campus.staff("admin")))).toBe("INSUFFICIENT_ROLE");
  expect(codeOf(await send("x".repeat(9 * 1024 * 1024)))).toBe("PAYLOAD_TOO_LARGE");
  expect(await campus.sql`select 1 from bank_statements where statement_id = 'S-9'`).toEqual([]);
});

test("each of these is in the audit trail with whoever did it", async () => {
  const { settlementId } = await due(100);
  expectOk(await makeFile({ settlement_ids: [settlementId] }));
  expectOk(await send(statement("S-audit", [])));
  const lines = await campus.sql<{ action: string; actorId: string }>`
    select distinct action, actor_id from audit_log where action ~ '^(cafe_bank_account|payment_file|bank_statement)[.]'`;
  for (const [action, { id: actorId }] of [
    ["cafe_bank_account.requested", first],
    ["cafe_bank_account.approved", second],
    ["cafe_bank_account.rejected", second],
    ["payment_file.made", first],
    ["bank_statement.imported", first],
  ] as const)
    expect(lines).toContainEqual({ action, actorId });
});
