import { auditActor, type CafeActor } from "../identity/actor.ts";
import type { Platform } from "../platform/context.ts";
import { CodedError } from "../platform/errors.ts";
import { validationError } from "../platform/http/router.ts";
import { sql } from "../platform/postgres.ts";
import { seal } from "../platform/seal.ts";
import { refuseUnlessApproved, type WebhookEndpoint } from "./endpoint.ts";
import { newWebhookSecret, webhookSealPurpose } from "./sign-webhook.ts";
import { problemOfUrl } from "./webhook-url.ts";

const maxEndpoints = 5;

/** Adds a till system's address. Its secret is told once: what is kept is sealed, and only opened to sign. */
export async function addEndpoint(
  { config, db, secrets }: Platform,
  actor: CafeActor,
  { url, hearsMoney }: Pick<WebhookEndpoint, "url" | "hearsMoney">,
): Promise<WebhookEndpoint & { readonly secret: string }> {
  const problem = problemOfUrl(url, config.CAMPUS_ENV === "sandbox");
  if (problem !== undefined) throw validationError("json", [{ path: ["url"], message: problem }]);
  const secret = newWebhookSecret();
  const sealed = seal(await secrets.get("SEAL_KEY"), webhookSealPurpose, secret);
  const added = await db.transaction(async (tx) => {
    await refuseUnlessApproved(tx, actor.cafeId);
    // One after the other for one café, so that the limit holds.
    await tx.run(sql`select pg_advisory_xact_lock(guard_key('webhooks', ${actor.cafeId}))`);
    const endpoint = await tx.row<WebhookEndpoint>(sql`
      insert into webhook_endpoints (cafe_id, url, hears_money, sealed_secret) select ${actor.cafeId}, ${url}, ${hearsMoney}, ${sealed}
      where (select count(*) from webhook_endpoints where cafe_id = ${actor.cafeId} and removed_at is null) < ${maxEndpoints}
      returning id, cafe_id, url, hears_money, created_at`);
    if (!endpoint) throw new CodedError("CONFLICT", `A café has ${maxEndpoints} webhooks at most: remove one first.`);
    await auditActor(tx, actor, {
      action: "webhook.added",
      objectKind: "webhook",
      objectId: endpoint.id,
      details: { host: new URL(url).host, hears_money: hearsMoney },
    });
    return endpoint;
  });
  return { ...added, secret };
}
