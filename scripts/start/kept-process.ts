import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openCappedLog } from "../../app/local/capped-log.ts";
import { type Child, describeExit, startChild, withLastLines } from "../../app/local/child.ts";
import { dieWithParent } from "../../app/local/die-with-parent.ts";
import { type Home, projectRoot } from "../../app/local/home.ts";
import { PlainError } from "../../app/local/plain-error.ts";
import { say } from "./progress.ts";

/** One process of the app that runs until the end: started again when it dies, so that a test may kill it. */
export interface KeptProcess {
  readonly name: string;
  pid(): number;
  /** Resolves when its address answers with 200, or when it lived for a while without one, or when it was given up. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

interface KeptProcessOptions {
  readonly name: string;
  readonly file: string;
  readonly args?: readonly string[];
  /** Nobody waits for it: the others have the processor first. */
  readonly mayWait?: boolean;
  readonly env: NodeJS.ProcessEnv;
  readonly home: Home;
  /** Where it says that it is ready. */
  readonly readyUrl?: string | undefined;
  /** Once it says so, a process that ends stays ended. */
  readonly stopSignal: AbortSignal;
  readonly onRestart: () => void;
  readonly onGiveUp: (error: PlainError) => void;
}

const readyTimeoutMs = 60_000;
const readyPollMs = 50;
// A process without an address has started well when it lived this long.
const provenAfterMs = 1_000;
const maxFailuresInARow = 10;
const failurePauseMs = 200;
// The app drains for 35 s at most.
const stopGraceMs = 38_000;

export async function keepRunning(options: KeptProcessOptions): Promise<KeptProcess> {
  const { name, file, args = [], mayWait = false, env, home, readyUrl } = options;
  const command = [...dieWithParent("TERM"), ...(mayWait ? ["nice", "-n", "10"] : []), process.execPath, file, ...args];
  const log = openCappedLog(path.join(home.logs, `${name}.log`));
  const start = () => startChild({ name, command, cwd: projectRoot, env, log });
  let stopped = false;
  const isStopping = () => stopped || options.stopSignal.aborted;
  let failuresInARow = 0;

  const giveUp = (what: string) => {
    options.onGiveUp(new PlainError(withLastLines(`${file} (${name}) ${what}`, log)));
  };

  /** Whether the process got as far as being ready (or, without an address, lived long enough). */
  const proves = async (child: Child): Promise<boolean> => {
    const deadlineMs = Date.now() + (readyUrl === undefined ? provenAfterMs : readyTimeoutMs);
    while (child.isRunning() && !isStopping() && Date.now() < deadlineMs) {
      if (readyUrl !== undefined && (await answersOk(readyUrl))) return true;
      await sleep(readyPollMs);
    }
    return readyUrl === undefined && child.isRunning();
  };

  const startAgainWhenDead = async (died: Child): Promise<void> => {
    const how = describeExit(await died.exited);
    if (isStopping()) return;
    if (failuresInARow >= maxFailuresInARow) return giveUp(`${how}, ${failuresInARow} times in a row`);
    if (failuresInARow > 0) await sleep(failurePauseMs);
    if (isStopping()) return;
    current = await start();
    if (isStopping()) return current.signal("SIGKILL");
    say(`${name} (process ${died.pid}) ${how}: started again as process ${current.pid}.`);
    options.onRestart();
    void watch(current);
  };

  const watch = async (child: Child): Promise<void> => {
    failuresInARow = (await proves(child)) ? 0 : failuresInARow + 1;
    await startAgainWhenDead(child);
  };

  let current = await start();

  return {
    name,
    pid: () => current.pid,
    async ready() {
      const isProven = await proves(current);
      if (isStopping()) return;
      if (isProven) void startAgainWhenDead(current);
      else if (current.isRunning()) giveUp(`was not ready within ${readyTimeoutMs / 1000} s (${readyUrl})`);
      else giveUp(describeExit(await current.exited));
    },
    async stop() {
      stopped = true;
      await current.stop("SIGTERM", stopGraceMs);
      log.close();
    },
  };
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
