import { UpdateAutoScalingGroupCommand } from "@aws-sdk/client-auto-scaling";
import { groupOf } from "../release/rollout.ts";
import type { Sides } from "./sides.ts";
import { waitUntil } from "./wait.ts";

const machinesWithinMs = 30 * 60_000;

interface Size {
  readonly min: number;
  readonly max: number;
}

/** As many machines as the other side has to have: it may be lost with its numbers, so they come from regions/. */
export function wantedSize({ from, to }: Sides): Size {
  const fleets = [from, to].flatMap(({ plan }) => plan.api.fleets.filter(({ weightPercent }) => weightPercent > 0));
  return {
    min: Math.max(...fleets.map(({ minInstances }) => minInstances)),
    max: Math.max(...fleets.map(({ maxInstances }) => maxInstances)),
  };
}

export async function scaleUp(sides: Sides, say: (line: string) => void): Promise<void> {
  const { to } = sides;
  const { min, max } = wantedSize(sides);
  const { MinSize = 0, MaxSize = 0, DesiredCapacity = 0 } = await groupOf(to);
  if (MinSize < min || MaxSize < max || DesiredCapacity < min)
    await to.autoScaling.send(
      new UpdateAutoScalingGroupCommand({
        AutoScalingGroupName: to.fleet,
        MinSize: Math.max(min, MinSize),
        MaxSize: Math.max(max, MaxSize),
        DesiredCapacity: Math.max(min, DesiredCapacity),
      }),
    );
  await waitUntil(`${min} machines in service`, { withinMs: machinesWithinMs, say }, async () => {
    const inService = (await groupOf(to)).Instances?.filter(({ LifecycleState }) => LifecycleState === "InService").length ?? 0;
    return inService >= min ? { done: undefined } : { standing: `${inService} of ${min} machines in service` };
  });
}
