import type { Platform } from "../platform/context.ts";
import { embeddedMetric } from "../platform/metrics.ts";
import type { Topics } from "../platform/outbox.ts";
import { sql } from "../platform/postgres.ts";

const timeoutMs = 5_000;
const maxTries = 8;
const maxKnownCodes = 1_000;

/**
 * TransactionAmount and TransactionCount by café. The café's code is the dimension, never an id: each value of a
 * dimension is a metric that is paid for. The transaction's id is a property, to be searched for in the log.
 */
export const transactionMetricsTopic = ({ db, log }: Platform): Topics => {
  const codes = new Map<unknown, string>();
  const codeOf = async (cafeId: unknown): Promise<string> => {
    const known = codes.get(cafeId);
    if (known !== undefined) return known;
    const cafe = await db.row<{ code: string }>(sql`select code from cafes where id = ${cafeId}`);
    if (codes.size >= maxKnownCodes) codes.clear();
    if (cafe) codes.set(cafeId, cafe.code);
    return cafe?.code ?? "unknown";
  };
  return {
    "transaction.metrics": {
      timeoutMs,
      maxTries,
      deliver: async ({ payload }) => {
        const values = {
          TransactionAmount: { unit: "None", value: Number(payload.amount_minor) },
          TransactionCount: { unit: "Count", value: 1 },
        } as const;
        const { transaction_id, order_id, currency } = payload;
        log.info(
          embeddedMetric(Date.now(), { Cafe: await codeOf(payload.cafe_id) }, values, { transaction_id, order_id, currency }),
          "transaction",
        );
      },
    },
  };
};
