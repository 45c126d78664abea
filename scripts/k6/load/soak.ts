import { assertLedger } from "../lib/ledger.ts";
import { lunchSetup, lunchTurn } from "../lib/lunch.ts";
import { arrivals, scansASecond, seconds } from "../lib/profile.ts";
import { everyRun, promisedTimes } from "../lib/thresholds.ts";

// A calm rate for twenty times as long: what grows, leaks or fills up shows here.
const rate = Math.max(1, Math.round(scansASecond / 2));
const longer = 20;

export const options = {
  scenarios: { soak: arrivals(rate, seconds * longer) },
  thresholds: { ...everyRun, ...promisedTimes },
  setupTimeout: "180s",
};
export const setup = lunchSetup(rate * seconds * longer);
export default lunchTurn;
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
