// `npm start`: PostgreSQL, Redis, migrations, demo campus, stand-ins, two API processes behind one port, the worker.
import { endAllNow } from "../app/local/child.ts";
import { findHome } from "../app/local/home.ts";
import { takeLock } from "../app/local/lock.ts";
import { reportAndSetExitCode } from "../app/local/plain-error.ts";
import { announce } from "./start/announce.ts";
import { parseOptions } from "./start/options.ts";
import { say } from "./start/progress.ts";
import { listenForStop, Stopped } from "./start/stop-request.ts";
import { System } from "./start/system.ts";

async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2), process.env);
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

await main().catch(reportAndSetExitCode);
process.exit();
