import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FailedCheck } from "./judge.ts";

const run = promisify(execFile);
const requirements = new URL("requirements.txt", import.meta.url);
const outputLimitBytes = 256_000_000;

type Report = {
  readonly summary: { readonly passed: number; readonly failed: number; readonly parsing_errors: number };
  readonly results: {
    readonly failed_checks: readonly {
      readonly check_id: string;
      readonly check_name: string;
      readonly resource: string;
      readonly file_path: string;
    }[];
  };
};

export type Findings = { readonly passed: number; readonly failed: readonly FailedCheck[] };

/** Checkov in a Python environment of its own below the cache folder, made once for each pin. */
export async function installCheckov(cacheFolder: string): Promise<string | undefined> {
  const python = await findPython();
  if (!python) return undefined;
  const home = join(cacheFolder, "checkov");
  const stamp = join(home, "installed");
  const pin = readFileSync(requirements, "utf8");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== pin) {
    console.log("installing Checkov (about a minute, once)");
    mkdirSync(cacheFolder, { recursive: true });
    await run(python, ["-m", "venv", "--clear", home]);
    await run(join(home, "bin/pip"), ["install", "--quiet", "--requirement", requirements.pathname], { maxBuffer: outputLimitBytes });
    writeFileSync(stamp, pin);
  }
  return join(home, "bin/checkov");
}

/** Checkov's answer on a folder of synthesized stacks. A file that it cannot read is an error: it would count it as fine. */
export async function check(checkov: string, folder: string, expectedStacks: number): Promise<Findings> {
  const args = ["-d", folder, "--framework", "terraform_json", "--skip-download", "--quiet", "--compact", "-o", "json"];
  const { stdout } = await run(checkov, args, { maxBuffer: outputLimitBytes }).catch((error: { stdout?: string; message: string }) => {
    if (error.stdout?.startsWith("{")) return { stdout: error.stdout }; // exit 1 says that checks failed
    throw new Error(`Checkov did not answer: ${error.message}`);
  });
  const report = JSON.parse(stdout) as Report;
  const { parsing_errors: unread, passed } = report.summary;
  if (unread > 0 || passed === 0) {
    throw new Error(
      `Checkov could not read ${unread} of ${expectedStacks} stacks in ${folder} and passed ${passed} checks; its answer is worth nothing.`,
    );
  }
  return {
    passed,
    failed: report.results.failed_checks.map((one) => ({
      check: one.check_id,
      name: one.check_name,
      resource: one.resource,
      stack: one.file_path.split("/").at(-2) ?? one.file_path,
    })),
  };
}

async function findPython(): Promise<string | undefined> {
  for (const name of ["python3", "python"]) {
    if (
      await run(name, ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 9))"]).then(
        () => true,
        () => false,
      )
    )
      return name;
  }
  return undefined;
}
