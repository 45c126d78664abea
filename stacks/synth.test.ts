import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";

/** The command that cdktf runs (cdktf.json), here in a copy of the project under another name. */
const root = new URL("../", import.meta.url).pathname;
const command = (JSON.parse(readFileSync(join(root, "cdktf.json"), "utf8")) as { app: string }).app.split(" ").slice(1);
const sayMemory = 'data:text/javascript,process.on("exit",()=>console.error("peak "+process.resourceUsage().maxRSS))';

let elsewhere = "";
beforeAll(() => {
  elsewhere = mkdtempSync(join(tmpdir(), "campus-elsewhere-"));
  for (const folder of [
    "stacks",
    "regions",
    "dashboards",
    "runbooks",
    "app/analytics",
    "app/platform/metric-table.ts",
    "app/web/page-headers.ts",
    "package.json",
  ])
    cpSync(join(root, folder), join(elsewhere, folder), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(elsewhere, "node_modules"));
});
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

async function synth(project: string, environment: Record<string, string>) {
  const outdir = mkdtempSync(join(tmpdir(), "campus-out-"));
  try {
    const started = performance.now();
    const env = { ...process.env, CDKTF_OUTDIR: outdir, ...environment };
    const { stderr } = await promisify(execFile)(process.execPath, ["--import", sayMemory, ...command], { cwd: project, env });
    const folder = join(outdir, "stacks");
    const texts = readdirSync(folder).map((stack) => [stack, readFileSync(join(folder, stack, "cdk.tf.json"), "utf8")]);
    const archives = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".zip"));
    return {
      texts: Object.fromEntries(texts),
      archives: Object.fromEntries(archives.map((file) => [file, readFileSync(join(folder, file), "base64")])),
      seconds: (performance.now() - started) / 1000,
      peakMb: Number(/peak (\d+)/.exec(stderr)?.[1]) / 1024,
    };
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

test("pilot and production are synthesized within 250 MB, and to the same bytes from two folders", async () => {
  for (const name of ["pilot", "production"]) {
    const here = await synth(root, { CAMPUS_ENVIRONMENT: name });
    const there = await synth(elsewhere, { CAMPUS_ENVIRONMENT: name });
    expect(Object.keys(here.texts)).toHaveLength(18);
    expect(there.texts).toEqual(here.texts);
    expect(Object.keys(here.archives)).toHaveLength(5); // one function that rotates, two canaries, the code of the jobs in both regions
    expect(there.archives).toEqual(here.archives);
    expect(here.peakMb).toBeLessThan(250);
    expect(here.seconds).toBeLessThan(45); // 15 s are promised for both; the machine of a test is busy
  }
});

test("an environment that does not exist is refused with the list of those that do", async () => {
  await expect(synth(root, { CAMPUS_ENVIRONMENT: "moon" })).rejects.toThrow(
    /CAMPUS_ENVIRONMENT is "moon"; there are pilot, staging, production in regions\/environments/,
  );
});

test("a rehearsal's account replaces the real one everywhere", async () => {
  const { texts } = await synth(root, { CAMPUS_ENVIRONMENT: "pilot", CAMPUS_ACCOUNT_ID: "000000000042" });
  for (const text of Object.values(texts)) expect(text).not.toContain("111122223333");
});
