import { audit } from "../platform/audit.ts";
import { notFound } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { refuseStranger } from "./shift.ts";
import type { ZReport } from "./z-report.ts";

interface CloseInput {
  readonly cafeId: string;
  /** The shift that is open at this terminal, or this one: for an owner whose terminal is gone. */
  readonly which: { readonly deviceId: string } | { readonly shiftId: string };
  readonly countedCashMinor: number;
  readonly staffId: string | null;
  readonly actor: { readonly kind: "device" | "staff"; readonly id: string };
  readonly requestId: string;
}

/** Ends a shift with the cash that was counted and writes its Z-report: the café's next number, and never changed again. */
export async function closeShift(tx: Transaction, input: CloseInput): Promise<ZReport> {
  const { cafeId, which, countedCashMinor, staffId, actor, requestId } = input;
  await refuseStranger(tx, staffId, cafeId);
  const shift = await tx.row<{ id: string }>(sql`
    select id from shifts
    where cafe_id = ${cafeId} and closed_at is null
      and (device_id = ${"deviceId" in which ? which.deviceId : null} or id = ${"shiftId" in which ? which.shiftId : null})
    for update`);
  if (!shift) throw notFound("An open shift");
  const closed = await tx.row<{ report: ZReport }>(sql`select close_shift(${shift.id}, ${countedCashMinor}, ${staffId}) as report`);
  if (!closed) throw new Error("The shift was not closed.");
  const { number, cash } = closed.report;
  await audit(tx, {
    actorKind: actor.kind,
    actorId: actor.id,
    action: "shift.closed",
    objectKind: "shift",
    objectId: shift.id,
    cafeId,
    details: { staff_id: staffId, number, difference_minor: cash.difference_minor },
    requestId,
  });
  return closed.report;
}
