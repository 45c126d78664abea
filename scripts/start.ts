import { endAllNow } from "../app/local/child.ts";
import { type Command, runCommand } from "../app/local/command.ts";
import { findHome } from "../app/local/home.ts";
import { takeLock } from "../app/local/lock.ts";
import { reportAndSetExitCode } from "../app/local/plain-error.ts";
import { announce } from "./start/announce.ts";
import { readOptions, type StartOptions } from "./start/options.ts";
import { say } from "./start/progress.ts";
import { listenForStop, Stopped } from "./start/stop-request.ts";
import { System } from "./start/system.ts";

export const command = {
  name: "npm start",
  for: "newcomer",
  what: "Starts everything on this machine: database, Redis, demo campus, stand-ins for phones and gateway, API, workers and web apps.",
  touches: "the data folder (.campus) and the ports from PORT on; Ctrl-C ends it all and keeps the data.",
  options: { fresh: { type: "boolean", help: "begin again without the old data" } },
  environment: {
    PORT: "the public port; 8080 unless said, and the three after it are used too",
    CAMPUS_HOME: "the folder of the data; .campus unless said",
    DATABASE_URL: "a PostgreSQL of yours instead of the one that it starts",
    REDIS_URL: "a Redis of yours instead of the one that it starts",
  },
  exits: { 1: "a part could not be started, or ended by itself" },
} as const satisfies Command;

async function runUntilStopped(options: StartOptions): Promise<void> {
  const home = findHome();
  const releaseLock = takeLock(home.lock, "npm start");
  const stopRequest = listenForStop(() => {
    say("Ending everything now.");
    endAllNow();
  });
  const system = new System(home, options, stopRequest);
  try {
    const start = await system.start();
    process.stdout.write(announce(start, home));
    const failure = await stopRequest.asked;
    if (failure) throw failure;
  } catch (error) {
    const asked = error instanceof Stopped ? await stopRequest.asked : error;
    if (asked) reportAndSetExitCode(asked);
  } finally {
    await system.stop();
    releaseLock();
  }
}

await runCommand(import.meta, command, async ({ values }) => {
  await runUntilStopped(readOptions(values, process.env)).catch(reportAndSetExitCode);
  process.exit();
});
