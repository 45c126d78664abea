import { type Actor, auditActor } from "../identity/actor.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import type { PageInput } from "../platform/page.ts";
import { type Queryable, sql, type Transaction } from "../platform/postgres.ts";
import { type BankStatement, readCamt, type StatementEntry } from "./camt.ts";
import { XmlProblem } from "./xml.ts";

export interface ImportedStatement {
  readonly id: string;
  readonly account: string;
  readonly statementId: string;
  readonly entriesCount: number;
  /** Of these, the ones that no statement had before. */
  readonly newEntries: number;
}

/** Keeps what the bank says it did. No money moves by a file: people return what came back. The same file again changes nothing. */
export async function importStatements(tx: Transaction, statements: readonly BankStatement[], actor: Actor): Promise<ImportedStatement[]> {
  const imported: ImportedStatement[] = [];
  for (const statement of statements) imported.push(await keep(tx, statement, actor));
  return imported;
}

/** What a file says, before anything is locked. Throws VALIDATION_ERROR. */
export async function readStatements({ BANK_IBAN }: Pick<Config, "BANK_IBAN">, text: string): Promise<BankStatement[]> {
  const own = BANK_IBAN?.replaceAll(/\s/g, "").toUpperCase();
  const statements = await readCamt(text).catch((error: unknown) => {
    throw error instanceof XmlProblem ? refused(error.message) : error;
  });
  if (statements.some(({ account }) => own !== undefined && account !== own)) throw refused("is of another account than BANK_IBAN");
  return statements;
}

const refused = (problem: string) =>
  new CodedError("VALIDATION_ERROR", `The statement ${problem}.`, { details: { fields: [{ field: "body", problem }] } });

async function keep(tx: Transaction, { account, statementId, entries }: BankStatement, actor: Actor): Promise<ImportedStatement> {
  const made = await tx.row<{ id: string; isNew: boolean }>(sql`
    with made as (
      insert into bank_statements (account, statement_id, entries_count, imported_by) values (${account}, ${statementId}, ${entries.length}, ${actor.staffId})
      on conflict (account, statement_id) do nothing returning id)
    select id, true as is_new from made
    union all select id, false from bank_statements where account = ${account} and statement_id = ${statementId} limit 1`);
  // Two at once: the other one has it by now.
  if (!made) throw new CodedError("CONFLICT", "The same statement is being imported at this moment.", { retryAfterSeconds: 1 });
  const newEntries = await tx.run(sql`
    insert into bank_entries (statement_id, account, entry_ref, reference, direction, amount_minor, currency, booked_on, return_reason)
    select ${made.id}, ${account}, "entryRef", reference, direction, "amountMinor", currency, "bookedOn", "returnReason"
    from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb)
      e ("entryRef" text, reference text, direction text, "amountMinor" bigint, currency text, "bookedOn" date, "returnReason" text)
    on conflict (account, entry_ref) do nothing`);
  await refuseDiffering(tx, account, entries);
  if (made.isNew || newEntries > 0)
    await auditActor(tx, actor, {
      action: made.isNew ? "bank_statement.imported" : "bank_statement.entries_added",
      objectKind: "bank_statement",
      objectId: made.id,
      details: { statement_id: statementId, entries: entries.length, new_entries: newEntries },
    });
  return { id: made.id, account, statementId, entriesCount: entries.length, newEntries };
}

/** The bank books a thing once: where one file says it otherwise than another one, a forged one would hide the bank's own. */
async function refuseDiffering(tx: Transaction, account: string, entries: readonly StatementEntry[]): Promise<void> {
  const differing = await tx.row<{ entryRef: string }>(sql`
    select b.entry_ref from jsonb_to_recordset(${JSON.stringify(entries)}::jsonb) e ("entryRef" text, "amountMinor" bigint, currency text)
      join bank_entries b on b.account = ${account} and b.entry_ref = e."entryRef"
    where b.amount_minor <> e."amountMinor" or b.currency <> e.currency limit 1`);
  if (differing)
    throw refused(`holds an entry that is known with another amount, so one of the two files is not the bank's: ${differing.entryRef}`);
}

export const entryStates = ["matched", "unmatched", "another_amount", "paid_twice", "to_return", "returned"] as const;

export interface BankEntry extends StatementEntry {
  readonly id: string;
  readonly statementId: string;
  readonly state: (typeof entryStates)[number];
  readonly kind: "settlement" | "close_out" | "gateway_pay_out" | null;
  readonly payOutId: string | null;
  /** The first of the two who say that it came back. */
  readonly returnAskedBy: string | null;
}

interface Wanted extends PageInput {
  readonly state: BankEntry["state"] | undefined;
}

/** Newest first, each with what it is by now; one more than the limit tells that a further page exists. */
export const listEntries = (db: Queryable, { state, limit, after }: Wanted): Promise<BankEntry[]> =>
  db.rows<BankEntry>(sql`
    select e.id, e.statement_id, e.entry_ref, e.reference, e.direction, e.amount_minor, e.currency, to_char(e.booked_on, 'YYYY-MM-DD') as booked_on, e.return_reason,
      e.state, e.kind, e.pay_out_id, case e.state when 'to_return' then coalesce(s.return_asked_by, c.return_asked_by) end as return_asked_by
    from bank_entry_states e left join settlements s on e.kind = 'settlement' and s.id = e.pay_out_id left join close_outs c on e.kind = 'close_out' and c.id = e.pay_out_id
    where (${state ?? null}::text is null or e.state = ${state ?? null}) and (${after ?? null}::uuid is null or e.id < ${after ?? null}::uuid)
    order by e.id desc limit ${limit + 1}`);
