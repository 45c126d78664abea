import type { Platform } from "./context.ts";

/**
 * Writes what moved into the log every METRICS_EMF_SECONDS, for CloudWatch. `refresh` sets the gauges that are only read
 * when somebody asks; `keep` gets the same lines and never fails. The returned function writes the last lines and ends it.
 */
export function writeEmbeddedMetrics(
  platform: Platform,
  refresh: () => void | Promise<void>,
  keep: (lines: readonly Record<string, unknown>[], at: Date) => Promise<void> = async () => undefined,
): () => Promise<void> {
  const { METRICS_EMF_SECONDS } = platform.config;
  if (METRICS_EMF_SECONDS === 0) return async () => undefined;
  const write = async () => {
    try {
      await refresh();
    } catch (error) {
      platform.log.warn({ err: error }, "Some gauges could not be read");
    }
    const at = new Date();
    const lines = platform.metrics.embeddedLines(at.getTime());
    for (const line of lines) platform.log.info(line, "metrics");
    await keep(lines, at);
  };
  const timer = setInterval(() => void write(), METRICS_EMF_SECONDS * 1000).unref();
  return async () => {
    clearInterval(timer);
    await write();
  };
}
