import { check, sleep } from "k6";
import exec from "k6/execution";
import { cafeAt, present } from "../lib/campus.ts";
import { logInAndFill } from "../lib/fault.ts";
import { assertLedger } from "../lib/ledger.ts";
import type { Student } from "../lib/log-in.ts";
import { cancelOrder, confirmCharge, openCharge } from "../lib/pay.ts";
import { arrivals, scansASecond, seconds } from "../lib/profile.ts";
import { everyRun } from "../lib/thresholds.ts";
import { countDebits } from "../lib/wallet.ts";

// The charge lives for three seconds here (the runner sets CHARGE_SECONDS), and the thumb comes around its end.
const lifeSeconds = 3;

export const options = {
  scenarios: { races: arrivals(Math.min(scansASecond, 5), seconds, 10) },
  thresholds: everyRun,
  setupTimeout: "180s",
};
export const setup = logInAndFill;

export default function (students: Student[]): void {
  const turn = exec.scenario.iterationInTest;
  const student = present(students[turn % students.length], "student");
  const { order, charge } = openCharge(student, cafeAt(turn));
  sleep(lifeSeconds - 0.4 + 0.07 * (turn % 10));
  const first = confirmCharge(student, charge, [200, 410]);
  const second = confirmCharge(student, charge, [200, 410]);
  check(first, {
    "paid, or too late": ({ status }) => status === 200 || status === 410,
    "and it stays what it was": ({ status }) => second.status === status,
    "a receipt is a debit, and 410 is none": ({ status }) => countDebits(student, charge.id) === (status === 200 ? 1 : 0),
  });
  if (first.status === 410) cancelOrder(student, order);
}
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
