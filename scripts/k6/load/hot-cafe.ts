import exec from "k6/execution";
import { cafeAt, present } from "../lib/campus.ts";
import { assertLedger } from "../lib/ledger.ts";
import type { Student } from "../lib/log-in.ts";
import { lunchSetup, payOnce } from "../lib/lunch.ts";
import { arrivals, scansASecond, seconds } from "../lib/profile.ts";
import { everyRun, promisedTimes } from "../lib/thresholds.ts";

// Everybody eats at the same café: a design with one balance row a café would queue here.
export const options = {
  scenarios: { lunch: arrivals(scansASecond, seconds) },
  thresholds: { ...everyRun, ...promisedTimes },
  setupTimeout: "180s",
};
export const setup = lunchSetup(scansASecond * seconds);

export default function (students: Student[]): void {
  payOnce(present(students[exec.scenario.iterationInTest % students.length], "student"), cafeAt(0));
}
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
