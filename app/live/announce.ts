import type { Platform } from "../platform/context.ts";
import type { HttpContext } from "../platform/http/router.ts";
import type { Topics } from "../platform/outbox.ts";

export const eventsChannel = "events";

/** After a commit that may have written events or outbox rows: wakes the readers of all processes and the workers. A lost call costs a second, never an event. */
export function announce({ cache }: Pick<Platform, "cache">): void {
  cache.publish(eventsChannel, "");
}

/** Refused before any work began, so nothing was written. What is refused later may have ended a charge. */
const wroteNothing: ReadonlySet<number> = new Set([400, 401, 403, 404, 405, 413, 415, 429]);

/** Announces what a request may have written, so that no route has to think of it. */
export async function announceRequests(c: HttpContext, next: () => Promise<void>): Promise<void> {
  await next();
  if (c.req.method !== "GET" && !wroteNothing.has(c.res.status)) announce(c.var.platform);
}

/** Many deliveries end at once, and the readers are woken once for them. */
const gatherMs = 5;

/** Announces what a delivery may have written, however it ended. */
export function announceDeliveries(platform: Pick<Platform, "cache">, topics: Topics): Topics {
  let isGathering = false;
  const announceSoon = () => {
    if (isGathering) return;
    isGathering = true;
    setTimeout(() => {
      isGathering = false;
      announce(platform);
    }, gatherMs);
  };
  return Object.fromEntries(
    Object.entries(topics).map(([name, topic]) => [
      name,
      { ...topic, deliver: (row, signal) => topic.deliver(row, signal).finally(announceSoon) },
    ]),
  );
}
