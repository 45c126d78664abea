import { isGood } from "../../dashboards/slo.ts";
import { countEvent } from "../health/slo-events.ts";
import type { Platform } from "../platform/context.ts";
import { sql } from "../platform/postgres.ts";

export type PromptChannel = "push" | "ws" | "poll";

/** Notes how the request first reached the phone. Whoever comes second changes nothing; nobody waits for it. */
export function markPrompted(platform: Platform, chargeId: string, via: PromptChannel): void {
  const { db, log, metrics } = platform;
  db.row<{ elapsedMs: number }>(sql`
    update charges set prompted_at = clock_timestamp(), prompted_by = ${via}
    where id = ${chargeId} and prompted_at is null and state = 'open'
    returning (extract(epoch from prompted_at - created_at) * 1000)::float8 as elapsed_ms`).then(
    (first) => {
      if (!first) return;
      metrics.observe("scan_to_prompt_ms", { channel: via }, first.elapsedMs);
      countEvent(metrics, "prompt", isGood("prompt", true, first.elapsedMs));
    },
    (error: unknown) => log.warn({ err: error, charge_id: chargeId }, "It was not noted how a charge reached the phone"),
  );
}

export interface ConfirmedCharge {
  readonly promptedAt: Date | null;
  readonly promptedBy: PromptChannel | null;
  readonly confirmedAt: Date;
  /** performance.now() when the confirm arrived. */
  readonly arrivedAtMs: number;
}

/** For a confirm that debited: how long the person took, and how long we took. Both times of the first are the database's. */
export function observeConfirmed({ metrics }: Platform, charge: ConfirmedCharge): void {
  metrics.count("charges_ended_total", { state: "confirmed" });
  if (charge.promptedAt && charge.promptedBy) {
    const elapsedMs = charge.confirmedAt.getTime() - charge.promptedAt.getTime();
    metrics.observe("prompt_to_confirm_ms", { channel: charge.promptedBy }, Math.max(0, elapsedMs));
  }
  metrics.observe("confirm_to_final_ms", {}, performance.now() - charge.arrivedAtMs);
}
