import { type Actor, auditActor } from "../identity/actor.ts";
import { notFound } from "../platform/errors.ts";
import { type Queryable, sql, type Transaction } from "../platform/postgres.ts";

export interface HeldRefund {
  readonly id: string;
  readonly paymentId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly createdAt: Date;
}

const maxListed = 500;

/** Payments that no wallet could take, whose refund failed and is not on its way again; not what a dispute has taken, or may. */
export const listHeldRefunds = (db: Queryable): Promise<HeldRefund[]> =>
  db.rows<HeldRefund>(sql`
    select f.id, p.payment_id, f.amount_minor, f.currency, f.created_at
    from waiting_held_refunds() f join gateway_payments p on p.id = f.payment_row_id
    order by f.id limit ${maxListed}`);

/** Gives the id of the new refund. */
export async function retryHeldRefund(tx: Transaction, actor: Actor & { readonly id: string }): Promise<string> {
  const made = await tx.row<{ id: string | null }>(sql`select retry_held_refund(${actor.id}, ${actor.staffId}) as id`);
  if (!made?.id) throw notFound("A held payment whose refund failed");
  await auditActor(tx, actor, { action: "refund.retried", objectKind: "refund", objectId: made.id, details: { again_of: actor.id } });
  return made.id;
}
