import { stopCard } from "../cards/stop-card.ts";
import { endSessions } from "../identity/end-sessions.ts";
import { accountBalance } from "../ledger/balances.ts";
import { audit } from "../platform/audit.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import type { Job } from "../platform/jobs.ts";
import { sql, type Transaction } from "../platform/postgres.ts";

interface Input {
  readonly studentId: string;
  /** The student, or the member of staff who does it for the student. */
  readonly actorKind: "student" | "staff";
  readonly actorId: string;
  readonly requestId: string;
}

interface Person {
  readonly phone: string;
  readonly email: string | null;
}

/**
 * Removes the person and keeps the books: what was bought, paid and refunded stays under an id that leads to nobody.
 * Refused while money or an order waits for that person. Returns the sessions that ended.
 */
export async function eraseStudent(tx: Transaction, { studentId, actorKind, actorId, requestId }: Input): Promise<string[]> {
  // The order of locks that all keep: orders, student, charges, wallet. With the strongest lock on the student's row, because
  // an order that is being placed holds its key: it is there before this goes on, or waits until it is over.
  await tx.run(sql`select id from orders where student_id = ${studentId} order by id for update`);
  const person = await tx.row<Person>(sql`select phone, email from students where id = ${studentId} and erased_at is null for update`);
  if (!person) throw notFound("The student");
  await refuseIfAwaited(tx, studentId);
  await stopCards(tx, studentId);
  await closeWallet(tx, studentId);
  const ended = await endSessions(tx, { studentId }, "erased");
  const customerIds = await removeCustomers(tx, studentId, person);
  await tx.run(sql`delete from otps where phone = ${person.phone}`);
  await tx.run(sql`
    update students set phone = null, name = null, email = null, address = null, student_number = null, language = 'en',
      is_active = false, erased_at = clock_timestamp(), updated_at = clock_timestamp()
    where id = ${studentId}`);
  await eraseTraces(tx, [studentId]);
  await eraseElsewhere(tx, studentId);
  await blankAnswers(tx, studentId, customerIds);
  await audit(tx, { actorKind, actorId, action: "student.erased", objectKind: "student", objectId: studentId, requestId });
  return ended;
}

async function closeWallet(tx: Transaction, studentId: string): Promise<void> {
  await tx.run(sql`update wallets set status = 'closed', updated_at = now() where student_id = ${studentId} and status <> 'closed'`);
}

/**
 * A payment file names the account of each student in it, for as long as the bank may yet be given it: until the bank's statement has the
 * transfer, or so long after the file's day, where nobody imports statements.
 */
const fileDays = 30;

/** In the order in which they are named. */
const obstacles = {
  open_charge: "A payment is waiting for an answer: decline it, or wait a minute for it to end.",
  unfinished_order:
    "An order is not finished: cancel it or wait until it was handed over. What its café leaves for a day the finance office ends.",
  pending_adjustment: "An adjustment of the wallet is not decided: the finance office approves or rejects it.",
  pending_refund: "A refund of an order is not decided: another owner of the café or the finance office approves or rejects it.",
  open_dispute: "A payment is disputed at the bank: wait until that is settled.",
  open_outside_refund: "A payment was given back at the gateway, and nobody has said yet who bears it: the finance office decides.",
  pay_out_on_its_way: "The rest of the wallet is on its way to the bank account: wait until the bank has booked it, a month at most.",
  debt: "This student owes the university money: the finance office settles it.",
  balance: "There is money in the wallet: spend it, or ask for it with a close-out of the wallet.",
} as const;

/** All that stands in the way, at once: whoever mends one thing is not told of the next one only then. */
async function refuseIfAwaited(tx: Transaction, studentId: string): Promise<void> {
  const wallet = await tx.row<{ balanceMinor: number; currency: string }>(
    sql`select balance_minor, currency from wallets where student_id = ${studentId} for update`,
  );
  const balance = wallet && wallet.balanceMinor > 0 ? { balance_minor: wallet.balanceMinor, currency: wallet.currency } : undefined;
  const found = await tx.row<
    Record<
      "openCharge" | "unfinishedOrder" | "pendingAdjustment" | "pendingRefund" | "openDispute" | "openOutsideRefund" | "payOutOnItsWay",
      boolean
    >
  >(sql`
    select exists (select from charges where student_id = ${studentId} and state = 'open' and expires_at > clock_timestamp()) as open_charge,
      exists (select from orders where student_id = ${studentId} and status not in ('completed', 'cancelled')) as unfinished_order,
      exists (select from adjustments where student_id = ${studentId} and status = 'pending') as pending_adjustment,
      exists (select from refund_proposals p join orders o on o.id = p.order_id where o.student_id = ${studentId} and p.status = 'pending') as pending_refund,
      exists (select from gateway_disputes where student_id = ${studentId} and settled_at is null) as open_dispute,
      exists (select from outside_refunds where student_id = ${studentId} and status = 'open') as open_outside_refund,
      exists (
        select from close_outs c join payment_file_lines l on l.close_out_id = c.id join payment_files f on f.id = l.file_id
        where c.student_id = ${studentId} and c.status = 'paid' and f.execution_day + ${fileDays}::integer >= current_date and not exists (
          select from bank_entries b
          where b.reference = c.bank_reference and b.direction = 'out' and b.amount_minor = c.amount_minor and b.currency = c.currency)) as pay_out_on_its_way`);
  const account = await tx.row<{ id: string }>(sql`select id from accounts where kind = 'receivables' and student_id = ${studentId}`);
  const stands: Readonly<Record<keyof typeof obstacles, boolean>> = {
    open_charge: found?.openCharge === true,
    unfinished_order: found?.unfinishedOrder === true,
    pending_adjustment: found?.pendingAdjustment === true,
    pending_refund: found?.pendingRefund === true,
    open_dispute: found?.openDispute === true,
    open_outside_refund: found?.openOutsideRefund === true,
    pay_out_on_its_way: found?.payOutOnItsWay === true,
    debt: account !== undefined && (await accountBalance(tx, account.id)) !== 0,
    balance: balance !== undefined,
  };
  const because = Object.keys(obstacles).filter((name): name is keyof typeof obstacles => stands[name as keyof typeof obstacles]);
  if (because.length === 0) return;
  const message = [...because.map((name) => obstacles[name]), "Then erase."].join(" ");
  throw new CodedError("CONFLICT", message, { details: { because: because[0], obstacles: because, ...balance } });
}

