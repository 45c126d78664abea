import type { Platform } from "../platform/context.ts";
import type { Job } from "../platform/jobs.ts";
import { cancelUnpaidOrders } from "./cancel-unpaid-orders.ts";

/** Live events wait while the job's own transaction lives, so a batch is short. */
const batch = 20;
/** A slot is booked 7 days ahead at most. */
const recent = { oldest: "9 days", youngest: "0" };
/** What no worker saw in its time. Orders that long ago were begun are many and stay where they are, so this walk is seldom. */
const old = { oldest: "25 years", youngest: "9 days" };

export const unpaidOrderJobs = (platform: Platform): readonly Job[] => [
  { name: "cancel-unpaid-orders", everySeconds: 30, run: () => cancelUnpaidOrders(platform, recent, batch) },
  { name: "cancel-old-unpaid-orders", everySeconds: 21_600, worker: "long", run: () => cancelUnpaidOrders(platform, old, batch) },
];
