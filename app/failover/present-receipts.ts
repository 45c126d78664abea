import { type Actor, auditActor } from "../identity/actor.ts";
import type { Config } from "../platform/config.ts";
import { type Queryable, sql, type Transaction } from "../platform/postgres.ts";
import { type HeldReceipt, readHeldReceipt } from "../receipts/held-receipt.ts";
import type { ReceiptSigner } from "../receipts/receipt-signer.ts";

/** Who brings them: a student's phone its own, a terminal those of its café, staff what the old primary's disk still holds. */
export type Presenter =
  | { readonly kind: "student"; readonly id: string }
  | { readonly kind: "device"; readonly id: string; readonly cafeId: string }
  | { readonly kind: "staff"; readonly id: string };

export interface Presented {
  /** Which of the receipts, as they were sent. */
  readonly place: number;
  readonly receiptId: string | null;
  /** known: its debit is in the books. listed: it is not, and people decide. refused: it is none of ours, or not of this presenter. */
  readonly status: "known" | "listed" | "refused";
  readonly because: "signature" | "not_yours" | "epoch" | null;
}

/**
 * Compares the receipts that somebody holds with the books. Each that we signed and whose debit is missing becomes a case;
 * brought again it is the same case. Nothing is debited here.
 */
export async function presentReceipts(
  db: Queryable,
  config: Pick<Config, "CAMPUS_EPOCH">,
  signer: ReceiptSigner,
  receipts: readonly string[],
  presenter: Presenter,
): Promise<Presented[]> {
  const held = await Promise.all(receipts.map((jws) => readHeldReceipt(signer, jws)));
  const good = held.filter((receipt) => receipt !== undefined && refusalOf(config, receipt, presenter) === null) as HeldReceipt[];
  const statuses = good.length === 0 ? new Map() : await compare(db, good, presenter);
  return held.map((receipt, place) => {
    if (!receipt) return { place, receiptId: null, status: "refused", because: "signature" };
    const because = refusalOf(config, receipt, presenter);
    // Of a receipt of somebody else nothing is told, not even its id.
    if (because !== null) return { place, receiptId: null, status: "refused", because };
    return { place, receiptId: receipt.receipt_id, status: statuses.get(receipt.receipt_id) ?? "listed", because: null };
  });
}

/** The same for what staff found elsewhere, of anybody, with a line of who brought it. */
export async function presentFoundReceipts(
  tx: Transaction,
  config: Pick<Config, "CAMPUS_EPOCH">,
  signer: ReceiptSigner,
  receipts: readonly string[],
  actor: Actor,
): Promise<Presented[]> {
  const presented = await presentReceipts(tx, config, signer, receipts, { kind: "staff", id: actor.staffId });
  const listed = presented.filter(({ status }) => status === "listed").length;
  await auditActor(tx, actor, {
    action: "failover.presented",
    objectKind: "epoch",
    objectId: null,
    details: { receipts: presented.length, listed },
  });
  return presented;
}

function refusalOf(
  { CAMPUS_EPOCH }: Pick<Config, "CAMPUS_EPOCH">,
  receipt: HeldReceipt,
  presenter: Presenter,
): "not_yours" | "epoch" | null {
  if (presenter.kind === "student" && receipt.student_id !== presenter.id) return "not_yours";
  if (presenter.kind === "device" && receipt.cafe_id !== presenter.cafeId) return "not_yours";
  // Of a later epoch than this process: the process is the one that was left behind, and its books are not the ones to ask.
  return receipt.epoch > CAMPUS_EPOCH ? "epoch" : null;
}

async function compare(db: Queryable, receipts: readonly HeldReceipt[], { kind, id }: Presenter): Promise<Map<string, "known" | "listed">> {
  const rows = await db.rows<{ receiptId: string; isKnown: boolean }>(sql`
    with given as (
      select distinct on (g.receipt_id) g.* from jsonb_to_recordset(${JSON.stringify(receipts)}::jsonb) as g (
        receipt_id uuid, transaction_id uuid, charge_id uuid, order_id uuid, order_number text, cafe_id uuid, student_id uuid, amount_minor bigint,
        currency text, paid_at timestamptz, region text, epoch integer, payload text, key_id text)),
    compared as (
      select g.*, exists (
        select from ledger_transactions t where t.id = g.transaction_id and t.amount_minor = g.amount_minor and t.order_id = g.order_id
          and t.wallet_student_id = g.student_id) as is_known
      from given g),
    listed as (
      insert into failover_cases (receipt_id, transaction_id, charge_id, order_id, order_number, cafe_id, student_id, amount_minor, currency, paid_at, region,
        epoch, payload, key_id, presented_by, presented_by_id)
      select receipt_id, transaction_id, charge_id, order_id, order_number, cafe_id, student_id, amount_minor, currency, paid_at, region, epoch, payload, key_id,
        ${kind}, ${id}::uuid
      from compared where not is_known on conflict do nothing)
    select receipt_id, is_known from compared`);
  return new Map(rows.map(({ receiptId, isKnown }) => [receiptId, isKnown ? "known" : "listed"]));
}
