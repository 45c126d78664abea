import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Database, type Statement, sql, type Transaction } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { gatewayOf } from "../testing/gateway.ts";
import { expectOk, type Money, type MoneyStudent, moneyOf, type Till } from "../testing/money.ts";
import { settled } from "../testing/settled.ts";
import { sealFinishedDays } from "./anchors.ts";
import { checkLedger, checkRecent, type LedgerCheck } from "./check-ledger.ts";
import { invariants, notCovered } from "./invariants.ts";

let campus: Campus;
let money: Money;
let till: Till;
let otherTill: Till;
let student: MoneyStudent;
let other: MoneyStudent;
/** The charge of a paid order, and its parts. */
let paid: { chargeId: string; orderId: string; transactionId: string };
/** A top-up through the gateway, and an order that was paid there. */
let toppedUpBy: string;
let upiOrderId: string;
let superuser: pg.Client;

beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
  [till, otherTill] = [await money.till(), await money.till()];
  [student, other] = [await money.fundedStudent({ balanceMinor: 20_000 }), await money.fundedStudent({ balanceMinor: 5_000 })];
  await pay(other, 1_500);
  const { chargeId, orderId } = await pay(student, 5_900);
  const [row] = await campus.sql<{ transactionId: string }>`select transaction_id from charges where id = ${chargeId}`;
  paid = { chargeId, orderId, transactionId: row?.transactionId ?? "" };
  await payThroughGateway();
  superuser = new pg.Client({ connectionString: campus.database.superuserUrl });
  superuser.on("error", () => undefined);
  await superuser.connect();
  await settled(campus.owner);
});
afterAll(async () => {
  await superuser.end();
  await campus.end();
});

async function pay(payer: MoneyStudent, totalMinor: number): Promise<{ chargeId: string; orderId: string }> {
  const charge = await payer.scannedOrder({ till, totalMinor });
  expectOk(await payer.confirm(charge));
  return { chargeId: charge.id, orderId: charge.order_id };
}

async function payThroughGateway(): Promise<void> {
  const gateway = gatewayOf(campus);
  toppedUpBy = (await gateway.topUp(other, 4_000)).payment_id;
  upiOrderId = (await gateway.paidUpiOrder(other, till.cafe, 3_300)).orderId;
}

/** Runs `damage` as a superuser with triggers and foreign keys off, asks which invariants fire, and takes it all back. */
async function firedBy(damage: readonly (Statement | ((tx: Transaction) => Promise<void>))[]): Promise<string[]> {
  return (await bothFiredBy(damage)).whole;
}

/** Of the whole book, and of what happened in the last hour. */
async function bothFiredBy(
  damage: readonly (Statement | ((tx: Transaction) => Promise<void>))[],
): Promise<{ whole: string[]; recent: string[] }> {
  const tx = transactionOf(superuser);
  await superuser.query("begin");
  try {
    await superuser.query("set local session_replication_role = replica");
    for (const step of damage) await (typeof step === "function" ? step(tx) : tx.run(step));
    const snapshot: Database["snapshot"] = (work) => work(tx);
    const brokenOf = ({ invariants: asked }: LedgerCheck) => asked.filter(({ ok }) => !ok).map(({ id }) => id);
    return {
      whole: brokenOf(await checkLedger({ snapshot })),
      recent: brokenOf(await checkRecent({ snapshot }, new Date(Date.now() - 3_600_000))),
    };
  } finally {
    await superuser.query("rollback");
  }
}

/** The open transaction of a plain connection, as a domain verb takes one. */
function transactionOf(client: pg.Client): Transaction {
  const send = async (statement: Statement) => client.query({ text: statement.text, values: [...statement.values] });
  const camel = (row: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()), value]),
    );
  const rows = async <R>(statement: Statement) => (await send(statement)).rows.map(camel) as R[];
  return {
    inTransaction: true,
    rows,
    row: async <R>(statement: Statement) => (await rows<R>(statement))[0],
    run: async (statement) => (await send(statement)).rowCount ?? 0,
  };
}

/** Moves the whole book some days into the past, as time would have done. */
const age = (days: number): Statement[] => [
  sql`update ledger_transactions set at = at - make_interval(days => ${days})`,
  sql`update outbox set created_at = created_at - make_interval(days => ${days})`,
  sql`update gateway_payments set at = at - make_interval(days => ${days})`,
];

