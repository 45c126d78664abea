import { audit } from "../platform/audit.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { readShift, refuseStranger, type Shift } from "./shift.ts";

interface OpenInput {
  readonly device: { readonly id: string; readonly cafeId: string };
  readonly openingFloatMinor: number;
  readonly staffId: string | null;
  readonly requestId: string;
}

/** Begins a shift with so much cash in the drawer; a terminal has one at a time. */
export async function openShift(tx: Transaction, { device, openingFloatMinor, staffId, requestId }: OpenInput): Promise<Shift> {
  await refuseStranger(tx, staffId, device.cafeId);
  await tx.run(sql`insert into z_report_counters (cafe_id) values (${device.cafeId}) on conflict (cafe_id) do nothing`);
  const opened = await tx.row<{ id: string }>(sql`
    insert into shifts (cafe_id, device_id, currency, opening_float_minor, opened_by, opened_seeing)
    select id, ${device.id}, currency, ${openingFloatMinor}, ${staffId}, seen_at_first_shift(${device.id}) from cafes where id = ${device.cafeId}
    on conflict (device_id) where closed_at is null do nothing returning id`);
  if (!opened) throw new CodedError("CONFLICT", "A shift is open at this terminal: close it first.");
  await audit(tx, {
    actorKind: "device",
    actorId: device.id,
    action: "shift.opened",
    objectKind: "shift",
    objectId: opened.id,
    cafeId: device.cafeId,
    details: { staff_id: staffId, opening_float_minor: openingFloatMinor },
    requestId,
  });
  return readShift(tx, opened.id, device.cafeId);
}
