import { z } from "@hono/zod-openapi";
import { stepUpFields } from "../identity/field-schemas.ts";
import { student, studentOf } from "../identity/guards.ts";
import { type ProvenStepUp, tryStepUp } from "../identity/step-up.ts";
import type { Platform } from "../platform/context.ts";
import { csvType } from "../platform/csv.ts";
import { once } from "../platform/http/once.ts";
import { type HttpContext, json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { changeLimits } from "./change-limits.ts";
import { minorUnits } from "./field-schemas.ts";
import { setWalletStatus } from "./freeze-wallet.ts";
import { mostLines, printMonth } from "./print-month.ts";
import { readStatement, type StatementLine } from "./statement.ts";
import { streamStatement } from "./statement-csv.ts";
import { readWallet, type Wallet } from "./wallet.ts";

const WalletSchema = z
  .object({
    balance_minor: z.number().int(),
    held_minor: z.int().openapi({ description: "Of the balance what waits to be paid out and cannot be spent" }),
    owed_minor: z.int().openapi({ description: "What the student owes; the next money that comes in pays it back" }),
    currency: z.string(),
    status: z.enum(["active", "frozen", "closed"]),
    daily_limit_minor: z.number().int().nullable(),
    spent_today_minor: z.number().int(),
    low_balance_alert_minor: z.number().int().nullable(),
    updated_at: z.iso.datetime(),
  })
  .openapi("Wallet");

const StatementLineSchema = z
  .object({
    id: z.uuid(),
    at: z.iso.datetime(),
    kind: z.string().openapi({ description: "debit, refund, adjustment, top_up, …; may grow" }),
    amount_minor: z.number().int().openapi({ description: "Negative where money left the wallet" }),
    currency: z.string(),
    balance_minor_after: z.number().int(),
    order_id: z.uuid().nullable(),
    order_number: z.string().nullable(),
    cafe_name: z.string().nullable(),
    charge_id: z.uuid().nullable(),
    reference: z.string().nullable().openapi({ description: "What whoever moved the money calls it in another system" }),
  })
  .openapi("StatementLine");

const getWallet = route({
  method: "get",
  path: "/wallet",
  operationId: "getWallet",
  tags: ["wallet"],
  summary: "What the student has and may spend; the first look opens the wallet",
  who: student(),
  bucket: "status",
  errors: ["READ_ONLY_REGION"],
  responses: { 200: json(WalletSchema, "The wallet") },
});

const getStatement = route({
  method: "get",
  path: "/wallet/statement",
  operationId: "getStatement",
  tags: ["wallet"],
  summary: "Every entry of the wallet with the balance after it, newest first; as CSV the whole of it",
  who: student(),
  request: {
    query: listQuery.extend({
      cursor: z
        .string()
        .regex(/^\d{1,15}$/, "must be a cursor that this list gave")
        .optional(),
      format: z.enum(["json", "csv"]).optional().openapi({ description: "Without it the Accept header decides" }),
    }),
  },
  responses: {
    200: {
      description: "A page of it as JSON, or all of it as CSV",
      content: { "application/json": { schema: listOf(StatementLineSchema) }, "text/csv": { schema: z.string() } },
    },
  },
});

const getMonth = route({
  method: "get",
  path: "/wallet/statement.pdf",
  operationId: "getStatementPdf",
  tags: ["wallet"],
  summary: "One month of the wallet to print: opening balance, every entry, closing balance",
  description: `In the student's language, by the campus's clock; the month that runs, as far as it has come. A month of more than ${mostLines} entries is there as CSV only.`,
  who: student(),
  errors: ["CONFLICT"],
  request: {
    query: z.strictObject({
      month: z
        .string()
        .regex(/^20\d\d-(0[1-9]|1[0-2])$/, "must be a month: YYYY-MM")
        .openapi({ example: "2026-11" }),
    }),
  },
  responses: {
    200: { description: "A4 pages", content: { "application/pdf": { schema: z.string().openapi({ format: "binary" }) } } },
  },
});

const putLimits = route({
  method: "put",
  path: "/wallet/limits",
  operationId: "changeLimits",
  tags: ["wallet"],
  summary: "Set the daily limit and the low-balance alert; null is none",
  who: student(),
  description: "To raise or clear the daily limit needs a code of POST /users/me/step-up for the new one.",
  errors: ["INVALID_OTP", "INVALID_SIGNATURE", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: {
    body: required(
      z.strictObject({ daily_limit_minor: minorUnits.nullable(), low_balance_alert_minor: minorUnits.nullable(), ...stepUpFields }),
    ),
  },
  responses: { 200: json(WalletSchema, "The wallet as it is now") },
});

const freeze = route({
  method: "post",
  path: "/wallet/freeze",
  operationId: "freezeWallet",
  tags: ["wallet"],
  summary: "Stop every debit from now on; the wallet may still receive",
  who: student(),
  bucket: "stop",
  idempotency: "optional",
  errors: ["INVALID_TRANSITION", "READ_ONLY_REGION"],
  responses: { 200: json(WalletSchema, "The wallet as it is now") },
});

const unfreeze = route({
  method: "post",
  path: "/wallet/unfreeze",
  operationId: "unfreezeWallet",
  tags: ["wallet"],
  summary: "Let the wallet pay again, with a code of POST /users/me/step-up",
  who: student(),
  idempotency: "optional",
  errors: ["INVALID_OTP", "INVALID_SIGNATURE", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { body: required(z.strictObject(stepUpFields)) },
  responses: { 200: json(WalletSchema, "The wallet as it is now") },
});

export const walletRoutes = (platform: Platform) => {
  const setStatus = (c: HttpContext, to: "frozen" | "active", stepUp?: ProvenStepUp) =>
    once(c, "a day", async (tx) => {
      const wallet = await setWalletStatus(tx, platform.config, { studentId: studentOf(c).id, to, stepUp, requestId: c.var.requestId });
      return { status: 200 as const, body: presentWallet(wallet) };
    });
  return router()
    .openapi(getWallet, async (c) => c.json(presentWallet(await readWallet(platform, studentOf(c).id)), 200))
    .openapi(getStatement, async (c) => {
      const { limit, cursor, format } = c.req.valid("query");
      const studentId = studentOf(c).id;
      if (format === "csv" || (format === undefined && wantsCsv(c))) {
        c.header("Content-Disposition", 'attachment; filename="statement.csv"');
        return c.body(streamStatement(platform.db, studentId), 200, { "Content-Type": csvType });
      }
      const lines = await readStatement(platform.db, studentId, {
        limit: limit + 1,
        beforeSeq: cursor === undefined ? undefined : Number(cursor),
      });
      const items = lines.slice(0, limit);
      const nextCursor = lines.length > limit ? String(items.at(-1)?.walletSeq) : null;
      return c.json({ items: items.map(presentLine), next_cursor: nextCursor }, 200);
    })
    .openapi(getMonth, async (c) => {
      const { month } = c.req.valid("query");
      const pdf = await printMonth(platform, studentOf(c).id, month);
      c.header("Content-Disposition", `attachment; filename="statement-${month}.pdf"`);
      return c.body(new Uint8Array(pdf), 200, { "Content-Type": "application/pdf" }) as never;
    })
    .openapi(putLimits, async (c) => {
      const { daily_limit_minor, low_balance_alert_minor, ...given } = c.req.valid("json");
      const wallet = await changeLimits(platform, {
        studentId: studentOf(c).id,
        dailyLimitMinor: daily_limit_minor,
        lowBalanceAlertMinor: low_balance_alert_minor,
        given,
        requestId: c.var.requestId,
      });
      return c.json(presentWallet(wallet), 200);
    })
    .openapi(freeze, (c) => setStatus(c, "frozen"))
    .openapi(unfreeze, async (c) => setStatus(c, "active", await tryStepUp(platform, studentOf(c).id, "thaw_wallet", c.req.valid("json"))));
};

const wantsCsv = (c: HttpContext) => /^\s*text\/csv\b/i.test(c.req.header("accept") ?? "");

const presentWallet = (wallet: Wallet): z.infer<typeof WalletSchema> => ({
  balance_minor: wallet.balanceMinor,
  held_minor: wallet.heldMinor,
  owed_minor: wallet.owedMinor,
  currency: wallet.currency,
  status: wallet.status,
  daily_limit_minor: wallet.dailyLimitMinor,
  spent_today_minor: wallet.spentTodayMinor,
  low_balance_alert_minor: wallet.lowBalanceAlertMinor,
  updated_at: wallet.updatedAt.toISOString(),
});

const presentLine = (line: StatementLine): z.infer<typeof StatementLineSchema> => ({
  id: line.id,
  at: line.at.toISOString(),
  kind: line.kind,
  amount_minor: line.amountMinor,
  currency: line.currency,
  balance_minor_after: line.balanceMinorAfter,
  order_id: line.orderId,
  order_number: line.orderNumber,
  cafe_name: line.cafeName,
  charge_id: line.chargeId,
  reference: line.reference,
});
