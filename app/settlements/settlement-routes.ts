import { z } from "@hono/zod-openapi";
import { actorOf, ownCafeOf, staff, staffOf } from "../identity/guards.ts";
import { amountsField, reasonField } from "../ledger/field-schemas.ts";
import type { Platform } from "../platform/context.ts";
import { csvType } from "../platform/csv.ts";
import { CodedError } from "../platform/errors.ts";
import { monthField } from "../platform/http/days.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, required, route, router } from "../platform/http/router.ts";
import { pageOf } from "../platform/page.ts";
import { paySettlement } from "./pay-settlement.ts";
import { returnSettlement } from "./return-pay-out.ts";
import { bankReferenceField, basisPoints, dayField } from "./schemas.ts";
import { listSettlements, readEntries, readSettlement, type Settlement, settlementStatuses } from "./settlement.ts";
import { settlementCsv, settlementsCsv } from "./statement-csv.ts";
import { settlementPdf } from "./statement-pdf.ts";
import { listTerms, setTerms, type Terms } from "./terms.ts";

const SettlementBody = z
  .object({
    id: z.uuid(),
    cafe_id: z.uuid(),
    cafe_name: z.string(),
    day: z.iso.date().openapi({ description: "The business day, in the café's zone" }),
    currency: z.string(),
    opening_minor: z.int().openapi({ description: "Carried over from before: zero or below" }),
    wallet_sales_minor: z.int(),
    gateway_sales_minor: z.int(),
    cash_sales_minor: z.int(),
    wallet_refunds_minor: z.int(),
    gateway_refunds_minor: z.int(),
    cash_refunds_minor: z.int(),
    disputes_minor: z.int(),
    other_minor: z.int().openapi({ description: "Of a kind that no other line has; none today" }),
    sales_count: z.int(),
    vat: z
      .array(z.object({ vat_basis_points: z.int(), gross_minor: z.int(), vat_minor: z.int() }))
      .openapi({ description: "In the café's own prices, refunds taken off" }),
    cash_kept_minor: z.int().openapi({ description: "What the café has in its own till already" }),
    fee_basis_points: z.int(),
    fee_minor: z.int().openapi({ description: "Of sales without cash; below zero where more was given back than came in" }),
    fee_vat_basis_points: z.int(),
    fee_vat_minor: z.int(),
    payable_minor: z.int().openapi({ description: "What is to be paid out" }),
    carried_minor: z.int().openapi({ description: "What the next settlement takes off: zero or below" }),
    status: z.enum(settlementStatuses),
    paid_transaction_id: z.uuid().nullable(),
    paid_by: z.uuid().nullable(),
    paid_at: z.iso.datetime().nullable(),
    bank_reference: z.string().nullable(),
    agreed_by: z.uuid().nullable().openapi({ description: "The first of two people, where it takes two" }),
    return_asked_by: z.uuid().nullable().openapi({ description: "Who said first that the bank sent it back: a second person must" }),
    created_at: z.iso.datetime(),
  })
  .openapi("Settlement");

const TermsBody = z
  .object({
    id: z.uuid(),
    cafe_id: z.uuid().nullable(),
    from_day: z.iso.date(),
    fee_basis_points: z.int(),
    fee_vat_basis_points: z.int(),
    created_at: z.iso.datetime(),
  })
  .openapi("SettlementTerms");

const params = z.object({ settlementId: z.uuid() });
const readers = staff("owner", "finance", "admin");
const who = staff("finance", "admin");
const tags = ["finance"];

// A month of seventy cafés.
const maxCsvLines = 2_200;

const list = route({
  method: "get",
  path: "/admin/settlements",
  operationId: "listSettlements",
  tags,
  summary:
    "What each café is owed for each business day, newest first; an owner reads those of the own café. As CSV all that fit, the oldest first",
  who: readers,
  request: {
    query: listQuery.extend({
      cafe_id: z.uuid().optional().openapi({ description: "From finance and admin: one café; without it all" }),
      status: z.enum(settlementStatuses).optional(),
      day: dayField.optional(),
      month: monthField.optional(),
      format: z.enum(["json", "csv"]).default("json"),
      amounts: amountsField,
    }),
  },
  responses: {
    200: {
      description: `A page of them as JSON, or as CSV at most ${maxCsvLines} lines`,
      content: { "application/json": { schema: listOf(SettlementBody) }, "text/csv": { schema: z.string() } },
    },
  },
});

