import type { Ask } from "./ask.ts";
import { inServiceWithinMs, until } from "./telling.ts";

type Streams = { readonly logStreams: readonly { readonly logStreamName: string; readonly lastEventTimestamp?: number }[] };

/** What every machine writes while it serves. */
const groups = ["api", "worker", "nginx"];

/** What each of these machines says is in the log group of who said it. */
export const journalsArrive = async (ask: Ask, region: string, environment: string, machines: readonly string[]): Promise<string> => {
  for (const group of groups) {
    const logGroupName = `/campus/${environment}/${group}`;
    await until(`${logGroupName} has lines of ${machines.join(", ")}`, inServiceWithinMs, async () => {
      const { logStreams } = await ask<Streams>("logs", region, "describe_log_streams", { logGroupName });
      const heard = logStreams
        .filter(({ lastEventTimestamp }) => lastEventTimestamp !== undefined)
        .map(({ logStreamName }) => logStreamName);
      return machines.every((machine) => heard.includes(machine));
    });
  }
  return groups.join(", ");
};