describe("the list of invariants", () => {
  test("has each state invariant once, in order, and names what it leaves out", () => {
    expect([...invariants.map(({ id }) => id), ...notCovered].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1)))).toEqual(
      Array.from({ length: 25 }, (_, index) => `I${index + 1}`),
    );
  });

  test("finds nothing in books that were only written by the app", async () => {
    expect(await firedBy([])).toEqual([]);
  });

  test("finds nothing in books that are sealed, and whose accounts have snapshots", async () => {
    expect(await firedBy([...age(3), sealFinishedDays])).toEqual([]);
  });
});

const settleAll = () => [sql`select settle_cafe_day(f.id, d.day, now() + interval '3 days') from cafes f, lateral day_to_settle(f.id) d`];
// In the first hour of a day the day before it is not sealed yet.
const seal = () => [...age(4), sealFinishedDays];
/** A refund of the UPI order on its way to the gateway. */
const gatewayRefund = (amountMinor: number) => [
  sql`update orders set refunded_minor = ${amountMinor} where id = ${upiOrderId}`,
  sql`with given as (select post_between('gateway_refund', account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), account_of('gateway_clearing', null, null, 'SEK'),
      ${amountMinor}, 'SEK', ${upiOrderId}, (select paid_transaction_id from orders where id = ${upiOrderId})) as id)
    insert into gateway_refunds (payment_row_id, order_id, amount_minor, currency, reason, transaction_id)
    select p.id, ${upiOrderId}, ${amountMinor}, 'SEK', 'for a test', given.id
    from given, gateway_payments p join orders o on o.paid_transaction_id = p.transaction_id where o.id = ${upiOrderId}`,
];

