import { spawn } from "node:child_process";
import path from "node:path";
import { type Command, runCommand } from "../app/local/command.ts";
import { projectRoot } from "../app/local/home.ts";
import { asSuperuser, createDatabase, createRoles } from "../app/local/roles.ts";
import { migrate } from "../app/migrate.ts";
import { installDriver, installPython, sparkLacks } from "./analytics/python.ts";
import { startLocalSystem } from "./bench/local-system.ts";

export const command = {
  name: "npm run analytics:test",
  for: "developer",
  what: "Runs the Python tests of app/analytics; without Java those of Spark are skipped, aloud.",
  touches: "a PostgreSQL of its own on this machine, which it ends; what Python needs is installed into .cache.",
  takes: { "[TEST...]": "only tests with this word in their names" },
  exits: { 1: "a test failed", 3: "Python is missing" },
} as const satisfies Command;

const say = (line: string) => console.log(line);
const templateDatabase = "template_campus";

async function main(words: readonly string[]): Promise<number> {
  const only = words.length === 0 ? [] : ["-k", words.join(" or ")];
  const lacks = sparkLacks();
  if (lacks !== undefined) say(`SKIP the tests of Spark: ${lacks}`);
  const python = installPython(say, ...(lacks === undefined ? (["spark", "test"] as const) : (["test"] as const)));
  const { cluster, ownerPassword, stop } = await startLocalSystem({ durable: false });
  try {
    await asSuperuser(cluster, "postgres", async (client) => {
      await createRoles(client, { owner: ownerPassword, app: ownerPassword });
      await createDatabase(client, templateDatabase);
    });
    await migrate(`postgres://campus_owner@127.0.0.1:${cluster.port}/${templateDatabase}`, ownerPassword);
    const env = {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: "1",
      PYSPARK_PYTHON: python,
      SUPERUSER_URL: cluster.superuserUrl("postgres"),
      TEMPLATE_DATABASE: templateDatabase,
      SPARK_DRIVER: lacks === undefined ? (installDriver() ?? "") : "",
    };
    const child = spawn(python, ["-m", "pytest", "-q", "-p", "no:cacheprovider", path.join(projectRoot, "app/analytics/tests"), ...only], {
      env,
      stdio: "inherit",
    });
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? 1));
    });
  } finally {
    await stop();
  }
}

await runCommand(import.meta, command, ({ positionals }) => main(positionals));
