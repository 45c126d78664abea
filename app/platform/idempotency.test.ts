import { z } from "@hono/zod-openapi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openTestPlatform, type TestPlatform, until } from "../testing/platform.ts";
import { CodedError } from "./errors.ts";
import { createApplication } from "./http/application.ts";
import { once } from "./http/once.ts";
import { type Guard, json, required, route, router } from "./http/router.ts";
import { untilDecided } from "./idempotency.ts";
import { OutcomeUnknown, sql } from "./postgres.ts";

let database: TestDatabase;
let platforms: readonly [TestPlatform, TestPlatform];
let apps: readonly [ReturnType<typeof createApplication>, ReturnType<typeof createApplication>];

/** Whoever the test says. */
const asked: Guard = {
  scheme: "bearer",
  roles: ["student"],
  errors: ["INVALID_TOKEN"],
  check: async (c, next) => {
    c.set("principal", { kind: "student", id: c.req.header("authorization") ?? "nobody" });
    await next();
  },
};

const shared = {
  method: "post" as const,
  tags: ["notes"],
  who: asked,
  idempotency: "optional" as const,
  request: { body: required(z.strictObject({ text: z.string() })) },
  responses: { 201: json(z.object({ id: z.string(), text: z.string(), at: z.string() }), "Written") },
};

/** What the handler waits for, so that a test can hold a request in flight. */
const gates = new Map<string, Promise<void>>();

function routesOf(keep: "forever" | "a day") {
  const kept = { ...shared, ...(keep === "forever" && { mayPend: true as const }) };
  const writeNote = route({ ...kept, path: "/notes", operationId: "writeNote", summary: "Write a note", errors: ["INSUFFICIENT_FUNDS"] });
  const writeCard = route({ ...kept, path: "/cards", operationId: "writeCard", summary: "Write a card" });
  const write = (c: Parameters<typeof once>[0], text: string) =>
    once(c, keep, async (tx) => {
      const row = await tx.row<{ id: string; at: Date }>(
        sql`insert into audit_log (actor_kind, action, object_kind, details) values ('test', ${text}, 'note', '{}') returning id, at`,
      );
      await gates.get(text);
      if (text === "poor") throw new CodedError("INSUFFICIENT_FUNDS", "Too poor.");
      if (text === "broken") throw new Error("broken");
      return { status: 201 as const, body: { id: row?.id ?? "", text, at: row?.at.toISOString() ?? "" } };
    });
  return router()
    .openapi(writeNote, (c) => write(c, c.req.valid("json").text))
    .openapi(writeCard, (c) => write(c, c.req.valid("json").text));
}

beforeAll(async () => {
  database = await createTestDatabase();
  platforms = [await openTestPlatform(database), await openTestPlatform(database)];
  const appOf = (platform: TestPlatform, keep: "forever" | "a day") =>
    createApplication(platform, () => undefined).route("/", routesOf(keep)) as ReturnType<typeof createApplication>;
  apps = [appOf(platforms[0], "forever"), appOf(platforms[1], "a day")];
});

afterAll(async () => {
  for (const platform of platforms) await platform.end();
  await database.drop();
});

interface Input {
  readonly key?: string;
  readonly text?: string;
  readonly body?: string;
  readonly who?: string;
  readonly path?: string;
  readonly process?: 0 | 1;
}

async function post({ key, text = "hello", body = JSON.stringify({ text }), who = "astrid", path = "/notes", process = 0 }: Input) {
  const headers = { "Content-Type": "application/json", Authorization: who, ...(key === undefined ? {} : { "Idempotency-Key": key }) };
  const answer = await apps[process].request(path, { method: "POST", body, headers });
  const answerText = await answer.text();
  return {
    status: answer.status,
    text: answerText,
    hit: answer.headers.get("idempotency-hit"),
    retryAfter: answer.headers.get("retry-after"),
    code: answer.status < 400 ? undefined : (JSON.parse(answerText) as { error: { code: string } }).error.code,
  };
}

const written = async (text: string) => (await database.query("select 1 from audit_log where action = $1", [text])).length;
const stored = async (key: string) => (await database.query("select 1 from idempotency_answers where key = $1", [key])).length;

test("the same key with the same body gets the first answer again, byte for byte, on any process, and writes once", async () => {
  const first = await post({ key: "k-same", text: "same" });
  expect([first.status, first.hit]).toEqual([201, null]);
  for (const process of [0, 1] as const) {
    const again = await post({ key: "k-same", text: "same", process });
    expect([again.status, again.hit, again.text]).toEqual([201, "true", first.text]);
  }
  expect(await written("same")).toBe(1);
});

