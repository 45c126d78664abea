import { type Actor, auditActor } from "../identity/actor.ts";
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

/** The debit is not posted again: the student was debited anew, or the people settled it in another way. */
export async function dismissCase(tx: Transaction, caseId: string, reason: string, person: Actor): Promise<FailoverCase> {
  const dismissed = await tx.run(sql`
    update failover_cases set status = 'dismissed', decided_by = ${person.staffId}, decided_at = now(), dismissed_because = ${reason}
    where id = ${caseId} and status in ('open', 'agreed')`);
  const [found] = await readCases(tx, [caseId]);
  if (!found) throw notFound("The case");
  if (dismissed === 0)
    throw new CodedError("INVALID_TRANSITION", `The case is ${found.status} already.`, { details: { status: found.status } });
  await note(tx, person, "failover.dismissed", caseId);
  return found;
}

const note = (tx: Transaction, person: Actor, action: string, caseId: string) =>
  auditActor(tx, person, { action, objectKind: "failover_case", objectId: caseId });
