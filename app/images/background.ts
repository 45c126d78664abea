import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import type { Topics } from "../platform/outbox.ts";
import { openImageStore } from "./image-store.ts";
import { purgeImages } from "./purge-images.ts";

const timeoutMs = 60_000;
const maxTries = 5;

/** What a purge leaves in the outbox: objects that nothing names any more. */
export function imageTopics({ config }: Platform): Topics {
  const store = openImageStore(config);
  return {
    "objects.delete": {
      timeoutMs,
      maxTries,
      lane: "background",
      deliver: async ({ payload }) => {
        for (const key of payload.keys as readonly string[]) await store.delete(key);
      },
    },
  };
}

export const imageJobs = (): readonly Job[] => [{ name: "purge-images", everySeconds: 3_600, worker: "long", run: purgeImages }];
