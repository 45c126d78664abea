import { randomBytes, randomInt } from "node:crypto";
import { cardHash } from "../cards/card-hash.ts";
import type { Config } from "../platform/config.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { sql, violatedConstraint } from "../platform/postgres.ts";
import { readCafeCharge, type ScannedCharge } from "./charge.ts";

export interface Scan {
  readonly scanId: string;
  readonly cardUid: string;
  readonly orderId: string | undefined;
  readonly device: { readonly id: string; readonly cafeId: string };
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
  readonly outcome: "device_revoked" | "mismatch" | "card" | "closed" | "choice" | "no_order" | "capped";
  readonly retryAfterSeconds: number | null;
  readonly orders: readonly unknown[] | null;
}

type OpenOutcome = Opened | Same | Refused;

/** What the counter shows, made anew for each request to a phone. */
type Codes = Pick<ScannedCharge, "matchCode" | "shortCode">;

export const maxRefusedPrompts = 3;
const dampMs = 3_000;
const shortCodeAlphabet = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const shortCodeLength = 6;

/** A card at the counter: opens the charge for the student's unpaid order here, or finds the one that is open already. */
export async function scanCard(platform: Platform, scan: Scan): Promise<Scanned> {
  const hash = cardHash(await platform.secrets.get("CARD_PEPPER"), scan.cardUid);
  const again = await dampedScan(platform, scan, hash);
  if (again) return { charge: again, isNew: false };
  const opened = await openCharge(platform, scan, hash);
  if (opened.outcome === "opened") return { charge: newCharge(platform, opened), isNew: true };
  if (opened.outcome === "same") return { charge: await readCafeCharge(platform.db, opened.chargeId, scan.device.cafeId), isNew: false };
  if (opened.outcome === "card") platform.metrics.count("card_refusals_total", {});
  throw refusedScan(opened);
}

function newCharge({ config }: Platform, { outcome, chargeId, ...opened }: Opened & Codes): ScannedCharge {
  return { ...opened, id: chargeId, state: "open", expiresInMs: config.CHARGE_SECONDS * 1000 };
}

/**
 * The second tap of a nervous hand: Redis knows that this card was here a moment ago, so one read answers without a
 * lock. It only damps: with Redis empty or down open_charge finds the same charge.
 */
async function dampedScan(platform: Platform, scan: Scan, hash: Buffer): Promise<ScannedCharge | undefined> {
  const key = `scan:${scan.device.id}:${hash.toString("base64url")}`;
  const first = await platform.cache.use((redis) => redis.set(key, scan.scanId, "PX", dampMs, "NX"));
  if (first !== null) return undefined;
  const open = await platform.db.row<{ id: string }>(sql`
    select c.id from charges c join cards k on k.id = c.card_id and k.student_id = c.student_id
    where k.uid_hash = ${hash} and c.device_id = ${scan.device.id} and c.state = 'open' and c.expires_at > clock_timestamp()
      and k.status = 'active' and (${scan.orderId ?? null}::uuid is null or c.order_id = ${scan.orderId ?? null})
      and not exists (select 1 from scans s where s.device_id = ${scan.device.id} and s.scan_id = ${scan.scanId} and s.charge_id <> c.id)
    limit 1`);
  return open && readCafeCharge(platform.db, open.id, scan.device.cafeId);
}

async function openCharge(platform: Platform, scan: Scan, hash: Buffer): Promise<OpenOutcome & Codes> {
  const attempt = async () => {
    const codes = newCodes();
    const outcome = await platform.db.decide<OpenOutcome>(sql`
    select * from open_charge(${scan.scanId}, ${scan.device.id}, ${hash}, ${scan.orderId ?? null}, ${platform.config.CHARGE_SECONDS},
      ${randomBytes(16).toString("hex")}, ${codes.matchCode}, ${codes.shortCode}, ${maxRefusedPrompts})`);
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

export const newCodes = (): Codes => ({
  matchCode: String(randomInt(10, 100)),
  shortCode: Array.from({ length: shortCodeLength }, () => shortCodeAlphabet[randomInt(shortCodeAlphabet.length)]).join(""),
});

/** Behind the QR code that the terminal shows for a phone that was not reached. */
export const qrUrl = ({ PUBLIC_URL }: Config, shortCode: string): string => `${PUBLIC_URL}/?charge=${shortCode}`;

export function refusedScan(opened: Refused): CodedError {
  switch (opened.outcome) {
    case "device_revoked":
      return new CodedError("DEVICE_REVOKED", "This terminal is no longer enrolled.");
    case "mismatch":
      return new CodedError("IDEMPOTENCY_MISMATCH", "This scan_id belongs to another card: make a new one for each scan.");
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
    default:
      return new CodedError("CARD_NOT_ACCEPTED", "This card is not accepted.");
  }
}
