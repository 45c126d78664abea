import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { type Command, runCommand } from "../app/local/command.ts";

export const command = {
  name: "npm run advisories",
  for: "developer",
  what: "Asks the registry for known holes in the packages that are shipped.",
  touches: "nothing.",
  exits: { 1: "a package has a hole that is high or critical" },
} as const satisfies Command;

interface Audit {
  readonly error?: { readonly code?: string; readonly summary?: string };
  readonly message?: string;
  readonly metadata?: { readonly vulnerabilities: Readonly<Record<string, number>> };
  readonly vulnerabilities?: Readonly<Record<string, { readonly severity: string; readonly range: string }>>;
}

const read = (text: string): Audit => {
  try {
    return JSON.parse(text) as Audit;
  } catch {
    return {};
  }
};

await runCommand(import.meta, command, () => {
  const asked = spawnSync("npm", ["audit", "--omit=dev", "--json"], {
    cwd: join(import.meta.dirname, ".."),
    encoding: "utf8",
    timeout: 60_000,
  });
  const { metadata, vulnerabilities = {}, error, message } = read(asked.stdout ?? "");
  if (!metadata) {
    const why = error?.summary || message || asked.stderr.trim().split("\n")[0] || "no answer";
    console.warn(`SKIPPED: no advisories were asked for. The registry does not tell them: ${why}`);
    return 0;
  }
  const bad = Object.entries(vulnerabilities).filter(([, { severity }]) => severity === "high" || severity === "critical");
  for (const [name, { severity, range }] of bad)
    console.error(`${name} ${range}: ${severity}. Update it, or say in SECURITY.md why it does not reach us.`);
  console.log(
    `advisories: ${bad.length} high or critical of ${Object.values(metadata.vulnerabilities).reduce((sum, count) => sum + count, 0)} known`,
  );
  return bad.length > 0 ? 1 : 0;
});
