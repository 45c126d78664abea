import { check } from "k6";
import { campus } from "../lib/campus.ts";
import { assertLedger } from "../lib/ledger.ts";
import { logInStudents } from "../lib/log-in.ts";
import { persistAll } from "../lib/patient.ts";
import { everyStorm } from "../lib/thresholds.ts";

// Term begins: everybody asks for a one-time password in the same minute, twenty at a time. Who is told to come back comes back.
const rounds = 3;
/** A deployed process has connections before anybody comes; here they are opened a few at a time before the storm. */
const calm = [2, 4, 8, 16];

export const options = {
  scenarios: { storm: { executor: "shared-iterations", vus: 1, iterations: rounds, maxDuration: "300s" } },
  batch: 20,
  batchPerHost: 20,
  thresholds: { ...everyStorm, "http_req_duration{name:log in}": ["p(95)<6000"] },
  setupTimeout: "180s",
};

export function setup(): void {
  for (const few of calm) logInStudents(campus.students.slice(0, few), persistAll);
}

export default function (): void {
  const students = logInStudents(campus.students, persistAll);
  check(students, { "everybody is in": (all) => all.length === campus.students.length && all.every(({ token }) => token.length > 100) });
}
export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