const damages: readonly [string, string, () => readonly (Statement | ((tx: Transaction) => Promise<void>))[]][] = [
  [
    "I1 I20",
    "a transaction moves money from an account to itself",
    () => [
      sql`alter table ledger_transactions drop constraint ledger_transactions_check`,
      sql`insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency)
        select 'fee', id, id, 100, currency from accounts where kind = 'adjustments'`,
    ],
  ],
  [
    "I2",
    "one wallet has what another one lost",
    () => [
      sql`update wallets set balance_minor = balance_minor + 100 where student_id = ${student.id}`,
      sql`update wallets set balance_minor = balance_minor - 100 where student_id = ${other.id}`,
    ],
  ],
  [
    "I2",
    "an entry carries a balance that never was",
    () => [sql`update ledger_transactions set wallet_balance_after_minor = 1 where id = ${paid.transactionId}`],
  ],
  ["I2", "an entry's number is missing", () => [sql`update wallets set last_seq = last_seq + 1 where student_id = ${student.id}`]],
  [
    "I3",
    "a snapshot says more than the entries behind it",
    () => [
      sql`insert into account_snapshots (account_id, before_xid, balance_minor) select id, '3', 500 from accounts where cafe_id = ${till.cafe.id}`,
    ],
  ],
  [
    "I4 I20",
    "a debit takes more than the wallet holds (no conditional update, no CHECK)",
    () => [
      sql`alter table wallets drop constraint wallets_balance_minor_check, drop constraint wallets_held_is_there`,
      sql`alter table ledger_transactions drop constraint ledger_transactions_wallet_balance_after_minor_check`,
      sql`select post_to_wallet('adjustment', ${student.id}, account_of('adjustments', null, null, 'SEK'), -999999, 'SEK', null, null, null, null)`,
    ],
  ],
  [
    "I5",
    "an order is debited by a second charge (a guard that lost its key)",
    () => [
      sql`create temp table second on commit drop as select uuidv7() as charge_id, uuidv7() as transaction_id, uuidv7() as receipt_id`,
      sql`update wallets set balance_minor = balance_minor - 5900, last_seq = last_seq + 1 where student_id = ${student.id}`,
      sql`insert into ledger_transactions
        select (jsonb_populate_record(t, jsonb_build_object('id', s.transaction_id, 'charge_id', s.charge_id, 'wallet_seq', w.last_seq,
          'wallet_balance_after_minor', w.balance_minor))).*
        from ledger_transactions t, second s, wallets w where t.id = ${paid.transactionId} and w.student_id = ${student.id}`,
      sql`insert into charges select (jsonb_populate_record(c, jsonb_build_object('id', s.charge_id, 'transaction_id', s.transaction_id))).*
        from charges c, second s where c.id = ${paid.chargeId}`,
      sql`update charges c set digest = digest_of(c) from second s where c.id = s.charge_id`,
      sql`insert into receipts select (jsonb_populate_record(r, jsonb_build_object('id', s.receipt_id, 'charge_id', s.charge_id, 'transaction_id', s.transaction_id,
          'payload', r.payload::jsonb || jsonb_build_object('transaction_id', s.transaction_id, 'charge_id', s.charge_id)))).* from receipts r, second s where r.charge_id = ${paid.chargeId}`,
      sql`insert into outbox (topic, payload, created_at) select o.topic, o.payload || jsonb_build_object('transaction_id', s.transaction_id), o.created_at
        from outbox o, second s where o.payload ->> 'transaction_id' = ${paid.transactionId}`,
    ],
  ],
  [
    "I6",
    "a debit's order is not paid",
    () => [sql`update orders set payment_status = 'pending', paid_transaction_id = null, paid_at = null where id = ${paid.orderId}`],
  ],
  [
    "I6",
    "an order is paid with less than its total",
    () => [sql`update orders set subtotal_minor = subtotal_minor + 1, total_minor = total_minor + 1 where id = ${paid.orderId}`],
  ],
  [
    "I6 I8 I20",
    "an order in cash is paid by what is no cash sale",
    () => [
      sql`update orders set payment_method = 'cash' where id = ${paid.orderId}`,
      sql`update ledger_transactions set kind = 'adjustment' where id = ${paid.transactionId}`,
    ],
  ],
  [
    "I6 I20",
    "the money went to another café than the one that took the order",
    () => [
      sql`update ledger_transactions set to_account_id = account_of('cafe_payable', null, ${otherTill.cafe.id}, 'SEK') where id = ${paid.transactionId}`,
    ],
  ],
  [
    "I6",
    "the card was scanned at another café (a filter was dropped)",
    () => [sql`update devices set cafe_id = ${otherTill.cafe.id} where id = ${till.device.id}`],
  ],
  [
    "I8 I20",
    "a charge was debited and then declined",
    () => [sql`update charges set state = 'declined', transaction_id = null where id = ${paid.chargeId}`],
  ],
  [
    "I8",
    "a charge was told to have ended twice",
    () => [sql`insert into events (channels, event, data) select channels, event, data from events where event = 'charge_ended' limit 1`],
  ],
  [
    "I10",
    "an order is refunded twice in full (no cap)",
    () => [
      sql`drop trigger orders_add_up on orders`,
      ...[0, 1].map(
        () => sql`
        with given as (select post_to_wallet('refund', ${student.id}, account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), 5900, 'SEK',
          ${paid.orderId}, null, null, ${paid.transactionId}) as id)
        insert into refunds (order_id, amount_minor, reason, transaction_id) select ${paid.orderId}, 5900, 'again', id from given`,
      ),
      sql`update orders set refunded_minor = 11800 where id = ${paid.orderId}`,
    ],
  ],
  [
    "I10",
    "a refund is not counted on its order",
    () => [
      sql`with given as (select post_to_wallet('refund', ${student.id}, account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), 100, 'SEK',
          ${paid.orderId}, null, null, ${paid.transactionId}) as id)
        insert into refunds (order_id, amount_minor, reason, transaction_id) select ${paid.orderId}, 100, 'unseen', id from given`,
    ],
  ],
  [
    "I10 I20 I22",
    "a refund through the gateway is not counted on its order",
    () => [
      sql`select post_between('gateway_refund', account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), account_of('gateway_clearing', null, null, 'SEK'),
        100, 'SEK', ${upiOrderId}, (select paid_transaction_id from orders where id = ${upiOrderId}))`,
    ],
  ],
  [
    "I10 I20 I22",
    "a lost dispute takes from the café what it has refunded",
    () => [
      sql`update orders set refunded_minor = 3300, payment_status = 'refunded' where id = ${upiOrderId}`,
      sql`with given as (select post_between('gateway_refund', account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), account_of('gateway_clearing', null, null, 'SEK'),
          3300, 'SEK', ${upiOrderId}, (select paid_transaction_id from orders where id = ${upiOrderId})) as id)
        insert into gateway_refunds (payment_row_id, order_id, amount_minor, currency, reason, transaction_id)
        select p.id, ${upiOrderId}, 3300, 'SEK', 'all of it', given.id from given, gateway_payments p join orders o on o.paid_transaction_id = p.transaction_id where o.id = ${upiOrderId}`,
      sql`select post_between('dispute_lost', account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), account_of('disputes', null, null, 'SEK'), 1, 'SEK', ${upiOrderId}, null)`,
    ],
  ],
  ["I11", "a debit has no outbox row", () => [sql`delete from outbox where payload ->> 'transaction_id' = ${paid.transactionId}`]],
  [
    "I11",
    "the outbox row was written in a transaction after the debit's",
    () => [
      sql`update outbox set created_at = created_at + interval '1 microsecond' where payload ->> 'transaction_id' = ${paid.transactionId}`,
    ],
  ],
  [
    "I11",
    "a row was missing when its day was sealed, and is long purged",
    () => [
      ...age(20),
      sealFinishedDays,
      sql`update ledger_anchors set debits_without_outbox = 1 where day = (select min(day) from ledger_anchors)`,
    ],
  ],
  ["I12", "an order's status changed behind the trigger", () => [sql`update orders set status = 'completed' where id = ${paid.orderId}`]],
  [
    "I12",
    "an order took a step that the table does not have",
    () => [
      sql`update orders set status = 'completed' where id = ${paid.orderId}`,
      sql`insert into order_status_log (order_id, from_status, to_status) values (${paid.orderId}, 'received', 'completed')`,
    ],
  ],
  [
    "I13",
    "a payment is credited a second time (known by its event's id only)",
    () => [
      sql`alter table gateway_payments drop constraint gateway_payments_once`,
      sql`with again as (select post_to_wallet('top_up', ${other.id}, account_of('gateway_clearing', null, null, 'SEK'), 4000, 'SEK', null, null, null, null) as id)
        insert into gateway_payments (gateway, payment_id, order_row_id, amount_minor, currency, credited_to, transaction_id, found_by, gateway_response)
        select gateway, payment_id, order_row_id, amount_minor, currency, credited_to, again.id, found_by, gateway_response
        from gateway_payments, again where payment_id = ${toppedUpBy}`,
    ],
  ],
  [
    "I13 I20 I22",
    "a wallet was topped up by no payment",
    () => [
      sql`select post_to_wallet('top_up', ${other.id}, account_of('gateway_clearing', null, null, 'SEK'), 1, 'SEK', null, null, null, null)`,
    ],
  ],
  [
    "I13 I20",
    "a payment's credit is gone",
    () => [
      sql`update gateway_payments set transaction_id = uuidv7() where payment_id = ${toppedUpBy}`,
      sql`update ledger_transactions set kind = 'adjustment' where kind = 'top_up'`,
    ],
  ],
  [
    "I13 I20 I22",
    "a payment was credited with another amount",
    () => [sql`update gateway_payments set amount_minor = 4001 where payment_id = ${toppedUpBy}`],
  ],
  [
    "I13 I22",
    "a dispute was closed without its entries",
    () => [
      sql`with taken as (select post_between('dispute', account_of('disputes', null, null, 'SEK'), account_of('gateway_clearing', null, null, 'SEK'), 4000, 'SEK', null, null) as id)
        insert into gateway_disputes (gateway, dispute_id, payment_row_id, student_id, amount_minor, currency, reason, respond_by, status, transaction_id, settled_at)
        select p.gateway, 'disp_1', p.id, ${other.id}, 4000, 'SEK', 'fraud', now(), 'won', taken.id, now() from taken, gateway_payments p where payment_id = ${toppedUpBy}`,
    ],
  ],
  ["I14", "the app may change the ledger", () => [sql`grant update on ledger_transactions to campus_app`]],
  ["I14", "the app may change one column of the ledger", () => [sql`grant update (amount_minor) on ledger_transactions to campus_app`]],
  ["I14", "the app may delete wallets", () => [sql`grant delete on wallets to campus_app`]],
  [
    "I14 I20",
    "a sealed row was changed",
    () => [...seal(), sql`update ledger_transactions set kind = 'settlement' where kind = 'adjustment'`],
  ],
  [
    "I14 I20 I22",
    "a row was slipped into a sealed day",
    () => [
      ...seal(),
      sql`insert into ledger_transactions (kind, from_account_id, to_account_id, amount_minor, currency, at)
      select 'fee', f.id, t.id, 1, 'SEK', now() - interval '3 days' from accounts f, accounts t where f.kind = 'adjustments' and t.kind = 'gateway_clearing'`,
    ],
  ],
  [
    "I14",
    "a seal was forged",
    () => [...seal(), sql`update ledger_anchors set hash = sha256('forged') where day = (select min(day) from ledger_anchors)`],
  ],
  [
    "I14",
    "a seal in the middle is gone",
    () => [...seal(), sql`delete from ledger_anchors where day = (select min(day) + 1 from ledger_anchors)`],
  ],
  ["I14", "a day was never sealed", () => [...age(4)]],
  ...(["wallet", "card", "device", "cafe", "student"] as const).map((kind): (typeof damages)[number] => [
    "I15",
    `a debit was decided while its ${kind} was forbidden`,
    () => [
      sql`insert into status_changes (object_kind, object_id, allowed, at)
          select ${kind}, case ${kind} when 'wallet' then student_id when 'student' then student_id when 'card' then card_id when 'device' then device_id else cafe_id end,
            w.allowed, ended_at + w.after from charges, (values (false, interval '-2 seconds'), (true, interval '1 second')) w (allowed, after)
          where id = ${paid.chargeId}`,
    ],
  ]),
  [
    "I16",
    "a charge was confirmed after its expiry",
    () => [
      sql`update charges set expires_at = date_trunc('milliseconds', ended_at) - interval '1 second' where id = ${paid.chargeId}`,
      sql`update charges c set digest = digest_of(c) where id = ${paid.chargeId}`,
    ],
  ],
  ["I16", "what was confirmed is not what was agreed to", () => [sql`update charges set nonce = 'another' where id = ${paid.chargeId}`]],
  [
    "I16",
    "the receipt says another amount",
    () => [sql`update receipts set payload = replace(payload, '5900', '5800') where charge_id = ${paid.chargeId}`],
  ],
  ["I16", "a debit has no receipt", () => [sql`delete from receipts where charge_id = ${paid.chargeId}`]],
  [
    "I19",
    "a sale was settled in no settlement",
    () => [
      ...settleAll(),
      sql`update settlements set created_at = created_at + interval '2 hours'`,
      sql`with gone as (delete from settled_entries where transaction_id = ${paid.transactionId} returning settlement_id, amount_minor)
        update settlements s set wallet_sales_minor = wallet_sales_minor - amount_minor, payable_minor = payable_minor - amount_minor, sales_count = sales_count - 1
        from gone where s.id = gone.settlement_id`,
    ],
  ],
  [
    "I19",
    "a sale was settled twice (the day's end was moved)",
    () => [
      ...settleAll(),
      sql`alter table settled_entries drop constraint settled_entries_pkey`,
      sql`insert into settled_entries select transaction_id, settlement_id, line, amount_minor, 0, 0 from settled_entries where transaction_id = ${paid.transactionId}`,
      sql`update settlements s set wallet_sales_minor = wallet_sales_minor + 5900, payable_minor = payable_minor + 5900, sales_count = sales_count + 1
        where id = (select settlement_id from settled_entries where transaction_id = ${paid.transactionId} limit 1)`,
    ],
  ],
  [
    "I19 I20",
    "a settlement was paid twice (two at once, no lock)",
    () => [
      ...settleAll(),
      sql`select post_between('settlement', account_id, account_of('bank', null, null, 'SEK'), payable_minor, 'SEK', null, null) from settlements where payable_minor > 0 limit 1`,
    ],
  ],
  [
    "I20",
    "an adjustment has no row behind it",
    () => [
      sql`select post_to_wallet('adjustment', ${student.id}, account_of('adjustments', null, null, 'SEK'), 100, 'SEK', null, null, null, null)`,
    ],
  ],
  [
    "I19 I20",
    "money went from one café to another",
    () => [
      sql`select post_between('fee', account_of('cafe_payable', null, ${till.cafe.id}, 'SEK'), account_of('cafe_payable', null, ${otherTill.cafe.id}, 'SEK'), 100, 'SEK', null, null)`,
    ],
  ],
  [
    "I20",
    "an adjustment moved another amount than two people agreed to",
    () => [sql`update adjustments set amount_minor = amount_minor + 1 where student_id = ${student.id}`],
  ],
  [
    "I20",
    "a document stands behind two transactions",
    () => [
      sql`alter table adjustments drop constraint adjustments_transaction_id_key`,
      sql`insert into adjustments (student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id, decided_at)
        select student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id, decided_at from adjustments where student_id = ${student.id}`,
    ],
  ],
  [
    "I20",
    "a failed refund was given back to another café than it was taken from",
    () => [
      ...gatewayRefund(500),
      sql`with back as (select post_between('gateway_refund_return', account_of('gateway_clearing', null, null, 'SEK'),
          account_of('cafe_payable', null, ${otherTill.cafe.id}, 'SEK'), 500, 'SEK', ${upiOrderId}, (select paid_transaction_id from orders where id = ${upiOrderId})) as id)
        update gateway_refunds set status = 'failed', settled_at = now(), returned_transaction_id = back.id from back where order_id = ${upiOrderId}`,
      sql`update orders set refunded_minor = 0 where id = ${upiOrderId}`,
    ],
  ],
  ["I20", "the app may write the ledger", () => [sql`grant insert on ledger_transactions to campus_app`]],
  ["I20", "the app may change a balance", () => [sql`grant update (balance_minor) on wallets to campus_app`]],
  ["I21", "a wallet holds back what nothing asks for", () => [sql`update wallets set held_minor = 1 where student_id = ${student.id}`]],
  [
    "I21",
    "money is kept for a close-out that was taken back",
    () => [
      sql`insert into close_outs (student_id, pay_to, currency, status, held_minor, decided_at) values (${student.id}, 'SE00 1234', 'SEK', 'withdrawn', 100, now())`,
      sql`select place_hold(${student.id}, 100, 'close_outs', id, null) from close_outs where student_id = ${student.id}`,
    ],
  ],
  [
    "I21",
    "a close-out was paid and its wallet left open",
    () => [
      sql`with moved as (select post_to_wallet('close_out', ${other.id}, account_of('bank', null, null, 'SEK'), -100, 'SEK', null, null, null, null) as id)
        insert into close_outs (student_id, pay_to, currency, status, amount_minor, transaction_id, bank_reference, decided_at)
        select ${other.id}, 'SE00 1234', 'SEK', 'paid', 100, moved.id, 'BANK 1', now() from moved`,
    ],
  ],
  [
    "I22",
    "a pay-out of the gateway stands in the list and not on the accounts",
    () => [
      sql`insert into gateway_pay_outs (gateway, pay_out_id, amount_minor, fee_minor, currency, at) values ('razorpay', 'setl_1', 900, 100, 'SEK', now())`,
    ],
  ],
  [
    "I22",
    "a refund that nobody has decided on is not in suspense",
    () => [
      sql`insert into outside_refunds (gateway, gateway_refund_id, payment_row_id, student_id, amount_minor, currency, transaction_id)
        select gateway, 'rfnd_1', id, ${other.id}, 300, currency, uuidv7() from gateway_payments where payment_id = ${toppedUpBy}`,
    ],
  ],
  [
    "I22 I23",
    "a refund made outside is borne in part",
    () => [
      sql`with taken as (select post_between('outside_refund', account_of('suspense', null, null, 'SEK'), account_of('gateway_clearing', null, null, 'SEK'), 300, 'SEK', null, null) as id)
        insert into outside_refunds (gateway, gateway_refund_id, payment_row_id, student_id, amount_minor, currency, transaction_id, status, borne_by, reason, decided_at)
        select p.gateway, 'rfnd_1', p.id, ${other.id}, 300, p.currency, taken.id, 'borne', 'student', 'for a test', now() from taken, gateway_payments p where payment_id = ${toppedUpBy}`,
      sql`select post_between('outside_refund_borne', account_of('fees', null, null, 'SEK'), account_of('suspense', null, null, 'SEK'), 200, 'SEK', null, transaction_id) from outside_refunds`,
    ],
  ],
  [
    "I23",
    "the university bears what a student had back in the wallet, and from the bank too",
    () => [sql`select refund_order(${upiOrderId}, 3300, 'wallet', 'for a test', null)`, ...lostAsIfNobodyHadItBack()],
  ],
  [
    "I23",
    "the university bears what a student had back through the gateway, and from the bank too",
    () => [
      sql`select refund_order(${upiOrderId}, 3300, 'gateway', 'for a test', null)`,
      sql`select finish_refund(id, 'rfnd_2', 'processed') from gateway_refunds where order_id = ${upiOrderId}`,
      ...lostAsIfNobodyHadItBack(),
    ],
  ],
  [
    "I23",
    "what was held went back twice",
    () => [
      sql`with hold as (select post_between('gateway_hold', account_of('gateway_clearing', null, null, 'SEK'), account_of('held', null, null, 'SEK'), 400, 'SEK', null, null) as id)
        insert into gateway_payments (gateway, payment_id, order_row_id, amount_minor, currency, credited_to, transaction_id, found_by, gateway_response)
        select gateway, 'pay_held', order_row_id, 400, 'SEK', 'held', hold.id, 'poller', '{}' from hold, gateway_payments where payment_id = ${toppedUpBy}`,
      ...[1, 2].map(
        () => sql`insert into gateway_refunds (payment_row_id, amount_minor, currency, reason, transaction_id)
        select id, 400, 'SEK', 'for a test', post_between('gateway_refund', account_of('held', null, null, 'SEK'), account_of('gateway_clearing', null, null, 'SEK'), 400, 'SEK', null, transaction_id)
        from gateway_payments where payment_id = 'pay_held'`,
      ),
    ],
  ],
  [
    "I23",
    "a student has paid back what was not owed",
    () => [
      sql`with moved as (select post_to_wallet('debt_repaid', ${other.id}, account_of('receivables', ${other.id}, null, 'SEK'), -50, 'SEK', null, null, null, null) as id)
        insert into debt_repayments (transaction_id, student_id, amount_minor, currency) select id, ${other.id}, 50, 'SEK' from moved`,
    ],
  ],
  ["I24", "a grant was credited by a file that waits for its second person", () => grant("pending", 100)],
  ["I24", "more was credited than the file says", () => grant("approved", 90)],
  [
    "I24",
    "a grant that was spent was taken back",
    () => [
      ...grant("approved", 100),
      sql`select post_to_wallet('adjustment', ${other.id}, account_of('adjustments', null, null, 'SEK'), -100, 'SEK', null, null, null, null)`,
      sql`with asked as (select t.id, s.id as staff_id, r.id as second_id from ledger_transactions t, (select id from staff order by id limit 1) s, (select id from staff order by id desc limit 1) r
          where t.wallet_student_id = ${other.id} order by t.wallet_seq desc limit 1)
        insert into adjustments (student_id, amount_minor, currency, reason, status, requested_by, decided_by, transaction_id)
        select ${other.id}, -100, 'SEK', 'for a test', 'approved', staff_id, second_id, id from asked`,
      sql`with moved as (select g.id, post_to_wallet('grant_expired', g.student_id, account_of('grants', null, null, 'SEK'), -100, 'SEK', null, null, null, g.transaction_id) as back_id from grants g)
        update grants g set status = 'expired', expires_at = now() - interval '1 second', taken_back_minor = 100, expired_transaction_id = back_id,
          ended_seq = (select last_seq from wallets where student_id = g.student_id) from moved where moved.id = g.id`,
    ],
  ],
  [
    "I24",
    "a grant ended with nothing to give back while its wallet was paid out, and the money came back",
    () => [
      ...grant("approved", 100),
      sql`update grants set expires_at = now() - interval '1 second'`,
      ...paidOutAndBack(
        other,
        sql`update grants g set status = 'expired', taken_back_minor = 0, ended_seq = w.last_seq from wallets w where w.student_id = g.student_id`,
      ),
    ],
  ],
  [
    "I25",
    "a wallet of an erased student was left open",
    () => [sql`update students set phone = null, erased_at = now(), is_active = false where id = ${other.id}`],
  ],
];

