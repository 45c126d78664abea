import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { boards } from "../../../dashboards/boards.ts";
import type { GameDayName } from "../../../dashboards/gamedays.ts";
import { projectRoot } from "../../local/home.ts";
import { startRedis } from "../../local/redis.ts";
import { type Campus, startCampus } from "../campus.ts";
import { startClock } from "./day.ts";
import { drawBoards, pictureOf } from "./draw-board.ts";
import { calmMinute, type Fault, faults, openStage, type Stage } from "./faults.ts";

let campus: Campus;
let stage: Stage;

beforeAll(async () => {
  const redis = await startRedis({ logFile: "/dev/null" });
  campus = await startCampus({ env: { REDIS_URL: redis.url } });
  stage = await openStage(campus, redis);
});
afterAll(async () => {
  await campus.end();
  await stage.redis.stop();
});

/** An hour in which three things go wrong, one after the other. */
const hour: readonly { readonly fault: GameDayName; readonly calm: number; readonly minutes: number }[] = [
  { fault: "redis-stopped", calm: 15, minutes: 6 },
  { fault: "blocked-scans", calm: 12, minutes: 3 },
  { fault: "connections-exhausted", calm: 12, minutes: 6 },
];

/** `npm run gameday -- pictures` writes what is drawn here to docs/pictures. */
test("every dashboard is drawn from the data of game days, with each of its panels", { timeout: 180_000 }, async () => {
  let fault: Fault | undefined;
  const clock = startClock(campus, { awsSays: async () => (await fault?.awsSays?.()) ?? {} });
  for (const { fault: name, calm, minutes } of hour) {
    for (let minute = 0; minute < calm; minute += 1) await clock.minute(() => calmMinute(stage, minute));
    const today = faults[name](stage);
    fault = today;
    await today.begin?.();
    for (let minute = 0; minute < minutes; minute += 1) await clock.minute(() => today.minute());
    await today.mend();
  }
  while (clock.minutes < 60) await clock.minute(() => calmMinute(stage, clock.minutes));
  const pictures = drawBoards(clock.metrics, clock.minutes * 60_000);
  for (const board of boards) {
    const picture = pictures.get(pictureOf(board)) ?? "";
    for (const { title } of board.panels) expect(picture).toContain(`>${title.replaceAll("'", "&#39;")}</text>`);
    const webp = await sharp(Buffer.from(picture)).webp({ quality: 80 }).toBuffer();
    if (process.env.GAMEDAY_PICTURES) await sharp(webp).toFile(join(projectRoot, "docs/pictures", `${pictureOf(board)}.webp`));
  }
  expect(pictures.get("board-redis")).toContain("redis-down 1");
});
