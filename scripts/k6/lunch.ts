import { check } from "k6";
import exec from "k6/execution";
import { cafeAt, campus, cheapestItem, present } from "./lib/campus.ts";
import { assertLedger } from "./lib/ledger.ts";
import { logInStudents, type Student } from "./lib/log-in.ts";
import { pay } from "./lib/pay.ts";
import { everyRun, promisedTimes } from "./lib/thresholds.ts";
import { fillWallets } from "./lib/wallet.ts";

// The load the platform is designed for: half of 20,000 students order within a 30-minute lunch, four times the mean at
// its peak, which is 22 scans a second.
const scansASecond = Number(__ENV.RATE || "25");
const seconds = Number(__ENV.SECONDS || "1800");

export const options = {
  scenarios: {
    lunch: {
      executor: "constant-arrival-rate",
      rate: scansASecond,
      timeUnit: "1s",
      duration: `${seconds}s`,
      preAllocatedVUs: scansASecond * 4,
      maxVUs: scansASecond * 8,
    },
  },
  thresholds: { ...everyRun, ...promisedTimes },
  setupTimeout: "180s",
};

export function setup(): Student[] {
  const payments = Math.ceil((scansASecond * seconds) / campus.students.length) + 1;
  const dearest = Math.max(...campus.cafes.map((cafe) => cheapestItem(cafe).price_minor));
  const students = logInStudents(campus.students);
  fillWallets(students, payments * dearest);
  return students;
}

export default function (students: Student[]): void {
  const turn = exec.scenario.iterationInTest;
  const receipt = pay(present(students[turn % students.length], "student"), cafeAt(turn));
  check(receipt, { "a receipt is signed": ({ receipt: jws }) => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(jws) });
}

export function teardown(): void {
  assertLedger();
}
