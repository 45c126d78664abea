import { z } from "@hono/zod-openapi";
import { cafeQuery } from "../identity/field-schemas.ts";
import { ownCafeOf, staff, staffOf } from "../identity/guards.ts";
import { amountsField, minorUnits } from "../ledger/field-schemas.ts";
import { metadataCell } from "../ledger/note.ts";
import { notedFields } from "../ledger/note-schemas.ts";
import { paymentMethods } from "../orders/payment-methods.ts";
import { searchField } from "../people/field-schemas.ts";
import { searchedPhone } from "../people/written-phone.ts";
import type { Platform } from "../platform/context.ts";
import { type AmountUnit, csvTable, csvType } from "../platform/csv.ts";
import { CodedError } from "../platform/errors.ts";
import { dayField, momentField, monthField } from "../platform/http/days.ts";
import { type HttpContext, json, listOf, listQuery, route, router } from "../platform/http/router.ts";
import { readSale, readSales, type Sale, type SaleFilter, type SaleLine } from "./transactions.ts";

const lineFields = {
  id: z.uuid().openapi({ description: "Of the ledger's transaction that paid" }),
  order_id: z.uuid(),
  order_number: z.string(),
  cafe_id: z.uuid(),
  cafe_name: z.string(),
  paid_at: z.iso.datetime(),
  payment_method: z.enum(paymentMethods),
  student_label: z.string().nullable().openapi({ description: "A student's first name and a letter; null for a sale without an account" }),
  amount_minor: z.int(),
  refunded_minor: z.int(),
  currency: z.string(),
  ...notedFields,
};

const LineBody = z.object(lineFields).openapi("Transaction");
const DetailBody = z
  .object({
    ...lineFields,
    student: z
      .object({ id: z.uuid(), name: z.string().nullable(), phone: z.string(), student_number: z.string().nullable() })
      .nullable()
      .openapi({ description: "Who paid, for the university's staff; null to a café, and where there is no account" }),
    customer_id: z.uuid().nullable(),
    subtotal_minor: z.int(),
    delivery_charge_minor: z.int(),
    items: z.array(
      z.object({
        item_name: z.string(),
        item_price_minor: z.int(),
        vat_basis_points: z.int(),
        quantity: z.int(),
        line_total_minor: z.int(),
      }),
    ),
    refunds: z.array(
      z.object({ id: z.uuid(), transaction_id: z.uuid(), amount_minor: z.int(), reason: z.string(), created_at: z.iso.datetime() }),
    ),
  })
  .openapi("TransactionDetail");

const maxCsvLines = 20_000;
const who = staff("owner", "finance", "admin");
const amount = z.coerce.number().pipe(minorUnits);

const list = route({
  method: "get",
  path: "/admin/transactions",
  operationId: "listTransactions",
  tags: ["transactions"],
  summary:
    "The sales, newest order first: of the own café, or for finance and admin of all or of `cafe_id`. As CSV all that fit the filters",
  who,
  request: {
    query: listQuery.extend({
      ...cafeQuery.shape,
      day: dayField.optional().openapi({ description: "The café's business day on which it was paid" }),
      month: monthField.optional().openapi({ description: "The month of that day" }),
      from: momentField.optional(),
      to: momentField.optional().openapi({ description: "Paid before this moment" }),
      method: z.enum(paymentMethods).optional(),
      search: searchField.optional().openapi({
        description: "Part of the student's label or of the order number; for finance and admin of the student's name, phone or number too",
      }),
      student_id: z.uuid().optional().openapi({ description: "For finance and admin: what this student paid" }),
      min_amount_minor: amount.optional(),
      max_amount_minor: amount.optional(),
      format: z.enum(["json", "csv"]).default("json"),
      amounts: amountsField,
    }),
  },
  responses: {
    200: {
      description: `A page of them as JSON, or as CSV at most ${maxCsvLines} lines`,
      content: { "application/json": { schema: listOf(LineBody) }, "text/csv": { schema: z.string() } },
    },
  },
});

const read = route({
  method: "get",
  path: "/admin/transactions/{transactionId}",
  operationId: "getTransaction",
  tags: ["transactions"],
  summary: "One sale with its items and refunds",
  who,
  errors: ["NOT_FOUND"],
  request: { params: z.object({ transactionId: z.uuid() }), query: cafeQuery },
  responses: { 200: json(DetailBody, "The sale") },
});

