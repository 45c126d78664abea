// `npm run deploy`: from an empty account to a campus that serves, one step behind the other.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { projectRoot } from "../app/local/home.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { capabilities, type Environment, notPublished, regionPlans } from "../regions/index.ts";
import { nameOf, secretName } from "../stacks/names.ts";
import { guide, type Step } from "./deploy/guide.ts";
import { openRedisUser } from "./deploy/redis-user.ts";
import { emptySecrets, fillSecrets, readSecret, secretsClient } from "./deploy/secrets.ts";
import { Stacks } from "./deploy/stacks.ts";
import { untilServes } from "./failover/public.ts";
import { zoneNameServers } from "./preflight/domain.ts";
import { hasStop, lineOf } from "./preflight/finding.ts";
import { preflight } from "./preflight/preflight.ts";
import { stopAll } from "./rehearse/processes.ts";
import { lastOutcome, runOnce } from "./release/one-shot.ts";
import { readRecord } from "./release/record.ts";
import { onlyEnvironment, publicUrl, targetOf } from "./release/target.ts";

export const command = {
  name: "npm run deploy",
  for: "platform team",
  what: "The first deploy as one guided command: preflight, the state's bucket, the zone, keys and secrets, the artifact, databases, roles and schema, machines, pages, and a look at what serves.",
  touches:
    "everything that the stacks describe, in the account of the environment. What is done is left: stopped or failed at any step and run again it goes on there. regions/artifacts.ts gets the digest: commit it.",
  takes: { ENVIRONMENT: "pilot, staging or production" },
  options: {
    skip: { type: "string", multiple: true, value: "STEP", help: "leave this step out; may be said again" },
    until: { type: "string", value: "STEP", help: "the last step to do" },
    url: { type: "string", value: "URL", help: "the public address to look at in the end; that of the environment unless said" },
    "dry-run": { type: "boolean", help: "say what is done and what is not" },
  },
  environment: {
    SMS_PROVIDER_TOKEN: "and each other secret that a provider gives, under its name: a text or @FILE; asked for where it is not set",
  },
  exits: { 1: "stopped at a step: the lines above say at which and why" },
} as const satisfies Command;

const lookEveryMs = 5_000;
const migrateWithinMs = 30 * 60_000;
const say = (line: string) => void process.stdout.write(`${line}\n`);

const publishedIn = (environment: Environment): string | undefined => {
  const text = readFileSync(path.join(projectRoot, "regions/artifacts.ts"), "utf8");
  const [, sha256] = new RegExp(`\\b${environment.name}: \\{ sha256: "([0-9a-f]{64})"`).exec(text) ?? [];
  return sha256 === notPublished ? undefined : sha256;
};

/** Another of our commands, with its own words on this screen. */
function must(script: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [path.join(projectRoot, "scripts", `${script}.ts`), ...args], { stdio: "inherit" });
  return new Promise((resolve, reject) =>
    child.on("close", (code) =>
      code === 0 ? resolve() : reject(new PlainError(`npm run ${script} ended with ${code}: its lines above say why.`)),
    ),
  );
}

const always = async () => undefined;

/** What this deploy makes itself stops it not. */
const madeHere = new Set(["domain", "certificate"]);

async function askBefore(environment: Environment): Promise<void> {
  const findings = (await preflight(environment)).filter(({ kind, about }) => kind !== "stop" || !madeHere.has(about));
  for (const finding of findings) say(`        ${lineOf(finding)}`);
  if (hasStop(findings)) throw new PlainError("preflight found what would stop the deploy: nothing was touched.");
}

/** A person has to see them while Terraform waits for what only that person can do. */
async function sayingNameServers(environment: Environment, work: () => Promise<void>): Promise<void> {
  let isTold = false;
  const look = async () => {
    const servers = isTold ? [] : ((await zoneNameServers(environment.domain).catch(() => undefined)) ?? []);
    if (isTold || servers.length === 0) return;
    isTold = true;
    say(`        let the parent zone delegate ${environment.domain} to ${servers.join(", ")}`);
  };
  const timer = setInterval(() => void look(), lookEveryMs);
  await work().finally(() => clearInterval(timer));
}

