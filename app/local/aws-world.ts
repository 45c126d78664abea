import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, readFileSync } from "node:fs";
import { setPriority } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { projectRoot } from "./home.ts";
import { makeOnce } from "./lock.ts";

/** The account that everything in the world belongs to. It is nobody's. */
export const rehearsalAccount = "000000000042";

const rehearsal = join(projectRoot, "scripts/rehearse");
const worldFolder = join(rehearsal, "world");
export const worldPackages = join(worldFolder, "requirements.txt");
export const drillPackages = join(rehearsal, "drill/requirements.txt");
const startTimeoutMs = 60_000;

export type World = {
  readonly url: string;
  /** Where terraform and cdktf reach it: a port that loses answers, or the same. */
  readonly networkUrl: string;
  readonly lostAnswers: () => number;
  readonly stop: () => void;
};

/** The first Python that is new enough for the locked packages, or undefined. */
export const findPython = (): string | undefined =>
  ["python3", "python"].find((name) => spawnSync(name, ["-c", "import sys, venv; sys.exit(sys.version_info < (3, 10))"]).status === 0);

/** The bin folder of a virtual environment with exactly the locked packages: made once (about 15 s), and again when the lock changes. */
export const virtualEnvironment = (python: string, requirements: string, cacheFolder: string): string => {
  const version = spawnSync(python, ["--version"], { encoding: "utf8" }).stdout;
  const lock = createHash("sha256").update(readFileSync(requirements)).update(version).digest("hex").slice(0, 12);
  const folder = join(cacheFolder, `python-${lock}`);
  const programs = join(folder, "bin");
  makeOnce(join(folder, "ready"), "the installation of Python packages", () => {
    must(python, ["-m", "venv", "--clear", folder]);
    must(join(programs, "python"), ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", requirements]);
  });
  return programs;
};

const must = (file: string, args: readonly string[]) => {
  const { status, stderr } = spawnSync(file, [...args], { encoding: "utf8", stdio: ["ignore", "inherit", "pipe"] });
  if (status !== 0) throw new Error(`${file} ${args.join(" ")} failed: ${stderr.trim().split("\n").at(-1)}`);
};

/** Starts the world, behind a network that loses every so manieth answer if asked. It ends with us, however we end: it watches its standard input. */
export const startWorld = (python: string, log: string, loseEvery?: number): Promise<World> =>
  new Promise((resolve, reject) => {
    const child = spawn(
      python,
      [join(worldFolder, "world.py"), "--until-stdin-ends", ...(loseEvery ? ["--lose-every", String(loseEvery)] : [])],
      {
        stdio: ["pipe", "pipe", "pipe"],
        env: { PATH: process.env.PATH, PYTHONUNBUFFERED: "1", MOTO_ACCOUNT_ID: rehearsalAccount },
        detached: true,
      },
    );
    comesFirst(child.pid);
    child.stderr.pipe(createWriteStream(log));
    const timer = setTimeout(() => child.kill(), startTimeoutMs);
    child.on("exit", (code) => {
      clearTimeout(timer);
      reject(new Error(`the world ended with code ${code} before it listened: see ${log}`));
    });
    let lost = 0;
    let networkUrl: string | undefined;
    createInterface({ input: child.stdout }).on("line", (line) => {
      if (line === "LOST") lost++;
      networkUrl ??= line.match(/^NETWORK (http\S+)$/)?.[1];
      const url = line.match(/^WORLD (http\S+)$/)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve({ url, networkUrl: networkUrl ?? url, lostAnswers: () => lost, stop: () => child.stdin.end() });
    });
  });

/** Everybody waits for the world, which is one thread's work: among many it would answer nobody in time. Only root may ask for that. */
const comesFirst = (pid: number | undefined): void => {
  if (pid === undefined || process.getuid?.() !== 0) return;
  try {
    setPriority(pid, -5);
  } catch {
    // A container may forbid it, and then it takes its turn.
  }
};

/** What stands in the world, one line a thing. */
export const contentsOf = async (url: string): Promise<readonly string[]> => {
  const answer = await fetch(`${url}/world/contents`);
  return (await answer.json()) as string[];
};

/** Runs the proof of every addition to moto. */
export const testWorld = (python: string): number =>
  spawnSync(python, [join(worldFolder, "tests", "run.py")], { stdio: "inherit", env: { PATH: process.env.PATH, PYTHONUNBUFFERED: "1" } })
    .status ?? 1;
