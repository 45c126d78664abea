import { randomUUID } from "node:crypto";
import type { Campus } from "./campus.ts";
import { gatewayOf } from "./gateway.ts";
import { addDish } from "./menus.ts";
import { expectOk, type Money, type MoneyStudent, type Till } from "./money.ts";
import type { TestStaff } from "./people.ts";
import { localClock } from "./recomputed-reports.ts";

/** For tests: days of a café's life, lived through the API in a minute and then spread over the calendar. */
export interface SimulatedCafe {
  readonly till: Till;
  readonly owner: TestStaff;
}

interface Input {
  readonly timeZone: string;
  readonly from: string;
  readonly days: number;
  /** Moments at which something must happen: midnights, hours that a clock reads twice. */
  readonly edges: readonly string[];
  readonly seed: number;
}

type Draw = (below: number) => number;

/** Numbers that are the same for the same seed (mulberry32). */
function drawFrom(seed: number): Draw {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

interface Scene {
  readonly campus: Campus;
  readonly till: Till;
  readonly owner: TestStaff;
  readonly cashier: TestStaff;
  readonly student: MoneyStudent;
  readonly dishes: readonly { readonly id: string; readonly choiceIds: readonly string[] }[];
  readonly draw: Draw;
}

const ordersCount = 48;

export async function simulateDays(campus: Campus, money: Money, input: Input): Promise<SimulatedCafe> {
  const draw = drawFrom(input.seed);
  const till = await money.till();
  await campus.sql`update cafes set time_zone = ${input.timeZone} where id = ${till.cafe.id}`;
  const [owner, cashier] = [await campus.staff("owner", till.cafe), await campus.staff("cashier", till.cafe)];
  const student = await money.fundedStudent({ balanceMinor: 100_000_000 });
  const scene: Scene = { campus, till, owner, cashier, student, dishes: await makeMenu(campus, till), draw };
  for (let number = 0; number < ordersCount; number += 1) await ways[number % ways.length]?.(scene);
  await moveOtherMoney(campus, till);
  await spread(campus, till, input, draw);
  return { till, owner };
}

async function makeMenu(campus: Campus, till: Till): Promise<Scene["dishes"]> {
  const sizes = {
    name: "Size",
    choices: [
      { name: "Small", priceMinor: 0 },
      { name: "Large", priceMinor: 1_333 },
    ],
  };
  const extras = {
    name: "Extra",
    max: 2,
    choices: [
      { name: "Cheese", priceMinor: 707 },
      { name: "=Herbs", priceMinor: 99 },
    ],
  };
  const menu = [
    { name: "Soup", priceMinor: 5_901, vat: 1_200, options: [sizes] },
    { name: "Beer", priceMinor: 4_703, vat: 2_500 },
    { name: "Paper", priceMinor: 1_997, vat: 600 },
    { name: "Pie, hot", priceMinor: 7_333, vat: 1_200, options: [sizes, extras] },
    { name: "Stamp", priceMinor: 1_101, vat: 0 },
  ];
  const dishes: { id: string; choiceIds: string[] }[] = [];
  for (const { vat, ...dish } of menu) {
    const id = await addDish(campus, till.cafe, dish);
    await campus.sql`update menu_items set vat_basis_points = ${vat} where id = ${id}`;
    const choices = await campus.sql<{ id: string }>`
      select (array_agg(c.id order by c.display_order desc))[1] as id from menu_option_choices c join menu_option_groups g on g.id = c.group_id
      where g.item_id = ${id} group by g.id`;
    dishes.push({ id, choiceIds: choices.map((choice) => choice.id) });
  }
  return dishes;
}

function itemsOf({ dishes, draw }: Scene): object[] {
  const first = draw(dishes.length);
  return Array.from({ length: 1 + draw(3) }, (_, place) => {
    const dish = dishes[(first + place) % dishes.length];
    const choices = draw(2) === 0 ? (dish?.choiceIds ?? []) : [];
    return { menu_item_id: dish?.id, quantity: 1 + draw(3), ...(choices.length === 0 ? {} : { choice_ids: choices }) };
  });
}

const idempotent = () => ({ "Idempotency-Key": randomUUID() });

interface Placed {
  readonly id: string;
  readonly total_minor: number;
}

async function place(scene: Scene, more: object): Promise<Placed> {
  const { student, till } = scene;
  const body = { cafe_id: till.cafe.id, items: itemsOf(scene), ...more };
  return expectOk(await student.api<{ order: Placed }>("POST", "/orders", { body })).order;
}

async function byWallet(scene: Scene, more: object = {}): Promise<Placed> {
  const { student, till } = scene;
  const order = await place(scene, more);
  const scanned = expectOk(await student.scan(till, { orderId: order.id }));
  const charge = await student.readCharge(scanned.charge.id);
  expectOk(await student.confirm({ ...charge, match_code: scanned.match_code }));
  return order;
}

async function byGateway(scene: Scene): Promise<Placed> {
  const gateway = gatewayOf(scene.campus);
  const order = await place(scene, { payment_method: "upi" });
  const opened = expectOk(await scene.student.api<{ gateway_order_id: string }>("POST", `/payments/orders/${order.id}`));
  expectOk(await gateway.verify(scene.student, await gateway.pay(opened.gateway_order_id)));
  return order;
}

async function atCounter(scene: Scene): Promise<Placed> {
  const body = { payment: "cash", items: itemsOf(scene) };
  const sold = await scene.till.device.api<{ order: Placed }>("POST", "/pos/sales", { body, headers: idempotent() });
  return expectOk(sold).order;
}

async function refund({ owner }: Scene, { id }: Placed, more: object): Promise<void> {
  const body = { reason: "cold", ...more };
  expectOk(await owner.api("POST", `/admin/orders/${id}/refund`, { body, headers: idempotent() }));
}

async function refundCash({ till, cashier }: Scene, { id }: Placed, amountMinor: number): Promise<void> {
  const body = { scan_id: randomUUID(), reason: "cold", order_id: id, amount_minor: amountMinor };
  const headers = { "X-Staff-Authorization": `Bearer ${cashier.token}` };
  expectOk(await till.device.api("POST", "/pos/refunds", { body, headers }));
}

async function settleRefunds({ campus }: Scene, end: "processed" | "failed", ask: () => Promise<void>): Promise<void> {
  const gateway = gatewayOf(campus);
  await gateway.connect({ refunds: end });
  await ask();
  await campus.drainOutbox();
  await gateway.quiet();
  await campus.drainOutbox();
}

const move = async ({ owner }: Scene, { id }: Placed, ...statuses: string[]) => {
  for (const status of statuses) expectOk(await owner.api("PATCH", `/admin/orders/${id}/status`, { body: { status } }));
};

const third = ({ total_minor }: Placed) => Math.floor(total_minor / 3);
const delivered = { order_type: "delivery", delivery_address: "Dorm 4" };

/** What can become of an order, in turns. */
const ways: readonly ((scene: Scene) => Promise<unknown>)[] = [
  (scene) => byWallet(scene),
  async (scene) => move(scene, await byWallet(scene, delivered), "preparing", "ready", "out_for_delivery", "completed"),
  async (scene) => refund(scene, await byWallet(scene), {}),
  async (scene) => {
    const order = await byWallet(scene, delivered);
    for (const _ of [1, 2]) await refund(scene, order, { amount_minor: third(order) });
    await refund(scene, order, {});
  },
  (scene) => byGateway(scene),
  async (scene) => {
    const order = await byGateway(scene);
    await settleRefunds(scene, "processed", () => refund(scene, order, { amount_minor: third(order), to: "gateway" }));
  },
  async (scene) => {
    const order = await byGateway(scene);
    await settleRefunds(scene, "failed", () => refund(scene, order, { amount_minor: third(order), to: "gateway" }));
    await refund(scene, order, { amount_minor: third(order) });
  },
  async (scene) => loseDispute(scene, await byGateway(scene)),
  async (scene) => scene.student.cancel((await place(scene, {})).id),
  async (scene) => expectOk(await scene.student.cancel((await byWallet(scene)).id)),
  (scene) => atCounter(scene),
  async (scene) => {
    const order = await atCounter(scene);
    await refundCash(scene, order, third(order));
    await refundCash(scene, order, order.total_minor - third(order));
  },
  async (scene) => {
    const order = await place(scene, { payment_method: "cash", ...delivered });
    expectOk(await scene.owner.api("POST", `/admin/orders/${order.id}/cash-received`, { headers: idempotent() }));
  },
  (scene) => place(scene, { payment_method: "cash" }),
  async (scene) => {
    const order = await byWallet(scene);
    await move(scene, order, "preparing", "ready");
    expectOk(await scene.owner.api("POST", `/admin/orders/${order.id}/no-show`, { headers: idempotent() }));
  },
];

async function loseDispute({ campus }: Scene, { id }: Placed): Promise<void> {
  await campus.sql`
    select close_dispute(open_dispute(p.gateway, 'dispute_' || p.payment_id, p.payment_id, p.amount_minor, p.currency, 'not as described', now() + interval '7 days'), false)
    from gateway_payments p join gateway_orders g on g.id = p.order_row_id where g.order_id = ${id}`;
}

/** A payout, which is in the café's account and no part of what it sold. */
async function moveOtherMoney(campus: Campus, { cafe }: Till): Promise<void> {
  await campus.sql`
    select post_between('settlement', account_of('cafe_payable', null, ${cafe.id}, 'SEK'), account_of('bank', null, null, 'SEK'), 100, 'SEK', null, null)`;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** Gives each order a moment, its payment one a little behind it, and each refund one up to four days later. */
async function spread(campus: Campus, { cafe }: Till, { timeZone, from, days, edges }: Input, draw: Draw): Promise<void> {
  const moments = edges.map((edge) => Date.parse(edge));
  const orders = await campus.sql<{ id: string }>`select id from orders where cafe_id = ${cafe.id} order by id`;
  for (const { id } of orders) {
    const placedAt = moments.shift() ?? Date.parse(`${from}T12:00:00Z`) + draw(days * 24 * 60 - 12 * 60) * minuteMs;
    const entries = await campus.sql<{ id: string; isFirst: boolean }>`
      select t.id, t.corrects_id is null as is_first from ledger_transactions t where t.order_id = ${id} and t.kind <> 'dispute' order by t.id`;
    await campus.sql`
      update orders set created_at = ${new Date(placedAt)}, order_day = ${localClock(placedAt, timeZone).day},
        paid_at = case when paid_at is not null then ${new Date(placedAt)}::timestamptz end where id = ${id}`;
    let at = placedAt;
    for (const entry of entries) {
      at += entry.isFirst ? draw(3) * minuteMs : draw(2 * dayMs);
      await campus.sql`update ledger_transactions set at = ${new Date(at)} where id = ${entry.id}`;
    }
  }
}
