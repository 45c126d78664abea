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

const dropConstraint = (database: TestDatabase, table: string, name: string) =>
  database.query(`alter table ${table} drop constraint ${name}`);

/** All that makes a second confirm find what the first one did. */
async function unguard(database: TestDatabase): Promise<void> {
  await edit(database, "confirm_charge", [["    for update of o, c;", ";"]]);
  await edit(database, "book_debit", [
    ["where id = context.order_id and payment_status = 'pending' and version = context.order_version", "where id = context.order_id"],
    ["where id = context.id and state = 'open'", "where id = context.id"],
  ]);
  await dropConstraint(database, "receipts", "receipts_charge_id_key");
}

const unchecked: readonly Edit[] = [
  ["when context.state = 'confirmed' and context.digest = p_digest then 'paid'", ""],
  ["when context.state <> 'open' then 'ended'", ""],
  ["when context.payment_status <> 'pending' then 'order_paid'", ""],
];

/** For the two canaries whose guard stands elsewhere than in the database. */
export async function removeGuards(database: TestDatabase): Promise<void> {
  await unguard(database);
  await edit(database, "what_refuses", unchecked);
}

export const canaries: readonly Canary[] = [
  {
    name: "no row lock",
    caughtBy: ["I5", "I7", "I8", "I9", "I16", "I20"],
    async break(database) {
      await unguard(database);
      await edit(database, "confirm_charge", [["v_day := ", "perform pg_sleep(0.03); v_day := "]]);
    },
  },
  {
    name: "balance read, then written",
    caughtBy: ["I2", "I3"],
    async break(database) {
      await edit(database, "confirm_charge", [
        [
          "  update wallets set",
          "  select * into wallet from wallets where student_id = p_student_id; perform pg_sleep(0.03);\n  update wallets set",
        ],
        ["balance_minor = balance_minor - context.amount_minor", "balance_minor = wallet.balance_minor - context.amount_minor"],
        ["last_seq = last_seq + 1", "last_seq = wallet.last_seq + 1"],
        ["and balance_minor - held_minor >= context.amount_minor", "and wallet.balance_minor >= context.amount_minor"],
      ]);
      await dropConstraint(database, "ledger_transactions", "ledger_transactions_wallet_student_id_wallet_seq_key");
    },
  },
  {
    name: "funds not checked",
    caughtBy: ["I4"],
    async break(database) {
      await edit(database, "confirm_charge", [["and balance_minor - held_minor >= context.amount_minor", ""]]);
      await dropConstraint(database, "wallets", "wallets_balance_minor_check");
      await dropConstraint(database, "wallets", "wallets_held_is_there");
      await dropConstraint(database, "ledger_transactions", "ledger_transactions_wallet_balance_after_minor_check");
    },
  },
  {
    name: "no expiry check",
    caughtBy: ["I16"],
    async break(database) {
      await edit(database, "what_refuses", [["when context.expires_at <= p_now then 'expired'", ""]]);
      await edit(database, "confirm_charge", [["if context.expires_at <= v_now then", "if false then"]]);
    },
  },
  {
    name: "digest not compared",
    caughtBy: ["I16"],
    break: (database) => edit(database, "what_refuses", [["when context.digest <> p_digest then 'changed'", ""]]),
  },
  {
    name: "order's version not compared",
    caughtBy: ["I6"],
    async break(database) {
      await edit(database, "what_refuses", [
        ["when context.version_now <> context.order_version", "when false and context.version_now <> context.order_version"],
        ["      or context.order_total_minor <> context.amount_minor\n      or context.order_currency <> context.currency then", "then"],
      ]);
      await edit(database, "book_debit", [[" and version = context.order_version", ""]]);
    },
  },
  {
    name: "frozen wallet not checked",
    caughtBy: ["I15"],
    break: (database) => edit(database, "confirm_charge", [["and status = 'active'", ""]]),
  },
  {
    name: "revoked till not checked",
    caughtBy: ["I15"],
    break: (database) => edit(database, "parties_to_debit", [["when d.revoked_at is not null then 'device'", ""]]),
  },
  {
    name: "deactivated student not checked",
    caughtBy: ["I15"],
    break: (database) => edit(database, "parties_to_debit", [["when not s.is_active then 'student'", ""]]),
  },
  {
    name: "café filter dropped",
    caughtBy: ["I6"],
    break: (database) =>
      edit(database, "open_charge", [
        ["where student_id = context.student_id and cafe_id = context.cafe_id", "where student_id = context.student_id"],
      ]),
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
      edit(database, "book_debit", [["insert into outbox (topic, payload) values ('order.paid'", "perform ('order.paid'"]]),
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
    async break(database) {
      await edit(database, "refund_order", [["      and refunded_minor + result.amount_minor + taken_elsewhere(id) <= total_minor", ""]]);
      await database.query("drop trigger orders_add_up on orders");
    },
  },
  {
    name: "webhook by event id only",
    caughtBy: ["I13"],
    async break(database) {
      await edit(database, "credit_payment", [["if found then return result; end if;", "if false then return result; end if;"]]);
      await dropConstraint(database, "gateway_payments", "gateway_payments_once");
    },
  },
  {
    name: "a credit without its document",
    caughtBy: ["I13", "I20"],
    break: (database) =>
      edit(database, "credit_payment", [
        ["p_currency, result.credited_to, result.transaction_id, p_found_by", "p_currency, result.credited_to, uuidv7(), p_found_by"],
      ]),
  },
  {
    name: "a refund borne by another café",
    caughtBy: ["I20"],
    break: (database) =>
      edit(database, "refund_order", [
        [
          "post_to_wallet('refund', order_row.student_id, account_of('cafe_payable', null, order_row.cafe_id, order_row.currency)",
          "post_to_wallet('refund', order_row.student_id, (select id from accounts where kind = 'cafe_payable' order by cafe_id <> order_row.cafe_id desc limit 1)",
        ],
      ]),
  },
  {
    name: "a close-out that keeps nothing back",
    caughtBy: ["I21"],
    break: (database) => edit(database, "place_hold", [["held_minor = held_minor + p_amount_minor", "held_minor = held_minor"]]),
  },
  {
    name: "a lost dispute that nobody bears",
    caughtBy: ["I13", "I22", "I23"],
    break: (database) =>
      edit(database, "take_from_student", [
        ["-v_part, p_currency, null, null, null, p_corrects_id);", "-1, p_currency, null, null, null, p_corrects_id);"],
      ]),
  },
  {
    name: "a line of a file credited twice",
    caughtBy: ["I20"],
    break: (database) =>
      edit(database, "credit_grants", [
        ["where bulk_credit_id = p_bulk_credit_id and status = 'waiting'", "where bulk_credit_id = p_bulk_credit_id"],
      ]),
  },
  {
    name: "a grant whose day is over takes all of it back",
    caughtBy: ["I24"],
    break: (database) =>
      edit(database, "end_grant", [["(select rest_minor from grant_rests(g.student_id) where grant_id = g.id)", "g.amount_minor"]]),
  },
  {
    name: "a wallet opened for who was erased",
    caughtBy: ["I25"],
    break: (database) => edit(database, "open_wallet", [["and erased_at is null and", "and"]]),
  },
  {
    name: "double receipt",
    caughtBy: ["I7", "I9"],
    async break(database) {
      await edit(database, "confirm_without_debit", [
        ["r.payload, r.key_id, charge.ended_at", "r.payload || ' ', r.key_id, charge.ended_at"],
      ]);
    },
  },
];
