import { type Actor, auditActor } from "../identity/actor.ts";
import type { Config } from "../platform/config.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { approveCloseOut } from "../settlements/approve-close-out.ts";
import { paySettlement } from "../settlements/pay-settlement.ts";
import { bankName } from "./pain.ts";
import { type PaymentFile, readPaymentFile } from "./payment-file.ts";
import { debtorOf } from "./write-payment-file.ts";

export const maxPayments = 200;

interface Input extends Actor {
  readonly settlementIds: readonly string[];
  readonly closeOuts: readonly { readonly id: string; readonly expectedAmountMinor: number }[];
  /** YYYY-MM-DD. */
  readonly executionDay: string;
}

interface Line {
  readonly id: string;
  readonly settlementId: string | null;
  readonly accountId: string | null;
  readonly closeOutId: string | null;
  readonly transactionId: string;
  readonly amountMinor: number;
  readonly currency: string;
}

/**
 * Pays all that is named, as the single verbs do and by their rules, and writes down the one file in which the bank is told so: all of it or
 * nothing. What is paid is due no more, so nothing is in two files; what the bank sends back is due again and may be in another one.
 */
export async function makePaymentFile(tx: Transaction, config: Config, input: Input): Promise<PaymentFile> {
  debtorOf(config);
  await refusePast(tx, config, input.executionDay);
  // One file at a time: two would take the cafés' settlements in different orders.
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('payment_files', 9))`);
  const lines: Line[] = [];
  for (const id of new Set(input.settlementIds)) lines.push(await named({ settlement_id: id }, () => paySettled(tx, config, id, input)));
  for (const each of input.closeOuts) lines.push(await named({ close_out_id: each.id }, () => payLeaver(tx, config, each, input)));
  const currencies = new Set(lines.map(({ currency }) => currency));
  const [currency] = currencies;
  if (currency === undefined || currencies.size > 1)
    throw new CodedError("CONFLICT", "A file is of one currency: make one for each.", { details: { currencies: [...currencies] } });
  return write(tx, input, lines, currency);
}

async function refusePast(tx: Transaction, { CAMPUS_TIME_ZONE }: Config, day: string): Promise<void> {
  const isPast = await tx.row(sql`select 1 as yes where ${day}::date < (now() at time zone ${CAMPUS_TIME_ZONE})::date`);
  if (isPast)
    throw new CodedError("VALIDATION_ERROR", "The request does not fit: execution_day is over", {
      details: { fields: [{ field: "execution_day", problem: "is over" }] },
    });
}

/** Which of many was refused. */
async function named<Done>(which: Readonly<Record<string, string>>, work: () => Promise<Done>): Promise<Done> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    const { code, message, details, retryAfterSeconds, headers } = error;
    throw new CodedError(code, message, { cause: error, details: { ...details, ...which }, headers, retryAfterSeconds });
  }
}

const takesTwo = () => new CodedError("CONFLICT", "It takes two people: the first agrees to it alone, then it can be in a file.");

async function newLine(tx: Transaction): Promise<string> {
  const made = await tx.row<{ id: string }>(sql`select uuidv7() as id`);
  if (!made) throw new Error("No id was made.");
  return made.id;
}

async function paySettled(tx: Transaction, config: Config, settlementId: string, { staffId, requestId }: Input): Promise<Line> {
  const id = await newLine(tx);
  const paid = await paySettlement(tx, config, { settlementId, bankReference: bankName(id), staffId, requestId });
  if (paid.paidTransactionId === null) throw takesTwo();
  const account = await tx.row<{ id: string }>(sql`
    select id from cafe_bank_accounts where cafe_id = ${paid.cafeId} and status = 'approved' order by decided_at desc, id desc limit 1`);
  if (!account) throw new CodedError("CONFLICT", "No bank account of this café is known: two people enter it first.");
  const { paidTransactionId: transactionId, payableMinor: amountMinor, currency } = paid;
  return { id, settlementId, accountId: account.id, closeOutId: null, transactionId, amountMinor, currency };
}

async function payLeaver(tx: Transaction, config: Config, closeOut: Input["closeOuts"][number], actor: Actor): Promise<Line> {
  const id = await newLine(tx);
  const { id: closeOutId, expectedAmountMinor } = closeOut;
  const { staffId, requestId } = actor;
  const paid = await approveCloseOut(tx, config, { closeOutId, expectedAmountMinor, bankReference: bankName(id), staffId, requestId });
  if (paid.status !== "paid") throw takesTwo();
  if (paid.transactionId === null) throw new CodedError("CONFLICT", "There is nothing to transfer: approve this close-out alone.");
  const { transactionId, amountMinor, currency } = paid;
  return { id, settlementId: null, accountId: null, closeOutId, transactionId, amountMinor, currency };
}

async function write(tx: Transaction, input: Input, lines: readonly Line[], currency: string): Promise<PaymentFile> {
  const totalMinor = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const file = await tx.row<{ id: string }>(sql`
    insert into payment_files (execution_day, currency, payments_count, total_minor, made_by)
    values (${input.executionDay}::date, ${currency}, ${lines.length}, ${totalMinor}, ${input.staffId}) returning id`);
  if (!file) throw new Error("The payment file was not written.");
  await tx.run(sql`
    insert into payment_file_lines (id, file_id, settlement_id, cafe_bank_account_id, close_out_id, transaction_id, amount_minor)
    select id, ${file.id}, "settlementId", "accountId", "closeOutId", "transactionId", "amountMinor" from jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
      l (id uuid, "settlementId" uuid, "accountId" uuid, "closeOutId" uuid, "transactionId" uuid, "amountMinor" bigint)`);
  await auditActor(tx, input, {
    action: "payment_file.made",
    objectKind: "payment_file",
    objectId: file.id,
    details: { payments: lines.length, total_minor: totalMinor, currency, execution_day: input.executionDay },
  });
  return readPaymentFile(tx, file.id);
}
