import { z } from "@hono/zod-openapi";
import { staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { json, listOf, route, router } from "../platform/http/router.ts";
import { type CheckResult, checkNames, listChecks } from "./check.ts";

const CheckBody = z
  .object({
    name: z.enum(checkNames),
    ok: z.boolean(),
    checked_at: z.iso.datetime(),
    took_ms: z.int(),
    findings: z.int().openapi({ description: "How many things are wrong; of the reconciliation the minor units that nobody explains" }),
    broken_since: z.iso.datetime().nullable(),
    result: z.record(z.string(), z.unknown()),
  })
  .openapi("BooksCheck");

const list = route({
  method: "get",
  path: "/admin/checks",
  operationId: "listChecks",
  tags: ["finance"],
  summary: "What the worker found when it last looked at the books by itself",
  who: staff("finance", "admin"),
  responses: { 200: json(listOf(CheckBody), "The last look of each check; one that was never made is not listed") },
});

export const checkRoutes = ({ db }: Platform) =>
  router().openapi(list, async (c) => c.json({ items: (await listChecks(db)).map(present), next_cursor: null }, 200));

const present = (check: CheckResult): z.infer<typeof CheckBody> => ({
  name: check.name,
  ok: check.ok,
  checked_at: check.checkedAt.toISOString(),
  took_ms: check.tookMs,
  findings: check.findings,
  broken_since: check.brokenSince?.toISOString() ?? null,
  result: { ...check.result },
});
