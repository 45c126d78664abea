import type pg from "pg";

export interface SalesSize {
  readonly orders: number;
  readonly days: number;
  readonly cafes: number;
  /** Demand as in life: weekends are quiet, lunch is not, dishes are not equally liked, and no day is like another. Without it all is even. */
  readonly lifelike?: boolean;
  readonly say?: (line: string) => void;
}

export interface FilledCampus {
  /** A quarter of all orders is this café's. */
  readonly cafeId: string;
  readonly firstDay: string;
  readonly lastDay: string;
}

const students = 10_000;
const timeZone = "Europe/Stockholm";

/**
 * Days of sales as they would lie there, in the order of time, two lines an order; the last day is yesterday. Of a hundred
 * orders 70 are paid by card, 20 through the gateway, 10 in cash; 20 are deliveries, 4 are cancelled unpaid, and 5 are refunded on the day after,
 * every second one whole. In the kitchen of the busiest café stand 60 orders of today.
 */
export async function fillCampus(superuser: pg.Client, size: SalesSize): Promise<FilledCampus> {
  const { orders, days, cafes, lifelike = false, say = (line: string) => console.error(`reports: ${line}`) } = size;
  await superuser.query(makePlaces(cafes));
  await superuser.query("vacuum analyze");
  const perDay = lifelike ? lifelikeDays(orders, days) : Array.from({ length: days + 1 }, () => Math.floor(orders / days));
  let made = 0;
  for (let daysAgo = days; daysAgo >= 1; daysAgo -= 1) {
    await superuser.query("begin");
    // The rows are right by construction; triggers and foreign keys would take longer than the whole benchmark.
    await superuser.query("set local session_replication_role = replica");
    await superuser.query(`select setseed(${daysAgo / 10_000})`);
    await superuser.query(orderForADay(daysAgo, perDay[daysAgo] ?? 0, cafes, lifelike ? lifelikeDraws : evenDraws));
    await superuser.query(moveTheDaysMoney(daysAgo));
    await superuser.query("commit");
    if (daysAgo === days) await superuser.query("analyze");
    made += perDay[daysAgo] ?? 0;
    if (daysAgo % 10 === 1) say(`${made.toLocaleString("en")} orders`);
  }
  await superuser.query(fillKitchen);
  await superuser.query("vacuum analyze");
  await superuser.query("checkpoint");
  const { rows } = await superuser.query<FilledCampus>(
    `select id as "cafeId", (current_date - $1::int)::text as "firstDay", (current_date - 1)::text as "lastDay" from made_cafes where n = 1`,
    [days],
  );
  const [filled] = rows;
  if (!filled) throw new Error("The campus was not filled.");
  return filled;
}

const makePlaces = (cafes: number) => `
  create table made_cafes (n int primary key, id uuid not null);
  create table made_students (n int primary key, id uuid not null);
  create table made_items (cafe_id uuid, dish int, id uuid, name text, price_minor bigint, vat_basis_points int, primary key (cafe_id, dish));
  create unlogged table made_orders (n int, id uuid, paid_id uuid, cafe_id uuid, student_id uuid, mix int, method text, dish int, at timestamptz);
  create unlogged table made_lines (order_id uuid, item_id uuid, name text, price_minor bigint, vat_basis_points int, quantity int, line_total bigint);
  create unlogged table made_moves (id uuid, corrects_id uuid, order_id uuid, cafe_id uuid, student_id uuid, method text, amount bigint, at timestamptz);
  create sequence made_entries;
  insert into made_cafes select n, uuidv7() from generate_series(1, ${cafes}) n;
  insert into cafes (id, code, name, status, currency, time_zone) select id, 'Y' || lpad(n::text, 4, '0'), 'Café ' || n, 'approved', 'SEK', '${timeZone}' from made_cafes;
  insert into accounts (kind, cafe_id, currency) select k, id, 'SEK' from made_cafes, unnest('{cafe_payable,cash}'::text[]) k;
  insert into accounts (kind, currency) values ('gateway_clearing', 'SEK');
  insert into categories (cafe_id, name) select id, 'Lunch' from made_cafes;
  insert into menu_items (cafe_id, category_id, name, price_minor, vat_basis_points)
    select f.id, c.id, 'Dish ' || d, 4000 + d * 101, case when d % 5 = 0 then 2500 else 1200 end
    from made_cafes f join categories c on c.cafe_id = f.id, generate_series(1, 40) d;
  insert into made_items select cafe_id, split_part(name, ' ', 2)::int, id, name, price_minor, vat_basis_points from menu_items where cafe_id in (select id from made_cafes);
  insert into made_students select n, uuidv7() from generate_series(1, ${students}) n;
  insert into students (id, phone, name) select id, '+4671' || lpad(n::text, 7, '0'), 'Student ' || n from made_students;
  insert into accounts (kind, student_id, currency) select 'wallet', id, 'SEK' from made_students;
  create table made_accounts as select id, student_id, coalesce(student_id, cafe_id, '00000000-0000-0000-0000-000000000000') as owner from accounts where kind in ('wallet', 'cash', 'gateway_clearing')`;

