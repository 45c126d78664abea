import { endOfNewCard } from "../cards/fresh-card.ts";
import { announceEnded } from "../identity/ended-sessions.ts";
import { type OldPhone, tellOldPhones } from "../notifications/notices/tell-old-phone.ts";
import { audit } from "../platform/audit.ts";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { part, sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import { type Problem, type Register, type RegisterLine, readRegister } from "./read-register.ts";
import type { ImportMode } from "./student-import.ts";

interface Job {
  readonly id: string;
  readonly staffId: string;
  readonly mode: ImportMode;
  readonly isDryRun: boolean;
  readonly content: Buffer;
  readonly requestId: string | null;
}

interface Outcome {
  readonly status: "done" | "refused";
  readonly problems: readonly Problem[];
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly endedSessionIds: readonly string[];
}

const maxAttempts = 5;

/**
 * Works on one file: all of it is written in one short transaction or nothing is, whenever it is killed. Reading and
 * checking happen before that, outside of it, because a long write would hold back everybody's live events.
 */
export async function importStudents(platform: Platform, importId: string, signal: AbortSignal): Promise<void> {
  const { db, cache, config, secrets } = platform;
  const sealKey = await secrets.get("SEAL_KEY");
  const job = await db.row<Job>(sql`
    update student_imports set status = 'running' where id = ${importId} and finished_at is null
    returning id, staff_id, mode, is_dry_run, content, request_id`);
  if (!job) return;
  const register = await readRegister(job.content, config, async ({ bytesRead, linesRead }) => {
    signal.throwIfAborted();
    await db.run(
      sql`update student_imports set bytes_read = ${bytesRead}, lines_read = ${linesRead} where id = ${importId} and finished_at is null`,
    );
  });
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      const ended = await db.transaction((tx) => writeOutcome(tx, config, job, register, sealKey));
      announceEnded(cache, ended);
      return;
    } catch (error) {
      // Somebody took a phone or a number, or gave a card, between the look and the write: look again.
      if ((violatedConstraint(error) === undefined && !(error instanceof CardGivenMeanwhile)) || attempt >= maxAttempts) throw error;
    }
  }
}

class CardGivenMeanwhile extends Error {}

async function writeOutcome(tx: Transaction, config: Config, job: Job, register: Register, sealKey: string): Promise<readonly string[]> {
  const outcome = await applyRegister(tx, config, job, register, sealKey);
  const { status, problems, created, updated, unchanged } = outcome;
  const badLines = new Set(problems.map(({ line }) => line)).size;
  const finished = await tx.run(sql`
    update student_imports set status = ${status}, content = null, finished_at = clock_timestamp(), bad_lines = ${badLines},
      problems = ${JSON.stringify(problems)}, created_count = ${created}, updated_count = ${updated}, unchanged_count = ${unchanged}
    where id = ${job.id} and finished_at is null`);
  if (finished === 0) throw new Error("Another worker finished this import.");
  await audit(tx, {
    actorKind: "staff",
    actorId: job.staffId,
    action: "students.imported",
    objectKind: "student_import",
    objectId: job.id,
    details: { status, dry_run: job.isDryRun, created, updated, unchanged, bad_lines: badLines },
    ...(job.requestId === null ? {} : { requestId: job.requestId }),
  });
  return outcome.endedSessionIds;
}

async function applyRegister(tx: Transaction, config: Config, job: Job, register: Register, sealKey: string): Promise<Outcome> {
  const known = await findKnown(tx, config, register.lines);
  const { fresh, changed, unchanged, conflicts } = compare(register.lines, known);
  const problems = [...register.problems, ...conflicts].toSorted((a, b) => a.line - b.line);
  const nothing = { problems, created: 0, updated: 0, unchanged: 0, endedSessionIds: [] };
  if (!register.isReadable || (job.mode === "all_or_none" && problems.length > 0)) return { ...nothing, status: "refused" };
  const counts = { created: fresh.length, updated: changed.length, unchanged };
  if (job.isDryRun) return { ...nothing, ...counts, status: "done" };
  await insertStudents(tx, fresh);
  await tellOldPhones(tx, sealKey, await oldPhonesOf(tx, config, changed));
  const endedSessionIds = await updateStudents(tx, job, changed);
  return { status: "done", problems, ...counts, endedSessionIds };
}

