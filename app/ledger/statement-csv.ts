import { csvRow } from "../platform/csv.ts";
import { streamText } from "../platform/http/text-stream.ts";
import type { Queryable } from "../platform/postgres.ts";
import { readStatement, type StatementLine } from "./statement.ts";

const batchLines = 500;
const maxLines = 100_000;
const columns = [
  "id",
  "at",
  "kind",
  "amount_minor",
  "currency",
  "balance_minor_after",
  "order_id",
  "order_number",
  "charge_id",
  "reference",
  "cafe_name",
] as const;

/** The whole statement as CSV (RFC 4180), read in batches while it is sent: one query each 500 lines, whatever the length. */
export function streamStatement(db: Queryable, studentId: string): ReadableStream<Uint8Array> {
  return streamText(csvLines(db, studentId));
}

async function* csvLines(db: Queryable, studentId: string): AsyncGenerator<string, void, void> {
  yield csvRow(columns);
  let beforeSeq: number | undefined;
  for (let sent = 0; sent < maxLines; sent += batchLines) {
    const batch = await readStatement(db, studentId, { limit: batchLines, beforeSeq });
    if (batch.length > 0) yield batch.map((line) => csvRow(cellsOf(line))).join("");
    if (batch.length < batchLines) return;
    beforeSeq = batch.at(-1)?.walletSeq;
  }
}

const cellsOf = (line: StatementLine): readonly (string | number | null)[] => [
  line.id,
  line.at.toISOString(),
  line.kind,
  line.amountMinor,
  line.currency,
  line.balanceMinorAfter,
  line.orderId,
  line.orderNumber,
  line.chargeId,
  line.reference,
  line.cafeName,
];
