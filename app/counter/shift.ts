import { notFound } from "../platform/errors.ts";
import type { PageInput } from "../platform/page.ts";
import { part, type Queryable, type Statement, sql, type Transaction } from "../platform/postgres.ts";
import type { ShiftTotals, ZReport } from "./z-report.ts";

export interface Shift {
  readonly id: string;
  readonly deviceId: string;
  readonly deviceName: string;
  readonly currency: string;
  readonly openingFloatMinor: number;
  readonly openedBy: string | null;
  readonly openedByName: string | null;
  readonly openedAt: Date;
  readonly closedBy: string | null;
  readonly closedByName: string | null;
  readonly closedAt: Date | null;
  readonly zNumber: number | null;
}

const selectShift = (where: Statement): Statement => sql`
  select s.id, s.device_id, d.name as device_name, s.currency, s.opening_float_minor, s.opened_by, o.name as opened_by_name, s.opened_at,
    s.closed_by, c.name as closed_by_name, s.closed_at, z.number as z_number
  from shifts s join devices d on d.id = s.device_id left join z_reports z on z.shift_id = s.id
    left join staff o on o.id = s.opened_by left join staff c on c.id = s.closed_by
  where ${where}`;

/** The shift that is open at this terminal, and what it has taken until now. */
export async function readCurrentShift(db: Queryable, deviceId: string): Promise<Shift & { readonly totals: ShiftTotals }> {
  const shift = await db.row<Shift>(selectShift(part`s.device_id = ${deviceId} and s.closed_at is null`));
  const now = await db.row<{ totals: ShiftTotals }>(sql`
    select shift_totals(s.cafe_id, s.device_id, s.currency, b.own, b.cafe, pg_current_snapshot()) as totals
    from shifts s, lateral shift_begins(s) b where s.device_id = ${deviceId} and s.closed_at is null`);
  if (!shift || !now) throw notFound("An open shift at this terminal");
  return { ...shift, totals: now.totals };
}

export async function readShift(db: Queryable, shiftId: string, cafeId: string): Promise<Shift> {
  const shift = await db.row<Shift>(selectShift(part`s.id = ${shiftId} and s.cafe_id = ${cafeId}`));
  if (!shift) throw notFound("The shift");
  return shift;
}

/** Newest first; one more than the limit tells that a further page exists. */
export const listShifts = (db: Queryable, cafeId: string, page: PageInput): Promise<Shift[]> =>
  db.rows<Shift>(
    selectShift(part`s.cafe_id = ${cafeId} and (${page.after ?? null}::uuid is null or s.id < ${page.after ?? null}::uuid)
      order by s.id desc limit ${page.limit + 1}`),
  );

/** The report of a closed shift, as it was written at the close. */
export async function readZReport(db: Queryable, shiftId: string, cafeId: string): Promise<ZReport> {
  const found = await db.row<{ report: ZReport }>(sql`select report from z_reports where shift_id = ${shiftId} and cafe_id = ${cafeId}`);
  if (!found) throw notFound("A Z-report of this shift");
  return found.report;
}

/** Whoever a terminal names must be one of its café's own people. */
export async function refuseStranger(tx: Transaction, staffId: string | null, cafeId: string): Promise<void> {
  if (staffId === null) return;
  const known = await tx.row(sql`select id from staff where id = ${staffId} and cafe_id = ${cafeId} and is_active`);
  if (!known) throw notFound("The member of staff");
}
