import { csvRow } from "../platform/csv.ts";
import type { Settlement, SettlementEntry } from "./settlement.ts";
import { statementRows, totalOf } from "./statement-lines.ts";

/** Every transaction of the day, then the lines of the statement and its total: a spreadsheet adds up either to the same. */
export function settlementCsv(settlement: Settlement, entries: readonly SettlementEntry[]): string {
  const { cafeName, day, currency } = settlement;
  const head = csvRow(["cafe", "day", "row", "line", "at", "order_number", "transaction_id", "amount_minor", "currency"]);
  const moved = entries.map(({ line, at, orderNumber, transactionId, amountMinor }) =>
    csvRow([cafeName, day, "transaction", line, at.toISOString(), orderNumber, transactionId, amountMinor, currency]),
  );
  const lines = statementRows(settlement).map(({ label, amountMinor }) =>
    csvRow([cafeName, day, "line", label, null, null, null, amountMinor, currency]),
  );
  const total = totalOf(settlement);
  return [head, ...moved, ...lines, csvRow([cafeName, day, "total", total.label, null, null, null, total.amountMinor, currency])].join("");
}
