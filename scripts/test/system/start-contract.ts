import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { projectRoot } from "../../../app/local/home.ts";
import type { StartedSystem } from "../started-system.ts";
import type { SystemCheckResult } from "../system-checks.ts";

export const name = "what npm start promises";

const restartTimeoutMs = 15_000;

export async function run(system: StartedSystem): Promise<SystemCheckResult> {
  const checks: readonly [guarantee: string, check: () => Promise<string[]> | string[]][] = [
    ["start.json is private and holds the demo campus of the contract", () => demoCampusProblems(system)],
    ["the front and each of its two processes are ready", () => readinessProblems(system)],
    ["a second start is refused in one line", () => secondStartProblems(system)],
    ["a killed API process is replaced and no read through the front fails meanwhile", () => replacementProblems(system)],
  ];
  let failed = 0;
  for (const [guarantee, check] of checks) {
    const problems = await check();
    if (problems.length === 0) continue;
    failed += 1;
    process.stdout.write(`  FAILED ${guarantee}: ${problems.join("; ")}\n`);
  }
  return { passed: checks.length - failed, failed, skipped: [] };
}

function demoCampusProblems(system: StartedSystem): string[] {
  const { base_url, processes, students, staff, devices, cafes } = system.readStart();
  const staffOf = (cafeId: string) => staff.filter((member) => member.cafe_id === cafeId).map(({ role }) => role);
  const count = (role: string) => staff.filter((member) => member.role === role).length;
  const expectations: readonly [boolean, string][] = [
    [(statSync(system.home.start).mode & 0o777) === 0o600, "its mode is not 0600"],
    [base_url === system.baseUrl, `base_url is ${base_url}`],
    [processes.length === 2, `${processes.length} processes`],
    [students.length >= 120, `${students.length} students`],
    [
      students.every(({ phone }, index) => phone === `+467${String(index + 1).padStart(8, "0")}`),
      "the phones do not count up from +46700000001",
    ],
    [students.every(({ card_uid }) => /^[0-9A-Fa-f]{8,20}$/.test(card_uid ?? "")), "a card's UID is not 8 to 20 hexadecimal digits"],
    [cafes.length === 3, `${cafes.length} cafés`],
    [cafes.every(({ items }) => items.length > 0), "a café has no items"],
    [
      cafes.every(({ id }) => ["owner", "cashier", "kitchen", "delivery"].every((role) => staffOf(id).includes(role))),
      "a café lacks one of its four roles",
    ],
    [cafes.every(({ id }) => devices.some(({ cafe_id }) => cafe_id === id)), "a café has no device"],
    [count("finance") === 2 && count("admin") === 1, `${count("finance")} finance users and ${count("admin")} admins`],
  ];
  return expectations.filter(([isMet]) => !isMet).map(([, problem]) => problem);
}

async function readinessProblems(system: StartedSystem): Promise<string[]> {
  const addresses = [system.baseUrl, ...system.readStart().processes.map(({ url }) => url)];
  const answers = await Promise.all(addresses.map(async (address) => (await fetch(`${address}/ready`)).status));
  return answers.flatMap((status, index) => (status === 200 ? [] : [`${addresses[index]}/ready answers ${status}`]));
}

function secondStartProblems(system: StartedSystem): string[] {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/start.ts"], { cwd: projectRoot, env: system.env, encoding: "utf8" });
  const isOneLine = stderr.trim().split("\n").length === 1 && /in use by npm start \(process \d+, since /.test(stderr);
  return status === 1 && isOneLine ? [] : [`it ended with ${status} and said: ${stderr.trim()}`];
}

async function replacementProblems(system: StartedSystem): Promise<string[]> {
  const killed = system.readStart().processes[0]?.pid ?? 0;
  process.kill(killed, "SIGKILL");
  const deadlineMs = Date.now() + restartTimeoutMs;
  let reads = 0;
  let failures = 0;
  while (!(await isReplaced(system, killed))) {
    if (Date.now() > deadlineMs) return [`process ${killed} was not replaced within ${restartTimeoutMs / 1000} s`];
    const { status } = await fetch(`${system.baseUrl}/health`);
    reads += 1;
    if (status !== 200) failures += 1;
    await sleep(20);
  }
  return failures === 0 ? [] : [`${failures} of ${reads} reads failed`];
}

async function isReplaced(system: StartedSystem, killed: number): Promise<boolean> {
  const [first] = system.readStart().processes;
  if (!first || first.pid === killed) return false;
  return fetch(`${first.url}/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}
