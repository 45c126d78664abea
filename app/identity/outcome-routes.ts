import { z } from "@hono/zod-openapi";
import type { Platform } from "../platform/context.ts";
import { idempotencyKeyPattern, json, route, router } from "../platform/http/router.ts";
import { findOutcome } from "../platform/idempotency.ts";
import { signedIn } from "./guards.ts";

const OutcomeBody = z
  .object({
    state: z
      .enum(["done", "pending"])
      .openapi({ description: "pending: nothing was done so far; the same request with the same key is safe" }),
    status: z.int().nullable().openapi({ description: "The status that the request was answered with" }),
    answer: z.unknown().openapi({ description: "The answer itself" }),
  })
  .openapi("Outcome");

const outcome = route({
  method: "get",
  path: "/outcomes",
  operationId: "getOutcome",
  tags: ["profile"],
  summary: "What became of your own request whose answer was lost, by the Idempotency-Key that it was sent with",
  who: signedIn(),
  request: { query: z.strictObject({ key: z.string().regex(idempotencyKeyPattern, "must be 1 to 64 visible ASCII characters") }) },
  responses: { 200: json(OutcomeBody, "Done with its own answer, or nothing was done so far") },
});

export const outcomeRoutes = ({ db }: Platform) =>
  router().openapi(outcome, async (c) => {
    const { kind, id } = c.var.principal;
    const found = await findOutcome(db, `${kind}:${id}`, c.req.valid("query").key);
    const body = found
      ? { state: "done" as const, status: found.status, answer: answerOf(found.body) }
      : { state: "pending" as const, status: null, answer: null };
    return c.json(body, 200);
  });

const bareId = /^[0-9a-f-]{36}$/;

/** Of a top-up its id alone is kept: the rest is asked of the gateway each time. */
const answerOf = (body: string): unknown => (bareId.test(body) ? { id: body } : JSON.parse(body));
