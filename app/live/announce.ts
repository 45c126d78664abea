import type { Platform } from "../platform/context.ts";

export const eventsChannel = "events";

/** To be called after the commit that wrote events: wakes the readers of all processes. A lost call costs a second, never an event. */
export const announce = (platform: Platform): void => platform.cache.publish(eventsChannel, "");
