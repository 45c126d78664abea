import type { TestDatabase } from "../../database.ts";
import type { CommitCutter } from "../commit-cutter.ts";

/** One deliberate break of the product, in one test's own database or on its wire, and what must notice it. */
export interface Canary {
  readonly name: string;
  readonly caughtBy: readonly string[];
  break(database: TestDatabase, cutter: CommitCutter): Promise<void>;
}

type Edit = readonly [from: string, to: string];

/** Changes the product's own function; an edit that no longer fits fails, so that a canary never breaks nothing. */
async function edit(database: TestDatabase, name: string, edits: readonly Edit[]): Promise<void> {
  const [row] = await database.query<{ text: string }>("select pg_get_functiondef($1::regproc) as text", [name]);
  await database.query(edits.reduce((text, [from, to]) => replaced(text, from, to), row?.text ?? ""));
}

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`The canary is out of date: the product no longer has "${from}".`);
  return text.replaceAll(from, to);
}

/** Changes a statement that stands in the application, as it passes. */
const onTheWire = (cutter: CommitCutter, from: string, to: string) => cutter.rewrite((statement) => statement.replaceAll(from, to));

const dropConstraint = (database: TestDatabase, table: string, name: string) =>
  database.query(`alter table ${table} drop constraint ${name}`);

/** All that makes a second confirm find what the first one did. */
const unguarded: readonly Edit[] = [
  ["    for update of o, x;", ";"],
  ["where id = c.order_id and payment_status = 'pending' and version = c.order_version", "where id = c.order_id"],
  ["where id = c.id and state = 'open'", "where id = c.id"],
];

const unchecked: readonly Edit[] = [
  ["if c.state = 'confirmed' and c.digest = p_digest then", "if false then"],
  ["if c.state <> 'open' then", "if false then"],
  ["if c.payment_status <> 'pending' then", "if false then"],
];

/** For the two canaries whose guard stands elsewhere than in the database. */
export async function removeGuards(database: TestDatabase): Promise<void> {
  await edit(database, "confirm_charge", [...unguarded, ...unchecked]);
  await dropConstraint(database, "receipts", "receipts_charge_id_key");
}

export const canaries: readonly Canary[] = [
  {
    name: "no row lock",
    caughtBy: ["I5", "I7", "I8", "I9", "I16"],
    async break(database) {
      await edit(database, "confirm_charge", [...unguarded, ["v_day := ", "perform pg_sleep(0.03); v_day := "]]);
      await dropConstraint(database, "receipts", "receipts_charge_id_key");
    },
  },
  {
    name: "balance read, then written",
    caughtBy: ["I2", "I3"],
    async break(database) {
      await edit(database, "confirm_charge", [
        [
          "update wallets set balance_minor = balance_minor - c.amount_minor, last_seq = last_seq + 1,",
          `select * into w from wallets where student_id = p_student_id; perform pg_sleep(0.03);
           update wallets set balance_minor = w.balance_minor - c.amount_minor, last_seq = w.last_seq + 1,`,
        ],
        ["and balance_minor - held_minor >= c.amount_minor", "and w.balance_minor >= c.amount_minor"],
      ]);
      await dropConstraint(database, "ledger_transactions", "ledger_transactions_wallet_student_id_wallet_seq_key");
    },
  },
  {
    name: "funds not checked",
    caughtBy: ["I4"],
    async break(database) {
      await edit(database, "confirm_charge", [[" and balance_minor - held_minor >= c.amount_minor", ""]]);
      await dropConstraint(database, "wallets", "wallets_balance_minor_check");
      await dropConstraint(database, "wallets", "wallets_held_is_there");
      await dropConstraint(database, "ledger_transactions", "ledger_transactions_wallet_balance_after_minor_check");
    },
  },
  {
    name: "no expiry check",
    caughtBy: ["I16"],
    break: (database) => edit(database, "confirm_charge", [["if c.expires_at <= v_now then", "if false then"]]),
  },
  {
    name: "digest not compared",
    caughtBy: ["I16"],
    break: (database) => edit(database, "confirm_charge", [["if c.digest <> p_digest then", "if false then"]]),
  },
  {
    name: "order's version not compared",
    caughtBy: ["I6"],
    break: (database) =>
      edit(database, "confirm_charge", [
        ["if c.version <> c.order_version or c.total_minor <> c.amount_minor or c.order_currency <> c.currency then", "if false then"],
        [" and version = c.order_version", ""],
      ]),
  },
  {
    name: "frozen wallet not checked",
    caughtBy: ["I15"],
    break: (database) => edit(database, "confirm_charge", [["and status = 'active' and currency", "and currency"]]),
  },
  {
    name: "revoked till not checked",
    caughtBy: ["I15"],
    break: (database) => edit(database, "confirm_charge", [["when d.revoked_at is not null then 'device'", ""]]),
  },
  {
    name: "café filter dropped",
    caughtBy: ["I6"],
    break: (database) =>
      edit(database, "open_charge", [["where student_id = k.student_id and cafe_id = k.cafe_id", "where student_id = k.student_id"]]),
  },
  {
    name: "a charge ends twice",
    caughtBy: ["I8"],
    async break(database) {
      await edit(database, "end_charge", [["where id = p_charge_id and state = 'open'", "where id = p_charge_id"]]);
      await database.query("alter table charges drop constraint charges_check1");
    },
  },
  {
    name: "outbox outside the transaction",
    caughtBy: ["I11"],
    break: (database) =>
      edit(database, "confirm_charge", [["insert into outbox (topic, payload) values ('order.paid'", "perform ('order.paid'"]]),
  },
  {
    name: "status moved unseen",
    caughtBy: ["I12"],
    async break(database) {
      await database.query("drop trigger orders_status_logged on orders");
    },
  },
  {
    name: "ledger open to changes",
    caughtBy: ["I14"],
    async break(database) {
      await database.query("grant update on ledger_transactions to campus_app");
    },
  },
  {
    name: "refund without cap",
    caughtBy: ["I10"],
    async break(database, cutter) {
      onTheWire(cutter, "and refunded_minor + $5 + taken_elsewhere(", "and 0 * (refunded_minor + $5) + taken_elsewhere(");
      await database.query("drop trigger orders_add_up on orders");
    },
  },
  {
    name: "webhook by event id only",
    caughtBy: ["I13"],
    async break(database) {
      await edit(database, "credit_payment", [["if found then return r; end if;", "if false then return r; end if;"]]);
      await dropConstraint(database, "gateway_payments", "gateway_payments_once");
    },
  },
  {
    name: "double receipt",
    caughtBy: ["I7", "I9"],
    async break(database) {
      await edit(database, "confirm_charge", [["t.payload, t.key_id, c.ended_at", "t.payload || ' ', t.key_id, c.ended_at"]]);
    },
  },
];
