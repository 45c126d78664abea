import { readFileSync } from "node:fs";
import type pg from "pg";
import { closeShift } from "../../counter/close-shift.ts";
import { openShift } from "../../counter/open-shift.ts";
import { readCurrentShift } from "../../counter/shift.ts";
import { sealFinishedDays } from "../../ledger/anchors.ts";
import type { Platform } from "../../platform/context.ts";
import { type Database, openDatabase, sql } from "../../platform/postgres.ts";
import { createReceiptSigner } from "../../receipts/receipt-signer.ts";
import { openBooks } from "../sandbox/books-file.ts";
import { keepOrder, pay } from "../sandbox/gateway-books.ts";
import { type Demo, type DemoPart, idOf } from "./demo.ts";
import { type Act, type Dish, type Place, planPast } from "./past-plan.ts";

interface Needed {
  /** The role that owns the schema: no other may say when something happened. */
  readonly ownerUrl: string;
  readonly ownerPassword: string;
  /** Of the stand-in gateway, so that it knows each top-up. */
  readonly gatewayBooks: string;
}

const gateway = "razorpay";
const floatMinor = 80_000;
const missingAtCloseMinor = 500;
/** What is said to have happened is over by now, its order fetched. */
const restMinutes = 30;
const patienceMs = 120_000;

/** A month of orders, top-ups, refunds and settlements, once: a campus where anything was sold keeps its own past. */
export const addPast =
  (needed: Needed): DemoPart =>
  async (platform, demo) => {
    const owner = openOwner(platform, needed);
    try {
      const sold = await owner.row(sql`select from ledger_transactions where kind in ('debit', 'cash_sale', 'gateway_sale') limit 1`);
      if (!sold) await relive(platform, owner, demo, needed);
      return { ...demo, students: await readBalances(owner, demo.students) };
    } finally {
      await owner.end();
    }
  };

function openOwner({ config, log }: Platform, { ownerUrl, ownerPassword }: Needed): Database {
  const password = async () => ownerPassword;
  return openDatabase({
    url: ownerUrl,
    password,
    freshPassword: password,
    poolSize: 2,
    connectTimeoutMs: config.DATABASE_CONNECT_TIMEOUT_MS,
    statementTimeoutMs: patienceMs,
    lockTimeoutMs: config.DATABASE_LOCK_TIMEOUT_MS,
    idleInTransactionTimeoutMs: patienceMs,
    ca: config.DATABASE_CA,
    applicationName: "campus-seed-past",
    log,
  });
}

/** The last day of sales is lived in a shift of its own, so that its tills have a Z-report. */
async function relive(platform: Platform, owner: Database, demo: Demo, { gatewayBooks }: Needed): Promise<void> {
  const books = openBooks(gatewayBooks);
  const acts = await planUntilNow(platform, owner, demo);
  const toldToGateway = acts.map((act) => (act.kind === "top_up" ? { ...act, ...collect(books.books, act) } : act));
  books.write();
  const lastDay = acts.findLast(({ kind }) => kind === "order")?.day ?? "";
  const connection = await owner.connect();
  try {
    await connection.query(readFileSync(new URL("./past.sql", import.meta.url), "utf8"));
    const run = await runnerOf(platform, connection, demo);
    await run(toldToGateway.filter(({ day }) => day < lastDay));
    for (const device of demo.devices) await openTill(owner, device, lastDay, platform.config.CAMPUS_TIME_ZONE);
    await run(toldToGateway.filter(({ day }) => day >= lastDay));
    for (const device of demo.devices) await closeTill(owner, device);
  } finally {
    connection.release(true);
  }
  await owner.transaction(sealFinishedDays);
}

async function planUntilNow({ config }: Platform, owner: Database, { cafes, students }: Demo): Promise<Act[]> {
  const zone = config.CAMPUS_TIME_ZONE;
  const [clock, welcome] = await Promise.all([
    owner.row<{ day: string; minute: number }>(sql`
      select to_char(local, 'YYYY-MM-DD') as day, (extract(epoch from local - date_trunc('day', local)) / 60)::integer as minute
      from (select (now() - make_interval(mins => ${restMinutes})) at time zone ${zone} as local) x`),
    owner.row<{ minor: number }>(sql`select max(balance_minor) as minor from wallets where student_id = ${students[0]?.id}`),
  ]);
  if (!clock) throw new Error("The database does not say what time it is.");
  const acts = planPast({
    places: await readPlaces(owner, cafes),
    studentIds: students.map(({ id }) => id),
    welcomeMinor: welcome?.minor ?? 0,
    today: clock.day,
  });
  return acts.filter(({ day, minute }) => day < clock.day || minute <= clock.minute);
}

