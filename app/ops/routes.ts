import { z } from "@hono/zod-openapi";
import { staff } from "../identity/guards.ts";
import type { Platform } from "../platform/context.ts";
import { everyone, json, route, router } from "../platform/http/router.ts";
import { pageCsp, pageHtml } from "./page.ts";
import { pageScript } from "./page-script.ts";
import { pageStyle } from "./page-style.ts";
import { type Ops, readOps } from "./read-ops.ts";
import { openWatch, type Watch } from "./watch.ts";

const OpsSchema = z
  .object({
    at: z.iso.datetime(),
    alarms: z.array(
      z.object({
        name: z.string(),
        severity: z.enum(["page", "ticket"]),
        runbook: z.string(),
        says: z.string(),
        state: z.enum(["OK", "ALARM", "INSUFFICIENT_DATA"]),
        since: z.iso.datetime().nullable(),
      }),
    ),
    budgets: z.array(
      z.object({
        objective: z.string(),
        promise: z.string(),
        target: z.number(),
        events: z.number(),
        bad: z.number(),
        spent: z.number().openapi({ description: "Of what the day may spend; above 1 the promise is broken" }),
      }),
    ),
    queues: z.array(z.object({ topic: z.string(), waiting: z.number().int(), dead: z.number().int() })),
    deploys: z.array(
      z.object({ version: z.string(), first_seen: z.iso.datetime(), last_seen: z.iso.datetime(), processes: z.number().int() }),
    ),
    boards: z.array(z.object({ name: z.string(), title: z.string(), question: z.string(), charts: z.array(z.string()) })),
  })
  .openapi("Ops");

const ops = route({
  method: "get",
  path: "/admin/ops",
  operationId: "getOps",
  tags: ["system"],
  summary: "How the campus is: the alarms that ring, the promises' budgets, queues, releases, charts as SVG",
  description: "From what every process said of itself in the last day. Alarms on AWS's own metrics are CloudWatch's alone.",
  who: staff("admin"),
  responses: { 200: json(OpsSchema, "As of now") },
});

export function opsRoutes(platform: Platform) {
  let watch: Watch | undefined;
  return router().openapi(ops, async (c) => {
    watch ??= openWatch(platform);
    const nowMs = Date.now();
    return c.json(presentOps(await readOps(platform, watch, nowMs), nowMs), 200, { "Cache-Control": "no-store" });
  });
}

const presentOps = ({ alarms, budgets, queues, deploys, boards }: Ops, nowMs: number): z.infer<typeof OpsSchema> => ({
  at: new Date(nowMs).toISOString(),
  alarms: alarms.map(({ name, severity, runbook, says, state, since }) => ({
    name,
    severity,
    runbook,
    says,
    state,
    since: since?.toISOString() ?? null,
  })),
  budgets: budgets.map(({ objective, promise, target, events, bad, spent }) => ({ objective, promise, target, events, bad, spent })),
  queues: queues.map(({ topic, waiting, dead }) => ({ topic, waiting, dead })),
  deploys: deploys.map(({ version, firstSeen, lastSeen, processes }) => ({
    version,
    first_seen: firstSeen.toISOString(),
    last_seen: lastSeen.toISOString(),
    processes,
  })),
  boards: boards.map(({ name, title, question, charts }) => ({ name, title, question, charts: [...charts] })),
});

const file = (path: string, operationId: string, type: string, summary: string) =>
  route({
    method: "get",
    path,
    operationId,
    tags: ["system"],
    summary,
    who: everyone,
    responses: { 200: { description: "The file", content: { [type]: { schema: z.string() } } } },
  });

/** The page itself says nothing: what it shows it asks for as whoever is logged in. */
export const opsPageRoutes = () =>
  router()
    .openapi(
      file("/ops", "getOpsPage", "text/html", "How the campus is, as a page for admins"),
      (c) => c.html(pageHtml, 200, { "Content-Security-Policy": pageCsp, "Cache-Control": "no-cache" }) as never,
    )
    .openapi(
      file("/ops/page.js", "getOpsScript", "text/javascript", "The page's script"),
      (c) => c.body(pageScript, 200, { "Content-Type": "text/javascript; charset=utf-8", "Cache-Control": "no-cache" }) as never,
    )
    .openapi(
      file("/ops/page.css", "getOpsStyle", "text/css", "The page's style"),
      (c) => c.body(pageStyle, 200, { "Content-Type": "text/css; charset=utf-8", "Cache-Control": "no-cache" }) as never,
    );
