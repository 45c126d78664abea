import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { startSandbox } from "../../local/sandbox/server.ts";
import { seal } from "../../platform/seal.ts";
import { newWebhookSecret, webhookSealPurpose } from "../../webhooks/sign-webhook.ts";
import { until } from "../platform.ts";
import { type ReceivedWebhook, startWebhookReceiver } from "../webhook-receiver.ts";
import { startWorkerProcess } from "../worker-process.ts";
import { randomOf } from "./random.ts";

export interface KilledWorkerPlace {
  /** For the worker; without the sandbox's address and the folder of objects, which are made here. */
  readonly env: Readonly<Record<string, string>>;
  /** One statement as the superuser. */
  query<R extends Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<R[]>;
}

export interface KilledWorkerOptions {
  readonly seed: number;
  /** Two of each order: it is received, it is paid. One in ten is refunded in part, which makes two more: it is changed, a refund is made. */
  readonly orders: number;
  readonly kills: number;
}

export interface KilledWorkerOutcome {
  readonly events: number;
  readonly kills: number;
  readonly seconds: number;
  /** Copies that receivers dropped by the event's id. */
  readonly copies: number;
  readonly deadLetters: number;
  /** What does not fit; nothing where each effect happened once. */
  readonly problems: readonly string[];
}

const placedAtOnce = 250;
const longestLifeMs = 900;
const shareOfFaults = 0.03;
const refusedOneIn = 25;
const refundedOneIn = 10;
const settledWithinMs = 300_000;

/** A real worker, killed with SIGKILL at moments that the seed draws while events flow, and real receivers on loopback. */
export async function killWorkers(
  { env: own, query }: KilledWorkerPlace,
  { seed, orders, kills }: KilledWorkerOptions,
): Promise<KilledWorkerOutcome> {
  const random = randomOf(seed);
  const beganMs = performance.now();
  const folder = await mkdtemp(path.join(tmpdir(), "campus-killed-"));
  const sandbox = await startSandbox({ port: 0, gatewayKey: { id: "rzp_test_sandbox", secret: own.GATEWAY_KEY_SECRET ?? "" } });
  // An order whose id ends so is refused for good, each time; some others fail now and then.
  const isRefused = (orderId: unknown) => Number.parseInt(String(orderId).slice(-4), 16) % refusedOneIn === 0;
  const till = await startWebhookReceiver(({ body }) =>
    isRefused(body.order?.id ?? body.refund?.order_id) ? 422 : random.chance(shareOfFaults) ? 500 : 200,
  );
  const env: Readonly<Record<string, string>> = { ...own, SANDBOX_URL: sandbox.url, OBJECT_FOLDER: folder };
  try {
    const token = await fill(query, { sealKey: env.SEAL_KEY ?? "", url: till.url, orders });
    for (let killed = 0; killed < kills; killed += 1) {
      const worker = startWorkerProcess(env);
      await worker.working;
      await pause(random.below(longestLifeMs));
      await worker.kill();
    }
    const last = startWorkerProcess(env);
    try {
      // What the worker asks by itself comes again minutes after its worker was killed: no event waits for it.
      await until(
        "nothing waits any more",
        async () =>
          (await count(query, "outbox where done_at is null and dead_at is null and topic not in ('books.check', 'gateway.watch')")) === 0,
        settledWithinMs,
      );
    } finally {
      await last.stop();
    }
    const problems = [
      ...(await problemsOfTill(query, till.received, isRefused)),
      ...(await problemsOfFolder(query, folder)),
      ...(await problemsOfPhone(sandbox.url, token, orders)),
    ];
    const events = await count(query, `outbox where topic in ${told}`);
    const expected = 2 * orders + 2 * Math.floor(orders / refundedOneIn);
    if (events !== expected) problems.push(`${expected} events were expected, there are ${events}`);
    return {
      events,
      kills,
      seconds: Math.round((performance.now() - beganMs) / 1_000),
      copies: till.received.length - new Set(till.received.map(({ body }) => body.event_id)).size,
      deadLetters: await count(query, "outbox where dead_at is not null"),
      problems,
    };
  } finally {
    await Promise.all([sandbox.close(), till.close()]);
    await rm(folder, { recursive: true, force: true });
  }
}

type Query = KilledWorkerPlace["query"];

/** What the till system hears of. */
const told = "('order.received', 'order.paid', 'order.changed', 'refund.made')";

const count = async (query: Query, what: string): Promise<number> =>
  (await query<{ n: number }>(`select count(*)::int as n from ${what}`))[0]?.n ?? 0;

