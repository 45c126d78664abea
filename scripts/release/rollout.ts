import {
  type AutoScalingGroup,
  DescribeAutoScalingGroupsCommand,
  DescribeInstanceRefreshesCommand,
  type InstanceRefresh,
  RollbackInstanceRefreshCommand,
  StartInstanceRefreshCommand,
} from "@aws-sdk/client-auto-scaling";
import { PlainError } from "../../app/local/plain-error.ts";
import type { Target } from "./target.ts";

export interface Rollout {
  readonly version: string;
  readonly artifact: string;
  readonly alarms: readonly string[];
  readonly bakeSeconds: number;
  /** How long the first new machine serves beside the old ones before the rest follows; it is asked in that time. */
  readonly checkpointSeconds: number;
  readonly warmUpSeconds: number;
  /** No machine of the new version in service after this: it cannot serve, and would be tried for an hour. */
  readonly firstMachineSeconds: number;
  /** Whether what serves now may go on; a reason stops the release. */
  readonly whyStop: () => Promise<string | undefined>;
}

const pollMs = 3_000;
const ended = new Set(["Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"]);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

export async function groupOf({ autoScaling, fleet, region }: Target): Promise<AutoScalingGroup> {
  const { AutoScalingGroups: [group] = [] } = await autoScaling.send(
    new DescribeAutoScalingGroupsCommand({ AutoScalingGroupNames: [fleet] }),
  );
  if (!group)
    throw new PlainError(`there is no Auto Scaling group ${fleet} in ${region}: publish an artifact and deploy the stack api first.`);
  return group;
}

const lastRefresh = async ({ autoScaling, fleet }: Target): Promise<InstanceRefresh | undefined> =>
  (await autoScaling.send(new DescribeInstanceRefreshesCommand({ AutoScalingGroupName: fleet, MaxRecords: 1 }))).InstanceRefreshes?.[0];

const isUnderWay = (refresh: InstanceRefresh | undefined): boolean => refresh !== undefined && !ended.has(refresh.Status ?? "");

/** Starts the refresh, or takes up the one that an earlier run of this command started and left. */
async function begin(target: Target, rollout: Rollout, say: (line: string) => void): Promise<void> {
  const running = await lastRefresh(target);
  if (isUnderWay(running)) {
    const version = running?.DesiredConfiguration?.LaunchTemplate?.Version;
    if (version !== rollout.version)
      throw new PlainError(`another release runs in ${target.region} (version ${version}): wait for it, or stop it with npm run rollback.`);
    return say(`${target.place}: a release of version ${version} is under way: taken up`);
  }
  const points = rollout.checkpointSeconds > 0;
  await target.autoScaling.send(
    new StartInstanceRefreshCommand({
      AutoScalingGroupName: target.fleet,
      DesiredConfiguration: { LaunchTemplate: { LaunchTemplateName: target.fleet, Version: rollout.version } },
      Preferences: {
        AutoRollback: true,
        MinHealthyPercentage: 100,
        MaxHealthyPercentage: 150,
        InstanceWarmup: rollout.warmUpSeconds,
        BakeTime: rollout.bakeSeconds,
        ...(rollout.alarms.length > 0 && { AlarmSpecification: { Alarms: [...rollout.alarms] } }),
        // Left out, the delay is an hour.
        ...(points && { CheckpointPercentages: [1, 100], CheckpointDelay: rollout.checkpointSeconds }),
      },
    }),
  );
  say(`${target.place}: machines of version ${rollout.version} replace the others, one at a time`);
}

export const rollBackRefresh = async (target: Target): Promise<void> => {
  await target.autoScaling.send(new RollbackInstanceRefreshCommand({ AutoScalingGroupName: target.fleet }));
};

async function stop(target: Target, reason: string, say: (line: string) => void): Promise<never> {
  say(`${target.place}: stopped: ${reason}; the old version comes back`);
  await rollBackRefresh(target).catch((error: Error) => say(`${target.place}: ${error.message}`));
  for (let refresh = await lastRefresh(target); isUnderWay(refresh); refresh = await lastRefresh(target)) await pause(pollMs);
  throw new PlainError(`${target.region} was rolled back: ${reason}.`);
}

const hasFirstMachine = (group: AutoScalingGroup, version: string): boolean =>
  (group.Instances ?? []).some(
    ({ LaunchTemplate, LifecycleState }) => LaunchTemplate?.Version === version && LifecycleState === "InService",
  );

/** Until each machine runs the version and has run it for the bake time; whatever looks wrong on the way brings the old one back. */
export async function rollOut(target: Target, rollout: Rollout, say: (line: string) => void): Promise<void> {
  await begin(target, rollout, say);
  const startedAt = performance.now();
  let shown = "";
  for (;;) {
    const refresh = await lastRefresh(target);
    const line = `${target.place}: ${refresh?.Status}, ${refresh?.PercentageComplete ?? 0} %${refresh?.StatusReason ? `: ${refresh.StatusReason}` : ""}`;
    if (line !== shown) say(line);
    shown = line;
    if (refresh?.Status === "Successful") return;
    if (!isUnderWay(refresh))
      throw new PlainError(`${target.region}: the release ended as ${refresh?.Status}: ${refresh?.StatusReason ?? "no reason"}.`);
    if (refresh?.Status !== "RollbackInProgress") await watch(target, rollout, performance.now() - startedAt, say);
    await pause(pollMs);
  }
}

async function watch(target: Target, rollout: Rollout, sinceMs: number, say: (line: string) => void): Promise<void> {
  if (hasFirstMachine(await groupOf(target), rollout.version)) {
    const reason = await rollout.whyStop();
    if (reason) await stop(target, reason, say);
  } else if (sinceMs > rollout.firstMachineSeconds * 1_000) {
    const within = rollout.firstMachineSeconds;
    await stop(target, `no machine of the new version was fit to serve within ${within} s, its journal says why`, say);
  }
}
