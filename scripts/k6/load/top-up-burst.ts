import { check, sleep } from "k6";
import exec from "k6/execution";
import { campus, present } from "../lib/campus.ts";
import { assertLedger } from "../lib/ledger.ts";
import { logInStudents, type Student } from "../lib/log-in.ts";
import { arrivals, scansASecond, seconds } from "../lib/profile.ts";
import { everyRun } from "../lib/thresholds.ts";
import { connectGateway, payTopUp, topUpStatus } from "../lib/top-up.ts";

// Many top up at once, and the gateway tells of each payment three times, in any order: one credit each.
const students = 40;
const amountMinor = 2_000;
const creditedWithinSeconds = 60;

export const options = {
  scenarios: { topUps: arrivals(Math.min(scansASecond, 10), seconds, 30) },
  thresholds: everyRun,
  setupTimeout: "180s",
};

export function setup(): Student[] {
  connectGateway(3);
  return logInStudents(campus.students.slice(-students));
}

export default function (loggedIn: Student[]): void {
  const student = present(loggedIn[exec.scenario.iterationInTest % loggedIn.length], "student");
  const { topUpId } = payTopUp(student, amountMinor);
  const endsAtMs = Date.now() + creditedWithinSeconds * 1_000;
  let status = topUpStatus(student, topUpId);
  while (status !== "paid" && Date.now() < endsAtMs) {
    sleep(0.5);
    status = topUpStatus(student, topUpId);
  }
  check(status, { "it is credited": (last) => last === "paid" });
}

export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
