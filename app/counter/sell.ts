import { createHmac, randomBytes } from "node:crypto";
import { cardHash } from "../cards/card-hash.ts";
import { newCodes, qrUrl, refusedScan, scanLimits } from "../charges/scan-card.ts";
import { keepNote, type Note, saysSomething } from "../ledger/note.ts";
import { hasSocket } from "../live/presence.ts";
import { refusalOf } from "../orders/place-order.ts";
import type { WantedItem } from "../orders/schemas.ts";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { validationError } from "../platform/http/router.ts";
import type { AnswerOnce, Claim } from "../platform/idempotency.ts";
import { OutcomeUnknown, type Statement, sql, type Transaction } from "../platform/postgres.ts";
import { keyFor } from "../platform/seal.ts";
import { withDeadline } from "../platform/with-deadline.ts";

export interface SaleInput {
  readonly device: { readonly id: string; readonly cafeId: string };
  readonly items: readonly WantedItem[];
  readonly specialInstructions: string | null;
  /** The student's card; cash without one. */
  readonly cardUid: string | undefined;
  /** What was handed over in cash; exactly the total unless told. */
  readonly tenderedMinor: number | undefined;
  readonly prepare: boolean;
  readonly note: Note;
}

/** The commit may have happened: the terminal asks what became of its key, or sends the same sale again. */
export interface PendingSale {
  readonly kind: "pending";
}

interface Outcome {
  readonly outcome: string;
  readonly details: Record<string, unknown> | null;
  readonly body: string | null;
}

interface Card {
  readonly hash: Buffer;
  readonly hasSocket: boolean;
}

/** Items, order and payment in one call: paid in cash at once, or asked for on the phone of the card's student. */
export async function sell(platform: Platform, claim: Claim, input: SaleInput): Promise<AnswerOnce | PendingSale> {
  if (input.items.length === 0) throw new CodedError("CART_EMPTY", "The sale has no items.");
  const pepper = await platform.secrets.get("CARD_PEPPER");
  const card = input.cardUid === undefined ? undefined : await lookUpCard(platform, cardHash(pepper, input.cardUid));
  const outcome = await decide(platform, withPepper(claim, pepper), input, card);
  if (outcome === undefined) return { kind: "pending" };
  const isStored = outcome.outcome === "stored";
  if (outcome.body === null || !(isStored || outcome.outcome === "sold"))
    throw refusedSale(platform, outcome.outcome, outcome.details ?? {});
  return { status: 201, body: outcome.body, hit: isStored };
}

/** The body holds a card's number, and a plain hash of it would give the number away. */
function withPepper(claim: Claim, pepper: string): Claim {
  return { ...claim, bodyHash: createHmac("sha256", keyFor(pepper, "sale")).update(claim.bodyHash).digest() };
}

/** Whether a phone of the student listens is known to Redis, so it is asked before the transaction. */
async function lookUpCard(platform: Platform, hash: Buffer): Promise<Card> {
  const card = await platform.db.row<{ studentId: string }>(sql`select student_id from cards where uid_hash = ${hash}`);
  return { hash, hasSocket: card !== undefined && (await hasSocket(platform, card.studentId)) };
}

// With the 7 s in which a lost answer is noticed it stays below the request's own 10 s.
const lookUpMs = 2_000;

/** Asked once more where the answer is lost on the way: the first try either committed, and is found by its key, or did not. */
async function decide(platform: Platform, claim: Claim, input: SaleInput, card: Card | undefined): Promise<Outcome | undefined> {
  const { log, metrics } = platform;
  try {
    return await ask(platform, claim, false, input, card);
  } catch (error) {
    if (!(error instanceof OutcomeUnknown)) throw error;
    metrics.count("outcomes_unknown_total", {});
    try {
      const found = await withDeadline(lookUpMs, "The look-up", ask(platform, claim, true, input, card));
      // The first try is still at work on the server.
      if (found.outcome === "busy") return undefined;
      return found.outcome === "stored" ? { ...found, outcome: "sold" } : found;
    } catch (second) {
      if (second instanceof CodedError) throw second;
      log.warn({ err: second }, "The outcome of a sale is not known yet");
      return undefined;
    }
  }
}

/** One statement is a transaction of its own; with a note there are two. */
async function ask({ db, config }: Platform, claim: Claim, waits: boolean, input: SaleInput, card: Card | undefined): Promise<Outcome> {
  const statement = selling(config, claim, waits, input, card);
  const outcome = saysSomething(input.note)
    ? await db.transaction((tx) => sellNoted(tx, statement, input))
    : await db.callAtomic<Outcome>(statement);
  if (!outcome) throw new Error("The sale was not decided.");
  return outcome;
}

async function sellNoted(tx: Transaction, statement: Statement, { device, note }: SaleInput): Promise<Outcome | undefined> {
  const outcome = await tx.row<Outcome>(statement);
  if (outcome?.outcome !== "sold" || outcome.body === null) return outcome;
  const { order } = JSON.parse(outcome.body) as { readonly order: { readonly id: string } };
  await keepNote(tx, { document: "orders", documentId: order.id, cafeId: device.cafeId }, note);
  return outcome;
}

function selling(config: Config, claim: Claim, waits: boolean, input: SaleInput, card: Card | undefined): Statement {
  const { device, items, specialInstructions, tenderedMinor, prepare } = input;
  const { matchCode, shortCode } = newCodes();
  return sql`
    select outcome, details, body from sell_once(
      ${claim.principal}, ${claim.route}, ${claim.key}, ${claim.bodyHash}, ${waits}, ${device.id}, ${device.cafeId}, ${JSON.stringify(items)}::jsonb,
      ${specialInstructions}, ${tenderedMinor ?? null}, ${prepare}, ${card?.hash ?? null}, ${card?.hasSocket ?? false}, ${config.CHARGE_SECONDS}, ${randomBytes(16).toString("hex")},
      ${matchCode}, ${shortCode}, ${scanLimits(config)}, ${qrUrl(config, shortCode)})`;
}

function refusedSale(platform: Platform, outcome: string, details: Record<string, unknown>): CodedError {
  switch (outcome) {
    case "device_revoked":
    case "card":
    case "cards_capped":
    case "capped":
      return refusedScan(platform, { outcome, retryAfterSeconds: Number(details.retry_after_seconds ?? 60), orders: null });
    case "tendered":
      return validationError("json", [{ path: ["cash_tendered_minor"], message: `is less than the total of ${details.total_minor}` }]);
    default:
      return refusalOf(outcome, details);
  }
}
