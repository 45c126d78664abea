import { runCommand } from "../run-command.ts";
import type { StartedSystem } from "../started-system.ts";
import type { SystemCheckResult } from "../system-checks.ts";

export const name = "the web apps in a browser";

const timeoutMs = 420_000;

/** A process of its own: its code knows the browser's types, and a browser that hangs takes nothing else with it. */
export async function run(system: StartedSystem): Promise<SystemCheckResult> {
  const { output } = await runCommand([process.execPath, "app/web/testing/run.ts", system.home.start], {
    signal: AbortSignal.timeout(timeoutMs),
  });
  const lines = output.trimEnd().split("\n");
  const result = lines.findLast((line) => line.startsWith('{"passed"'));
  for (const line of lines) if (line !== result) console.log(line);
  return result ? (JSON.parse(result) as SystemCheckResult) : { passed: 0, failed: 1, skipped: [] };
}
