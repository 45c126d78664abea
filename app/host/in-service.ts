// Tells Auto Scaling that this machine may serve: when every process says that it can debit and which artifact it is, and is warm.
import { AutoScalingClient, CompleteLifecycleActionCommand } from "@aws-sdk/client-auto-scaling";
import { readMetadata } from "./metadata.ts";
import { apiUrls } from "./services.ts";
import { environmentOfHost, hostSettings } from "./settings.ts";

const pauseMs = 500;
const sayEveryMs = 30_000;
const askTimeoutMs = 5_000;
// So many requests and the just-in-time compiler has seen the common paths, and the pools are open.
const warmUpRequests = 200;
const warmUpAtOnce = 8;
const warmUpPaths = ["/ready", "/api/v1/cafes", "/openapi.json", "/health"];

const ask = (url: string) => fetch(url, { signal: AbortSignal.timeout(askTimeoutMs) });

/** Why this process must not get requests; undefined where it may. A replica only reads, and no version could change that. */
async function whyNot(url: string, digest: string): Promise<string | undefined> {
  try {
    const health = (await (await ask(`${url}/health`)).json()) as { version: string; database: string };
    if (health.version !== digest) return `runs ${health.version} and not ${digest}`;
    if (health.database === "read_only") return undefined;
    const ready = await ask(`${url}/ready`);
    return ready.status === 200 ? undefined : `/ready says ${ready.status}: ${(await ready.text()).slice(0, 200)}`;
  } catch (error) {
    return `does not answer: ${(error as Error).message}`;
  }
}

async function warmUp(url: string): Promise<void> {
  const one = async (index: number) => {
    for (let sent = index; sent < warmUpRequests; sent += warmUpAtOnce) {
      const answer = await ask(`${url}${warmUpPaths[sent % warmUpPaths.length]}`).catch(() => undefined);
      await answer?.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: warmUpAtOnce }, (_, index) => one(index)));
}

async function main(): Promise<void> {
  const { API_PROCESSES, CAMPUS_VERSION, LIFECYCLE_GROUP, LIFECYCLE_HOOK, AWS_REGION } = hostSettings(environmentOfHost());
  const urls = apiUrls(API_PROCESSES);
  // Without a limit of its own: where there is a hook, its time is the limit, and Auto Scaling then throws this machine away.
  for (let sayAt = 0; ; ) {
    const answers = await Promise.all(urls.map(async (url) => [url, await whyNot(url, CAMPUS_VERSION)] as const));
    const reasons = answers.flatMap(([url, reason]) => (reason === undefined ? [] : [`${url} ${reason}`]));
    if (reasons.length === 0) break;
    if (performance.now() > sayAt) {
      console.log(`campus-pay: not fit to serve: ${reasons.join("; ")}`);
      sayAt = performance.now() + sayEveryMs;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  await Promise.all(urls.map(warmUp));
  if (LIFECYCLE_GROUP !== undefined && LIFECYCLE_HOOK !== undefined) await completeHook(AWS_REGION, LIFECYCLE_GROUP, LIFECYCLE_HOOK);
  console.log("campus-pay: in service");
}

async function completeHook(region: string, group: string, hook: string): Promise<void> {
  // After a restart of the machine there is no hook to complete.
  if ((await readMetadata("autoscaling/target-lifecycle-state")) === undefined) return;
  const client = new AutoScalingClient({ region, maxAttempts: 5 });
  const InstanceId = (await readMetadata("instance-id")) ?? "";
  const completion = { AutoScalingGroupName: group, LifecycleHookName: hook, InstanceId, LifecycleActionResult: "CONTINUE" };
  await client.send(new CompleteLifecycleActionCommand(completion)).catch((error: Error) => {
    if (!/No active Lifecycle Action/.test(error.message)) throw error;
  });
}

await main();
