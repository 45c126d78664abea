import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import { readIban } from "../settlements/iban.ts";
import { type Debtor, painOf, type Transfer } from "./pain.ts";
import { readPaymentFile } from "./payment-file.ts";

/** The university's own account. Throws METHOD_UNAVAILABLE where none is set. */
export function debtorOf({ BANK_HOLDER, BANK_IBAN, BANK_BIC }: Config): Debtor {
  const read = BANK_IBAN === undefined ? undefined : readIban(BANK_IBAN, [BANK_IBAN.slice(0, 2).toUpperCase()]);
  if (BANK_HOLDER === undefined || read === undefined || "problem" in read)
    throw new CodedError(
      "METHOD_UNAVAILABLE",
      "No bank account of the university is set: BANK_HOLDER and BANK_IBAN, with a good checksum.",
    );
  return { holder: BANK_HOLDER, iban: read.iban.replaceAll(" ", ""), bic: BANK_BIC };
}

interface Line extends Omit<Transfer, "iban"> {
  readonly iban: string | null;
}

/** The file's text, the same each time: made from its rows, and no more once a student in it was erased. */
export async function writePaymentFile(db: Queryable, config: Config, id: string): Promise<string> {
  const file = await readPaymentFile(db, id);
  const lines = await db.rows<Line>(sql`
    select l.id, l.amount_minor, coalesce(a.holder, s.name, 'Student') as holder, coalesce(a.iban, nullif(replace(c.pay_to, ' ', ''), 'erased')) as iban,
      case when l.settlement_id is null then 'Close-out ' || left(replace(c.id::text, '-', ''), 12) else 'Settlement ' || to_char(t.day, 'YYYY-MM-DD') end as text
    from payment_file_lines l left join cafe_bank_accounts a on a.id = l.cafe_bank_account_id left join settlements t on t.id = l.settlement_id
      left join close_outs c on c.id = l.close_out_id left join students s on s.id = c.student_id
    where l.file_id = ${id} order by l.id`);
  const transfers = lines.map(({ iban, ...line }) => {
    if (iban === null)
      throw new CodedError("CONFLICT", "A student of this file was erased since the bank booked it: it is not made again.");
    return { ...line, iban };
  });
  const totalMinor = transfers.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  if (transfers.length !== file.paymentsCount || totalMinor !== file.totalMinor) throw new Error(`The payment file ${id} does not add up.`);
  return painOf({ ...file, transfers }, debtorOf(config));
}
