import { expect, test } from "vitest";
import { invariants } from "./invariants.ts";
import { recentInvariants } from "./recent.ts";

/** A row for each payment, or more: over a million of them a read of one of these takes a second. */
const grown = [
  "ledger_transactions",
  "orders",
  "charges",
  "receipts",
  "refunds",
  "outbox",
  "events",
  "gateway_payments",
  "gateway_refunds",
];

/** In the shade of the part of itself that happened lately. */
const isShaded = (question: string, table: string): boolean => new RegExp(`\\b${table} as materialized \\(`).test(question);

/** The others are asked of everything: of documents that wait, however old. */
const ofLately = recentInvariants(invariants).filter(({ sql }) => isShaded(sql, "ledger_transactions"));

test.each(ofLately.map(({ id, sql }) => [id, sql] as const))(
  "a look at what happened lately asks %s of no table in full that grows with each payment",
  (_, sql) => {
    const asked = sql.slice(sql.lastIndexOf(" select * from ("));
    const named = grown.filter((table) => new RegExp(`(?:from|join) ${table}\\b`).test(asked));
    expect(named.filter((table) => !isShaded(sql, table))).toEqual([]);
  },
);
