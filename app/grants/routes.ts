import { z } from "@hono/zod-openapi";
import { actorOf, staff, student, studentOf } from "../identity/guards.ts";
import { listProposals, readProposal } from "../identity/proposal.ts";
import { metadataAsked, notedFields, withMetadata } from "../ledger/note-schemas.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { once } from "../platform/http/once.ts";
import { json, listOf, listQuery, route, router } from "../platform/http/router.ts";
import { lineOfText } from "../platform/http/text.ts";
import { type BulkCredit, bulkCreditStatuses, bulkCredits } from "./bulk-credit.ts";
import { approveBulkCredit, rejectBulkCredit } from "./decide-bulk-credit.ts";
import { type Grant, grantStatuses, listGrants, listOwnGrants, type OwnGrant } from "./grant.ts";
import { grantColumns, maxGrantLines, namingColumns } from "./read-grant-file.ts";
import { requestBulkCredit } from "./request-bulk-credit.ts";

const BulkCreditSchema = z
  .object({
    id: z.uuid(),
    title: z.string(),
    currency: z.string(),
    status: z.enum(bulkCreditStatuses).openapi({
      description: "refused: a line was bad, so none counts · pending: waits for the second person · approved: being credited",
    }),
    problems: z
      .array(z.object({ line: z.int(), column: z.enum(grantColumns).nullable(), problem: z.string() }))
      .openapi({ description: "The first thousand; none in the list of all files" }),
    problem_count: z.int().openapi({ description: "How many of them are kept, also in the list" }),
    lines: z.int(),
    total_minor: z.int(),
    two_people: z.boolean(),
    metadata: notedFields.metadata,
    credited_lines: z.int(),
    credited_minor: z.int(),
    no_wallet_lines: z.int().openapi({ description: "Students whose wallet was closed before their turn: they got nothing" }),
    taken_back_minor: z.int().openapi({ description: "What was left of them when their day was over" }),
    requested_by: z.uuid(),
    requested_by_name: z.string(),
    decided_by: z.uuid().nullable(),
    decided_by_name: z.string().nullable(),
    created_at: z.iso.datetime(),
    decided_at: z.iso.datetime().nullable(),
    finished_at: z.iso.datetime().nullable(),
  })
  .openapi("BulkCredit");

const GrantSchema = z
  .object({
    id: z.uuid(),
    line: z.int(),
    student_id: z.uuid(),
    reference: z.string(),
    amount_minor: z.int(),
    currency: z.string(),
    expires_at: z.iso.datetime().nullable(),
    status: z.enum(grantStatuses),
    transaction_id: z.uuid().nullable(),
    taken_back_minor: z.int().nullable(),
  })
  .openapi("Grant");

const OwnGrantSchema = z
  .object({
    id: z.uuid(),
    title: z.string(),
    reference: z.string(),
    amount_minor: z.int(),
    currency: z.string(),
    expires_at: z.iso.datetime().nullable().openapi({ description: "null: it is the student's for good" }),
    status: z.enum(["credited", "expired"]),
    rest_minor: z.int().nullable().openapi({ description: "Of money with a day, what is not spent yet" }),
    taken_back_minor: z.int().nullable(),
  })
  .openapi("OwnGrant");

const params = z.object({ bulkCreditId: z.uuid() });
const who = staff("finance", "admin");

const request = route({
  method: "post",
  path: "/admin/bulk-credits",
  operationId: "requestBulkCredit",
  tags: ["finance"],
  summary: "Give money to many students by a CSV file: all of its lines or none",
  description:
    `The head line names the columns: ${grantColumns.join(", ")}; amount_minor, reference and one of ${namingColumns.join(", ")} must be there. UTF-8, commas or ` +
    `semicolons, at most 8 MiB and ${maxGrantLines} lines. A student gets one reference once, so the same file again credits nobody. What is left of a line after ` +
    "its `expires_on` goes back. The answer comes at once: the worker reads the file, names every bad line, and then it waits for a second person where the sum " +
    "is above BULK_CREDIT_TWO_PEOPLE_ABOVE_MINOR.",
  who,
  idempotency: "required",
  errors: ["READ_ONLY_REGION"],
  request: {
    query: withMetadata(
      z.strictObject({
        title: lineOfText(200, 3).openapi({ description: "What for, as the students read it", example: "Meal plan, spring" }),
      }),
    ),
    body: { required: true, content: { "text/csv": { schema: z.string() } } },
  },
  responses: { 202: json(BulkCreditSchema, "Kept; it is read now") },
});

const list = route({
  method: "get",
  path: "/admin/bulk-credits",
  operationId: "listBulkCredits",
  tags: ["finance"],
  summary: "The files of bulk credits, newest first",
  who,
  request: { query: listQuery.extend({ status: z.enum(bulkCreditStatuses).optional() }) },
  responses: { 200: json(listOf(BulkCreditSchema), "A page of them") },
});

const read = route({
  method: "get",
  path: "/admin/bulk-credits/{bulkCreditId}",
  operationId: "getBulkCredit",
  tags: ["finance"],
  summary: "How far a bulk credit is, and every bad line",
  who,
  bucket: "status",
  errors: ["NOT_FOUND"],
  request: { params },
  responses: { 200: json(BulkCreditSchema, "The bulk credit") },
});

const readLines = route({
  method: "get",
  path: "/admin/bulk-credits/{bulkCreditId}/grants",
  operationId: "listGrants",
  tags: ["finance"],
  summary: "Its lines: who gets what, and what became of it",
  who,
  errors: ["NOT_FOUND"],
  request: { params, query: listQuery },
  responses: { 200: json(listOf(GrantSchema), "A page of them") },
});

