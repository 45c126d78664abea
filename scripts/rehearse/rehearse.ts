import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  contentsOf,
  drillPackages,
  startWorld,
  testWorld,
  virtualEnvironment,
  type World,
  worldPackages,
} from "../../app/local/aws-world.ts";
import { runCommand } from "../../app/local/command.ts";
import { PlainError } from "../../app/local/plain-error.ts";
import { anyArtifact, environments } from "../../regions/index.ts";
import { regionOf } from "./configurations.ts";
import { duration, heading, say, secondsSinceStart } from "./console.ts";
import { realCredentials } from "./credentials.ts";
import { driftIsFound } from "./drift.ts";
import { failureDrill } from "./drill/drill.ts";
import { liveRehearsal, type Prepared, prepareLive } from "./live/live.ts";
import { type Stack, withDependencies } from "./manifest.ts";
import { command, type Options, optionsOf } from "./options.ts";
import { cacheFolder, workFolder } from "./places.ts";
import { CannotRun, pythonName, terraformVersion } from "./preconditions.ts";
import { isStopping, stopAll, watchMemory } from "./processes.ts";
import { summary } from "./report.ts";
import { type App, provideProvider, siteOf, synthesize, takeFolder } from "./site.ts";
import { deployAll, destroyAll, planAllAgain } from "./steps.ts";
import { tellTerraform } from "./tell-terraform.ts";
import type { Site } from "./terraform.ts";
import { readConfiguration } from "./terraform-json.ts";

const exitCodes = { ok: 0, failed: 1, refused: 2, cannotRun: 3, interrupted: 130 } as const;

const chosen = (options: Options, stacks: readonly Stack[]): readonly Stack[] => {
  const inRegion = new Set(
    stacks
      .filter((stack) => options.region === undefined || regionOf(readConfiguration(stack)) === options.region)
      .map((stack) => stack.name),
  );
  const wanted = options.only.length > 0 ? options.only : [...inRegion];
  if (wanted.length === 0) throw new Error(`No stack stands in ${options.region}.`);
  return withDependencies(stacks, wanted);
};

const leaveStanding = async (site: Site): Promise<void> => {
  const file = join(site.outFolder, "env.sh");
  const names = Object.entries(site.env).filter(([name]) => /^(AWS|TF|CHECKPOINT)/.test(name));
  writeFileSync(file, names.map(([name, value]) => `export ${name}='${value}'`).join("\n"));
  heading("everything stands: Ctrl-C ends it");
  console.log(`  . ${file}\n  cd ${site.outFolder}/stacks/<stack> && terraform state list`);
  await new Promise(() => setInterval(() => {}, 60_000));
};

/** Nothing of the campus may stand when its stacks are gone. */
const nothingIsLeft = async (world: World): Promise<boolean> => {
  const left = await contentsOf(world.url).catch((error: Error) => [`it cannot be listed: ${error.message}`]);
  say(left.length === 0 ? "the world is empty" : `LEFT IN THE WORLD: ${left.length} kinds of things`);
  for (const line of left) console.log(`        ${line}`);
  return left.length === 0;
};

/** The stacks that a synth without protections changes. They say so in the code, and nowhere else. */
const withoutProtections = async (site: Site, app: App, stacks: readonly Stack[]): Promise<ReadonlySet<string>> => {
  const before = new Map(stacks.map((stack) => [stack.name, JSON.stringify(readConfiguration(stack))]));
  await synthesize(site, { ...app, env: { ...app.env, CAMPUS_DECOMMISSION: "the rehearsal ends" } });
  return new Set(stacks.filter((stack) => before.get(stack.name) !== JSON.stringify(readConfiguration(stack))).map((stack) => stack.name));
};

/** Where the campus need not live, what this machine lacks for it is said, and the stacks are rehearsed without it. */
const unlessOptional =
  ({ live }: Options) =>
  (error: unknown): undefined => {
    if (!(error instanceof CannotRun) || live !== "where-possible") throw error;
    say(`SKIPPED, THE CAMPUS THAT LIVES: ${error.message} The stacks alone are rehearsed.`);
  };

const prepare = async (options: Options): Promise<Prepared | undefined> => {
  if (!options.live) return undefined;
  const prepared = await prepareLive(say).catch(unlessOptional(options));
  if (options.live === "demanded") await prepared?.base;
  return prepared;
};

