import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Campus, startCampus } from "../campus.ts";
import { type Money, type MoneyStudent, moneyOf, type ScannedCharge, type Till } from "../money.ts";
import type { TestStaff } from "../people.ts";
import { violations } from "./books.ts";

// Random sequences of what people do to a wallet, an order and a card, over both processes, beside a model that fits a screen.
// Again, with the seed and path that a failure prints: PROOF_SEED=… PROOF_PATH=… npx vitest run app/testing/proof/model.test.ts
const seed = Number(process.env.PROOF_SEED ?? Date.now() % 2_147_483_647);
const path = process.env.PROOF_PATH;
const runs = Number(process.env.PROOF_RUNS ?? 12);
const longestMs = 60_000;

type Process = 0 | 1;
type OrderState = "waiting" | "open" | "paid" | "cancelled";

interface Order {
  readonly id: string;
  readonly totalMinor: number;
  charge: ScannedCharge | undefined;
  state: OrderState;
  refundedMinor: number;
}

/** What must be true of one student, by arithmetic alone. */
class Model {
  balanceMinor: number;
  isFrozen = false;
  orders: Order[] = [];
  constructor(balanceMinor: number) {
    this.balanceMinor = balanceMinor;
  }
  /** One in the wished state, by a number that shrinks well. */
  pick(nth: number, ...states: readonly OrderState[]): Order | undefined {
    const found = this.orders.filter(({ state }) => states.includes(state));
    return found[nth % Math.max(1, found.length)];
  }
}

interface Real {
  readonly campus: Campus;
  readonly till: Till;
  readonly cashier: TestStaff;
  readonly student: MoneyStudent;
}

type Step = fc.AsyncCommand<Model, Real>;

class PlaceOrder implements Step {
  readonly priceMinor: number;
  constructor(priceMinor: number) {
    this.priceMinor = priceMinor;
  }
  check = (model: Readonly<Model>) => model.orders.filter(({ state }) => state === "waiting" || state === "open").length < 3;
  async run(model: Model, { student, till }: Real) {
    const { id } = await student.placeOrder({ till, totalMinor: this.priceMinor });
    model.orders.push({ id, totalMinor: this.priceMinor, charge: undefined, state: "waiting", refundedMinor: 0 });
  }
  toString = () => `order(${this.priceMinor})`;
}

class Scan implements Step {
  readonly nth: number;
  readonly process: Process;
  constructor(nth: number, process: Process) {
    this.nth = nth;
    this.process = process;
  }
  check = (model: Readonly<Model>) => model.pick(this.nth, "waiting", "open") !== undefined;
  async run(model: Model, { student, till }: Real) {
    const order = model.pick(this.nth, "waiting", "open") as Order;
    const { status, body } = await student.scan(till, { orderId: order.id, process: this.process });
    expect([200, 201]).toContain(status);
    // While it is open, another scan is of the same charge.
    if (order.state === "open") expect(body.charge.id).toBe(order.charge?.id);
    order.charge = { ...(await student.readCharge(body.charge.id)), match_code: body.match_code };
    expect(order.charge.amount_minor).toBe(order.totalMinor);
    order.state = "open";
  }
  toString = () => `scan(${this.nth}, process ${this.process})`;
}

class Confirm implements Step {
  readonly nth: number;
  readonly copies: number;
  constructor(nth: number, copies: number) {
    this.nth = nth;
    this.copies = copies;
  }
  check = (model: Readonly<Model>) => model.pick(this.nth, "open", "paid") !== undefined;
  async run(model: Model, { student }: Real) {
    const order = model.pick(this.nth, "open", "paid") as Order;
    const charge = order.charge as ScannedCharge;
    const answers = await Promise.all(
      Array.from({ length: this.copies }, (_, index) => student.confirm(charge, { process: (index % 2) as Process })),
    );
    const wanted = order.state === "paid" ? 200 : model.isFrozen ? 423 : model.balanceMinor < order.totalMinor ? 402 : 200;
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => wanted));
    if (wanted !== 200) return;
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    if (order.state === "paid") return;
    model.balanceMinor -= order.totalMinor;
    order.state = "paid";
    expect(answers[0]?.body.balance_minor_after).toBe(model.balanceMinor);
  }
  toString = () => `confirm(${this.nth}) × ${this.copies}`;
}

class Cancel implements Step {
  readonly nth: number;
  constructor(nth: number) {
    this.nth = nth;
  }
  check = (model: Readonly<Model>) => model.pick(this.nth, "waiting", "open") !== undefined;
  async run(model: Model, { student }: Real) {
    const order = model.pick(this.nth, "waiting", "open") as Order;
    expect((await student.cancel(order.id)).status).toBe(200);
    order.state = "cancelled";
    // What was scanned before can never be paid any more.
    if (order.charge) expect((await student.confirm(order.charge)).status).toBe(409);
  }
  toString = () => `cancel(${this.nth})`;
}

