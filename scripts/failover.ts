// `npm run failover`: the other region takes over, for good or because this one is lost.
import { stdin, stdout } from "node:process";
import { createInterface } from "node:readline/promises";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { readCrossing, spreadEpoch } from "./failover/crossing.ts";
import { type Sides, towards } from "./failover/sides.ts";
import { cross, nextCrossing, planOf, report, type Wanted } from "./failover/steps.ts";
import { onlyEnvironment, publicUrl } from "./release/target.ts";

export const command = {
  name: "npm run failover",
  for: "on call",
  what: "Lets the other region take over: fences the old writer by a new epoch, promotes the copy, starts machines, switches Route 53, waits until it debits, and tells how long it took and what was lost.",
  touches:
    "the parameters /campus/ENVIRONMENT/epoch and /campus/ENVIRONMENT/failover, RDS, Auto Scaling and the health check in Route 53; nothing in the region that is left but its epoch. Stopped at any moment and run again it goes on where it was.",
  takes: { ENVIRONMENT: "pilot, staging or production" },
  options: {
    to: { type: "string", value: "REGION", help: "the region that takes over" },
    planned: { type: "boolean", help: "the old region is well: wait until it is at rest and the copy has all of it" },
    "lost-at": {
      type: "string",
      value: "TIME",
      help: "when it was lost, as 2027-03-01T10:15:00Z: the recovery time counts from then, not from now",
    },
    url: { type: "string", value: "URL", help: "the public address; that of the environment unless said" },
    yes: { type: "boolean", help: "do not ask: somebody decided already" },
    "dry-run": { type: "boolean", help: "show the plan" },
  },
  environment: {
    CAMPUS_USERNAME: "a finance login, to list what was lost",
    CAMPUS_PASSWORD: "and its password",
    CAMPUS_TOTP: "and a code of its authenticator app; in a terminal leave it out: it is asked for when it is needed",
    OLD_DATABASE_URL: "the old primary where it can be read: its receipts are compared (npm run failover:compare)",
  },
  exits: { 1: "not there yet: the line above says why; run it again" },
} as const satisfies Command;

export const say = (line: string) => void stdout.write(`${line}\n`);

/** What is hard to undo, or cannot be, is typed and not pressed. */
export async function mustAgree(word: string, why = "This cannot be undone."): Promise<void> {
  if (!stdin.isTTY) throw new PlainError("nobody is here to ask: with --yes it goes on without.", 2);
  const lines = createInterface({ input: stdin, output: stdout });
  const typed = await lines.question(`${why} Type ${word} to go on: `).finally(() => lines.close());
  if (typed.trim() !== word) throw new PlainError(`nothing was done: "${typed.trim()}" was typed, and ${word} is asked for.`);
}

function momentOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at) || at > Date.now()) throw refuse(command, `--lost-at is "${text}", and a moment in the past is needed.`);
  return new Date(at).toISOString();
}

async function failOver(sides: Sides, wanted: Wanted, isDryRun: boolean, isAgreed: boolean): Promise<void> {
  const crossing = await nextCrossing(sides, wanted);
  if (!crossing) {
    say(`${sides.to.region} writes already: nothing is left to do.`);
    if (!isDryRun) await spreadEpoch(sides, say);
    const last = await readCrossing(sides.to);
    return last && report(last, wanted, say);
  }
  for (const line of await planOf(sides, crossing, wanted)) say(line);
  if (isDryRun) return;
  if (!isAgreed) await mustAgree(sides.to.region);
  await report(await cross(sides, crossing, wanted, say), wanted, say);
}

await runCommand(import.meta, command, async ({ values, positionals }) => {
  const sides = towards(onlyEnvironment(command, positionals), values.to);
  const lostAt = momentOf(values["lost-at"]);
  const wanted = { isPlanned: values.planned === true, ...(lostAt && { lostAt }), url: publicUrl(sides.environment, values.url) };
  await failOver(sides, wanted, values["dry-run"] === true, values.yes === true);
});
