import { assertLedger } from "../lib/ledger.ts";
import { lunchSetup, lunchTurn } from "../lib/lunch.ts";
import { arrivals } from "../lib/profile.ts";
import { everyRun, promisedTimes } from "../lib/thresholds.ts";

// The load the platform is designed for: half of 20,000 students order within a 30-minute lunch, four times the mean at
// its peak, which is 22 scans a second.
const scansASecond = Number(__ENV.RATE || "25");
const seconds = Number(__ENV.SECONDS || "1800");

export const options = {
  scenarios: { lunch: arrivals(scansASecond, seconds) },
  thresholds: { ...everyRun, ...promisedTimes },
  setupTimeout: "180s",
};
export const setup = lunchSetup(scansASecond * seconds);
export default lunchTurn;
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
