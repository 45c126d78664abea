import path from "node:path";
import { openCappedLog } from "../../app/local/capped-log.ts";
import { describeExit, startChild, withLastLines } from "../../app/local/child.ts";
import { dieWithParent } from "../../app/local/die-with-parent.ts";
import { type Home, projectRoot } from "../../app/local/home.ts";
import { PlainError } from "../../app/local/plain-error.ts";
import { Stopped } from "./stop-request.ts";

interface Script {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly home: Home;
  readonly signal: AbortSignal;
}

const stopGraceMs = 5_000;

/** Runs one of our scripts to its end and returns its last line of output. */
export async function runScript({ name, file, args, env, home, signal }: Script): Promise<string> {
  const log = openCappedLog(path.join(home.logs, `${name}.log`));
  const lastLine = rememberLastLine();
  const script = await startChild({
    name,
    command: [...dieWithParent("TERM"), process.execPath, file, ...args],
    cwd: projectRoot,
    env,
    log,
    outputIsResult: true,
    onOutput: lastLine.add,
  });
  const stop = () => void script.stop("SIGTERM", stopGraceMs);
  signal.addEventListener("abort", stop, { once: true });
  const exit = await script.exited;
  signal.removeEventListener("abort", stop);
  log.close();
  if (signal.aborted) throw new Stopped();
  if (exit.code === 0) return lastLine.get();
  const [line, ...more] = log.lastLines();
  // What a script says in one line is for the person at the terminal.
  throw new PlainError(line !== undefined && more.length === 0 ? line : withLastLines(`${file} ${describeExit(exit)}`, log));
}

/** The demo campus is one line of many kilobytes: kept whole, unlike the log's memory. */
function rememberLastLine() {
  let last = "";
  let unfinished = "";
  return {
    add(text: string) {
      const lines = (unfinished + text).split("\n");
      unfinished = lines.pop() ?? "";
      last = lines.findLast((line) => line.trim() !== "") ?? last;
    },
    get: () => (unfinished.trim() === "" ? last : unfinished),
  };
}