const read = route({
  method: "get",
  path: "/admin/settlements/{settlementId}",
  operationId: "getSettlement",
  tags,
  summary: "One café's day with its fee and VAT",
  who: readers,
  errors: ["NOT_FOUND"],
  request: { params },
  responses: { 200: json(SettlementBody, "The settlement") },
});

const statement = route({
  method: "get",
  path: "/admin/settlements/{settlementId}/statement",
  operationId: "getSettlementStatement",
  tags,
  summary: "The statement for the café: a page to print, or every transaction for a spreadsheet",
  who: readers,
  errors: ["NOT_FOUND"],
  request: { params, query: z.strictObject({ format: z.enum(["pdf", "csv"]).default("pdf"), amounts: amountsField }) },
  responses: {
    200: {
      description: "One A4 page, or RFC 4180",
      content: { "application/pdf": { schema: z.string().openapi({ format: "binary" }) }, "text/csv": { schema: z.string() } },
    },
  },
});

const pay = route({
  method: "post",
  path: "/admin/settlements/{settlementId}/pay",
  operationId: "paySettlement",
  tags,
  summary: "Write down that the bank was told to pay this settlement, with the bank's reference",
  who: staff("finance"),
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params, body: required(z.strictObject({ bank_reference: bankReferenceField })) },
  responses: { 200: json(SettlementBody, "Paid; above PAY_OUT_TWO_PEOPLE_ABOVE_MINOR agreed to by the first of two people") },
});

const returned = route({
  method: "post",
  path: "/admin/settlements/{settlementId}/return",
  operationId: "returnSettlement",
  tags,
  summary: "The bank sent the transfer back: the first of two people says so, with the second the settlement is due again",
  who: staff("finance"),
  idempotency: "required",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params, body: required(z.strictObject({ reason: reasonField(3) })) },
  responses: { 200: json(SettlementBody, "Asked for, or due again") },
});

const terms = route({
  method: "get",
  path: "/admin/settlement-terms",
  operationId: "listSettlementTerms",
  tags,
  summary: "The fee of each café, and from when on",
  who,
  request: { query: z.strictObject({ cafe_id: z.uuid().optional() }) },
  responses: { 200: json(listOf(TermsBody), "The university's own first") },
});

const changeTerms = route({
  method: "post",
  path: "/admin/settlement-terms",
  operationId: "setSettlementTerms",
  tags,
  summary: "Set a fee from a later day on; without a café it holds for all that have none of their own",
  who: staff("admin"),
  idempotency: "optional",
  errors: ["NOT_FOUND", "CONFLICT", "READ_ONLY_REGION"],
  request: {
    body: required(
      z.strictObject({
        cafe_id: z.uuid().nullable().default(null),
        from_day: dayField,
        fee_basis_points: basisPoints.openapi({ description: "150 is 1.5 %" }),
        fee_vat_basis_points: basisPoints,
      }),
    ),
  },
  responses: { 201: json(TermsBody, "Set") },
});

