import path from "node:path";
import { projectRoot } from "../../../app/local/home.ts";
import { findK6 } from "../k6-program.ts";
import { runCommand } from "../run-command.ts";
import type { StartedSystem } from "../started-system.ts";
import type { SystemCheckResult } from "../system-checks.ts";

export const name = "k6 against the started system";

interface LoadRun {
  readonly guarantee: string;
  readonly script: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The promised times are checked with three times their length: whoever runs the tests shares the machine with them. */
const headroom = "3";
const timeoutMs = 180_000;

const runs: readonly LoadRun[] = [
  { guarantee: "students pay at every café, and one with too little money is refused", script: "load/smoke.ts" },
  {
    guarantee: "a hundred confirms of one charge over both processes debit once and give the same bytes",
    script: "failure/hundred-confirms.ts",
  },
  {
    guarantee: "a lunch of 25 scans a second is paid within the promised times",
    script: "load/lunch.ts",
    env: { RATE: "25", SECONDS: "30" },
  },
];

export async function run(system: StartedSystem): Promise<SystemCheckResult> {
  const typed = await runCommand([path.join(projectRoot, "node_modules", ".bin", "tsc"), "--noEmit", "--project", "scripts/k6"], {
    signal: AbortSignal.timeout(timeoutMs),
  });
  let failed = report("the load scripts fit k6's types", typed.succeeded, typed.output);
  const k6 = await findK6();
  if ("missing" in k6) return { passed: 1 - failed, failed, skipped: runs.map(({ script }) => `${script}: ${k6.missing}`) };
  for (const { guarantee, script, env = {} } of runs) {
    const { succeeded, output } = await runCommand(
      commandOf(k6.program, script, { ...env, HEADROOM: headroom, START_FILE: system.home.start }),
      {
        signal: AbortSignal.timeout(timeoutMs),
      },
    );
    failed += report(guarantee, succeeded, output);
  }
  return { passed: runs.length + 1 - failed, failed, skipped: [] };
}

/** Nothing is sent to k6's makers, and no extension is fetched. */
const commandOf = (program: string, script: string, env: Readonly<Record<string, string>>): string[] => [
  "env",
  "K6_NO_USAGE_REPORT=true",
  "K6_AUTO_EXTENSION_RESOLUTION=false",
  program,
  "run",
  "--quiet",
  ...Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]),
  path.join("scripts", "k6", ...script.split("/")),
];

function report(guarantee: string, succeeded: boolean, output: string): 0 | 1 {
  if (succeeded) return 0;
  process.stdout.write(`  FAILED ${guarantee}:\n${output.trimEnd()}\n`);
  return 1;
}
