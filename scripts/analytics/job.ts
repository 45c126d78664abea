import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import pg from "pg";
import { type Engine, installDriver, installPython } from "../../app/local/analytics-python.ts";
import { projectRoot } from "../../app/local/home.ts";
import { writePrivateJson } from "../../app/local/private-file.ts";
import { reportsRole } from "../../app/local/roles.ts";

/** A database, as the role that reads it. */
export interface Place {
  readonly url: string;
  readonly password: string;
}

export interface JobInput {
  readonly engine: Engine;
  readonly lake: string;
  readonly from: string | undefined;
  readonly day: string | undefined;
  /** Nobody pays from the database meanwhile: several queries at once, and none rests. */
  readonly isAlone?: boolean;
}

export interface Job {
  readonly python: string;
  readonly words: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** How a night is run here: both steps in one process, as app/analytics/main.py takes them. */
export function prepareJob({ engine, lake, from, day, isAlone }: JobInput, place: Place, say: (line: string) => void): Job {
  const python = installPython(say, ...(engine === "spark" ? (["spark"] as const) : []));
  const words = [path.join(projectRoot, "app/analytics/main.py"), "--engine", engine, "--lake", lake];
  if (from) words.push("--from", from);
  if (day) words.push("--day", day);
  if (isAlone) words.push("--alone");
  const jar = engine === "spark" ? installDriver() : undefined;
  if (jar) words.push("--driver", jar);
  const env = {
    ...process.env,
    PYTHONDONTWRITEBYTECODE: "1",
    PYSPARK_PYTHON: python,
    ANALYTICS_DATABASE_URL: place.url,
    ANALYTICS_DATABASE_PASSWORD: place.password,
    ANALYTICS_PSEUDONYM_KEY: readOrMakeKey(keyFileOf(lake)),
  };
  return { python, words, env };
}

export const keyFileOf = (lake: string): string => path.join(lake, "pseudonym-key.json");

function readOrMakeKey(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(path.dirname(file), { recursive: true });
    writePrivateJson(file, { pseudonym_key: randomBytes(32).toString("base64url") });
  }
  return (JSON.parse(readFileSync(file, "utf8")) as { pseudonym_key: string }).pseudonym_key;
}

/** A new password for each run, so that none is kept. */
export async function giveRolePassword(superuserUrl: string): Promise<Place> {
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
