import { randomInt, randomUUID } from "node:crypto";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { createMetrics } from "../platform/metrics.ts";
import { sql } from "../platform/postgres.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openTestPlatform, type TestPlatform, until } from "../testing/platform.ts";
import { settled } from "../testing/settled.ts";
import { announce } from "./announce.ts";
import { type Cursor, cursorText, isAfter, parseCursor } from "./cursor.ts";
import { type EventReader, openEventReader } from "./event-reader.ts";

let database: TestDatabase;
let platform: TestPlatform;
let other: TestPlatform;

beforeAll(async () => {
  database = await createTestDatabase();
  [platform, other] = await Promise.all([openTestPlatform(database), openTestPlatform(database)]);
});

afterAll(async () => {
  await Promise.all([platform.end(), other.end()]);
  await database.drop();
});

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

const readerOf = (of: TestPlatform): EventReader => {
  const reader = openEventReader(of);
  endings.push(() => reader.stop());
  return reader;
};

/** With metrics of its own. */
function openTestReader() {
  const of = { ...platform, metrics: createMetrics() };
  const reader = openEventReader(of);
  endings.push(() => reader.stop());
  return { of, reader };
}

interface Heard {
  readonly marks: string[];
  readonly cursors: Cursor[];
  gaps: number;
  leave(): void;
}

async function listen(reader: EventReader, channel: string, after?: Cursor): Promise<Heard> {
  const heard: Heard = { marks: [], cursors: [], gaps: 0, leave: () => undefined };
  heard.leave = await reader.subscribe({
    channels: [channel],
    after,
    onEvent: ({ cursor, data }) => {
      heard.marks.push(String(data.mark));
      heard.cursors.push(cursor);
    },
    onGap: () => {
      heard.gaps += 1;
    },
  });
  endings.push(heard.leave);
  return heard;
}

const emit = (channel: string, mark: string) =>
  platform.db.run(sql`select emit_event(array[${channel}], 'test', jsonb_build_object('mark', ${mark}::text))`);

async function emitAloud(channel: string, mark: string): Promise<void> {
  await emit(channel, mark);
  announce(platform);
}

const openWriter = async (): Promise<pg.Client> => {
  const writer = new pg.Client({ connectionString: database.superuserUrl });
  await writer.connect();
  endings.push(() => writer.end());
  return writer;
};

const newChannel = () => `student:${randomUUID()}`;

test("an event reaches the listeners of its channel in every process, and nobody else", async () => {
  const [mine, theirs] = [newChannel(), newChannel()];
  const [here, there, stranger] = await Promise.all([
    listen(readerOf(platform), mine),
    listen(readerOf(other), mine),
    listen(readerOf(other), theirs),
  ]);
  await emitAloud(mine, "one");
  await until("both hear it", () => here.marks.length === 1 && there.marks.length === 1);
  await emitAloud(theirs, "two");
  await until("the stranger hears theirs", () => stranger.marks.length === 1);
  expect([here.marks, there.marks, stranger.marks]).toEqual([["one"], ["one"], ["two"]]);
});

test("a café's new order counts for the board's promise where a board hears it, as bad when it came late", async () => {
  const [shown, unseen] = [`cafe:${randomUUID()}`, `cafe:${randomUUID()}`];
  const reader = openTestReader();
  const heard = await listen(reader.reader, shown);
  const place = (channel: string, agoSeconds: number) =>
    platform.db.run(sql`insert into events (channels, event, data, at)
      values (array[${channel}], 'order_placed', '{"mark": "order"}', clock_timestamp() - make_interval(secs => ${agoSeconds}))`);
  await place(unseen, 0);
  await place(shown, 0);
  await place(shown, 3);
  announce(platform);
  await until("both arrive", () => heard.marks.length === 2);
  const counted = reader.of.metrics.embeddedLines(0).filter((line) => "SloEvents" in line);
  expect(counted.map(({ slo, good, SloEvents }) => [slo, good, SloEvents])).toEqual([
    ["board", "true", 1],
    ["board", "false", 1],
  ]);
});

test("an event that nobody announced arrives by the poll within two seconds", async () => {
  const channel = newChannel();
  const heard = await listen(readerOf(platform), channel);
  const beganMs = performance.now();
  await emit(channel, "silent");
  await until("the poll brings it", () => heard.marks.length === 1, 6_000);
  expect(performance.now() - beganMs).toBeLessThan(2_000);
});

