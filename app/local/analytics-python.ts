import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { projectRoot } from "./home.ts";
import { makeOnce } from "./lock.ts";
import { PlainError } from "./plain-error.ts";

export type Engine = "duckdb" | "spark";

const folder = path.join(projectRoot, "app/analytics");
const cache = path.join(projectRoot, ".cache");
const oldestPython = "(3, 11)";
const missing = 3;
/** The newest that Java 17 of Glue 5 and Spark 3.5 know well; from Maven Central. */
const driver = "org.postgresql:postgresql:42.7.7";

/** A Python of its own below .cache with what the wished parts need; made once for each set of pins. */
export function installPython(say: (line: string) => void, ...parts: readonly ("spark" | "test")[]): string {
  const python = ["python3.11", "python3.12", "python3.13", "python3", "python"].find(
    (name) => spawnSync(name, ["-c", `import sys, venv, ensurepip; sys.exit(sys.version_info < ${oldestPython})`]).status === 0,
  );
  if (!python)
    throw new PlainError("Python 3.11 or newer with venv is needed: install it (Debian: `apt-get install python3 python3-venv`).", missing);
  const files = ["requirements.txt", ...parts.map((part) => `requirements-${part}.txt`)];
  const pins = files.map((name) => readFileSync(path.join(folder, name), "utf8")).join("");
  const home = path.join(cache, `analytics-${createHash("sha256").update(pins).digest("hex").slice(0, 12)}`);
  makeOnce(path.join(home, "installed"), "the installation of the analytics", () => {
    say(`Installing ${pins.trim().split("\n").join(", ")} (once; Spark takes some minutes)`);
    must(python, ["-m", "venv", "--clear", home]);
    must(path.join(home, "bin/pip"), [
      ...["install", "--quiet", "--disable-pip-version-check"],
      ...files.flatMap((name) => ["--requirement", path.join(folder, name)]),
    ]);
  });
  return path.join(home, "bin/python");
}

/** Why Spark cannot run here; undefined where it can. */
export function sparkLacks(): string | undefined {
  const { status, stderr } = spawnSync("java", ["-version"], { encoding: "utf8" });
  if (status !== 0) return "there is no Java on this machine (Spark 3.5 wants 17; Debian: `apt-get install openjdk-17-jre-headless`)";
  const major = Number(/version "(\d+)/.exec(stderr)?.[1]);
  if (major < 11 || major > 17) return `Java here is ${major}, Spark 3.5 wants 11 or 17`;
  return installDriver() === undefined ? `PostgreSQL's JDBC driver could not be fetched (${driver}, by \`mvn\`)` : undefined;
}

/** The JDBC driver, fetched once by Maven; undefined where that cannot be. */
export function installDriver(): string | undefined {
  const [, artifact, version] = driver.split(":");
  const jar = path.join(cache, "analytics-jars", `${artifact}-${version}.jar`);
  if (existsSync(jar)) return jar;
  const { status } = spawnSync(
    "mvn",
    [
      ...["--quiet", "--batch-mode", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy"],
      ...[`-Dartifact=${driver}`, `-DoutputDirectory=${path.dirname(jar)}`, "-Dmdep.useBaseVersion=true"],
    ],
    { encoding: "utf8" },
  );
  return status === 0 && existsSync(jar) ? jar : undefined;
}

function must(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status === 0) return;
  throw new PlainError(
    `${path.basename(command)} ${args[0]} ended with code ${status}: ${(stderr || error?.message || "").trim().split("\n").at(-1)}`,
  );
}
