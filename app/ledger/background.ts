import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import { sealJob } from "./anchors.ts";
import { snapshotJob } from "./balances.ts";

export const ledgerJobs = (_platform: Platform): readonly Job[] => [snapshotJob, sealJob];
