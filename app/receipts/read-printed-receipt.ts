import { signReceipt, type WrittenReceipt } from "../charges/sign-receipt.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { type Queryable, sql } from "../platform/postgres.ts";
import type { PrintedReceipt } from "./printed-receipt.ts";
import type { ReceiptSigner } from "./receipt-signer.ts";

/** Whose receipt it is: of an order of this café, or of this student. */
type Reader = { readonly cafeId: string } | { readonly studentId: string };

interface Found extends Omit<PrintedReceipt, "jws"> {
  readonly isPaid: boolean;
  readonly paymentStatus: string;
  readonly written: WrittenReceipt | null;
}

export async function readPrintedReceipt(db: Queryable, signer: ReceiptSigner, orderId: string, reader: Reader): Promise<PrintedReceipt> {
  const found = await db.row<Found>(sql`
    select f.name as cafe_name, f.address as cafe_address, f.time_zone, f.code || '-' || o.order_number as printed_number, o.paid_at, o.currency,
      (select json_agg(json_build_object('name', i.item_name, 'quantity', i.quantity, 'totalMinor', i.line_total_minor,
        'options', (select coalesce(json_agg(c ->> 'name'), '[]') from jsonb_array_elements(i.options) c)) order by i.id)
        from order_items i where i.order_id = o.id) as lines,
      o.delivery_charge_minor, o.total_minor, o.refunded_minor, o.payment_method, o.payment_status, s.tendered_minor,
      (select json_agg(v order by v.vat_basis_points) from order_vat(o.id) v) as vat,
      o.paid_transaction_id as transaction_id, o.paid_transaction_id is not null as is_paid, r.id as receipt_id,
      case when r.id is not null then json_build_object('payload', r.payload, 'keyId', r.key_id) end as written
    from orders o join cafes f on f.id = o.cafe_id left join counter_sales s on s.order_id = o.id
      left join charges c on c.transaction_id = o.paid_transaction_id left join receipts r on r.charge_id = c.id
    where o.id = ${orderId} and (o.cafe_id = ${"cafeId" in reader ? reader.cafeId : null} or o.student_id = ${"studentId" in reader ? reader.studentId : null})`);
  if (!found) throw notFound("The order");
  const { isPaid, paymentStatus, written, ...receipt } = found;
  if (!isPaid) {
    throw new CodedError("INVALID_TRANSITION", "This order is not paid: there is no receipt yet.", {
      details: { payment_status: paymentStatus },
    });
  }
  return { ...receipt, jws: written ? await signReceipt(signer, written) : null };
}
