import { Agent, request as httpRequest } from "node:http";
import { z } from "@hono/zod-openapi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../testing/database.ts";
import { openTestPlatform, type TestPlatform, until } from "../../testing/platform.ts";
import { CodedError, type ErrorBody } from "../errors.ts";
import { OutcomeUnknown, sql } from "../postgres.ts";
import { createApplication } from "./application.ts";
import { everyone, json, listQuery, required, route, router } from "./router.ts";
import { type RunningServer, startServer } from "./server.ts";

const limitBytes = 65_536;
const portal = "https://portal.example.org";

let database: TestDatabase;
let platform: TestPlatform;
let server: RunningServer;
const reported: { error: unknown; requestId: string | undefined }[] = [];

const cup = { who: everyone, tags: ["cups"], responses: { 200: json(z.object({ text: z.string() }), "A cup") } };
const write = route({
  ...cup,
  method: "post",
  path: "/cups/{cupId}",
  operationId: "writeCup",
  summary: "Write",
  request: { params: z.object({ cupId: z.uuid() }), body: required(z.strictObject({ text: z.string().max(60_000) })) },
});
const sheet = route({ ...cup, method: "get", path: "/cups/sheet.png", operationId: "readSheet", summary: "Sheet" });
const read = route({ ...cup, method: "get", path: "/cups/{cupId}", operationId: "readCup", summary: "Read" });
const list = route({ ...cup, method: "get", path: "/cups", operationId: "listCups", summary: "List", request: { query: listQuery } });
const remove = route({ ...cup, method: "delete", path: "/cups", operationId: "removeCups", summary: "Remove" });

const faults: Readonly<Record<string, () => unknown>> = {
  coded: () => new CodedError("WALLET_FROZEN", "Frozen.", { details: { since: "noon" }, retryAfterSeconds: 7 }),
  unexpected: () => new Error("secret inner detail"),
  unknown: () => new OutcomeUnknown(new Error("cut")),
};

function cupRoutes() {
  return router()
    .openapi(write, (c) => c.json({ text: c.req.valid("json").text }, 200))
    .openapi(list, (c) => c.json({ text: String(c.req.valid("query").limit) }, 200))
    .openapi(remove, (c) => c.json({ text: "" }, 200))
    .openapi(sheet, (c) => c.json({ text: "" }, 200))
    .openapi(read, async (c) => {
      const wanted = c.req.param("cupId") ?? "";
      if (wanted === "database") await platform.db.run(sql`select 1 / 0`);
      if (wanted === "slow") await platform.db.run(sql`select pg_sleep(3)`);
      if (wanted === "address") return c.json({ text: c.var.remoteAddress }, 200);
      throw faults[wanted]?.() ?? new CodedError("NOT_FOUND", "No cup.");
    });
}

beforeAll(async () => {
  database = await createTestDatabase();
  platform = await openTestPlatform(database, { CORS_ORIGINS: portal, REQUEST_TIMEOUT_MS: "500", TRUSTED_PROXIES: "1" });
  const app = createApplication(platform, (error, { requestId }) => reported.push({ error, requestId }));
  app.route("/api/v1", cupRoutes());
  server = await startServer(platform, app);
});

afterAll(async () => {
  await server.close();
  await platform.end();
  await database.drop();
});

const cups = "/api/v1/cups";
const known = `${cups}/0192f0c1-9b1e-7c3a-8f00-5a1d2c3b4e5f`;

async function call(path: string, init: RequestInit = {}) {
  const answer = await fetch(`${server.url}${path}`, init);
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, text, body: (text === "" ? undefined : JSON.parse(text)) as ErrorBody };
}

const sendJson = (path: string, body: string, headers: Record<string, string> = {}) =>
  call(path, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });

function expectRefusal({ status, body, headers }: Awaited<ReturnType<typeof call>>, expected: number, code: string) {
  expect([status, body.error.code]).toEqual([expected, code]);
  expect(Object.keys(body)).toEqual(["error"]);
  expect(Object.keys(body.error)).toEqual(["code", "message", "details"]);
  expect(headers.get("content-type")).toBe("application/json");
  expect(headers.get("x-request-id")).toMatch(/^[\w-]{36}$/);
}

test("an address that does not exist is NOT_FOUND in the envelope", async () => {
  expectRefusal(await call("/nothing/here"), 404, "NOT_FOUND");
  expectRefusal(await call("/nothing/here", { method: "POST", body: "x" }), 404, "NOT_FOUND");
});

test("a wrong method is METHOD_NOT_ALLOWED with the methods that are allowed", async () => {
  const answer = await call(known, { method: "PUT" });
  expectRefusal(answer, 405, "METHOD_NOT_ALLOWED");
  expect(answer.headers.get("allow")).toBe("GET, POST");
  expect(answer.body.error.details).toEqual({ allow: ["GET", "POST"] });
});

