import { useSyncExternalStore } from "react";
import { ApiError, unwrap } from "../shared/api/request.ts";
import { saleApi, scanApi } from "./device.ts";
import { play } from "./sound.ts";

export interface SaleLine {
  readonly itemId: string;
  readonly name: string;
  readonly priceMinor: number;
  readonly quantity: number;
}

/** What was begun and has no end yet: kept before it is sent, so that a reload sends the same scan again. */
export interface Attempt {
  readonly scanId: string;
  readonly cardUid: string;
  readonly orderId?: string;
  readonly lines?: readonly SaleLine[];
}

export interface OpenCharge {
  readonly id: string;
  readonly orderId: string;
  readonly orderNumber: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly expiresIn: number;
  readonly readAt: number;
  readonly studentLabel: string;
  readonly matchCode: string;
  readonly shortCode: string;
  readonly qrUrl: string;
  readonly isReachable: boolean;
}

type Choice = readonly { id: string; order_number: string; amount_minor: number; currency: string }[];
export type Ending = "declined" | "expired" | "voided" | "superseded";

export type TillState =
  | { readonly kind: "idle"; readonly hint?: "again" }
  | { readonly kind: "sending"; readonly attempt: Attempt }
  | { readonly kind: "not-sent"; readonly attempt: Attempt }
  | {
      readonly kind: "choose";
      readonly attempt: Attempt;
      readonly orders: Choice;
    }
  | { readonly kind: "waiting"; readonly attempt: Attempt; readonly charge: OpenCharge }
  | {
      readonly kind: "paid";
      readonly amountMinor: number;
      readonly currency: string;
      readonly orderNumber: string;
      readonly changeMinor?: number;
    }
  | { readonly kind: "ended"; readonly ending: Ending; readonly amountMinor: number; readonly currency: string }
  | { readonly kind: "refused"; readonly error: ApiError };

export interface PaidHere {
  readonly orderId: string;
  readonly orderNumber: string;
  readonly amountMinor: number;
  readonly currency: string;
  readonly at: string;
  readonly isCash: boolean;
}

const attemptKey = "campus.pos.attempt";
const paidKey = "campus.pos.paid";
const keptPaid = 20;
const sameCardMs = 3_000;

let state: TillState = { kind: "idle" };
const listeners = new Set<() => void>();
let lastCard: { uid: string; at: number } | undefined;

function become(next: TillState): void {
  state = next;
  for (const listener of listeners) listener();
}

export const useTill = (): TillState =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => state,
  );

export const tillState = (): TillState => state;

const keepAttempt = (attempt: Attempt | undefined): void => {
  if (attempt) sessionStorage.setItem(attemptKey, JSON.stringify(attempt));
  else sessionStorage.removeItem(attemptKey);
};

/** After a reload: whatever was under way is asked for again, under its own id. */
export function resumeAttempt(): void {
  const text = sessionStorage.getItem(attemptKey);
  if (text) void send(JSON.parse(text) as Attempt);
}

/** A card was read. With lines it is a sale to it, without the unpaid order is looked for. */
export function readCard(uid: string, lines: readonly SaleLine[]): void {
  const isRepeated = lastCard?.uid === uid && performance.now() - lastCard.at < sameCardMs;
  lastCard = { uid, at: performance.now() };
  if (isRepeated) {
    if (state.kind === "idle") become({ kind: "idle", hint: "again" });
    return;
  }
  if (state.kind !== "idle" && state.kind !== "paid" && state.kind !== "ended" && state.kind !== "refused") return;
  void send({ scanId: crypto.randomUUID(), cardUid: uid, ...(lines.length > 0 ? { lines } : {}) });
}

export const choose = (attempt: Attempt, orderId: string): void => void send({ ...attempt, scanId: crypto.randomUUID(), orderId });

const items = (lines: readonly SaleLine[]) => lines.map(({ itemId, quantity }) => ({ menu_item_id: itemId, quantity }));

type Scanned = {
  charge: {
    id: string;
    state: string;
    order_id: string;
    order_number: string;
    amount_minor: number;
    currency: string;
    expires_in: number;
    student_label: string;
  };
  match_code: string;
  short_code: string;
  qr_url: string;
  reachable: string[];
};