export const transactionRoutes = ({ db, config }: Platform) =>
  router()
    .openapi(list, async (c) => {
      const { limit, cursor, format, amounts, cafe_id, student_id, min_amount_minor, max_amount_minor, from, to, ...rest } =
        c.req.valid("query");
      const filter: SaleFilter = {
        ...rest,
        ...viewOf(c, cafe_id),
        phone: searchedPhone(rest.search, config),
        studentId: studentAsked(c, student_id),
        from: from === undefined ? undefined : new Date(from),
        to: to === undefined ? undefined : new Date(to),
        minMinor: min_amount_minor,
        maxMinor: max_amount_minor,
      };
      if (format === "csv") {
        const sales = await readSales(db, filter, { limit: maxCsvLines, after: undefined });
        c.header("Content-Disposition", 'attachment; filename="transactions.csv"');
        return c.body(asCsv(sales, amounts, config.CAMPUS_CURRENCY), 200, { "Content-Type": csvType });
      }
      const sales = await readSales(db, filter, { limit, after: cursor });
      const items = sales.slice(0, limit);
      return c.json({ items: items.map(presentLine), next_cursor: sales.length > limit ? (items.at(-1)?.orderId ?? null) : null }, 200);
    })
    .openapi(read, async (c) => {
      const sale = await readSale(db, c.req.valid("param").transactionId, viewOf(c, c.req.valid("query").cafe_id));
      return c.json(presentSale(sale), 200);
    });

/** The own café of its staff; for the university's the one that is named, or all. */
const viewOf = (c: HttpContext, queryCafeId: string | undefined) => ({
  cafeId: ownCafeOf(c, queryCafeId) ?? null,
  knowsStudents: staffOf(c).cafeId === null,
});

function studentAsked(c: HttpContext, studentId: string | undefined): string | undefined {
  if (studentId !== undefined && staffOf(c).cafeId !== null)
    throw new CodedError("INSUFFICIENT_ROLE", "A café does not know students by their id: leave student_id out and search for the label.");
  return studentId;
}

const csvColumns = Object.keys(lineFields) as (keyof typeof lineFields)[];

function asCsv(sales: readonly SaleLine[], unit: AmountUnit, currency: string): string {
  if (sales.length > maxCsvLines)
    throw new CodedError("VALIDATION_ERROR", `More than ${maxCsvLines} transactions fit these filters: ask for fewer days at once.`, {
      details: { max_lines: maxCsvLines },
    });
  const rows = sales
    .map(presentLine)
    .map((line) => csvColumns.map((column) => (column === "metadata" ? metadataCell(line.metadata) : line[column])));
  return csvTable({ columns: csvColumns, rows, unit, currency });
}

const presentLine = (sale: SaleLine): z.infer<typeof LineBody> => ({
  id: sale.id,
  order_id: sale.orderId,
  order_number: sale.orderNumber,
  cafe_id: sale.cafeId,
  cafe_name: sale.cafeName,
  paid_at: sale.paidAt.toISOString(),
  payment_method: sale.paymentMethod,
  student_label: sale.studentLabel,
  amount_minor: sale.amountMinor,
  refunded_minor: sale.refundedMinor,
  currency: sale.currency,
  reference: sale.reference,
  metadata: sale.metadata ?? {},
});

const presentSale = (sale: Sale): z.infer<typeof DetailBody> => ({
  ...presentLine(sale),
  student: sale.student && {
    id: sale.student.id,
    name: sale.student.name,
    phone: sale.student.phone,
    student_number: sale.student.studentNumber,
  },
  customer_id: sale.customerId,
  subtotal_minor: sale.subtotalMinor,
  delivery_charge_minor: sale.deliveryChargeMinor,
  items: sale.items.map((item) => ({
    item_name: item.itemName,
    item_price_minor: item.itemPriceMinor,
    vat_basis_points: item.vatBasisPoints,
    quantity: item.quantity,
    line_total_minor: item.lineTotalMinor,
  })),
  refunds: sale.refunds.map((refund) => ({
    id: refund.id,
    transaction_id: refund.transactionId,
    amount_minor: refund.amountMinor,
    reason: refund.reason,
    created_at: new Date(refund.createdAt).toISOString(),
  })),
});
