import { check } from "k6";
import exec from "k6/execution";
import http from "k6/http";
import { api, cafeAt, present, tillOf } from "../lib/campus.ts";
import { logInAndFill } from "../lib/fault.ts";
import { assertLedger } from "../lib/ledger.ts";
import type { Student } from "../lib/log-in.ts";
import { confirmCharge, placeOrder, readOpenCharge, type Scan } from "../lib/pay.ts";
import { arrivals, scansASecond, seconds } from "../lib/profile.ts";
import { bodyOf, send } from "../lib/request.ts";
import { everyFault } from "../lib/thresholds.ts";
import { countDebits } from "../lib/wallet.ts";

// The till's network goes while it asks: it does not know whether the scan arrived, and sends the same one again.
export const options = {
  scenarios: { scans: arrivals(Math.min(scansASecond, 10), seconds) },
  thresholds: everyFault(0),
  setupTimeout: "180s",
};
export const setup = logInAndFill;

export default function (students: Student[]): void {
  const turn = exec.scenario.iterationInTest;
  const student = present(students[turn % students.length], "student");
  const cafe = cafeAt(turn);
  const order = placeOrder(student, cafe);
  const body = { scan_id: crypto.randomUUID(), card_uid: student.card_uid, order_id: order.id };
  // Hung up after some milliseconds: before the server took it, after it, or in the middle.
  http.post(`${api}/pos/scans`, JSON.stringify(body), {
    headers: { "Content-Type": "application/json", Authorization: tillOf(cafe) },
    timeout: `${1 + (turn % 12)}ms`,
    tags: { name: "lost scan" },
  });
  const again = () => bodyOf<Scan>(send("POST", "/pos/scans", { as: tillOf(cafe), body, name: "scan", expected: [200, 201] }), [200, 201]);
  const [first, second] = [again(), again()];
  const paid = confirmCharge(student, readOpenCharge(student, first));
  check(paid, {
    "every repetition gets the same charge": () => first.charge.id === second.charge.id,
    "it is paid": ({ status }) => status === 200,
    "and debited once": () => countDebits(student, first.charge.id) === 1,
  });
}
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
