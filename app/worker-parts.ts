import { expireChargesJob } from "./charges/end-charges.ts";
import { identityJobs, identityTopics } from "./identity/worker-part.ts";
import { imageJobs, imageTopics } from "./images/worker-part.ts";
import { transactionMetricsTopic } from "./ledger/transaction-metrics.ts";
import { ledgerJobs } from "./ledger/worker-part.ts";
import { pushJobs, pushTopics } from "./notifications/push/worker-part.ts";
import { transactionTopics } from "./notifications/transactions/worker-part.ts";
import { cancelUnpaidOrdersJob } from "./orders/worker-part.ts";
import { paymentJobs, paymentTopics } from "./payments/worker-part.ts";
import { peopleJobs, peopleTopics } from "./people/worker-part.ts";
import type { Platform } from "./platform/context.ts";
import type { Job } from "./platform/jobs.ts";
import type { Topics } from "./platform/outbox.ts";
import { receiptMailJobs, receiptMailTopics } from "./receipts/mail/worker-part.ts";
import { receiptTopics } from "./receipts/worker-part.ts";
import { settleJob } from "./settlements/settle-days.ts";
import { webhookJobs, webhookTopics } from "./webhooks/worker-part.ts";

/** What every feature leaves to the worker: rows of the outbox by topic, and work that comes round by time. */
export const workerTopics = async (platform: Platform): Promise<Topics> => ({
  ...(await identityTopics(platform)),
  ...transactionMetricsTopic(platform),
  ...pushTopics(platform),
  ...transactionTopics(platform),
  ...webhookTopics(platform),
  ...receiptTopics(platform),
  ...receiptMailTopics(platform),
  ...imageTopics(platform),
  ...peopleTopics(platform),
  ...paymentTopics(platform),
});

export const workerJobs = (platform: Platform): readonly Job[] => [
  ...identityJobs(),
  ...ledgerJobs(platform),
  expireChargesJob,
  cancelUnpaidOrdersJob,
  ...pushJobs(),
  ...webhookJobs(),
  ...receiptMailJobs(),
  ...imageJobs(),
  ...peopleJobs,
  ...paymentJobs(platform),
  settleJob,
];
