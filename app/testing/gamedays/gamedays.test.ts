import { afterAll, beforeAll, expect, test } from "vitest";
import { gameDays } from "../../../dashboards/gamedays.ts";
import { checkLedger } from "../../ledger/check-ledger.ts";
import { type LocalRedis, startRedis } from "../../local/redis.ts";
import { type Campus, startCampus } from "../campus.ts";
import { type Clock, startClock } from "./day.ts";
import { calmMinute, faults, openStage, type Stage } from "./faults.ts";

let campus: Campus;
let redis: LocalRedis;
let stage: Stage;

beforeAll(async () => {
  redis = await startRedis({ logFile: "/dev/null" });
  campus = await startCampus({ env: { REDIS_URL: redis.url } });
  stage = await openStage(campus, redis);
  // What was done before the day is no event of it.
  for (const { platform } of campus.processes) platform.metrics.embeddedLines(0);
  campus.worker.metrics.embeddedLines(0);
});
afterAll(async () => {
  await stage.copy?.end();
  await campus.end();
  await stage.redis.stop();
});

const calmMinutesBefore = 6;
/** The longest that an alarm may go on: its window of two hours, and two of its periods in which nothing was said. */
const endsWithinMinutes = 240;

async function calm(clock: Clock, minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1)
    expect(await clock.minute(() => calmMinute(stage, minute)), `minute ${clock.minutes} of a calm lunch`).toEqual([]);
}

/** `npm run gameday -- NAME` runs one of these and prints its times. */
test.each(gameDays)(
  "game day $name: $fault, $alarm rings in time and no other page does, its page mends it",
  async (day) => {
    const fault = faults[day.name](stage);
    const clock = startClock(campus, fault);
    await calm(clock, calmMinutesBefore);

    await fault.begin?.();
    const beganAt = clock.minutes;
    let ringing: readonly string[] = [];
    while (!ringing.includes(day.alarm)) {
      expect(clock.minutes - beganAt, `${day.alarm} did not ring in time; there rang ${ringing.join(", ") || "nothing"}`).toBeLessThan(
        day.withinMinutes,
      );
      ringing = await clock.minute(() => fault.minute());
    }
    const rangAfter = clock.minutes - beganAt;
    const family = day.alarm.replace(/-(fast|medium|slow)-burn$/, "");
    const others = clock.ringing("page").filter((name) => name !== day.alarm && !name.startsWith(family));
    expect(others, "other pages").toEqual([]);

    await fault.mend();
    const mendedAt = clock.minutes;
    const quiet = async () => {
      await fault.minute();
    };
    while (clock.ringing("page").length > 0 || clock.ringing("ticket").includes(day.alarm)) {
      expect(clock.minutes - mendedAt, `${day.alarm} did not end; there ring ${clock.ringing("page").join(", ")}`).toBeLessThan(
        endsWithinMinutes,
      );
      await clock.minute(clock.minutes - mendedAt < 3 ? quiet : async () => undefined);
    }
    await fault.end?.();
    expect((await checkLedger(campus.worker.db)).invariants.filter(({ ok }) => !ok)).toEqual([]);
    if (process.env.GAMEDAY)
      console.log(
        `GAMEDAY ${day.name}: ${day.alarm} rang after ${rangAfter} min (promised ${day.withinMinutes}), ended ${clock.minutes - mendedAt} min after it was mended`,
      );
  },
  300_000,
);
