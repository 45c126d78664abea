import { chargeJobs } from "./charges/background.ts";
import { checkJobs, checkTopics } from "./checks/background.ts";
import { grantJobs, grantTopics } from "./grants/background.ts";
import { identityJobs, identityTopics } from "./identity/background.ts";
import { imageJobs, imageTopics } from "./images/background.ts";
import { ledgerJobs, ledgerTopics } from "./ledger/background.ts";
import { transactionMetricsTopic } from "./ledger/transaction-metrics.ts";
import { announceDeliveries } from "./live/announce.ts";
import { liveJobs } from "./live/background.ts";
import { pushJobs, pushTopics } from "./notifications/push/background.ts";
import { transactionTopics } from "./notifications/transactions/background.ts";
import { purgeSamplesJob } from "./ops/metric-samples.ts";
import { unpaidOrderJobs } from "./orders/background.ts";
import { paymentJobs, paymentTopics } from "./payments/background.ts";
import { peopleJobs, peopleTopics } from "./people/background.ts";
import type { Platform } from "./platform/context.ts";
import type { Job } from "./platform/jobs.ts";
import type { Topics } from "./platform/outbox.ts";
import { platformPurges } from "./platform/purge.ts";
import { receiptTopics } from "./receipts/background.ts";
import { receiptMailJobs, receiptMailTopics } from "./receipts/mail/background.ts";
import { expireJob as closeOutExpireJob } from "./settlements/close-out.ts";
import { settleJob } from "./settlements/settle-days.ts";
import { webhookJobs, webhookTopics } from "./webhooks/background.ts";

/** What every feature leaves to the workers: rows of the outbox by topic, and work that comes round by time. */
export const workerTopics = async (platform: Platform): Promise<Topics> =>
  announceDeliveries(platform, {
    ...(await identityTopics(platform)),
    ...ledgerTopics(platform),
    ...checkTopics(platform),
    ...transactionMetricsTopic(platform),
    ...pushTopics(platform),
    ...transactionTopics(platform),
    ...webhookTopics(platform),
    ...receiptTopics(platform),
    ...receiptMailTopics(platform),
    ...imageTopics(platform),
    ...peopleTopics(platform),
    ...grantTopics(platform),
    ...paymentTopics(platform),
  });

export const workerJobs = (platform: Platform): readonly Job[] => [
  ...platformPurges,
  purgeSamplesJob,
  ...identityJobs(),
  ...liveJobs,
  ...ledgerJobs(platform),
  ...grantJobs,
  ...checkJobs(platform),
  ...chargeJobs(platform),
  ...unpaidOrderJobs(platform),
  ...pushJobs(),
  ...webhookJobs(),
  ...receiptMailJobs(),
  ...imageJobs(),
  ...peopleJobs,
  ...paymentJobs(platform),
  settleJob(platform),
  closeOutExpireJob,
];
