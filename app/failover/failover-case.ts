import type { PageInput } from "../platform/page.ts";
import { part, type Queryable, sql } from "../platform/postgres.ts";

export const caseStatuses = ["open", "agreed", "reposted", "dismissed"] as const;
export type CaseStatus = (typeof caseStatuses)[number];

/** Why a debit cannot be posted again. */
export type Obstacle = "known" | "paid_again" | "order_changed" | "unknown_student" | "unknown_cafe" | "no_wallet";

/** A receipt that we signed and whose debit is not in the books, and what became of it. */
export interface FailoverCase {
  readonly id: string;
  readonly receiptId: string;
  readonly transactionId: string;
  readonly orderId: string;
  readonly orderNumber: string;
  readonly cafeId: string;
  readonly studentId: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly paidAt: Date;
  readonly region: string;
  readonly epoch: number;
  readonly presentedBy: "student" | "device" | "staff";
  readonly presentedAt: Date;
  readonly status: CaseStatus;
  /** What stands in the way of posting it again; null where nothing does, or where it is decided. */
  readonly obstacle: Obstacle | null;
  /** What of the order the books still have. */
  readonly order: "missing" | "unpaid" | "cancelled" | "paid";
  /** What the wallet lacks at this moment, or lacked when it was posted. */
  readonly owedMinor: number;
  /** Paid orders of the same amount, by the same student at the same café, since the receipt: perhaps the same meal, ordered anew. */
  readonly similarOrderIds: readonly string[];
  readonly agreedBy: string | null;
  /** Where it takes two to dismiss it: the first of them, and why. */
  readonly dismissAskedBy: string | null;
  readonly dismissAskedBecause: string | null;
  readonly decidedBy: string | null;
  readonly decidedAt: Date | null;
  readonly dismissedBecause: string | null;
}

interface Wanted extends PageInput {
  readonly status: CaseStatus | undefined;
}

const maxSimilar = 5;

const columns = part`
  f.id, f.receipt_id, f.transaction_id, f.order_id, f.order_number, f.cafe_id, f.student_id, f.amount_minor, f.currency, f.paid_at, f.region, f.epoch,
  f.presented_by, f.presented_at, f.status, case when f.status in ('open', 'agreed') then repost_obstacle(f) end as obstacle,
  case when o.id is null then 'missing' when o.paid_transaction_id is not null then 'paid' when o.status = 'cancelled' then 'cancelled' else 'unpaid' end as "order",
  coalesce(f.owed_minor, greatest(0, f.amount_minor - coalesce(w.balance_minor, 0))) as owed_minor,
  array(select x.id from orders x where x.student_id = f.student_id and x.cafe_id = f.cafe_id and x.id <> f.order_id and x.total_minor = f.amount_minor
    and x.paid_at > f.paid_at order by x.id limit ${maxSimilar}) as similar_order_ids,
  f.agreed_by, f.dismiss_asked_by, f.dismiss_asked_because, f.decided_by, f.decided_at, f.dismissed_because`;

/** Newest first; one more than the limit tells that a further page exists. */
export const listCases = (db: Queryable, { status, limit, after }: Wanted): Promise<FailoverCase[]> =>
  db.rows<FailoverCase>(sql`
    select ${columns} from failover_cases f left join orders o on o.id = f.order_id left join wallets w on w.student_id = f.student_id
    where (${status ?? null}::text is null or f.status = ${status ?? null}) and (${after ?? null}::uuid is null or f.id < ${after ?? null}::uuid)
    order by f.id desc limit ${limit + 1}`);

export const readCases = (db: Queryable, ids: readonly string[]): Promise<FailoverCase[]> =>
  db.rows<FailoverCase>(sql`
    select ${columns} from failover_cases f left join orders o on o.id = f.order_id left join wallets w on w.student_id = f.student_id
    where f.id = any(${ids}::uuid[]) order by f.id desc`);

export type CaseCounts = Readonly<Record<CaseStatus, number>>;

export async function countCases(db: Queryable): Promise<CaseCounts> {
  const rows = await db.rows<{ status: CaseStatus; cases: number }>(
    sql`select status, count(*) as cases from failover_cases group by status`,
  );
  const counts = { open: 0, agreed: 0, reposted: 0, dismissed: 0 };
  for (const { status, cases } of rows) counts[status] = cases;
  return counts;
}