class TopUp implements Step {
  readonly amountMinor: number;
  constructor(amountMinor: number) {
    this.amountMinor = amountMinor;
  }
  check = () => true;
  async run(model: Model, { student }: Real) {
    await student.topUp(this.amountMinor);
    model.balanceMinor += this.amountMinor;
  }
  toString = () => `topUp(${this.amountMinor})`;
}

class Refund implements Step {
  readonly nth: number;
  readonly percent: number;
  readonly process: Process;
  constructor(nth: number, percent: number, process: Process) {
    this.nth = nth;
    this.percent = percent;
    this.process = process;
  }
  check = (model: Readonly<Model>) => model.pick(this.nth, "paid") !== undefined;
  async run(model: Model, { campus, cashier }: Real) {
    const order = model.pick(this.nth, "paid") as Order;
    const amount_minor = Math.ceil((order.totalMinor * this.percent) / 100);
    const { status } = await campus.api("POST", `/admin/orders/${order.id}/refund`, {
      process: this.process,
      token: cashier.token,
      body: { amount_minor, reason: "model" },
      headers: { "Idempotency-Key": crypto.randomUUID() },
    });
    const isTooMuch = order.refundedMinor + amount_minor > order.totalMinor;
    if (isTooMuch) return expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBe(201);
    order.refundedMinor += amount_minor;
    model.balanceMinor += amount_minor;
  }
  toString = () => `refund(${this.nth}, ${this.percent} %, process ${this.process})`;
}

class Freeze implements Step {
  check = () => true;
  async run(model: Model, { student }: Real) {
    const path = model.isFrozen ? "/wallet/unfreeze" : "/wallet/freeze";
    const { status } = await student.api("POST", path, { body: {} });
    if (status >= 300) return; // what it takes to thaw a wallet is the wallet's own test
    model.isFrozen = !model.isFrozen;
  }
  toString = () => "freeze or unfreeze";
}

/** After each sequence: the balance, the statement and every order are the model's. */
async function compare(model: Model, { student }: Real): Promise<void> {
  expect(await student.balanceMinor()).toBe(model.balanceMinor);
  const lines = await student.statement();
  expect(lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0)).toBe(model.balanceMinor);
  for (const { id, state, totalMinor, refundedMinor } of model.orders) {
    const order = await student.readOrder(id);
    const wanted = state === "paid" ? (refundedMinor === totalMinor ? "refunded" : "paid") : "pending";
    expect([id, order.payment_status]).toEqual([id, wanted]);
  }
}

let campus: Campus;
let money: Money;
beforeAll(async () => {
  campus = await startCampus();
  money = moneyOf(campus);
});
afterAll(() => campus.end());

const nth = fc.nat({ max: 3 });
const process01 = fc.constantFrom<Process>(0, 1);
const order = fc.integer({ min: 1_000, max: 9_000 }).map((price) => new PlaceOrder(price));
const scan = fc.tuple(nth, process01).map(([n, process]) => new Scan(n, process));
const confirm = fc.tuple(nth, fc.integer({ min: 1, max: 4 })).map(([n, copies]) => new Confirm(n, copies));
const refund = fc.tuple(nth, fc.constantFrom(10, 34, 50, 100), process01).map(([n, percent, process]) => new Refund(n, percent, process));
const topUp = fc.integer({ min: 1, max: 6_000 }).map((amount) => new TopUp(amount));
/** What leads to a payment more often than the rest: a step that has nothing to act on is skipped. */
const steps = [
  order,
  order,
  scan,
  scan,
  scan,
  confirm,
  confirm,
  confirm,
  refund,
  refund,
  topUp,
  nth.map((n) => new Cancel(n)),
  fc.constant(new Freeze()),
];

test(
  "whatever people do to wallet, orders and charges, in any order and over both processes, the books are those of the model",
  async () => {
    const till = await money.till();
    const cashier = await campus.staff("cashier", till.cafe);
    await fc.assert(
      fc.asyncProperty(fc.commands(steps, { maxCommands: 50, size: "max" }), async (commands) => {
        const student = await money.fundedStudent({ balanceMinor: 10_000 });
        const real = { campus, till, cashier, student };
        const model = new Model(10_000);
        await fc.asyncModelRun(() => ({ model, real }), commands);
        await compare(model, real);
      }),
      { seed, numRuns: runs, interruptAfterTimeLimit: longestMs, ...(path === undefined ? {} : { path, endOnFailure: true }) },
    );
    expect(await violations(campus.owner)).toEqual({});
  },
  longestMs * 3,
);
