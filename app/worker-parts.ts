import { expireChargesJob } from "./charges/end-charges.ts";
import { identityJobs, identityTopics } from "./identity/worker-part.ts";
import { transactionMetricsTopic } from "./ledger/transaction-metrics.ts";
import { ledgerJobs } from "./ledger/worker-part.ts";
import { pushJobs, pushTopics } from "./notifications/push/worker-part.ts";
import type { Platform } from "./platform/context.ts";
import type { Job } from "./platform/jobs.ts";
import type { Topics } from "./platform/outbox.ts";

/** What every feature leaves to the worker: rows of the outbox by topic, and work that comes round by time. */
export const workerTopics = async (platform: Platform): Promise<Topics> => ({
  ...(await identityTopics(platform)),
  ...transactionMetricsTopic(platform),
  ...pushTopics(platform),
});

export const workerJobs = (platform: Platform): readonly Job[] => [
  ...identityJobs(),
  ...ledgerJobs(platform),
  expireChargesJob,
  ...pushJobs(),
];