export const settlementRoutes = ({ db, config }: Platform) =>
  router()
    .openapi(list, async (c) => {
      const { cafe_id, status, day, month, limit, cursor, format, amounts } = c.req.valid("query");
      const wanted = { cafeId: ownCafeOf(c, cafe_id) ?? null, status, day, month };
      if (format === "csv") {
        const found = await listSettlements(db, { ...wanted, limit: maxCsvLines, after: undefined });
        if (found.length > maxCsvLines)
          throw new CodedError("VALIDATION_ERROR", `More than ${maxCsvLines} settlements fit: ask for one month or one café.`, {
            details: { max_lines: maxCsvLines },
          });
        c.header("Content-Disposition", `attachment; filename="settlements-${month ?? "all"}.csv"`);
        return c.body(settlementsCsv(found, amounts, config.CAMPUS_CURRENCY), 200, {
          "Content-Type": csvType,
        });
      }
      const { items, next } = pageOf(await listSettlements(db, { ...wanted, limit, after: cursor }), limit);
      return c.json({ items: items.map(presentSettlement), next_cursor: next }, 200);
    })
    .openapi(read, async (c) =>
      c.json(presentSettlement(await readSettlement(db, c.req.valid("param").settlementId, staffOf(c).cafeId)), 200),
    )
    .openapi(statement, async (c) => {
      const { settlementId } = c.req.valid("param");
      const settlement = await readSettlement(db, settlementId, staffOf(c).cafeId);
      const { format, amounts } = c.req.valid("query");
      const name = `settlement-${settlement.day}.${format}`;
      c.header("Content-Disposition", `attachment; filename="${name}"`);
      if (format === "pdf")
        return c.body(new Uint8Array(await settlementPdf(settlement)), 200, { "Content-Type": "application/pdf" }) as never;
      const csv = settlementCsv(settlement, await readEntries(db, settlementId), amounts);
      return c.body(csv, 200, { "Content-Type": csvType }) as never;
    })
    .openapi(pay, (c) => {
      const { settlementId } = c.req.valid("param");
      const { bank_reference: bankReference } = c.req.valid("json");
      const payOut = { settlementId, bankReference, ...actorOf(c) };
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: presentSettlement(await paySettlement(tx, config, payOut)),
      }));
    })
    .openapi(returned, (c) => {
      const back = { id: c.req.valid("param").settlementId, reason: c.req.valid("json").reason, ...actorOf(c) };
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: presentSettlement(await returnSettlement(tx, config, back)),
      }));
    })
    .openapi(terms, async (c) => {
      const items = await listTerms(db, c.req.valid("query").cafe_id);
      return c.json({ items: items.map(presentTerms), next_cursor: null }, 200);
    })
    .openapi(changeTerms, (c) => {
      const { cafe_id, from_day, fee_basis_points, fee_vat_basis_points } = c.req.valid("json");
      const input = {
        cafeId: cafe_id,
        fromDay: from_day,
        feeBasisPoints: fee_basis_points,
        feeVatBasisPoints: fee_vat_basis_points,
        ...actorOf(c),
      };
      return once(c, "a day", async (tx) => ({ status: 201 as const, body: presentTerms(await setTerms(tx, input)) }));
    });

const presentSettlement = (each: Settlement): z.infer<typeof SettlementBody> => ({
  id: each.id,
  cafe_id: each.cafeId,
  cafe_name: each.cafeName,
  day: each.day,
  currency: each.currency,
  opening_minor: each.openingMinor,
  wallet_sales_minor: each.walletSalesMinor,
  gateway_sales_minor: each.gatewaySalesMinor,
  cash_sales_minor: each.cashSalesMinor,
  wallet_refunds_minor: each.walletRefundsMinor,
  gateway_refunds_minor: each.gatewayRefundsMinor,
  cash_refunds_minor: each.cashRefundsMinor,
  disputes_minor: each.disputesMinor,
  other_minor: each.otherMinor,
  sales_count: each.salesCount,
  vat: each.vat.map(({ vatBasisPoints, grossMinor, vatMinor }) => ({
    vat_basis_points: vatBasisPoints,
    gross_minor: grossMinor,
    vat_minor: vatMinor,
  })),
  cash_kept_minor: each.cashKeptMinor,
  fee_basis_points: each.feeBasisPoints,
  fee_minor: each.feeMinor,
  fee_vat_basis_points: each.feeVatBasisPoints,
  fee_vat_minor: each.feeVatMinor,
  payable_minor: each.payableMinor,
  carried_minor: each.carriedMinor,
  status: each.status,
  paid_transaction_id: each.paidTransactionId,
  paid_by: each.paidBy,
  paid_at: each.paidAt?.toISOString() ?? null,
  bank_reference: each.bankReference,
  agreed_by: each.agreedBy,
  return_asked_by: each.returnAskedBy,
  created_at: each.createdAt.toISOString(),
});

const presentTerms = (each: Terms): z.infer<typeof TermsBody> => ({
  id: each.id,
  cafe_id: each.cafeId,
  from_day: each.fromDay,
  fee_basis_points: each.feeBasisPoints,
  fee_vat_basis_points: each.feeVatBasisPoints,
  created_at: each.createdAt.toISOString(),
});
