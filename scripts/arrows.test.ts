import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const files = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], { cwd: root, encoding: "utf8" })
  .trim()
  .split("\n")
  .filter((file) => !file.startsWith("app/web/") && existsSync(join(root, file)));
const texts = new Map(files.map((file) => [file, readFileSync(join(root, file), "utf8")]));
const isTest = (file: string) => file.endsWith(".test.ts");

/** Which of our files each file imports, types included. */
const imports = new Map(
  [...texts].map(([file, text]) => [
    file,
    [...text.matchAll(/^(?:import|export)\s[^;"']*?from "(\.[^"]+)"|\bimport\(\s*"(\.[^"]+)"|^import "(\.[^"]+)"/gm)]
      .map((match) => normalize(join(dirname(file), match[1] ?? match[2] ?? match[3] ?? "")))
      .filter((to) => texts.has(to)),
  ]),
);

/** The plan: what each part of the house may import. The first part whose folder fits is a file's part. */
const plan = [
  { part: "app/platform", mayImport: ["app/platform"] },
  { part: "app/local", mayImport: ["app"] },
  // A game day hears the alarms that are deployed, and runs the commands that stand on their pages.
  { part: "app/testing/gamedays", mayImport: ["app", "dashboards", "scripts/runbooks", "stacks/rules", "regions"] },
  { part: "app/testing", mayImport: ["app", "dashboards/slo.ts"] },
  // The page that shows the running system draws and judges with the same objects as CloudWatch.
  { part: "app/ops", mayImport: ["app", "dashboards"], not: ["app/local", "app/testing"] },
  // The commands of one server speak, lock and keep secrets as those of this machine do: to them it is this machine.
  { part: "app/host/server", mayImport: ["app"], not: ["app/testing", "app/local/demo", "app/local/sandbox"] },
  { part: "app/host/server.ts", mayImport: ["app"], not: ["app/testing", "app/local/demo", "app/local/sandbox"] },
  { part: "app", mayImport: ["app", "dashboards/slo.ts"], not: ["app/local", "app/testing"] },
  { part: "scripts", mayImport: ["scripts", "app", "stacks", "regions", "dashboards"] },
  { part: "regions", mayImport: ["regions"] },
  { part: "dashboards", mayImport: ["dashboards", "app/platform/metric-table.ts", "stacks/constructs", "stacks/aws.ts", "regions"] },
  { part: "stacks", mayImport: ["stacks", "regions", "dashboards"] },
] as const;

/** A test may use the kit and the servers of its side of the house. */
const testsMayImport: Readonly<Record<string, readonly string[]>> = {
  app: ["app", "dashboards"],
  stacks: ["stacks", "regions", "dashboards", "scripts", "app"],
  dashboards: ["stacks", "regions", "dashboards", "app"],
  regions: ["stacks", "regions"],
  scripts: ["scripts", "app", "stacks", "regions", "dashboards"],
};

const isIn = (file: string, folders: readonly string[]) => folders.some((folder) => file === folder || file.startsWith(`${folder}/`));

function isAllowed(file: string, to: string): boolean {
  if (isTest(file)) return isIn(to, testsMayImport[file.split("/")[0] ?? ""] ?? []);
  const rule = plan.find(({ part }) => isIn(file, [part]));
  return !rule || (isIn(to, rule.mayImport) && !("not" in rule && isIn(to, rule.not)));
}

test("every import follows the plan: scripts → app → platform, stacks → regions, and what is deployed knows neither tests nor this machine", () => {
  expect(imports.size).toBeGreaterThan(500);
  const against = [...imports].flatMap(([file, all]) => all.filter((to) => !isAllowed(file, to)).map((to) => `${file} → ${to}`));
  expect(against).toEqual([]);
});

test("no files import each other in a circle", () => {
  expect(circles()).toEqual([]);
});

/** Depth first; an import of a file that is still being looked at closes a circle. */
function circles(): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): void => {
    const at = path.indexOf(file);
    if (at >= 0) found.push([...path.slice(at), file].join(" → "));
    if (at >= 0 || done.has(file)) return;
    path.push(file);
    for (const to of imports.get(file) ?? []) visit(to);
    path.pop();
    done.add(file);
  };
  for (const file of imports.keys()) visit(file);
  return found;
}

/** A file of these is a door to a folder and holds data of its own too. */
const doors = ["regions/index.ts", "stacks/aws.ts"];
/** k6 calls what a scenario's own file exports. */
const isScenario = (file: string) => isIn(file, ["scripts/k6/load", "scripts/k6/failure"]);

test("nothing stands between a name and its file: no file exports what another one declares", () => {
  const passedOn = [...texts].flatMap(([file, text]) => (/^export (?:type )?(?:\*|\{[^}]*\}) from "\./m.test(text) ? [file] : []));
  expect(passedOn.filter((file) => !doors.includes(file) && !isScenario(file))).toEqual([]);
});

/** Lists that every room adds a line to: settings, error codes, metrics, what a log masks, the columns of the audit log. */
const catalogues = ["config.ts", "errors.ts", "metrics.ts", "metric-table.ts", "log.ts", "audit.ts"].map((name) => `app/platform/${name}`);

test("platform holds no word of the domain", () => {
  const said = [...texts]
    .filter(([file]) => isIn(file, ["app/platform"]) && !isTest(file) && !catalogues.includes(file))
    .flatMap(([file, text]) =>
      [...text.matchAll(/(?<![A-Za-z])(student|caf[eé]|wallet|menu|refund|receipt|charge|otp)s?(?![A-Za-z])/gi)].map(
        ([word]) => `${file}: ${word}`,
      ),
    );
  expect(said).toEqual([]);
});
