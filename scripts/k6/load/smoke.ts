import { check } from "k6";
import exec from "k6/execution";
import { cafeAt, campus, cheapestItem, present, studentAt } from "../lib/campus.ts";
import { assertLedger } from "../lib/ledger.ts";
import { logInStudents, type Student } from "../lib/log-in.ts";
import { cancelOrder, confirmCharge, openCharge, type Receipt } from "../lib/pay.ts";
import { everyRun, promisedTimes } from "../lib/thresholds.ts";
import { fillWallets, readBalanceMinor } from "../lib/wallet.ts";

// A few students pay, one after the other, at each café: is everything there at all?
const payingStudents = 3;
const seconds = 5;
const paymentsASecond = 3;
const mostUnpaidPortions = 50;

export const options = {
  scenarios: {
    smoke: {
      executor: "constant-arrival-rate",
      rate: paymentsASecond,
      timeUnit: "1s",
      duration: `${seconds}s`,
      preAllocatedVUs: 10,
      maxVUs: 20,
    },
  },
  thresholds: { ...everyRun, ...promisedTimes },
};

export function setup(): Student[] {
  const few = Array.from({ length: payingStudents + 1 }, (_, index) => studentAt(index));
  const dearest = Math.max(...campus.cafes.map((cafe) => cheapestItem(cafe).price_minor));
  const loggedIn = logInStudents(few);
  fillWallets(loggedIn, dearest * seconds * paymentsASecond);
  return loggedIn;
}

export default function (loggedIn: Student[]): void {
  const turn = exec.scenario.iterationInTest;
  // The last one pays nothing, so that the balance is still for whoever looks at it twice.
  if (turn === 0) refuseTooLittleMoney(present(loggedIn[payingStudents], "student"));
  const student = present(loggedIn[turn % payingStudents], "student");
  const { order, charge } = openCharge(student, cafeAt(turn));
  const first = confirmCharge(student, charge);
  const again = confirmCharge(student, charge);
  check(first, {
    "the receipt is of this order": ({ status, body }) => status === 200 && (JSON.parse(body) as Receipt).order_id === order.id,
    "the second confirm gives the same bytes": ({ body }) => again.status === 200 && again.body === body,
  });
}

/** More than the wallet holds: 402, nothing moves, and the order can be cancelled. */
function refuseTooLittleMoney(student: Student): void {
  const cafe = cafeAt(0);
  const before = readBalanceMinor(student);
  const dearest = cafe.items.reduce((one, other) => (one.price_minor < other.price_minor ? other : one));
  const { order, charge } = openCharge(student, cafe, [{ menu_item_id: dearest.id, quantity: mostUnpaidPortions }]);
  const refused = confirmCharge(student, charge, [402]);
  check(refused, {
    "too little money is refused with 402": ({ status }) => status === 402,
    "a refused confirm moves nothing": () => readBalanceMinor(student) === before,
  });
  cancelOrder(student, order);
}

export function teardown(): void {
  assertLedger();
}
export { handleSummary } from "../lib/summary.ts";