test("without a key every request is a new one", async () => {
  await post({ text: "keyless" });
  await post({ text: "keyless" });
  expect(await written("keyless")).toBe(2);
});

test("the same key with another body is IDEMPOTENCY_MISMATCH, even where only white space differs", async () => {
  await post({ key: "k-other", text: "one" });
  for (const body of ['{"text":"two"}', '{ "text": "one" }']) {
    const answer = await post({ key: "k-other", body });
    expect([answer.status, answer.code]).toEqual([422, "IDEMPOTENCY_MISMATCH"]);
  }
  expect(await written("two")).toBe(0);
});

test("a key belongs to one person and one route", async () => {
  await post({ key: "k-scope", text: "scope" });
  for (const input of [{ who: "bengt" }, { path: "/cards" }]) {
    const answer = await post({ key: "k-scope", text: "scope", ...input });
    expect([answer.status, answer.hit]).toEqual([201, null]);
  }
  expect(await written("scope")).toBe(3);
});

test("while the first request is under way a second one is CONFLICT with Retry-After, and afterwards it gets the answer", async () => {
  const gate = Promise.withResolvers<void>();
  gates.set("held", gate.promise);
  const first = post({ key: "k-held", text: "held" });
  await until("the first request holds its key", async () => {
    const [row] = await database.query<{ n: number }>(
      "select count(*)::int as n from pg_locks where locktype = 'advisory' and granted and database = (select oid from pg_database where datname = current_database())",
    );
    return (row?.n ?? 0) > 0;
  });
  const second = await post({ key: "k-held", text: "held", process: 1 });
  expect([second.status, second.code, second.retryAfter]).toEqual([409, "CONFLICT", "1"]);
  gate.resolve();
  const answer = await first;
  expect((await post({ key: "k-held", text: "held", process: 1 })).text).toBe(answer.text);
  expect(await written("held")).toBe(1);
});

test("a hundred at once write once; whoever is answered gets the same bytes", async () => {
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, turn) => post({ key: "k-many", text: "many", process: (turn % 2) as 0 | 1 })),
  );
  const good = answers.filter(({ status }) => status === 201);
  expect(good.length).toBeGreaterThan(0);
  expect(new Set(good.map(({ text }) => text)).size).toBe(1);
  expect(new Set(answers.filter(({ status }) => status !== 201).map(({ code }) => code))).toEqual(
    good.length === 100 ? new Set() : new Set(["CONFLICT"]),
  );
  expect(await written("many")).toBe(1);
});

test.each([
  ["a refusal", "poor", 402],
  ["a fault", "broken", 500],
])("%s stores no answer and leaves no effect, so that the same key can succeed later", async (_, text, status) => {
  const key = `k-${text}`;
  expect((await post({ key, text })).status).toBe(status);
  expect([await stored(key), await written(text)]).toEqual([0, 0]);
  expect((await post({ key, text: "now it goes" })).status).toBe(201);
});

test("what was refused is known: it is not tried a second time", async () => {
  let tries = 0;
  const refused = () => {
    tries += 1;
    return Promise.reject(new CodedError("CONFLICT", "Not now."));
  };
  await expect(untilDecided(refused)).rejects.toThrow("Not now.");
  expect(tries).toBe(1);
});

test("an answer that was lost stays unknown where the second try is told to come again later", async () => {
  const answers = [new OutcomeUnknown("the line is gone"), new CodedError("CONFLICT", "Under way.", { retryAfterSeconds: 1 })];
  await expect(untilDecided(() => Promise.reject(answers.shift()))).rejects.toBeInstanceOf(OutcomeUnknown);
});

test.each([
  ["too long", "x".repeat(65)],
  ["with a space", "a b"],
  ["empty", ""],
])("a key that is %s is VALIDATION_ERROR", async (_, key) => {
  const answer = await post({ key });
  expect([answer.status, answer.code]).toEqual([400, "VALIDATION_ERROR"]);
});

test("keys of money are kept for ever, others for a day", async () => {
  await post({ key: "k-money" });
  await post({ key: "k-day", process: 1 });
  const rows = await database.query(
    "select key, expires_at is null as forever, expires_at between now() + interval '23 hours' and now() + interval '25 hours' as a_day from idempotency_answers where key in ('k-money', 'k-day') order by key",
  );
  expect(rows).toEqual([
    { key: "k-day", forever: false, a_day: true },
    { key: "k-money", forever: true, a_day: null },
  ]);
});
