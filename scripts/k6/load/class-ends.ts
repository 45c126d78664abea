import { assertLedger } from "../lib/ledger.ts";
import { lunchSetup, lunchTurn } from "../lib/lunch.ts";
import { scansASecond, seconds } from "../lib/profile.ts";
import { everyRun, promisedTimes } from "../lib/thresholds.ts";

// A lecture ends: within two seconds four times as many come as before, and then they are gone again.
const spike = scansASecond * 4;

export const options = {
  scenarios: {
    spike: {
      executor: "ramping-arrival-rate",
      startRate: scansASecond,
      timeUnit: "1s",
      preAllocatedVUs: spike * 4,
      maxVUs: spike * 8,
      stages: [
        { duration: `${Math.ceil(seconds / 3)}s`, target: scansASecond },
        { duration: "2s", target: spike },
        { duration: `${Math.ceil(seconds / 3)}s`, target: spike },
        { duration: "2s", target: scansASecond },
        { duration: `${Math.ceil(seconds / 3)}s`, target: scansASecond },
      ],
    },
  },
  thresholds: { ...everyRun, ...promisedTimes },
  setupTimeout: "180s",
};
export const setup = lunchSetup(spike * (seconds + 4));
export default lunchTurn;
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
