import { type Actor, auditActor } from "../identity/actor.ts";
import type { Config } from "../platform/config.ts";
import { CodedError, unavailable } from "../platform/errors.ts";
import { type Queryable, sql, type Transaction } from "../platform/postgres.ts";

const askAgainAfterSeconds = 60;

/**
 * True from a failover, which raises CAMPUS_EPOCH, until a person says that the lost tail was looked at. Students pay as
 * ever meanwhile; what rests is money that leaves for a bank, because a pay-out that was lost would be made twice.
 */
export async function isReconciling(db: Queryable, { CAMPUS_EPOCH }: Pick<Config, "CAMPUS_EPOCH">): Promise<boolean> {
  const row = await db.row<{ isReconciling: boolean }>(
    sql`select coalesce(max(epoch), 0) < ${CAMPUS_EPOCH}::integer as is_reconciling from region_epochs`,
  );
  return row?.isReconciling === true;
}

export async function refuseWhileReconciling(db: Queryable, config: Pick<Config, "CAMPUS_EPOCH">): Promise<void> {
  if (!(await isReconciling(db, config))) return;
  throw unavailable(
    "Pay-outs rest while the books are reconciled after a failover: decide the cases, then end it with POST /admin/failover/end.",
    undefined,
    askAgainAfterSeconds,
  );
}

/** A person says that the books are whole again: not while a case waits. Said twice it stays so. */
export async function endReconciling(tx: Transaction, { CAMPUS_EPOCH }: Config, actor: Actor): Promise<void> {
  const waiting = await tx.row<{ cases: number }>(sql`select count(*) as cases from failover_cases where status in ('open', 'agreed')`);
  if (waiting && waiting.cases > 0) {
    throw new CodedError("CONFLICT", `${waiting.cases} receipts are not decided yet: post them again or dismiss them first.`, {
      details: { undecided: waiting.cases },
    });
  }
  const ended = await tx.run(sql`
    insert into region_epochs (epoch, reconciled_by) values (${CAMPUS_EPOCH}, ${actor.staffId}) on conflict (epoch) do nothing`);
  if (ended === 0) return;
  await auditActor(tx, actor, { action: "failover.ended", objectKind: "epoch", objectId: null, details: { epoch: CAMPUS_EPOCH } });
}
