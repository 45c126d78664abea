import { device, deviceOf } from "../identity/guards.ts";
import { hasSocket } from "../live/presence.ts";
import type { Platform } from "../platform/context.ts";
import { json, required, route, router } from "../platform/http/router.ts";
import { readCafeCharge, type ScannedCharge } from "./charge.ts";
import { voidCharge } from "./end-charges.ts";
import { qrUrl, scanCard } from "./scan-card.ts";
import { ChargeParams, CounterChargeSchema, presentCounterCharge, ScanAnswer, ScanBody } from "./schemas.ts";

const scan = route({
  method: "post",
  path: "/pos/scans",
  operationId: "scanCard",
  tags: ["pos"],
  summary: "A card at the counter: asks the student's phone to pay the unpaid order here",
  description: "`reference` and `metadata` are kept with the order once a new request is sent, in the place of what it was placed with.",
  who: device(),
  errors: [
    "CARD_NOT_ACCEPTED",
    "NO_PENDING_ORDER",
    "ORDER_CHOICE_REQUIRED",
    "RESTAURANT_CLOSED",
    "IDEMPOTENCY_MISMATCH",
    "RATE_LIMITED",
    "READ_ONLY_REGION",
  ],
  request: { body: required(ScanBody) },
  responses: {
    201: json(ScanAnswer, "A new request was sent to the phone"),
    200: json(ScanAnswer, "The same scan, or the charge that is still open here"),
  },
});

const read = route({
  method: "get",
  path: "/pos/charges/{chargeId}",
  operationId: "getCounterCharge",
  tags: ["pos"],
  summary: "What became of a scan, for a terminal whose stream is cut",
  who: device(),
  errors: ["NOT_FOUND"],
  request: { params: ChargeParams },
  responses: { 200: json(CounterChargeSchema, "The charge as it stands") },
});

const voidRoute = route({
  method: "post",
  path: "/pos/charges/{chargeId}/void",
  operationId: "voidCharge",
  tags: ["pos"],
  summary: "Take an unanswered request back; said twice it is still void",
  who: device(),
  errors: ["NOT_FOUND", "CHARGE_CLOSED", "CHARGE_EXPIRED", "CHARGE_SUPERSEDED"],
  request: { params: ChargeParams },
  responses: { 200: json(CounterChargeSchema, "Void") },
});

export const posRoutes = (platform: Platform) =>
  router()
    .openapi(scan, async (c) => {
      const { scan_id: scanId, card_uid: cardUid, order_id: orderId, reference, metadata } = c.req.valid("json");
      const { charge, isNew } = await scanCard(platform, { scanId, cardUid, orderId, device: deviceOf(c), note: { reference, metadata } });
      return c.json(presentScan(platform, charge, await reachableBy(platform, charge)), isNew ? 201 : 200);
    })
    .openapi(read, async (c) =>
      c.json(presentCounterCharge(await readCafeCharge(platform.db, c.req.valid("param").chargeId, deviceOf(c).cafeId)), 200),
    )
    .openapi(voidRoute, async (c) => {
      const { chargeId } = c.req.valid("param");
      const { id, cafeId } = deviceOf(c);
      await voidCharge(platform, { chargeId, device: { id, cafeId }, requestId: c.var.requestId });
      return c.json(presentCounterCharge(await readCafeCharge(platform.db, chargeId, cafeId)), 200);
    });

type Reach = "ws" | "push";

/** How the request can reach the phone at this moment. With none, the counter shows the code at once. */
async function reachableBy(platform: Platform, charge: ScannedCharge): Promise<Reach[]> {
  const socket = await hasSocket(platform, charge.studentId);
  return [...(socket ? (["ws"] as const) : []), ...(charge.hasPushToken ? (["push"] as const) : [])];
}

function presentScan(platform: Platform, charge: ScannedCharge, reachable: readonly Reach[]) {
  return {
    charge: presentCounterCharge(charge),
    match_code: charge.matchCode,
    short_code: charge.shortCode,
    qr_url: qrUrl(platform.config, charge.shortCode),
    reachable: [...reachable],
  };
}
