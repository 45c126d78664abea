import { createHash } from "node:crypto";
import { routePath } from "hono/route";
import { type Answer, type AnswerOnce, answerOnce, type Claim } from "../idempotency.ts";
import { OutcomeUnknown, type Transaction } from "../postgres.ts";
import type { HttpContext } from "./router.ts";

export interface Reply<Body, Status extends number> {
  readonly status: Status;
  readonly body: Body;
}

/**
 * A POST's effect and its remembered answer in one transaction, keyed by the Idempotency-Key header.
 * The typed reply keeps the handler honest about its schema; what travels is the stored text, byte for byte.
 */
export async function once<Body, Status extends number>(
  c: HttpContext,
  keep: Claim["keep"],
  work: (tx: Transaction) => Promise<Reply<Body, Status>>,
): Promise<Response & { readonly _data: Body; readonly _status: Status; readonly _format: "json" }> {
  // What the API document promises and what is done are one: a route that forgets it answers nobody, and any test of it fails.
  if ((keep === "forever") !== (c.var.mayPend ?? false))
    throw new Error(`${routePath(c, -1)} may answer 202 exactly where it says mayPend.`);
  const claim = await claimOf(c, keep);
  return onceUnder(c, claim, `/api/v1/outcomes?key=${encodeURIComponent(claim?.key ?? "")}`, work);
}

/** The same under a claim that is not of that header; `statusUrl` tells what became of it where its commit is lost on the way. */
export async function onceUnder<Body, Status extends number>(
  c: HttpContext,
  claim: Claim | undefined,
  statusUrl: string,
  work: (tx: Transaction) => Promise<Reply<Body, Status>>,
): Promise<Response & { readonly _data: Body; readonly _status: Status; readonly _format: "json" }> {
  const { db, metrics, log } = c.var.platform;
  try {
    return sendStored(c, await answerOnce(db, claim, async (tx) => asText(await work(tx))));
  } catch (error) {
    // Money may have moved: that is not "failed". What else is kept for a day may be asked again like any 503.
    if (!(error instanceof OutcomeUnknown) || claim?.keep !== "forever") throw error;
    metrics.count("outcomes_unknown_total", {});
    log.warn({ err: error }, "The outcome of a request that moves money is not known yet");
    return c.json({ status: "pending" as const, status_url: statusUrl }, 202) as never;
  }
}

/** The stored text travels as it is: a repeated request gets the same bytes. */
export function sendStored(c: HttpContext, { status, body, hit }: AnswerOnce) {
  if (hit) c.header("Idempotency-Hit", "true");
  c.header("Content-Type", "application/json");
  return c.body(body, status as 200) as never;
}

const asText = (reply: Reply<unknown, number>): Answer => ({ status: reply.status, body: JSON.stringify(reply.body) });

/** Under which key this request is done once; undefined without an Idempotency-Key. */
export async function claimOf(c: HttpContext, keep: Claim["keep"]): Promise<Claim | undefined> {
  const key = c.req.header("idempotency-key");
  if (key === undefined) return undefined;
  const { kind, id } = c.var.principal;
  const bodyHash = createHash("sha256")
    .update(c.req.path)
    .update(new URL(c.req.url).search)
    .update("\n")
    .update(await c.req.text())
    .digest();
  return { principal: `${kind}:${id}`, route: `${c.req.method} ${routePath(c, -1)}`, key, bodyHash, keep };
}
