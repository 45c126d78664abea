import { createApp } from "./app.ts";
import { refreshGauges } from "./health/routes.ts";
import { openIdentity } from "./identity/identity.ts";
import { openLive } from "./live/live.ts";
import { keepSamples } from "./ops/metric-samples.ts";
import { ConfigError, parseConfig } from "./platform/config.ts";
import { openPlatform } from "./platform/context.ts";
import { writeEmbeddedMetrics } from "./platform/embedded-metrics.ts";
import { startServer } from "./platform/http/server.ts";

// The service manager kills at 40 s; by then the process has ended by itself.
const exitWithinMs = 35_000;

/** One API process: config, connections, the app, and a drain on SIGTERM. */
async function main(): Promise<void> {
  const config = parseConfig(process.env);
  const platform = await openPlatform(config, { process: "api" });
  const identity = await openIdentity(platform);
  const live = openLive(platform);
  let draining = false;
  const app = createApp({ platform, identity, live, isDraining: () => draining });
  const server = await startServer(platform, app);
  const stopMetrics = writeEmbeddedMetrics(
    platform,
    () => refreshGauges(platform),
    (lines, at) => keepSamples(platform, lines, at),
  );
  platform.log.info({ url: server.url }, "listening");

  const stop = async (signal: string) => {
    if (draining) return;
    draining = true;
    platform.log.info({ signal }, "draining");
    setTimeout(() => process.exit(1), exitWithinMs).unref();
    live.drain();
    await server.close();
    await stopMetrics();
    live.end();
    identity.end();
    await platform.end();
    platform.log.info("stopped");
    platform.log.flush();
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void stop(signal));
  // The machine is to be ended within a minute (app/host/watch.ts): live connections move now, requests are served as before.
  process.on("SIGUSR2", () => live.drain());
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exit(error instanceof ConfigError ? 2 : 1);
});
