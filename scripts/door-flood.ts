import { readFileSync } from "node:fs";
import { withAppDatabase } from "../app/local/app-database.ts";
import { type Command, runCommand } from "../app/local/command.ts";
import { findHome } from "../app/local/home.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { sql } from "../app/platform/postgres.ts";

interface Started {
  readonly base_url: string;
  readonly processes: readonly { readonly url: string }[];
  readonly staff: readonly Member[];
  readonly students: readonly { readonly phone: string }[];
}

interface Member {
  readonly username: string;
  readonly password: string;
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
  environment: { CAMPUS_HOME: "the folder of the started system; .campus unless said" },
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

const post = (url: string, body: unknown, cookie?: string) =>
  fetch(url, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...(cookie ? { Cookie: cookie } : {}) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });

const p95Of = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[Math.floor(times.length * 0.95)] ?? 0;

interface Watched {
  readonly statuses: readonly number[];
  readonly p95Ms: number;
}

/** One honest request after another, while the flood lasts. */
async function beside(flood: () => Promise<void>, honest: () => Promise<Response>): Promise<Watched & { readonly seconds: number }> {
  const times: number[] = [];
  const statuses: number[] = [];
  let isOver = false;
  const watch = async () => {
    while (!isOver) {
      const startedAtMs = performance.now();
      const answer = await honest();
      await answer.text();
      times.push(performance.now() - startedAtMs);
      statuses.push(answer.status);
    }
  };
  const watching = watch();
  const startedAtMs = performance.now();
  await flood().finally(() => {
    isOver = true;
  });
  const seconds = (performance.now() - startedAtMs) / 1_000;
  await watching;
  return { statuses, p95Ms: p95Of(times), seconds };
}

const quietTries = 40;

/** The same request without a flood: what the machine itself takes. */
async function aloneMs(honest: () => Promise<Response>): Promise<number> {
  const times: number[] = [];
  for (let tries = 0; tries < quietTries; tries += 1) {
    const startedAtMs = performance.now();
    await (await honest()).text();
    times.push(performance.now() - startedAtMs);
  }
  return p95Of(times);
}

// Of so many wrong tries one names somebody who is really there.
const realNameEvery = 10;

/** Invented names, and the names of people here, who have logged in with their browser before. */
async function floodLogins({ base_url, staff }: Started, count: number): Promise<string[]> {
  const url = `${base_url}/api/v1/admin/auth/login`;
  const logIn = ({ username, password }: Member, cookie?: string) => post(url, { username, password }, cookie);
  const cookies: string[] = [];
  for (const member of staff) {
    const answer = await logIn(member);
    if (answer.status !== 200)
      throw new PlainError(
        `${member.username} cannot log in (${answer.status}): locked by a flood before? Wait 15 minutes, or npm start -- --fresh.`,
      );
    cookies.push(answer.headers.getSetCookie().join("; "));
  }
  const [first, firstCookie] = [staff[0], cookies[0]];
  if (!first) throw new Error("The demo campus has no staff.");
  const flood = () =>
    inParallel(count, async (index) => {
      const username = index % realNameEvery === 0 ? staff[(index / realNameEvery) % staff.length]?.username : `nobody-${index}`;
      await (await post(url, { username, password: "guess" })).text();
    });
  const quiet = await aloneMs(() => logIn(first, firstCookie));
  const { statuses, p95Ms, seconds } = await beside(flood, () => logIn(first, firstCookie));
  const refused = statuses.filter((status) => status !== 200).length;
  const locked: string[] = [];
  for (const [index, member] of staff.entries()) if ((await logIn(member, cookies[index])).status !== 200) locked.push(member.username);
  console.log(
    `${count} wrong log-ins in ${seconds.toFixed(1)} s · ${statuses.length} honest ones beside them, ${refused} refused, p95 ${p95Ms.toFixed(0)} ms (before it ${quiet.toFixed(0)} ms) · ` +
      `${locked.length} of ${staff.length} accounts locked in their own browser`,
  );
  return [
    ...(refused > 0 ? [`${refused} honest log-ins were refused`] : []),
    ...(p95Ms > promisedMs ? [`p95 is above ${promisedMs} ms`] : []),
    ...(locked.length > 0 ? [`locked: ${locked.join(", ")}`] : []),
  ];
}

interface Rows {
  readonly otps: number;
  readonly outbox: number;
}

/** What the flood may leave behind: a code and its message each. */
const rowsOfCodes = async (): Promise<Rows> => {
  const rows = await withAppDatabase({ what: "codes", applicationName: "campus-flood", statementTimeoutMs: 30_000 }, (db) =>
    db.row<Rows>(
      sql`select (select count(*)::int from otps) as otps, (select count(*)::int from outbox where topic = 'sms.otp') as outbox`,
    ),
  );
  if (!rows) throw new Error("The database counts nothing.");
  return rows;
};

async function floodCodes({ base_url, students }: Started, count: number): Promise<string[]> {
  const url = `${base_url}/api/v1/auth/request-otp`;
  const before = await rowsOfCodes();
  const flood = () =>
    inParallel(count, async (index) =>
      (
        await post(url, {
          phone: `+4676${String(index * 97)
            .padStart(7, "0")
            .slice(-7)}`,
        })
      ).text(),
    );
  let asked = 0;
  const { statuses, p95Ms, seconds } = await beside(flood, () => post(url, { phone: students[asked++ % students.length]?.phone }));
  const after = await rowsOfCodes();
  const served = Math.min(statuses.length, students.length * 3);
  const [codes, messages] = [after.otps - before.otps, after.outbox - before.outbox];
  console.log(
    `${count} requests for phones that nobody has in ${seconds.toFixed(1)} s: ${codes} codes and ${messages} messages written, the honest students' included ` +
      `(${served} at most); the budget of a day for this network is ${dayBudget} · ${statuses.length} honest requests beside them, p95 ${p95Ms.toFixed(0)} ms`,
  );
  const refused = statuses.slice(0, students.length).filter((status) => status !== 200).length;
  return [
    ...(Math.max(codes, messages) > dayBudget + served ? [`${messages} messages went out, ${dayBudget} are the budget`] : []),
    ...(refused > 0 ? [`${refused} students got no code`] : []),
  ];
}

// All of it comes from one network, whose codes nobody types: it gets half of the 3,000 that strangers have.
const dayBudget = 1_500;

await runCommand(import.meta, command, async ({ values }) => {
  const started = JSON.parse(readFileSync(findHome().start, "utf8")) as Started;
  const problems = [...(await floodLogins(started, Number(values.logins))), ...(await floodCodes(started, Number(values.otps)))];
  for (const problem of problems) console.error(problem);
  return problems.length > 0 ? 1 : 0;
});
