import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { projectRoot } from "../../../app/local/home.ts";
import type { StartedSystem } from "../started-system.ts";
import type { SystemCheckResult } from "../system-checks.ts";

export const name = "the README's walk-through with curl";

const timeoutMs = 60_000;
const heading = "## A walk-through with curl";
const addressOfTheReadme = "http://127.0.0.1:8080";

/** Runs the lines as they are printed, in a folder that looks like a checkout with `npm start` running; only the port may differ. */
export async function run(system: StartedSystem): Promise<SystemCheckResult> {
  const lines = readWalkThrough();
  if (!lines.includes(addressOfTheReadme)) throw new Error(`The walk-through does not name ${addressOfTheReadme}.`);
  const { code, stdout, stderr } = await runInCheckout(lines.replaceAll(addressOfTheReadme, system.baseUrl), system.home.folder);
  const problems = code === 0 ? problemsOf(stdout) : [`bash ended with code ${code}: ${stderr.trim()}`];
  if (problems.length > 0) process.stdout.write(`  FAILED the walk-through: ${problems.join("; ")}\n${stdout}\n`);
  return problems.length === 0 ? { passed: 1, failed: 0, skipped: [] } : { passed: 0, failed: 1, skipped: [] };
}

function readWalkThrough(): string {
  const readme = readFileSync(path.join(projectRoot, "README.md"), "utf8");
  const section = readme.split(heading)[1] ?? "";
  const lines = /```sh\n([\s\S]*?)\n```/.exec(section)?.[1];
  if (!lines) throw new Error(`README.md has no sh block under "${heading}".`);
  return lines;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function runInCheckout(lines: string, homeFolder: string): Promise<Ended> {
  const folder = mkdtempSync(path.join(tmpdir(), "campus-walk-"));
  try {
    mkdirSync(path.join(folder, "checkout"));
    symlinkSync(homeFolder, path.join(folder, "checkout", ".campus"));
    return await runBash(lines, path.join(folder, "checkout"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runBash(lines: string, folder: string): Promise<Ended> {
  const child = spawn("bash", ["-euo", "pipefail", "-c", lines], { cwd: folder, stdio: ["ignore", "pipe", "pipe"], timeout: timeoutMs });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, stdout, stderr }));
  });
}

interface Payload {
  readonly receipt_id?: string;
  readonly order_id?: string;
  readonly charge_id?: string;
  readonly amount_minor?: number;
}

/** `cmp` has compared the second confirm byte for byte already: with a difference bash would have ended. */
function problemsOf(stdout: string): string[] {
  const answers = objectsIn(stdout);
  const confirmed = answers.find((answer) => "receipt_id" in answer && "balance_minor_after" in answer);
  const payload = answers.find((answer) => "transaction_id" in answer && "charge_id" in answer) as Payload | undefined;
  const statement = answers.find((answer) => Array.isArray(answer.items)) as { items: Record<string, unknown>[] } | undefined;
  const [line] = statement?.items ?? [];
  const expectations: readonly [boolean, string][] = [
    [confirmed !== undefined, "the confirm's answer was not printed"],
    [
      payload !== undefined && payload.receipt_id === confirmed?.receipt_id,
      "the receipt's payload was not printed, or is of another receipt",
    ],
    [line?.charge_id === payload?.charge_id, "the newest line of the statement is not of this charge"],
    [line?.amount_minor === -(payload?.amount_minor ?? Number.NaN), "the statement's amount is not the receipt's"],
    [line?.balance_minor_after === confirmed?.balance_minor_after, "the balance on the statement is not the one that the confirm told"],
    [stdout.trimEnd().endsWith("true"), "the books do not balance, or it was not said"],
  ];
  return expectations.filter(([isMet]) => !isMet).map(([, problem]) => problem);
}

/** curl prints answers without a line's end, one after the other: every JSON object that stands in the text, outermost only. */
function objectsIn(text: string): Record<string, unknown>[] {
  const found: Record<string, unknown>[] = [];
  let start = -1;
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index += 1) {
    const letter = text[index];
    if (quoted && letter === "\\") index += 1;
    else if (depth > 0 && letter === '"') quoted = !quoted;
    else if (!quoted && letter === "{") {
      if (depth === 0) start = index;
      depth += 1;
    } else if (!quoted && letter === "}" && depth > 0) {
      depth -= 1;
      if (depth === 0) found.push(JSON.parse(text.slice(start, index + 1)) as Record<string, unknown>);
    }
  }
  return found;
}
