// `npm run analytics`: the nightly jobs on this machine. Exit 0: published, 1: failed and nothing published, 2: a wrong option, 3: no Python.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { findHome, projectRoot } from "../app/local/home.ts";
import { PlainError, reportAndSetExitCode } from "../app/local/plain-error.ts";
import { writePrivateJson } from "../app/local/private-file.ts";
import { reportsRole } from "../app/local/roles.ts";
import type { ServicesFile } from "../app/local/services-file.ts";
import { type Engine, installDriver, installPython, sparkLacks } from "./analytics/python.ts";
import { startLocalSystem } from "./bench/local-system.ts";
import { fillCampus } from "./bench/reports/fill.ts";

const help = `npm run analytics -- [options]

Reads orders and money from PostgreSQL in one snapshot, makes the tables of app/analytics/sql from them, checks them against the
ledger and publishes them. Only days with something new are read again; run twice, nothing changes. It writes to no database.

  (no option)        the database of the running \`npm start\`, into .campus/analytics, which the API reads
  --demo             a campus of its own: a year, 1,000,000 orders, 50 cafés; tables and charts into .cache/analytics-demo
  --orders N         of the demo: how many orders (1000000)
  --day YYYY-MM-DD   the last business day to read (yesterday)
  --from YYYY-MM-DD  read every day from this one again
  --engine NAME      spark (as on AWS Glue, the default) or duckdb; without Java it is duckdb
  --lake FOLDER      where the tables go
  --new-pseudonyms   forget the key: from now on students have other pseudonyms, and the old ones are nobody's
  --help             this text

Another database: ANALYTICS_DATABASE_URL and ANALYTICS_DATABASE_PASSWORD of the role campus_reports.
Exit codes: 0 published, 1 failed and nothing was published, 2 a wrong option, 3 Python is missing.`;

interface Place {
  readonly url: string;
  readonly password: string;
}

interface Wishes {
  readonly engine: Engine;
  readonly lake: string;
  readonly from: string | undefined;
  readonly day: string | undefined;
}

const say = (line: string) => console.log(line);
const badOption = 2;

async function main(): Promise<void> {
  const values = readOptions();
  if (values.help) return say(help);
  const { folder } = findHome();
  const lake = path.resolve(
    values.lake ?? (values.demo ? path.join(projectRoot, ".cache/analytics-demo") : path.join(folder, "analytics")),
  );
  const wishes = { engine: chooseEngine(values.engine), lake, from: values.from, day: values.day };
  const keyFile = path.join(lake, "pseudonym-key.json");
  if (values["new-pseudonyms"]) rmSync(keyFile, { force: true });
  process.exitCode = values.demo
    ? await runDemo(wishes, keyFile, Number(values.orders))
    : await runJobs(wishes, keyFile, await findPlace());
}

function readOptions() {
  try {
    return parseArgs({
      options: {
        demo: { type: "boolean", default: false },
        orders: { type: "string", default: "1000000" },
        day: { type: "string" },
        from: { type: "string" },
        engine: { type: "string", default: "spark" },
        lake: { type: "string" },
        "new-pseudonyms": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new PlainError(`${(error as Error).message.split(". ")[0]}: \`npm run analytics -- --help\` lists the options.`, badOption);
  }
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

async function giveRolePassword(superuserUrl: string): Promise<Place> {
  const password = randomBytes(24).toString("base64url");
  const client = new pg.Client({ connectionString: superuserUrl });
  await client.connect();
  try {
    await client.query(`alter role ${reportsRole} password ${client.escapeLiteral(password)}`);
  } finally {
    await client.end();
  }
  const { host, pathname } = new URL(superuserUrl);
  return { url: `postgres://${reportsRole}@${host}${pathname}`, password };
}

function runJobs({ engine, lake, from, day }: Wishes, keyFile: string, place: Place): Promise<number> {
  const python = installPython(say, ...(engine === "spark" ? (["spark"] as const) : []));
  const words = [path.join(projectRoot, "app/analytics/main.py"), "--engine", engine, "--lake", lake];
  if (from) words.push("--from", from);
  if (day) words.push("--day", day);
  const jar = engine === "spark" ? installDriver() : undefined;
  if (jar) words.push("--driver", jar);
  const env = {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: "1",
    PYSPARK_PYTHON: python,
    ANALYTICS_DATABASE_URL: place.url,
    ANALYTICS_DATABASE_PASSWORD: place.password,
    ANALYTICS_PSEUDONYM_KEY: readOrMakeKey(keyFile),
  };
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

function readOrMakeKey(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(path.dirname(file), { recursive: true });
    writePrivateJson(file, { pseudonym_key: randomBytes(32).toString("base64url") });
  }
  return (JSON.parse(readFileSync(file, "utf8")) as { pseudonym_key: string }).pseudonym_key;
}

async function runDemo(wishes: Wishes, keyFile: string, orders: number): Promise<number> {
  if (!(orders >= 1_000 && orders <= 20_000_000)) throw new PlainError("--orders takes 1000 to 20000000.", badOption);
  const system = await startLocalSystem({ durable: false });
  try {
    const started = performance.now();
    const superuserUrl = system.cluster.superuserUrl(system.database);
    const superuser = new pg.Client({ connectionString: superuserUrl });
    await superuser.connect();
    await fillCampus(superuser, { orders, days: 365, cafes: 50, lifelike: true, say: (line) => say(`demo: ${line}`) });
    await superuser.end();
    say(`demo: a campus of ${orders.toLocaleString("en")} orders, made in ${Math.round((performance.now() - started) / 1000)} s`);
    rmSync(path.join(wishes.lake, "extracted"), { recursive: true, force: true });
    rmSync(path.join(wishes.lake, "tables"), { recursive: true, force: true });
    const place = await giveRolePassword(superuserUrl);
    const first = await runJobs(wishes, keyFile, place);
    if (first !== 0) return first;
    say("demo: once more; nothing has changed, so nothing is made");
    const second = await runJobs(wishes, keyFile, place);
    return second !== 0 ? second : drawCharts(wishes.lake);
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

await main().catch(reportAndSetExitCode);