function stepsOf(environment: Environment, stacks: Stacks, url: string): readonly Step[] {
  const { name, primary } = environment;
  const writer = targetOf(environment, primary);
  const artifact = () => publishedIn(environment);
  const migrated = async () => {
    const last = await lastOutcome(writer);
    return last?.ok && last.artifact === artifact() ? `done: ${last.line}` : undefined;
  };
  return [
    { name: "preflight", says: "asks the account what would stop a deploy", done: always, run: () => askBefore(environment) },
    ...stacks.stepsOf("bootstrap"),
    ...stacks.stepsOf("global", "; it waits at the certificate until the parent domain delegates to our zone").map((step) => ({
      ...step,
      run: () => sayingNameServers(environment, step.run),
    })),
    ...stacks.stepsOf("security"),
    {
      name: "secrets",
      says: "each secret gets its first value: ours are made, those of providers asked for",
      done: async () => ((await emptySecrets(environment)).length === 0 ? "each has a value" : undefined),
      run: () => fillSecrets(environment, say),
    },
    ...stacks.stepsOf("network"),
    ...stacks.stepsOf("storage"),
    {
      name: "publish",
      says: "builds the artifact and puts it into both regions",
      done: async () => (artifact() ? `regions/artifacts.ts names ${artifact()?.slice(0, 12)}` : undefined),
      run: async () => {
        await must("publish", name);
        await stacks.synthesize();
      },
    },
    ...stacks.stepsOf("messaging"),
    ...stacks.stepsOf("data", "; a database takes a quarter of an hour"),
    { name: "redis", says: "Redis' users get their password", done: always, run: () => openRedis(environment) },
    {
      name: "migrate",
      says: "a machine of its own makes the database's roles and schema",
      done: migrated,
      run: async () => {
        await stacks.applyOnly(`${name}-${writer.place}-api`, "migrator");
        const { ok, line } = await runOnce(writer, { withinMs: migrateWithinMs }, say);
        if (!ok) throw new PlainError(line);
        say(`        ${line}`);
      },
    },
    ...stacks.stepsOf("api", "; it waits until its machines serve"),
    ...stacks.stepsOf("observability"),
    ...stacks.stepsOf("analytics"),
    {
      name: "release",
      says: "the pages take the place of the one that says that nothing is published",
      done: async () => (artifact() && (await readRecord(writer))?.artifact === artifact() ? "recorded" : undefined),
      run: () => must("release", name, artifact() ?? ""),
    },
    { name: "smoke", says: `${url} debits`, done: always, run: () => untilServes(url, primary.region, say) },
  ];
}

async function openRedis(environment: Environment): Promise<void> {
  const password = await readSecret(secretsClient(environment), secretName(environment.name, "redis-password"));
  if (!password) throw new PlainError("the secret redis-password has no value: run it again without --skip secrets.");
  for (const { region } of regionPlans(environment))
    await openRedisUser(
      region,
      nameOf("other", { environment: environment.name, place: capabilities[region].place, part: "redis" }),
      password,
    );
}

await runCommand(import.meta, command, async ({ values, positionals }) => {
  const environment = onlyEnvironment(command, positionals);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopAll().then(() => process.exit(130)));
  const stacks = new Stacks(environment, say);
  await stacks.synthesize();
  const steps = stepsOf(environment, stacks, publicUrl(environment, values.url));
  const named = [...(values.skip ?? []), ...(values.until ? [values.until] : [])];
  const unknown = named.find((one) => !steps.some((step) => step.name === one));
  if (unknown) throw refuse(command, `there is no step "${unknown}": there are ${steps.map((step) => step.name).join(", ")}.`);
  const isDryRun = values["dry-run"] === true;
  const skip = new Set(values.skip ?? []);
  await guide(steps, { say, skip, until: values.until, isDryRun });
  if (!values.until && !isDryRun && !skip.has("smoke"))
    say("It serves. The first two people: docs/platform/first-deploy.md, step 9. Commit regions/artifacts.ts.");
});
