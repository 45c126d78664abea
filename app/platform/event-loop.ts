import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Metrics } from "./metrics.ts";

const resolutionMs = 20;
const everyMs = 1_000;

/** Observes once a second how late the latest timer fired: what a request may have waited before anyone looked at it. */
export function watchEventLoop(metrics: Metrics): () => void {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  delay.enable();
  const timer = setInterval(() => {
    // The histogram measures the whole interval between its own timers, which is at least its resolution.
    metrics.observe("event_loop_lag_ms", {}, Math.max(0, delay.max / 1e6 - resolutionMs));
    delay.reset();
  }, everyMs).unref();
  return () => {
    clearInterval(timer);
    delay.disable();
  };
}
