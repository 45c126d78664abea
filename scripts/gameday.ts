import { spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import path from "node:path";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { type GameDay, gameDays } from "../dashboards/gamedays.ts";

const root = path.join(import.meta.dirname, "..");
const names = gameDays.map(({ name }) => name);

export const command = {
  name: "npm run gameday",
  for: "on call",
  what: "Puts a fault into a campus of its own, hears the alarm within its time and no other page, mends it by the runbook and checks the books.",
  touches: "nothing that runs: a campus, a PostgreSQL and a Redis of its own, gone at the end.",
  takes: { "[NAME|random|all]": `${names.join(", ")}; without a name they are listed` },
  exits: { 1: "the alarm did not ring in time, another page rang, it did not end, or the books are broken" },
} as const satisfies Command;

const list = (days: readonly GameDay[]): string =>
  days
    .map(
      ({ name, fault, alarm, withinMinutes, page }) => `${name}\n    ${fault}: ${alarm} within ${withinMinutes} min, runbooks/${page}.md`,
    )
    .join("\n");

function chosen(name: string): string {
  if (name === "all") return "game day";
  const day = name === "random" ? gameDays[randomInt(gameDays.length)] : gameDays.find((one) => one.name === name);
  if (!day) throw refuse(command, `there is no game day "${name}"; there are ${names.join(", ")}, random and all.`);
  return `game day ${day.name}:`;
}

/** The days are tests: what they prove in `npm test` they prove here, with their times printed. */
function run(pattern: string): Promise<number> {
  const args = ["run", "app/testing/gamedays", "-t", pattern, "--reporter", "default"];
  const child = spawn(path.join(root, "node_modules/.bin/vitest"), args, {
    cwd: root,
    env: { ...process.env, GAMEDAY: "1" },
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code === 0 ? 0 : 1));
  });
}

await runCommand(import.meta, command, async ({ positionals }) => {
  const [name, ...more] = positionals;
  if (more.length > 0) throw refuse(command, "say one name.");
  if (name === undefined) return void process.stdout.write(`${list(gameDays)}\n`);
  return run(chosen(name));
});
