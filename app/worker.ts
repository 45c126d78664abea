import { ConfigError, parseConfig } from "./platform/config.ts";
import { openPlatform } from "./platform/context.ts";
import { writeEmbeddedMetrics } from "./platform/embedded-metrics.ts";
import { registerJobs, runDueJobs } from "./platform/jobs.ts";
import { deliverDue, outboxChannel, refreshOutboxGauges } from "./platform/outbox.ts";
import { createErrorReporter } from "./platform/report-error.ts";
import { workerJobs, workerTopics } from "./worker-parts.ts";

const idlePauseMs = 200;
const faultPauseMs = 1_000;
const jobCheckMs = 1_000;

/** One worker process: the outbox and the timed jobs. Any number may run; each may be killed at any moment. */
async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const platform = await openPlatform(config, { process: "worker" });
  const reportError = createErrorReporter(config, platform.log);
  const topics = await workerTopics(platform);
  const jobs = workerJobs(platform);
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stopping.abort());
  const nap = napper(stopping.signal, (wake) => platform.cache.subscribe(outboxChannel, wake));

  const loop = async (work: () => Promise<number>, pauseMs: number) => {
    while (!stopping.signal.aborted) {
      const done = await work().catch((error: unknown) => {
        platform.log.warn({ err: error }, "The worker's round failed; it tries again");
        return -1;
      });
      if (done <= 0) await nap(done < 0 ? faultPauseMs : pauseMs);
    }
  };
  let registered = false;
  const runJobs = async () => {
    if (!registered) await registerJobs(platform, jobs);
    registered = true;
    await runDueJobs(platform, jobs, reportError);
    return 0;
  };

  const stopMetrics = writeEmbeddedMetrics(platform, () => refreshOutboxGauges(platform));
  platform.log.info("working");
  await Promise.all([loop(() => deliverDue(platform, topics, reportError), idlePauseMs), loop(runJobs, jobCheckMs)]);
  await stopMetrics();
  await platform.end();
  platform.log.info("stopped");
  platform.log.flush();
}

/** Waits until the time is up, somebody wakes it (a new row was committed) or the process is to stop. */
function napper(signal: AbortSignal, subscribe: (wake: () => void) => void): (ms: number) => Promise<void> {
  const sleepers = new Set<() => void>();
  const wakeAll = () => {
    for (const wake of sleepers) wake();
  };
  subscribe(wakeAll);
  signal.addEventListener("abort", wakeAll);
  return (ms) =>
    new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        sleepers.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      sleepers.add(wake);
    });
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
