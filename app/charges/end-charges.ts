import { freezeCard } from "../cards/freeze-card.ts";
import { countEvent } from "../health/slo-events.ts";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { notFound } from "../platform/errors.ts";
import type { Job } from "../platform/jobs.ts";
import { sql, type Transaction } from "../platform/postgres.ts";
import { endedRefusal } from "./confirm-charge.ts";

interface Decline {
  readonly chargeId: string;
  readonly studentId: string;
  /** "It wasn't me": the card that was scanned is not in the student's hand. */
  readonly notMe: boolean;
  readonly requestId: string;
}

/** The student's no. Said twice it is still no; said after the charge ended otherwise, that end is told. */
export async function declineCharge({ db, metrics }: Platform, decline: Decline): Promise<void> {
  const state = await db.transaction((tx) => decideDecline(tx, decline));
  if (state === "declined") metrics.count("charges_ended_total", { state });
  // An expired request may still be "not me": the card is frozen, and that was what was asked for.
  if (state !== "declined" && !(decline.notMe && state === "expired")) throw endedRefusal(state);
}

async function decideDecline(tx: Transaction, decline: Decline): Promise<string | null> {
  const charge = await tx.row<{ state: string; cardId: string; cafeId: string }>(sql`
    select state, card_id, cafe_id from charges where id = ${decline.chargeId} and student_id = ${decline.studentId}`);
  if (!charge) throw notFound("The charge");
  const ended = await end(tx, decline.chargeId, "declined", decline.notMe ? "not me" : "declined by the student");
  if (decline.notMe)
    await freezeCard(tx, { cardId: charge.cardId, because: "not me", actorId: decline.studentId, requestId: decline.requestId });
  return ended ? "declined" : stateOf(tx, decline.chargeId);
}

interface Void {
  readonly chargeId: string;
  readonly device: { readonly id: string; readonly cafeId: string };
  readonly requestId: string;
}

/** The counter takes the request back. */
export async function voidCharge({ db, metrics }: Platform, request: Void): Promise<void> {
  const state = await db.transaction((tx) => decideVoid(tx, request));
  if (state === "voided") metrics.count("charges_ended_total", { state });
  if (state !== "voided") throw endedRefusal(state);
}

async function decideVoid(tx: Transaction, request: Void): Promise<string | null> {
  const charge = await tx.row(sql`select id from charges where id = ${request.chargeId} and cafe_id = ${request.device.cafeId}`);
  if (!charge) throw notFound("The charge");
  const ended = await end(tx, request.chargeId, "voided", "voided at the counter");
  if (!ended) return stateOf(tx, request.chargeId);
  await audit(tx, {
    actorKind: "device",
    actorId: request.device.id,
    action: "charge.void",
    objectKind: "charge",
    objectId: request.chargeId,
    cafeId: request.device.cafeId,
    requestId: request.requestId,
  });
  return "voided";
}

async function end(tx: Transaction, chargeId: string, state: "declined" | "voided", because: string): Promise<boolean> {
  const row = await tx.row<{ expired: boolean; ended: boolean }>(sql`
    select end_charge(${chargeId}, 'expired', 'time') as expired, end_charge(${chargeId}, ${state}, ${because}) as ended`);
  return row?.ended === true;
}

async function stateOf(tx: Transaction, chargeId: string): Promise<string | null> {
  return (await tx.row<{ state: string }>(sql`select state from charges where id = ${chargeId}`))?.state ?? null;
}

const sweepEverySeconds = 2;
const sweepRows = 500;

/** Ends what nobody answered. Readers and confirms judge by the clock themselves, so a late sweep changes no outcome. */
export const expireChargesJob = ({ metrics }: Platform): Job => ({
  name: "expire-charges",
  everySeconds: sweepEverySeconds,
  run: async (tx) => {
    const row = await tx.row<{ ended: number; unheard: number }>(sql`
      select count(*) filter (where ended) as ended, count(*) filter (where ended and prompted_at is null) as unheard from (
        select end_charge(id, 'expired', 'time') as ended, prompted_at from (
          select id, prompted_at from charges where state = 'open' and ended_at is null and expires_at <= clock_timestamp()
          order by expires_at limit ${sweepRows} for update skip locked) due) expired`);
    if (row && row.ended > 0) metrics.count("charges_ended_total", { state: "expired" }, row.ended);
    // The request never reached the phone: without this a push service that hangs would make no bad event at all.
    if (row && row.unheard > 0) countEvent(metrics, "prompt", false, row.unheard);
  },
});
