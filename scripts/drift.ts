import { join } from "node:path";
import { environments } from "../regions/index.ts";
import { type Look, lookAtGroups, lookAtStack, type Seen } from "./drift/look.ts";
import { placeOf } from "./drift/place.ts";
import { exitCodeOf, exitCodes, linesOf, verdict } from "./drift/report.ts";
import { checkAccount } from "./preflight/account.ts";
import { lineOf } from "./preflight/finding.ts";
import { cacheFolder } from "./rehearse/places.ts";
import { stopAll } from "./rehearse/processes.ts";
import { synthesize, takeFolder } from "./rehearse/site.ts";

/** `npm run drift [-- ENVIRONMENT]`, on a schedule: does what stands differ from what the code says? Changes nothing. */
const name = process.argv[2] ?? process.env.CAMPUS_ENVIRONMENT ?? "pilot";

const drift = async (): Promise<number> => {
  const environment = environments[name];
  if (!environment) throw new Error(`there is no environment "${name}"; there are ${Object.keys(environments).join(", ")}.`);
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

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stopAll().then(() => process.exit(exitCodes.notSeen)));

try {
  process.exitCode = await drift();
} catch (error) {
  console.error(`drift could not be checked: ${(error as Error).message}`);
  process.exitCode = exitCodes.notSeen;
}
