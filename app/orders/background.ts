import type { Job } from "../platform/jobs.ts";
import { sql } from "../platform/postgres.ts";

const everySeconds = 30;
const maxRows = 200;

/** Cancels what nobody paid in time, so that its stock and its slot are free again. */
export const cancelUnpaidOrdersJob: Job = {
  name: "cancel-unpaid-orders",
  everySeconds,
  run: async (tx) => {
    await tx.run(sql`select cancel_unpaid_orders(${maxRows})`);
  },
};
