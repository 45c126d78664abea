// `npm run analytics:test`: the Python tests of app/analytics against a PostgreSQL of their own. Exit 3: no Python here.
import { spawn } from "node:child_process";
import path from "node:path";
import { projectRoot } from "../app/local/home.ts";
import { reportAndSetExitCode } from "../app/local/plain-error.ts";
import { asSuperuser, createDatabase, createRoles } from "../app/local/roles.ts";
import { migrate } from "../app/migrate.ts";
import { installDriver, installPython, sparkLacks } from "./analytics/python.ts";
import { startLocalSystem } from "./bench/local-system.ts";

const help = `npm run analytics:test -- [options for pytest]

Runs app/analytics/tests against a PostgreSQL that it starts and ends. Without Java the tests of Spark are skipped, aloud.
Exit codes: 0 passed, 1 failed, 3 Python is missing.`;

const say = (line: string) => console.log(line);
const templateDatabase = "template_campus";

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes("--help")) return say(help);
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
    const child = spawn(python, ["-m", "pytest", "-q", "-p", "no:cacheprovider", path.join(projectRoot, "app/analytics/tests"), ...args], {
      env,
      stdio: "inherit",
    });
    process.exitCode = await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => resolve(code ?? 1));
    });
  } finally {
    await stop();
  }
}

await main().catch(reportAndSetExitCode);
