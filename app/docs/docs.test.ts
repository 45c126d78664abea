import { createHash } from "node:crypto";
import { z } from "@hono/zod-openapi";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApplication } from "../platform/http/application.ts";
import { everyone, json, required, route, router } from "../platform/http/router.ts";
import { createTestDatabase, type TestDatabase } from "../testing/database.ts";
import { openTestPlatform, type TestPlatform } from "../testing/platform.ts";
import type { ApiDocument } from "./document.ts";
import { docsRoutes } from "./routes.ts";

let database: TestDatabase;
let platform: TestPlatform;

beforeAll(async () => {
  database = await createTestDatabase();
  platform = await openTestPlatform(database);
});

afterAll(async () => {
  await platform.end();
  await database.drop();
});

const owner = { ...everyone, scheme: "bearer" as const, roles: ["owner"], errors: ["INSUFFICIENT_ROLE"] as const };

const brew = route({
  method: "post",
  path: "/pots/{potId}",
  operationId: "brewPot",
  tags: ["pots"],
  summary: "Brew <script>alert(1)</script> & serve",
  who: owner,
  errors: ["RESTAURANT_CLOSED"],
  idempotency: "optional",
  request: {
    params: z.object({ potId: z.uuid() }),
    body: required(
      z.strictObject({
        label: z.string().regex(/^\P{Cc}*$/u),
        cups: z.number().int().min(1).max(12),
        beans: z.array(z.object({ kind: z.enum(["dark", "light"]) })).max(3),
      }),
    ),
  },
  responses: { 201: json(z.object({ id: z.uuid(), ready_at: z.iso.datetime() }).openapi("Pot"), "The pot") },
});

function appWithPots() {
  const app = createApplication(platform, () => undefined);
  app.route(
    "/api/v1",
    router().openapi(brew, (c) => c.json({ id: "", ready_at: "" }, 201)),
  );
  app.route(
    "/",
    docsRoutes(() => app),
  );
  return app;
}

test("the document is OpenAPI 3.1 and says of every route its path, who may call it and its refusals by status", async () => {
  const answer = await appWithPots().request("/openapi.json");
  expect(answer.headers.get("content-type")).toBe("application/json");
  const document = (await answer.json()) as ApiDocument;
  expect(document).toMatchObject({ openapi: "3.1.0", servers: [{ url: "/" }] });
  expect(Object.keys(document.components?.securitySchemes ?? {})).toEqual(["bearer", "device", "cookie"]);
  const operation = document.paths?.["/api/v1/pots/{potId}"]?.post;
  expect(operation).toMatchObject({ "x-roles": ["owner"], security: [{ bearer: [] }, { cookie: [] }], requestBody: { required: true } });
  expect(operation?.responses["409"]?.description).toBe("RESTAURANT_CLOSED, CONFLICT");
  expect(operation?.responses["413"]?.description).toBe("PAYLOAD_TOO_LARGE");
});

test("a pattern is written so that other languages read it as JavaScript does", async () => {
  const document = (await (await appWithPots().request("/openapi.json")).json()) as ApiDocument;
  const body = document.paths?.["/api/v1/pots/{potId}"]?.post?.requestBody?.content["application/json"]?.schema;
  const pattern = new RegExp(body?.properties?.label?.pattern ?? "");
  expect([pattern.test("Gudrun Åström 🍰"), pattern.test("a\u0007b"), pattern.test("a\u0085b"), pattern.test("")]).toEqual([
    true,
    false,
    false,
    true,
  ]);
  expect(pattern.source).not.toMatch(/\/u$|\\P/);
});

test.each(["/openapi.json", "/docs"])("%s is sent again only when it changed", async (path) => {
  const app = appWithPots();
  const etag = (await app.request(path)).headers.get("etag") ?? "";
  expect(etag).toMatch(/^"[\w-]{22}"$/);
  const again = await app.request(path, { headers: { "If-None-Match": etag } });
  expect([again.status, await again.text()]).toEqual([304, ""]);
  expect((await app.request(path, { headers: { "If-None-Match": '"another"' } })).status).toBe(200);
});

test("the page shows each endpoint with its fields, limits and codes", async () => {
  const html = await (await appWithPots().request("/docs")).text();
  for (const shown of [
    "brewPot",
    "beans[].kind",
    "&quot;dark&quot; · &quot;light&quot;",
    "integer, 1 to 12",
    "RESTAURANT_CLOSED",
    "ready_at",
  ])
    expect(html).toContain(shown);
  expect(html).toMatch(/<span class="chip">owner<\/span>/);
});

test("a word of the document cannot become markup on the page", async () => {
  const html = await (await appWithPots().request("/docs")).text();
  expect(html).toContain("Brew &lt;script&gt;alert(1)&lt;/script&gt; &amp; serve");
  expect(html).not.toMatch(/<script/i);
});

test("the page loads nothing: its only style is the one that the content security policy names by hash", async () => {
  const answer = await appWithPots().request("/docs");
  const html = await answer.text();
  const style = /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? "";
  const hash = createHash("sha256").update(style).digest("base64");
  expect(answer.headers.get("content-security-policy")).toBe(
    `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  );
  expect(html).not.toMatch(/\b(src|style|on\w+)=|<link|@import|url\(/i);
});
