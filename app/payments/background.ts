import { openPushSender } from "../notifications/push/open-push-sender.ts";
import type { Platform } from "../platform/context.ts";
import { type Job, purgeJob } from "../platform/jobs.ts";
import type { OutboxRow, Topics } from "../platform/outbox.ts";
import { part } from "../platform/postgres.ts";
import { applyEvent } from "./apply-event.ts";
import { sendDecision } from "./dispute.ts";
import { findMissedJob, lookAtOrder } from "./find-missed.ts";
import type { Gateway } from "./gateway.ts";
import { sendLowBalancePush } from "./low-balance-push.ts";
import { openGateway } from "./open-gateway.ts";
import { type LowBalance, runAutoTopUp } from "./run-auto-top-up.ts";
import { sendRefund } from "./settle-refund.ts";
import { watchGateway, watchGatewayJob } from "./watch-gateway.ts";

const timeoutMs = 10_000;
/** The gateway's books of a day, page by page. */
const watchTimeoutMs = 120_000;
/** With pauses that grow to five minutes, about an hour: a gateway's bad hour is outlived, and then the poller asks again. */
const maxTries = 20;
const alertTries = 3;
const kept = "30 days";

/** What payments leave to the worker. Each handler may run twice for one row and changes the books once. */
export function paymentTopics(platform: Platform): Topics {
  const gateway = openGateway(platform);
  const sender = openPushSender(platform);
  const withGateway = (work: (gateway: Gateway, row: OutboxRow) => Promise<void>) => ({
    timeoutMs,
    maxTries,
    deliver: async (row: OutboxRow) => {
      if (gateway) await work(gateway, row);
    },
  });
  return {
    "gateway.event": withGateway((to, { payload }) => applyEvent(platform, to, String(payload.event_id))),
    "gateway.look": withGateway((to, { payload }) => lookAtOrder(platform, to, String(payload.order_row_id))),
    "gateway.refund": withGateway((to, { payload }) => sendRefund(platform, to, String(payload.refund_id))),
    "gateway.watch": { ...withGateway((to) => watchGateway(platform, to)), timeoutMs: watchTimeoutMs },
    "gateway.dispute": withGateway((to, { payload }) => sendDecision(platform, to, String(payload.dispute_id))),
    "wallet.auto_top_up": withGateway((to, { payload }) => runAutoTopUp(platform, to, lowBalanceOf(payload))),
    "wallet.low_balance": {
      timeoutMs,
      maxTries: alertTries,
      deliver: async ({ payload }) => {
        if (sender) await sendLowBalancePush(platform, sender, lowBalanceOf(payload));
      },
    },
  };
}

const lowBalanceOf = ({ student_id, wallet_seq }: OutboxRow["payload"]): LowBalance => ({
  studentId: String(student_id),
  walletSeq: Number(wallet_seq),
});

export const paymentJobs = (platform: Platform): readonly Job[] => [
  findMissedJob(platform),
  watchGatewayJob,
  purgeJob({
    name: "purge-gateway-events",
    everySeconds: 3_600,
    table: part`gateway_events`,
    key: part`id`,
    writtenAt: part`received_at`,
    kept,
  }),
];
