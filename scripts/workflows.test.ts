import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { environments } from "../regions/index.ts";
import { resourcesOf, synthesizeCampus } from "../stacks/rules/synthesized.ts";

const root = new URL("../", import.meta.url).pathname;
const folder = join(root, ".github/workflows");

type Step = { readonly run?: string; readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> };
type Job = {
  readonly needs?: string | readonly string[];
  readonly uses?: string;
  readonly with?: { readonly environment?: string };
  readonly permissions?: Readonly<Record<string, string>>;
  readonly environment?: string;
  readonly steps?: readonly Step[];
};
type Workflow = {
  readonly on: Readonly<Record<string, unknown>>;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
};

const workflows = Object.fromEntries(
  readdirSync(folder).map((file) => [file.replace(".yml", ""), parse(readFileSync(join(folder, file), "utf8")) as Workflow]),
);
const jobs = Object.entries(workflows).flatMap(([workflow, { jobs: all, permissions }]) =>
  Object.entries(all).map(([name, job]) => ({ workflow, name, job, permissions: job.permissions ?? permissions })),
);
const steps = jobs.flatMap(({ workflow, job }) => (job.steps ?? []).map((step) => ({ workflow, step })));
const needsOf = ({ needs }: Job): readonly string[] => (typeof needs === "string" ? [needs] : (needs ?? []));

test("whatever a workflow runs is there: scripts of package.json, files, workflows that it calls", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const asked = steps.flatMap(({ step }) => [...(step.run ?? "").matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(([, name]) => name));
  expect(asked.length).toBeGreaterThan(2);
  expect(asked.filter((name) => scripts[name as string] === undefined)).toEqual([]);
  const called = jobs.flatMap(({ job }) => (job.uses?.startsWith("./") ? [job.uses] : []));
  expect(called.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  expect(steps.filter(({ step }) => step.run === ".ci/run")).toHaveLength(1);
  expect(existsSync(join(root, ".ci/run"))).toBe(true);
});

test("every role that a workflow takes exists in each environment, and trusts exactly the GitHub environment in which the job runs", () => {
  const taking = jobs.flatMap(({ workflow, job }) =>
    (job.steps ?? [])
      .map((step) => step.with?.["role-to-assume"])
      .filter((role): role is string => typeof role === "string")
      .map((role) => ({ workflow, role, environment: job.environment ?? "" })),
  );
  expect(taking.map(({ workflow }) => workflow).sort()).toEqual(["apply", "drift", "plan"]);
  for (const name of ["staging", "production"]) {
    const campus = synthesizeCampus(environments[name] as (typeof environments)[string]);
    const roles = resourcesOf(campus, "aws_iam_role").filter(({ path }) => path.includes("-bootstrap/ci-"));
    for (const { role, environment } of taking) {
      const filled = (text: string) => text.replace(/\$\{\{ (inputs|matrix)\.environment \}\}/g, name);
      const found = roles.find(({ body }) => filled(role).endsWith(`:role/${body.name}`));
      expect(found?.body.assume_role_policy, `${filled(role)} in ${filled(environment)}`).toContain(`:environment:${filled(environment)}"`);
    }
  }
});

test("a job gets a token of OIDC only where it takes a role, and no long-lived key anywhere", () => {
  for (const { workflow, name, job, permissions } of jobs) {
    const takes = (job.steps ?? []).some((step) => step.uses?.startsWith("aws-actions/")) || /\/(plan|apply)\.yml$/.test(job.uses ?? "");
    expect(permissions?.["id-token"] === "write", `${workflow}/${name}`).toBe(takes);
    expect(Object.values(permissions ?? {}).filter((value) => value === "write").length, `${workflow}/${name}`).toBe(takes ? 1 : 0);
  }
  const texts = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
  for (const text of texts) expect(text).not.toMatch(/secrets\.|AWS_SECRET|pull_request_target/);
});

test("production is reached by one way: test, plan of staging, staging, plan of production, approval", () => {
  const { deploy } = workflows;
  const way: string[] = [];
  for (let at: string | undefined = "production"; at !== undefined; [at] = needsOf(deploy?.jobs[at] as Job)) way.unshift(at);
  expect(way).toEqual(["test", "plan-staging", "staging", "plan-production", "production"]);
  const applying = jobs
    .filter(({ job }) => job.uses?.endsWith("/apply.yml"))
    .map(({ workflow, job }) => `${workflow} ${job.with?.environment}`);
  expect(applying).toEqual(["deploy staging", "deploy production"]);
  expect(Object.keys(workflows.apply?.on ?? {})).toEqual(["workflow_call"]);
  const deployed = steps.filter(({ step }) => step.run?.includes("cdktf deploy"));
  expect(deployed).toHaveLength(1);
  expect(deployed[0]?.step.run).not.toContain("bootstrap"); // CI cannot change its own rights
});

const hasActionlint = spawnSync("actionlint", ["-version"]).status === 0;
if (!hasActionlint)
  console.warn("SKIP: actionlint over the workflows: it is not on PATH (go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.7)");

test.skipIf(!hasActionlint)("actionlint finds nothing", () => {
  const { stdout, stderr } = spawnSync("actionlint", ["-color=false"], { cwd: root, encoding: "utf8" });
  expect(stdout + stderr).toBe("");
});
