import { afterAll, beforeAll, expect, test } from "vitest";
import { sql } from "../platform/postgres.ts";
import { type Campus, startCampus } from "../testing/campus.ts";
import { type LiveMessage, openLiveSocket, openLiveStream } from "../testing/live-client.ts";
import { until } from "../testing/platform.ts";

const eventsInAll = 1_000;
const perTransaction = 4;
const writers = 8;
const longestRun = 90;

let campus: Campus;
beforeAll(async () => {
  campus = await startCampus({ env: { LIVE_CONNECTIONS_PER_OWNER: "50" } });
});
afterAll(() => campus.end());

interface Connected {
  readonly messages: readonly LiveMessage[];
  cut(): void;
}
type Connect = (process: 0 | 1, lastId: string | undefined) => Promise<Connected>;

/** A pseudo-random number from 0 to 1, the same for the same seed: a run that fails can be run again. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Stays connected for a random number of events, is cut without a word, and comes back to either process with its last id. */
async function follow(connect: Connect, random: () => number, onReady: () => void): Promise<{ seen: number[]; cuts: number }> {
  const seen: number[] = [];
  let lastId: string | undefined;
  let cuts = 0;
  while (seen.length < eventsInAll) {
    const connected = await connect(random() < 0.5 ? 0 : 1, lastId);
    onReady();
    const wanted = Math.min(eventsInAll - seen.length, 1 + Math.floor(random() * longestRun));
    const events = () => connected.messages.filter(({ event }) => event === "status_changed");
    await until(`${wanted} more events behind ${seen.length}`, () => events().length >= wanted, 30_000);
    // What came behind the last one that is taken is lost with the connection.
    const taken = events().slice(0, wanted);
    seen.push(...taken.map(({ data }) => Number(data.n)));
    lastId = taken.at(-1)?.id;
    connected.cut();
    cuts += 1;
  }
  return { seen, cuts };
}

/**
 * Eight at once. As a debit does, each writes something first, which gives it its place, and its events a random moment later; it holds
 * them uncommitted for another one. So later places have earlier rows, and later rows are committed before earlier ones.
 */
async function writeEvents(channels: readonly string[], random: () => number): Promise<void> {
  let next = 0;
  const write = async () => {
    while (next < eventsInAll) {
      const first = next;
      next += perTransaction;
      await campus.worker.db.transaction(async (tx) => {
        await tx.run(sql`select pg_current_xact_id(), pg_sleep(${random() * 0.01})`);
        await tx.run(sql`
          insert into events (channels, event, data)
          select ${channels}::text[], 'status_changed', jsonb_build_object('n', n, 'status', 'preparing') from generate_series(${first}::integer, ${first + perTransaction - 1}::integer) n`);
        await tx.run(sql`select pg_sleep(${random() * 0.01})`);
      });
    }
  };
  await Promise.all(Array.from({ length: writers }, write));
}

test("a thousand events of transactions that commit out of order reach every client once and in one order, however often it is cut", async () => {
  const seed = 20_261_121;
  const [cafe, student] = [await campus.cafe(), await campus.student()];
  const owner = await campus.staff("owner", cafe);
  const channels = [`cafe:${cafe.id}`, `student:${student.id}`];
  const stream: Connect = async (process, lastId) => {
    const opened = await openLiveStream(`${campus.processes[process].url}/api/v1/admin/orders/stream`, {
      Authorization: `Bearer ${owner.token}`,
      ...(lastId === undefined ? {} : { "Last-Event-ID": lastId }),
    });
    return { messages: opened.messages, cut: opened.close };
  };
  const socket: Connect = async (process, lastEventId) => {
    const opened = await openLiveSocket(campus.processes[process].url, "/ws/me", { token: student.token, lastEventId });
    return { messages: opened.messages, cut: () => opened.socket.terminate() };
  };
  const clients = [stream, stream, stream, socket, socket, socket];
  let connected = 0;
  const following = Promise.all(
    clients.map((connect, index) => {
      let isFirst = true;
      return follow(connect, randomFrom(seed + index), () => {
        if (isFirst) connected += 1;
        isFirst = false;
      });
    }),
  );
  await until("every client is connected", () => connected === clients.length);
  await writeEvents(channels, randomFrom(seed - 1));
  const rows = await campus.sql<{
    n: number;
  }>`select (data ->> 'n')::integer as n from events where channels && ${channels} order by xid, id`;
  const order = rows.map(({ n }) => n);
  expect(order).toHaveLength(eventsInAll);
  const committed = await campus.sql<{ outOfOrder: boolean }>`
    select exists (select from events a join events b on a.id < b.id and a.xid > b.xid where a.channels && ${channels} and b.channels && ${channels}) as out_of_order`;
  expect(committed).toEqual([{ outOfOrder: true }]);
  for (const { seen, cuts } of await following) {
    expect(seen).toEqual(order);
    expect(cuts).toBeGreaterThan(10);
  }
}, 60_000);
