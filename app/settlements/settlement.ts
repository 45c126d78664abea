import { notFound } from "../platform/errors.ts";
import type { PageInput } from "../platform/page.ts";
import { part, type Queryable, sql } from "../platform/postgres.ts";

export const settlementStatuses = ["due", "paid", "carried", "nothing"] as const;
export type SettlementStatus = (typeof settlementStatuses)[number];

export interface VatLine {
  readonly vatBasisPoints: number;
  readonly grossMinor: number;
  readonly vatMinor: number;
}

/** What one café is owed for one business day. The lines add up to `payableMinor + carriedMinor`. */
export interface Settlement {
  readonly id: string;
  readonly cafeId: string;
  readonly accountId: string;
  readonly cafeName: string;
  readonly timeZone: string;
  readonly day: string;
  readonly currency: string;
  readonly openingMinor: number;
  readonly walletSalesMinor: number;
  readonly gatewaySalesMinor: number;
  readonly cashSalesMinor: number;
  readonly walletRefundsMinor: number;
  readonly gatewayRefundsMinor: number;
  readonly cashRefundsMinor: number;
  readonly disputesMinor: number;
  /** Of a kind that no other line has. */
  readonly otherMinor: number;
  readonly salesCount: number;
  readonly vat: readonly VatLine[];
  readonly cashKeptMinor: number;
  readonly feeBasisPoints: number;
  readonly feeMinor: number;
  readonly feeVatBasisPoints: number;
  readonly feeVatMinor: number;
  readonly payableMinor: number;
  readonly carriedMinor: number;
  readonly status: SettlementStatus;
  readonly paidTransactionId: string | null;
  readonly paidBy: string | null;
  readonly paidAt: Date | null;
  readonly bankReference: string | null;
  /** The first of two people, where it takes two. */
  readonly agreedBy: string | null;
  /** The first of the two who say that the bank sent it back. */
  readonly returnAskedBy: string | null;
  readonly createdAt: Date;
}

const columns = part`
  s.id, s.cafe_id, s.account_id, f.name as cafe_name, s.time_zone, to_char(s.day, 'YYYY-MM-DD') as day, s.currency, s.opening_minor, s.wallet_sales_minor, s.gateway_sales_minor,
  s.cash_sales_minor, s.wallet_refunds_minor, s.gateway_refunds_minor, s.cash_refunds_minor, s.disputes_minor, s.other_minor, s.sales_count,
  (select coalesce(jsonb_agg(jsonb_build_object('vatBasisPoints', v -> 'vat_basis_points', 'grossMinor', v -> 'gross_minor', 'vatMinor', v -> 'vat_minor')), '[]')
    from jsonb_array_elements(s.vat) v) as vat,
  s.cash_kept_minor, s.fee_basis_points, s.fee_minor, s.fee_vat_basis_points, s.fee_vat_minor, s.payable_minor, s.carried_minor, s.status,
  s.paid_transaction_id, s.paid_by, s.paid_at, s.bank_reference, s.agreed_by, s.return_asked_by, s.created_at`;

/** `cafeId`: only a settlement of this café, for its owner. */
export async function readSettlement(db: Queryable, id: string, cafeId: string | null = null): Promise<Settlement> {
  const settlement = await db.row<Settlement>(sql`
    select ${columns} from settlements s join cafes f on f.id = s.cafe_id
    where s.id = ${id} and (${cafeId}::uuid is null or s.cafe_id = ${cafeId})`);
  if (!settlement) throw notFound("The settlement");
  return settlement;
}

interface Wanted extends PageInput {
  /** null: of all cafés, for the university's finance. */
  readonly cafeId: string | null;
  readonly status: SettlementStatus | undefined;
  /** YYYY-MM-DD. */
  readonly day: string | undefined;
  /** YYYY-MM. */
  readonly month: string | undefined;
}

/** Newest first; one more than the limit tells that a further page exists. */
export const listSettlements = (db: Queryable, { cafeId, status, day, month, limit, after }: Wanted): Promise<Settlement[]> =>
  db.rows<Settlement>(sql`
    select ${columns} from settlements s join cafes f on f.id = s.cafe_id
    where (${cafeId}::uuid is null or s.cafe_id = ${cafeId}) and (${status ?? null}::text is null or s.status = ${status ?? null})
      and (${day ?? null}::date is null or s.day = ${day ?? null}::date)
      and (${month ?? null}::text is null or to_char(s.day, 'YYYY-MM') = ${month ?? null}) and (${after ?? null}::uuid is null or s.id < ${after ?? null}::uuid)
    order by s.id desc limit ${limit + 1}`);

/** One transaction of a settlement, signed as the café sees it. */
export interface SettlementEntry {
  readonly transactionId: string;
  readonly at: Date;
  readonly line: string;
  readonly orderNumber: string | null;
  readonly amountMinor: number;
}

const maxEntries = 50_000;

export const readEntries = (db: Queryable, id: string): Promise<SettlementEntry[]> =>
  db.rows<SettlementEntry>(sql`
    select e.transaction_id, t.at, e.line, o.order_number, e.amount_minor
    from settled_entries e join ledger_transactions t on t.id = e.transaction_id left join orders o on o.id = t.order_id
    where e.settlement_id = ${id} order by t.at, e.transaction_id limit ${maxEntries}`);