type Rehearsal = { readonly options: Options; readonly world: World; readonly python: string };

const regionsOf = ({ environment }: Options): readonly string[] => {
  const { primary, standby } = environments[environment] ?? {};
  return [primary, standby].flatMap((plan) => plan?.region ?? []);
};

const comesToLife = async (prepared: Prepared, { options, world, python }: Rehearsal): Promise<boolean> => {
  heading("the campus comes to life");
  const base = await prepared.base.catch(unlessOptional(options));
  if (!base) return true;
  const { environment, keep, liveDrill: drill } = options;
  const regions = regionsOf(options);
  return liveRehearsal({ base, artifact: prepared.artifact, worldUrl: world.url, python, environment, regions, keep, drill });
};

const rehearse = async (options: Options, site: Site, world: World, python: string): Promise<boolean> => {
  const prepared = await prepare(options);
  const app: App = {
    command: "node stacks/main.ts",
    env: { CAMPUS_ENVIRONMENT: options.environment, CAMPUS_ARTIFACT: prepared?.artifact.sha256 ?? anyArtifact },
  };
  const stacks = chosen(options, await synthesize(site, app));

  heading(`deploy ${stacks.length} stacks of ${options.environment}`);
  const records = await deployAll(site, stacks, options.parallelism);
  console.log(`\n${summary(stacks, records)}`);

  heading("second plans");
  const clean = await planAllAgain(site, stacks, options.parallelism);

  heading("drift");
  const found = await driftIsFound(site, stacks, records);
  const lives = !prepared || (await comesToLife(prepared, { options, world, python }));
  if (options.keep && !isStopping()) await leaveStanding(site);
  const told = options.liveDrill !== "region-lost" || !lives || (await tellTerraform(site, stacks, world.url, regionsOf(options)));

  heading("destroy");
  const changed = await withoutProtections(site, app, stacks);
  const destroyed = await destroyAll(site, stacks, changed, options.parallelism);
  const empty = await nothingIsLeft(world);
  return clean && found && lives && told && destroyed && empty;
};

const stateDrill = (site: Site, python: string): Promise<boolean> => {
  const programs = virtualEnvironment(python, drillPackages, cacheFolder);
  return failureDrill({ ...site, env: { ...site.env, PATH: `${programs}:${site.env.PATH}` } });
};

const main = async (options: Options): Promise<number> => {
  const refusal = realCredentials(process.env);
  if (refusal) {
    console.error(refusal);
    return exitCodes.refused;
  }
  const terraform = terraformVersion();
  const pythonFound = pythonName();
  const python = join(virtualEnvironment(pythonFound, worldPackages, cacheFolder), "python");
  if (options.worldTest) return testWorld(python);

  const folder = workFolder(options.stateDrill ? "drill" : options.environment);
  takeFolder(folder);
  const memory = watchMemory();
  const world = await startWorld(python, join(folder, "world.log"), options.loseEvery);
  say(`Terraform ${terraform}; the world listens on ${world.url}`);
  endOnSignals(world);
  try {
    const site = siteOf(folder, world.networkUrl, await provideProvider(folder));
    const ok = options.stateDrill ? await stateDrill(site, pythonFound) : await rehearse(options, site, world, python);
    if (options.loseEvery) say(`${world.lostAnswers()} answers were lost on the way`);
    heading(`${ok ? "rehearsed" : "REHEARSAL FAILED"}: ${duration(secondsSinceStart())}, at most ${memory.peakGb().toFixed(1)} GB`);
    return ok ? exitCodes.ok : exitCodes.failed;
  } finally {
    memory.stop();
    world.stop();
  }
};

const endOnSignals = (world: World): void => {
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.once(name, async () => {
      console.log("\nstopping: Terraform finishes its call, writes its state and frees its lock");
      await stopAll();
      world.stop();
      process.exit(exitCodes.interrupted);
    });
  }
};

const failed = (error: unknown): number => {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof PlainError) throw error;
  if (isStopping()) console.error("interrupted");
  else console.error(error instanceof CannotRun ? `Cannot rehearse here. ${message}` : message);
  return error instanceof CannotRun ? exitCodes.cannotRun : exitCodes.failed;
};

export { command };

await runCommand(import.meta, command, (asked) => main(optionsOf(asked)).catch(failed));