test("an event is held back while an older transaction runs, and comes in order once that one ends, though nobody announces it", async () => {
  const channel = newChannel();
  const heard = await listen(readerOf(platform), channel);
  const older = await openWriter();
  await older.query("begin");
  await older.query("select emit_event(array[$1], 'test', jsonb_build_object('mark', 'older'))", [channel]);
  await emitAloud(channel, "newer");
  await emitAloud(channel, "newest");
  await until("the reader has looked", async () => (await platform.cache.use((redis) => redis.ping())) === "PONG");
  const beganMs = performance.now();
  await older.query("commit");
  await until("all three arrive", () => heard.marks.length === 3);
  expect(heard.marks).toEqual(["older", "newer", "newest"]);
  // A second is promised; a busy machine has three.
  expect(performance.now() - beganMs).toBeLessThan(3_000);
});

test("a reconnect at another process brings what was missed, each once and in order", async () => {
  const channel = newChannel();
  const first = await listen(readerOf(platform), channel);
  for (const mark of ["1", "2", "3"]) await emitAloud(channel, mark);
  await until("three arrive", () => first.marks.length === 3);
  first.leave();
  for (const mark of ["4", "5"]) await emitAloud(channel, mark);
  const second = await listen(readerOf(other), channel, first.cursors[1]);
  await emitAloud(channel, "6");
  await until("the rest arrives", () => second.marks.length === 4);
  expect(second).toMatchObject({ marks: ["3", "4", "5", "6"], gaps: 0 });
});

test("a reader that resumes never misses a row of a transaction that committed later than one with a higher id", async () => {
  const channel = newChannel();
  const [oldest, older] = await Promise.all([openWriter(), openWriter()]);
  const write = (writer: pg.Client, mark: string) =>
    writer.query("select emit_event(array[$1], 'test', jsonb_build_object('mark', $2::text))", [channel, mark]);
  const first = await listen(readerOf(platform), channel);
  await emitAloud(channel, "before");
  await until("it arrives", () => first.marks.length === 1);
  const marks: string[] = [];
  let after = first.cursors[0];
  const [here, there] = [readerOf(platform), readerOf(other)];
  const resume = async (reader: EventReader) => {
    const heard = await listen(reader, channel, after);
    after = reader.position() ?? after;
    heard.leave();
    marks.push(...heard.marks);
    expect(heard.gaps).toBe(0);
  };
  // The transactions' ids go up: oldest, older, the newest. The rows' do not, and the commits go down.
  await oldest.query("begin");
  await write(oldest, "oldest");
  await older.query("begin; select pg_current_xact_id()");
  await emit(channel, "newest");
  await resume(there);
  await write(older, "older");
  await older.query("commit");
  await resume(here);
  await oldest.query("commit");
  await until("nothing is missed", async () => {
    await resume(there);
    return marks.length >= 3;
  });
  expect(marks).toEqual(["oldest", "older", "newest"]);
});

test("a client that heard nothing resumes from the position that it was told", async () => {
  const channel = newChannel();
  await emit(channel, "before");
  // The transactions of other test files hold the readers' boundary back: without this the position may lie before "before".
  await settled(platform.db);
  const reader = readerOf(platform);
  const first = await listen(reader, channel);
  const position = reader.position();
  first.leave();
  await emit(channel, "missed");
  const second = await listen(readerOf(other), channel, position);
  await until("what was missed arrives", () => second.marks.length > 0);
  expect(second.marks).toEqual(["missed"]);
});

test("a cursor from another history of the database is told of a gap and hears what comes from then on", async () => {
  const channel = newChannel();
  const ahead = parseCursor("999999999999-1");
  const heard = await listen(readerOf(platform), channel, ahead);
  expect(heard.gaps).toBe(1);
  await emitAloud(channel, "next");
  await until("the next event arrives", () => heard.marks.length === 1);
});

test("a client whose missed events were purged or are too many is told of a gap", async () => {
  const channel = newChannel();
  const reader = readerOf(platform);
  const first = await listen(reader, channel);
  const position = reader.position();
  first.leave();
  await platform.db.run(
    sql`insert into events (channels, event, data) select array[${channel}], 'test', jsonb_build_object('mark', n) from generate_series(1, 1001) n`,
  );
  await settled(platform.db);
  const many = await listen(readerOf(other), channel, position);
  expect([many.gaps, many.marks.length]).toEqual([1, 1_000]);
  many.leave();
  await platform.db.run(sql`delete from events where at < clock_timestamp()`);
  await emit(channel, "after the purge");
  await settled(platform.db);
  const purged = await listen(readerOf(other), channel, position);
  expect(purged).toMatchObject({ gaps: 1, marks: ["after the purge"] });
});

test("a listener that throws does not keep an event from the others", async () => {
  const channel = newChannel();
  const reader = readerOf(platform);
  const leave = await reader.subscribe({
    channels: [channel],
    after: undefined,
    onEvent: () => {
      throw new Error("This client cannot.");
    },
    onGap: () => undefined,
  });
  endings.push(leave);
  const heard = await listen(reader, channel);
  await emitAloud(channel, "one");
  await emitAloud(channel, "two");
  await until("both arrive", () => heard.marks.length === 2);
});

