import { assertLedger } from "../lib/ledger.ts";
import { lunchSetup, lunchTurn } from "../lib/lunch.ts";
import { seconds } from "../lib/profile.ts";

// More and more each second, until a promise breaks: the rate at that moment is the knee. Run it alone.
const most = Number(__ENV.KNEE_MOST || "400");

export const options = {
  scenarios: {
    climb: {
      executor: "ramping-arrival-rate",
      startRate: 10,
      timeUnit: "1s",
      preAllocatedVUs: 400,
      maxVUs: 1_500,
      stages: [{ duration: `${seconds}s`, target: most }],
    },
  },
  thresholds: {
    ledger_balanced: ["count==1"],
    "http_req_duration{name:confirm}": [{ threshold: "p(95)<400", abortOnFail: true, delayAbortEval: "5s" }],
  },
  setupTimeout: "180s",
};
export const setup = lunchSetup((most * seconds) / 2);
export default lunchTurn;
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
