import { check, sleep } from "k6";
import exec from "k6/execution";
import { campus, present } from "../lib/campus.ts";
import { assertLedger } from "../lib/ledger.ts";
import { logInStudents, type Student } from "../lib/log-in.ts";
import { arrivals, seconds } from "../lib/profile.ts";
import { everyRun } from "../lib/thresholds.ts";
import { captured, connectGateway, payTopUp, sendWebhook, signed, topUpStatus } from "../lib/top-up.ts";
import { readBalanceMinor } from "../lib/wallet.ts";

// Webhooks forged, replayed and out of order: one credit for each payment, and none for what the gateway never signed.
const amountMinor = 1_500;
const creditedWithinSeconds = 60;
/** A student each, so that each balance is one iteration's alone. */
const students = 60;

export const options = {
  scenarios: { webhooks: arrivals(2, Math.min(seconds, Math.floor(students / 2) - 1), 30) },
  thresholds: everyRun,
  setupTimeout: "180s",
};

export function setup(): Student[] {
  connectGateway(2);
  return logInStudents(campus.students.slice(0, Math.min(students, campus.students.length)));
}

export default function (loggedIn: Student[]): void {
  const student = present(loggedIn[exec.scenario.iterationInTest], "student");
  const before = readBalanceMinor(student);
  const { topUpId, orderId, paymentId } = payTopUp(student, amountMinor);
  const told = captured({ id: paymentId, order_id: orderId, amount: amountMinor });
  const larger = captured({ id: paymentId, order_id: orderId, amount: amountMinor * 100 });
  const forged = sendWebhook(larger, signed(told), [401]);
  const unsigned = sendWebhook(told, "0".repeat(64), [401]);
  const replays = [1, 2, 3].map(() => sendWebhook(told, signed(told), [200]));
  const endsAtMs = Date.now() + creditedWithinSeconds * 1_000;
  while (topUpStatus(student, topUpId) !== "paid" && Date.now() < endsAtMs) sleep(0.5);
  check(replays, {
    "what is forged is refused": () => forged.status === 401 && unsigned.status === 401,
    "what is replayed is taken": (all) => all.every(({ status }) => status === 200),
    "and credited once": () => readBalanceMinor(student) === before + amountMinor,
  });
}

export const teardown = assertLedger;
export { handleSummary } from "../lib/summary.ts";
