import { observeConfirmed, type PromptChannel } from "../live/prompted.ts";
import { audit } from "../platform/audit.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError, notFound } from "../platform/errors.ts";
import { OutcomeUnknown, sql, sqlState } from "../platform/postgres.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import type { ReceiptSigner } from "../receipts/receipt-signer.ts";
import type { ChargeState } from "./charge.ts";
import { signatureFits } from "./digest.ts";
import { signReceipt } from "./sign-receipt.ts";

export interface Confirmation {
  readonly chargeId: string;
  readonly studentId: string;
  readonly digest: string;
  readonly numberMatch: string | undefined;
  readonly signature: string | undefined;
  readonly requestId: string;
}

export interface Paid {
  readonly kind: "paid";
  readonly receipt: string;
  readonly receiptId: string;
  readonly orderId: string;
  readonly paidAt: Date;
  readonly balanceMinorAfter: number;
  readonly replayed: boolean;
}

/** The commit may have happened: the client asks again, or looks the charge up. Never "failed". */
export interface Pending {
  readonly kind: "pending";
}

interface PaidOutcome {
  readonly outcome: "paid";
  readonly orderId: string;
  readonly receiptId: string;
  readonly payload: string;
  readonly keyId: string;
  readonly paidAt: Date;
  readonly balanceMinor: number;
  /** The charge was paid before; what is given is its stored receipt. */
  readonly replayed: boolean;
  readonly promptedAt: Date | null;
  readonly promptedBy: PromptChannel | null;
}

/** Nothing was debited. */
type RefusedOutcome =
  | { readonly outcome: "not_found" | "signature" | "order_cancelled" | "cafe_closed" | "frozen" }
  | { readonly outcome: "ended" | "number"; readonly state: ChargeState }
  | { readonly outcome: "changed"; readonly digest: string; readonly amountMinor: number }
  | { readonly outcome: "insufficient"; readonly balanceMinor: number; readonly neededMinor: number }
  | { readonly outcome: "limit"; readonly limitMinor: number; readonly spentMinor: number; readonly neededMinor: number };

/** As confirm_charge() answers; which of its columns are set follows from the outcome. */
type Outcome = PaidOutcome | RefusedOutcome;

/** The student's yes. The charge's id is the idempotency key: asked again with the same proof, the answer is the same receipt. */
export async function confirmCharge(platform: Platform, signer: ReceiptSigner, confirmation: Confirmation): Promise<Paid | Pending> {
  const arrivedAtMs = performance.now();
  const keyId = await signingKey(platform, confirmation);
  const decided = await decide(platform, confirmation, keyId, await signer.keyId());
  if (decided === undefined) return { kind: "pending" };
  if (decided.outcome !== "paid") throw await refusal(platform, confirmation, decided);
  const receipt = await signReceipt(signer, decided).catch((error: unknown) => {
    // The debit stands, whatever kept its signature: a process that has the key signs it.
    platform.log.error({ err: error, charge_id: confirmation.chargeId }, "A receipt could not be signed yet");
  });
  if (receipt === undefined) return { kind: "pending" };
  const answer = paid(decided, receipt);
  if (answer.replayed) platform.metrics.count("debits_repeated_total", {});
  else {
    const { promptedAt, promptedBy } = decided;
    observeConfirmed(platform, { promptedAt, promptedBy, confirmedAt: answer.paidAt, arrivedAtMs });
  }
  return answer;
}

/** Which of the student's keys made the signature: null where none was sent (the database then asks whether one is needed). */
async function signingKey({ db }: Platform, confirmation: Confirmation): Promise<string | null> {
  const { signature, digest, studentId } = confirmation;
  if (signature === undefined) return null;
  const keys = await db.rows<{ id: string; publicKey: Buffer }>(sql`
    select id, public_key from confirm_keys where student_id = ${studentId} and revoked_at is null`);
  const maker = keys.find((key) => signatureFits(digest, signature, key.publicKey));
  if (maker) return maker.id;
  const own = await db.row(sql`select id from charges where id = ${confirmation.chargeId} and student_id = ${studentId}`);
  await recordRefusal(db, confirmation, own ? "signature" : "not_found");
  if (!own) throw notFound("The charge");
  throw new CodedError("INVALID_SIGNATURE", "The signature does not fit the digest or the registered keys.");
}

// With the 7 s in which a lost answer is noticed it stays below the request's own 10 s: the client hears 202 and not 503.
const lookUpMs = 2_000;

/**
 * Asks the database once; where the answer is lost on the way, once more on another connection. That is look-up and
 * second try in one, because confirm_charge waits for the first try's locks and then finds what it did.
 */
