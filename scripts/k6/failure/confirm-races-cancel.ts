import { check } from "k6";
import exec from "k6/execution";
import { cafeAt, present } from "../lib/campus.ts";
import { logInAndFill } from "../lib/fault.ts";
import { assertLedger } from "../lib/ledger.ts";
import type { Student } from "../lib/log-in.ts";
import { confirmRequest, openCharge } from "../lib/pay.ts";
import { arrivals, scansASecond, seconds } from "../lib/profile.ts";
import { send, sendAll } from "../lib/request.ts";
import { everyRun } from "../lib/thresholds.ts";

// The student confirms and cancels at the same moment: one of the two came first, and both answers say which.
export const options = { scenarios: { races: arrivals(Math.min(scansASecond, 10), seconds) }, thresholds: everyRun, setupTimeout: "180s" };
export const setup = logInAndFill;

export default function (students: Student[]): void {
  const turn = exec.scenario.iterationInTest;
  const student = present(students[turn % students.length], "student");
  const { order, charge } = openCharge(student, cafeAt(turn));
  const [confirmed, cancelled] = sendAll([
    confirmRequest(student, charge, [200, 409]),
    { method: "POST", path: `/orders/${order.id}/cancel`, as: student.token, name: "cancel", expected: [200, 409] },
  ]);
  const after = JSON.parse(send("GET", `/orders/${order.id}`, { as: student.token, name: "look", expected: [200] }).body) as {
    status: string;
    payment_status: string;
  };
  check(after, {
    "a receipt, and then perhaps a refund, or no debit at all": ({ status, payment_status }) =>
      confirmed?.status === 200 ? payment_status !== "pending" : status === "cancelled" && payment_status === "pending",
    "whoever was told that it is cancelled finds it cancelled": ({ status }) => cancelled?.status !== 200 || status === "cancelled",
  });
}
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