async function stopCards(tx: Transaction, studentId: string): Promise<void> {
  const cards = await tx.rows<{ id: string }>(
    sql`select id from cards where student_id = ${studentId} and status in ('active', 'frozen') order by id`,
  );
  for (const { id } of cards) await stopCard(tx, { cardId: id, status: "revoked", because: "the student was erased" });
}

/** What cafés wrote about this student, also where they never knew that their customer was one. */
async function removeCustomers(tx: Transaction, studentId: string, { phone, email }: Person): Promise<string[]> {
  const removed = await tx.rows<{ id: string }>(sql`
    delete from customers where student_id = ${studentId} or phone = ${phone} or lower(email) = lower(${email}) returning id`);
  return removed.map(({ id }) => id);
}

/** What was left on the way: words on orders and adjustments, keys, tokens and answers that nobody else can ask for. */
async function eraseTraces(tx: Transaction, studentIds: readonly string[]): Promise<void> {
  await tx.run(sql`
    update orders set special_instructions = null, cancel_reason = null, delivery_address = case when delivery_address is not null then 'erased' end
    where student_id = any(${studentIds}::uuid[]) and (special_instructions is not null or cancel_reason is not null or delivery_address <> 'erased')`);
  await tx.run(sql`update adjustments set reason = 'erased' where student_id = any(${studentIds}::uuid[]) and reason <> 'erased'`);
  await tx.run(sql`select forget_student_notes(${studentIds}::uuid[])`);
  await tx.run(sql`delete from push_tokens where student_id = any(${studentIds}::uuid[])`);
  await tx.run(sql`delete from confirm_keys where student_id = any(${studentIds}::uuid[])`);
  await tx.run(sql`delete from saved_methods where student_id = any(${studentIds}::uuid[])`);
  await tx.run(sql`delete from idempotency_answers where principal = any(${studentIds.map((id) => `student:${id}`)})`);
}

/** What others keep that tells of the student: words of staff, a café's till system, the bank's case, links and sessions. */
async function eraseElsewhere(tx: Transaction, studentId: string): Promise<void> {
  await tx.run(sql`select redact_student_texts(${studentId})`);
  await tx.run(sql`delete from webhook_deliveries where order_id in (select id from orders where student_id = ${studentId})`);
  await tx.run(sql`update gateway_disputes set evidence = 'erased' where student_id = ${studentId} and evidence <> 'erased'`);
  await tx.run(sql`update gift_links set revoked_at = now() where student_id = ${studentId} and revoked_at is null`);
  await tx.run(sql`delete from refresh_tokens where session_id in (select id from sessions where student_id = ${studentId})`);
  await tx.run(sql`update sessions set network = null, browser = null where student_id = ${studentId} and network is not null`);
}

/** Stored answers of staff that tell of the student are blanked and not deleted: a deleted key of money would let its request move the money again. */
async function blankAnswers(tx: Transaction, studentId: string, customerIds: readonly string[]): Promise<void> {
  await tx.run(sql`
    update idempotency_answers set body = '{}'
    where expires_at is not null and body <> '{}' and body like any (array(
      select '%' || id || '%' from orders where student_id = ${studentId} and updated_at > now() - interval '2 days'
      union all select '%' || id || '%' from unnest(${[studentId, ...customerIds]}::uuid[]) known (id)))`);
  // Keys of money have no end: found by the staff who asked for these refunds and adjustments, not by a walk through all.
  await tx.run(sql`
    with told as (
      select id, requested_by as staff_id from refunds where order_id in (select id from orders where student_id = ${studentId})
      union all select id, unnest(array[requested_by, decided_by]) from refund_proposals where order_id in (select id from orders where student_id = ${studentId})
      union all select id, unnest(array[requested_by, decided_by]) from adjustments where student_id = ${studentId})
    update idempotency_answers set body = '{}'
    where principal = any (array(select distinct 'staff:' || staff_id from told where staff_id is not null)) and body <> '{}'
      and body like any (array(select '%' || id || '%' from told))`);
}

const sweptHours = 24;

/** A request that was under way at the erasure may have written once more. */
export const sweepErasedJob: Job = {
  name: "sweep-erased-students",
  everySeconds: 600,
  worker: "long",
  run: async (tx) => {
    const erased = await tx.rows<{ id: string }>(
      sql`select id from students where erased_at > now() - make_interval(hours => ${sweptHours})`,
    );
    if (erased.length > 0)
      await eraseTraces(
        tx,
        erased.map(({ id }) => id),
      );
  },
};