test("an address that is written out has its own methods, whatever the id beside it may do", async () => {
  expect((await call(`${cups}/sheet.png`)).status).toBe(200);
  const answer = await call(`${cups}/sheet.png`, { method: "POST" });
  expectRefusal(answer, 405, "METHOD_NOT_ALLOWED");
  expect(answer.headers.get("allow")).toBe("GET");
});

test.each([
  ["malformed JSON", "{"],
  ["no body", ""],
  ["a wrong type", '{"text":1}'],
  ["a field too many", '{"text":"x","extra":true}'],
  ["a missing field", "{}"],
  ["something else than an object", "[]"],
  ["a lone null", "null"],
])("%s is VALIDATION_ERROR", async (_, body) => {
  expectRefusal(await sendJson(known, body), 400, "VALIDATION_ERROR");
});

test("a validation error names each field that does not fit, wherever it stands", async () => {
  const inBody = await sendJson(known, '{"text":1}');
  expect(inBody.body.error.details).toEqual({ fields: [{ field: "text", problem: "must be text" }] });
  const inPath = await sendJson(`${cups}/1`, '{"text":"x"}');
  expect(inPath.body.error.details).toMatchObject({ fields: [{ field: "cupId" }] });
  const inQuery = await call(`${cups}?limit=101&cursor=${"x".repeat(201)}&offset=3`);
  expectRefusal(inQuery, 400, "VALIDATION_ERROR");
  expect(inQuery.body.error.details).toMatchObject({ fields: [{ field: "limit" }, { field: "cursor" }, { field: "query" }] });
});

test("a body that is not JSON is UNSUPPORTED_MEDIA_TYPE", async () => {
  for (const type of ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
    expectRefusal(await sendJson(known, '{"text":"x"}', { "Content-Type": type }), 415, "UNSUPPORTED_MEDIA_TYPE");
  expect((await sendJson(known, '{"text":"x"}', { "Content-Type": "application/json; charset=utf-8" })).status).toBe(200);
});

test("a body that says it is too large is refused, whatever the route", async () => {
  const answer = await sendJson(known, `{"text":"${"x".repeat(limitBytes)}"}`);
  expectRefusal(answer, 413, "PAYLOAD_TOO_LARGE");
  expect(answer.body.error.details).toEqual({ max_bytes: limitBytes });
  expectRefusal(await call(cups, { method: "DELETE", body: "x".repeat(limitBytes + 1) }), 413, "PAYLOAD_TOO_LARGE");
});

/** Sends `megabytes` in chunks without saying how much is to come, as far as the server lets it. */
function sendChunked(path: string, megabytes: number): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    const sending = httpRequest(`${server.url}${path}`, { method: "POST", headers: { "Content-Type": "application/json" } }, (answer) => {
      let text = "";
      answer.on("data", (part) => {
        text += part;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, text }));
    });
    let answered = false;
    sending.on("response", () => {
      answered = true;
    });
    // The server may stop reading once it has answered.
    sending.on("error", (error) => (answered ? undefined : reject(error)));
    for (let sent = 0; sent < megabytes * 16; sent += 1) sending.write(chunk);
    sending.end();
  });
}

test("two megabytes in chunks without a length are refused as too large", async () => {
  const { status, text } = await sendChunked(known, 2);
  expect([status, JSON.parse(text).error.code]).toEqual([413, "PAYLOAD_TOO_LARGE"]);
});

test("a body that was refused leaves its connection fit for the next request", async () => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const turn = (method: string, path: string, body?: string) =>
    new Promise<number>((resolve, reject) => {
      const headers = body === undefined ? {} : { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) };
      const sending = httpRequest(`${server.url}${path}`, { method, agent, headers }, (answer) => {
        answer.resume().on("end", () => resolve(answer.statusCode ?? 0));
      });
      sending.on("error", reject);
      sending.end(body);
    });
  const found: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    found.push(
      await turn("POST", known, "x".repeat(2 * 1024 * 1024)),
      await turn("PUT", known, "x".repeat(60_000)),
      await turn("GET", cups),
    );
  }
  expect(found).toEqual([413, 405, 200, 413, 405, 200, 413, 405, 200]);
  agent.destroy();
});

test("a body that never ends is cut off, connection and all", async () => {
  const { status } = await sendChunked(known, 64);
  expect(status).toBe(413);
});

test("a chunked body below the limit is read", async () => {
  const answer = await call(known, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: new Blob(['{"text":', '"chunked"}']).stream(),
    duplex: "half",
  } as RequestInit);
  expect([answer.status, answer.text]).toEqual([200, '{"text":"chunked"}']);
});

