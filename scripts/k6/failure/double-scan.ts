import { check } from "k6";
import exec from "k6/execution";
import { cafeAt, present, tillOf } from "../lib/campus.ts";
import { logInAndFill } from "../lib/fault.ts";
import { assertLedger } from "../lib/ledger.ts";
import type { Student } from "../lib/log-in.ts";
import { confirmCharge, placeOrder, readOpenCharge, type Scan } from "../lib/pay.ts";
import { arrivals, scansASecond, seconds } from "../lib/profile.ts";
import { bodyOf, sendAll } from "../lib/request.ts";
import { everyRun } from "../lib/thresholds.ts";
import { countDebits } from "../lib/wallet.ts";

// The card is laid on the reader twice within half a second: two scans of their own, at the same moment.
export const options = { scenarios: { scans: arrivals(Math.min(scansASecond, 10), seconds) }, thresholds: everyRun, setupTimeout: "180s" };
export const setup = logInAndFill;

export default function (students: Student[]): void {
  const turn = exec.scenario.iterationInTest;
  const student = present(students[turn % students.length], "student");
  const cafe = cafeAt(turn);
  const order = placeOrder(student, cafe);
  const scan = () => ({
    method: "POST",
    path: "/pos/scans",
    as: tillOf(cafe),
    body: { scan_id: crypto.randomUUID(), card_uid: student.card_uid, order_id: order.id },
    name: "scan",
    expected: [200, 201],
  });
  const [first, second] = sendAll([scan(), scan()]).map((answer) => bodyOf<Scan>(answer, [200, 201]));
  const scanned = present(first, "scan");
  const paid = confirmCharge(student, readOpenCharge(student, scanned));
  check(paid, {
    "both scans are of one charge": () => scanned.charge.id === second?.charge.id,
    "it is paid": ({ status }) => status === 200,
    "and debited once": () => countDebits(student, scanned.charge.id) === 1,
  });
}
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