async function decide(
  { db, config, log, metrics }: Platform,
  confirmation: Confirmation,
  keyId: string | null,
  receiptKeyId: string,
): Promise<Outcome | undefined> {
  const { chargeId, studentId, digest, numberMatch } = confirmation;
  const ask = () =>
    db.callAtomic<Outcome>(sql`
    select * from confirm_charge(${chargeId}, ${studentId}, ${digest}, ${numberMatch ?? null}, ${keyId}, ${config.CAMPUS_REGION}, ${config.CAMPUS_EPOCH},
      ${receiptKeyId}, ${config.CAMPUS_TIME_ZONE})`);
  try {
    return await ask();
  } catch (error) {
    const expiredMeanwhile = sqlState(error) === "CP410";
    if (!expiredMeanwhile && !(error instanceof OutcomeUnknown)) throw error;
    if (!expiredMeanwhile) metrics.count("outcomes_unknown_total", {});
    try {
      return await (expiredMeanwhile ? ask() : withDeadline(lookUpMs, "The look-up", ask()));
    } catch (second) {
      if (expiredMeanwhile) throw second;
      log.warn({ err: second, charge_id: chargeId }, "The outcome of a confirm is not known yet");
      return undefined;
    }
  }
}

const paid = ({ receiptId, orderId, paidAt, balanceMinor, replayed }: PaidOutcome, receipt: string): Paid => ({
  kind: "paid",
  receipt,
  receiptId,
  orderId,
  paidAt,
  balanceMinorAfter: balanceMinor,
  replayed,
});

async function refusal({ db }: Platform, confirmation: Confirmation, outcome: RefusedOutcome): Promise<CodedError> {
  if (["not_found", "signature", "number", "changed"].includes(outcome.outcome)) await recordRefusal(db, confirmation, outcome.outcome);
  switch (outcome.outcome) {
    case "not_found":
      return notFound("The charge");
    case "signature":
      return new CodedError("INVALID_SIGNATURE", "A signature by a registered key is needed.");
    case "order_cancelled":
      return new CodedError("ORDER_CANCELLED", "The order was cancelled: nothing was paid.");
    case "changed":
      return new CodedError("CHARGE_CHANGED", "The order or the request has changed: look again before you pay.", {
        details: { digest: outcome.digest, amount_minor: outcome.amountMinor },
      });
    case "number":
      return new CodedError(
        "NUMBER_MISMATCH",
        outcome.state === "declined" ? "Three wrong numbers: the request was ended." : "The number is not the one at the counter.",
        { details: { state: outcome.state } },
      );
    case "cafe_closed":
      return new CodedError("RESTAURANT_CLOSED", "The café was closed in the meantime: nothing was paid.");
    case "frozen":
      return new CodedError("WALLET_FROZEN", "The wallet is frozen.");
    case "insufficient":
      return new CodedError("INSUFFICIENT_FUNDS", "The wallet holds too little: top up and confirm again.", {
        details: { balance_minor: outcome.balanceMinor, needed_minor: outcome.neededMinor },
      });
    case "limit":
      return new CodedError("SPEND_LIMIT_REACHED", "This would pass your daily limit.", {
        details: { limit_minor: outcome.limitMinor, spent_minor: outcome.spentMinor, needed_minor: outcome.neededMinor },
      });
    case "ended":
      return endedRefusal(outcome.state);
    default:
      throw new Error(`confirm_charge answered ${JSON.stringify(outcome)}, which nobody here knows.`);
  }
}

export function endedRefusal(state: string | null): CodedError {
  if (state === "expired") return new CodedError("CHARGE_EXPIRED", "The request has expired: scan the card again.");
  if (state === "superseded") return new CodedError("CHARGE_SUPERSEDED", "The card was scanned at another terminal since.");
  return new CodedError("CHARGE_CLOSED", `The request has ended: ${state}.`, { details: { state } });
}

/** Only tries on a charge that exists are of interest; a guessed id that hits nothing leaves no row to fill the table with. */
async function recordRefusal(db: Platform["db"], confirmation: Confirmation, because: string): Promise<void> {
  const real = await db.row<{ cafeId: string }>(sql`select cafe_id from charges where id = ${confirmation.chargeId}`);
  if (!real) return;
  await audit(db, {
    actorKind: "student",
    actorId: confirmation.studentId,
    action: "charge.confirm_refused",
    objectKind: "charge",
    objectId: confirmation.chargeId,
    cafeId: real.cafeId,
    details: { because },
    requestId: confirmation.requestId,
  });
}
