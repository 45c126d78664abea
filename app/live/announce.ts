import type { Platform } from "../platform/context.ts";

export const eventsChannel = "events";

/**
 * To be called after the commit that wrote events or outbox rows: wakes the readers of all processes and the workers.
 * A lost call costs a second, never an event.
 */
export function announce({ cache }: Pick<Platform, "cache">): void {
  cache.publish(eventsChannel, "");
}