/** A café with a till system, a cook with a phone, and orders that were placed and then paid in cash. Returns the phone's token. */
async function fill(query: Query, { sealKey, url, orders }: { sealKey: string; url: string; orders: number }): Promise<string> {
  const token = `token-${randomBytes(12).toString("hex")}`;
  await query("insert into cafes (code, name, status, currency) values ('KILL', 'Killed', 'approved', 'SEK')");
  await query("insert into categories (cafe_id, name) select id, 'Lunch' from cafes where code = 'KILL'");
  await query(
    `insert into menu_items (cafe_id, category_id, name, price_minor) select cafe_id, id, 'Soup', 5900 from categories where name = 'Lunch'
       and cafe_id = (select id from cafes where code = 'KILL')`,
  );
  await query(
    `with cook as (insert into staff (username, password_hash, name, role, cafe_id) select 'killed-cook', '-', 'Cook', 'kitchen', id from cafes where code = 'KILL' returning id)
     insert into push_tokens (token, staff_id, platform) select $1, id, 'android' from cook`,
    [token],
  );
  await query(
    "insert into webhook_endpoints (cafe_id, url, hears_money, sealed_secret) select id, $1, true, $2 from cafes where code = 'KILL'",
    [url, seal(sealKey, webhookSealPurpose, newWebhookSecret())],
  );
  for (let placed = 0; placed < orders; placed += placedAtOnce) {
    const some = Math.min(placedAtOnce, orders - placed);
    await query(
      `select place_order(m.cafe_id, null, jsonb_build_array(jsonb_build_object('menu_item_id', m.id, 'quantity', 1, 'choice_ids', '[]'::jsonb)),
         'pickup', 'cash', null, null, null, null, null) from generate_series(1, $1::int), menu_items m where m.name = 'Soup'`,
      [some],
    );
  }
  await query("select take_cash(id) from orders where payment_status = 'pending' order by id");
  await query(
    `select refund_cash(id, 900, 'cold soup', null) from (select id, row_number() over (order by id) as n from orders) o where n % ${refundedOneIn} = 0`,
  );
  return token;
}

/** Each event arrived and was taken, or was refused for good and is a dead letter: one or the other. */
async function problemsOfTill(
  query: Query,
  received: readonly ReceivedWebhook[],
  isRefused: (orderId: unknown) => boolean,
): Promise<string[]> {
  const sent = await query<{ event_id: string; order_id: string; state: string }>(
    "select event_id, order_id, state from webhook_deliveries",
  );
  const events = await query<{ id: string }>(`select id from outbox where topic in ${told}`);
  const arrived = new Set(received.map(({ body }) => body.event_id));
  const states = new Map(sent.map(({ event_id, state }) => [event_id, state]));
  const wrong = sent.filter(({ order_id, state }) => state !== (isRefused(order_id) ? "dead" : "delivered"));
  const dead = await count(query, "outbox where dead_at is not null and topic <> 'webhook.deliver'");
  const deadDeliveries = await count(query, "outbox where dead_at is not null and topic = 'webhook.deliver'");
  return [
    ...events.filter(({ id }) => !arrived.has(id)).map(({ id }) => `the till system never saw the event ${id}`),
    ...events.filter(({ id }) => !states.has(id)).map(({ id }) => `the event ${id} has no delivery`),
    ...wrong.map(({ order_id, state }) => `a delivery of the order ${order_id} ended ${state}`),
    ...(sent.length === events.length ? [] : [`${events.length} events have ${sent.length} deliveries`]),
    ...(dead === 0 ? [] : [`${dead} dead letters that nobody refused`]),
    ...(deadDeliveries === sent.filter(({ order_id }) => isRefused(order_id)).length ? [] : [`${deadDeliveries} dead deliveries`]),
  ];
}

/** Each payment and each refund was published once under its event's id, and each receipt is there once. */
async function problemsOfFolder(query: Query, folder: string): Promise<string[]> {
  const paid = await query<{ id: string; transaction_id: string }>(
    "select id, payload ->> 'transaction_id' as transaction_id from outbox where topic = 'order.paid'",
  );
  const refunded = await query<{ id: string }>("select id from outbox where topic = 'refund.made'");
  const [published, money, receipts] = await Promise.all([
    readdir(path.join(folder, "published", "transactions")),
    readdir(path.join(folder, "published", "money")),
    readdir(path.join(folder, "receipts")),
  ]);
  const whole = receipts.filter((name) => !name.endsWith(".new"));
  const differs = (what: string, is: readonly string[], wanted: readonly string[]) =>
    JSON.stringify(is.toSorted()) === JSON.stringify(wanted.toSorted()) ? [] : [`${is.length} ${what} instead of ${wanted.length}`];
  return [
    ...differs(
      "published messages",
      published.filter((name) => !name.endsWith(".new")),
      paid.map(({ id }) => `${id}.json`),
    ),
    ...differs(
      "published refunds",
      money.filter((name) => !name.endsWith(".new")),
      refunded.map(({ id }) => `${id}.json`),
    ),
    ...differs(
      "receipts",
      whole,
      paid.flatMap(({ transaction_id }) => [`${transaction_id}.json`, `${transaction_id}.pdf`]),
    ),
  ];
}

/** The cook's phone rang for each order; a second ring of one order has the same tag and shows as one. */
async function problemsOfPhone(sandboxUrl: string, token: string, orders: number): Promise<string[]> {
  const rung = new Set<string>();
  for (let cursor: string | null = ""; cursor !== null; ) {
    const query = new URLSearchParams({ to: token, channel: "push", limit: "100", ...(cursor && { cursor }) });
    const page = (await (await fetch(`${sandboxUrl}/sandbox/messages?${query}`)).json()) as {
      items: { data: { order_id: string } }[];
      next_cursor: string | null;
    };
    for (const { data } of page.items) rung.add(data.order_id);
    cursor = page.next_cursor;
  }
  return rung.size === orders ? [] : [`the phone rang for ${rung.size} of ${orders} orders`];
}
