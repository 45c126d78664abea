import { projectRoot } from "../../../app/local/home.ts";
import { readPages } from "../../runbooks/page.ts";
import { runCheck } from "../../runbooks/run-check.ts";
import type { StartedSystem } from "../started-system.ts";
import type { SystemCheckResult } from "../system-checks.ts";

export const name = "every check of the runbooks";

/** Each `sh check` of each page, as printed, beside the started system. A page none of whose checks ran is a failure. */
export async function run(system: StartedSystem): Promise<SystemCheckResult> {
  const env = { ...system.env, CAMPUS_URL: system.baseUrl };
  let passed = 0;
  let failed = 0;
  let elsewhere = 0;
  for (const page of readPages()) {
    const checks = page.blocks.filter(({ kind }) => kind === "check");
    const here = checks.filter(({ place }) => place === "here");
    elsewhere += checks.length - here.length;
    if (checks.length === 0) {
      failed += 1;
      process.stdout.write(`  FAILED runbooks/${page.name}.md has no check: nothing on it is known to work\n`);
    }
    for (const block of here) {
      const { ok, why } = await runCheck(block, { cwd: projectRoot, env });
      if (ok) passed += 1;
      else {
        failed += 1;
        process.stdout.write(`  FAILED runbooks/${page.name}.md, ${why}\n`);
      }
    }
  }
  const skipped = elsewhere > 0 ? [`${elsewhere} checks of runbooks need an account or the rehearsal's world: they run in its drills`] : [];
  return { passed, failed: passed === 0 ? failed + 1 : failed, skipped };
}
