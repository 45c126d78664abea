import { check, sleep } from "k6";
import exec from "k6/execution";
import http from "k6/http";
import { cafeAt, campus, cheapestItem, present } from "./campus.ts";
import { logInStudents, type Student } from "./log-in.ts";
import { payPatiently } from "./patient.ts";
import { arrivals, scansASecond, seconds } from "./profile.ts";
import { everyFault } from "./thresholds.ts";
import { fillWallets } from "./wallet.ts";

// The runner (`npm run load`) listens here and does what only it can: kill a server, cut a wire.
const control = __ENV.CONTROL;
const payingStudents = 40;
/** After the arrivals have begun. */
const faultAtSeconds = 3;
const patience = 25;

interface Fault {
  /** Of all answers while it lasts and after it: so many may be bad. */
  readonly answersBad: number;
  /** How long it lasts before the runner mends it. */
  readonly faultSeconds: number;
}

/** Payments that arrive at the profile's rate, and something that breaks while they do. */
export const paymentsUnder = ({ answersBad, faultSeconds }: Fault) => ({
  scenarios: {
    payments: { ...arrivals(scansASecond, seconds + faultSeconds, patience), exec: "default" },
    fault: {
      executor: "per-vu-iterations" as const,
      vus: 1,
      iterations: 1,
      startTime: `${faultAtSeconds}s`,
      maxDuration: `${faultSeconds + 60}s`,
      exec: "breakAndMend",
      env: { FAULT_SECONDS: String(faultSeconds) },
    },
  },
  thresholds: everyFault(answersBad),
  setupTimeout: "180s",
});

export function breakAndMend(): void {
  tell("fault");
  sleep(Number(__ENV.FAULT_SECONDS));
  tell("mended");
}

function tell(what: "fault" | "mended"): void {
  if (!control) throw new Error("CONTROL is not set: this script breaks something, run it by `npm run load -- NAME`.");
  const { status, body } = http.post(`${control}/${what}`, null, { tags: { name: what }, timeout: "60s" });
  if (status !== 200) throw new Error(`The runner could not do it (${what}): ${body}`);
}

export function logInAndFill(): Student[] {
  const students = logInStudents(campus.students.slice(0, payingStudents));
  const payments = Math.ceil((scansASecond * (seconds + 60)) / payingStudents) + 2;
  fillWallets(students, payments * Math.max(...campus.cafes.map((cafe) => cheapestItem(cafe).price_minor)));
  return students;
}

export function payOnce(students: Student[]): void {
  const turn = exec.scenario.iterationInTest;
  const receipt = payPatiently(present(students[turn % students.length], "student"), cafeAt(turn));
  check(receipt, { "a receipt is signed": ({ receipt: jws }) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(jws) });
}