interface Draws {
  /** Where in the fourteen hours from seven o'clock an order stands, given where it stands among the day's orders. */
  readonly hour: (share: string) => string;
  readonly dish: (daysAgo: number) => string;
}

const evenDraws: Draws = { hour: (share) => share, dish: () => "1 + g.n * 31 % 39" };

const lifelikeDraws: Draws = {
  hour: (share) =>
    `case when ${share} < 0.2 then ${share} * 1.3 when ${share} < 0.75 then 0.26 + (${share} - 0.2) * 0.4 else 0.48 + (${share} - 0.75) * 2.08 end`,
  dish: (daysAgo) => `1 + (floor(39 * power(random(), 2))::int + 5 * extract(isodow from current_date - ${daysAgo})::int) % 39`,
};

/** How many orders each day has, by how long ago it was; they add up to all. */
function lifelikeDays(orders: number, days: number): number[] {
  const quiet = [0.35, 1.15, 1.25, 1.2, 1.25, 1.05, 0.5];
  const today = Date.now();
  const weights = Array.from({ length: days + 1 }, (_, ago) =>
    ago === 0 ? 0 : (quiet[new Date(today - ago * 86_400_000).getUTCDay()] ?? 1) * (0.9 + ((ago * 7_919) % 21) / 100),
  );
  const sum = weights.reduce((left, weight) => left + weight, 0);
  const counts = weights.map((weight) => Math.floor((orders * weight) / sum));
  counts[1] = (counts[1] ?? 0) + orders - counts.reduce((left, count) => left + count, 0);
  return counts;
}