/** All that a wallet holds leaves for the bank and comes back; something happens in between. */
const paidOutAndBack = ({ id }: MoneyStudent, meanwhile: Statement): Statement[] => [
  sql`with wallet as (select balance_minor as minor from wallets where student_id = ${id}),
    moved as (select minor, post_to_wallet('close_out', ${id}, account_of('bank', null, null, 'SEK'), -minor, 'SEK', null, null, null, null) as id from wallet)
    insert into close_outs (student_id, pay_to, currency, status, amount_minor, transaction_id, bank_reference, decided_at)
    select ${id}, 'SE00 1234', 'SEK', 'returned', minor, moved.id, 'BANK 2', now() from moved`,
  meanwhile,
  sql`with people as (select min(id::text)::uuid as first, max(id::text)::uuid as second from staff)
    insert into returned_pay_outs (close_out_id, amount_minor, currency, reason, paid_transaction_id, paid_by, bank_reference, asked_by, returned_by, transaction_id)
    select c.id, c.amount_minor, 'SEK', 'for a test', c.transaction_id, first, 'BANK 2', first, second,
      post_to_wallet('close_out_return', ${id}, account_of('bank', null, null, 'SEK'), c.amount_minor, 'SEK', null, null, null, c.transaction_id)
    from people, close_outs c where c.student_id = ${id} and c.bank_reference = 'BANK 2'`,
];

