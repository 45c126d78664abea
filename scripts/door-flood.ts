import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, runCommand } from "../app/local/command.ts";

interface Started {
  readonly base_url: string;
  readonly processes: readonly { readonly url: string }[];
  readonly staff: readonly { readonly username: string; readonly password: string }[];
}

export const command = {
  name: "npm run flood",
  for: "developer",
  what: "Floods the log-ins of a started system (RATE_LIMIT_SCALE=1 npm start) and says what honest people notice of it.",
  touches: "the started sandbox: failed logins, one-time passwords for phones that nobody has.",
  options: {
    logins: { type: "string", value: "N", default: "10000", help: "wrong log-ins with invented names" },
    otps: { type: "string", value: "N", default: "100000", help: "one-time passwords for phones that nobody has" },
  },
  exits: { 1: "an honest log-in was refused or took longer than 2 s at p95, or more messages went out than the budget" },
} as const satisfies Command;

const parallel = 50;
const promisedMs = 2_000;

async function inParallel(count: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const hand = async () => {
    while (next < count) await work(next++).catch(() => undefined);
  };
  await Promise.all(Array.from({ length: parallel }, hand));
}

const post = (url: string, body: unknown) =>
  fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });

/** How many one-time passwords were made, as the processes count them. */
async function madeCodes({ processes }: Started): Promise<number> {
  const pages = await Promise.all(processes.map(async ({ url }) => (await fetch(`${url}/metrics`)).text()));
  return pages.reduce((sum, page) => sum + Number(/campus_otp_requests_total\{outcome="made"[^}]*\} (\d+)/.exec(page)?.[1] ?? 0), 0);
}

async function floodLogins(started: Started, count: number): Promise<string[]> {
  const url = `${started.base_url}/api/v1/admin/auth/login`;
  const member = started.staff[0];
  const times: number[] = [];
  const statuses: number[] = [];
  let isOver = false;
  const honest = async () => {
    while (!isOver) {
      const startedAtMs = performance.now();
      const answer = await post(url, { username: member?.username, password: member?.password });
      times.push(performance.now() - startedAtMs);
      statuses.push(answer.status);
      await answer.text();
    }
  };
  const watching = honest();
  const startedAtMs = performance.now();
  await inParallel(count, async (index) => (await post(url, { username: `nobody-${index}`, password: "guess" })).text());
  isOver = true;
  await watching;
  const p95 = times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0;
  const refused = statuses.filter((status) => status !== 200).length;
  console.log(
    `${count} wrong log-ins in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s · ${times.length} honest ones beside them, ${refused} refused, p95 ${p95.toFixed(0)} ms`,
  );
  return [
    ...(refused > 0 ? [`${refused} honest log-ins were refused`] : []),
    ...(p95 > promisedMs ? [`p95 is above ${promisedMs} ms`] : []),
  ];
}

async function floodCodes(started: Started, count: number, budget: number): Promise<string[]> {
  const before = await madeCodes(started);
  await inParallel(count, async (index) =>
    (await post(`${started.base_url}/api/v1/auth/request-otp`, { phone: `+4676${String(index * 7).padStart(7, "0")}` })).text(),
  );
  const made = (await madeCodes(started)) - before;
  console.log(`${count} requests for phones that nobody has: ${made} messages, the budget of a day is ${budget}`);
  return made > budget ? [`${made} messages went out, ${budget} are the budget`] : [];
}

const dayBudget = 3_000;

await runCommand(import.meta, command, async ({ values }) => {
  const started = JSON.parse(readFileSync(join(import.meta.dirname, "../.campus/start.json"), "utf8")) as Started;
  const problems = [...(await floodLogins(started, Number(values.logins))), ...(await floodCodes(started, Number(values.otps), dayBudget))];
  for (const problem of problems) console.error(problem);
  return problems.length > 0 ? 1 : 0;
});
