import { check } from "k6";
import { cafeAt, campus, cheapestItem, present, studentAt } from "../lib/campus.ts";
import { assertLedger } from "../lib/ledger.ts";
import { logInStudents, type Student } from "../lib/log-in.ts";
import { confirmRequest, openCharge } from "../lib/pay.ts";
import { sendAll } from "../lib/request.ts";
import { everyRun } from "../lib/thresholds.ts";
import { countDebits, fillWallets, readBalanceMinor } from "../lib/wallet.ts";

// A button that is pressed again and again: one charge is confirmed a hundred times at once, at both API processes.
const confirms = 100;

export const options = {
  scenarios: { once: { executor: "shared-iterations", vus: 1, iterations: 1, maxDuration: "60s" } },
  batch: confirms,
  batchPerHost: confirms,
  thresholds: everyRun,
};

export function setup(): Student[] {
  const students = logInStudents([studentAt(0)]);
  fillWallets(students, cheapestItem(cafeAt(0)).price_minor);
  return students;
}

export default function (students: Student[]): void {
  const student = present(students[0], "student");
  const { charge } = openCharge(student, cafeAt(0));
  const before = readBalanceMinor(student);
  const answers = sendAll(
    Array.from({ length: confirms }, (_, index) => ({
      ...confirmRequest(student, charge),
      base: `${present(campus.processes[index % campus.processes.length], "API process").url}/api/v1`,
    })),
  );
  check(answers, {
    "every confirm is answered with 200": (all) => all.length === confirms && all.every(({ status }) => status === 200),
    "all receipts are the same bytes": (all) => new Set(all.map(({ body }) => body)).size === 1,
    "the wallet was debited once": () => readBalanceMinor(student) === before - charge.amount_minor,
    "the statement has one line of this charge": () => countDebits(student, charge.id) === 1,
  });
}

export function teardown(): void {
  assertLedger();
}
export { handleSummary } from "../lib/summary.ts";