/** The dispute of the UPI order, lost where what its student had back is not looked at. */
const lostAsIfNobodyHadItBack = (): Statement[] => [
  sql`create or replace function borne_by_student(p_payment_row_id uuid, p_amount_minor bigint) returns bigint language sql as 'select 0::bigint'`,
  sql`select close_dispute(open_dispute(p.gateway, 'disp_2', p.payment_id, 3300, 'SEK', 'fraud', now()), false)
    from gateway_payments p join orders o on o.paid_transaction_id = p.transaction_id where o.id = ${upiOrderId}`,
];

/** One line of 100 in a file of so much. */
const grant = (status: "pending" | "approved", totalMinor: number): Statement[] => [
  sql`insert into bulk_credits (title, currency, status, line_count, total_minor, requested_by, decided_by)
    select 'for a test', 'SEK', ${status}, 1, ${totalMinor}, min(id::text)::uuid, max(id::text)::uuid from staff`,
  sql`insert into grants (bulk_credit_id, line, student_id, amount_minor, currency, reference, status, transaction_id)
    select id, 2, ${other.id}, 100, 'SEK', 'R1', 'credited',
      post_to_wallet('grant', ${other.id}, account_of('grants', null, null, 'SEK'), 100, 'SEK', null, null, null, null) from bulk_credits`,
];