interface Known {
  readonly line: number;
  /** Who has the line's number, and who has its phone. */
  readonly numberId: string | null;
  readonly phoneId: string | null;
  readonly phoneNumber: string | null;
  readonly isSame: boolean;
  /** It would get another phone, and has a card that is too new for that. */
  readonly hasNewCard: boolean;
}

const findKnown = (tx: Transaction, config: Config, lines: readonly RegisterLine[]): Promise<Known[]> =>
  tx.rows<Known>(sql`
    select l.line, n.id as number_id, p.id as phone_id, p.student_number as phone_number,
      coalesce(k.phone = l.phone and k.name = l.name and (l.email is null or k.email = l.email) and (l.address is null or k.address = l.address)
        and (l.student_number is null or k.student_number = l.student_number), false) as is_same,
      k.phone <> l.phone and ${endOfNewCard(config, part`k.id`)} is not null as has_new_card
    from unnest(${lines.map(({ line }) => line)}::integer[], ${lines.map(({ phone }) => phone)}::text[], ${lines.map(({ name }) => name)}::text[],
        ${lines.map(({ email }) => email)}::text[], ${lines.map(({ address }) => address)}::text[],
        ${lines.map(({ studentNumber }) => studentNumber)}::text[]) as l (line, phone, name, email, address, student_number)
      left join students n on n.student_number = l.student_number
      left join students p on p.phone = l.phone
      left join students k on k.id = coalesce(n.id, p.id)
    where n.id is not null or p.id is not null`);

interface KnownLine extends RegisterLine {
  readonly studentId: string;
}

interface Comparison {
  readonly fresh: RegisterLine[];
  readonly changed: KnownLine[];
  readonly unchanged: number;
  readonly conflicts: Problem[];
}

/** A line is the student who has its number, else the one who has its phone; so the same file twice changes nothing the second time. */
function compare(lines: readonly RegisterLine[], found: readonly Known[]): Comparison {
  const knownOf = new Map(found.map((known) => [known.line, known]));
  const lineOfStudent = new Map<string, number>();
  const comparison: Comparison & { unchanged: number } = { fresh: [], changed: [], unchanged: 0, conflicts: [] };
  for (const line of lines) {
    const known = knownOf.get(line.line);
    const studentId = known?.numberId ?? known?.phoneId;
    if (!known || !studentId) {
      comparison.fresh.push(line);
      continue;
    }
    const conflict = conflictOf(line, known, lineOfStudent.get(studentId));
    if (conflict) comparison.conflicts.push(conflict);
    else {
      lineOfStudent.set(studentId, line.line);
      if (known.isSame) comparison.unchanged += 1;
      else comparison.changed.push({ ...line, studentId });
    }
  }
  return comparison;
}

function conflictOf({ line, studentNumber }: RegisterLine, known: Known, earlierLine: number | undefined): Problem | undefined {
  if (known.numberId !== null && known.phoneId !== null && known.numberId !== known.phoneId)
    return { line, column: "phone", problem: "belongs to another student" };
  if (known.numberId === null && known.phoneNumber !== null && studentNumber !== null)
    return { line, column: "phone", problem: "belongs to a student with another number" };
  if (known.hasNewCard) return { line, column: "phone", problem: "is another one for a student who was given a card of late" };
  if (earlierLine !== undefined) return { line, column: null, problem: `is the same student as line ${earlierLine}` };
  return undefined;
}

/** One statement for all lines could outlast statement_timeout on a busy machine. In these, 50,000 lines took 1.3 s in all. */
const batchLines = 10_000;

