import { get, type IncomingMessage } from "node:http";
import { type Holder, signAccessToken } from "../../../app/identity/access-token.ts";
import { parseKeyring } from "../../../app/identity/keyring.ts";
import { asSuperuser } from "../../../app/local/roles.ts";
import type { LocalSystem } from "../local-system.ts";
import { startApiPair } from "../money/flows.ts";
import { median, pause, residentMiB } from "../process.ts";
import type { PartOutcome } from "./part.ts";

const clients = 2_000;
const clientsOfOneOwner = 5;
const ceilings = { residentMiB: 350, reachedMs: 1_000 };
const openAtOnce = 50;
const settleMs = 3_000;
const deadlineMs = 30_000;

interface Kitchen {
  readonly orderId: string;
  readonly holders: readonly Holder[];
}

/** Kitchens' event streams on one process: what they weigh, and how long an update takes to reach the last of them. */
export async function measureStreams(system: LocalSystem, { rounds }: { readonly rounds: number }): Promise<PartOutcome> {
  const { orderId, holders } = await makeKitchen(system);
  const authorizations = holders.map((holder) => authorize(system, holder));
  const api = await startApiPair({ ...system.env, PUBLIC_URL: "http://127.0.0.1:8080", LOG_LEVEL: "warn" });
  const [port = 0] = api.ports;
  const [pid = 0] = api.pids;
  const board = openBoard();
  try {
    await pause(settleMs);
    const restMiB = residentMiB(pid);
    await board.connect(port, authorizations);
    await pause(settleMs);
    const openMiB = residentMiB(pid);
    const reachedMs: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const updatedAtMs = performance.now();
      const heard = board.next();
      await move(port, authorizations[0] ?? "", orderId, round % 2 === 0 ? "preparing" : "received");
      reachedMs.push((await heard) - updatedAtMs);
      console.error(`round ${round + 1} of ${rounds}: all ${clients} after ${Math.round(reachedMs.at(-1) ?? 0)} ms`);
    }
    return outcomeOf({ restMiB, openMiB, afterMiB: residentMiB(pid), reachedMs });
  } finally {
    board.close();
    await api.stop();
  }
}

async function makeKitchen({ cluster, database }: LocalSystem): Promise<Kitchen> {
  return asSuperuser(cluster, database, async (client) => {
    const { rows } = await client.query<{ order_id: string; cafe_id: string; staff_id: string; session_id: string }>(
      `with cafe as (insert into cafes (code, name, status, currency) values ('BOARD', 'Board', 'approved', 'SEK') returning id),
       placed as (
         insert into orders (cafe_id, order_number, order_day, order_type, payment_method, subtotal_minor, total_minor, currency)
         select id, 'ORD-BENCH-001', current_date, 'pickup', 'cash', 1000, 1000, 'SEK' from cafe returning id),
       cook as (
         insert into staff (username, password_hash, name, role, cafe_id)
         select 'cook-' || n, '-', 'Cook ' || n, 'kitchen', cafe.id from cafe, generate_series(1, $1) n returning id, cafe_id),
       opened as (insert into sessions (staff_id) select id from cook returning id, staff_id)
       select placed.id as order_id, cook.cafe_id, cook.id as staff_id, opened.id as session_id from cook join opened on opened.staff_id = cook.id, placed`,
      [clients / clientsOfOneOwner],
    );
    const holders = rows.map(
      ({ staff_id, session_id, cafe_id }): Holder => ({
        kind: "staff",
        id: staff_id,
        sessionId: session_id,
        role: "kitchen",
        cafeId: cafe_id,
      }),
    );
    return { orderId: rows[0]?.order_id ?? "", holders };
  });
}

const authorize = ({ env }: LocalSystem, holder: Holder): string =>
  `Bearer ${signAccessToken(parseKeyring(env.JWT_KEYS ?? ""), holder, { issuer: "http://127.0.0.1:8080", lifeSeconds: 86_400, nowMs: Date.now() })}`;

/** All clients; they only count what comes. */
function openBoard() {
  const answers: IncomingMessage[] = [];
  let heard = 0;
  let onAll: ((atMs: number) => void) | undefined;

  const connectOne = (port: number, authorization: string) =>
    new Promise<void>((resolve, reject) => {
      const request = get(`http://127.0.0.1:${port}/api/v1/admin/orders/stream`, { agent: false, headers: { authorization } }, (answer) => {
        if (answer.statusCode !== 200) return reject(new Error(`A stream was answered ${answer.statusCode}.`));
        answers.push(answer);
        answer.setEncoding("utf8");
        answer.on("data", (text: string) => {
          if (text.includes("heartbeat")) resolve();
          if (!text.includes("event: status_changed")) return;
          heard += 1;
          if (heard === clients) onAll?.(performance.now());
        });
        answer.on("error", () => undefined);
      });
      request.on("error", reject);
    });

  return {
    async connect(port: number, authorizations: readonly string[]) {
      let next = 0;
      const connectMore = async () => {
        while (next < clients) {
          const authorization = authorizations[next % authorizations.length] ?? "";
          next += 1;
          await connectOne(port, authorization);
        }
      };
      await Promise.all(Array.from({ length: openAtOnce }, connectMore));
    },
    /** When the next event has come to all of them. */
    next: () =>
      new Promise<number>((resolve, reject) => {
        heard = 0;
        const timer = setTimeout(() => reject(new Error(`After ${deadlineMs} ms only ${heard} of ${clients} had the event.`)), deadlineMs);
        onAll = (atMs) => {
          clearTimeout(timer);
          resolve(atMs);
        };
      }),
    close: () => {
      for (const answer of answers) answer.destroy();
    },
  };
}

async function move(port: number, authorization: string, orderId: string, status: string): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/admin/orders/${orderId}/status`, {
    method: "PATCH",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ status }),
  });
  if (!answer.ok) throw new Error(`The order was not moved: ${await answer.text()}`);
}

interface Found {
  readonly restMiB: number;
  readonly openMiB: number;
  readonly afterMiB: number;
  readonly reachedMs: readonly number[];
}

function outcomeOf({ restMiB, openMiB, afterMiB, reachedMs }: Found): PartOutcome {
  const peakMiB = Math.round(Math.max(openMiB, afterMiB));
  const [typicalMs, slowestMs] = [Math.round(median(reachedMs)), Math.round(Math.max(...reachedMs))];
  return {
    report: {
      clients,
      resident_mib: { rest: Math.round(restMiB), connected: Math.round(openMiB), after_updates: Math.round(afterMiB) },
      update_reaches_all_ms: { median: typicalMs, slowest: slowestMs },
    },
    lines: [
      `${clients} event streams on one process   ${peakMiB} MiB (${Math.round(restMiB)} at rest)   ≤ ${ceilings.residentMiB} MiB`,
      `an update reaches all of them            ${typicalMs} ms, slowest ${slowestMs} ms   ≤ ${ceilings.reachedMs} ms`,
    ],
    missed: [
      ...(peakMiB <= ceilings.residentMiB ? [] : [`${clients} event streams take ${peakMiB} MiB, the ceiling is ${ceilings.residentMiB}`]),
      ...(typicalMs <= ceilings.reachedMs
        ? []
        : [`an update reaches all streams after ${typicalMs} ms, the ceiling is ${ceilings.reachedMs}`]),
    ],
  };
}
