import { z } from "@hono/zod-openapi";
import { actorOf, staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { once } from "../platform/http/once.ts";
import { json, route, router } from "../platform/http/router.ts";
import { maxRegisterLines, registerColumns } from "./read-register.ts";
import { importModes, importStatuses, readImport, requestImport, type StudentImport } from "./student-import.ts";

const ImportBody = z
  .object({
    id: z.uuid(),
    mode: z.enum(importModes),
    dry_run: z.boolean(),
    status: z
      .enum(importStatuses)
      .openapi({ description: "refused: nothing was written, because a line was bad and all or none was asked for" }),
    bytes_total: z.int(),
    bytes_read: z.int(),
    lines_read: z.int(),
    bad_lines: z.int(),
    created: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    problems: z.array(z.object({ line: z.int(), column: z.enum(registerColumns).nullable(), problem: z.string() })),
    created_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
    status_url: z.string(),
  })
  .openapi("StudentImport");

const who = staff("admin");

const post = route({
  method: "post",
  path: "/admin/students/import",
  operationId: "importStudents",
  tags: ["students"],
  summary: "Import the register from a CSV file: all of it or, if asked so, its good lines",
  description:
    `The head line names the columns: ${registerColumns.join(", ")}; phone and name must be there. UTF-8, commas or semicolons, at most 8 MiB and ` +
    `${maxRegisterLines} lines. A line is the student with its number, else the one with its phone; an empty cell changes nothing, so the same file ` +
    "again changes nothing. The answer comes at once: follow `status_url`. Every bad line is named with its column and reason.",
  who,
  idempotency: "optional",
  errors: ["READ_ONLY_REGION"],
  request: {
    query: z.strictObject({
      mode: z.enum(importModes).default("all_or_none"),
      dry_run: z.enum(["true", "false"]).default("false").openapi({ description: "Only say what would happen" }),
    }),
    body: { required: true, content: { "text/csv": { schema: z.string() } } },
  },
  responses: { 202: json(ImportBody, "Kept; the work begins now") },
});

const get = route({
  method: "get",
  path: "/admin/students/imports/{importId}",
  operationId: "getStudentImport",
  tags: ["students"],
  summary: "How far an import is, what it did, and every bad line",
  who,
  bucket: "status",
  errors: ["NOT_FOUND"],
  request: { params: z.object({ importId: z.uuid() }) },
  responses: { 200: json(ImportBody, "The import") },
});

export const importRoutes = (platform: Platform) =>
  router()
    .openapi(post, async (c) => {
      if (!/^text\/csv\b/i.test(c.req.header("content-type") ?? ""))
        throw new CodedError("UNSUPPORTED_MEDIA_TYPE", "The body's Content-Type must be text/csv.");
      const { mode, dry_run } = c.req.valid("query");
      const content = Buffer.from(await c.req.arrayBuffer());
      const input = { content, mode, isDryRun: dry_run === "true", ...actorOf(c) };
      return once(c, "a day", async (tx) => ({ status: 202 as const, body: presentImport(await requestImport(tx, input)) }));
    })
    .openapi(get, async (c) => c.json(presentImport(await readImport(platform.db, c.req.valid("param").importId)), 200))
    // Else "import" would be taken for a student's id.
    .on(["GET", "PUT", "PATCH", "DELETE"], post.path, () => {
      throw new CodedError("METHOD_NOT_ALLOWED", "This address answers POST.", {
        headers: { Allow: "POST" },
        details: { allow: ["POST"] },
      });
    });

const presentImport = (made: StudentImport): z.infer<typeof ImportBody> => ({
  id: made.id,
  mode: made.mode,
  dry_run: made.isDryRun,
  status: made.status,
  bytes_total: made.bytesTotal,
  bytes_read: made.bytesRead,
  lines_read: made.linesRead,
  bad_lines: made.badLines,
  created: made.createdCount,
  updated: made.updatedCount,
  unchanged: made.unchangedCount,
  problems: made.problems.map(({ line, column, problem }) => ({ line, column, problem })),
  created_at: made.createdAt.toISOString(),
  finished_at: made.finishedAt?.toISOString() ?? null,
  status_url: `/api/v1/admin/students/imports/${made.id}`,
});
