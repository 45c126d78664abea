import { check } from "k6";
import { cafeAt, cheapestItem, present, studentAt } from "../lib/campus.ts";
import { assertLedger } from "../lib/ledger.ts";
import { logInStudents, type Student } from "../lib/log-in.ts";
import { cancelOrder, confirmRequest, openCharge } from "../lib/pay.ts";
import { sendAll } from "../lib/request.ts";
import { everyRun } from "../lib/thresholds.ts";
import { fillWallets, readBalanceMinor } from "../lib/wallet.ts";

// Two cafés, two orders, one student whose money is enough for one: both are confirmed at the same moment.
export const options = {
  scenarios: { once: { executor: "shared-iterations", vus: 1, iterations: 10, maxDuration: "60s" } },
  thresholds: everyRun,
};

export function setup(): Student[] {
  const students = logInStudents([studentAt(90)]);
  fillWallets(students, cheapestItem(cafeAt(0)).price_minor);
  return students;
}

export default function (students: Student[]): void {
  const student = present(students[0], "student");
  const balance = readBalanceMinor(student);
  // More than half of what is there, so that two are never to be had.
  const opened = [0, 1].map((index) => {
    const cafe = cafeAt(index);
    const dish = cheapestItem(cafe);
    const quantity = Math.max(1, Math.min(50, Math.ceil((balance * 0.6) / dish.price_minor)));
    return openCharge(student, cafe, [{ menu_item_id: dish.id, quantity }]);
  });
  const answers = sendAll(opened.map(({ charge }) => confirmRequest(student, charge, [200, 402])));
  const paid = answers.flatMap(({ status }, index) => (status === 200 ? [present(opened[index], "charge").charge.amount_minor] : []));
  check(answers, {
    "one at most is paid": () => paid.length <= 1,
    "each is a receipt or 402": (all) => all.every(({ status }) => status === 200 || status === 402),
    "the wallet holds what is left": () => readBalanceMinor(student) === balance - paid.reduce((sum, amount) => sum + amount, 0),
  });
  for (const [index, { status }] of answers.entries()) if (status === 402) cancelOrder(student, present(opened[index], "order").order);
}
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