test("after its database connection was cut, the reader goes on where it was", async () => {
  const channel = newChannel();
  const heard = await listen(readerOf(platform), channel);
  await emitAloud(channel, "before");
  await until("the first arrives", () => heard.marks.length === 1);
  await database.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()", [
    database.name,
  ]);
  await until("the pool has a connection again", () => emit(channel, "after").catch(() => false));
  await until("the rest arrives", () => heard.marks.length === 2);
  expect(heard).toMatchObject({ marks: ["before", "after"], gaps: 0 });
});

const writers = 8;
const eventsInAll = 3_000;

interface OpenTransaction {
  readonly writer: pg.Client;
  readonly marks: string[];
}

/** Eight transactions at once; each step begins one, writes into one or ends one, chosen at random: commits, ids and transaction ids all come in different orders. */
async function writeOutOfOrder(channel: string, committed: Set<string>): Promise<void> {
  const free = await Promise.all(Array.from({ length: writers }, openWriter));
  const open: OpenTransaction[] = [];
  let written = 0;
  const begin = async () => {
    const writer = free.pop();
    if (!writer) return;
    await writer.query("begin");
    open.push({ writer, marks: [] });
  };
  const write = async () => {
    const into = open[randomInt(writers)];
    if (!into) return;
    const mark = String(written++);
    await into.writer.query("select emit_event(array[$1], 'test', jsonb_build_object('mark', $2::text))", [channel, mark]);
    into.marks.push(mark);
  };
  const end = async () => {
    const [ended] = open.splice(randomInt(writers), 1);
    if (!ended) return;
    const isKept = randomInt(10) > 0;
    await ended.writer.query(isKept ? "commit" : "rollback");
    if (isKept) for (const mark of ended.marks) committed.add(mark);
    free.push(ended.writer);
    if (randomInt(3) > 0) announce(platform);
  };
  const steps = [begin, write, write, write, write, end];
  while (committed.size < eventsInAll) await steps[randomInt(steps.length)]?.();
  while (open.length > 0) await end();
}

test("three thousand events committed out of order by concurrent transactions reach a client that reconnects at random, each once and in order", async () => {
  const channel = newChannel();
  const readers = [readerOf(platform), readerOf(other)];
  // Keeps both readers going while the client is away.
  for (const reader of readers) await listen(reader, newChannel());
  const heard: { mark: string; cursor: Cursor }[] = [];
  let gaps = 0;
  let reconnects = 0;
  let isWriting = true;
  const connect = async (after: Cursor | undefined) => {
    let isConnected = true;
    const leave = await (readers[randomInt(2)] as EventReader).subscribe({
      channels: [channel],
      after,
      onEvent: ({ cursor, data }) => {
        if (isConnected) heard.push({ mark: String(data.mark), cursor });
      },
      onGap: () => {
        gaps += 1;
      },
    });
    return () => {
      isConnected = false;
      leave();
    };
  };
  await emitAloud(channel, "first");
  await until("the first arrives", async () => {
    (await connect({ xid: 0n, id: 0 }))();
    return heard.length > 0;
  });
  heard.splice(1);
  gaps = 0;
  let leave = await connect(heard[0]?.cursor);
  const committed = new Set<string>();
  const writes = writeOutOfOrder(channel, committed).finally(() => {
    isWriting = false;
  });
  while (isWriting) {
    leave();
    const missed = committed.size + randomInt(10);
    if (randomInt(2) === 0) await until("something is missed", () => committed.size >= missed || !isWriting);
    leave = await connect(heard.at(-1)?.cursor);
    reconnects += 1;
  }
  await writes;
  await until("everything arrives", () => heard.length >= committed.size + 1);
  leave();
  expect(heard.map(({ mark }) => mark).toSorted()).toEqual(["first", ...committed].toSorted());
  expect(heard.filter(({ cursor }, at) => at > 0 && !isAfter(cursor, heard[at - 1]?.cursor as Cursor))).toEqual([]);
  expect(gaps).toBe(0);
  expect(reconnects).toBeGreaterThan(50);
}, 120_000);

test("a cursor survives the way to the client and back, and anything else is refused", () => {
  expect(parseCursor(cursorText({ xid: 18_446_744_073n, id: 42 }))).toEqual({ xid: 18_446_744_073n, id: 42 });
  for (const text of ["", "1", "1-", "-1", "1-2-3", "a-b", "1-9999999999999999", "99999999999999999999-1"])
    expect(parseCursor(text)).toBeUndefined();
});
