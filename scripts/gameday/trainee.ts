import { type ChildProcess, spawn } from "node:child_process";
import { randomInt } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import path from "node:path";
import { type Command, refuse } from "../../app/local/command.ts";
import { findHome } from "../../app/local/home.ts";
import { PlainError } from "../../app/local/plain-error.ts";
import { listenLocally } from "../../app/local/ports.ts";
import type { TrainingResult } from "../../app/testing/gamedays/training.ts";
import { consoleActions, type GameDayName, gameDays } from "../../dashboards/gamedays.ts";

const forTrainees: readonly GameDayName[] = gameDays.filter((day) => !("notAlone" in day)).map(({ name }) => name);

const envFile = (): string => path.join(findHome().folder, "gameday.env");

const howTo = (file: string): string => `
Something is wrong on this campus. The pager will say which alarm rings; a minute of its clock lasts five seconds of yours while you
work, and less before it rings and when it is mended: an alarm ends minutes after that, by its own window.
In another terminal, in this folder:

    source ${path.relative(process.cwd(), file)}      # the runbooks' commands then ask this campus
    npm run gameday -- do ACTION         # what on AWS would be done to a thing, where the page's own commands do not do it:
${Object.entries(consoleActions)
  .map(([name, about]) => `        ${name.padEnd(20)} ${about}`)
  .join("\n")}

Find the alarm in runbooks/README.md and follow its page from the top.
`;

const interrupted = 130;

interface Told {
  readonly line?: string;
  readonly begun?: true;
  readonly result?: TrainingResult;
  readonly broken?: readonly string[];
}

/** `npm run gameday -- random`: a day is chosen, goes in unseen, and the person is timed. */
export async function train(root: string): Promise<number> {
  const wanted = process.env.GAMEDAY_NAME;
  if (wanted !== undefined && !forTrainees.includes(wanted as GameDayName))
    throw new PlainError(`GAMEDAY_NAME is "${wanted}", and a person can be trained on ${forTrainees.join(", ")} alone.`, 2);
  const name = wanted ?? forTrainees[randomInt(forTrainees.length)];
  const file = envFile();
  if (existsSync(file)) throw new PlainError(`${file} is there: another game day runs, or one was killed. Remove it to begin.`);
  mkdirSync(path.dirname(file), { recursive: true });
  let last: Told = {};
  const pager = createServer((request, response) => {
    readJson(request).then((told) => {
      if (told.begun) process.stdout.write(howTo(file));
      if (told.line) process.stdout.write(`☎  ${told.line}\n`);
      if (told.result) last = told;
      response.end();
    });
  });
  const url = `http://127.0.0.1:${await listenLocally(pager)}`;
  process.stdout.write("A campus of its own is made ready; that takes half a minute …\n");
  try {
    const day = startDay(root, { GAMEDAY_TRAINEE: name, GAMEDAY_PAGER: url, GAMEDAY_ENV_FILE: file });
    // Ctrl-C reaches the day as well; this process stays until it has taken its campus down.
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void day.kill(signal));
    const output = await ended(day);
    if (day.signalCode !== null || day.exitCode === 130) return interrupted;
    if (!last.result) throw new PlainError(`the game day broke off:\n${output.slice(-2_000)}`);
    return report(last.result, last.broken ?? []);
  } finally {
    rmSync(file, { force: true });
    pager.close();
    pager.closeAllConnections();
  }
}

function startDay(root: string, env: NodeJS.ProcessEnv): ChildProcess {
  const args = ["run", "app/testing/gamedays/training.test.ts", "-t", "a trainee"];
  return spawn(path.join(root, "node_modules/.bin/vitest"), args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

const ended = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let output = "";
    const take = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("error", reject);
    child.once("close", () => resolve(output));
  });

const minutes = (seconds: number): string => `${Math.floor(seconds / 60)} min ${seconds % 60} s`;

function report({ day, minutesToPager, secondsToMend, inVain }: TrainingResult, broken: readonly string[]): number {
  const { fault, page } = gameDays.find(({ name }) => name === day) as (typeof gameDays)[number];
  process.stdout.write(`
It was ${day}: ${fault}.
${minutesToPager === undefined ? `It was mended after ${minutes(secondsToMend)}, before any alarm rang` : `The pager rang after ${minutesToPager} minutes of its clock; ${minutes(secondsToMend)} of yours later it was mended`}. Its page: runbooks/${page}.md.
${inVain.length === 0 ? "Nothing was done in vain." : `Done in vain: ${inVain.join(", ")}.`}
${broken.length === 0 ? "The books are sound." : `The books are broken: ${broken.join(", ")}.`}
Write the minutes down, and what the page did not say.
`);
  return broken.length === 0 ? 0 : 1;
}

async function readJson(request: IncomingMessage): Promise<Told> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return JSON.parse(text) as Told;
}

/** `npm run gameday -- do start-redis`, in the other terminal. */
export async function doAtConsole(command: Pick<Command, "name">, words: readonly string[]): Promise<void> {
  const [action, ...more] = words;
  if (action === undefined || more.length > 0 || !(action in consoleActions))
    throw refuse(command, `say one of ${Object.keys(consoleActions).join(", ")} after "do".`);
  const file = envFile();
  const url = existsSync(file) ? /^export GAMEDAY_CONSOLE='(.+)'$/m.exec(readFileSync(file, "utf8"))?.[1] : undefined;
  if (!url) throw new PlainError("No game day waits for you: begin one with `npm run gameday -- random`.");
  const answer = await fetch(`${url}/${action}`, { method: "POST" });
  process.stdout.write(await answer.text());
}
