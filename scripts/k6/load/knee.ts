import { assertLedger } from "../lib/ledger.ts";
import { lunchSetup, lunchTurn } from "../lib/lunch.ts";
import { seconds } from "../lib/profile.ts";
import { kneeTimes } from "../lib/thresholds.ts";

// A calm rate first, by which the model knows what a payment costs (scripts/capacity/knee.ts); then more and more each second until the promise breaks. Run it alone.
// Not calmer: at ten a second a payment costs twice as much, since each wakes everybody and nothing is done for many at once.
const calmRate = 40;
const calmSeconds = 30;
const most = Number(__ENV.KNEE_MOST || "400");
/** As slow a climb as the profile says: five times its length. */
const climbSeconds = seconds * 5;

export const options = {
  scenarios: {
    calm: {
      executor: "constant-arrival-rate",
      rate: calmRate,
      timeUnit: "1s",
      duration: `${calmSeconds}s`,
      preAllocatedVUs: 100,
      maxVUs: 200,
    },
    climb: {
      executor: "ramping-arrival-rate",
      startTime: `${calmSeconds}s`,
      startRate: calmRate,
      timeUnit: "1s",
      preAllocatedVUs: 400,
      maxVUs: 1_500,
      stages: [{ duration: `${climbSeconds}s`, target: most }],
      gracefulStop: "30s",
    },
  },
  thresholds: { ledger_balanced: ["count==1"], ...kneeTimes },
  setupTimeout: "180s",
};
export const setup = lunchSetup(calmRate * calmSeconds + (most * climbSeconds) / 2);
export default lunchTurn;
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
