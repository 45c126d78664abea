// Keeps /etc/campus-pay/epoch as the regions say it. A failover raises it: the processes start again, those of the region that no
// longer writes to read only, those of the other one to sign with the new epoch. With --once it only asks, before they start.
import { spawnSync } from "node:child_process";
import { epochClient, keepEpoch, readEpoch } from "./epoch.ts";
import { workerUnits } from "./services.ts";
import { environmentOfHost, epochFile, hostSettings } from "./settings.ts";

const everyMs = 10_000;
const onceWithinMs = 60_000;
const askAgainMs = 2_000;
const processes = ["campus-pay-api@*.service", ...workerUnits];

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function main(isOnce: boolean): Promise<void> {
  const { EPOCH_PARAMETER, CAMPUS_REGIONS } = hostSettings(environmentOfHost());
  if (EPOCH_PARAMETER === undefined) return;
  const clients = CAMPUS_REGIONS.map((region) => epochClient(region));
  const startedAt = performance.now();
  for (;;) {
    const told = await readEpoch(clients, EPOCH_PARAMETER);
    const isNews = told !== undefined && keepEpoch(epochFile, told);
    if (isNews) console.log(`campus-pay: epoch ${told.epoch}: ${told.writer} writes`);
    if (isOnce && told) return;
    if (isOnce && performance.now() - startedAt > onceWithinMs)
      throw new Error(`no region says who may write: ${EPOCH_PARAMETER} in ${CAMPUS_REGIONS.join(", ")}`);
    if (isNews) spawnSync("systemctl", ["try-restart", "--no-block", ...processes], { stdio: "inherit" });
    await pause(isOnce ? askAgainMs : everyMs);
  }
}

await main(process.argv.includes("--once")).catch((error: Error) => {
  process.stderr.write(`campus-pay: ${error.message}\n`);
  process.exitCode = 1;
});
