import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { splitStatements } from "../platform/migrator/statements.ts";
import { mannerOf } from "../platform/migrator/steps.ts";
import type { SqlFile } from "../sql-files.ts";

const squawk = createRequire(import.meta.url).resolve("squawk-cli/js/bin/squawk");

interface Finding {
  readonly file: string;
  readonly line: number;
  readonly rule: string;
}

// The migrator sets the time-outs itself; a domain's CHECK costs a debit less than a column's (docs/decisions/0034); small
// numbers may be small.
const notOurs = [
  "require-lock-timeout",
  "require-statement-timeout",
  "ban-create-domain-with-constraint",
  "prefer-bigint-over-int",
  "prefer-bigint-over-smallint",
];

/** What squawk does not see. `-- meant: RULE` above a statement says so, as `-- squawk-ignore RULE` does for squawk's. */
const ownRules: readonly { readonly rule: string; readonly head: RegExp }[] = [
  { rule: "definition-in-a-step", head: /^create\s+(or\s+replace\s+)?(constraint\s+)?(view|trigger)\b/i },
  { rule: "domain-check-reads-every-row", head: /^alter\s+domain\s+\w+\s+add\b(?![\s\S]*\bnot\s+valid\b)/i },
  { rule: "whole-table-lock", head: /^(lock|cluster|truncate|vacuum\s+full|vacuum\s*\([^)]*full|reindex(?![\s\S]*\bconcurrently\b))\b/i },
];

/** What would lock or rewrite a table that people use, without saying so: "0021_planted.sql:3: changing-column-type". */
export async function lintSteps(steps: readonly SqlFile[]): Promise<string[]> {
  const found = [...(await askSquawk(steps)), ...steps.flatMap(askOwnRules)];
  return found
    .sort((one, other) => one.file.localeCompare(other.file) || one.line - other.line)
    .map(({ file, line, rule }) => `${file}:${line}: ${rule}`);
}

const isTransaction = ({ text }: SqlFile) => mannerOf(text) === "one transaction";

function askOwnRules(step: SqlFile): Finding[] {
  const { name, text } = step;
  const inTransaction = isTransaction(step);
  const statements = splitStatements(name, text);
  const made = new Set(statements.flatMap(({ text: statement }) => /^create\s+table\s+(\w+)/i.exec(statement)?.[1] ?? []));
  const lines = text.split("\n");
  const found = statements.flatMap(({ text: statement, line }) => {
    const [, changed] = /^(?:with\b[\s\S]*?\)\s*)?(?:update|delete\s+from)\s+(?:only\s+)?(\w+)/i.exec(statement) ?? [];
    const rules = ownRules.filter(({ head }) => head.test(statement)).map(({ rule }) => rule);
    if (inTransaction && changed !== undefined && !made.has(changed)) rules.push("large-change-not-in-batches");
    if (inTransaction && /\bconcurrently\b/i.test(statement)) rules.push("concurrently-in-a-transaction");
    return rules.map((rule) => ({ file: name, line, rule }));
  });
  return found.filter(({ line, rule }) => !(lines[line - 2] ?? "").includes(`-- meant: ${rule}`));
}

/** One run for what is a transaction and one for what is not: the same statement may be right in the one and wrong in the other. */
async function askSquawk(steps: readonly SqlFile[]): Promise<Finding[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "campus-lint-"));
  try {
    for (const { name, text } of steps) await writeFile(path.join(folder, name), text);
    const groups = [true, false].map((inTransaction) => ({
      inTransaction,
      own: steps.filter((step) => isTransaction(step) === inTransaction),
    }));
    return (await Promise.all(groups.map(({ own, inTransaction }) => runSquawk(folder, own, inTransaction)))).flat();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function runSquawk(folder: string, steps: readonly SqlFile[], inTransaction: boolean): Promise<Finding[]> {
  if (steps.length === 0) return Promise.resolve([]);
  const options = [
    "--reporter",
    "json",
    "--pg-version",
    "18",
    "--exclude",
    notOurs.join(","),
    ...(inTransaction ? ["--assume-in-transaction"] : []),
  ];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [squawk, ...options, ...steps.map(({ name }) => name)], { cwd: folder }, (error, out, errors) => {
      // 1 where it found something.
      if (error && error.code !== 1) return reject(new Error(`squawk failed: ${errors || error.message}`));
      const findings = JSON.parse(out || "[]") as { file: string; line: number; rule_name: string }[];
      resolve(findings.map(({ file, line, rule_name }) => ({ file, line: line + 1, rule: rule_name })));
    });
  });
}
