import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import { patientTries, type Topics } from "../platform/outbox.ts";
import { sealJob } from "./anchors.ts";
import { snapshotJob } from "./balances.ts";
import { keepAnchor, openAnchorStore } from "./kept-anchors.ts";

const timeoutMs = 10_000;

export const ledgerJobs = (_platform: Platform): readonly Job[] => [snapshotJob, sealJob];

/** Each seal leaves for the store that locks what it holds. */
export function ledgerTopics(platform: Platform): Topics {
  const store = openAnchorStore(platform.config);
  return {
    "ledger.anchor": {
      timeoutMs,
      maxTries: patientTries,
      lane: "background",
      deliver: ({ payload }) => keepAnchor(platform.db, store, String(payload.day)),
    },
  };
}
