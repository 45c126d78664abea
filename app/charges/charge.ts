import { notFound } from "../platform/errors.ts";
import { part, type Queryable, type Statement, sql } from "../platform/postgres.ts";

export type ChargeState = "open" | "confirmed" | "declined" | "expired" | "voided" | "superseded";

/** What both sides are shown. */
export interface ShownCharge {
  readonly id: string;
  readonly state: ChargeState;
  readonly orderId: string;
  readonly orderNumber: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly expiresInMs: number;
  readonly expiresAt: Date;
  readonly studentLabel: string;
  readonly shortCode: string;
}

/** As much as the terminal needs. */
export interface ScannedCharge extends ShownCharge {
  readonly studentId: string;
  readonly matchCode: string;
  /** A push can be sent to one of the student's phones. */
  readonly hasPushToken: boolean;
}

/** As the phone sees it. */
export interface Charge extends ShownCharge {
  readonly numberMatchRequired: boolean;
  readonly cafeId: string;
  readonly cafeName: string;
  readonly deviceId: string;
  readonly orderVersion: number;
  readonly nonce: string;
  readonly digest: string;
  readonly digestVersion: number;
  readonly requiresSignature: boolean;
  readonly prompted: boolean;
  readonly isProlonged: boolean;
  readonly receiptId: string | null;
  /** What is signed for it; null until it is paid. */
  readonly written: { readonly payload: string; readonly keyId: string } | null;
  readonly receipt: string | null;
  readonly items: readonly { readonly itemName: string; readonly quantity: number; readonly lineTotalMinor: number }[];
}

/** An open charge past its time is expired for whoever reads it, also before the sweeper has come by. */
const shown = part`
  c.id, case when c.state = 'open' and c.expires_at <= clock_timestamp() then 'expired' else c.state end as state,
  c.order_id, o.order_number, c.amount_minor, c.currency, c.expires_at, c.short_code,
  greatest(0, extract(epoch from c.expires_at - clock_timestamp()) * 1000)::bigint as expires_in_ms,
  student_label(s.name, s.phone) as student_label`;

const selectCharge = (where: Statement): Statement => sql`
  select ${shown}, c.number_match_required, c.cafe_id, f.name as cafe_name, c.device_id, c.order_version, c.nonce, c.digest, c.digest_version,
    s.requires_signature, c.prompted_at is not null as prompted, c.more_time_at is not null as is_prolonged, r.id as receipt_id, null as receipt,
    case when r.id is not null then json_build_object('payload', r.payload, 'keyId', r.key_id) end as written,
    (select coalesce(json_agg(json_build_object('itemName', i.item_name, 'quantity', i.quantity, 'lineTotalMinor', i.line_total_minor) order by i.id), '[]')
      from order_items i where i.order_id = c.order_id) as items
  from charges c join orders o on o.id = c.order_id join students s on s.id = c.student_id join cafes f on f.id = c.cafe_id
    left join receipts r on r.charge_id = c.id
  where ${where}`;

export async function readStudentCharge(db: Queryable, chargeId: string, studentId: string): Promise<Charge> {
  const charge = await db.row<Charge>(selectCharge(part`c.id = ${chargeId} and c.student_id = ${studentId}`));
  if (!charge) throw notFound("The charge");
  return charge;
}

/** A terminal sees the charges of its own café. */
export async function readCafeCharge(db: Queryable, chargeId: string, cafeId: string): Promise<ScannedCharge> {
  const charge = await db.row<ScannedCharge>(sql`
    select ${shown}, c.student_id, c.match_code,
      exists (select from push_tokens p where p.student_id = c.student_id and p.is_active) as has_push_token
    from charges c join orders o on o.id = c.order_id join students s on s.id = c.student_id
    where c.id = ${chargeId} and c.cafe_id = ${cafeId}`);
  if (!charge) throw notFound("The charge");
  return charge;
}

export async function listOpenCharges(db: Queryable, studentId: string, shortCode: string | undefined): Promise<Charge[]> {
  return db.rows<Charge>(
    selectCharge(part`c.student_id = ${studentId} and c.state = 'open' and c.expires_at > clock_timestamp()
      and (${shortCode ?? null}::text is null or c.short_code = ${shortCode ?? null}) order by c.id desc`),
  );
}
