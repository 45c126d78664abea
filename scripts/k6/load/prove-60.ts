import { assertLedger } from "../lib/ledger.ts";
import { lunchSetup, lunchTurn } from "../lib/lunch.ts";
import { arrivals, seconds } from "../lib/profile.ts";
import { everyRun, promisedTimes } from "../lib/thresholds.ts";

// Two and a half times what the platform is made for, within the same promises.
const rate = 60;

export const options = {
  scenarios: { lunch: arrivals(rate, seconds) },
  thresholds: { ...everyRun, ...promisedTimes },
  setupTimeout: "180s",
};
export const setup = lunchSetup(rate * seconds);
export default lunchTurn;
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
