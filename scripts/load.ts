import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { readOrMakeSecrets } from "../app/local/secrets.ts";
import { handfulOf } from "./load/handful.ts";
import { openPlace, type Place } from "./load/place.ts";
import { junit, loadPage, type Result, renderLoadPage, resultsFolder } from "./load/report.ts";
import { type ProfileName, profiles, runScenario } from "./load/run.ts";
import { type Scenario, scenarios } from "./load/scenarios.ts";
import type { StartFile } from "./start/start-file.ts";
import { findK6 } from "./test/k6-program.ts";

const cannot = 3;

export const command = {
  name: "npm run load",
  for: "developer",
  what: "Runs load and failures: breaks what the scenario says, pays through it by k6, asks the ledger, and says which alarm had to ring and which did.",
  touches:
    "a system of its own on this machine, which it ends; reports go into .cache/load. Another place only where it is named, a sandbox, and agreed to twice.",
  takes: {
    "NAME|all|handful": `${scenarios.map(({ name }) => name).join(", ")}; all leaves out ${scenarios
      .filter(({ apart }) => apart)
      .map(({ name }) => name)
      .join(", ")}; handful is one load and four failures, chosen by the day`,
  },
  options: {
    profile: {
      type: "string",
      value: "NAME",
      default: "smoke",
      help: "smoke (5 scans a second for 12 s), lunch (25 for a minute) or peak (60 for a minute)",
    },
    target: {
      type: "string",
      value: "local|URL",
      default: "local",
      help: "another place: its sandbox answers at URL; nothing is broken there",
    },
    "start-file": { type: "string", value: "FILE", help: "of the other place: who may log in there (start.json)" },
    day: { type: "string", value: "YYYY-MM-DD", help: "of the handful; today, in UTC, unless told" },
    write: { type: "boolean", help: "then write docs/load.md from the last run of each" },
  },
  exits: { 1: "a scenario failed", 3: "there is neither k6 nor Go to build it" },
} as const satisfies Command;

interface Asked {
  readonly profile: string;
  readonly target: string;
  readonly "start-file": string | undefined;
  readonly day: string | undefined;
  readonly write: boolean | undefined;
}

async function main(names: readonly string[], values: Asked): Promise<number> {
  const chosen = choose(names, values.day ?? new Date().toISOString().slice(0, 10));
  if (!(values.profile in profiles))
    throw refuse(command, `there is no profile "${values.profile}": take ${Object.keys(profiles).join(", ")}.`);
  const k6 = await findK6();
  if ("missing" in k6) {
    console.error(`SKIP load: ${k6.missing}`);
    return cannot;
  }
  const profile = values.profile as ProfileName;
  const results =
    values.target === "local" ? await runHere(k6.program, chosen, profile) : await runThere(k6.program, chosen, profile, values);
  writeFileSync(path.join(resultsFolder, "junit.xml"), junit(results));
  if (values.write) writeFileSync(loadPage, renderLoadPage());
  const failed = results.filter(({ problems }) => problems.length > 0);
  console.log(
    `${results.length - failed.length} of ${results.length} scenarios passed${failed.length === 0 ? "" : `; failed: ${failed.map(({ scenario }) => scenario).join(", ")}`}`,
  );
  return failed.length === 0 ? 0 : 1;
}

function choose(names: readonly string[], day: string): readonly Scenario[] {
  if (names.length === 0) throw refuse(command, "which scenario?");
  if (!/^\d{4}-\d\d-\d\d$/.test(day) || Number.isNaN(Date.parse(day))) throw refuse(command, `--day ${day} is no day.`);
  return names.flatMap((name) => {
    if (name === "all") return scenarios.filter(({ apart }) => !apart);
    if (name === "handful") {
      const chosen = handfulOf(day, scenarios);
      console.log(
        `the handful of ${day}: ${chosen.map((scenario) => scenario.name).join(", ")}; again: npm run load -- handful --day ${day}`,
      );
      return chosen;
    }
    const found = scenarios.find((scenario) => scenario.name === name);
    if (!found) throw refuse(command, `there is no scenario "${name}".`);
    return found;
  });
}

/** One system for all that need no variables of their own and leave nothing behind: after a knee, what came too late is still told. */
async function runHere(k6: string, chosen: readonly Scenario[], profile: ProfileName): Promise<Result[]> {
  const stopping = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopping.abort());
  const results: Result[] = [];
  for (const group of Map.groupBy(chosen, ({ name, env = {}, apart }) => JSON.stringify([env, apart && name])).values()) {
    if (stopping.signal.aborted) break;
    console.log(`starting a system for ${group.map(({ name }) => name).join(", ")} …`);
    const place = await openPlace(stopping.signal, group[0]?.env ?? {});
    try {
      for (const scenario of group) {
        if (stopping.signal.aborted) break;
        results.push(await runScenario(k6, scenario, profile, ofPlace(place)));
      }
    } finally {
      await place.end();
    }
  }
  return results;
}

function ofPlace(place: Place) {
  const { app } = readOrMakeSecrets(place.system.home.secrets);
  return { startFile: place.system.home.start, webhookSecret: app.GATEWAY_WEBHOOK_SECRET, place };
}

/** At somebody's own place: only a sandbox, which no production can be, only named twice, and nothing is broken there. */
async function runThere(
  k6: string,
  chosen: readonly Scenario[],
  profile: ProfileName,
  { target, "start-file": startFile }: Asked,
): Promise<Result[]> {
  const broken = chosen.filter(({ fault, env }) => fault ?? env);
  if (broken.length > 0)
    throw refuse(command, `${broken.map(({ name }) => name).join(", ")} break something or need a setting: they run here only.`);
  if (!startFile || !existsSync(startFile)) throw refuse(command, "--target URL needs --start-file FILE: the start.json of that place.");
  const { base_url } = JSON.parse(readFileSync(startFile, "utf8")) as StartFile;
  const { host } = new URL(target);
  if (new URL(base_url).host !== host) throw refuse(command, `${startFile} is of ${base_url}, not of ${target}.`);
  const isSandbox = await fetch(new URL("/sandbox/health", target)).then(
    ({ ok }) => ok,
    () => false,
  );
  if (!isSandbox)
    throw new PlainError(`${target} does not answer /sandbox/health: load is put on sandboxes only, which no production can be.`, 2);
  await agreeTwice(host);
  const results: Result[] = [];
  const webhookSecret = process.env.WEBHOOK_SECRET ?? "";
  for (const scenario of chosen) results.push(await runScenario(k6, scenario, profile, { startFile, webhookSecret, place: undefined }));
  return results;
}

async function agreeTwice(host: string): Promise<void> {
  if (!process.stdin.isTTY) throw new PlainError(`Load on ${host} is agreed to by a person: run it in a terminal.`, 2);
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    for (const question of [`This puts load on ${host}. Type its name: `, "It will make orders and payments there. Type the name again: "])
      if ((await terminal.question(question)).trim() !== host) throw new PlainError("That is not its name: nothing was done.", 2);
  } finally {
    terminal.close();
  }
}

await runCommand(import.meta, command, ({ positionals, values }) => main(positionals, values));