export async function send(attempt: Attempt): Promise<void> {
  keepAttempt(attempt);
  become({ kind: "sending", attempt });
  const { scanId, cardUid, orderId, lines } = attempt;
  try {
    const answer = (await (lines
      ? unwrap(
          saleApi.pos.sales.$post(
            { json: { items: items(lines), payment: "card", card_uid: cardUid } },
            { headers: { "idempotency-key": scanId } },
          ),
        )
      : unwrap(scanApi.pos.scans.$post({ json: { scan_id: scanId, card_uid: cardUid, ...(orderId ? { order_id: orderId } : {}) } })))) as
      | Scanned
      | { status: "pending" };
    if ("status" in answer) return notSent(attempt);
    const { charge } = answer;
    if (charge.state !== "open") return void end(attempt, charge.id, charge.state, charge);
    play("waiting");
    become({
      kind: "waiting",
      attempt,
      charge: {
        id: charge.id,
        orderId: charge.order_id,
        orderNumber: charge.order_number,
        amountMinor: charge.amount_minor,
        currency: charge.currency,
        expiresIn: charge.expires_in,
        readAt: performance.now(),
        studentLabel: charge.student_label,
        matchCode: answer.match_code,
        shortCode: answer.short_code,
        qrUrl: answer.qr_url,
        isReachable: answer.reachable.length > 0,
      },
    });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 0 || error.status >= 500) return notSent(attempt);
    if (error.code === "ORDER_CHOICE_REQUIRED") return become({ kind: "choose", attempt, orders: error.details.orders as Choice });
    keepAttempt(undefined);
    play("no");
    become({ kind: "refused", error });
  }
}

function notSent(attempt: Attempt): void {
  play("notSent");
  become({ kind: "not-sent", attempt });
}

/** The charge as the server has it: asked for by events, by the clock, and when the page comes back. */
export async function look(): Promise<void> {
  if (state.kind !== "waiting") return;
  const { attempt, charge } = state;
  const now = await unwrap(scanApi.pos.charges[":chargeId"].$get({ param: { chargeId: charge.id } })).catch(() => undefined);
  if (!now || state.kind !== "waiting" || state.charge.id !== charge.id) return;
  if (now.state !== "open") return end(attempt, now.id, now.state, now);
  // The student may have asked for more time.
  if (now.expires_in > charge.expiresIn - (performance.now() - charge.readAt) / 1000 + 1)
    become({ kind: "waiting", attempt, charge: { ...charge, expiresIn: now.expires_in, readAt: performance.now() } });
}

function end(
  attempt: Attempt,
  _chargeId: string,
  ending: string,
  charge: { order_id: string; order_number: string; amount_minor: number; currency: string },
): void {
  keepAttempt(undefined);
  if (ending === "confirmed") {
    play("paid");
    notePaid({
      orderId: charge.order_id,
      orderNumber: charge.order_number,
      amountMinor: charge.amount_minor,
      currency: charge.currency,
      isCash: false,
    });
    if (attempt.lines) for (const forget of afterSale) forget();
    become({ kind: "paid", amountMinor: charge.amount_minor, currency: charge.currency, orderNumber: charge.order_number });
    return;
  }
  play("no");
  become({ kind: "ended", ending: ending as Ending, amountMinor: charge.amount_minor, currency: charge.currency });
}

const afterSale = new Set<() => void>();
export const onSaleDone = (forget: () => void): (() => void) => {
  afterSale.add(forget);
  return () => void afterSale.delete(forget);
};

export async function takeBack(): Promise<void> {
  if (state.kind !== "waiting") return;
  await unwrap(scanApi.pos.charges[":chargeId"].void.$post({ param: { chargeId: state.charge.id } })).catch(() => undefined);
  await look();
}

/** One key for a cash sale from its first try to its answer. */
let cashKey: string | undefined;

export async function sellForCash(lines: readonly SaleLine[], tenderedMinor: number): Promise<void> {
  cashKey ??= crypto.randomUUID();
  const sold = (await unwrap(
    saleApi.pos.sales.$post(
      { json: { items: items(lines), payment: "cash", cash_tendered_minor: tenderedMinor } },
      { headers: { "idempotency-key": cashKey } },
    ),
  )) as { order: { id: string; order_number: string; total_minor: number; currency: string }; change_minor: number };
  cashKey = undefined;
  play("paid");
  const { order } = sold;
  notePaid({ orderId: order.id, orderNumber: order.order_number, amountMinor: order.total_minor, currency: order.currency, isCash: true });
  for (const forget of afterSale) forget();
  become({
    kind: "paid",
    amountMinor: order.total_minor,
    currency: order.currency,
    orderNumber: order.order_number,
    changeMinor: sold.change_minor,
  });
}

export function goIdle(): void {
  keepAttempt(undefined);
  become({ kind: "idle" });
}

export function paidHere(): PaidHere[] {
  try {
    return JSON.parse(localStorage.getItem(paidKey) ?? "[]") as PaidHere[];
  } catch {
    return [];
  }
}

const notePaid = (paid: Omit<PaidHere, "at">): void => {
  const others = paidHere().filter(({ orderId }) => orderId !== paid.orderId);
  localStorage.setItem(paidKey, JSON.stringify([{ ...paid, at: new Date().toISOString() }, ...others].slice(0, keptPaid)));
};
