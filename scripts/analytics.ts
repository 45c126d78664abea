import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { type Engine, installPython, sparkLacks } from "../app/local/analytics-python.ts";
import { type Command, runCommand, wholeNumber } from "../app/local/command.ts";
import { findHome, projectRoot } from "../app/local/home.ts";
import { PlainError } from "../app/local/plain-error.ts";
import type { ServicesFile } from "../app/local/services-file.ts";
import { giveRolePassword, type JobInput, keyFileOf, type Place, prepareJob } from "./analytics/job.ts";
import { startLocalSystem } from "./bench/local-system.ts";
import { fillCampus } from "./bench/reports/fill.ts";

export const command = {
  name: "npm run analytics",
  for: "newcomer",
  what: "Makes the tables of what sold, when: reads orders and money in one snapshot, checks the tables against the ledger, publishes them.",
  touches:
    "reads the database of the running `npm start` as a role that can write nothing; writes to the lake's folder, which the API reads.",
  options: {
    demo: { type: "boolean", help: "a campus of its own instead: a year, 50 cafés; tables and charts go into .cache/analytics-demo" },
    orders: { type: "string", value: "N", default: "1000000", help: "of the demo: how many orders" },
    day: { type: "string", value: "YYYY-MM-DD", help: "the last business day to read; without it yesterday" },
    from: { type: "string", value: "YYYY-MM-DD", help: "read every day from this one again, not only those with something new" },
    engine: {
      type: "string",
      value: "NAME",
      default: "spark",
      help: "spark, as on AWS Glue, or duckdb; without Java it is duckdb, and says so",
    },
    lake: { type: "string", value: "FOLDER", help: "where the tables go" },
    "new-pseudonyms": { type: "boolean", help: "forget the key: students get other pseudonyms from now on, the old ones are nobody's" },
  },
  exits: { 1: "failed, and nothing was published", 3: "Python is missing" },
  environment: {
    ANALYTICS_DATABASE_URL: "another database, as campus_reports",
    ANALYTICS_DATABASE_PASSWORD: "its password",
  },
} as const satisfies Command;

const say = (line: string) => console.log(line);
const badOption = 2;

interface Asked {
  readonly demo: boolean | undefined;
  readonly orders: string;
  readonly day: string | undefined;
  readonly from: string | undefined;
  readonly engine: string;
  readonly lake: string | undefined;
  readonly "new-pseudonyms": boolean | undefined;
}

async function main(values: Asked): Promise<number> {
  const orders = wholeNumber(command, "orders", values.orders, { from: 1_000, to: 20_000_000 });
  const lake = path.resolve(
    values.lake ?? (values.demo ? path.join(projectRoot, ".cache/analytics-demo") : path.join(findHome().objects, "lake")),
  );
  const input = { engine: chooseEngine(values.engine), lake, from: values.from, day: values.day };
  if (values["new-pseudonyms"]) rmSync(keyFileOf(lake), { force: true });
  return values.demo ? runDemo(input, orders) : runJobs(input, await findPlace());
}

function chooseEngine(wished: string): Engine {
  if (wished === "duckdb") return wished;
  if (wished !== "spark") throw new PlainError(`There is no engine "${wished}": use --engine duckdb or --engine spark.`, badOption);
  const lacks = sparkLacks();
  if (lacks === undefined) return "spark";
  say(`SKIP Spark: ${lacks}. DuckDB runs the same SQL instead.`);
  return "duckdb";
}

/** The running system gives the role a new password for each run, so that none is kept. */
async function findPlace(): Promise<Place> {
  const { ANALYTICS_DATABASE_URL: url, ANALYTICS_DATABASE_PASSWORD: password } = process.env;
  if (url) return { url, password: password ?? "" };
  const { services } = findHome();
  if (!existsSync(services))
    throw new PlainError("Campus Pay does not run here: start it with `npm start`, run with --demo, or give ANALYTICS_DATABASE_URL.");
  const { superuser_url } = JSON.parse(readFileSync(services, "utf8")) as ServicesFile;
  if (superuser_url === null)
    throw new PlainError(
      "`npm start` runs on a database of yours: give ANALYTICS_DATABASE_URL and ANALYTICS_DATABASE_PASSWORD of campus_reports.",
    );
  return giveRolePassword(superuser_url);
}

function runJobs(input: JobInput, place: Place): Promise<number> {
  const { python, words, env } = prepareJob(input, place, say);
  return runPython(python, words, env);
}

/** Ctrl-C reaches the child too; its own last line is the answer. */
function runPython(python: string, words: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(python, words, { env, stdio: "inherit" });
  const wait = () => undefined;
  process.on("SIGINT", wait);
  return new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  }).finally(() => process.off("SIGINT", wait));
}

async function runDemo(input: JobInput, orders: number): Promise<number> {
  const system = await startLocalSystem({ durable: false });
  try {
    const started = performance.now();
    const superuserUrl = system.cluster.superuserUrl(system.database);
    const superuser = new pg.Client({ connectionString: superuserUrl });
    await superuser.connect();
    await fillCampus(superuser, { orders, days: 365, cafes: 50, lifelike: true, say: (line) => say(`demo: ${line}`) });
    await superuser.end();
    say(`demo: a campus of ${orders.toLocaleString("en")} orders, made in ${Math.round((performance.now() - started) / 1000)} s`);
    rmSync(path.join(input.lake, "extracted"), { recursive: true, force: true });
    rmSync(path.join(input.lake, "tables"), { recursive: true, force: true });
    const place = await giveRolePassword(superuserUrl);
    const job = { ...input, isAlone: true };
    const first = await runJobs(job, place);
    if (first !== 0) return first;
    say("demo: once more; nothing has changed, so nothing is made");
    const second = await runJobs(job, place);
    return second !== 0 ? second : drawCharts(input.lake);
  } finally {
    await system.stop();
  }
}

async function drawCharts(lake: string): Promise<number> {
  return runPython(installPython(say), [path.join(projectRoot, "app/analytics/charts.py"), lake], {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: "1",
  });
}

await runCommand(import.meta, command, ({ values }) => main(values));