/** Staged in tables, because the planner knows nothing of how many rows such a statement would hand from part to part. */
const orderForADay = (daysAgo: number, orders: number, cafes: number, { hour, dish }: Draws) => `
  truncate made_orders, made_lines, made_moves;
  insert into made_orders
    select g.n, uuidv7(m.at - clock_timestamp()), uuidv7(m.at + interval '3 minutes' - clock_timestamp()), f.id, s.id, d.mix,
      case when d.mix < 74 then 'wallet' when d.mix < 90 then 'upi' else 'cash' end, d.dish, m.at
    from generate_series(1, ${orders}) g (n),
      lateral (select ((current_date - ${daysAgo})::timestamp + interval '7 hours' + interval '14 hours' * (${hour(`(g.n::float8 / ${orders})`)})) at time zone '${timeZone}' as at) m,
      lateral (select case when g.n % 4 = 0 then 1 else 2 + g.n * 7919 % ${cafes - 1} end as cafe, 1 + g.n * 104729::bigint % ${students} as student, g.n % 100 as mix,
        ${dish(daysAgo)} as dish) d
      join made_cafes f on f.n = d.cafe join made_students s on s.n = d.student;
  analyze made_orders;
  insert into made_lines
    select o.id, i.id, i.name, i.price_minor, i.vat_basis_points, l.quantity, i.price_minor * l.quantity
    from made_orders o, lateral (values (o.dish, 1), (o.dish + 1, 2)) l (dish, quantity) join made_items i on true
    where i.cafe_id = o.cafe_id and i.dish = l.dish order by o.n;
  analyze made_lines;
  insert into order_items (order_id, menu_item_id, item_name, item_price_minor, vat_basis_points, quantity, line_total_minor) select * from made_lines;
  insert into orders (id, cafe_id, student_id, order_number, order_day, status, order_type, payment_method, payment_status, subtotal_minor, delivery_charge_minor, total_minor,
    currency, item_count, delivery_address, paid_transaction_id, paid_at, created_at, cancelled_at)
  select o.id, cafe_id, student_id, 'ORD-${daysAgo}-' || n, current_date - ${daysAgo}, case when mix < 4 then 'cancelled' else 'completed' end,
    case when d.charge > 0 then 'delivery' else 'pickup' end, method,
    case when mix < 4 then 'pending' else 'paid' end, l.total, d.charge, l.total + d.charge, 'SEK', 3, case when d.charge > 0 then 'Dorm 4' end, case when mix >= 4 then paid_id end,
    case when mix >= 4 then at + interval '3 minutes' end, at, case when mix < 4 then at end
  from made_orders o join (select order_id, sum(line_total)::bigint as total from made_lines group by order_id) l on l.order_id = o.id,
    lateral (select case when mix / 10 % 5 = 0 then 2000 else 0 end as charge) d order by n`;

/** What was paid on that day, and what was given back on it of the day before. */
const moveTheDaysMoney = (daysAgo: number) => `
  insert into made_moves
    select paid_transaction_id, null, id, cafe_id, student_id, payment_method, total_minor, paid_at
    from orders where order_day = current_date - ${daysAgo} and paid_at is not null
    union all
    select uuidv7(paid_at + interval '1 day' - clock_timestamp()), paid_transaction_id, id, cafe_id, student_id, payment_method,
      case when n % 160 < 4 then total_minor else total_minor / 3 end, paid_at + interval '1 day'
    from orders, lateral (select split_part(order_number, '-', 3)::int as n) s
    where order_day = current_date - ${daysAgo + 1} and paid_at is not null and n % 80 < 4;
  analyze made_moves;
  insert into ledger_transactions (id, kind, from_account_id, to_account_id, amount_minor, currency, order_id, charge_id, corrects_id, wallet_student_id,
    wallet_seq, wallet_balance_after_minor, at)
  select m.id, case when corrects_id is not null then case method when 'upi' then 'gateway_refund' else 'refund' end
      else case method when 'wallet' then 'debit' when 'upi' then 'gateway_sale' else 'cash_sale' end end,
    case when corrects_id is null then a.id else p.id end, case when corrects_id is null then p.id else a.id end, amount, 'SEK', order_id,
    case when corrects_id is null and method = 'wallet' then uuidv7() end, corrects_id, a.student_id,
    case when a.student_id is not null then nextval('made_entries') end, case when a.student_id is not null then 0 end, m.at
  from made_moves m join accounts p on p.kind = 'cafe_payable' and p.cafe_id = m.cafe_id
    join made_accounts a on a.owner = case method when 'wallet' then m.student_id when 'cash' then m.cafe_id else '00000000-0000-0000-0000-000000000000' end
  order by m.at`;

const fillKitchen = `
  insert into orders (cafe_id, order_number, order_day, order_type, payment_method, subtotal_minor, total_minor, currency, item_count)
  select id, 'ORD-NOW-' || g, current_date, 'pickup', 'cash', 5900, 5900, 'SEK', 1 from made_cafes, generate_series(1, 60) g where n = 1`;
