import type { Campus } from "./campus.ts";

/** For tests: every report once more, from the ledger's entries and the rows of the orders, with another calendar than the database's. */
export interface CafeBooks {
  readonly timeZone: string;
  readonly entries: readonly Entry[];
  readonly orders: ReadonlyMap<string, OrderRow>;
}

interface Entry {
  readonly id: string;
  readonly orderId: string;
  readonly correctsId: string | null;
  /** What the café's account gained, or lost below zero. */
  readonly amountMinor: number;
  /** The account on the other side. */
  readonly otherKind: "wallet" | "cash" | "gateway_clearing" | "disputes";
  readonly at: Date;
}

interface OrderRow {
  readonly id: string;
  readonly status: string;
  readonly orderType: string;
  readonly createdAt: Date;
  readonly totalMinor: number;
  readonly deliveryChargeMinor: number;
  readonly isNoShow: boolean;
  readonly lines: readonly {
    readonly menuItemId: string;
    readonly rate: number;
    readonly quantity: number;
    readonly totalMinor: number;
    readonly options: readonly { readonly group_name: string; readonly name: string; readonly price_minor: number }[];
  }[];
}

export async function readBooks(campus: Pick<Campus, "sql">, cafeId: string): Promise<CafeBooks> {
  const [cafe] = await campus.sql<{ timeZone: string }>`select time_zone from cafes where id = ${cafeId}`;
  const entries = await campus.sql<Entry>`
    select e.transaction_id as id, t.order_id, t.corrects_id, e.amount_minor, other.kind as other_kind, e.at
    from ledger_entries e join accounts a on a.id = e.account_id and a.kind = 'cafe_payable' and a.cafe_id = ${cafeId}
      join ledger_transactions t on t.id = e.transaction_id
      join accounts other on other.id = case when e.amount_minor > 0 then t.from_account_id else t.to_account_id end
    where e.kind <> 'settlement' order by e.transaction_id`;
  const orders = await campus.sql<OrderRow>`
    select o.id, o.status, o.order_type, o.created_at, o.total_minor, o.delivery_charge_minor, o.no_show_at is not null as is_no_show,
      (select json_agg(json_build_object('menuItemId', i.menu_item_id, 'rate', i.vat_basis_points, 'quantity', i.quantity, 'totalMinor', i.line_total_minor,
        'options', i.options) order by i.id) from order_items i where i.order_id = o.id) as lines
    from orders o where o.cafe_id = ${cafeId}`;
  return { timeZone: cafe?.timeZone ?? "", entries, orders: new Map(orders.map((order) => [order.id, order])) };
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** What a clock in this zone reads, by the calendar that Node carries. */
export function localClock(atMs: number, timeZone: string): { readonly day: string; readonly hour: number; readonly weekday: number } {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat("en-CA", { timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit" });
  formats.set(timeZone, format);
  const parts = Object.fromEntries(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  const day = `${parts.year}-${parts.month}-${parts.day}`;
  return { day, hour: Number(parts.hour), weekday: new Date(`${day}T12:00:00Z`).getUTCDay() || 7 };
}

export interface Days {
  readonly from: string;
  readonly to: string;
}

const isWithin = (day: string, { from, to }: Days) => day >= from && day <= to;
const sum = (values: readonly number[]) => values.reduce((left, value) => left + value, 0);
const vatIn = (grossMinor: number, rate: number) => Math.round((grossMinor * rate) / (10_000 + rate));

const isSale = (entry: Entry) => entry.amountMinor > 0 && entry.correctsId === null;
const isDispute = (entry: Entry) => entry.otherKind === "disputes";
/** A refund, or below zero the return of one. */
const isGivenBack = (entry: Entry) => entry.correctsId !== null && !isDispute(entry);
const methodOf = { cash: "cash", wallet: "wallet", gateway_clearing: "upi", disputes: "none" } as const;

const entriesOf = ({ entries, timeZone }: CafeBooks, days: Days) =>
  entries.filter(({ at }) => isWithin(localClock(at.getTime(), timeZone).day, days));

/** The parts of an order that a refund is shared among, in their order; each refund takes what its share of the sum has grown by. */
function sharesOf<Key>(books: CafeBooks, entry: Entry, parts: readonly { readonly key: Key; readonly minor: number }[]): [Key, number][] {
  const before = -sum(
    books.entries
      .filter((each) => each.correctsId === entry.correctsId && isGivenBack(each) && each.id < entry.id)
      .map((each) => each.amountMinor),
  );
  const after = before - entry.amountMinor;
  const total = sum(parts.map(({ minor }) => minor));
  const grown = (minor: number) => Math.round((minor * after) / total) - Math.round((minor * before) / total);
  let upTo = 0;
  return parts.map(({ key, minor }) => {
    const share = grown(upTo + minor) - grown(upTo);
    upTo += minor;
    return [key, share];
  });
}

function orderOf({ orders }: CafeBooks, { orderId }: Entry): OrderRow {
  const order = orders.get(orderId);
  if (!order) throw new Error(`The ledger names the order ${orderId}, which is none of the café's.`);
  return order;
}

/** Gross and VAT of each rate in an order: each line rounded by itself, the delivery at the highest rate in it. */
function ratesOf({ lines, deliveryChargeMinor }: OrderRow): { key: number; minor: number; vatMinor: number }[] {
  const taxed = lines.map(({ rate, totalMinor }) => ({ rate, totalMinor }));
  if (deliveryChargeMinor > 0) taxed.push({ rate: Math.max(...lines.map(({ rate }) => rate)), totalMinor: deliveryChargeMinor });
  return [...Map.groupBy(taxed, ({ rate }) => rate)]
    .map(([key, of]) => ({
      key,
      minor: sum(of.map((line) => line.totalMinor)),
      vatMinor: sum(of.map((line) => vatIn(line.totalMinor, key))),
    }))
    .toSorted((a, b) => a.key - b.key);
}

function vatOf(books: CafeBooks, entries: readonly Entry[]) {
  const taxed: { rate: number; gross: number; vat: number }[] = [];
  for (const entry of entries) {
    if (isSale(entry))
      for (const { key, minor, vatMinor } of ratesOf(orderOf(books, entry))) taxed.push({ rate: key, gross: minor, vat: vatMinor });
    if (!isGivenBack(entry)) continue;
    const rates = ratesOf(orderOf(books, entry));
    const total = sum(rates.map(({ minor }) => minor));
    const before = -sum(
      books.entries
        .filter((each) => each.correctsId === entry.correctsId && isGivenBack(each) && each.id < entry.id)
        .map((each) => each.amountMinor),
    );
    const after = before - entry.amountMinor;
    const shares = new Map(sharesOf(books, entry, rates));
    for (const { key, vatMinor } of rates)
      taxed.push({
        rate: key,
        gross: -(shares.get(key) ?? 0),
        vat: Math.round((vatMinor * before) / total) - Math.round((vatMinor * after) / total),
      });
  }
  return [...Map.groupBy(taxed, ({ rate }) => rate)]
    .map(([rate, of]) => ({ rate, gross: sum(of.map((each) => each.gross)), vat: sum(of.map((each) => each.vat)) }))
    .map(({ rate, gross, vat }) => ({ vat_basis_points: rate, gross_minor: gross, vat_minor: vat, net_minor: gross - vat }))
    .toSorted((a, b) => a.vat_basis_points - b.vat_basis_points);
}

export function recomputedSales(books: CafeBooks, days: Days) {
  const entries = entriesOf(books, days);
  const methods = (["cash", "wallet", "upi"] as const).map((method) => {
    const own = entries.filter((entry) => methodOf[entry.otherKind] === method);
    return {
      method,
      sales_count: own.filter(isSale).length,
      sales_minor: sum(own.filter(isSale).map((entry) => entry.amountMinor)),
      refunds_count: own.filter((entry) => isGivenBack(entry) && entry.amountMinor < 0).length,
      refunds_minor: -sum(own.filter(isGivenBack).map((entry) => entry.amountMinor)) + 0,
    };
  });
  const sales = entries.filter(isSale);
  const gross = sum(sales.map((entry) => entry.amountMinor));
  return {
    sales_count: sales.length,
    gross_minor: gross,
    refunds_count: entries.filter((entry) => isGivenBack(entry) && entry.amountMinor < 0).length,
    refunds_minor: -sum(entries.filter(isGivenBack).map((entry) => entry.amountMinor)) + 0,
    disputes_minor: -sum(entries.filter(isDispute).map((entry) => entry.amountMinor)) + 0,
    net_minor: sum(entries.map((entry) => entry.amountMinor)),
    average_minor: sales.length === 0 ? null : Math.round(gross / sales.length),
    methods,
    vat: vatOf(books, entries),
  };
}

export function recomputedItems(books: CafeBooks, days: Days) {
  const taken: { key: string; quantity: number; gross: number; refunds: number }[] = [];
  const chosen: { key: string; group: string; name: string; quantity: number; gross: number }[] = [];
  for (const entry of entriesOf(books, days)) {
    if (isDispute(entry)) continue;
    const { lines, deliveryChargeMinor } = orderOf(books, entry);
    if (isSale(entry)) {
      for (const { menuItemId: key, quantity, totalMinor, options } of lines) {
        taken.push({ key, quantity, gross: totalMinor, refunds: 0 });
        for (const { group_name, name, price_minor } of options)
          chosen.push({ key, group: group_name, name, quantity, gross: quantity * price_minor });
      }
      if (deliveryChargeMinor > 0) taken.push({ key: "delivery", quantity: 1, gross: deliveryChargeMinor, refunds: 0 });
    } else {
      const parts = lines.map(({ menuItemId, totalMinor }) => ({ key: menuItemId, minor: totalMinor }));
      if (deliveryChargeMinor > 0) parts.push({ key: "delivery", minor: deliveryChargeMinor });
      for (const [key, share] of sharesOf(books, entry, parts)) taken.push({ key, quantity: 0, gross: 0, refunds: share });
    }
  }
  const takings = (of: typeof taken) => {
    const [gross, refunds] = [sum(of.map((each) => each.gross)), sum(of.map((each) => each.refunds))];
    return { quantity: sum(of.map((each) => each.quantity)), gross_minor: gross, refunds_minor: refunds, net_minor: gross - refunds };
  };
  const byKey = Map.groupBy(taken, ({ key }) => key);
  const optionsOf = (itemId: string) =>
    [
      ...Map.groupBy(
        chosen.filter(({ key }) => key === itemId),
        ({ group, name }) => `${group}: ${name}`,
      ),
    ].map(([name, of]) => ({
      name,
      quantity: sum(of.map((each) => each.quantity)),
      gross_minor: sum(of.map((each) => each.gross)),
    }));
  return {
    totals: takings(taken),
    delivery: takings(byKey.get("delivery") ?? []),
    items: [...byKey]
      .filter(([key]) => key !== "delivery")
      .map(([key, of]) => ({ menu_item_id: key, ...takings(of), options: optionsOf(key) })),
  };
}

const ordersOf = ({ orders, timeZone }: CafeBooks, days: Days) =>
  [...orders.values()].filter(({ createdAt }) => isWithin(localClock(createdAt.getTime(), timeZone).day, days));

/** What the ledger says the order was paid with, or 0. */
const paidMinor = ({ entries }: CafeBooks, { id }: OrderRow) =>
  sum(entries.filter((entry) => entry.orderId === id && isSale(entry)).map((entry) => entry.amountMinor));
const portionsOf = (orders: readonly OrderRow[]) => sum(orders.flatMap(({ lines }) => lines.map(({ quantity }) => quantity)));

export function recomputedVolume(books: CafeBooks, days: Days) {
  const orders = ordersOf(books, days);
  const paid = orders.map((order) => paidMinor(books, order));
  const countBy = (keys: readonly string[], keyOf: (order: OrderRow) => string) =>
    Object.fromEntries(keys.map((key) => [key, orders.filter((order) => keyOf(order) === key).length]));
  return {
    orders_count: orders.length,
    portions_count: portionsOf(orders),
    ordered_minor: sum(orders.map((order) => order.totalMinor)),
    paid_count: paid.filter((minor) => minor > 0).length,
    paid_minor: sum(paid),
    no_shows_count: orders.filter(({ isNoShow }) => isNoShow).length,
    by_status: countBy(["received", "preparing", "ready", "out_for_delivery", "completed", "cancelled"], ({ status }) => status),
    by_type: countBy(["pickup", "delivery", "table"], ({ orderType }) => orderType),
  };
}

const halfHourMs = 1_800_000;

export function recomputedHours(books: CafeBooks, days: Days) {
  const hours = new Map<string, { weekday: number; hour: number; halves: number; orders: OrderRow[] }>();
  const hourAt = (atMs: number) => {
    const { day, hour, weekday } = localClock(atMs, books.timeZone);
    if (!isWithin(day, days)) return undefined;
    const key = `${weekday} ${hour}`;
    const found = hours.get(key) ?? { weekday, hour, halves: 0, orders: [] };
    hours.set(key, found);
    return found;
  };
  const [first, last] = [Date.parse(days.from) - 24 * 2 * halfHourMs, Date.parse(days.to) + 48 * 2 * halfHourMs];
  for (let atMs = first; atMs < last; atMs += halfHourMs) {
    const hour = hourAt(atMs);
    if (hour) hour.halves += 1;
  }
  for (const order of ordersOf(books, days)) hourAt(order.createdAt.getTime())?.orders.push(order);
  return [...hours.values()]
    .toSorted((a, b) => a.weekday - b.weekday || a.hour - b.hour)
    .map(({ weekday, hour, halves, orders }) => ({
      weekday,
      hour,
      hours_count: halves / 2,
      orders_count: orders.length,
      portions_count: portionsOf(orders),
      cancelled_count: orders.filter(({ status }) => status === "cancelled").length,
      paid_minor: sum(orders.map((order) => paidMinor(books, order))),
    }));
}
