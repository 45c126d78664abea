import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readHolder, takeLock } from "./lock.ts";

let folder: string;
let lock: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "campus-lock-"));
  lock = path.join(folder, "home", "lock");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

const takeInProcess = `const { takeLock } = await import(${JSON.stringify(path.join(import.meta.dirname, "lock.ts"))});
  try { takeLock(process.argv[1], "a start"); console.log("taken"); process.stdin.resume(); } catch (error) { console.log(error.message); }`;

/** Another process that tries to take the lock and, if it gets it, lives until its input ends. */
async function startTaker() {
  const child = spawn(process.execPath, ["--input-type=module", "-e", takeInProcess, lock]);
  const [said] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: said.toString().trim() };
}

async function endTaker({ child }: Awaited<ReturnType<typeof startTaker>>, signal: NodeJS.Signals): Promise<void> {
  const exited = once(child, "exit");
  child.kill(signal);
  await exited;
}

test("a lock that is held is refused in one line that names the process and since when, and is free after its release", () => {
  const release = takeLock(lock, "npm start");
  expect(() => takeLock(lock, "npm start")).toThrow(
    new RegExp(
      `^Campus Pay's data folder is in use by npm start \\(process ${process.pid}, since \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC\\): [^\\n]+$`,
    ),
  );
  release();
  takeLock(lock, "npm run backup")();
  expect(readdirSync(path.dirname(lock))).toEqual([]);
});

test("the lock of a process that was killed is taken over", async () => {
  const taker = await startTaker();
  expect(taker.said).toBe("taken");
  await endTaker(taker, "SIGKILL");
  expect(existsSync(lock)).toBe(true);
  const release = takeLock(lock, "npm start");
  expect(readHolder(lock)?.pid).toBe(process.pid);
  release();
});

test("a lock whose pid now belongs to another process is taken over", () => {
  takeLock(lock, "npm start")();
  writeFileSync(lock, JSON.stringify({ pid: 1, what: "npm start", since: "2026-01-01T00:00:00.000Z", bornAt: "never" }));
  takeLock(lock, "npm start")();
});

test("a lock that cannot be read is taken over", () => {
  takeLock(lock, "npm start")();
  writeFileSync(lock, "{");
  takeLock(lock, "npm start")();
});

test("of eight processes that find the same dead lock at once, one gets it", async () => {
  const dead = await startTaker();
  await endTaker(dead, "SIGKILL");
  const takers = await Promise.all(Array.from({ length: 8 }, startTaker));
  expect(takers.filter(({ said }) => said === "taken")).toHaveLength(1);
  await Promise.all(takers.map(({ child }) => (child.exitCode === null ? endTaker({ child, said: "" }, "SIGKILL") : undefined)));
});

test("a release removes no lock that another process took meanwhile", () => {
  const release = takeLock(lock, "npm start");
  writeFileSync(lock, JSON.stringify({ pid: 1, what: "npm start", since: "", bornAt: "" }));
  release();
  expect(existsSync(lock)).toBe(true);
});

const makeInProcess = `const { appendFileSync, mkdirSync } = await import("node:fs");
  const { makeOnce } = await import(${JSON.stringify(path.join(import.meta.dirname, "lock.ts"))});
  const [, stamp, made, fails] = process.argv;
  makeOnce(stamp, "an installation", () => {
    appendFileSync(made, "made ");
    mkdirSync(stamp.slice(0, -"/ready".length), { recursive: true });
    if (fails) process.kill(process.pid, "SIGKILL");
  });
  appendFileSync(made, "used ");`;

const making = (stamp: string, made: string, ...fails: string[]) =>
  once(spawn(process.execPath, ["--input-type=module", "-e", makeInProcess, stamp, made, ...fails], { stdio: "inherit" }), "exit");

test("of four that need a thing at once one makes it and the others wait for it; what a killed one left half made is made anew", async () => {
  const [stamp, made] = [path.join(folder, "thing/ready"), path.join(folder, "made")];
  await making(stamp, made, "killed");
  expect(readFileSync(made, "utf8")).toBe("made ");
  const release = takeLock(path.join(folder, "thing.lock"), "npm test");
  const all = [1, 2, 3, 4].map(() => making(stamp, made));
  release();
  await Promise.all(all);
  expect(readFileSync(made, "utf8")).toBe(`made made ${"used ".repeat(4)}`);
  await making(stamp, made);
  expect(readFileSync(made, "utf8")).toBe(`made made ${"used ".repeat(5)}`);
});