/** What a look at the last hour finds where it is not what the whole book shows: less of what is old or no money, more where balances are asked. */
const seenAtOnce: Readonly<Record<string, string>> = {
  "a snapshot says more than the entries behind it": "I3 I19",
  "a row was missing when its day was sealed, and is long purged": "",
  "an order's status changed behind the trigger": "",
  "an order took a step that the table does not have": "",
  "a sealed row was changed": "",
  "a row was slipped into a sealed day": "I22",
  "a seal was forged": "",
  "a seal in the middle is gone": "",
  "a day was never sealed": "",
  "a sale was settled in no settlement": "",
  "more was credited than the file says": "",
  "a grant that was spent was taken back": "",
  "a grant ended with nothing to give back while its wallet was paid out, and the money came back": "",
};

describe("each invariant fires alone", () => {
  test.each(damages)("%s fires, and no other, when %s", async (ids, when, damage) => {
    const { whole, recent } = await bothFiredBy(damage());
    expect(whole.join(" ")).toBe(ids);
    expect(recent.join(" "), "what a look at the last hour finds").toBe(seenAtOnce[when] ?? ids);
  });

  test("every invariant of the list is shown to fire", () => {
    expect([...new Set(damages.map(([ids]) => ids.split(" ")[0]))]).toEqual(invariants.map(({ id }) => id));
  });
});