test("a request id that is well-formed is taken over; any other is replaced and never echoed", async () => {
  const given = async (id: string) => (await call(cups, { headers: { "X-Request-Id": id } })).headers.get("x-request-id");
  expect(await given("trace.ABC-123_x")).toBe("trace.ABC-123_x");
  for (const bad of ["short", "x".repeat(65), "has space in it", "<script>alert(1)</script>", 'quote"quote"quote'])
    expect(await given(bad)).toMatch(/^[0-9a-f-]{36}$/);
});

test("every answer carries the security headers, refusals too", async () => {
  for (const answer of [await call(cups), await call("/nothing"), await call(`${cups}/unexpected`), await sendJson(known, "{")]) {
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "strict-transport-security": "max-age=63072000; includeSubDomains",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY",
      "referrer-policy": "no-referrer",
      "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
      "cache-control": "no-store",
    });
    expect(answer.headers.has("x-powered-by") || answer.headers.has("server")).toBe(false);
  }
});

test("only a listed origin may call from a browser", async () => {
  const allowedFor = async (origin: string, method = "GET") =>
    (await call(cups, { method, headers: { Origin: origin, "Access-Control-Request-Method": "POST" } })).headers.get(
      "access-control-allow-origin",
    );
  expect([await allowedFor(portal), await allowedFor(portal, "OPTIONS")]).toEqual([portal, portal]);
  for (const origin of ["https://evil.example", "https://portal.example.org.evil.example", "http://portal.example.org", "null"])
    expect([await allowedFor(origin), await allowedFor(origin, "OPTIONS")]).toEqual([null, null]);
});

test("a coded refusal keeps its status, details and Retry-After", async () => {
  const answer = await call(`${cups}/coded`);
  expectRefusal(answer, 423, "WALLET_FROZEN");
  expect([answer.body.error.details, answer.headers.get("retry-after")]).toEqual([{ since: "noon" }, "7"]);
});

test.each(["unexpected", "database"])(
  "a fault of ours (%s) tells the client its request id alone, is logged with its cause and is reported",
  async (path) => {
    reported.length = 0;
    const answer = await call(`${cups}/${path}`);
    expectRefusal(answer, 500, "INTERNAL_ERROR");
    const requestId = answer.headers.get("x-request-id") ?? "";
    expect(answer.body.error.details).toEqual({ request_id: requestId });
    expect(answer.text).not.toMatch(/secret inner detail|division|stack|at /);
    const line = platform.logLines.find((each) => each.includes(requestId) && each.includes('"level":"error"')) ?? "";
    expect(line).toMatch(/secret inner detail|division by zero/);
    expect(reported).toMatchObject([{ requestId }]);
  },
);

test("an outcome that is not known is TEMPORARILY_UNAVAILABLE with the advice to repeat", async () => {
  const answer = await call(`${cups}/unknown`);
  expectRefusal(answer, 503, "TEMPORARILY_UNAVAILABLE");
  expect(answer.headers.get("retry-after")).toBe("1");
  expect(answer.body.error.message).toContain("same key");
});

test("a request that takes longer than it may is answered with 503", async () => {
  const startedAtMs = performance.now();
  const answer = await call(`${cups}/slow`);
  expectRefusal(answer, 503, "TEMPORARILY_UNAVAILABLE");
  expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
  expect(performance.now() - startedAtMs).toBeLessThan(1_500);
});

test("behind one trusted proxy the client is the last entry of X-Forwarded-For, whatever it wrote before it", async () => {
  const answer = await call(`${cups}/address`, { headers: { "X-Forwarded-For": "6.6.6.6, 192.0.2.7" } });
  expect(JSON.parse(answer.text)).toEqual({ text: "192.0.2.7" });
});

test("each request is one log line and one count, by its route and never by its address", async () => {
  const { headers } = await sendJson(known, '{"text":"x"}', { "X-Request-Id": "count-me-0001" });
  expect(headers.get("x-request-id")).toBe("count-me-0001");
  const line = await until("the line is written", () => platform.logLines.find((each) => each.includes("count-me-0001")));
  expect(JSON.parse(line)).toMatchObject({ route: "POST /api/v1/cups/:cupId", status: 200, msg: "request", ms: expect.any(Number) });
  const metrics = await platform.metrics.text();
  expect(metrics).toMatch(/campus_http_requests_total\{route="POST \/api\/v1\/cups\/:cupId",status="200"\} \d+/);
  expect(metrics).not.toContain("0192f0c1");
  expect(metrics).toContain('route="GET unmatched",status="404"');
});