async function readPlaces(owner: Database, cafes: Demo["cafes"]): Promise<Place[]> {
  const rows = await owner.rows<Dish & { cafeId: string; code: string }>(sql`
    select f.id as cafe_id, f.code, m.id, m.price_minor, coalesce((
        select jsonb_agg(jsonb_build_object('id', c.id, 'priceMinor', c.price_minor) order by g.display_order, c.display_order)
        from menu_option_groups g join menu_option_choices c on c.group_id = g.id where g.item_id = m.id), '[]') as choices
    from menu_items m join cafes f on f.id = m.cafe_id
    where f.id = any(${cafes.map(({ id }) => id)}::uuid[]) and m.deleted_at is null and not m.is_sold_out order by m.display_order, m.id`);
  return cafes.flatMap(({ id }) => {
    const dishes = rows.filter(({ cafeId }) => cafeId === id);
    return dishes[0] ? [{ cafeId: id, code: dishes[0].code, dishes }] : [];
  });
}

/** Tells the stand-in gateway of a top-up that was paid there at its time, and gives what it says of it. */
function collect(books: ReturnType<typeof openBooks>["books"], { day, minute, studentId, amountMinor }: Extract<Act, { kind: "top_up" }>) {
  const paidAtSeconds = Math.floor(Date.parse(`${day}T00:00:00Z`) / 1_000) + minute * 60;
  const order = keepOrder(books, {
    amount: amountMinor,
    currency: "SEK",
    receipt: idOf(`top-up ${studentId} ${paidAtSeconds}`),
    notes: {},
  });
  const payment = { ...pay(books, order, "captured", null), created_at: paidAtSeconds };
  order.payments.splice(0, 1, payment);
  books.payments.set(payment.id, payment);
  const { id, amount, currency, status, method, fee, tax, created_at } = payment;
  const response = { id, order_id: order.id, amount, currency, status, method, fee, tax, error_code: null, created_at };
  return { gateway, gatewayOrderId: order.id, paymentId: id, feeMinor: fee, response };
}

async function runnerOf({ config, secrets }: Platform, connection: pg.PoolClient, { devices }: Demo) {
  const common = {
    region: config.CAMPUS_REGION,
    epoch: config.CAMPUS_EPOCH,
    zone: config.CAMPUS_TIME_ZONE,
    receiptKeyId: await createReceiptSigner({ secrets }).keyId(),
  };
  const places = Object.fromEntries(devices.map(({ id, cafe_id }) => [cafe_id, { ...common, deviceId: id }]));
  const people = ["finance-1", "finance-2"].map((name) => idOf(`staff ${name}`));
  return (acts: readonly object[]) =>
    connection.query("select pg_temp.relive($1, $2, $3, $4)", [
      JSON.stringify(acts),
      JSON.stringify(places),
      JSON.stringify(people),
      common.zone,
    ]);
}

type Device = Demo["devices"][number];
const requestId = "demo-past";

async function openTill(owner: Database, { id, cafe_id }: Device, day: string, zone: string): Promise<void> {
  await owner.transaction(async (tx) => {
    const opened = await openShift(tx, { device: { id, cafeId: cafe_id }, openingFloatMinor: floatMinor, staffId: null, requestId });
    await tx.run(
      sql`update shifts set opened_at = (${day}::date + interval '7 hours 40 minutes') at time zone ${zone} where id = ${opened.id}`,
    );
  });
}

/** Counted with a little too little, as it happens. */
async function closeTill(owner: Database, { id, cafe_id }: Device): Promise<void> {
  await owner.transaction(async (tx) => {
    const { totals } = await readCurrentShift(tx, id);
    const cash = totals.methods.find(({ method }) => method === "cash");
    const countedCashMinor = floatMinor + (cash?.sales_minor ?? 0) - (cash?.refunds_minor ?? 0) - missingAtCloseMinor;
    const actor = { kind: "device", id } as const;
    await closeShift(tx, { cafeId: cafe_id, which: { deviceId: id }, countedCashMinor, staffId: null, actor, requestId });
  });
}

async function readBalances(owner: Database, students: Demo["students"]): Promise<Demo["students"]> {
  const rows = await owner.rows<{ studentId: string; balanceMinor: number }>(
    sql`select student_id, balance_minor from wallets where student_id = any(${students.map(({ id }) => id)}::uuid[])`,
  );
  const balances = new Map(rows.map(({ studentId, balanceMinor }) => [studentId, balanceMinor]));
  return students.map((student) => ({ ...student, balance_minor: balances.get(student.id) ?? student.balance_minor }));
}
