import { spawn } from "node:child_process";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installDriver, installPython, sparkLacks } from "../app/local/analytics-python.ts";
import { findPython, startWorld, virtualEnvironment, type World, worldPackages } from "../app/local/aws-world.ts";
import { type Command, runCommand } from "../app/local/command.ts";
import { projectRoot } from "../app/local/home.ts";
import { asSuperuser, createDatabase, createRoles } from "../app/local/roles.ts";
import { migrate } from "../app/migrate.ts";
import { startLocalSystem } from "./bench/local-system.ts";

export const command = {
  name: "npm run analytics:test",
  for: "developer",
  what: "Runs the Python tests of app/analytics; without Java the tests of Spark are skipped, aloud.",
  touches: "a PostgreSQL of its own and a stand-in for AWS on this machine, which it ends; what Python needs is installed into .cache.",
  takes: { "[TEST...]": "only tests with this word in their names" },
  exits: { 1: "a test failed", 3: "Python is missing" },
} as const satisfies Command;

const say = (line: string) => console.log(line);
const templateDatabase = "template_campus";

async function main(words: readonly string[]): Promise<number> {
  const lacks = sparkLacks();
  if (lacks !== undefined) say(`SKIP the tests of Spark: ${lacks}`);
  const python = installPython(say, ...(lacks === undefined ? (["spark", "test"] as const) : (["test"] as const)));
  const log = path.join(tmpdir(), `campus-analytics-world-${process.pid}.log`);
  const world = await standInForAws(log);
  try {
    const code = await runPytest(python, words, world?.url ?? "", lacks === undefined ? (installDriver() ?? "") : "");
    if (code === 0) rmSync(log, { force: true });
    return code;
  } finally {
    world?.stop();
  }
}

async function standInForAws(log: string): Promise<World | undefined> {
  const python = findPython();
  if (python === undefined) return undefined;
  const programs = virtualEnvironment(python, worldPackages, path.join(projectRoot, ".cache"));
  return startWorld(path.join(programs, "python"), log);
}

async function runPytest(python: string, words: readonly string[], worldUrl: string, driver: string): Promise<number> {
  const { cluster, ownerPassword, stop } = await startLocalSystem({ durable: false });
  try {
    await asSuperuser(cluster, "postgres", async (client) => {
      await createRoles(client, { owner: ownerPassword, app: ownerPassword });
      await createDatabase(client, templateDatabase);
    });
    await migrate(`postgres://campus_owner@127.0.0.1:${cluster.port}/${templateDatabase}`, ownerPassword);
    const only = words.length === 0 ? [] : ["-k", words.join(" or ")];
    const tests = path.join(projectRoot, "app/analytics/tests");
    return await run(python, ["-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", tests, ...only], {
      PYTHONDONTWRITEBYTECODE: "1",
      PYSPARK_PYTHON: python,
      SUPERUSER_URL: cluster.superuserUrl("postgres"),
      TEMPLATE_DATABASE: templateDatabase,
      SPARK_DRIVER: driver,
      ...(worldUrl && { WORLD_URL: worldUrl }),
    });
  } finally {
    await stop();
  }
}

function run(program: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(program, words, { cwd: projectRoot, env: { ...process.env, ...env }, stdio: "inherit" });
  return new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

await runCommand(import.meta, command, ({ positionals }) => main(positionals));