function* batchesOf<Line>(lines: readonly Line[]): Generator<readonly Line[]> {
  for (let first = 0; first < lines.length; first += batchLines) yield lines.slice(first, first + batchLines);
}

async function insertStudents(tx: Transaction, lines: readonly RegisterLine[]): Promise<void> {
  for (const batch of batchesOf(lines)) await insertBatch(tx, batch);
}

async function updateStudents(tx: Transaction, job: Job, lines: readonly KnownLine[]): Promise<string[]> {
  const ended: string[] = [];
  for (const batch of batchesOf(lines)) ended.push(...(await updateBatch(tx, job, batch)));
  return ended;
}

async function insertBatch(tx: Transaction, lines: readonly RegisterLine[]): Promise<void> {
  await tx.run(sql`
    insert into students (phone, name, email, address, student_number)
    select * from unnest(${lines.map(({ phone }) => phone)}::text[], ${lines.map(({ name }) => name)}::text[],
      ${lines.map(({ email }) => email)}::text[], ${lines.map(({ address }) => address)}::text[],
      ${lines.map(({ studentNumber }) => studentNumber)}::text[])`);
}

/** Of those who get another phone. They are locked as by whoever gives a card: what was given since the look is seen here. */
async function oldPhonesOf(tx: Transaction, config: Config, lines: readonly KnownLine[]): Promise<OldPhone[]> {
  const ids = lines.map(({ studentId }) => studentId);
  const moved = await tx.rows<OldPhone & { id: string }>(sql`
    select s.id, s.phone, s.email, s.language from students s
      join unnest(${ids}::uuid[], ${lines.map(({ phone }) => phone)}::text[]) l (id, phone) on l.id = s.id
    where s.phone <> l.phone and s.erased_at is null for no key update of s`);
  const given = await tx.row(sql`
    select m.id from unnest(${moved.map(({ id }) => id)}::uuid[]) m (id) where ${endOfNewCard(config, part`m.id`)} is not null limit 1`);
  if (given) throw new CardGivenMeanwhile("A card was given to a student of this file while it was taken in.");
  return moved;
}

/** An empty cell leaves what is there. Another phone is another login, so what was opened with the old one ends, and each student's trail says who did it. */
async function updateBatch(tx: Transaction, job: Job, lines: readonly KnownLine[]): Promise<string[]> {
  const ended = await tx.rows<{ id: string }>(sql`
    with line as (
      select * from unnest(${lines.map(({ studentId }) => studentId)}::uuid[], ${lines.map(({ phone }) => phone)}::text[],
        ${lines.map(({ name }) => name)}::text[], ${lines.map(({ email }) => email)}::text[], ${lines.map(({ address }) => address)}::text[],
        ${lines.map(({ studentNumber }) => studentNumber)}::text[]) as l (id, phone, name, email, address, student_number)),
    moved as (select s.id from students s join line l on l.id = s.id where s.phone <> l.phone and s.erased_at is null),
    changed as (
      update students s set phone = l.phone, name = l.name, email = coalesce(l.email, s.email), address = coalesce(l.address, s.address),
        student_number = coalesce(l.student_number, s.student_number), updated_at = clock_timestamp(),
        phone_changed_at = case when s.phone <> l.phone then clock_timestamp() else s.phone_changed_at end
      from line l where s.id = l.id and s.erased_at is null),
    told as (
      insert into audit_log (actor_kind, actor_id, action, object_kind, object_id, details, request_id)
      select 'staff', ${job.staffId}::uuid, 'student.changed', 'student', id, ${JSON.stringify({ fields: ["phone"], import_id: job.id })}::jsonb, ${job.requestId}::text from moved),
    silenced as (delete from push_tokens where student_id in (select id from moved))
    update sessions set revoked_at = clock_timestamp(), revoked_because = 'changed'
    where student_id in (select id from moved) and revoked_at is null returning id`);
  return ended.map(({ id }) => id);
}
