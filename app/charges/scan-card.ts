import { randomBytes, randomInt } from "node:crypto";
import { cardHash } from "../cards/card-hash.ts";
import { keepNote, type Note, saysSomething } from "../ledger/note.ts";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { part, type Statement, sql, type Transaction, violatedConstraint } from "../platform/postgres.ts";
import { readCafeCharge, type ScannedCharge } from "./charge.ts";

export interface Scan {
  readonly scanId: string;
  readonly cardUid: string;
  readonly orderId: string | undefined;
  readonly device: { readonly id: string; readonly cafeId: string };
  readonly note: Note;
}

export interface Scanned {
  readonly charge: ScannedCharge;
  readonly isNew: boolean;
}

interface Opened
  extends Pick<
    ScannedCharge,
    "orderId" | "orderNumber" | "amountMinor" | "currency" | "expiresAt" | "studentId" | "studentLabel" | "hasPushToken"
  > {
  readonly outcome: "opened";
  readonly chargeId: string;
}

interface Same {
  readonly outcome: "same";
  readonly chargeId: string;
}

interface Refused {
  readonly outcome: "device_revoked" | "mismatch" | "card" | "closed" | "choice" | "no_order" | "capped" | "cards_capped";
  readonly retryAfterSeconds: number | null;
  readonly orders: readonly unknown[] | null;
}

type OpenOutcome = Opened | Same | Refused;

/** What the counter shows, made anew for each request to a phone. */
type Codes = Pick<ScannedCharge, "matchCode" | "shortCode">;

const shortCodeAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const shortCodeLength = 6;

/** A card at the counter: opens the charge for the student's unpaid order here, or finds the one that is open already. */
export async function scanCard(platform: Platform, scan: Scan): Promise<Scanned> {
  const hash = cardHash(await platform.secrets.get("CARD_PEPPER"), scan.cardUid);
  const opened = await openCharge(platform, scan, hash);
  if (opened.outcome === "opened") return { charge: newCharge(platform, opened), isNew: true };
  if (opened.outcome === "same") return { charge: await readCafeCharge(platform.db, opened.chargeId, scan.device.cafeId), isNew: false };
  throw refusedScan(platform, opened);
}

function newCharge({ config }: Platform, { outcome, chargeId, ...opened }: Opened & Codes): ScannedCharge {
  return { ...opened, id: chargeId, state: "open", expiresInMs: config.CHARGE_SECONDS * 1000 };
}

/** As scan_limits in open-charge.sql: spliced into the statement that scans. */
export const scanLimits = ({ RATE_LIMIT_SCALE: scale, ...config }: Config): Statement => part`row(
  ${config.RATE_PROMPTS_REFUSED_PER_10_MINUTES * scale}::integer, ${config.RATE_PROMPTS_UNPAID_PER_10_MINUTES * scale}::integer,
  ${config.RATE_CARDS_REFUSED_PER_10_MINUTES * scale}::integer)::scan_limits`;

/** One statement is a transaction of its own; with a note there are two. */
async function openCharge(platform: Platform, scan: Scan, hash: Buffer): Promise<OpenOutcome & Codes> {
  const attempt = async () => {
    const codes = newCodes();
    const statement = sql`
    select * from open_charge(${scan.scanId}, ${scan.device.id}, ${hash}, ${scan.orderId ?? null}, ${platform.config.CHARGE_SECONDS},
      ${randomBytes(16).toString("hex")}, ${codes.matchCode}, ${codes.shortCode}, ${scanLimits(platform.config)})`;
    const outcome = saysSomething(scan.note)
      ? await platform.db.transaction((tx) => openNoted(tx, statement, scan))
      : await platform.db.callAtomic<OpenOutcome>(statement);
    if (!outcome) throw new Error("open_charge gave no answer.");
    return { ...outcome, ...codes };
  };
  try {
    return await attempt();
  } catch (error) {
    // The scan's id, the order's one open charge and the short code are unique: whoever came second looks again.
    if (violatedConstraint(error) === undefined) throw error;
    return attempt();
  }
}

async function openNoted(tx: Transaction, statement: Statement, { device, note }: Scan): Promise<OpenOutcome | undefined> {
  const outcome = await tx.row<OpenOutcome>(statement);
  if (outcome?.outcome === "opened") await keepNote(tx, { document: "orders", documentId: outcome.orderId, cafeId: device.cafeId }, note);
  return outcome;
}

export const newCodes = (): Codes => ({
  matchCode: String(randomInt(10, 100)),
  shortCode: Array.from({ length: shortCodeLength }, () => shortCodeAlphabet[randomInt(shortCodeAlphabet.length)]).join(""),
});

/** Behind the QR code that the terminal shows for a phone that was not reached. */
export const qrUrl = ({ PUBLIC_URL }: Config, shortCode: string): string => `${PUBLIC_URL}/?charge=${shortCode}`;

export function refusedScan({ metrics }: Platform, opened: Refused): CodedError {
  switch (opened.outcome) {
    case "device_revoked":
      return new CodedError("DEVICE_REVOKED", "This terminal is no longer enrolled.");
    case "mismatch":
      return new CodedError("IDEMPOTENCY_MISMATCH", "This scan_id belongs to another card or order: make a new one for each scan.");
    case "closed":
      return new CodedError("RESTAURANT_CLOSED", "This café is not open for payments.");
    case "choice":
      return new CodedError("ORDER_CHOICE_REQUIRED", "The student has several unpaid orders here: repeat the scan with one order_id.", {
        details: { orders: opened.orders ?? [] },
      });
    case "no_order":
      return new CodedError("NO_PENDING_ORDER", "There is no unpaid wallet order of this card here.");
    case "capped":
      return new CodedError("RATE_LIMITED", "Too many requests to this phone were not answered with yes.", {
        retryAfterSeconds: opened.retryAfterSeconds ?? 60,
      });
    case "cards_capped":
      return new CodedError("RATE_LIMITED", "Too many cards were refused at this café in the last minutes.", {
        retryAfterSeconds: opened.retryAfterSeconds ?? 60,
      });
    case "card":
      metrics.count("card_refusals_total", {});
      return new CodedError("CARD_NOT_ACCEPTED", "This card is not accepted.");
  }
}
