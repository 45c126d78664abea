// Sees that Auto Scaling is about to end this machine and lets the live connections move at once: the load balancer drains for
// 45 s before anything is stopped here, and would cut them at the end of it.
import { spawnSync } from "node:child_process";
import { readMetadata } from "./metadata.ts";

const everyMs = 2_000;

async function main(): Promise<void> {
  for (;;) {
    const state = await readMetadata("autoscaling/target-lifecycle-state").catch(() => undefined);
    if (state === "Terminated") break;
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
  console.log("campus-pay: this machine is to be ended: live connections are told to come back elsewhere");
  spawnSync("systemctl", ["kill", "--signal=SIGUSR2", "campus-pay-api@*.service"], { stdio: "inherit" });
}

await main();