const approve = route({
  method: "post",
  path: "/admin/bulk-credits/{bulkCreditId}/approve",
  operationId: "approveBulkCredit",
  tags: ["finance"],
  summary: "The second person agrees and the worker credits each line, once",
  who,
  idempotency: "optional",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params },
  responses: { 200: json(BulkCreditSchema, "Approved") },
});

const reject = route({
  method: "post",
  path: "/admin/bulk-credits/{bulkCreditId}/reject",
  operationId: "rejectBulkCredit",
  tags: ["finance"],
  summary: "No; whoever asked may take it back in this way",
  who,
  idempotency: "optional",
  mayPend: true,
  errors: ["NOT_FOUND", "INVALID_TRANSITION", "READ_ONLY_REGION"],
  request: { params },
  responses: { 200: json(BulkCreditSchema, "Rejected") },
});

const ownGrants = route({
  method: "get",
  path: "/wallet/grants",
  operationId: "listOwnGrants",
  tags: ["wallet"],
  summary: "What the university gave, newest first, and what is left of what has a day",
  who: student(),
  responses: { 200: json(listOf(OwnGrantSchema), "The last hundred") },
});

export const grantRoutes = (platform: Platform) =>
  router()
    .openapi(request, async (c) => {
      if (!/^text\/csv\b/i.test(c.req.header("content-type") ?? ""))
        throw new CodedError("UNSUPPORTED_MEDIA_TYPE", "The body's Content-Type must be text/csv.");
      const query = c.req.valid("query");
      const input = { title: query.title, metadata: metadataAsked(query), content: Buffer.from(await c.req.arrayBuffer()), ...actorOf(c) };
      // No money moves yet, and a file that comes again under another key finds its references taken.
      return once(c, "a day", async (tx) => ({
        status: 202 as const,
        body: present(await requestBulkCredit(tx, platform.config, input)),
      }));
    })
    .openapi(list, async (c) => {
      const { status, limit, cursor } = c.req.valid("query");
      const { items, next } = await listProposals(platform.db, bulkCredits, { status, limit, after: cursor });
      return c.json({ items: items.map(presentInList), next_cursor: next }, 200);
    })
    .openapi(read, async (c) => c.json(present(await readProposal(platform.db, bulkCredits, c.req.valid("param").bulkCreditId)), 200))
    .openapi(readLines, async (c) => {
      const { limit, cursor } = c.req.valid("query");
      const { items, next } = await listGrants(platform.db, c.req.valid("param").bulkCreditId, { limit, after: cursor });
      return c.json({ items: items.map(presentGrant), next_cursor: next }, 200);
    })
    .openapi(approve, (c) => {
      const [{ bulkCreditId }, actor] = [c.req.valid("param"), actorOf(c)];
      return once(c, "forever", async (tx) => ({
        status: 200 as const,
        body: present(await approveBulkCredit(tx, platform.config, bulkCreditId, actor)),
      }));
    })
    .openapi(reject, (c) => {
      const [{ bulkCreditId }, actor] = [c.req.valid("param"), actorOf(c)];
      return once(c, "forever", async (tx) => ({ status: 200 as const, body: present(await rejectBulkCredit(tx, bulkCreditId, actor)) }));
    })
    .openapi(ownGrants, async (c) => {
      const items = await listOwnGrants(platform.db, studentOf(c).id);
      return c.json({ items: items.map(presentOwn), next_cursor: null }, 200);
    });

const present = (made: BulkCredit): z.infer<typeof BulkCreditSchema> => ({
  id: made.id,
  title: made.title,
  currency: made.currency,
  status: made.status,
  problems: made.problems.map(({ line, column, problem }) => ({ line, column, problem })),
  problem_count: made.problems.length,
  lines: made.lineCount,
  total_minor: made.totalMinor,
  two_people: made.twoPeople,
  metadata: made.metadata,
  credited_lines: made.creditedCount,
  credited_minor: made.creditedMinor,
  no_wallet_lines: made.noWalletCount,
  taken_back_minor: made.takenBackMinor,
  requested_by: made.requestedBy,
  requested_by_name: made.requestedByName,
  decided_by: made.decidedBy,
  decided_by_name: made.decidedByName,
  created_at: made.createdAt.toISOString(),
  decided_at: made.decidedAt?.toISOString() ?? null,
  finished_at: made.finishedAt?.toISOString() ?? null,
});

/** Of a hundred files each may have a thousand problems. */
const presentInList = (made: BulkCredit): z.infer<typeof BulkCreditSchema> => ({ ...present(made), problems: [] });

const presentGrant = (grant: Grant): z.infer<typeof GrantSchema> => ({
  id: grant.id,
  line: grant.line,
  student_id: grant.studentId,
  reference: grant.reference,
  amount_minor: grant.amountMinor,
  currency: grant.currency,
  expires_at: grant.expiresAt?.toISOString() ?? null,
  status: grant.status,
  transaction_id: grant.transactionId,
  taken_back_minor: grant.takenBackMinor,
});

const presentOwn = (grant: OwnGrant): z.infer<typeof OwnGrantSchema> => ({
  id: grant.id,
  title: grant.title,
  reference: grant.reference,
  amount_minor: grant.amountMinor,
  currency: grant.currency,
  expires_at: grant.expiresAt?.toISOString() ?? null,
  status: grant.status,
  rest_minor: grant.restMinor,
  taken_back_minor: grant.takenBackMinor,
});
