import { csvRow } from "../platform/csv.ts";
import type { Database } from "../platform/postgres.ts";
import { accountPlan } from "./account-plan.ts";
import { type JournalLine, type Period, readJournal } from "./journal.ts";
import { metadataCell } from "./note.ts";

export const journalColumns = [
  "transaction_id",
  "at",
  "kind",
  "debit_account",
  "debit_kind",
  "credit_account",
  "credit_kind",
  "amount_minor",
  "currency",
  "cafe_code",
  "order_id",
  "corrects_id",
  "reference",
  "metadata",
] as const;

/** Each transaction of the ledger as one line; no student is named by us, and what callers noted goes out as they wrote it. */
export async function* journalAsCsv(db: Database, period: Period): AsyncGenerator<string, void, void> {
  yield csvRow(journalColumns);
  for await (const lines of readJournal(db, period)) yield lines.map((line) => csvRow(cellsOf(line))).join("");
}

/** Money that leaves one of our accounts is a debit there and a credit where it arrives: a wallet's balance is what the university owes. */
const cellsOf = (line: JournalLine): readonly (string | number | null)[] => [
  line.id,
  line.at.toISOString(),
  line.kind,
  accountPlan[line.fromKind].number,
  line.fromKind,
  accountPlan[line.toKind].number,
  line.toKind,
  line.amountMinor,
  line.currency,
  line.cafeCode,
  line.orderId,
  line.correctsId,
  line.reference,
  metadataCell(line.metadata),
];
