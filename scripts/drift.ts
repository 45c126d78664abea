import { join } from "node:path";
import { type Command, refuse, runCommand } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { environments } from "../regions/index.ts";
import { type Look, lookAtGroups, lookAtStack, type Seen } from "./drift/look.ts";
import { placeOf } from "./drift/place.ts";
import { exitCodeOf, exitCodes, linesOf, verdict } from "./drift/report.ts";
import { checkAccount } from "./preflight/account.ts";
import { lineOf } from "./preflight/finding.ts";
import { cacheFolder } from "./rehearse/places.ts";
import { stopAll } from "./rehearse/processes.ts";
import { synthesize, takeFolder } from "./rehearse/site.ts";

export const command = {
  name: "npm run drift",
  for: "on call",
  what: "Says where what stands in the account differs from what the code says; made for a schedule.",
  touches: "nothing in the account; it synthesises into .cache/drift.",
  takes: { "[ENVIRONMENT]": `${Object.keys(environments).join(", ")}; pilot unless said` },
  environment: { CAMPUS_ENVIRONMENT: "the environment, where none is named" },
  exits: { 1: "something drifted", 2: "something could not be seen, or what was typed is not understood" },
} as const satisfies Command;

const drift = async (name: string): Promise<number> => {
  const environment = environments[name];
  if (!environment) throw refuse(command, `there is no environment "${name}"; there are ${Object.keys(environments).join(", ")}.`);
  const folder = join(cacheFolder, "drift", name);
  takeFolder(folder);
  const place = await placeOf(folder);
  if (!place.isRehearsal) {
    const account = await checkAccount(environment);
    console.log(lineOf(account));
    if (account.kind === "stop") return exitCodes.notSeen;
  }
  const stacks = await synthesize(place.site, { command: "node stacks/main.ts", env: { CAMPUS_ENVIRONMENT: name } });
  const looks: Look[] = [];
  for (const stack of stacks) {
    const look = await lookAtStack(place, stack);
    looks.push(look);
    tell(look.seen);
  }
  const groups: Seen[] = [];
  for (const region of new Set(looks.map((look) => look.region))) {
    const seen = await lookAtGroups(
      place,
      region,
      looks.filter((look) => look.region === region),
    );
    groups.push(seen);
    tell(seen);
  }
  const all = [...looks.map(({ seen }) => seen), ...groups];
  console.log(verdict(all));
  return exitCodeOf(all);
};

const tell = (seen: Seen): void => {
  for (const line of linesOf(seen)) console.log(line);
};

await runCommand(import.meta, command, async ({ positionals }) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopAll().then(() => process.exit(exitCodes.notSeen)));
  return drift(positionals[0] ?? process.env.CAMPUS_ENVIRONMENT ?? "pilot").catch((error: unknown) => {
    if (error instanceof PlainError) throw error;
    console.error(`drift could not be checked: ${(error as Error).message}`);
    return exitCodes.notSeen;
  });
});
