// `npm run failback`: after a failover, a copy again in the region that was lost, and home again when it is quiet.
import { type Command, runCommand } from "../app/local/command.ts";
import { capabilities, regionPlans } from "../regions/index.ts";
import { asideName, copyInPlace, followsIn } from "./failover/copy.ts";
import { currentEpoch, spreadEpoch } from "./failover/crossing.ts";
import { mustHaveDatabase } from "./failover/database.ts";
import { type Sides, towards } from "./failover/sides.ts";
import { cross, nextCrossing, planOf, report } from "./failover/steps.ts";
import { mustAgree, say } from "./failover.ts";
import { onlyEnvironment, publicUrl } from "./release/target.ts";

export const command = {
  name: "npm run failback",
  for: "on call",
  what: "Makes a copy of the writer in the region that no longer writes, whose old database is put aside as a witness; with --home it then crosses to it as planned, with nothing lost, and makes the other copy anew.",
  touches:
    "RDS in both regions; with --home what npm run failover touches. No database is deleted. Stopped at any moment and run again it goes on where it was.",
  takes: { ENVIRONMENT: "pilot, staging or production" },
  options: {
    home: { type: "boolean", help: "also go home: a minute or two without payments, in a quiet hour" },
    url: { type: "string", value: "URL", help: "the public address; that of the environment unless said" },
    yes: { type: "boolean", help: "do not ask: somebody decided already" },
    "dry-run": { type: "boolean", help: "show the plan" },
  },
  exits: { 1: "not there yet: the line above says why; run it again" },
} as const satisfies Command;

interface Wish {
  readonly goesHome: boolean;
  readonly isDryRun: boolean;
  readonly isAgreed: boolean;
  readonly url: string;
}

async function makeCopy({ from, to }: Sides, epoch: number, wish: Wish): Promise<void> {
  if (await followsIn(to)) return say(`${to.database} follows ${from.database} already`);
  say(`${to.region}: ${to.database} becomes ${asideName(to, epoch)}, a witness; a copy of ${from.database} takes its place`);
  if (wish.isDryRun) return;
  if (!wish.isAgreed) await mustAgree(to.database, `The old database is kept as ${asideName(to, epoch)}.`);
  await copyInPlace(to, from, epoch, say);
  say(`${to.database} follows ${from.database}`);
}

async function goHome(sides: Sides, wish: Wish): Promise<void> {
  const wanted = { isPlanned: true, url: wish.url };
  const crossing = await nextCrossing(sides, wanted);
  if (crossing) {
    for (const line of await planOf(sides, crossing, wanted)) say(line);
    if (wish.isDryRun) return;
    if (!wish.isAgreed) await mustAgree(sides.to.region);
    await report(await cross(sides, crossing, wanted, say), wanted, say);
  }
  // The other way round: the region that stops to write gets a copy of home.
  await makeCopy({ ...sides, from: sides.to, to: sides.from }, (await currentEpoch(sides)).epoch, {
    ...wish,
    isAgreed: wish.isAgreed || crossing !== undefined,
  });
}

await runCommand(import.meta, command, async ({ values, positionals }) => {
  const environment = onlyEnvironment(command, positionals);
  const [home] = regionPlans(environment);
  const sides = towards(environment, home.region);
  const wish: Wish = {
    goesHome: values.home === true,
    isDryRun: values["dry-run"] === true,
    isAgreed: values.yes === true,
    url: publicUrl(environment, values.url),
  };
  const { epoch, writer } = await currentEpoch(sides);
  const isHome = writer === sides.to.region;
  if (!wish.isDryRun) await spreadEpoch(sides, say);
  if (!isHome) {
    await mustHaveDatabase(sides.from);
    await makeCopy(sides, epoch, wish);
    if (wish.isDryRun && !wish.goesHome) return;
    if (!wish.goesHome)
      say(`${capabilities[home.region].place} is a copy again. Home, when it is quiet: npm run failback -- ${environment.name} --home`);
  }
  if (isHome && !wish.goesHome && (await followsIn(sides.from)))
    return say(`${sides.to.region} is home and writes, ${sides.from.region} follows: nothing is left to do.`);
  if (wish.goesHome || isHome) await goHome(sides, wish);
  if (wish.isDryRun) return;
  say(`Terraform still knows the databases of before: docs/platform/regions.md, "Tell Terraform", before the next deploy.`);
});
