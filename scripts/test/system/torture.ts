import { runCommand } from "../run-command.ts";
import type { StartedSystem } from "../started-system.ts";
import type { SystemCheckResult } from "../system-checks.ts";

export const name = "money under fire: commits cut, sessions killed, Redis flushed";

const seeds = 2;
const seconds = 20;
const timeoutMs = 240_000;

/** On campuses of its own: what it breaks must not be the started system's. */
export async function run(_system: StartedSystem): Promise<SystemCheckResult> {
  const command = [process.execPath, "scripts/torture.ts", "--seeds", String(seeds), "--seconds", String(seconds)];
  const { succeeded, output } = await runCommand(command, { signal: AbortSignal.timeout(timeoutMs) });
  process.stdout.write(output.replaceAll(/^/gm, "    ").trimEnd().concat("\n"));
  const passed = Number(/^(\d+) seeds passed/m.exec(output)?.[1] ?? 0);
  return { passed, failed: succeeded ? 0 : seeds - passed, skipped: [] };
}
