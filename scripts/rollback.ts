// `npm run rollback`: stops a release that is under way, or releases what ran before the last one.
import { DescribeInstanceRefreshesCommand } from "@aws-sdk/client-auto-scaling";
import { type Command, runCommand } from "../app/local/command.ts";
import { PlainError } from "../app/local/plain-error.ts";
import { readRecord } from "./release/record.ts";
import { rollBackRefresh } from "./release/rollout.ts";
import { type ReleaseOptions, releaseTo } from "./release/steps.ts";
import { onlyEnvironment, type Target, targetsOf } from "./release/target.ts";
import { optionsFrom, releaseOptions } from "./release.ts";

export const command = {
  name: "npm run rollback",
  for: "on call",
  what: "Goes back to the artifact that ran before: stops the release that is under way, or releases the record's last but one.",
  touches: "an instance refresh of the Auto Scaling group and the parameter /campus/ENVIRONMENT/release, in each region.",
  takes: { ENVIRONMENT: "pilot, staging or production" },
  options: {
    ...releaseOptions,
    region: { ...releaseOptions.region, help: "only there; else the region that serves, then the one that stands by" },
    bake: { ...releaseOptions.bake, default: "0" },
    checkpoint: { ...releaseOptions.checkpoint, default: "0" },
  },
  exits: { 1: "not rolled back: the line above says why" },
} as const satisfies Command;

const say = (line: string) => void process.stdout.write(`${line}\n`);

async function isReleasing({ autoScaling, fleet }: Target): Promise<boolean> {
  const asked = new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: fleet, MaxRecords: 1 });
  const [refresh] = (await autoScaling.send(asked)).InstanceRefreshes ?? [];
  return ["Pending", "InProgress", "Baking"].includes(refresh?.Status ?? "");
}

async function rollBack(target: Target, options: ReleaseOptions): Promise<void> {
  if (await isReleasing(target)) {
    say(`${target.place}: a release is under way: it is stopped, its new machines go`);
    if (!options.isDryRun) await rollBackRefresh(target);
    return;
  }
  const record = await readRecord(target);
  if (!record?.before)
    throw new PlainError(`${target.region} has no earlier release in ${target.record}: npm run release with the artifact to run.`);
  await releaseTo(target, record.before.artifact, options, say);
}

await runCommand(import.meta, command, async ({ values, positionals }) => {
  const environment = onlyEnvironment(command, positionals);
  const options = optionsFrom(command, values);
  // The region that serves first: there it hurts.
  for (const target of [...targetsOf(environment, values.region)].reverse()) await rollBack(target, options);
});
