import { z } from "@hono/zod-openapi";
import { actorOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, route, router } from "../platform/http/router.ts";
import { pageOf } from "../platform/page.ts";
import { maxStatementEntries } from "./camt.ts";
import { type BankEntry, entryStates, type ImportedStatement, importStatements, listEntries, readStatements } from "./import-statement.ts";

export const xmlType = /^(application|text)\/xml\b/i;

const StatementSchema = z
  .object({
    id: z.uuid(),
    account: z.string(),
    statement_id: z.string(),
    entries: z.int(),
    new_entries: z.int().openapi({ description: "Those that no statement had before" }),
  })
  .openapi("BankStatement");

const EntrySchema = z
  .object({
    id: z.uuid(),
    statement_id: z.uuid(),
    entry_ref: z.string().openapi({ description: "The bank's own name of it" }),
    reference: z.string().nullable().openapi({ description: "The pay-out's bank_reference, where it has one" }),
    direction: z.enum(["out", "in"]),
    amount_minor: z.int(),
    currency: z.string(),
    booked_on: z.iso.date(),
    return_reason: z.string().nullable(),
    state: z.enum(entryStates).openapi({
      description:
        "matched; unmatched: no pay-out has this reference; another_amount; paid_twice: the bank paid once more; to_return: it came back and two people have not said so yet; returned: they have",
    }),
    pay_out_kind: z.enum(["settlement", "close_out", "gateway_pay_out"]).nullable(),
    pay_out_id: z.uuid().nullable(),
    return_asked_by: z
      .uuid()
      .nullable()
      .openapi({ description: "Of what is to_return: who said first that it came back; a second person must" }),
  })
  .openapi("BankEntry");

const post = route({
  method: "post",
  path: "/admin/bank-statements",
  operationId: "importBankStatement",
  tags: ["finance"],
  summary: "Import a bank statement, ISO 20022 CAMT.053: its booked entries, each once",
  description:
    `XML without a document type, at most 8 MiB and ${maxStatementEntries} entries. No money moves by it: what came back is listed as \`to_return\`, and two people return the pay-out. ` +
    "The same file again changes nothing.",
  who: staff("finance"),
  idempotency: "optional",
  errors: ["READ_ONLY_REGION"],
  request: { body: { required: true, content: { "application/xml": { schema: z.string() } } } },
  responses: { 201: json(z.object({ statements: z.array(StatementSchema) }), "Kept") },
});

const list = route({
  method: "get",
  path: "/admin/bank-entries",
  operationId: "listBankEntries",
  tags: ["finance"],
  summary: "What the bank did, newest first, each entry with the pay-out that it is by now",
  who: staff("finance", "admin"),
  request: { query: listQuery.extend({ state: z.enum(entryStates).optional() }) },
  responses: { 200: json(listOf(EntrySchema), "A page of them") },
});

export const statementRoutes = ({ db, config }: Platform) =>
  router()
    .openapi(post, async (c) => {
      if (!xmlType.test(c.req.header("content-type") ?? ""))
        throw new CodedError("UNSUPPORTED_MEDIA_TYPE", "The body's Content-Type must be application/xml.");
      const statements = await readStatements(config, await c.req.text());
      const actor = actorOf(c);
      return once(c, "a day", async (tx) => ({
        status: 201 as const,
        body: { statements: (await importStatements(tx, statements, actor)).map(presentStatement) },
      }));
    })
    .openapi(list, async (c) => {
      const { state, limit, cursor } = c.req.valid("query");
      const { items, next } = pageOf(await listEntries(db, { state, limit, after: cursor }), limit);
      return c.json({ items: items.map(presentEntry), next_cursor: next }, 200);
    });

const presentStatement = (each: ImportedStatement): z.infer<typeof StatementSchema> => ({
  id: each.id,
  account: each.account,
  statement_id: each.statementId,
  entries: each.entriesCount,
  new_entries: each.newEntries,
});

const presentEntry = (each: BankEntry): z.infer<typeof EntrySchema> => ({
  id: each.id,
  statement_id: each.statementId,
  entry_ref: each.entryRef,
  reference: each.reference,
  direction: each.direction,
  amount_minor: each.amountMinor,
  currency: each.currency,
  booked_on: each.bookedOn,
  return_reason: each.returnReason,
  state: each.state,
  pay_out_kind: each.kind,
  pay_out_id: each.payOutId,
  return_asked_by: each.returnAskedBy,
});
