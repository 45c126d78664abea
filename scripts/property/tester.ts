import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const requirements = path.join(import.meta.dirname, "requirements.txt");
const oldestPython = "(3, 10)";

/** Schemathesis in a Python environment of its own below the cache folder, made once for each pin; undefined without Python. */
export function installTester(cacheFolder: string): string | undefined {
  const python = ["python3", "python"].find(
    (name) => spawnSync(name, ["-c", `import sys, venv, ensurepip; sys.exit(sys.version_info < ${oldestPython})`]).status === 0,
  );
  if (python === undefined) return undefined;
  const home = path.join(cacheFolder, "schemathesis");
  const stamp = path.join(home, "installed");
  const pin = readFileSync(requirements, "utf8");
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== pin) {
    console.log("Installing Schemathesis (about half a minute, once)");
    mkdirSync(cacheFolder, { recursive: true });
    must(python, ["-m", "venv", "--clear", home]);
    must(path.join(home, "bin/pip"), ["install", "--quiet", "--disable-pip-version-check", "--requirement", requirements]);
    writeFileSync(stamp, pin);
  }
  return path.join(home, "bin/schemathesis");
}

function must(command: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${path.basename(command)} ${args[0]} ended with code ${status}: ${stderr}`);
}

// What the document promises: no 5xx, no undocumented status or content type, no body that does not fit its schema, no way in
// without a credential. That everything the schema allows succeeds is not promised: a wrong OTP fits its schema too.
const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_schema_conformance",
  "response_headers_conformance",
  "unsupported_method",
  "ignored_auth",
  "missing_required_header",
  "negative_data_rejection",
];
// The first ends the caller's session; the others never end, or are no plain requests.
const leftOut = "/auth/logout$|/ws/|/stream$";

export interface Trial {
  readonly documentUrl: string;
  readonly authorization: string;
  readonly examples: number;
  readonly seed: number;
}

/** One run as one caller; its output goes to ours. Whether it found nothing. */
export async function runTester(schemathesis: string, { documentUrl, authorization, examples, seed }: Trial): Promise<boolean> {
  const args = [
    ...["run", documentUrl, "--header", `Authorization: ${authorization}`, "--exclude-path-regex", leftOut],
    ...["--max-examples", String(examples), "--seed", String(seed), "--checks", checks.join(",")],
    ...["--phases", "examples,coverage,fuzzing,stateful", "--continue-on-failure", "--no-color", "--warnings", "off"],
  ];
  // It keeps notes of its runs in the folder that it is started in.
  const child = spawn(schemathesis, args, { cwd: path.dirname(schemathesis), stdio: ["ignore", "inherit", "inherit"] });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code === 0));
  });
}
