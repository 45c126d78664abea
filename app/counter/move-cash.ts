import { audit } from "../platform/audit.ts";
import { notFound } from "../platform/errors.ts";
import { type Queryable, sql, type Transaction } from "../platform/postgres.ts";
import { refuseStranger } from "./shift.ts";

interface CashInput {
  readonly device: { readonly id: string; readonly cafeId: string };
  /** Into the drawer; below zero, out of it. */
  readonly amountMinor: number;
  readonly reason: string;
  readonly staffId: string | null;
  readonly requestId: string;
}

export interface CashMovement {
  readonly id: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly reason: string;
  readonly staffId: string | null;
  readonly at: Date;
}

/** Notes that money was put into the drawer or taken out of it without a sale: the count at the close is held against it too. */
export async function moveCash(tx: Transaction, { device, amountMinor, reason, staffId, requestId }: CashInput): Promise<CashMovement> {
  await refuseStranger(tx, staffId, device.cafeId);
  // Locked as the close locks it: no report leaves out what was noted before it.
  const moved = await tx.row<CashMovement & { shiftId: string }>(sql`
    with shift as (select id, currency from shifts where device_id = ${device.id} and closed_at is null for update),
    noted as (
      insert into cash_movements (shift_id, amount_minor, reason, staff_id)
      select id, ${amountMinor}, ${reason}, ${staffId} from shift returning *)
    select n.id, n.shift_id, n.amount_minor, s.currency, n.reason, n.staff_id, n.at from noted n join shift s on s.id = n.shift_id`);
  if (!moved) throw notFound("An open shift at this terminal");
  await audit(tx, {
    actorKind: "device",
    actorId: device.id,
    action: "shift.cash_moved",
    objectKind: "shift",
    objectId: moved.shiftId,
    cafeId: device.cafeId,
    details: { staff_id: staffId, amount_minor: amountMinor },
    requestId,
  });
  return moved;
}

/** Of one shift, as they happened. */
export const listCashMovements = (db: Queryable, shiftId: string): Promise<CashMovement[]> =>
  db.rows<CashMovement>(sql`
    select m.id, m.amount_minor, s.currency, m.reason, m.staff_id, m.at from cash_movements m join shifts s on s.id = m.shift_id
    where m.shift_id = ${shiftId} order by m.id`);
