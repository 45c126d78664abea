import { spawn } from "node:child_process";
import path from "node:path";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { burningDays, consoleActions, type GameDay, gameDays, plantedDays, plantedEvents } from "../dashboards/gamedays.ts";
import { doAtConsole, train } from "./gameday/trainee.ts";

const root = path.join(import.meta.dirname, "..");
const pictures = "app/testing/gamedays/pictures.test.ts";
const names = [...gameDays, ...plantedDays, ...burningDays, ...plantedEvents].map(({ name }) => name);

export const command = {
  name: "npm run gameday",
  for: "on call",
  what: "Puts a fault into a campus of its own, hears the alarm within its time and no other page, mends it by the runbook and checks the books. With random a person mends it.",
  touches:
    "nothing that runs: a campus, a PostgreSQL and a Redis of its own, gone at the end. `pictures` writes docs/pictures/board-*.webp.",
  takes: {
    "[NAME|random|all|pictures]": `${names.join(", ")}; without a name they are listed. random puts one in, does not say which, and times you; pictures draws every dashboard from an hour of them`,
    "[do ACTION]": `while a random one runs, in another terminal: ${Object.keys(consoleActions).join(", ")}`,
  },
  environment: { GAMEDAY_NAME: "for a trainer: with random, this day instead of one by chance" },
  exits: { 1: "the alarm did not ring in time, another page rang, it did not end, or the books are broken" },
} as const satisfies Command;

const list = (days: readonly GameDay[]): string =>
  days
    .map(
      ({ name, fault, alarm, withinMinutes, page }) => `${name}\n    ${fault}: ${alarm} within ${withinMinutes} min, runbooks/${page}.md`,
    )
    .join("\n");

function everyDay(): string {
  const events = plantedEvents.map(({ name, fault, alarm, page }) => `${name}\n    ${fault}: ${alarm} at once, runbooks/${page}.md`);
  const onAws =
    "What only AWS can say, or what takes hours: the lines of its metrics are planted, and the synthesized alarms are evaluated on them.";
  return [list(gameDays), "", onAws, list(plantedDays), list(burningDays), ...events].join("\n");
}

function chosen(name: string): string {
  if (name === "all") return "game day";
  if (names.some((one) => one === name)) return `game day ${name}:`;
  throw refuse(command, `there is no game day "${name}"; there are ${names.join(", ")}, random and all.`);
}

/** The days are tests: what they prove in `npm test` they prove here, with their times printed. */
function run(...what: readonly string[]): Promise<number> {
  const args = ["run", ...what, "--reporter", "default"];
  const child = spawn(path.join(root, "node_modules/.bin/vitest"), args, {
    cwd: root,
    env: { ...process.env, GAMEDAY: "1", ...(what.includes(pictures) ? { GAMEDAY_PICTURES: "1" } : {}) },
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0 ? 0 : 1));
  });
}

await runCommand(import.meta, command, async ({ positionals }) => {
  const [name, ...more] = positionals;
  if (name === "do") return doAtConsole(command, more);
  if (more.length > 0) throw refuse(command, "say one name.");
  if (name === undefined) return void process.stdout.write(`${everyDay()}\n`);
  if (name === "random") return train(root);
  if (name === "pictures") return run(pictures);
  return run("app/testing/gamedays/gamedays.test.ts", "stacks/gamedays.test.ts", "-t", chosen(name));
});
