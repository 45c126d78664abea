import { z } from "@hono/zod-openapi";
import { isReconciling } from "../failover/reconciling.ts";
import type { Platform } from "../platform/context.ts";
import { unavailable } from "../platform/errors.ts";
import { everyone, json, route, router } from "../platform/http/router.ts";
import { refreshJobsGauge } from "../platform/jobs.ts";
import { refreshOutboxGauges } from "../platform/outbox.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import { checkDatabase, checkHealth } from "./check-health.ts";
import { lookAtReplica } from "./replica.ts";

const booksTimeoutMs = 1_000;

const HealthSchema = z
  .object({
    status: z.enum(["healthy", "degraded", "down"]),
    database: z.enum(["connected", "read_only", "full", "disconnected"]),
    redis: z.enum(["connected", "disconnected"]),
    replica: z.enum(["ok", "behind", "unknown"]).optional().openapi({
      description:
        "Only with REPLICA_LAG_LIMIT_SECONDS. behind: the copy in the other region lacks more seconds than that, or none follows; unknown: the lag cannot be read. Neither stops a payment",
    }),
    books: z
      .enum(["normal", "reconciling", "unknown"])
      .openapi({ description: "reconciling: after a failover, until its lost tail was looked at" }),
    version: z.string(),
    region: z.string(),
    timestamp: z.iso.datetime(),
  })
  .openapi("Health");

const health = route({
  method: "get",
  path: "/health",
  operationId: "getHealth",
  tags: ["system"],
  summary: "What is up and what is down; always 200 while the process lives",
  who: everyone,
  responses: { 200: json(HealthSchema, "The state of this process and of what it needs") },
});

const ready = route({
  method: "get",
  path: "/ready",
  operationId: "getReady",
  tags: ["system"],
  summary: "Whether this process can debit a wallet now",
  who: everyone,
  responses: { 200: json(z.object({ ready: z.literal(true) }), "It can") },
});

const metrics = route({
  method: "get",
  path: "/metrics",
  operationId: "getMetrics",
  tags: ["system"],
  summary: "Prometheus metrics of this process alone",
  who: everyone,
  responses: { 200: { description: "Text exposition format", content: { "text/plain": { schema: z.string() } } } },
});

export const healthRoutes = (platform: Platform, isDraining: () => boolean) =>
  router()
    .openapi(health, async (c) => {
      const { CAMPUS_VERSION, CAMPUS_REGION } = platform.config;
      return c.json(
        {
          ...(await checkHealth(platform)),
          books: await booksOf(platform),
          version: CAMPUS_VERSION,
          region: CAMPUS_REGION,
          timestamp: new Date().toISOString(),
        },
        200,
      );
    })
    .openapi(ready, async (c) => {
      if (isDraining()) throw unavailable("This process is stopping.", undefined, 5);
      const database = await checkDatabase(platform);
      if (database !== "connected") throw unavailable(`The database is ${database.replace("_", " ")}.`, undefined, 2);
      return c.json({ ready: true as const }, 200);
    })
    .openapi(metrics, async (c) => {
      await refreshGauges(platform);
      return c.text(await platform.metrics.text(), 200, { "Content-Type": "text/plain; version=0.0.4" });
    });

/** Without a database to ask nothing is known of it, and /health answers all the same. */
const booksOf = ({ db, config }: Platform): Promise<"normal" | "reconciling" | "unknown"> =>
  withDeadline(booksTimeoutMs, "The look at the epochs", isReconciling(db, config)).then(
    (reconciling) => (reconciling ? "reconciling" : "normal"),
    () => "unknown",
  );

/** Gauges are read when they are asked for. */
export async function refreshGauges(platform: Platform): Promise<void> {
  const { metrics, db, cache } = platform;
  const { total, idle, waiting } = db.poolSize();
  metrics.set("database_connections", { state: "busy" }, total - idle);
  metrics.set("database_connections", { state: "idle" }, idle);
  metrics.set("database_connections", { state: "waiting" }, waiting);
  metrics.set("redis_up", {}, cache.isUp() ? 1 : 0);
  metrics.set("process_memory_bytes", {}, process.memoryUsage.rss());
  await lookAtReplica(platform);
  // Also where no worker is left to say it.
  await Promise.all([refreshOutboxGauges(platform), refreshJobsGauge(platform)]).catch(() => undefined);
}
