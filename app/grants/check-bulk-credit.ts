import { cardHash } from "../cards/card-hash.ts";
import type { Platform } from "../platform/context.ts";
import { part, sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import { type GrantFile, type GrantLine, type GrantProblem, type NamingColumn, namingColumns, readGrantFile } from "./read-grant-file.ts";

const maxAttempts = 5;

interface Job {
  readonly id: string;
  readonly content: Buffer;
  readonly currency: string;
  readonly today: string;
}

interface Check {
  readonly timeZone: string;
  readonly twoPeopleAboveMinor: number;
  readonly pepper: string;
}

/** Reads one file: either every line of it is kept and waits, or none is and each bad one is named. Killed anywhere, it is read again. */
export async function checkBulkCredit({ db, config, secrets }: Platform, id: string, signal: AbortSignal): Promise<void> {
  const check: Check = {
    timeZone: config.CAMPUS_TIME_ZONE,
    twoPeopleAboveMinor: config.BULK_CREDIT_TWO_PEOPLE_ABOVE_MINOR,
    pepper: await secrets.get("CARD_PEPPER"),
  };
  const job = await db.row<Job>(sql`
    select id, content, currency, ((now() at time zone ${check.timeZone})::date)::text as today from bulk_credits where id = ${id} and status = 'reading'`);
  if (!job) return;
  const file = await readGrantFile(job.content, job.today, async () => signal.throwIfAborted());
  for (let attempt = 1; ; attempt += 1) {
    signal.throwIfAborted();
    try {
      return await db.transaction((tx) => keep(tx, job, file, check));
    } catch (error) {
      // Another file credited one of these meanwhile: look again, and name the line.
      if (violatedConstraint(error) !== "grants_once" || attempt >= maxAttempts) throw error;
    }
  }
}

async function keep(tx: Transaction, job: Job, file: GrantFile, check: Check): Promise<void> {
  const { lines, problems } = await withStudents(tx, file, job, check.pepper);
  if (!file.isReadable || problems.length > 0) {
    const sorted = problems.toSorted((one, other) => one.line - other.line);
    await tx.run(sql`
      update bulk_credits set status = 'refused', content = null, problems = ${JSON.stringify(firstOf(sorted))}, line_count = ${lines.length}, finished_at = clock_timestamp()
      where id = ${job.id} and status = 'reading'`);
    return;
  }
  const totalMinor = lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const twoPeople = totalMinor > check.twoPeopleAboveMinor;
  const taken = await tx.run(sql`
    update bulk_credits set status = ${twoPeople ? "pending" : "approved"}, content = null, line_count = ${lines.length}, total_minor = ${totalMinor}, two_people = ${twoPeople}
    where id = ${job.id} and status = 'reading'`);
  if (taken === 0) throw new Error("Another worker read this file.");
  await tx.run(sql`
    insert into grants (bulk_credit_id, line, student_id, amount_minor, currency, reference, expires_at)
    select ${job.id}::uuid, l.line, l.student_id, l.amount_minor, ${job.currency}::text, l.reference, (l.expires_on + 1)::timestamp at time zone ${check.timeZone}
    from unnest(${lines.map(({ line }) => line)}::integer[], ${lines.map(({ studentId }) => studentId)}::uuid[], ${lines.map(({ amountMinor }) => amountMinor)}::bigint[],
      ${lines.map(({ reference }) => reference)}::text[], ${lines.map(({ expiresOn }) => expiresOn)}::date[]) as l (line, student_id, amount_minor, reference, expires_on)`);
}

/** So many of one file are kept: of a wrong column each of 20,000 lines has one. */
const maxProblems = 1_000;

function firstOf(problems: readonly GrantProblem[]): readonly GrantProblem[] {
  const next = problems[maxProblems - 1];
  if (problems.length <= maxProblems || !next) return problems;
  const rest = { line: next.line, column: null, problem: `${problems.length - maxProblems + 1} problems more, from this line on` };
  return [...problems.slice(0, maxProblems - 1), rest];
}

interface FoundLine extends GrantLine {
  readonly studentId: string;
}

interface Found {
  readonly line: number;
  readonly column: NamingColumn;
  readonly studentIds: readonly string[];
}

/** Whose each line is, and what else stands against it: nobody or several of that name, another wallet, credited before. */
async function withStudents(
  tx: Transaction,
  file: GrantFile,
  job: Job,
  pepper: string,
): Promise<{ lines: FoundLine[]; problems: GrantProblem[] }> {
  const named = await findNamed(tx, file.lines, pepper);
  const lines: FoundLine[] = [];
  const problems: GrantProblem[] = [...file.problems];
  for (const line of file.lines) {
    const found = studentOf(line, named);
    if (typeof found === "string") lines.push({ ...line, studentId: found });
    else problems.push(...found);
  }
  problems.push(...twiceIn(lines), ...(await findRefused(tx, lines, job.currency)));
  return { lines, problems };
}

const keyOf = (line: number, column: NamingColumn) => `${line} ${column}`;

/** Each column is looked up by its own index; an e-mail address may be several students'. */
async function findNamed(tx: Transaction, lines: readonly GrantLine[], pepper: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const given = (column: NamingColumn) =>
    lines.flatMap(({ line, names }) => (names[column] === undefined ? [] : [{ line, name: names[column] }]));
  const asTable = (column: NamingColumn) => {
    const cells = given(column);
    return part`unnest(${cells.map(({ line }) => line)}::integer[], ${cells.map(({ name }) => name)}::text[]) as l (line, name)`;
  };
  const cards = given("card_uid");
  const found = await tx.rows<Found>(sql`
    select line, "column", array_agg(distinct id) as student_ids from (
      select l.line, 'student_id' as "column", s.id from ${asTable("student_id")} join students s on s.id = l.name::uuid where s.erased_at is null
      union all select l.line, 'student_number', s.id from ${asTable("student_number")} join students s on s.student_number = l.name
      union all select l.line, 'email', s.id from ${asTable("email")} join students s on lower(s.email) = lower(l.name)
      union all select l.line, 'phone', s.id from ${asTable("phone")} join students s on s.phone = l.name
      union all select l.line, 'card_uid', c.student_id from unnest(${cards.map(({ line }) => line)}::integer[],
        ${cards.map(({ name }) => cardHash(pepper, name))}::bytea[]) as l (line, name) join cards c on c.uid_hash = l.name and c.status in ('active', 'frozen')) f
    group by line, "column"`);
  return new Map(found.map(({ line, column, studentIds }) => [keyOf(line, column), studentIds]));
}

function studentOf({ line, names }: GrantLine, named: ReadonlyMap<string, readonly string[]>): string | GrantProblem[] {
  const columns = namingColumns.filter((column) => names[column] !== undefined);
  const problems: GrantProblem[] = [];
  let studentId: string | undefined;
  for (const column of columns) {
    const ids = named.get(keyOf(line, column)) ?? [];
    if (ids.length === 0) problems.push({ line, column, problem: "is no student's" });
    else if (ids.length > 1) problems.push({ line, column, problem: "is several students'" });
    else if (studentId !== undefined && studentId !== ids[0]) problems.push({ line, column, problem: "is another student's" });
    else studentId = ids[0];
  }
  return problems.length > 0 || studentId === undefined ? problems : studentId;
}

function twiceIn(lines: readonly FoundLine[]): GrantProblem[] {
  const first = new Map<string, number>();
  return lines.flatMap(({ line, studentId, reference }) => {
    const key = `${studentId} ${reference}`;
    const earlier = first.get(key);
    if (earlier === undefined) first.set(key, line);
    return earlier === undefined
      ? []
      : [{ line, column: "reference" as const, problem: `is the same student and reference as in line ${earlier}` }];
  });
}

async function findRefused(tx: Transaction, lines: readonly FoundLine[], currency: string): Promise<GrantProblem[]> {
  const refused = await tx.rows<{ line: number; isKnown: boolean }>(sql`
    select l.line, g.id is not null as is_known
    from unnest(${lines.map(({ line }) => line)}::integer[], ${lines.map(({ studentId }) => studentId)}::uuid[], ${lines.map(({ reference }) => reference)}::text[]) as l (line, student_id, reference)
      left join grants g on g.student_id = l.student_id and g.reference = l.reference and g.status not in ('rejected', 'no_wallet')
      left join wallets w on w.student_id = l.student_id
    where g.id is not null or w.status = 'closed' or w.currency <> ${currency}`);
  return refused.map(({ line, isKnown }) =>
    isKnown
      ? { line, column: "reference" as const, problem: "was given to this student before" }
      : { line, column: null, problem: `the student has no open wallet in ${currency}` },
  );
}
