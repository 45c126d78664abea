import { type Actor, auditActor } from "../identity/actor.ts";
import { refuseOneBehindTwo } from "../identity/four-eyes.ts";
import type { Config } from "../platform/config.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { type FailoverCase, type Obstacle, readCases } from "./failover-case.ts";

/** The first of the two people looks and says yes. Nothing moves yet. Cases that cannot be posted again are left open. */
export async function agreeToCases(tx: Transaction, caseIds: readonly string[], person: Actor): Promise<FailoverCase[]> {
  const agreed = await tx.rows<{ id: string }>(sql`
    with chosen as (select id from failover_cases where id = any(${caseIds}::uuid[]) and status = 'open' order by id for update)
    update failover_cases f set status = 'agreed', agreed_by = ${person.staffId}, agreed_at = now()
    from chosen where f.id = chosen.id and repost_obstacle(f) is null returning f.id`);
  for (const { id } of agreed) await note(tx, person, "failover.agreed", id);
  const cases = await readCases(tx, caseIds);
  if (cases.length < new Set(caseIds).size) throw notFound("One of the cases");
  return cases;
}

/** "failed": for a reason that nobody thought of; the database's log has it. */
type NotPosted = Obstacle | "same_person" | "not_agreed" | "failed";

export interface Reposted {
  readonly reposted: number;
  readonly refused: readonly { readonly caseId: string; readonly because: NotPosted }[];
  /** Agreed cases that this person may still post. */
  readonly left: number;
}

export const maxPerRepost = 100;

/** The second person posts what the first agreed to, at most a hundred a call: each under its own id, so that it is never posted twice. */
export async function repostAgreed(tx: Transaction, person: Actor): Promise<Reposted> {
  const { staffId } = person;
  const chosen = await tx.rows<{ id: string }>(sql`
    select id from failover_cases where status = 'agreed' and agreed_by <> ${staffId} order by id limit ${maxPerRepost}`);
  const refused: { caseId: string; because: NotPosted }[] = [];
  for (const { id } of chosen) {
    const done = await tx.row<{ because: NotPosted | null }>(sql`select repost_debit(${id}, ${staffId}) as because`);
    if (done?.because) refused.push({ caseId: id, because: done.because });
    else await note(tx, person, "failover.reposted", id);
  }
  // What cannot be posted any more goes back to where somebody looks at it.
  await tx.run(sql`
    update failover_cases set status = 'open', agreed_by = null, agreed_at = null
    where status = 'agreed' and id = any(${refused.map(({ caseId }) => caseId)}::uuid[])`);
  const left = await tx.row<{ cases: number }>(
    sql`select count(*) as cases from failover_cases where status = 'agreed' and agreed_by <> ${staffId}`,
  );
  return { reposted: chosen.length - refused.length, refused, left: left?.cases ?? 0 };
}

interface Dismissal extends Actor {
  readonly caseId: string;
  readonly reason: string;
}

/**
 * The debit is not posted again: the student was debited anew, or the people settled it in another way. What one person dismisses alone is
 * money that friends keep: above an amount the first asks and a second one dismisses.
 */
export async function dismissCase(
  tx: Transaction,
  config: Pick<Config, "REFUND_TWO_PEOPLE_ABOVE_MINOR" | "FOUR_EYES_DAYS">,
  dismissal: Dismissal,
): Promise<FailoverCase> {
  const { caseId, reason, staffId } = dismissal;
  // One at a time: two at once would not see each other in the sum.
  await tx.run(sql`select pg_advisory_xact_lock(hashtextextended('failover_dismissals', 9))`);
  await tx.run(sql`select 1 from failover_cases where id = ${caseId} for update`);
  const before = await readCase(tx, caseId);
  if (before.status !== "open" && before.status !== "agreed")
    throw new CodedError("INVALID_TRANSITION", `The case is ${before.status} already.`, { details: { status: before.status } });
  const takesTwo = (await dismissedAloneWith(tx, before, staffId)) > config.REFUND_TWO_PEOPLE_ABOVE_MINOR;
  if (takesTwo && before.dismissAskedBy === null) return askToDismiss(tx, dismissal);
  if (takesTwo && before.dismissAskedBy === staffId)
    throw new CodedError("INSUFFICIENT_ROLE", "Somebody else must dismiss what you asked for.");
  if (takesTwo && before.dismissAskedBy !== null) await refuseOneBehindTwo(tx, config, before.dismissAskedBy, staffId);
  await tx.run(sql`
    update failover_cases set status = 'dismissed', decided_by = ${staffId}, decided_at = now(), dismissed_because = ${reason}, dismiss_takes_two = ${takesTwo}
    where id = ${caseId}`);
  await note(tx, dismissal, "failover.dismissed", caseId);
  return readCase(tx, caseId);
}

async function askToDismiss(tx: Transaction, dismissal: Dismissal): Promise<FailoverCase> {
  const { caseId, reason, staffId } = dismissal;
  await tx.run(sql`
    update failover_cases set dismiss_asked_by = ${staffId}, dismiss_asked_at = clock_timestamp(), dismiss_asked_because = ${reason} where id = ${caseId}`);
  await note(tx, dismissal, "failover.dismissal_asked", caseId);
  return readCase(tx, caseId);
}

/** What this person would have dismissed alone of one failover. A debit that the books have, under its own id or anew, is no loss. */
async function dismissedAloneWith(tx: Transaction, { amountMinor, obstacle, epoch }: FailoverCase, staffId: string): Promise<number> {
  if (obstacle === "known" || obstacle === "paid_again") return 0;
  const alone = await tx.row<{ minor: number }>(sql`
    select coalesce(sum(amount_minor), 0)::bigint as minor from failover_cases f
    where status = 'dismissed' and decided_by = ${staffId} and not dismiss_takes_two and epoch = ${epoch}
      and coalesce(repost_obstacle(f), '') not in ('known', 'paid_again')`);
  return (alone?.minor ?? 0) + amountMinor;
}

async function readCase(tx: Transaction, caseId: string): Promise<FailoverCase> {
  const [found] = await readCases(tx, [caseId]);
  if (!found) throw notFound("The case");
  return found;
}

const note = (tx: Transaction, person: Actor, action: string, caseId: string) =>
  auditActor(tx, person, { action, objectKind: "failover_case", objectId: caseId });
