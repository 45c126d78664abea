import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type GameDay, type GameDayName, gameDays } from "../../../dashboards/gamedays.ts";
import { checkLedger } from "../../ledger/check-ledger.ts";
import { startRedis } from "../../local/redis.ts";
import { type Campus, startCampus } from "../campus.ts";
import { startCopyOf } from "./copy.ts";
import { startClock } from "./day.ts";
import { addressOf, calmMinute, type Fault, faults, masterOf, openStage, type Stage } from "./faults.ts";
import { train } from "./training.ts";

let campus: Campus;
let stage: Stage;

beforeAll(async () => {
  const redis = await startRedis({ logFile: "/dev/null" });
  campus = await startCampus({ env: { REDIS_URL: redis.url } });
  stage = await openStage(campus, redis);
  for (const { platform } of campus.processes) platform.metrics.embeddedLines(0);
  campus.worker.metrics.embeddedLines(0);
});
afterAll(async () => {
  await stage.copy?.end();
  await campus.end();
  await stage.redis.stop();
});

const dayNamed = (name: GameDayName): GameDay => gameDays.find((one) => one.name === name) as GameDay;

async function trainOn(name: GameDayName, options: Omit<Parameters<typeof train>[0], "day" | "fault" | "clock">) {
  const fault: Fault = faults[name](stage);
  const clock = startClock(campus, fault);
  for (let minute = 0; minute < 6; minute += 1) await clock.minute(() => calmMinute(stage, minute));
  return train({ day: dayNamed(name), fault, clock, ...options });
}

const wanted = process.env.GAMEDAY_TRAINEE as GameDayName | undefined;
const post = async (url: string, body: unknown) =>
  void (await fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }));

/** `npm run gameday -- random` runs this, hears the lines at GAMEDAY_PAGER and prints them. */
test.runIf(wanted)("a trainee", { timeout: 7_200_000 }, async () => {
  const pager = process.env.GAMEDAY_PAGER ?? "";
  Object.assign(stage, { copy: await startCopyOf(campus) });
  const result = await trainOn(wanted as GameDayName, {
    minuteMs: Number(process.env.GAMEDAY_MINUTE_MS ?? 5_000),
    tell: (line) => void post(pager, { line }),
    async onBegun(console) {
      const processes = [...campus.processes, ...campus.released].map(({ url }) => url).join(" ");
      const env = {
        CAMPUS_URL: campus.processes[0].url,
        CAMPUS_PROCESSES: processes,
        ...masterOf(campus),
        COPY_DATABASE_URL: addressOf(stage.copy?.url ?? "").address,
      };
      const lines = Object.entries(env).map(([key, value]) => `export ${key}='${value}'\n`);
      writeFileSync(process.env.GAMEDAY_ENV_FILE ?? "", [...lines, `export GAMEDAY_CONSOLE='${console}'\n`].join(""), { mode: 0o600 });
      await post(pager, { begun: true });
    },
  });
  const broken = (await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok).map(({ id }) => id);
  await post(pager, { result, broken });
});

test("a training gives the alarm's name and no more, counts what was done in vain, and ends when the right thing was done", async () => {
  const told: string[] = [];
  let consoleUrl = "";
  const result = await trainOn("redis-stopped", {
    minuteMs: 0,
    onBegun: (url) => {
      consoleUrl = url;
    },
    async tell(line) {
      told.push(line);
      if (!line.endsWith("redis-down rings")) return;
      await fetch(`${consoleUrl}/roll-back`, { method: "POST" });
      await fetch(`${consoleUrl}/start-redis`, { method: "POST" });
    },
  });
  expect(result).toMatchObject({ day: "redis-stopped", inVain: ["roll-back"] });
  expect(told.map((line) => line.replace(/^minute \d+: /, ""))).toEqual(["redis-down rings", "redis-down has ended"]);
});

test("a training sees that the page's own command mended it on the database", async () => {
  const told: string[] = [];
  const result = await trainOn("dead-letters", {
    minuteMs: 0,
    async tell(line) {
      told.push(line);
      if (line.includes("outbox-dead rings"))
        await campus.sql`update outbox set dead_at = null, tries = 0, due_at = now() where dead_at is not null`;
    },
  });
  expect(result).toMatchObject({ day: "dead-letters", inVain: [] });
});

test("who mends it before any alarm rings is told so, and does not wait for one", async () => {
  const redrive = () => campus.sql`update outbox set dead_at = null, tries = 0, due_at = now() where dead_at is not null`;
  const result = await trainOn("dead-letters", { minuteMs: 0, tell: () => undefined, onBegun: async () => void (await redrive()) });
  expect(result).toMatchObject({ day: "dead-letters", minutesToPager: undefined });
});
