import { refreshSilentTills } from "./cafes/silent-tills.ts";
import { refreshRefusingCafes } from "./charges/refusing-cafes.ts";
import { workerJobs, workerTopics } from "./job-registry.ts";
import { announce, eventsChannel } from "./live/announce.ts";
import { keepSamples } from "./ops/metric-samples.ts";
import { ConfigError, parseConfig } from "./platform/config.ts";
import { openPlatform } from "./platform/context.ts";
import { writeEmbeddedMetrics } from "./platform/embedded-metrics.ts";
import { refreshJobsGauge, registerJobs, runDueJobs, type WorkerKind, workerKinds } from "./platform/jobs.ts";
import { fanOutEvents, type Lane, lanesOf, refreshOutboxGauges, runLane } from "./platform/outbox.ts";
import { createErrorReporter } from "./platform/report-error.ts";
import { consumeReceiptMails } from "./receipts/mail/mail-queue.ts";
import { consumeOrderQueue } from "./webhooks/order-queue.ts";

const idlePauseMs = 200;
// After a look that found nothing, however often it is woken: a busy hour wakes it a thousand times a second.
const shortestPauseMs = 20;
const faultPauseMs = 1_000;
const jobCheckMs = 1_000;

/**
 * One worker process: the outbox and the timed jobs of its kind, `node app/worker.ts money` or `long`; without a word it is
 * both. Any number may run; each may be killed at any moment.
 */
async function main(kinds: readonly WorkerKind[]): Promise<void> {
  const config = parseConfig(process.env);
  const platform = await openPlatform(config, { process: kinds.includes("money") ? "worker" : "worker-long" });
  const reportError = createErrorReporter(config, platform.log);
  const topics = await workerTopics(platform);
  const jobs = workerJobs(platform).filter(({ worker = "money" }) => kinds.includes(worker));
  const stopping = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stopping.abort());
  const clocks: Clock[] = [];
  const newClock = (): Clock => {
    const clock = createClock(stopping.signal);
    clocks.push(clock);
    return clock;
  };
  const wakeAll = () => {
    for (const clock of clocks) clock.wake();
  };
  platform.cache.subscribe(eventsChannel, wakeAll);

  const loop = async (work: () => Promise<number>, pauseMs: number, clock: Clock) => {
    while (!stopping.signal.aborted) {
      const done = await work().catch((error: unknown) => {
        platform.log.warn({ err: error }, "The worker's round failed; it tries again");
        return -1;
      });
      if (done <= 0) await clock.nap(done < 0 ? faultPauseMs : pauseMs);
    }
  };
  const workLane = async (lane: Lane) => {
    const clock = newClock();
    const { takeSome, finish } = runLane(platform, topics, lane, reportError, clock.wake);
    await loop(takeSome, idlePauseMs, clock);
    await finish();
  };
  const spread = async () => {
    const events = await fanOutEvents(platform);
    if (events > 0) wakeAll();
    return events;
  };
  let registered = false;
  const runJobs = async () => {
    if (!registered) await registerJobs(platform, jobs);
    registered = true;
    if ((await runDueJobs(platform, jobs, reportError)) > 0) announce(platform);
    return 0;
  };

  const refresh = async () => {
    await refreshOutboxGauges(platform);
    await refreshJobsGauge(platform);
    await refreshSilentTills(platform);
    await refreshRefusingCafes(platform);
  };
  const stopMetrics = writeEmbeddedMetrics(platform, refresh, (lines, at) => keepSamples(platform, lines, at));
  platform.log.info("working");
  await Promise.all([
    ...kinds.flatMap((kind) => lanesOf[kind]).map(workLane),
    // Of its own: a new row in the outbox makes no job due.
    loop(runJobs, jobCheckMs, createClock(stopping.signal)),
    ...(kinds.includes("money") ? [loop(spread, idlePauseMs, newClock()), consumeOrderQueue(platform, stopping.signal)] : []),
    ...(kinds.includes("long") ? [consumeReceiptMails(platform, stopping.signal)] : []),
  ]);
  await stopMetrics();
  await platform.end();
  platform.log.info("stopped");
  platform.log.flush();
}

interface Clock {
  /** Waits until the time is up, somebody wakes it (a new row was committed) or the process is to stop. */
  nap(ms: number): Promise<void>;
  wake(): void;
}

function createClock(signal: AbortSignal): Clock {
  let endNap: (() => void) | undefined;
  const wake = () => endNap?.();
  signal.addEventListener("abort", wake);
  const nap = (ms: number) =>
    new Promise<void>((resolve) => {
      const beganMs = performance.now();
      const end = () => {
        endNap = undefined;
        resolve();
      };
      let timer = setTimeout(end, ms);
      endNap = () => {
        clearTimeout(timer);
        timer = setTimeout(end, Math.max(0, beganMs + shortestPauseMs - performance.now()));
      };
    });
  return { nap, wake };
}

/** Undefined where the words name no kind. */
function kindsOf(words: readonly string[]): readonly WorkerKind[] | undefined {
  const named = workerKinds.filter((kind) => words.includes(kind));
  if (words.length === 0) return workerKinds;
  return words.length === named.length ? named : undefined;
}

const kinds = kindsOf(process.argv.slice(2));
if (!kinds) {
  console.error(`There is no such worker: node app/worker.ts [${workerKinds.join("|")}], or both without a word.`);
  process.exit(2);
}
main(kinds).catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
