import { check } from "k6";
import { campus } from "../lib/campus.ts";
import { assertLedger } from "../lib/ledger.ts";
import { logInStudents } from "../lib/log-in.ts";
import { everyRun } from "../lib/thresholds.ts";

// Term begins: everybody asks for a one-time password in the same minute, twenty at a time.
const rounds = 3;

export const options = {
  scenarios: { storm: { executor: "shared-iterations", vus: 1, iterations: rounds, maxDuration: "300s" } },
  batch: 20,
  batchPerHost: 20,
  thresholds: { ...everyRun, "http_req_duration{name:log in}": ["p(95)<6000"] },
};

export default function (): void {
  const students = logInStudents(campus.students);
  check(students, { "everybody is in": (all) => all.length === campus.students.length && all.every(({ token }) => token.length > 100) });
}
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
